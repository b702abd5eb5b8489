/* SPDX-License-Identifier: Apache-2.0 */
/* web/parts.c - the list of what calls share. */
#include "web/parts.h"

#include "web/answers.h"
#include "web/lake_slot.h"
#include "web/sales_part.h"
#include "web/shared_answer.h"

const mr_web_part mr_web_parts[MR_WEB_PART_COUNT] = {
    [MR_WEB_PART_SALES] = {mr_web_sales_create, mr_web_sales_destroy},
    [MR_WEB_PART_STATUS] = {mr_web_shared_create, mr_web_shared_destroy},
    [MR_WEB_PART_ANSWERS] = {mr_web_answers_create, mr_web_answers_destroy},
    [MR_WEB_PART_SQL] = {mr_web_watch_create, mr_web_watch_destroy},
};
