/* SPDX-License-Identifier: Apache-2.0 */
/* orchestrator/planner_test.c - instants become runs once: on time, late, after downtime, when the
 * clock jumps, when summer time begins and ends, and whatever the order of all that.
 */
#define _GNU_SOURCE /* nftw */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/random.h"
#include "orchestrator/fixture.h"
#include "orchestrator/planner.h"

static const int64_t day_ms = 86400000;

typedef struct planning {
    fixture *f;
    mr_zone *zone;
    mr_cron cron;
    mr_planner_options options;
} planning;

static void begin_planning(planning *p, fixture *f, const char *schedule, const char *zone,
                           mr_catch_up catch_up)
{
    p->f = f;
    must(mr_zone_open(zone, &p->zone, err));
    must(mr_cron_parse(mr_text_of(schedule), &p->cron, err));
    p->options = (mr_planner_options){.runs = f->runs,
                                      .schedule = schedule,
                                      .cron = &p->cron,
                                      .zone = p->zone,
                                      .catch_up = catch_up};
}

static int64_t at(const char *text)
{
    mr_civil civil = {0};

    assert_true(mr_civil_parse(mr_text_of(text), &civil));
    return civil.seconds * 1000;
}

static mr_plan plan_at(planning *p, int64_t now_ms)
{
    mr_plan plan = {0};

    must(mr_planner_step(&p->options, now_ms, &plan, err));
    return plan;
}

typedef struct due_times {
    int64_t due_ms[512];
    size_t count;
} due_times;

static bool collect(void *ctx, const mr_run *run)
{
    due_times *times = ctx;

    times->due_ms[times->count++] = run->due_ms;
    return times->count < sizeof times->due_ms / sizeof times->due_ms[0];
}

static due_times all_runs(fixture *f)
{
    due_times times = {.count = 0};

    must(mr_runs_list(f->runs, 512, collect, &times, err));
    return times;
}

/* As if it had been carried out. */
static void end_all(fixture *f)
{
    mr_run run;

    while (mr_runs_next(f->runs, &run, NULL) == MR_OK) {
        run.state = MR_RUN_SUCCESS;
        must(mr_runs_save(f->runs, &run, err));
    }
}

static void the_first_start_catches_nothing_up(void **state)
{
    planning p;

    begin_planning(&p, *state, "40 7 * * *", "Europe/Paris", MR_CATCH_UP_ALL);
    const mr_plan plan = plan_at(&p, at("2026-11-23 12:00"));

    assert_int_equal(plan.queued, 0);
    assert_int_equal(plan.next_ms, at("2026-11-24 06:40"));
    assert_int_equal(all_runs(*state).count, 0);
    mr_zone_close(p.zone);
}

static void an_instant_has_one_run_however_often_it_is_asked(void **state)
{
    planning p;
    mr_run run;

    begin_planning(&p, *state, "40 7 * * *", "Europe/Paris", MR_CATCH_UP_LATEST);
    (void)plan_at(&p, at("2026-11-23 12:00"));
    assert_int_equal(plan_at(&p, at("2026-11-24 06:39:59")).queued, 0);
    assert_int_equal(plan_at(&p, at("2026-11-24 06:40")).queued, 1);
    end_all(*state);
    assert_int_equal(plan_at(&p, at("2026-11-24 06:40")).queued, 0);
    assert_int_equal(plan_at(&p, at("2026-11-24 06:41")).queued, 0);
    run = find_run(*state, "last");
    assert_int_equal(run.due_ms, at("2026-11-24 06:40"));
    assert_int_equal(run.until_ms, at("2026-11-24 06:40"));
    mr_zone_close(p.zone);
}

