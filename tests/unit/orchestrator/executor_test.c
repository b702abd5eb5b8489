/* SPDX-License-Identifier: Apache-2.0 */
/* orchestrator/executor_test.c - runs carried out with tasks that have no processes and a clock
 * turned by hand: order, skipping, retries, time-outs, cancelling, stopping, and executors that die
 * at any point.
 */
#define _GNU_SOURCE /* nftw */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/random.h"
#include "orchestrator/fixture.h"

static int64_t step(mr_executor *executor)
{
    int64_t wait_ms = -1;

    must(mr_executor_step(executor, &wait_ms, err));
    return wait_ms;
}

/* Steps, and lets the time pass that it says, until nothing is left to wait for. */
static void finish(fixture *f, mr_executor *executor)
{
    for (int count = 0; count < 100000; count++) {
        const int64_t wait_ms = step(executor);

        if (wait_ms < 0) {
            return;
        }
        pass_time(f, wait_ms > 0 ? wait_ms : 1);
    }
    fail_msg("it never comes to an end");
}

static mr_run carry_out(fixture *f, const char *id)
{
    const mr_executor_options options = executor_options(f);
    mr_executor *executor = mr_executor_create(&options);

    finish(f, executor);
    mr_executor_destroy(executor);
    return find_run(f, id);
}

static size_t count_attempts(const fixture *f, const char *task)
{
    size_t count = 0;

    for (size_t index = 0; index < f->attempt_count; index++) {
        count += strcmp(f->attempts[index].task, task) == 0 ? 1 : 0;
    }
    return count;
}

static void a_run_of_all_makes_silver_then_gold(void **state)
{
    fixture *f = *state;
    const mr_run run = add_run(f, MR_RUN_SCHEDULED, "all");
    const mr_run ended = carry_out(f, run.id);
    mr_buffer report;

    assert_int_equal(ended.state, MR_RUN_SUCCESS);
    assert_int_equal(f->attempt_count, 4);
    assert_string_equal(f->attempts[0].arguments, "run silver --json ");
    assert_string_equal(f->attempts[1].arguments, "run gold --json ");
    assert_string_equal(f->attempts[2].arguments, "lake optimize --json ");
    assert_string_equal(f->attempts[3].arguments, "lake vacuum --json ");
    assert_int_equal(f->ended_calls, 1);
    mr_buffer_init(&report, 1000);
    must(mr_runs_report(f->runs, run.id, "silver", &report, err));
    assert_true(
        mr_text_equal(mr_buffer_text(&report), mr_text_of("{\"status\":\"done\",\"rows\":7}")));
    mr_buffer_free(&report);
}

static void flags_of_a_run_reach_its_tasks(void **state)
{
    fixture *f = *state;
    mr_run run = {.kind = MR_RUN_BACKFILL,
                  .target = "all",
                  .date = "2026-11-02",
                  .full_refresh = true,
                  .created_ms = f->now_ms};

    must(mr_runs_add(f->runs, &run, err));
    assert_int_equal(carry_out(f, run.id).state, MR_RUN_SUCCESS);
    assert_int_equal(f->attempt_count, 2);
    assert_string_equal(f->attempts[1].arguments,
                        "run gold --json --full-refresh --date 2026-11-02 ");
}

static void without_new_data_all_is_skipped_and_says_why(void **state)
{
    fixture *f = *state;
    const mr_run run = add_run(f, MR_RUN_SCHEDULED, "all");

    f->needed = false;
    const mr_run ended = carry_out(f, run.id);

    assert_int_equal(ended.state, MR_RUN_SKIPPED);
    assert_string_equal(ended.reason, "no new data");
    assert_int_equal(f->attempt_count, 0);
    assert_int_equal(find_task(f, run.id, "check-new-data").state, MR_TASK_SKIPPED);
    assert_int_equal(find_task(f, run.id, "silver").state, MR_TASK_PASSED_OVER);
    assert_int_equal(find_task(f, run.id, "vacuum").state, MR_TASK_PASSED_OVER);
    assert_string_equal(find_task(f, run.id, "silver").reason, "check-new-data was skipped");
}

static fake_fate silver_has_nothing(fixture *f, const mr_attempt *attempt)
{
    fake_fate fate = live_and_be_done(f, attempt);

    if (strcmp(attempt->task, "silver") == 0) {
        fate.report = "{\"status\":\"skipped\",\"reason\":\"bronze has nothing new\"}";
    }
    return fate;
}

