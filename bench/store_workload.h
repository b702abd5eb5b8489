/* SPDX-License-Identifier: Apache-2.0 */
/* store_workload.h - the events that the store's benches take: read from NDJSON, or generated:
 * invoices of up to 40 lines, 4,000 products, 5,000 customers. */
#ifndef MR_BENCH_STORE_WORKLOAD_H
#define MR_BENCH_STORE_WORKLOAD_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/random.h"
#include "event/event_json.h"
#include "store/store.h"

enum {
    batch_events = 5000,
    rounds = 3,
    generated_events = 500000,
    events_max = 2000000,
    file_bytes_max = 1073741824,
};

typedef struct workload {
    mr_event *events;
    mr_store_item *items;
    size_t count;
    mr_arena *texts;
} workload;

static inline void fail(const mr_err *err)
{
    fprintf(stderr, "bench: %s\n", err->message);
    exit(1);
}

static inline mr_text keep(workload *load, mr_text text)
{
    mr_text copy = MR_TEXT_ABSENT;

    if (text.data != NULL) {
        MR_ASSERT(mr_arena_copy(load->texts, text, &copy));
    }
    return copy;
}

static inline void add_event(workload *load, const mr_event *event)
{
    mr_event *kept = &load->events[load->count];

    MR_ASSERT(load->count < events_max);
    *kept = *event;
    kept->invoice_no = keep(load, event->invoice_no);
    kept->stock_code = keep(load, event->stock_code);
    kept->description = keep(load, event->description);
    kept->customer_name = keep(load, event->customer_name);
    kept->country = keep(load, event->country);
    kept->event_key = keep(load, event->event_key);
    kept->extra = MR_TEXT_ABSENT;
    load->items[load->count].event = kept;
    load->items[load->count].offset = (int64_t)load->count;
    load->count++;
}

static inline void read_events(workload *load, const char *path)
{
    static const char padding[mr_json_padding_bytes];
    mr_event_parser *parser = mr_event_parser_create();
    mr_event_faults faults;
    mr_buffer file;
    mr_event event;
    uint64_t number;
    mr_err err;
    mr_status status;

    mr_buffer_init(&file, file_bytes_max);
    if (mr_file_read(path, &file, &err) != MR_OK) {
        fail(&err);
    }
    MR_ASSERT(mr_buffer_append(&file, padding, sizeof(padding)));
    mr_event_stream_start(parser, file.data, file.bytes - sizeof(padding));
    while ((status = mr_event_stream_next(parser, &event, &faults, &number)) != MR_NOT_FOUND) {
        if (status != MR_OK) {
            fprintf(stderr, "bench: %s: event %llu is not valid\n", path,
                    (unsigned long long)number);
            exit(1);
        }
        add_event(load, &event);
    }
    mr_buffer_free(&file);
    mr_event_parser_destroy(parser);
}

static inline void generate_events(workload *load)
{
    mr_random random;
    char invoice_no[16], stock_code[16], description[48];
    uint64_t invoice = 536365, lines_left = 0;
    mr_event event = {0};

    mr_random_seed(&random, 42);
    while (load->count < generated_events) {
        if (lines_left-- == 0) {
            lines_left = mr_random_below(&random, 40);
            (void)snprintf(invoice_no, sizeof(invoice_no), "%s%llu",
                           mr_random_below(&random, 7) == 0 ? "C" : "",
                           (unsigned long long)invoice++);
            event.has_customer = mr_random_below(&random, 4) != 0;
            event.customer_id = (int64_t)(12346 + mr_random_below(&random, 5000));
            event.invoice_date.seconds = 1291191960 + (int64_t)invoice * 60;
        }
        uint64_t product = mr_random_below(&random, 4000);

        (void)snprintf(stock_code, sizeof(stock_code), "%llu",
                       (unsigned long long)(20000 + product));
        (void)snprintf(description, sizeof(description), "GLASS STAR FROSTED T-LIGHT %llu",
                       (unsigned long long)product);
        event.invoice_no = mr_text_of(invoice_no);
        event.stock_code = mr_text_of(stock_code);
        event.description = mr_text_of(description);
        event.country = MR_TEXT_LITERAL("United Kingdom");
        event.quantity = (int32_t)mr_random_below(&random, 100) - 10;
        event.unit_price.scaled = (int64_t)mr_random_below(&random, 300000);
        mr_event_identify(&event);
        add_event(load, &event);
    }
}

static inline int compare_ids(const void *a, const void *b)
{
    const mr_event *const *left = a, *const *right = b;

    return memcmp((*left)->id.bytes, (*right)->id.bytes, sizeof((*left)->id.bytes));
}

/* Leaves the first of the same lines. */
static inline void drop_repeated(workload *load)
{
    const mr_event **sorted = mr_alloc(load->count * sizeof(*sorted));
    bool *repeated = mr_alloc_zero(load->count, sizeof(*repeated));
    size_t index, kept = 0;

    for (index = 0; index < load->count; index++) {
        sorted[index] = &load->events[index];
    }
    qsort(sorted, load->count, sizeof(*sorted), compare_ids);
    for (index = 1; index < load->count; index++) {
        repeated[sorted[index] - load->events] =
            compare_ids(&sorted[index - 1], &sorted[index]) == 0;
    }
    for (index = 0; index < load->count; index++) {
        if (!repeated[index]) {
            load->events[kept++] = load->events[index];
        }
    }
    load->count = kept;
    free(sorted);
    free(repeated);
}

/* From the file, or made up where there is none. */
static inline void load_events(workload *load, const char *path)
{
    load->events = mr_alloc(events_max * sizeof(*load->events));
    load->items = mr_alloc(events_max * sizeof(*load->items));
    load->texts = mr_arena_create(file_bytes_max);
    if (path != NULL) {
        read_events(load, path);
    } else {
        generate_events(load);
    }
}

static inline void free_events(workload *load)
{
    mr_arena_destroy(load->texts);
    free(load->items);
    free(load->events);
}

#endif
