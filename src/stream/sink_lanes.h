/* SPDX-License-Identifier: Apache-2.0 */
/* stream/sink_lanes.h - several of one sink side by side, each with a thread of its own, as one
 * sink.
 *
 * For a target that does several things at once (a database server): while one lane's commit waits
 * for the disk another's rows go in, and while both are busy the next records are fetched. A
 * partition goes by one lane, so its records arrive in order.
 */
#ifndef MR_STREAM_SINK_LANES_H
#define MR_STREAM_SINK_LANES_H

#include "stream/sink.h"

enum { mr_sink_lanes_max = 16 };

/* A constructor as in sink.h, of a sink that does not gather. */
typedef mr_status (*mr_sink_lane_open)(const mr_sink_options *options, mr_sink **ret_sink,
                                       mr_err *err);

/* At most count lanes; they are opened, by the runner's thread, when there are partitions for them.
 * It gathers: a delivery returns once a lane has it. */
mr_status mr_sink_lanes_open(mr_sink_lane_open open, size_t count, const mr_sink_options *options,
                             mr_sink **ret_sink, mr_err *err);

#endif