static void gold_still_looks_when_silver_had_nothing_to_do(void **state)
{
    fixture *f = *state;
    const mr_run run = add_run(f, MR_RUN_MANUAL, "all");

    f->fate_of = silver_has_nothing;
    assert_int_equal(carry_out(f, run.id).state, MR_RUN_SUCCESS);
    assert_int_equal(find_task(f, run.id, "silver").state, MR_TASK_SKIPPED);
    assert_string_equal(find_task(f, run.id, "silver").reason, "bronze has nothing new");
    assert_int_equal(find_task(f, run.id, "gold").state, MR_TASK_SUCCESS);
}

static fake_fate silver_fails_twice(fixture *f, const mr_attempt *attempt)
{
    fake_fate fate = live_and_be_done(f, attempt);

    if (strcmp(attempt->task, "silver") == 0 && attempt->number <= 2) {
        fate.exit_status = 1;
        fate.report = "{\"status\":\"failed\",\"error\":\"a check failed\"}";
    }
    return fate;
}

static void a_failure_is_tried_again_after_a_wait_that_doubles(void **state)
{
    fixture *f = *state;
    const int64_t began_ms = f->now_ms;
    const mr_run run = add_run(f, MR_RUN_MANUAL, "silver");

    f->fate_of = silver_fails_twice;
    assert_int_equal(carry_out(f, run.id).state, MR_RUN_SUCCESS);
    const mr_run_task task = find_task(f, run.id, "silver");

    assert_int_equal(task.attempts, 3);
    assert_int_equal(task.failures, 2);
    /* three lives of a second, a wait of 30 and one of 60 */
    assert_in_range(f->now_ms - began_ms, 93000, 94500);
}

static fake_fate all_fail(fixture *f, const mr_attempt *attempt)
{
    fake_fate fate = live_and_be_done(f, attempt);

    fate.exit_status = 1;
    fate.report = "{\"status\":\"failed\",\"error\":\"dim_customer: not unique\"}";
    return fate;
}

static void after_the_last_attempt_the_rest_has_failed_too(void **state)
{
    fixture *f = *state;
    const mr_run run = add_run(f, MR_RUN_SCHEDULED, "all");

    f->fate_of = all_fail;
    const mr_run ended = carry_out(f, run.id);

    assert_int_equal(ended.state, MR_RUN_FAILED);
    assert_string_equal(ended.reason, "silver: dim_customer: not unique");
    assert_int_equal(count_attempts(f, "silver"), 3);
    assert_int_equal(count_attempts(f, "gold"), 0);
    assert_int_equal(find_task(f, run.id, "gold").state, MR_TASK_UPSTREAM_FAILED);
    assert_int_equal(find_task(f, run.id, "gold").attempts, 0);
}

static fake_fate a_model_fails(fixture *f, const mr_attempt *attempt)
{
    fake_fate fate = all_fail(f, attempt);

    fate.report = "{\"status\":\"failed\",\"models\":[{\"model\":\"silver.dim_date\",\"state\":"
                  "\"done\"},{\"model\":\"silver.fact_sales\",\"state\":\"failed\",\"message\":"
                  "\"check unique: 3 rows\"}]}";
    return fate;
}

static void the_model_that_failed_is_named(void **state)
{
    fixture *f = *state;
    const mr_run run = add_run(f, MR_RUN_MANUAL, "silver");

    f->fate_of = a_model_fails;
    assert_string_equal(carry_out(f, run.id).reason,
                        "silver: silver.fact_sales: check unique: 3 rows");
}

static fake_fate wrong_usage(fixture *f, const mr_attempt *attempt)
{
    (void)f;
    (void)attempt;
    return (fake_fate){.lives_ms = 10, .exit_status = 2};
}

static void wrong_usage_is_not_tried_again(void **state)
{
    fixture *f = *state;
    const mr_run run = add_run(f, MR_RUN_MANUAL, "silver");

    f->fate_of = wrong_usage;
    assert_int_equal(carry_out(f, run.id).state, MR_RUN_FAILED);
    assert_int_equal(f->attempt_count, 1);
}

static fake_fate deaf_and_slow(fixture *f, const mr_attempt *attempt)
{
    fake_fate fate = live_and_be_done(f, attempt);

    fate.lives_ms = 100 * 3600000;
    fate.ignores_sigterm = true;
    return fate;
}

static void what_takes_too_long_is_told_to_end_and_then_killed(void **state)
{
    fixture *f = *state;
    mr_executor_options options = executor_options(f);
    const mr_run run = add_run(f, MR_RUN_MANUAL, "silver");
    const int64_t began_ms = f->now_ms;
    mr_executor *executor;

    options.retries = 0;
    f->fate_of = deaf_and_slow;
    executor = mr_executor_create(&options);
    finish(f, executor);
    mr_executor_destroy(executor);
    assert_int_equal(find_run(f, run.id).state, MR_RUN_TIMED_OUT);
    assert_int_equal(f->attempts[0].killed_by, 9);
    assert_in_range(f->now_ms - began_ms, 3605000, 3605400);
    assert_string_equal(find_task(f, run.id, "silver").reason, "it took longer than 3600 s");
}

