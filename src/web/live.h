/* SPDX-License-Identifier: Apache-2.0 */
/* web/live.h - server-sent events (HTML, 9.2): one thread reads the figures for all streams, the
 * loops write them. Included only in this room.
 *
 * A stream is a call that is kept: it takes no worker while it lasts.
 */
#ifndef MR_WEB_LIVE_H
#define MR_WEB_LIVE_H

#include "web/state.h"

typedef struct mr_web_live mr_web_live;

enum { mr_web_live_streams_max = 200, mr_web_live_loops_max = 64 };

/* period_ms: between two readings, at least. */
mr_web_live *mr_web_live_start(mr_web *web, uint32_t period_ms);
/* loop_started's hook, in the loop's thread. */
void mr_web_live_add_loop(mr_web_live *live, mr_http_loop *loop);
/* Ends the thread and then the streams; the loops still run. NULL is fine. */
void mr_web_live_stop(mr_web_live *live);
/* After the loops and the tasks posted to them. NULL is fine. */
void mr_web_live_destroy(mr_web_live *live);

/* In the worker's thread: is there room for one more? Then the call is live's from now on. */
bool mr_web_live_reserve(mr_web_live *live);
/* The kept call's task, in its loop's thread: begins its stream. */
void mr_web_live_begin(mr_http_task *task);
/* The client of a kept call has left; in its loop's thread. The call is gone afterwards. */
void mr_web_live_gone(mr_web_call *call);

#endif
