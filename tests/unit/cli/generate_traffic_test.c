/* SPDX-License-Identifier: Apache-2.0 */
/* cli/generate_traffic_test.c - the made-up shop: the same everywhere, and like a shop. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/hash.h"
#include "cli/commands.h"
#include "cli/convert_fixture.h"
#include "cli/generate_csv.h"
#include "cli/generate_traffic.h"
#include "event/event_json.h"

enum { sample_events = 100000, hours_of_day = 24 };

static mr_civil first_day(void)
{
    mr_civil day;

    assert_true(mr_civil_parse(MR_TEXT_LITERAL("2025-01-01"), &day));
    return day;
}

static mr_traffic *start(uint64_t seed, uint64_t events, uint32_t days, uint32_t duplicates_ppm)
{
    return mr_traffic_create(&(mr_traffic_options){.seed = seed,
                                                   .events = events,
                                                   .days = days,
                                                   .from = first_day(),
                                                   .duplicates_ppm = duplicates_ppm});
}

/* Hash of the NDJSON of so many events. */
static uint64_t hash_of(uint64_t seed, uint64_t events)
{
    mr_traffic *traffic = start(seed, events, 0, 0);
    mr_buffer text;
    mr_event event;
    uint64_t hash;

    mr_buffer_init(&text, fixture_file_bytes_max);
    while (mr_traffic_next(traffic, &event)) {
        assert_true(mr_event_write_json(&event, &text));
        assert_true(mr_buffer_append(&text, "\n", 1));
    }
    hash = mr_hash64(text.data, text.bytes);
    mr_buffer_free(&text);
    mr_traffic_destroy(traffic);
    return hash;
}

/* The checksum is the contract: measurements made with a seed can be repeated on another machine.
 */
static void seed_gives_the_same_bytes_everywhere(void **state)
{
    (void)state;
    assert_int_equal(hash_of(1, 10000), UINT64_C(0xb10a6bb3bc5389ce));
    assert_int_equal(hash_of(1, 10000), hash_of(1, 10000));
    assert_int_not_equal(hash_of(1, 10000), hash_of(2, 10000));
}

static int compare_ids(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(mr_event_id));
}

static size_t distinct_of(mr_traffic *traffic, size_t *ret_count)
{
    mr_event_id *ids = calloc(sample_events, sizeof(*ids));
    size_t count = 0;
    size_t distinct = 0;
    mr_event event;

    assert_non_null(ids);
    while (mr_traffic_next(traffic, &event)) {
        mr_event_identify(&event);
        assert_true(count < sample_events);
        ids[count++] = event.id;
    }
    qsort(ids, count, sizeof(*ids), compare_ids);
    for (size_t i = 0; i < count; i++) {
        distinct += i == 0 || compare_ids(&ids[i - 1], &ids[i]) != 0;
    }
    free(ids);
    *ret_count = count;
    return distinct;
}

static void every_event_is_another_unless_doubles_are_asked_for(void **state)
{
    mr_traffic *traffic = start(3, sample_events, 0, 0);
    size_t count;

    (void)state;
    assert_int_equal(distinct_of(traffic, &count), sample_events);
    assert_int_equal(count, sample_events);
    mr_traffic_destroy(traffic);
    traffic = start(3, sample_events, 0, 50000);
    size_t distinct = distinct_of(traffic, &count);
    assert_int_equal(count, sample_events);
    assert_in_range(distinct, sample_events * 94 / 100, sample_events * 96 / 100);
    mr_traffic_destroy(traffic);
}

typedef struct shape {
    size_t lines, invoices, cancelled_invoices, guests, home, adjustments, foreign_postage;
    size_t by_hour[hours_of_day];
    char invoice_no[40];
    int64_t last_seconds;
} shape;

static void take_shape(shape *s, const mr_event *event)
{
    char invoice_no[40];
    mr_civil_parts date = mr_civil_split(event->invoice_date);

    (void)snprintf(invoice_no, sizeof(invoice_no), "%.*s", MR_TEXT_ARGS(event->invoice_no));
    if (strcmp(invoice_no, s->invoice_no) != 0) {
        memcpy(s->invoice_no, invoice_no, sizeof(invoice_no));
        s->invoices++;
        s->cancelled_invoices += mr_event_is_cancelled(event);
        s->adjustments += event->unit_price.scaled < 0;
    }
    assert_true(event->invoice_date.seconds >= s->last_seconds);
    s->last_seconds = event->invoice_date.seconds;
    s->lines++;
    s->by_hour[date.hour]++;
    s->guests += !event->has_customer;
    s->home += mr_text_equal(event->country, MR_TEXT_LITERAL("United Kingdom"));
    s->foreign_postage += mr_text_equal(event->stock_code, MR_TEXT_LITERAL("POST"));
    assert_true((event->quantity < 0) == mr_event_is_cancelled(event));
    assert_true(event->has_customer == (event->customer_name.data != NULL));
    assert_int_equal(event->unit_price.scaled % (mr_price_unit / 100), 0);
}

