/* SPDX-License-Identifier: Apache-2.0 */
/* stream/sink_bronze_test.c - every event once in the table, with the position behind it. */
#include "stream/bronze_fixture.h"

#include "base/civil.h"
#include "stream/sink_bronze_upkeep.h"

static const int64_t noon_ms = 1291204800000; /* 2010-12-01 12:00:00 UTC */

static void test_every_field_arrives_as_it_came(void **state)
{
    fixture *f = *state;
    mr_sink *sink = open_bronze(f);
    mr_sink_counts counts = {0};
    static const char full[] =
        "{\"InvoiceNo\":\"C536365\",\"StockCode\":\"85123A\",\"Description\":\"WHITE \\\"HEART\\\" "
        "\\u00e9, longer than twelve bytes\",\"Quantity\":-6,\"InvoiceDate\":\"01/12/2010 08:26\","
        "\"UnitPrice\":99999999999999.9999,\"CustomerID\":17850,\"CustomerName\":\"Ann\","
        "\"Country\":\"EIRE\",\"EventID\":\"till-7/1\",\"till\":7,\"tags\":[\"a\",null]}";
    static const char bare[] =
        "{\"InvoiceNo\":\"536366\",\"StockCode\":\"X\",\"Quantity\":1,\"InvoiceDate\":"
        "\"2011-12-09T12:50:07\",\"UnitPrice\":0,\"CustomerID\":null,\"Country\":\"UK\"}";
    mr_bus_message messages[] = {
        {.partition = 3, .offset = 40, .append_ms = noon_ms + 123, .value = mr_text_of(full)},
        {.partition = 3, .offset = 42, .append_ms = noon_ms + 124, .value = mr_text_of(bare)},
    };
    int64_t offset = -1;

    must(mr_sink_position(sink, 3, &offset, err));
    assert_int_equal(offset, 0);
    must(mr_sink_deliver(sink, messages, 2, &counts, err));
    assert_int_equal(flush(sink).delivered, 2);
    mr_sink_close(sink);
    expect_bronze(f,
                  "InvoiceNo, StockCode, Description, Quantity, InvoiceDate, UnitPrice, "
                  "CustomerID, CustomerName, Country, EventID",
                  "C536365|85123A|WHITE \"HEART\" \xc3\xa9, longer than twelve bytes|-6|2010-12-01 "
                  "08:26:00|99999999999999.9999|17850|Ann|EIRE|till-7/1\n"
                  "536366|X|-|1|2011-12-09 12:50:07|0.0000|-|-|UK|-\n");
    expect_bronze(f,
                  "extra, topic, \"partition\", \"offset\", ingest_time, ingest_date, "
                  "octet_length(event_id)",
                  "{\"till\":7,\"tags\":[\"a\",null]}|ingestion-topic|3|40|2010-12-01 "
                  "12:00:00.123|2010-12-01|16\n"
                  "-|ingestion-topic|3|42|2010-12-01 12:00:00.124|2010-12-01|16\n");
    assert_true(sum_of_tags(f) == (__int128)-6 * 999999999999999999);
}

static void test_what_was_taken_shows_with_the_flush_and_once(void **state)
{
    fixture *f = *state;
    delivery d = {.sink = open_bronze(f)};

    append_event(f, "536365", 6);
    append_event(f, "536365", 6); /* a sender's repetition is kept */
    append_event(f, "536366", 1);
    assert_int_equal(position_of(d.sink), 0);
    deliver_all(f, &d);
    assert_int_equal(d.status, MR_OK);
    assert_int_equal(d.counts.delivered, 0); /* not durable yet */
    assert_int_equal(count_bronze(f), 0);
    assert_int_equal(position_of(d.sink), 3); /* held: not to be delivered again */
    assert_int_equal(flush(d.sink).delivered, 3);
    assert_int_equal(count_bronze(f), 3);
    assert_int_equal(flush(d.sink).delivered, 0);
    deliver_all(f, &d); /* the very same batch again */
    assert_int_equal(d.status, MR_OK);
    assert_int_equal(flush(d.sink).delivered, 0);
    mr_sink_close(d.sink);

    d.sink = open_bronze(f); /* a restart */
    assert_int_equal(position_of(d.sink), 3);
    append_event(f, "536367", 2);
    deliver_all(f, &d);
    assert_int_equal(flush(d.sink).delivered, 1);
    mr_sink_close(d.sink);
    assert_int_equal(count_bronze(f), 4);
    expect_bronze(f, "InvoiceNo, \"offset\"", "536365|0\n536365|1\n536366|2\n536367|3\n");
    assert_true(sum_of_tags(f) == (6 + 6 + 1 + 2) * 25500);
}

