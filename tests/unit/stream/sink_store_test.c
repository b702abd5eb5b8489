/* SPDX-License-Identifier: Apache-2.0 */
/* stream/sink_store_test.c - exactly once into the store, and what it cannot take. */
#include "stream/fixture.h"
#include "stream/letter_writer.h"

static mr_sink *open_sink(const fixture *f)
{
    mr_sink_options options = sink_options(f);
    mr_sink *sink = NULL;

    must(mr_sink_store_open(&options, &sink, err));
    return sink;
}

static mr_dead_letter read_letter(const records *letters, size_t index)
{
    mr_dead_letter letter;

    assert_true(index < letters->count);
    must(mr_dead_letter_read(letters->values[index], &letter, err));
    return letter;
}

static void test_events_reach_the_store_once(void **state)
{
    fixture *f = *state;
    delivery d = {.sink = open_sink(f)};

    append_event(f, "536365", 6);
    append_event(f, "536365", 8);
    append_event(f, "536366", 1);
    assert_int_equal(position_of(d.sink), 0);
    deliver_all(f, &d);
    assert_int_equal(d.status, MR_OK);
    assert_int_equal(d.counts.delivered, 3);
    assert_int_equal(position_of(d.sink), 3);
    deliver_all(f, &d); /* the very same batch again */
    assert_int_equal(d.status, MR_OK);
    assert_int_equal(d.counts.delivered + d.counts.duplicates + d.counts.rejected, 0);
    append_event(f, "536366", 1); /* a sender's repetition */
    deliver_all(f, &d);
    assert_int_equal(d.counts.duplicates, 1);
    assert_int_equal(position_of(d.sink), 4);
    mr_sink_close(d.sink);
    mr_store_totals totals = read_totals(f);
    assert_int_equal(totals.lines, 3);
    assert_int_equal(totals.invoices, 2);
    assert_true(totals.sales.scaled == 15 * 25500);
    assert_int_equal(count_topic(f, topic_dead), 0);
}

static void test_poison_becomes_dead_letters_with_reasons(void **state)
{
    fixture *f = *state;
    delivery d = {.sink = open_sink(f)};

    append_event(f, "536365", 6);
    append(f, "{\"InvoiceNo\":\"1\", broken");
    append(f, "{\"InvoiceNo\":\"1\",\"StockCode\":\"2\",\"Quantity\":\"x\"}");
    append(f, "");
    append(f, "\xff\xfe\x01");
    append_event(f, "536366", 1);
    (void)position_of(d.sink);
    deliver_all(f, &d);
    assert_int_equal(d.status, MR_OK);
    assert_int_equal(d.counts.delivered, 2);
    assert_int_equal(d.counts.rejected, 4);
    mr_sink_close(d.sink);

    records *letters = read_topic(f, topic_dead);
    assert_int_equal(letters->count, 4);
    mr_dead_letter letter = read_letter(letters, 0);
    assert_int_equal(letter.code, MR_LETTER_MALFORMED);
    assert_int_equal(letter.origin_offset, 1);
    assert_true(mr_text_equal(letter.origin_topic, mr_text_of(topic_in)));
    assert_true(mr_text_equal(letter.payload, MR_TEXT_LITERAL("{\"InvoiceNo\":\"1\", broken")));
    mr_dead_letter_close(&letter);
    letter = read_letter(letters, 1);
    assert_int_equal(letter.code, MR_LETTER_INVALID);
    assert_non_null(strstr(letter.reason.data, "Quantity"));
    assert_non_null(strstr(letter.reason.data, "Country: Field required"));
    mr_dead_letter_close(&letter);
    letter = read_letter(letters, 2);
    assert_int_equal(letter.payload.bytes, 0);
    mr_dead_letter_close(&letter);
    letter = read_letter(letters, 3);
    assert_true(mr_text_equal(letter.payload, MR_TEXT_LITERAL("\xff\xfe\x01")));
    mr_dead_letter_close(&letter);
    free_records(letters);
    assert_int_equal(read_totals(f).lines, 2);
}

static void test_a_batch_of_nothing_but_poison_moves_the_position(void **state)
{
    fixture *f = *state;
    delivery d = {.sink = open_sink(f)};

    append(f, "x");
    (void)position_of(d.sink);
    deliver_all(f, &d);
    assert_int_equal(d.status, MR_OK);
    assert_int_equal(position_of(d.sink), 1);
    mr_sink_close(d.sink);
}

static void test_records_of_the_largest_size_are_poison_not_a_crash(void **state)
{
    fixture *f = *state;
    delivery d = {.sink = open_sink(f)};
    size_t bytes = mr_bus_record_bytes_max - 3; /* the key has three */
    char *large = mr_alloc(bytes);
    mr_text text = {large, bytes};

    memset(large, '\n', bytes); /* each takes two bytes in an envelope */
    append_texts(f, &text, 1);
    (void)position_of(d.sink);
    deliver_all(f, &d);
    assert_int_equal(d.status, MR_OK);
    assert_int_equal(d.counts.rejected, 1);
    mr_sink_close(d.sink);
    records *letters = read_topic(f, topic_dead);
    mr_dead_letter letter = read_letter(letters, 0);
    assert_null(letter.payload.data);
    assert_int_equal(letter.payload_bytes, bytes);
    mr_dead_letter_close(&letter);
    free_records(letters);
    free(large);
}

