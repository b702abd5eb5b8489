/* SPDX-License-Identifier: Apache-2.0 */
/* orchestrator/dag_test.c - which tasks a run has, and what the end of one means for the others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "orchestrator/dag.h"

/*   a --> b --> d
 *    '--> c ----^    e stands alone */
static const mr_dag diamond = {
    .tasks = {{.name = "a", .arguments = {"a"}},
              {.name = "b", .arguments = {"b"}, .needs = 1},
              {.name = "c", .arguments = {"c"}, .needs = 1, .after_skip = true},
              {.name = "d", .arguments = {"d"}, .needs = 2 | 4},
              {.name = "e", .arguments = {"e"}}},
    .count = 5,
};

static void name_tasks(mr_run_task *tasks)
{
    memset(tasks, 0, sizeof(mr_run_task) * mr_run_tasks_max);
    for (size_t index = 0; index < diamond.count; index++) {
        (void)snprintf(tasks[index].name, sizeof tasks[index].name, "%s",
                       diamond.tasks[index].name);
    }
}

static void a_task_waits_for_all_it_needs(void **state)
{
    mr_run_task tasks[mr_run_tasks_max];

    (void)state;
    name_tasks(tasks);
    assert_int_equal(mr_dag_ready(&diamond, tasks), 1 | 16);
    tasks[0].state = MR_TASK_RUNNING;
    assert_int_equal(mr_dag_ready(&diamond, tasks), 16);
    tasks[0].state = MR_TASK_RETRYING;
    assert_int_equal(mr_dag_ready(&diamond, tasks), 16);
    tasks[0].state = MR_TASK_SUCCESS;
    assert_int_equal(mr_dag_ready(&diamond, tasks), 2 | 4 | 16);
    tasks[1].state = MR_TASK_SUCCESS;
    assert_int_equal(mr_dag_ready(&diamond, tasks), 4 | 16);
    tasks[2].state = MR_TASK_SUCCESS;
    assert_int_equal(mr_dag_ready(&diamond, tasks), 8 | 16);
    assert_int_equal(mr_dag_settle(&diamond, tasks), 0);
}

static void what_is_skipped_passes_over_what_needs_it(void **state)
{
    mr_run_task tasks[mr_run_tasks_max];

    (void)state;
    name_tasks(tasks);
    tasks[0].state = MR_TASK_SKIPPED;
    assert_int_equal(mr_dag_settle(&diamond, tasks), 2 | 8);
    assert_int_equal(tasks[1].state, MR_TASK_PASSED_OVER);
    assert_int_equal(tasks[2].state, MR_TASK_WAITING); /* it runs after a skip */
    assert_int_equal(tasks[3].state, MR_TASK_PASSED_OVER);
    assert_string_equal(tasks[3].reason, "b was skipped");
    tasks[2].state = MR_TASK_WAITING;
    tasks[0].state = MR_TASK_PASSED_OVER;
    assert_int_equal(mr_dag_settle(&diamond, tasks), 4); /* but not when what it needs never ran */
}

static void a_failure_reaches_all_that_come_after_and_no_other(void **state)
{
    mr_run_task tasks[mr_run_tasks_max];
    char reason[mr_run_reason_bytes_max];
    mr_run_state outcome;

    (void)state;
    name_tasks(tasks);
    tasks[0].state = MR_TASK_SUCCESS;
    tasks[1].state = MR_TASK_FAILED;
    (void)snprintf(tasks[1].reason, sizeof tasks[1].reason, "why");
    tasks[2].state = MR_TASK_SUCCESS;
    assert_int_equal(mr_dag_settle(&diamond, tasks), 8);
    assert_int_equal(tasks[3].state, MR_TASK_UPSTREAM_FAILED);
    assert_int_equal(mr_dag_ready(&diamond, tasks), 16);
    assert_false(mr_dag_outcome(&diamond, tasks, &outcome, reason));
    tasks[4].state = MR_TASK_SUCCESS;
    assert_true(mr_dag_outcome(&diamond, tasks, &outcome, reason));
    assert_int_equal(outcome, MR_RUN_FAILED);
    assert_string_equal(reason, "b: why");
}

