/* SPDX-License-Identifier: Apache-2.0 */
/* gateway/lanes.c - opens and closes the lanes' producers together; see lanes.h. */
#include "gateway/lanes.h"

#include "base/memory.h"

mr_status mr_lanes_open(mr_bus *bus, const char *topic, mr_lanes *ret_lanes, mr_err *err)
{
    const uint32_t wanted = mr_bus_lanes(bus);
    mr_lanes lanes = {.count = 0};
    mr_status status = MR_OK;

    MR_ASSERT(wanted >= 1 && wanted <= mr_bus_lanes_max);
    while (status == MR_OK && lanes.count < wanted) {
        status = mr_bus_producer_open(bus, topic, &lanes.producers[lanes.count], err);
        lanes.count += status == MR_OK;
    }
    if (status != MR_OK) {
        mr_lanes_close(&lanes);
        return status;
    }
    *ret_lanes = lanes;
    return MR_OK;
}

void mr_lanes_close(mr_lanes *lanes)
{
    for (uint32_t lane = 0; lane < lanes->count; lane++) {
        mr_bus_producer_close(lanes->producers[lane]);
    }
    lanes->count = 0;
}

uint32_t mr_lanes_of(const mr_lanes *lanes, mr_text invoice_no)
{
    return mr_bus_lane_of(lanes->producers[0], invoice_no, lanes->count);
}

uint64_t mr_lanes_queued_bytes(const mr_lanes *lanes)
{
    uint64_t bytes = 0;

    for (uint32_t lane = 0; lane < lanes->count; lane++) {
        bytes += mr_bus_queued_bytes(lanes->producers[lane]);
    }
    return bytes;
}
