/* SPDX-License-Identifier: Apache-2.0 */
/* web/lake_slot.h - the lake as a worker asks it: an engine of the worker's own, behind walls,
 * whose queries end with the request's time, or when the client leaves.
 */
#ifndef MR_WEB_LAKE_SLOT_H
#define MR_WEB_LAKE_SLOT_H

#include "query/sql_lake.h"
#include "web/call.h"

/* The worker's lake, opened at the first use and anew when its list of tables is old. */
mr_status mr_web_lake(mr_web_call *call, mr_sql_lake **ret_lake, mr_err *err);

/* Between these two, what the connection does ends when the call is over: MR_STOPPED. */
void mr_web_lake_begin(mr_web_call *call, mr_olap_connection *connection);
void mr_web_lake_end(mr_web_call *call, mr_olap_connection *connection);

/* The part that watches; for parts.c. */
void *mr_web_watch_create(const mr_web_options *options);
void mr_web_watch_destroy(void *part);

#endif