static void traffic_has_the_shape_of_a_shop(void **state)
{
    mr_traffic *traffic = start(1, sample_events, 0, 0);
    shape *s = calloc(1, sizeof(*s));
    mr_event event;

    (void)state;
    assert_non_null(s);
    while (mr_traffic_next(traffic, &event)) {
        take_shape(s, &event);
    }
    assert_int_equal(s->lines, sample_events);
    assert_in_range(s->lines * 10 / s->invoices, 130, 160);
    assert_in_range(s->cancelled_invoices * 1000 / s->invoices, 60, 100);
    assert_in_range(s->guests * 100 / s->lines, 20, 30);
    assert_in_range(s->home * 100 / s->lines, 85, 97);
    assert_in_range(s->adjustments, 1, 20);
    assert_true(s->foreign_postage > 100);
    for (size_t hour = 0; hour < hours_of_day; hour++) {
        assert_true((hour >= 8 && hour < 20) == (s->by_hour[hour] > 0));
    }
    assert_true(s->by_hour[12] > 3 * s->by_hour[8]);
    free(s);
    mr_traffic_destroy(traffic);
}

static void days_bound_the_traffic(void **state)
{
    mr_traffic *traffic = start(1, 0, 30, 0);
    mr_civil end = {first_day().seconds + 30 * INT64_C(86400)};
    uint64_t count = 0;
    mr_event event;

    (void)state;
    while (mr_traffic_next(traffic, &event)) {
        assert_true(event.invoice_date.seconds >= first_day().seconds);
        assert_true(event.invoice_date.seconds < end.seconds);
        count++;
    }
    assert_in_range(count, 30 * mr_traffic_events_each_day * 85 / 100,
                    30 * mr_traffic_events_each_day * 115 / 100);
    assert_false(mr_traffic_next(traffic, &event));
    mr_traffic_destroy(traffic);
}

static void invoices_are_counted_from_the_number_given(void **state)
{
    mr_traffic *traffic = mr_traffic_create(&(mr_traffic_options){
        .seed = 5, .events = 100, .from = first_day(), .first_invoice_no = 9000001});
    mr_event event;

    (void)state;
    for (int i = 0; i < 100; i++) {
        assert_true(mr_traffic_next(traffic, &event));
        /* A letter in front is part of the number. */
        const size_t letter = event.invoice_no.data[0] > '9' ? 1 : 0;
        assert_memory_equal(event.invoice_no.data + letter, "90000", 5);
        assert_int_equal(event.invoice_no.bytes, 7 + letter);
    }
    mr_traffic_destroy(traffic);
}

static void events_are_spread_over_the_days(void **state)
{
    mr_traffic *traffic = start(1, 50000, 365, 0);
    mr_event event = {.quantity = 0};
    uint64_t count = 0;
    size_t by_month[13] = {0};

    (void)state;
    while (mr_traffic_next(traffic, &event)) {
        by_month[mr_civil_split(event.invoice_date).month]++;
        count++;
    }
    assert_int_equal(count, 50000);
    assert_in_range(event.invoice_date.seconds, first_day().seconds + 340 * INT64_C(86400),
                    first_day().seconds + 390 * INT64_C(86400));
    assert_true(by_month[11] > 2 * by_month[2]); /* season and growth */
    mr_traffic_destroy(traffic);
}

/* A sale's line, or what came back of it. */
typedef struct sold_line {
    char key[64]; /* invoice and product */
    int64_t customer_id;
    int32_t quantity;
} sold_line;

static int compare_sold(const void *a, const void *b)
{
    return strcmp(((const sold_line *)a)->key, ((const sold_line *)b)->key);
}

static void cancellations_refer_to_sales_and_take_back_no_more(void **state)
{
    mr_traffic *traffic = start(5, sample_events, 0, 0);
    sold_line *sold = calloc(sample_events, sizeof(*sold));
    size_t count = 0;
    size_t cancelled = 0;
    mr_event event;

    (void)state;
    assert_non_null(sold);
    while (mr_traffic_next(traffic, &event)) {
        mr_text invoice = event.invoice_no;
        if (mr_event_is_cancelled(&event)) {
            assert_true(mr_text_starts_with(event.extra, "{\"Refers\":\""));
            invoice = (mr_text){event.extra.data + 11, event.extra.bytes - 13};
            cancelled++;
        }
        (void)snprintf(sold[count].key, sizeof(sold[count].key), "%.*s/%.*s", MR_TEXT_ARGS(invoice),
                       MR_TEXT_ARGS(event.stock_code));
        sold[count].customer_id = event.has_customer ? event.customer_id : -1;
        sold[count++].quantity = event.quantity;
    }
    assert_true(cancelled > 500);
    qsort(sold, count, sizeof(*sold), compare_sold);
    for (size_t i = 0; i < count;) {
        int64_t left = 0;
        size_t first = i;
        while (i < count && strcmp(sold[i].key, sold[first].key) == 0) {
            assert_int_equal(sold[i].customer_id, sold[first].customer_id);
            left += sold[i++].quantity;
        }
        assert_true(left >= 0);
    }
    free(sold);
    mr_traffic_destroy(traffic);
}