static void test_a_crash_while_holding_loses_and_doubles_nothing(void **state)
{
    fixture *f = *state;
    delivery d = {.sink = open_bronze(f)};

    append_event(f, "536365", 6);
    (void)position_of(d.sink);
    deliver_all(f, &d);
    mr_sink_close(d.sink); /* without a flush */
    assert_int_equal(count_bronze(f), 0);
    d.sink = open_bronze(f);
    assert_int_equal(position_of(d.sink), 0);
    deliver_all(f, &d);
    (void)flush(d.sink);
    mr_sink_close(d.sink);
    assert_int_equal(count_bronze(f), 1);
}

static void append_poison(const fixture *f)
{
    append(f, "{\"InvoiceNo\":\"1\", broken");
    append(f, "{\"InvoiceNo\":\"1\",\"StockCode\":\"2\",\"Quantity\":\"x\"}");
    append(f, "");
}

static void test_poison_is_left_out_where_the_store_writes_its_letters(void **state)
{
    fixture *f = *state;
    delivery d = {.sink = open_bronze(f)};

    append_poison(f);
    append_event(f, "536365", 6);
    (void)position_of(d.sink);
    deliver_all(f, &d);
    mr_sink_counts counts = flush(d.sink);
    assert_int_equal(counts.delivered, 1);
    assert_int_equal(counts.rejected, 3);
    assert_int_equal(position_of(d.sink), 4);
    mr_sink_close(d.sink);
    assert_int_equal(count_bronze(f), 1);
    assert_int_equal(count_topic(f, topic_dead), 0);
}

static void test_without_the_store_bronze_writes_each_dead_letter_once(void **state)
{
    fixture *f = *state;
    mr_sink_options options = bronze_sink_options(f);
    mr_dead_letter letter;

    options.bronze.letters = true;
    append_poison(f);
    for (int crashes = 0; crashes < 3; crashes++) { /* behind the letters, before the commit */
        delivery d = {.sink = open_bronze_with(&options)};
        assert_int_equal(position_of(d.sink), 0);
        deliver_all(f, &d);
        assert_int_equal(d.status, MR_OK);
        if (crashes == 2) {
            assert_int_equal(flush(d.sink).rejected, 3);
        }
        mr_sink_close(d.sink);
        assert_int_equal(count_topic(f, topic_dead), 3);
    }
    records *letters = read_topic(f, topic_dead);
    must(mr_dead_letter_read(letters->values[1], &letter, err));
    assert_int_equal(letter.code, MR_LETTER_INVALID);
    assert_int_equal(letter.origin_offset, 1);
    assert_true(mr_text_equal(letter.sink, MR_TEXT_LITERAL("bronze")));
    assert_non_null(strstr(letter.reason.data, "Country: Field required"));
    mr_dead_letter_close(&letter);
    free_records(letters);
    delivery d = {.sink = open_bronze_with(&options)};
    assert_int_equal(position_of(d.sink), 3); /* a commit without a row moved it */
    mr_sink_close(d.sink);
    assert_int_equal(count_bronze(f), 0);
}

static void test_of_two_processes_one_is_fenced_and_goes_on_behind_the_other(void **state)
{
    fixture *f = *state;
    delivery a = {.sink = open_bronze(f)};
    delivery b = {.sink = open_bronze(f)};
    mr_sink_counts counts = {0};
    mr_err refusal;

    append_event(f, "1", 1);
    append_event(f, "2", 2);
    (void)position_of(a.sink);
    (void)position_of(b.sink);
    deliver_all(f, &a);
    append_event(f, "3", 3);
    deliver_all(f, &b); /* one more */
    (void)flush(a.sink);
    assert_int_equal(mr_sink_flush(b.sink, &counts, &refusal), MR_EXISTS);
    assert_int_equal(count_bronze(f), 2);
    assert_int_equal(position_of(b.sink), 2); /* what it held is dropped */
    deliver_all(f, &b);
    assert_int_equal(flush(b.sink).delivered, 1);
    mr_sink_close(a.sink);
    mr_sink_close(b.sink);
    expect_bronze(f, "InvoiceNo, Quantity", "1|1\n2|2\n3|3\n");
}

static void test_processes_with_partitions_of_their_own_append_side_by_side(void **state)
{
    fixture *f = *state;
    mr_sink *sinks[2] = {open_bronze(f), open_bronze(f)};
    int64_t offset = -1;

    for (int round = 0; round < 3; round++) {
        for (int32_t i = 0; i < 2; i++) {
            must(mr_sink_position(sinks[i], i, &offset, err));
            must(mr_sink_position(sinks[i], i + 2, &offset, err));
            assert_int_equal(offset, round);
            deliver_one(sinks[i], i, round, noon_ms, 1);
            deliver_one(sinks[i], i + 2, round, noon_ms, 1); /* one commit for both */
        }
        (void)flush(sinks[0]);
        (void)flush(sinks[1]);
    }
    mr_sink_close(sinks[0]);
    mr_sink_close(sinks[1]);
    assert_int_equal(count_bronze(f), 12);
    assert_int_equal(count_bronze_files(f), 6);
}

