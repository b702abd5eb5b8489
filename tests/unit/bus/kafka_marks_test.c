/* SPDX-License-Identifier: Apache-2.0 */
/* bus/kafka_marks_test.c - records and their mark are one, through kill -9 and over takeovers. */
#include "bus/kafka_fixture.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "base/random.h"

static int set_up(void **state)
{
    return kafka_set_up(state, 3);
}

static int tear_down(void **state)
{
    return kafka_tear_down(state);
}

enum { step_records = 5, kills = 6 };

static int64_t read_mark(mr_bus *bus, int32_t partition)
{
    int64_t offset = 0;
    mr_err err;
    mr_status st = mr_bus_mark_read(bus, "orders", "feed", "source", partition, &offset, &err);
    if (st != MR_NOT_FOUND) {
        fixture_ok(st, &err);
    }
    return offset;
}

/* A sink as it should be: asks where it stands, and goes on; each step appends step_records. */
static int append_for_ever(const mr_bus_options *options)
{
    mr_bus *bus = NULL;
    mr_bus_producer *producer = NULL;
    int64_t at = 0;
    if (mr_bus_open(options, &bus, NULL) != MR_OK ||
        mr_bus_producer_open(bus, "orders", &producer, NULL) != MR_OK) {
        return 1;
    }
    for (;;) {
        mr_err err;
        mr_bus_batch *batch = fixture_batch("step", step_records);
        mr_bus_mark mark = {"feed", "source", 0, at, at + step_records};
        mr_status st = mr_bus_append(producer, batch, &mark, &err);
        mr_bus_batch_destroy(batch);
        if (st == MR_OK) {
            at += step_records;
            continue;
        }
        if (st != MR_EXISTS && err.action != MR_RETRY) {
            return 1;
        }
        st = mr_bus_mark_read(bus, "orders", "feed", "source", 0, &at, &err);
        at = st == MR_NOT_FOUND ? 0 : at;
    }
}

static void await_mark_above(mr_bus *bus, int64_t offset)
{
    int64_t deadline_us = mr_monotonic_us() + (int64_t)fixture_wait_ms_max * 1000;
    while (read_mark(bus, 0) <= offset) {
        assert_true(mr_monotonic_us() < deadline_us);
    }
}

static void a_writer_killed_at_any_moment_leaves_as_many_records_as_its_mark_says(void **state)
{
    bus_fixture *fixture = *state;
    mr_random chance;
    uint64_t seed = 0;
    mr_random_secret(&seed, sizeof seed);
    mr_random_seed(&chance, seed);
    mr_bus *bus = NULL;
    int64_t mark = 0;
    for (int index = 0; index < kills; index++) {
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* should this test fail */
            _exit(append_for_ever(&fixture->options));
        }
        bus = fixture_open(fixture);
        await_mark_above(bus, mark);
        /* The moment of the kill is random on purpose. */
        (void)usleep((useconds_t)mr_random_below(&chance, 30000));
        assert_int_equal(kill(child, SIGKILL), 0);
        assert_int_equal(waitpid(child, NULL, 0), child);
        /* A writer of our own ends what the killed one left open, whichever way. */
        mr_bus_producer *producer = fixture_producer(bus, "orders");
        mr_bus_batch *none = mr_bus_batch_create(100);
        mr_err err;
        do {
            mark = read_mark(bus, 0);
            mr_bus_mark still = {"feed", "source", 0, mark, mark};
            mr_status st = mr_bus_append(producer, none, &still, &err);
            if (st == MR_OK) {
                break;
            }
            assert_int_equal(st, MR_EXISTS); /* it moved while it was being ended */
        } while (true);
        mr_bus_batch_destroy(none);
        mr_bus_producer_close(producer);
        fixture_expect_count(fixture, bus, "orders", (size_t)mark);
        mr_bus_close(bus);
    }
    assert_true(mark >= kills * step_records);
}

static void marks_of_other_partitions_and_groups_stand_apart(void **state)
{
    bus_fixture *fixture = *state;
    mr_err err;
    mr_bus *bus = fixture_open(fixture);
    mr_bus_producer *producer = fixture_producer(bus, "orders");
    mr_bus_batch *batch = fixture_batch("r", 1);
    for (int32_t partition = 0; partition < 3; partition++) {
        mr_bus_mark mark = {"feed", "source", partition, 0, 10 + partition};
        fixture_ok(mr_bus_append(producer, batch, &mark, &err), &err);
    }
    mr_bus_mark other = {"store", "source", 1, 0, 77};
    fixture_ok(mr_bus_append(producer, batch, &other, &err), &err);
    for (int32_t partition = 0; partition < 3; partition++) {
        assert_int_equal(read_mark(bus, partition), 10 + partition);
    }
    assert_int_equal(read_mark(bus, 3), 0);
    mr_bus_batch_destroy(batch);
    mr_bus_producer_close(producer);
    fixture_expect_count(fixture, bus, "orders", 4);
    mr_bus_close(bus);
}

static void a_writer_that_was_overtaken_is_refused_and_may_come_back(void **state)
{
    bus_fixture *fixture = *state;
    mr_err err;
    mr_bus *bus = fixture_open(fixture);
    mr_bus_producer *old = fixture_producer(bus, "orders");
    mr_bus_producer *young = fixture_producer(bus, "orders");
    mr_bus_batch *batch = fixture_batch("r", 2);
    mr_bus_mark mark = {"feed", "source", 0, 0, 5};
    fixture_ok(mr_bus_append(old, batch, &mark, &err), &err);
    mark = (mr_bus_mark){"feed", "source", 0, 5, 6};
    fixture_ok(mr_bus_append(young, batch, &mark, &err), &err);
    assert_int_equal(mr_bus_append(old, batch, &mark, &err), MR_EXISTS); /* believes it at 5 */
    assert_int_equal(mr_bus_append(old, batch, &mark, &err), MR_EXISTS); /* knows it at 6 */
    assert_int_equal(read_mark(bus, 0), 6);
    mark = (mr_bus_mark){"feed", "source", 0, 6, 9};
    fixture_ok(mr_bus_append(old, batch, &mark, &err), &err);
    assert_int_equal(read_mark(bus, 0), 9);
    mr_bus_batch_destroy(batch);
    mr_bus_producer_close(old);
    mr_bus_producer_close(young);
    fixture_expect_count(fixture, bus, "orders", 6);
    mr_bus_close(bus);
}

static void names_too_long_together_are_refused(void **state)
{
    bus_fixture *fixture = *state;
    char name[101];
    mr_err err;
    memset(name, 'x', 100);
    name[100] = '\0';
    mr_bus *bus = fixture_open(fixture);
    mr_bus_producer *producer = fixture_producer(bus, name);
    mr_bus_batch *batch = fixture_batch("r", 1);
    mr_bus_mark mark = {name, name, 0, 0, 1};
    assert_int_equal(mr_bus_append(producer, batch, &mark, &err), MR_INVALID);
    assert_non_null(strstr(err.message, "too long"));
    mr_bus_batch_destroy(batch);
    mr_bus_producer_close(producer);
    mr_bus_close(bus);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            a_writer_killed_at_any_moment_leaves_as_many_records_as_its_mark_says, set_up,
            tear_down),
        cmocka_unit_test_setup_teardown(marks_of_other_partitions_and_groups_stand_apart, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_writer_that_was_overtaken_is_refused_and_may_come_back,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(names_too_long_together_are_refused, set_up, tear_down),
    };
    if (!kafka_is_there()) {
        return kafka_skip_status;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