static void missed_instants_are_caught_up_as_the_policy_says(void **state)
{
    static const struct {
        mr_catch_up policy;
        uint32_t queued, missed;
    } cases[] = {{MR_CATCH_UP_LATEST, 1, 4}, {MR_CATCH_UP_ALL, 5, 0}, {MR_CATCH_UP_NONE, 0, 5}};

    for (size_t index = 0; index < 3; index++) {
        int64_t begin_ms = at("2026-11-23 12:00") + (int64_t)index * 100 * day_ms;
        planning p;
        mr_plan plan;

        end_all(*state);
        begin_planning(&p, *state,
                       index == 0   ? "40 7 * * *"
                       : index == 1 ? "41 7 * * *"
                                    : "42 7 * * *",
                       "Europe/Paris", cases[index].policy);
        (void)plan_at(&p, begin_ms);
        plan = plan_at(&p, begin_ms + 5 * day_ms);
        assert_int_equal(plan.queued, cases[index].queued);
        assert_int_equal(plan.missed, cases[index].missed);
        mr_zone_close(p.zone);
    }
    assert_int_equal(all_runs(*state).count, 6);
}

static void without_catching_up_one_that_is_a_little_late_still_runs(void **state)
{
    planning p;

    begin_planning(&p, *state, "40 7 * * *", "UTC", MR_CATCH_UP_NONE);
    (void)plan_at(&p, at("2026-11-23 07:00"));
    assert_int_equal(plan_at(&p, at("2026-11-23 07:40:30")).queued, 1);
    mr_zone_close(p.zone);
}

static void a_caught_up_run_says_for_what_it_stands(void **state)
{
    planning p;
    mr_run run;

    begin_planning(&p, *state, "0 * * * *", "UTC", MR_CATCH_UP_LATEST);
    (void)plan_at(&p, at("2026-11-23 07:00"));
    (void)plan_at(&p, at("2026-11-23 11:30"));
    run = find_run(*state, "last");
    assert_int_equal(run.due_ms, at("2026-11-23 11:00"));
    assert_int_equal(run.from_ms, at("2026-11-23 07:00"));
    assert_string_equal(run.reason, "stands for 3 earlier instants that passed meanwhile");
    mr_zone_close(p.zone);
}

static void while_one_waits_no_other_is_queued(void **state)
{
    planning p;

    begin_planning(&p, *state, "* * * * *", "UTC", MR_CATCH_UP_LATEST);
    (void)plan_at(&p, at("2026-11-23 07:00"));
    assert_int_equal(plan_at(&p, at("2026-11-23 07:01")).queued, 1);
    assert_int_equal(plan_at(&p, at("2026-11-23 07:02")).queued, 0);
    end_all(*state);
    assert_int_equal(plan_at(&p, at("2026-11-23 07:03")).queued, 1);
    mr_zone_close(p.zone);
}

static void another_schedule_starts_afresh(void **state)
{
    planning p;

    begin_planning(&p, *state, "0 * * * *", "UTC", MR_CATCH_UP_ALL);
    (void)plan_at(&p, at("2026-11-23 07:00"));
    mr_zone_close(p.zone);
    begin_planning(&p, *state, "30 * * * *", "UTC", MR_CATCH_UP_ALL);
    assert_int_equal(plan_at(&p, at("2026-11-23 11:00")).queued, 0);
    assert_int_equal(plan_at(&p, at("2026-11-23 11:30")).queued, 1);
    mr_zone_close(p.zone);
    begin_planning(&p, *state, "30 * * * *", "Asia/Kolkata", MR_CATCH_UP_ALL);
    assert_int_equal(plan_at(&p, at("2026-11-23 18:10")).queued, 0);
    mr_zone_close(p.zone);
}

static void a_clock_that_is_set_back_runs_nothing_twice(void **state)
{
    planning p;

    begin_planning(&p, *state, "0 * * * *", "UTC", MR_CATCH_UP_ALL);
    (void)plan_at(&p, at("2026-11-23 07:30"));
    assert_int_equal(plan_at(&p, at("2026-11-23 09:10")).queued, 2);
    end_all(*state);
    assert_int_equal(plan_at(&p, at("2026-11-23 07:50")).queued, 0);
    assert_int_equal(plan_at(&p, at("2026-11-23 08:00")).queued, 0);
    assert_int_equal(plan_at(&p, at("2026-11-23 09:30")).queued, 0);
    assert_int_equal(plan_at(&p, at("2026-11-23 10:00")).queued, 1);
    mr_zone_close(p.zone);
}

