/* SPDX-License-Identifier: Apache-2.0 */
/* web/live_totals.h - the figures that move: of the store, and how far gold is. One thread's. */
#ifndef MR_WEB_LIVE_TOTALS_H
#define MR_WEB_LIVE_TOTALS_H

#include "base/memory.h"
#include "web/web.h"

typedef struct mr_live_reader mr_live_reader;

/* options outlive it. Opens nothing yet. */
mr_live_reader *mr_live_reader_create(const mr_web_options *options);
void mr_live_reader_destroy(mr_live_reader *reader); /* NULL is fine */

/* Appends {"lines":...,"store_at":...} to out when anything but the rate has changed since the last
 * time, or the rate has fallen to nothing. What is away is left as it was, or null at first; true:
 * something was appended. */
bool mr_live_reader_read(mr_live_reader *reader, mr_buffer *out);

#endif
