/* SPDX-License-Identifier: Apache-2.0 */
/* bus/embedded_topic_test.c - a topic's file that is damaged, or is not ours, is refused by name.
 */
#include "bus/bus_fixture.h"

#include <sqlite3.h>
#include <sys/stat.h>

/* Changes the topic's file behind the log's back. */
static void tamper(const bus_fixture *fixture, const char *sql)
{
    char path[128];
    sqlite3 *db = NULL;
    (void)snprintf(path, sizeof path, "%s/log/orders.db", fixture->folder);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* Three blocks of ten records. */
static void fill(mr_bus *bus)
{
    mr_bus_producer *producer = fixture_producer(bus, "orders");
    for (int block = 0; block < 3; block++) {
        (void)fixture_append(producer, "r", 10);
    }
    mr_bus_producer_close(producer);
}

/* The first block is good, the second is not. */
static void assert_second_block_refused(mr_bus *bus, const char *reason)
{
    const mr_bus_message *messages = NULL;
    size_t count = 0;
    mr_err err;
    mr_bus_consumer *consumer = fixture_consumer(bus, "orders");
    assert_int_equal(fixture_poll(consumer, &messages), 10);
    for (int attempt = 0; attempt < 2; attempt++) {
        assert_int_equal(mr_bus_poll(consumer, 0, &messages, &count, &err), MR_CORRUPT);
        assert_int_equal(err.action, MR_HALT);
        assert_non_null(strstr(err.message, "topic orders"));
        assert_non_null(strstr(err.message, "at offset 10"));
        assert_non_null(strstr(err.message, reason));
    }
    fixture_ok(mr_bus_seek(consumer, 0, 20, &err), &err);
    assert_int_equal(fixture_poll(consumer, &messages), 10);
    mr_bus_consumer_close(consumer);
}

static void a_flipped_byte_is_noticed(void **state)
{
    bus_fixture *fixture = *state;
    mr_bus *bus = fixture_open(fixture);
    fill(bus);
    tamper(fixture, "UPDATE block SET payload = CAST(substr(payload, 1, 30) || x'ff' ||"
                    " substr(payload, 32) AS BLOB) WHERE base_offset = 10");
    assert_second_block_refused(bus, "checksum");
    mr_bus_close(bus);
}

static void a_cut_payload_is_noticed(void **state)
{
    bus_fixture *fixture = *state;
    mr_bus *bus = fixture_open(fixture);
    fill(bus);
    tamper(fixture, "UPDATE block SET payload = x'00' WHERE base_offset = 10");
    assert_second_block_refused(bus, "no block header");
    mr_bus_close(bus);
}

static void another_count_is_noticed(void **state)
{
    bus_fixture *fixture = *state;
    mr_bus *bus = fixture_open(fixture);
    fill(bus);
    tamper(fixture, "UPDATE block SET count = 9 WHERE base_offset = 10");
    assert_second_block_refused(bus, "another count");
    mr_bus_close(bus);
}

static void a_missing_block_is_noticed(void **state)
{
    bus_fixture *fixture = *state;
    mr_bus *bus = fixture_open(fixture);
    fill(bus);
    tamper(fixture, "DELETE FROM block WHERE base_offset = 10");
    assert_second_block_refused(bus, "missing");
    mr_bus_close(bus);
}

static void assert_open_fails(mr_bus *bus, mr_status expected, const char *reason)
{
    mr_bus_producer *producer = NULL;
    mr_err err;
    assert_int_equal(mr_bus_producer_open(bus, "orders", &producer, &err), expected);
    assert_non_null(strstr(err.message, "orders"));
    assert_non_null(strstr(err.message, reason));
    assert_null(producer);
}

static void a_foreign_database_is_refused(void **state)
{
    bus_fixture *fixture = *state;
    mr_bus *bus = fixture_open(fixture);
    tamper(fixture, "CREATE TABLE theirs (x)");
    assert_open_fails(bus, MR_INVALID, "not a topic of this log");
    mr_bus_close(bus);
}

static void a_newer_format_is_refused(void **state)
{
    bus_fixture *fixture = *state;
    mr_bus *bus = fixture_open(fixture);
    fill(bus);
    tamper(fixture, "PRAGMA user_version = 2");
    assert_open_fails(bus, MR_UNSUPPORTED, "format version 2");
    mr_bus_close(bus);
}

static void a_file_that_is_no_database_is_refused(void **state)
{
    bus_fixture *fixture = *state;
    char path[128];
    char text[4096];
    mr_bus *bus = fixture_open(fixture);
    (void)snprintf(path, sizeof path, "%s/log/orders.db", fixture->folder);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    memset(text, 'x', sizeof text);
    assert_int_equal(fwrite(text, 1, sizeof text, file), sizeof text);
    assert_int_equal(fclose(file), 0);
    assert_open_fails(bus, MR_CORRUPT, "not a database");
    mr_bus_close(bus);
}

static void an_empty_file_left_by_a_crash_becomes_a_topic(void **state)
{
    bus_fixture *fixture = *state;
    mr_bus *bus = fixture_open(fixture);
    tamper(fixture, "PRAGMA journal_mode = WAL");
    mr_bus_producer *producer = fixture_producer(bus, "orders");
    assert_int_equal(fixture_append(producer, "r", 1), 0);
    mr_bus_producer_close(producer);
    mr_bus_close(bus);
}

static void bounds_without_sense_stop_an_append_and_nothing_else(void **state)
{
    bus_fixture *fixture = *state;
    mr_err err;
    mr_bus *bus = fixture_open(fixture);
    mr_bus_producer *producer = fixture_producer(bus, "orders");
    mr_bus_batch *batch = fixture_batch("r", 1);
    tamper(fixture, "UPDATE topic SET next_offset = -5");
    for (int attempt = 0; attempt < 2; attempt++) {
        assert_int_equal(mr_bus_append(producer, batch, NULL, &err), MR_CORRUPT);
        assert_non_null(strstr(err.message, "make no sense"));
    }
    tamper(fixture, "UPDATE topic SET next_offset = 5");
    fixture_ok(mr_bus_append(producer, batch, NULL, &err), &err);
    assert_int_equal(mr_bus_batch_position(batch, 0).offset, 5);
    mr_bus_batch_destroy(batch);
    mr_bus_producer_close(producer);
    mr_bus_close(bus);
}

static void a_waiting_reader_holds_no_snapshot(void **state)
{
    bus_fixture *fixture = *state;
    const mr_bus_message *messages = NULL;
    char path[128];
    sqlite3 *db = NULL;
    int wal_frames = -1;
    int moved_frames = -1;
    mr_bus *bus = fixture_open(fixture);
    fill(bus);
    mr_bus_consumer *consumer = fixture_consumer(bus, "orders");
    mr_bus_producer *producer = fixture_producer(bus, "orders");
    assert_int_equal(fixture_poll(consumer, &messages), 30);
    (void)fixture_append(producer, "r", 10);
    (void)snprintf(path, sizeof path, "%s/log/orders.db", fixture->folder);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    /* Would be SQLITE_BUSY if anyone still read from the write-ahead log. */
    assert_int_equal(
        sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_TRUNCATE, &wal_frames, &moved_frames),
        SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    assert_int_equal(fixture_poll(consumer, &messages), 10);
    mr_bus_consumer_close(consumer);
    mr_bus_producer_close(producer);
    mr_bus_close(bus);
}

/* Customers' data: a folder named by embedded:/folder may be open to others. */
static void only_the_owner_may_read_a_topic(void **state)
{
    static const char *const names[] = {"orders.db", "orders.db-wal"};
    bus_fixture *fixture = *state;
    mr_bus *bus = fixture_open(fixture);
    mr_bus_producer *producer = fixture_producer(bus, "orders");

    (void)fixture_append(producer, "r", 1);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[128];
        struct stat info;

        (void)snprintf(path, sizeof path, "%s/log/%s", fixture->folder, names[i]);
        assert_int_equal(stat(path, &info), 0);
        assert_int_equal(info.st_mode & 0777, 0600);
    }
    mr_bus_producer_close(producer);
    mr_bus_close(bus);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_flipped_byte_is_noticed, fixture_set_up,
                                        fixture_tear_down),
        cmocka_unit_test_setup_teardown(a_cut_payload_is_noticed, fixture_set_up,
                                        fixture_tear_down),
        cmocka_unit_test_setup_teardown(another_count_is_noticed, fixture_set_up,
                                        fixture_tear_down),
        cmocka_unit_test_setup_teardown(a_missing_block_is_noticed, fixture_set_up,
                                        fixture_tear_down),
        cmocka_unit_test_setup_teardown(a_foreign_database_is_refused, fixture_set_up,
                                        fixture_tear_down),
        cmocka_unit_test_setup_teardown(a_newer_format_is_refused, fixture_set_up,
                                        fixture_tear_down),
        cmocka_unit_test_setup_teardown(a_file_that_is_no_database_is_refused, fixture_set_up,
                                        fixture_tear_down),
        cmocka_unit_test_setup_teardown(an_empty_file_left_by_a_crash_becomes_a_topic,
                                        fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(bounds_without_sense_stop_an_append_and_nothing_else,
                                        fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(only_the_owner_may_read_a_topic, fixture_set_up,
                                        fixture_tear_down),
        cmocka_unit_test_setup_teardown(a_waiting_reader_holds_no_snapshot, fixture_set_up,
                                        fixture_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
