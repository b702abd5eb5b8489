/* SPDX-License-Identifier: Apache-2.0 */
/* query/sales_names.h - texts by number and numbers by text: a dictionary that only grows.
 *
 * Threads: one at a time; a copy that nobody adds to may be read by all.
 */
#ifndef MR_QUERY_SALES_NAMES_H
#define MR_QUERY_SALES_NAMES_H

#include "base/memory.h"

#define MR_SALES_NONE UINT32_MAX

typedef struct mr_sales_names {
    char *text; /* one behind the other */
    size_t bytes, text_room;
    uint32_t *ends; /* of each in text */
    uint32_t count, room;
    uint32_t *slots; /* open addressing: numbers by their hash; NULL in a copy */
    uint32_t slot_count;
} mr_sales_names;

/* Its number, a new one where it was not there; MR_SALES_NONE past 4 GiB of text. */
uint32_t mr_sales_names_add(mr_sales_names *names, mr_text name);
/* MR_SALES_NONE: it is not there. In a copy each is looked at. */
uint32_t mr_sales_names_find(const mr_sales_names *names, mr_text name);
mr_text mr_sales_name(const mr_sales_names *names, uint32_t number);
/* Without the way from text to number. */
void mr_sales_names_copy(const mr_sales_names *names, mr_sales_names *ret_copy);
void mr_sales_names_free(mr_sales_names *names);
size_t mr_sales_names_bytes(const mr_sales_names *names); /* of memory */

#endif