static void test_a_new_day_begins_a_new_file(void **state)
{
    fixture *f = *state;
    mr_sink *sink = open_bronze(f);
    const int64_t day_ms = 86400000;
    int64_t offset = 0;

    must(mr_sink_position(sink, 0, &offset, err));
    deliver_one(sink, 0, 0, noon_ms, 1);
    deliver_one(sink, 0, 1, noon_ms + day_ms, 2);
    deliver_one(sink, 0, 2, noon_ms + day_ms, 3);
    deliver_one(sink, 0, 3, -1, 4); /* a clock before 1970 */
    (void)flush(sink);
    mr_sink_close(sink);
    assert_int_equal(count_bronze_files(f), 3);
    expect_bronze(f, "ingest_date, Quantity",
                  "2010-12-01|1\n2010-12-02|2\n2010-12-02|3\n1969-12-31|4\n");
    assert_true(sum_of_tags(f) == 10 * 25501);
}

static void block(const fixture *f, const char *name, bool blocked)
{
    char *path = mr_path_join(f->folder, name);
    char *aside = mr_path_join(f->folder, "aside");

    if (blocked) {
        (void)rename(path, aside); /* if it is there */
        FILE *file = fopen(path, "w");
        assert_non_null(file);
        assert_int_equal(fclose(file), 0);
    } else {
        assert_int_equal(unlink(path), 0);
        (void)rename(aside, path);
    }
    free(path);
    free(aside);
}

static void test_a_lake_that_cannot_be_opened_is_waited_for(void **state)
{
    fixture *f = *state;
    int64_t offset = 0;
    mr_err refusal = {.status = MR_OK};

    block(f, "lake", true); /* a file where the folder would be */
    delivery d = {.sink = open_bronze(f)};
    assert_int_not_equal(mr_sink_position(d.sink, 0, &offset, &refusal), MR_OK);
    assert_int_equal(refusal.action, MR_RETRY);
    block(f, "lake", false);
    append_event(f, "1", 1);
    assert_int_equal(position_of(d.sink), 0);
    deliver_all(f, &d);
    assert_int_equal(flush(d.sink).delivered, 1);
    mr_sink_close(d.sink);
}

static void test_a_failed_flush_drops_all_and_the_same_events_come_once_later(void **state)
{
    fixture *f = *state;
    delivery d = {.sink = open_bronze(f)};
    mr_sink_counts counts = {0};
    mr_err refusal = {.status = MR_OK};

    append_event(f, "1", 1);
    (void)position_of(d.sink);
    deliver_all(f, &d);
    (void)flush(d.sink);
    append_event(f, "2", 2);
    deliver_all(f, &d);
    block(f, "lake/bronze", true);
    assert_int_not_equal(mr_sink_flush(d.sink, &counts, &refusal), MR_OK);
    assert_int_equal(refusal.action, MR_RETRY);
    assert_true(mr_sink_flush_at_us(d.sink) == INT64_MAX);
    block(f, "lake/bronze", false);
    assert_int_equal(position_of(d.sink), 1);
    deliver_all(f, &d);
    assert_int_equal(flush(d.sink).delivered, 1);
    mr_sink_close(d.sink);
    expect_bronze(f, "InvoiceNo", "1\n2\n");
}

static void test_a_flush_is_due_when_it_is_quiet_and_never_later_than_half_the_limit(void **state)
{
    fixture *f = *state;
    mr_sink_options options = bronze_sink_options(f);
    int64_t offset = 0;

    options.bronze.flush_ms = 60000;
    mr_sink *sink = open_bronze_with(&options);
    must(mr_sink_position(sink, 0, &offset, err));
    assert_true(mr_sink_flush_at_us(sink) == INT64_MAX);
    deliver_one(sink, 0, 0, mr_now_ms(), 1); /* the first since long: no need to wait */
    assert_true(mr_sink_flush_at_us(sink) <= mr_monotonic_us() + 10000);
    (void)flush(sink);
    int64_t idle_at_us = mr_sink_flush_at_us(sink);
    assert_true(idle_at_us > mr_monotonic_us() + 50000000); /* closes the engine, much later */
    assert_true(idle_at_us < mr_monotonic_us() + 61000000);
    deliver_one(sink, 0, 1, mr_now_ms() - 20000, 1); /* soon after a flush: half of it at most */
    int64_t left_us = mr_sink_flush_at_us(sink) - mr_monotonic_us();
    assert_true(left_us > 5000000 && left_us <= 10000000);
    (void)flush(sink);
    deliver_one(sink, 0, 2, mr_now_ms() - 3600000, 1); /* backlog */
    left_us = mr_sink_flush_at_us(sink) - mr_monotonic_us();
    assert_true(left_us > 25000000 && left_us <= 30000000);
    mr_sink_close(sink);
}