static void a_clock_that_jumps_times_nothing_out(void **state)
{
    fixture *f = *state;
    const mr_executor_options options = executor_options(f);
    const mr_run run = add_run(f, MR_RUN_MANUAL, "silver");
    mr_executor *executor = mr_executor_create(&options);

    (void)step(executor);
    f->now_ms += INT64_C(10) * 86400000;
    (void)step(executor);
    f->now_ms -= INT64_C(20) * 86400000;
    finish(f, executor);
    mr_executor_destroy(executor);
    assert_int_equal(find_run(f, run.id).state, MR_RUN_SUCCESS);
    assert_int_equal(f->attempt_count, 1);
    assert_false(f->attempts[0].signalled);
}

static void a_run_is_cancelled_while_it_runs(void **state)
{
    fixture *f = *state;
    const mr_executor_options options = executor_options(f);
    const mr_run run = add_run(f, MR_RUN_MANUAL, "all");
    mr_executor *executor = mr_executor_create(&options);

    (void)step(executor);
    must(mr_runs_ask_cancel(f->runs, run.id, err));
    finish(f, executor);
    assert_int_equal(find_run(f, run.id).state, MR_RUN_CANCELLED);
    assert_int_equal(f->attempts[0].killed_by, 15);
    assert_int_equal(find_task(f, run.id, "gold").state, MR_TASK_CANCELLED);
    assert_int_equal(mr_runs_ask_cancel(f->runs, run.id, NULL), MR_NOT_FOUND);
    mr_executor_destroy(executor);
}

static void a_run_is_cancelled_before_it_begins(void **state)
{
    fixture *f = *state;
    const mr_run run = add_run(f, MR_RUN_MANUAL, "all");

    must(mr_runs_ask_cancel(f->runs, run.id, err));
    assert_int_equal(carry_out(f, run.id).state, MR_RUN_CANCELLED);
    assert_int_equal(f->attempt_count, 0);
}

static void stopping_leaves_the_run_to_the_next_executor(void **state)
{
    fixture *f = *state;
    const mr_executor_options options = executor_options(f);
    const mr_run run = add_run(f, MR_RUN_MANUAL, "silver");
    mr_executor *executor = mr_executor_create(&options);

    (void)step(executor);
    mr_executor_stop(executor);
    (void)step(executor);
    assert_true(mr_executor_is_idle(executor));
    mr_executor_destroy(executor);
    assert_int_equal(find_run(f, run.id).state, MR_RUN_RUNNING);
    assert_int_equal(carry_out(f, run.id).state, MR_RUN_SUCCESS);
    const mr_run_task task = find_task(f, run.id, "silver");

    assert_int_equal(task.attempts, 2);
    assert_int_equal(task.failures, 0); /* it was no failure of its own */
}

static void a_task_that_lives_on_is_waited_for(void **state)
{
    fixture *f = *state;
    const mr_executor_options options = executor_options(f);
    const mr_run run = add_run(f, MR_RUN_MANUAL, "silver");
    mr_executor *executor = mr_executor_create(&options);

    (void)step(executor);
    mr_executor_destroy(executor); /* as if killed: the process goes on */
    pass_time(f, fake_lives_ms / 2);
    assert_int_equal(carry_out(f, run.id).state, MR_RUN_SUCCESS);
    assert_int_equal(f->attempt_count, 1);
    assert_int_equal(find_task(f, run.id, "silver").exit_status, -1);
}

static void the_report_of_one_that_ended_meanwhile_is_taken(void **state)
{
    fixture *f = *state;
    const mr_executor_options options = executor_options(f);
    const mr_run run = add_run(f, MR_RUN_MANUAL, "silver");
    mr_executor *executor = mr_executor_create(&options);

    (void)step(executor);
    mr_executor_destroy(executor);
    pass_time(f, fake_lives_ms * 10);
    assert_int_equal(carry_out(f, run.id).state, MR_RUN_SUCCESS);
    assert_int_equal(f->attempt_count, 1);
}

