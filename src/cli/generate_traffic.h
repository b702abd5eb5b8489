/* SPDX-License-Identifier: Apache-2.0 */
/* cli/generate_traffic.h - an endless stream of a made-up shop's events, the same for the same
 * seed.
 *
 * Sales of many lines, guests, loyal and passing customers, cancellations that refer to earlier
 * sales, postage and adjustments. Memory is constant, whatever the number of events.
 */
#ifndef MR_CLI_GENERATE_TRAFFIC_H
#define MR_CLI_GENERATE_TRAFFIC_H

#include "event/event.h"

enum {
    mr_traffic_events_each_day = 1500, /* where only the days, or only the events, are given */
    mr_traffic_days_usual_max = 365,   /* where only the events are given */
    mr_traffic_parts_each = 1000000,   /* unit of duplicates_ppm */
    mr_traffic_events_max = 1000000000,
};

static const uint64_t mr_traffic_invoice_max = UINT64_C(1000000000000);

typedef struct mr_traffic mr_traffic;

typedef struct mr_traffic_options {
    uint64_t seed;
    uint64_t events; /* ends after so many; 0: after `days` */
    uint32_t days;   /* over which they are spread; 0: as many as a shop of usual size needs */
    mr_civil from;   /* the first day */
    uint64_t first_invoice_no; /* 0: the usual one */
    uint32_t duplicates_ppm;   /* how often a line is followed by its double */
} mr_traffic_options;

/* Of events and days at least one must be given. */
mr_traffic *mr_traffic_create(const mr_traffic_options *options);
void mr_traffic_destroy(mr_traffic *traffic); /* NULL is fine */

/* false: the end. The event is not identified; its texts are borrowed until the next call. */
bool mr_traffic_next(mr_traffic *traffic, mr_event *ret_event);

/* How many events there will be; about, where only the days were given. */
uint64_t mr_traffic_expected(const mr_traffic *traffic);

#endif
