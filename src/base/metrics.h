/* SPDX-License-Identifier: Apache-2.0 */
/* base/metrics.h - counters, gauges and latency histograms, rendered for Prometheus.
 *
 * A registry is made before threads start; metrics are registered then, and updated from any thread
 * afterwards (relaxed atomics, no locks). Text format: Prometheus exposition 0.0.4.
 */
#ifndef MR_BASE_METRICS_H
#define MR_BASE_METRICS_H

#include <stdint.h>

#include "base/memory.h"

typedef struct mr_metrics mr_metrics;
typedef struct mr_counter mr_counter;     /* only grows; also used as a gauge through _set */
typedef struct mr_histogram mr_histogram; /* microseconds, fixed buckets 50 us to 10 s */

mr_metrics *mr_metrics_create(void);
void mr_metrics_destroy(mr_metrics *metrics); /* frees its metrics too; NULL is fine */

/* name: millrace_<what>_<unit>; labels: NULL or `status="201"`; both are copied. Same name and help
 * with other labels is one family. */
mr_counter *mr_metrics_counter(mr_metrics *metrics, const char *name, const char *labels,
                               const char *help);
mr_counter *mr_metrics_gauge(mr_metrics *metrics, const char *name, const char *labels,
                             const char *help);
mr_histogram *mr_metrics_histogram(mr_metrics *metrics, const char *name, const char *labels,
                                   const char *help);

void mr_counter_add(mr_counter *counter, uint64_t amount);
void mr_counter_set(mr_counter *counter, uint64_t value);
uint64_t mr_counter_value(const mr_counter *counter);
void mr_histogram_observe_us(mr_histogram *histogram, uint64_t value_us);

/* Adds process_resident_memory_bytes, process_cpu_seconds_total, process_open_fds and
 * process_start_time_seconds to what the registry holds. */
void mr_metrics_render(const mr_metrics *metrics, mr_buffer *out);

/* Resident memory of this process, or of a process id, in bytes; 0 when it cannot be read. */
uint64_t mr_process_resident_bytes(int pid);
double mr_process_cpu_seconds(int pid);

#endif