static void a_task_that_was_lost_is_made_again_at_once(void **state)
{
    fixture *f = *state;
    const mr_executor_options options = executor_options(f);
    const mr_run run = add_run(f, MR_RUN_MANUAL, "silver");
    mr_executor *executor = mr_executor_create(&options);

    (void)step(executor);
    mr_executor_destroy(executor);
    f->attempts[0].ended = true; /* the machine went down */
    f->attempts[0].killed_by = 9;
    assert_int_equal(carry_out(f, run.id).state, MR_RUN_SUCCESS);
    const mr_run_task task = find_task(f, run.id, "silver");

    assert_int_equal(task.attempts, 2);
    assert_int_equal(task.failures, 0);
}

static void an_attempt_that_was_written_down_but_never_begun_is_made_again(void **state)
{
    fixture *f = *state;
    const mr_executor_options options = executor_options(f);
    const mr_run run = add_run(f, MR_RUN_MANUAL, "silver");
    mr_executor *executor = mr_executor_create(&options);
    mr_run_task task;

    f->needed = false; /* the condition ends it before silver is begun */
    (void)step(executor);
    mr_executor_destroy(executor);
    mr_run again = find_run(f, run.id);

    again.state = MR_RUN_RUNNING;
    must(mr_runs_save(f->runs, &again, err));
    task = find_task(f, run.id, "silver");
    task.state = MR_TASK_RUNNING;
    task.attempts = 1;
    must(mr_runs_save_task(f->runs, run.id, &task, MR_TEXT_ABSENT, err));
    assert_int_equal(carry_out(f, run.id).state, MR_RUN_SUCCESS);
    assert_int_equal(find_task(f, run.id, "silver").attempts, 2);
    assert_int_equal(f->attempt_count, 1);
}

static void what_is_lost_again_and_again_has_failed(void **state)
{
    fixture *f = *state;
    const mr_executor_options options = executor_options(f);
    const mr_run run = add_run(f, MR_RUN_MANUAL, "silver");

    for (int life = 0; life <= mr_executor_lost_max; life++) {
        mr_executor *executor = mr_executor_create(&options);

        (void)step(executor);
        mr_executor_destroy(executor);
        if (f->attempt_count > 0) {
            f->attempts[f->attempt_count - 1].ended = true;
            f->attempts[f->attempt_count - 1].killed_by = 9;
        }
    }
    assert_int_equal(carry_out(f, run.id).state, MR_RUN_FAILED);
    assert_int_equal(f->attempt_count, mr_executor_lost_max);
}

static fake_fate cannot_start(fixture *f, const mr_attempt *attempt)
{
    fake_fate fate = live_and_be_done(f, attempt);

    fate.cannot_start = attempt->number == 1;
    return fate;
}

static void a_process_that_cannot_be_started_is_a_failure(void **state)
{
    fixture *f = *state;
    const mr_run run = add_run(f, MR_RUN_MANUAL, "silver");

    f->fate_of = cannot_start;
    assert_int_equal(carry_out(f, run.id).state, MR_RUN_SUCCESS);
    assert_int_equal(find_task(f, run.id, "silver").failures, 1);
}

static void a_condition_that_cannot_be_known_is_tried_again(void **state)
{
    fixture *f = *state;
    mr_executor_options options = executor_options(f);
    const mr_run run = add_run(f, MR_RUN_SCHEDULED, "all");
    mr_executor *executor;

    options.retry_delay_ms = 0;
    f->condition_fails = MR_UNAVAILABLE;
    executor = mr_executor_create(&options);
    finish(f, executor);
    mr_executor_destroy(executor);
    assert_int_equal(find_run(f, run.id).state, MR_RUN_FAILED);
    assert_string_equal(find_run(f, run.id).reason, "check-new-data: the lake is away");
    assert_int_equal(find_task(f, run.id, "check-new-data").failures, 3);
    assert_int_equal(f->attempt_count, 0);
}

static void backfills_wait_for_all_others(void **state)
{
    fixture *f = *state;
    mr_run backfill = {
        .kind = MR_RUN_BACKFILL, .target = "all", .date = "2026-11-01", .created_ms = f->now_ms};

    must(mr_runs_add(f->runs, &backfill, err));
    const mr_run manual = add_run(f, MR_RUN_MANUAL, "silver");

    (void)carry_out(f, manual.id);
    assert_string_equal(f->attempts[0].run_id, manual.id);
    assert_string_equal(f->attempts[1].run_id, backfill.id);
}

static void the_history_is_kept_to_its_length(void **state)
{
    fixture *f = *state;
    mr_executor_options options = executor_options(f);
    mr_executor *executor;
    mr_run first, last = {.id = ""};

    options.keep = 3;
    first = add_run(f, MR_RUN_MANUAL, "silver");
    for (int count = 0; count < 4; count++) {
        pass_time(f, 10);
        last = add_run(f, MR_RUN_MANUAL, "silver");
    }
    executor = mr_executor_create(&options);
    finish(f, executor);
    mr_executor_destroy(executor);
    assert_int_equal(mr_runs_find(f->runs, first.id, &first, NULL), MR_NOT_FOUND);
    assert_int_equal(find_run(f, last.id).state, MR_RUN_SUCCESS);
    assert_string_equal(find_run(f, "last").id, last.id);
}

