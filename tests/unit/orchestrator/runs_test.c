/* SPDX-License-Identifier: Apache-2.0 */
/* orchestrator/runs_test.c - the history: what is added is found, an instant has one run, changes
 * are whole or not at all, and several processes may share it.
 */
#define _GNU_SOURCE /* nftw */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <unistd.h>

#include "orchestrator/fixture.h"

static void a_run_is_found_by_the_beginning_of_its_id(void **state)
{
    fixture *f = *state;
    const mr_run run = add_run(f, MR_RUN_MANUAL, "gold");
    mr_run found = {.id = ""};
    char part[mr_run_id_bytes_max];

    (void)snprintf(part, sizeof part, "%.18s", run.id);
    must(mr_runs_find(f->runs, part, &found, err));
    assert_string_equal(found.id, run.id);
    assert_string_equal(found.target, "gold");
    assert_int_equal(found.state, MR_RUN_QUEUED);
    assert_string_equal(find_run(f, "last").id, run.id);
    assert_int_equal(mr_runs_find(f->runs, "1999", &found, NULL), MR_NOT_FOUND);
    assert_int_equal(mr_runs_find(f->runs, "%", &found, NULL), MR_NOT_FOUND);
    (void)add_run(f, MR_RUN_MANUAL, "gold");
    assert_int_equal(mr_runs_find(f->runs, part, &found, NULL), MR_INVALID);
}

static void ids_sort_by_time_and_name_it(void **state)
{
    fixture *f = *state;
    mr_run first, second;

    first = add_run(f, MR_RUN_MANUAL, "all");
    pass_time(f, 1);
    second = add_run(f, MR_RUN_MANUAL, "all");
    assert_true(strcmp(first.id, second.id) < 0);
    assert_memory_equal(first.id, "20261118T", 9); /* the day of the test's clock */
}

static void an_instant_of_the_schedule_has_one_run(void **state)
{
    fixture *f = *state;
    mr_run again = {.kind = MR_RUN_SCHEDULED,
                    .target = "all",
                    .due_ms = f->now_ms,
                    .created_ms = f->now_ms + 5};

    (void)add_run(f, MR_RUN_SCHEDULED, "all");
    assert_int_equal(mr_runs_add(f->runs, &again, NULL), MR_EXISTS);
    again.kind = MR_RUN_MANUAL; /* others may have as many as they like */
    must(mr_runs_add(f->runs, &again, err));
}

static mr_run keyed(const fixture *f, const char *target, const char *key)
{
    mr_run run = {.kind = MR_RUN_MANUAL, .created_ms = f->now_ms};

    (void)snprintf(run.target, sizeof run.target, "%s", target);
    (void)snprintf(run.key, sizeof run.key, "%s", key);
    return run;
}

static void end_run(fixture *f, const char *id, mr_run_state end)
{
    mr_run run = find_run(f, id);

    run.state = end;
    must(mr_runs_save(f->runs, &run, err));
}

static void who_asks_again_joins_the_run_of_the_key(void **state)
{
    static const mr_run_state good[] = {MR_RUN_QUEUED, MR_RUN_RUNNING, MR_RUN_SUCCESS,
                                        MR_RUN_SKIPPED};
    fixture *f = *state;
    mr_run first = keyed(f, "silver", "dag/day/silver");
    bool joined = true;

    must(mr_runs_ask(f->runs, &first, &joined, err));
    assert_false(joined);
    for (size_t index = 0; index < sizeof good / sizeof good[0]; index++) {
        mr_run again = keyed(f, "silver", "dag/day/silver");

        end_run(f, first.id, good[index]);
        must(mr_runs_ask(f->runs, &again, &joined, err));
        assert_true(joined);
        assert_string_equal(again.id, first.id);
        assert_int_equal(again.state, good[index]);
        assert_string_equal(again.key, "dag/day/silver");
    }
    mr_run other = keyed(f, "silver", "dag/next day/silver");
    must(mr_runs_ask(f->runs, &other, &joined, err));
    assert_false(joined);
}

static void a_failed_run_leaves_its_key_to_the_next(void **state)
{
    static const mr_run_state bad[] = {MR_RUN_FAILED, MR_RUN_CANCELLED, MR_RUN_TIMED_OUT};
    fixture *f = *state;
    bool joined = true;

    for (size_t index = 0; index < sizeof bad / sizeof bad[0]; index++) {
        mr_run run = keyed(f, "gold", "key");

        must(mr_runs_ask(f->runs, &run, &joined, err));
        assert_false(joined);
        end_run(f, run.id, bad[index]);
    }
    mr_run ending = keyed(f, "gold", "key"), last = keyed(f, "gold", "key");
    must(mr_runs_ask(f->runs, &ending, &joined, err));
    must(mr_runs_ask_cancel(f->runs, ending.id, err));
    must(mr_runs_ask(f->runs, &last, &joined, err));
    assert_false(joined);
    assert_string_not_equal(last.id, ending.id);
}

static void a_key_stands_for_one_thing_and_none_for_any(void **state)
{
    fixture *f = *state;
    mr_run run = keyed(f, "silver", "key"), other = keyed(f, "gold", "key");
    bool joined = true;
    mr_err refused;

    must(mr_runs_ask(f->runs, &run, &joined, err));
    assert_int_equal(mr_runs_ask(f->runs, &other, &joined, &refused), MR_EXISTS);
    assert_non_null(strstr(refused.message, run.id));
    for (int count = 0; count < 2; count++) {
        mr_run without = keyed(f, "silver", "");

        must(mr_runs_ask(f->runs, &without, &joined, err));
        assert_false(joined);
    }
}

