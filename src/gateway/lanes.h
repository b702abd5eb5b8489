/* SPDX-License-Identifier: Apache-2.0 */
/* gateway/lanes.h - the producers that events go to the log by: as many as the log does best with.
 *
 * A log may answer one producer's requests one after the other, and several producers' side by
 * side. Events of an invoice go by the same lane, and so in order; so do those of a partition, so
 * that there are no more requests than with one. Thread-safe once open.
 */
#ifndef MR_GATEWAY_LANES_H
#define MR_GATEWAY_LANES_H

#include "bus/bus_lanes.h"

typedef struct mr_lanes {
    mr_bus_producer *producers[mr_bus_lanes_max];
    uint32_t count;
} mr_lanes;

mr_status mr_lanes_open(mr_bus *bus, const char *topic, mr_lanes *ret_lanes, mr_err *err);
/* Waits for what was submitted. One that was never opened is fine. */
void mr_lanes_close(mr_lanes *lanes);

uint32_t mr_lanes_of(const mr_lanes *lanes, mr_text invoice_no); /* below count */
uint64_t mr_lanes_queued_bytes(const mr_lanes *lanes);

#endif