static void the_worst_end_of_a_task_is_the_runs(void **state)
{
    static const struct {
        mr_task_state one, other;
        mr_run_state run;
    } cases[] = {
        {MR_TASK_SUCCESS, MR_TASK_SUCCESS, MR_RUN_SUCCESS},
        {MR_TASK_SUCCESS, MR_TASK_SKIPPED, MR_RUN_SUCCESS},
        {MR_TASK_SKIPPED, MR_TASK_PASSED_OVER, MR_RUN_SKIPPED},
        {MR_TASK_FAILED, MR_TASK_SUCCESS, MR_RUN_FAILED},
        {MR_TASK_FAILED, MR_TASK_TIMED_OUT, MR_RUN_TIMED_OUT},
        {MR_TASK_CANCELLED, MR_TASK_FAILED, MR_RUN_CANCELLED},
    };
    const mr_dag two = {
        .tasks = {{.name = "x", .arguments = {"x"}}, {.name = "y", .arguments = {"y"}}},
        .count = 2};

    (void)state;
    for (size_t index = 0; index < sizeof cases / sizeof cases[0]; index++) {
        mr_run_task tasks[mr_run_tasks_max] = {{.name = "x", .state = cases[index].one},
                                               {.name = "y", .state = cases[index].other}};
        char reason[mr_run_reason_bytes_max];
        mr_run_state outcome;

        assert_true(mr_dag_outcome(&two, tasks, &outcome, reason));
        assert_int_equal(outcome, cases[index].run);
    }
}

static void a_target_decides_the_tasks(void **state)
{
    static const struct {
        const char *target;
        mr_run_kind kind;
        size_t count;
    } cases[] = {{"all", MR_RUN_SCHEDULED, 5},
                 {"all", MR_RUN_CONTINUOUS, 5},
                 {"all", MR_RUN_MANUAL, 3},
                 {"silver", MR_RUN_MANUAL, 2},
                 {"gold", MR_RUN_MANUAL, 1}};
    mr_run run = {.target = "bronze"};
    mr_dag dag;
    mr_err err;

    (void)state;
    for (size_t index = 0; index < sizeof cases / sizeof cases[0]; index++) {
        (void)snprintf(run.target, sizeof run.target, "%.10s", cases[index].target);
        run.kind = cases[index].kind;
        assert_int_equal(mr_dag_make(&run, false, &dag, &err), MR_OK);
        assert_int_equal(dag.count, cases[index].count);
    }
    (void)snprintf(run.target, sizeof run.target, "bronze");
    assert_int_equal(mr_dag_make(&run, false, &dag, &err), MR_INVALID);
    assert_string_equal(err.message, "'bronze' cannot be run: silver, gold and all can");
}

static void what_waits_for_gold_does_not_wait_for_its_publication(void **state)
{
    mr_run run = {.target = "all", .kind = MR_RUN_SCHEDULED};
    mr_run_task tasks[mr_run_tasks_max] = {{.name = "check-new-data", .state = MR_TASK_SUCCESS},
                                           {.name = "silver", .state = MR_TASK_SUCCESS},
                                           {.name = "gold", .state = MR_TASK_SKIPPED},
                                           {.name = "publish"},
                                           {.name = "optimize"},
                                           {.name = "vacuum"}};
    mr_dag dag;
    mr_err err;

    (void)state;
    assert_int_equal(mr_dag_make(&run, true, &dag, &err), MR_OK);
    assert_int_equal(dag.count, 6);
    assert_string_equal(dag.tasks[3].name, mr_dag_publish_task);
    assert_string_equal(dag.tasks[3].arguments[0], "publish");
    assert_string_equal(dag.tasks[4].name, "optimize");
    assert_int_equal(mr_dag_ready(&dag, tasks), 8 | 16); /* both, also when gold had nothing new */
    tasks[3].state = MR_TASK_FAILED;
    assert_int_equal(mr_dag_settle(&dag, tasks), 0);
    tasks[2].state = MR_TASK_FAILED;
    tasks[3].state = MR_TASK_WAITING;
    assert_int_equal(mr_dag_settle(&dag, tasks), 8 | 16 | 32);
    (void)snprintf(run.target, sizeof run.target, "silver");
    assert_int_equal(mr_dag_make(&run, true, &dag, &err), MR_OK);
    assert_int_equal(dag.count, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_task_waits_for_all_it_needs),
        cmocka_unit_test(what_is_skipped_passes_over_what_needs_it),
        cmocka_unit_test(a_failure_reaches_all_that_come_after_and_no_other),
        cmocka_unit_test(the_worst_end_of_a_task_is_the_runs),
        cmocka_unit_test(a_target_decides_the_tasks),
        cmocka_unit_test(what_waits_for_gold_does_not_wait_for_its_publication),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
