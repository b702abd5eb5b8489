/* SPDX-License-Identifier: Apache-2.0 */
/* web/parts.h - state that all calls share, such as caches. Each is made when the web starts,
 * before any thread of it, ended after the last one, and thread-safe by itself.
 */
#ifndef MR_WEB_PARTS_H
#define MR_WEB_PARTS_H

#include "web/web.h"

typedef enum mr_web_part_index {
    MR_WEB_PART_SALES,
    MR_WEB_PART_STATUS,
    MR_WEB_PART_ANSWERS,
    MR_WEB_PART_SQL,
    MR_WEB_PART_DOCUMENTS,
    MR_WEB_PART_COUNT,
} mr_web_part_index;

typedef struct mr_web_part {
    void *(*create)(const mr_web_options *options); /* options outlive it; NULL: no such part */
    void (*destroy)(void *part);
} mr_web_part;

extern const mr_web_part mr_web_parts[MR_WEB_PART_COUNT];

#endif