static void csv_lines_are_quoted_as_needed(void **state)
{
    mr_event event = {
        .invoice_no = MR_TEXT_LITERAL("1"),
        .stock_code = MR_TEXT_LITERAL("A,B"),
        .description = MR_TEXT_LITERAL("a \"b\""),
        .country = MR_TEXT_LITERAL("X\nY"),
        .unit_price = {-25000},
        .quantity = -6,
        .invoice_date = first_day(),
    };
    mr_buffer out;

    (void)state;
    mr_buffer_init(&out, 4096);
    assert_true(mr_generate_csv_line(&event, &out));
    assert_true(mr_text_equal(
        mr_buffer_text(&out),
        MR_TEXT_LITERAL("1,\"A,B\",\"a \"\"b\"\"\",-6,2025-01-01 00:00:00,-2.5,,,\"X\nY\"\n")));
    mr_buffer_free(&out);
    mr_buffer_init(&out, 20);
    assert_false(mr_generate_csv_line(&event, &out));
    assert_int_equal(out.bytes, 0);
    mr_buffer_free(&out);
}

/* What generate writes as CSV, convert reads back to what generate writes as NDJSON. */
static void csv_converts_back_to_the_same_events(void **state)
{
    files *f = *state;
    const char *csv = files_path(f, "g.csv");
    const char *direct = files_path(f, "g.ndjson");
    const char *converted = files_path(f, "c.ndjson");
    ran r = RUN(mr_cmd_generate, "--days", "1", "-f", "csv", "-o", csv, "-q");
    assert_int_equal(r.exit_status, MR_EXIT_OK);
    ran_free(&r);
    r = RUN(mr_cmd_generate, "--events", "12", "--from", "2025-01-02", "-o", direct, "-q");
    assert_int_equal(r.exit_status, MR_EXIT_OK);
    ran_free(&r);
    r = RUN(mr_cmd_generate, "--events", "12", "--from", "2025-01-02", "-f", "csv", "-o", csv);
    assert_int_equal(r.exit_status, MR_EXIT_OK);
    ran_free(&r);
    r = RUN(mr_cmd_convert, csv, "-o", converted, "--strict");
    assert_int_equal(r.exit_status, MR_EXIT_OK);
    ran_free(&r);
    char *a = files_read(direct);
    char *b = files_read(converted);
    assert_int_equal(count_of(a, "\n"), 12);
    assert_string_equal(a, b);
    free(a);
    free(b);
}

static void wrong_usage_is_said(void **state)
{
    static const char *const wrong[][2] = {
        {"--events", "0"},        {"--events", "many"}, {"--days", "0"},
        {"--days", "99999"},      {"--seed", "-1"},     {"--from", "2025-13-01"},
        {"--from", "9999-01-01"}, {"--format", "xml"},  {"--duplicates", "1.5"},
        {"--duplicates", "-0.1"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        ran r = RUN(mr_cmd_generate, wrong[i][0], wrong[i][1]);
        assert_int_equal(r.exit_status, MR_EXIT_USAGE);
        assert_non_null(strstr(r.err, wrong[i][0]));
        assert_non_null(strstr(r.err, wrong[i][1]));
        ran_free(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(seed_gives_the_same_bytes_everywhere),
        cmocka_unit_test(every_event_is_another_unless_doubles_are_asked_for),
        cmocka_unit_test(traffic_has_the_shape_of_a_shop),
        cmocka_unit_test(days_bound_the_traffic),
        cmocka_unit_test(invoices_are_counted_from_the_number_given),
        cmocka_unit_test(events_are_spread_over_the_days),
        cmocka_unit_test(cancellations_refer_to_sales_and_take_back_no_more),
        cmocka_unit_test(csv_lines_are_quoted_as_needed),
        cmocka_unit_test(csv_converts_back_to_the_same_events),
        cmocka_unit_test(wrong_usage_is_said),
    };

    return cmocka_run_group_tests(tests, files_set_up, files_tear_down);
}