static void test_an_event_id_with_other_content_is_a_conflict(void **state)
{
    fixture *f = *state;
    delivery d = {.sink = open_sink(f)};

    append_keyed(f, "a", 1);
    append_keyed(f, "a", 2); /* within the batch */
    (void)position_of(d.sink);
    deliver_all(f, &d);
    assert_int_equal(d.counts.delivered, 1);
    assert_int_equal(d.counts.rejected, 1);
    append_keyed(f, "a", 3); /* against the store */
    deliver_all(f, &d);
    assert_int_equal(d.counts.rejected, 1);
    mr_sink_close(d.sink);
    records *letters = read_topic(f, topic_dead);
    assert_int_equal(letters->count, 2);
    mr_dead_letter letter = read_letter(letters, 1);
    assert_int_equal(letter.code, MR_LETTER_CONFLICT);
    assert_int_equal(letter.origin_offset, 2);
    assert_non_null(strstr(letter.reason.data, "EventID a of invoice 7"));
    mr_dead_letter_close(&letter);
    free_records(letters);
    assert_true(read_totals(f).sales.scaled == 10000);
}

/* The state that a crash between the letters' append and the store's commit leaves behind. */
static void test_a_crash_before_the_commit_doubles_no_letter(void **state)
{
    fixture *f = *state;
    mr_letter_options options = {
        .bus = f->bus, .group = "store", .topic = topic_dead, .source_topic = topic_in};
    mr_letter_writer *writer = NULL;
    mr_partition partition = {.number = 0};
    mr_bus_message poison = {.offset = 1, .value = MR_TEXT_LITERAL("x")};
    mr_dead_letter letter = {.code = MR_LETTER_MALFORMED,
                             .reason = MR_TEXT_LITERAL("r"),
                             .sink = MR_TEXT_LITERAL("store")};

    append_event(f, "536365", 6);
    append(f, "x");
    must(mr_letter_writer_open(&options, &writer, err));
    mr_letter_writer_begin(writer);
    must(mr_letter_writer_put(writer, &partition, &poison, &letter, err));
    must(mr_letter_writer_flush(writer, &partition, 2, err));
    mr_letter_writer_close(writer);

    append(f, "y"); /* and the next delivery is a larger one */
    delivery d = {.sink = open_sink(f)};
    assert_int_equal(position_of(d.sink), 0);
    deliver_all(f, &d);
    assert_int_equal(d.status, MR_OK);
    assert_int_equal(d.counts.rejected, 2);
    assert_int_equal(position_of(d.sink), 3);
    mr_sink_close(d.sink);
    records *letters = read_topic(f, topic_dead);
    assert_int_equal(letters->count, 2);
    mr_dead_letter second = read_letter(letters, 1);
    assert_int_equal(second.origin_offset, 2);
    mr_dead_letter_close(&second);
    free_records(letters);
    assert_int_equal(read_totals(f).lines, 1);
}

static void remove_store(const fixture *f)
{
    static const char *const names[] = {"store.db", "store.db-wal", "store.db-shm"};

    for (size_t i = 0; i < 3; i++) {
        char path[128];
        (void)snprintf(path, sizeof(path), "%s/%s", f->folder, names[i]);
        (void)unlink(path);
    }
}

static void test_a_store_that_starts_over_is_filled_from_the_log_without_new_letters(void **state)
{
    fixture *f = *state;
    delivery d = {.sink = open_sink(f)};

    append_event(f, "536365", 6);
    append(f, "x");
    append_keyed(f, "a", 1);
    append_keyed(f, "a", 2);
    (void)position_of(d.sink);
    deliver_all(f, &d);
    mr_sink_close(d.sink);
    assert_int_equal(count_topic(f, topic_dead), 2);
    remove_store(f);

    d.sink = open_sink(f);
    assert_int_equal(position_of(d.sink), 0);
    deliver_all(f, &d);
    assert_int_equal(d.status, MR_OK);
    assert_int_equal(d.counts.delivered, 2);
    assert_int_equal(d.counts.rejected, 2);
    append(f, "new poison");
    deliver_all(f, &d);
    mr_sink_close(d.sink);
    assert_int_equal(count_topic(f, topic_dead), 3);
    assert_int_equal(read_totals(f).lines, 2);
}

static void test_a_second_processor_is_fenced(void **state)
{
    fixture *f = *state;
    delivery first = {.sink = open_sink(f)};
    delivery second = {.sink = open_sink(f)};

    append_event(f, "536365", 6);
    append(f, "x");
    assert_int_equal(position_of(first.sink), 0);
    assert_int_equal(position_of(second.sink), 0);
    deliver_all(f, &first);
    deliver_all(f, &second);
    assert_int_equal(first.status, MR_OK);
    assert_int_equal(second.status, MR_EXISTS);
    assert_int_equal(position_of(second.sink), 2);
    append_event(f, "536366", 1);
    deliver_all(f, &second);
    assert_int_equal(second.status, MR_OK);
    assert_int_equal(second.counts.delivered, 1);
    mr_sink_close(first.sink);
    mr_sink_close(second.sink);
    assert_int_equal(read_totals(f).lines, 2);
    assert_int_equal(count_topic(f, topic_dead), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_events_reach_the_store_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_poison_becomes_dead_letters_with_reasons, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_batch_of_nothing_but_poison_moves_the_position,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_records_of_the_largest_size_are_poison_not_a_crash,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_an_event_id_with_other_content_is_a_conflict, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_crash_before_the_commit_doubles_no_letter, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            test_a_store_that_starts_over_is_filled_from_the_log_without_new_letters, set_up,
            tear_down),
        cmocka_unit_test_setup_teardown(test_a_second_processor_is_fenced, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
