/* SPDX-License-Identifier: Apache-2.0 */
/* base/metrics.c - the registry and its rendering for Prometheus.
 *
 * Owns:       its metrics, each on cache lines of its own so that threads do not share them.
 * Threads:    registration before threads start; updates from any thread, relaxed atomics.
 * Invariants: metrics of one name are chained together, in the order they were registered.
 * Not here:   what a process uses (base/process.c).
 */
#include "base/metrics.h"

#include <inttypes.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/process.h"
#include "base/status.h"

enum { metrics_max = 1024, cache_line_bytes = 64 };

static const uint64_t bucket_bounds_us[] = {50,     100,     250,     500,     1000,    2500,
                                            5000,   10000,   25000,   50000,   100000,  250000,
                                            500000, 1000000, 2500000, 5000000, 10000000};

enum { bucket_count = sizeof(bucket_bounds_us) / sizeof(bucket_bounds_us[0]) };

typedef enum metric_kind { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM } metric_kind;

struct mr_counter {
    alignas(cache_line_bytes) _Atomic uint64_t value;
};

struct mr_histogram {
    alignas(cache_line_bytes) _Atomic uint64_t sum_us;
    _Atomic uint64_t buckets[bucket_count + 1]; /* the last: above every bound */
};

typedef struct metric {
    struct metric *next_of_name;
    char *name, *labels, *help; /* labels "" when there are none */
    metric_kind kind;
    bool first_of_name;
    mr_counter *counter;
    mr_histogram *histogram;
} metric;

struct mr_metrics {
    metric items[metrics_max];
    size_t count;
};

mr_metrics *mr_metrics_create(void)
{
    return mr_alloc_zero(1, sizeof(mr_metrics));
}

void mr_metrics_destroy(mr_metrics *metrics)
{
    if (metrics == NULL) {
        return;
    }
    for (size_t i = 0; i < metrics->count; i++) {
        free(metrics->items[i].name);
        free(metrics->items[i].labels);
        free(metrics->items[i].help);
        free(metrics->items[i].counter);
        free(metrics->items[i].histogram);
    }
    free(metrics);
}

static void *take_lines(size_t bytes)
{
    size_t rounded = (bytes + cache_line_bytes - 1) / cache_line_bytes * cache_line_bytes;
    void *lines = aligned_alloc(cache_line_bytes, rounded);

    MR_ASSERT(lines != NULL);
    memset(lines, 0, rounded);
    return lines;
}

static metric *find_or_add(mr_metrics *metrics, metric_kind kind, const char *name,
                           const char *labels, const char *help)
{
    metric *last = NULL;

    labels = labels != NULL ? labels : "";
    for (size_t i = 0; i < metrics->count; i++) {
        metric *item = &metrics->items[i];
        if (strcmp(item->name, name) == 0) {
            MR_ASSERT(item->kind == kind);
            if (strcmp(item->labels, labels) == 0) {
                return item;
            }
            last = item;
        }
    }
    MR_ASSERT(metrics->count < metrics_max);
    metric *item = &metrics->items[metrics->count++];
    *item = (metric){.name = mr_copy_string(name),
                     .labels = mr_copy_string(labels),
                     .help = mr_copy_string(help),
                     .kind = kind,
                     .first_of_name = last == NULL};
    if (last != NULL) {
        last->next_of_name = item;
    }
    if (kind == METRIC_HISTOGRAM) {
        item->histogram = take_lines(sizeof(*item->histogram));
    } else {
        item->counter = take_lines(sizeof(*item->counter));
    }
    return item;
}

mr_counter *mr_metrics_counter(mr_metrics *metrics, const char *name, const char *labels,
                               const char *help)
{
    return find_or_add(metrics, METRIC_COUNTER, name, labels, help)->counter;
}

mr_counter *mr_metrics_gauge(mr_metrics *metrics, const char *name, const char *labels,
                             const char *help)
{
    return find_or_add(metrics, METRIC_GAUGE, name, labels, help)->counter;
}

mr_histogram *mr_metrics_histogram(mr_metrics *metrics, const char *name, const char *labels,
                                   const char *help)
{
    return find_or_add(metrics, METRIC_HISTOGRAM, name, labels, help)->histogram;
}

void mr_counter_add(mr_counter *counter, uint64_t amount)
{
    atomic_fetch_add_explicit(&counter->value, amount, memory_order_relaxed);
}

void mr_counter_set(mr_counter *counter, uint64_t value)
{
    atomic_store_explicit(&counter->value, value, memory_order_relaxed);
}

