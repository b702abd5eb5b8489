/* SPDX-License-Identifier: Apache-2.0 */
/* bus/bus_lanes.h - several producers of one topic in one process, where a log answers them side by
 * side. Thread-safe.
 */
#ifndef MR_BUS_BUS_LANES_H
#define MR_BUS_BUS_LANES_H

#include "bus/bus.h"

enum { mr_bus_lanes_max = 4 };

/* How many a busy process does best with: 1 to mr_bus_lanes_max. */
uint32_t mr_bus_lanes(const mr_bus *bus);

/* Which of so many a record should go by, so that those of one partition go by the same: below
 * lanes, and for one key always the same while the topic's partitions are. */
uint32_t mr_bus_lane_of(const mr_bus_producer *producer, mr_text key, uint32_t lanes);

#endif
