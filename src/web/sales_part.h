/* SPDX-License-Identifier: Apache-2.0 */
/* web/sales_part.h - the dashboard's engine, shared by all calls. */
#ifndef MR_WEB_SALES_PART_H
#define MR_WEB_SALES_PART_H

#include "web/web.h"

void *mr_web_sales_create(const mr_web_options *options);
void mr_web_sales_destroy(void *part);

#endif