static void instants_that_another_run_stood_for_are_not_run_when_the_clock_goes_back(void **state)
{
    planning p;

    begin_planning(&p, *state, "0 * * * *", "UTC", MR_CATCH_UP_LATEST);
    (void)plan_at(&p, at("2026-11-23 07:30"));
    assert_int_equal(plan_at(&p, at("2026-11-23 11:10")).queued,
                     1); /* 11:00, for 8, 9 and 10 too */
    end_all(*state);
    assert_int_equal(plan_at(&p, at("2026-11-23 08:30")).queued, 0);
    assert_int_equal(plan_at(&p, at("2026-11-23 09:00")).queued, 0);
    assert_int_equal(plan_at(&p, at("2026-11-23 12:00")).queued, 1);
    mr_zone_close(p.zone);
}

static void a_clock_that_was_years_ahead_is_got_over(void **state)
{
    planning p;

    begin_planning(&p, *state, "0 * * * *", "UTC", MR_CATCH_UP_LATEST);
    (void)plan_at(&p, at("2026-11-23 07:30"));
    (void)plan_at(&p, at("2099-01-01 00:30"));
    end_all(*state);
    assert_int_equal(plan_at(&p, at("2026-11-23 07:31")).queued, 0);
    assert_int_equal(plan_at(&p, at("2026-11-23 08:00")).queued, 1);
    mr_zone_close(p.zone);
}

static void a_year_of_nights_in_paris_each_once(void **state)
{
    planning p;
    due_times times;
    mr_plan plan;

    begin_planning(&p, *state, "30 2 * * *", "Europe/Paris", MR_CATCH_UP_LATEST);
    plan = plan_at(&p, at("2026-01-01 00:00"));
    while (plan.next_ms < at("2027-01-01 00:00")) {
        plan = plan_at(&p, plan.next_ms);
        assert_int_equal(plan.queued, 1);
        end_all(*state);
    }
    times = all_runs(*state);
    assert_int_equal(times.count, 365);
    mr_zone_close(p.zone);
}

/* A scheduler that is asked at random moments by a clock that jumps to and fro within hours. */
static void whatever_the_clock_does_no_instant_runs_twice_and_none_is_missed(void **state)
{
    planning p;
    mr_random random;
    due_times times;
    int64_t now_ms = at("2026-10-24 00:30");
    uint32_t queued = 0;

    mr_random_seed(&random, 7);
    begin_planning(&p, *state, "0 * * * *", "Europe/Paris", MR_CATCH_UP_ALL);
    (void)plan_at(&p, now_ms);
    for (int count = 0; count < 300; count++) {
        const int64_t jump_ms = (int64_t)mr_random_below(&random, 3 * 3600000) - 3600000;

        now_ms += jump_ms;
        now_ms = now_ms > at("2026-10-30 00:00") ? at("2026-10-30 00:00") : now_ms;
        queued += plan_at(&p, now_ms).queued;
    }
    queued += plan_at(&p, at("2026-10-30 00:30")).queued;
    times = all_runs(*state);
    assert_int_equal(times.count, queued);
    assert_int_equal(times.count, 6 * 24);
    for (size_t index = 0; index < times.count; index++) {
        assert_int_equal(times.due_ms[index], at("2026-10-30 00:00") - (int64_t)index * 3600000);
    }
    mr_zone_close(p.zone);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(the_first_start_catches_nothing_up),
        TEST(an_instant_has_one_run_however_often_it_is_asked),
        TEST(missed_instants_are_caught_up_as_the_policy_says),
        TEST(without_catching_up_one_that_is_a_little_late_still_runs),
        TEST(a_caught_up_run_says_for_what_it_stands),
        TEST(while_one_waits_no_other_is_queued),
        TEST(another_schedule_starts_afresh),
        TEST(a_clock_that_is_set_back_runs_nothing_twice),
        TEST(instants_that_another_run_stood_for_are_not_run_when_the_clock_goes_back),
        TEST(a_clock_that_was_years_ahead_is_got_over),
        TEST(a_year_of_nights_in_paris_each_once),
        TEST(whatever_the_clock_does_no_instant_runs_twice_and_none_is_missed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