static void test_an_unknown_lake_is_refused_at_once(void **state)
{
    fixture *f = *state;
    mr_sink_options options = bronze_sink_options(f);
    mr_sink *sink = NULL;
    mr_err refusal;

    options.bronze.lake.url = "tape:";
    assert_int_equal(mr_sink_bronze_open(&options, &sink, &refusal), MR_UNSUPPORTED);
    assert_non_null(strstr(refusal.message, "file:"));
}

static void test_a_table_with_other_columns_is_left_alone(void **state)
{
    fixture *f = *state;
    lake_view view = open_view(f);
    const mr_delta_field other[] = {{.name = "InvoiceNo", .type = "long"}};
    const mr_delta_schema schema = {.fields = other, .field_count = 1};
    const mr_delta_commit commit = {.operation = "CREATE TABLE", .schema = &schema};
    int64_t version = -1;
    int64_t offset = 0;
    mr_err refusal = {.status = MR_OK};

    must(mr_delta_commit_to(view.table, NULL, &commit, &version, err));
    close_view(&view);
    mr_sink *sink = open_bronze(f);
    assert_int_equal(mr_sink_position(sink, 0, &offset, &refusal), MR_INVALID);
    assert_int_equal(refusal.action, MR_RETRY);
    assert_non_null(strstr(refusal.message, "InvoiceNo string is missing"));
    mr_sink_close(sink);
}

static void test_small_files_become_one_and_dead_ones_go(void **state)
{
    fixture *f = *state;
    mr_sink *sink = open_bronze(f);
    lake_view view = open_view(f);
    mr_bronze_upkeep *upkeep = NULL;
    mr_bronze_upkeep_options options = {
        .blobs = view.blobs, .data_folder = f->folder, .commits_min = 20};
    int64_t offset = 0;

    must(mr_sink_position(sink, 0, &offset, err));
    must(mr_bronze_upkeep_start(&options, &upkeep, err));
    for (int i = 0; i < 20; i++) {
        deliver_one(sink, 0, i, noon_ms, i);
        (void)flush(sink);
        mr_bronze_upkeep_note(upkeep);
    }
    mr_bronze_upkeep_report report = mr_bronze_upkeep_wait(upkeep, 1);
    assert_int_equal(report.failures, 0);
    assert_int_equal(report.rewritten, 20);
    mr_bronze_upkeep_stop(upkeep);
    assert_int_equal(count_bronze_files(f), 1);
    assert_int_equal(count_bronze(f), 20);
    assert_true(sum_of_tags(f) == 190 * 25501);
    deliver_one(sink, 0, 20, noon_ms, 1); /* the sink goes on beside it */
    assert_int_equal(flush(sink).delivered, 1);
    assert_int_equal(count_bronze(f), 21);
    options.vacuum_delay_ms = 1;
    must(mr_bronze_upkeep_start(&options, &upkeep, err));
    report = mr_bronze_upkeep_wait(upkeep, 1);
    assert_int_equal(report.vacuums, 1);
    assert_int_equal(report.failures, 0);
    mr_bronze_upkeep_stop(upkeep);
    assert_int_equal(count_bronze(f), 21);
    close_view(&view);
    mr_sink_close(sink);
}

int main(void)
{
#define BRONZE_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        BRONZE_TEST(test_every_field_arrives_as_it_came),
        BRONZE_TEST(test_what_was_taken_shows_with_the_flush_and_once),
        BRONZE_TEST(test_a_crash_while_holding_loses_and_doubles_nothing),
        BRONZE_TEST(test_poison_is_left_out_where_the_store_writes_its_letters),
        BRONZE_TEST(test_without_the_store_bronze_writes_each_dead_letter_once),
        BRONZE_TEST(test_of_two_processes_one_is_fenced_and_goes_on_behind_the_other),
        BRONZE_TEST(test_processes_with_partitions_of_their_own_append_side_by_side),
        BRONZE_TEST(test_a_new_day_begins_a_new_file),
        BRONZE_TEST(test_a_lake_that_cannot_be_opened_is_waited_for),
        BRONZE_TEST(test_a_failed_flush_drops_all_and_the_same_events_come_once_later),
        BRONZE_TEST(test_a_flush_is_due_when_it_is_quiet_and_never_later_than_half_the_limit),
        BRONZE_TEST(test_an_unknown_lake_is_refused_at_once),
        BRONZE_TEST(test_a_table_with_other_columns_is_left_alone),
        BRONZE_TEST(test_small_files_become_one_and_dead_ones_go),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