static void a_day_is_the_zones_own(void **state)
{
    mr_run run = {.target = "all"};
    mr_zone *zone = NULL;

    (void)state;
    must(mr_zone_open("Europe/Paris", &zone, err));
    must(mr_run_set_day(&run, zone, mr_text_of("2026-03-29"), err));
    assert_int_equal(run.kind, MR_RUN_BACKFILL);
    assert_int_equal(run.until_ms - run.from_ms, INT64_C(23) * 3600000); /* clocks go forward */
    assert_int_equal(run.from_ms, INT64_C(1774738800000));
    assert_int_equal(mr_run_set_day(&run, zone, mr_text_of("2026-02-30"), NULL), MR_INVALID);
    assert_int_equal(mr_run_set_day(&run, zone, mr_text_of("yesterday"), NULL), MR_INVALID);
    assert_int_equal(mr_run_set_day(&run, zone, mr_text_of("2026-03-29T00:00"), NULL), MR_INVALID);
    mr_zone_close(zone);
}

static void tasks_keep_their_order_and_their_report(void **state)
{
    fixture *f = *state;
    const mr_run run = add_run(f, MR_RUN_MANUAL, "all");
    mr_run_task tasks[mr_run_tasks_max];
    mr_run_task task = {.name = "silver"};
    size_t count = 0;
    mr_buffer report;

    must(mr_runs_save_task(f->runs, run.id, &task, MR_TEXT_ABSENT, err));
    (void)snprintf(task.name, sizeof task.name, "gold");
    must(mr_runs_save_task(f->runs, run.id, &task, mr_text_of("{}"), err));
    task.state = MR_TASK_SUCCESS;
    must(mr_runs_save_task(f->runs, run.id, &task, MR_TEXT_ABSENT, err));
    must(mr_runs_tasks(f->runs, run.id, tasks, &count, err));
    assert_int_equal(count, 2);
    assert_string_equal(tasks[0].name, "silver");
    assert_int_equal(tasks[1].state, MR_TASK_SUCCESS);
    mr_buffer_init(&report, 100);
    must(mr_runs_report(f->runs, run.id, "gold", &report, err));
    must(mr_runs_report(f->runs, run.id, "silver", &report, err));
    assert_true(mr_text_equal(mr_buffer_text(&report), mr_text_of("{}")));
    mr_buffer_free(&report);
}

static void what_is_not_committed_never_was(void **state)
{
    fixture *f = *state;
    char note[mr_run_note_bytes_max];
    mr_run run = {.id = ""};

    must(mr_runs_begin(f->runs, err));
    (void)add_run(f, MR_RUN_MANUAL, "all");
    must(mr_runs_set_note(f->runs, "planned", "7", err));
    mr_runs_rollback(f->runs);
    assert_int_equal(mr_runs_find(f->runs, "last", &run, NULL), MR_NOT_FOUND);
    must(mr_runs_note(f->runs, "planned", note, err));
    assert_string_equal(note, "");
}

static void two_handles_share_one_history(void **state)
{
    fixture *f = *state;
    const mr_run run = add_run(f, MR_RUN_MANUAL, "all");
    mr_runs *other = NULL;
    mr_run found = {.id = ""};

    must(mr_runs_open(f->folder, true, &other, err));
    must(mr_runs_ask_cancel(other, run.id, err));
    assert_true(find_run(f, run.id).cancel_asked);
    found = find_run(f, run.id);
    found.state = MR_RUN_RUNNING;
    must(mr_runs_save(f->runs, &found, err)); /* must not undo what the other asked for */
    must(mr_runs_next(other, &found, err));
    assert_true(found.cancel_asked);
    mr_runs_close(other);
}

static void looking_makes_no_file(void **state)
{
    fixture *f = *state;
    char folder[128];
    mr_runs *runs = NULL;

    (void)snprintf(folder, sizeof folder, "%s/elsewhere", f->folder);
    assert_int_equal(mr_runs_open(folder, true, &runs, NULL), MR_NOT_FOUND);
    assert_null(runs);
    assert_int_not_equal(access(folder, F_OK), 0);
}

static void count_forgotten(void *ctx, const char *id)
{
    (void)id;
    ++*(size_t *)ctx;
}

static void many_continuous_runs_do_not_push_the_others_out(void **state)
{
    fixture *f = *state;
    const mr_run scheduled = add_run(f, MR_RUN_SCHEDULED, "all");
    size_t forgotten = 0;
    mr_run run;

    for (int count = 0; count < 10; count++) {
        (void)add_run(f, MR_RUN_CONTINUOUS, "all");
    }
    while (mr_runs_next(f->runs, &run, NULL) == MR_OK) {
        run.state = MR_RUN_SKIPPED;
        must(mr_runs_save(f->runs, &run, err));
    }
    must(mr_runs_prune(f->runs, 3, count_forgotten, &forgotten, err));
    assert_int_equal(forgotten, 7);
    assert_int_equal(find_run(f, scheduled.id).state, MR_RUN_SKIPPED);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_run_is_found_by_the_beginning_of_its_id),
        TEST(ids_sort_by_time_and_name_it),
        TEST(an_instant_of_the_schedule_has_one_run),
        TEST(who_asks_again_joins_the_run_of_the_key),
        TEST(a_failed_run_leaves_its_key_to_the_next),
        TEST(a_key_stands_for_one_thing_and_none_for_any),
        TEST(a_day_is_the_zones_own),
        TEST(tasks_keep_their_order_and_their_report),
        TEST(what_is_not_committed_never_was),
        TEST(two_handles_share_one_history),
        TEST(looking_makes_no_file),
        TEST(many_continuous_runs_do_not_push_the_others_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
