/* SPDX-License-Identifier: Apache-2.0 */
/* bus/embedded_faults_test.c - a full disk, failing input and output, and a lock held by another:
 * each is told by its own status, costs no acknowledged record, and passes. */
#include "bus/bus_fixture.h"

#include <pthread.h>

#include "../../fault/powercut_vfs.c"

typedef struct faults_fixture {
    bus_fixture base;
    powercut *disk;
    mr_bus *bus;
    mr_bus_producer *producer;
} faults_fixture;

static int set_up(void **state)
{
    faults_fixture *fixture = mr_alloc_zero(1, sizeof *fixture);
    fixture_make(&fixture->base, "embedded:");
    fixture->disk = powercut_install(&(powercut_options){.skip_sleep = true});
    fixture->bus = fixture_open(&fixture->base);
    fixture->producer = fixture_producer(fixture->bus, "orders");
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    faults_fixture *fixture = *state;
    mr_bus_producer_close(fixture->producer);
    mr_bus_close(fixture->bus);
    powercut_uninstall(fixture->disk);
    fixture_remove_folder(fixture->base.folder);
    free(fixture);
    return 0;
}

static void a_full_disk_refuses_and_takes_again(void **state)
{
    faults_fixture *fixture = *state;
    mr_err err;
    size_t acknowledged = 10;
    (void)fixture_append(fixture->producer, "before", 10);
    mr_bus_batch *batch = fixture_batch("refused", 1000);
    mr_bus_mark mark = {"feed", "source", 0, 0, 5};
    powercut_set_full(fixture->disk, true);
    for (int attempt = 0; attempt < 3; attempt++) {
        assert_int_equal(mr_bus_append(fixture->producer, batch, &mark, &err), MR_FULL);
        assert_int_equal(err.action, MR_RETRY);
        assert_non_null(strstr(err.message, "append to orders"));
    }
    assert_int_equal(fixture_count_all(fixture->bus, "orders"), acknowledged);
    powercut_set_full(fixture->disk, false);
    fixture_ok(mr_bus_append(fixture->producer, batch, &mark, &err), &err);
    assert_int_equal(mr_bus_batch_position(batch, 0).offset, 10);
    assert_int_equal(fixture_count_all(fixture->bus, "orders"), acknowledged + 1000);
    mr_bus_batch_destroy(batch);
}

/* Lets the n-th operation of an append fail, for every n there is. */
static void every_failing_operation_leaves_the_log_usable(void **state)
{
    faults_fixture *fixture = *state;
    mr_err err;
    size_t acknowledged = 0;
    unsigned failures = 0;
    mr_bus_batch *batch = fixture_batch("record", 5000);
    for (uint64_t nth = 0;; nth++) {
        uint64_t before = powercut_operations(fixture->disk);
        powercut_fail_after(fixture->disk, nth);
        mr_status st = mr_bus_append(fixture->producer, batch, NULL, &err);
        if (st != MR_OK) {
            assert_int_equal(st, MR_IO);
            assert_int_equal(err.action, MR_RETRY);
            failures++;
        } else {
            acknowledged += 5000;
        }
        bool reached = powercut_operations(fixture->disk) > before + nth;
        powercut_fail_after(fixture->disk, UINT64_MAX / 2);
        fixture_ok(mr_bus_append(fixture->producer, batch, NULL, &err), &err);
        acknowledged += 5000;
        if (!reached) {
            break;
        }
    }
    assert_true(failures >= 5);
    assert_int_equal(fixture_count_all(fixture->bus, "orders"), acknowledged);
    mr_bus_batch_destroy(batch);
}

static void opening_survives_every_failing_operation(void **state)
{
    faults_fixture *fixture = *state;
    mr_err err;
    unsigned failures = 0;
    for (unsigned nth = 0; nth < 40; nth++) {
        char topic[32];
        mr_bus_producer *producer = NULL;
        (void)snprintf(topic, sizeof topic, "topic-%u", nth);
        powercut_fail_after(fixture->disk, nth);
        mr_status st = mr_bus_producer_open(fixture->bus, topic, &producer, &err);
        powercut_fail_after(fixture->disk, UINT64_MAX / 2);
        if (st != MR_OK) {
            failures++;
            assert_null(producer);
            producer = fixture_producer(fixture->bus, topic);
        }
        assert_int_equal(fixture_append(producer, "r", 1), 0);
        mr_bus_producer_close(producer);
    }
    assert_true(failures >= 5);
}

static void a_lock_held_by_another_is_unavailable_for_now(void **state)
{
    faults_fixture *fixture = *state;
    char path[128];
    sqlite3 *other = NULL;
    mr_err err;
    mr_bus_batch *batch = fixture_batch("r", 1);
    (void)snprintf(path, sizeof path, "%s/log/orders.db", fixture->base.folder);
    assert_int_equal(sqlite3_open(path, &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(mr_bus_append(fixture->producer, batch, NULL, &err), MR_UNAVAILABLE);
    assert_int_equal(err.action, MR_RETRY);
    assert_int_equal(fixture_count_all(fixture->bus, "orders"), 0); /* readers need no lock */
    assert_int_equal(sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(other), SQLITE_OK);
    fixture_ok(mr_bus_append(fixture->producer, batch, NULL, &err), &err);
    mr_bus_batch_destroy(batch);
}

/* Eight times the checkpoint's threshold goes through; the log of writes stays near it. */
static void the_write_ahead_log_stays_bounded(void **state)
{
    faults_fixture *fixture = *state;
    enum { value_bytes = 500000, batches = 128, wal_bytes_max = 24 << 20 };
    char path[128];
    struct stat info;
    mr_err err;
    mr_random random;
    char *value = mr_alloc(value_bytes);
    mr_bus_batch *batch = mr_bus_batch_create(fixture_batch_bytes_max);
    mr_bus_consumer *consumer = fixture_consumer(fixture->bus, "orders");
    mr_random_seed(&random, 1);
    for (size_t at = 0; at < value_bytes; at++) {
        value[at] = (char)mr_random_next(&random);
    }
    for (size_t index = 0; index < batches; index++) {
        const mr_bus_message *messages = NULL;
        mr_bus_batch_clear(batch);
        assert_true(mr_bus_batch_add(batch, MR_TEXT_ABSENT, (mr_text){value, value_bytes}));
        fixture_ok(mr_bus_append(fixture->producer, batch, NULL, &err), &err);
        assert_int_equal(fixture_poll(consumer, &messages), 1);
    }
    (void)snprintf(path, sizeof path, "%s/log/orders.db-wal", fixture->base.folder);
    assert_int_equal(stat(path, &info), 0);
    assert_true(info.st_size > 0 && info.st_size < wal_bytes_max);
    mr_bus_consumer_close(consumer);
    mr_bus_batch_destroy(batch);
    free(value);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_full_disk_refuses_and_takes_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_failing_operation_leaves_the_log_usable, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(opening_survives_every_failing_operation, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_lock_held_by_another_is_unavailable_for_now, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(the_write_ahead_log_stays_bounded, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