uint64_t mr_counter_value(const mr_counter *counter)
{
    return atomic_load_explicit(&counter->value, memory_order_relaxed);
}

void mr_histogram_observe_us(mr_histogram *histogram, uint64_t value_us)
{
    size_t bucket = 0;

    while (bucket < bucket_count && value_us > bucket_bounds_us[bucket]) {
        bucket++;
    }
    atomic_fetch_add_explicit(&histogram->buckets[bucket], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&histogram->sum_us, value_us, memory_order_relaxed);
}

static void render_counter(const metric *item, mr_buffer *out)
{
    bool labelled = item->labels[0] != '\0';

    (void)mr_buffer_printf(out, "%s%s%s%s %" PRIu64 "\n", item->name, labelled ? "{" : "",
                           item->labels, labelled ? "}" : "", mr_counter_value(item->counter));
}

/* A name that ends in _seconds is rendered in seconds, every other in microseconds. */
static double unit_of(const metric *item)
{
    size_t bytes = strlen(item->name);
    size_t suffix = strlen("_seconds");

    return bytes > suffix && strcmp(item->name + bytes - suffix, "_seconds") == 0 ? 1e-6 : 1.0;
}

static void render_histogram(const metric *item, mr_buffer *out)
{
    const mr_histogram *histogram = item->histogram;
    const char *comma = item->labels[0] != '\0' ? "," : "";
    bool labelled = item->labels[0] != '\0';
    double unit = unit_of(item);
    uint64_t below = 0;

    for (size_t i = 0; i < bucket_count; i++) {
        below += atomic_load_explicit(&histogram->buckets[i], memory_order_relaxed);
        (void)mr_buffer_printf(out, "%s_bucket{%s%sle=\"%.10g\"} %" PRIu64 "\n", item->name,
                               item->labels, comma, (double)bucket_bounds_us[i] * unit, below);
    }
    below += atomic_load_explicit(&histogram->buckets[bucket_count], memory_order_relaxed);
    (void)mr_buffer_printf(out, "%s_bucket{%s%sle=\"+Inf\"} %" PRIu64 "\n", item->name,
                           item->labels, comma, below);
    uint64_t sum_us = atomic_load_explicit(&histogram->sum_us, memory_order_relaxed);
    (void)mr_buffer_printf(out, "%s_sum%s%s%s %.15g\n", item->name, labelled ? "{" : "",
                           item->labels, labelled ? "}" : "", (double)sum_us * unit);
    (void)mr_buffer_printf(out, "%s_count%s%s%s %" PRIu64 "\n", item->name, labelled ? "{" : "",
                           item->labels, labelled ? "}" : "", below);
}

static void render_head(mr_buffer *out, const char *name, const char *help, const char *type)
{
    (void)mr_buffer_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void render_process(mr_buffer *out)
{
    int pid = (int)getpid();

    render_head(out, "process_resident_memory_bytes", "Resident memory.", "gauge");
    (void)mr_buffer_printf(out, "process_resident_memory_bytes %" PRIu64 "\n",
                           mr_process_resident_bytes(pid));
    render_head(out, "process_cpu_seconds_total", "User and system CPU time.", "counter");
    (void)mr_buffer_printf(out, "process_cpu_seconds_total %.2f\n", mr_process_cpu_seconds(pid));
    render_head(out, "process_open_fds", "Open file descriptors.", "gauge");
    (void)mr_buffer_printf(out, "process_open_fds %" PRIu64 "\n", mr_process_open_files());
    render_head(out, "process_start_time_seconds", "Start, in seconds since the epoch.", "gauge");
    (void)mr_buffer_printf(out, "process_start_time_seconds %.2f\n", mr_process_start_seconds(pid));
}

void mr_metrics_render(const mr_metrics *metrics, mr_buffer *out)
{
    static const char *const types[] = {
        [METRIC_COUNTER] = "counter", [METRIC_GAUGE] = "gauge", [METRIC_HISTOGRAM] = "histogram"};

    for (size_t i = 0; i < metrics->count; i++) {
        const metric *first = &metrics->items[i];
        if (!first->first_of_name) {
            continue;
        }
        render_head(out, first->name, first->help, types[first->kind]);
        for (const metric *item = first; item != NULL; item = item->next_of_name) {
            if (item->kind == METRIC_HISTOGRAM) {
                render_histogram(item, out);
            } else {
                render_counter(item, out);
            }
        }
    }
    render_process(out);
}