/* --- Deaths at any point ---------------------------------------------------------------------- */

typedef struct lottery {
    mr_random random;
} lottery;

static fake_fate any_fate(fixture *f, const mr_attempt *attempt)
{
    mr_random *random = &((lottery *)f->extra)->random;
    fake_fate fate = live_and_be_done(f, attempt);

    fate.lives_ms = (int64_t)mr_random_below(random, 3000);
    if (mr_random_below(random, 8) == 0) {
        fate.exit_status = 1;
        fate.report = NULL;
    }
    return fate;
}

/* Whoever starts beside a live attempt, or makes one twice, fails in fake_start. */
static void live_through(fixture *f, const char *id)
{
    mr_random *random = &((lottery *)f->extra)->random;
    mr_executor_options options = executor_options(f);

    options.retries = 100;
    while (!mr_run_has_ended(find_run(f, id).state)) {
        mr_executor *executor = mr_executor_create(&options);
        const uint64_t steps = mr_random_below(random, 12);

        for (uint64_t count = 0; count < steps; count++) {
            const int64_t wait_ms = step(executor);

            if (wait_ms > 0) {
                pass_time(f, (int64_t)mr_random_below(random, (uint64_t)wait_ms + 1));
            }
        }
        mr_executor_destroy(executor);
        if (mr_random_below(random, 6) == 0 && f->attempt_count > 0 &&
            fake_is_alive(f, &f->attempts[f->attempt_count - 1])) {
            f->attempts[f->attempt_count - 1].ended = true; /* this time all of it went down */
            f->attempts[f->attempt_count - 1].killed_by = 9;
        }
        pass_time(f, (int64_t)mr_random_below(random, 4000));
    }
}

static void executors_die_at_any_point_and_no_run_is_lost_or_doubled(void **state)
{
    fixture *f = *state;
    lottery lots;

    f->extra = &lots;
    f->fate_of = any_fate;
    for (uint64_t seed = 0; seed < 40; seed++) {
        size_t successes[2] = {0, 0};

        mr_random_seed(&lots.random, seed);
        f->attempt_count = 0;
        const mr_run run = add_run(f, MR_RUN_MANUAL, "all");

        live_through(f, run.id);
        assert_int_equal(find_run(f, run.id).state, MR_RUN_SUCCESS);
        for (size_t index = 0; index < f->attempt_count; index++) {
            const fake_attempt *attempt = &f->attempts[index];
            const bool well = attempt->killed_by == 0 && attempt->fate.exit_status == 0;

            successes[strcmp(attempt->task, "gold") == 0 ? 1 : 0] += well ? 1 : 0;
        }
        assert_int_equal(successes[0], 1); /* what was done is not done again */
        assert_int_equal(successes[1], 1);
        assert_int_equal(f->ended_calls, seed + 1);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_run_of_all_makes_silver_then_gold),
        TEST(flags_of_a_run_reach_its_tasks),
        TEST(without_new_data_all_is_skipped_and_says_why),
        TEST(gold_still_looks_when_silver_had_nothing_to_do),
        TEST(a_failure_is_tried_again_after_a_wait_that_doubles),
        TEST(after_the_last_attempt_the_rest_has_failed_too),
        TEST(the_model_that_failed_is_named),
        TEST(wrong_usage_is_not_tried_again),
        TEST(what_takes_too_long_is_told_to_end_and_then_killed),
        TEST(a_clock_that_jumps_times_nothing_out),
        TEST(a_run_is_cancelled_while_it_runs),
        TEST(a_run_is_cancelled_before_it_begins),
        TEST(stopping_leaves_the_run_to_the_next_executor),
        TEST(a_task_that_lives_on_is_waited_for),
        TEST(the_report_of_one_that_ended_meanwhile_is_taken),
        TEST(a_task_that_was_lost_is_made_again_at_once),
        TEST(an_attempt_that_was_written_down_but_never_begun_is_made_again),
        TEST(what_is_lost_again_and_again_has_failed),
        TEST(a_process_that_cannot_be_started_is_a_failure),
        TEST(a_condition_that_cannot_be_known_is_tried_again),
        TEST(backfills_wait_for_all_others),
        TEST(the_history_is_kept_to_its_length),
        TEST(executors_die_at_any_point_and_no_run_is_lost_or_doubled),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
