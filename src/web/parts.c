/* SPDX-License-Identifier: Apache-2.0 */
/* web/parts.c - the list of what calls share. */
#include "web/parts.h"

const mr_web_part mr_web_parts[MR_WEB_PART_COUNT] = {
    [MR_WEB_PART_SALES] = {NULL, NULL},
};
