/* SPDX-License-Identifier: Apache-2.0 */
/* base/metrics_test.c - the registry and what Prometheus reads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <unistd.h>

#include "base/metrics.h"

static void expect_rendered(const mr_metrics *metrics, const char *part)
{
    mr_buffer out = {.bytes_max = 100000};

    mr_metrics_render(metrics, &out);
    assert_true(mr_buffer_append(&out, "", 1));
    if (strstr(out.data, part) == NULL) {
        fail_msg("'%s' is not in\n%s", part, out.data);
    }
    mr_buffer_free(&out);
}

static void test_families_stand_together(void **state)
{
    mr_metrics *metrics = mr_metrics_create();
    mr_counter *ok =
        mr_metrics_counter(metrics, "millrace_answers_total", "status=\"201\"", "Answers.");
    mr_counter *rows = mr_metrics_gauge(metrics, "millrace_queue_bytes", NULL, "Queue.");
    mr_counter *bad =
        mr_metrics_counter(metrics, "millrace_answers_total", "status=\"422\"", "Answers.");

    (void)state;
    mr_counter_add(ok, 3);
    mr_counter_add(bad, 1);
    mr_counter_set(rows, 12);
    assert_int_equal(mr_counter_value(ok), 3);
    assert_ptr_equal(
        mr_metrics_counter(metrics, "millrace_answers_total", "status=\"201\"", "Answers."), ok);
    expect_rendered(metrics, "# HELP millrace_answers_total Answers.\n"
                             "# TYPE millrace_answers_total counter\n"
                             "millrace_answers_total{status=\"201\"} 3\n"
                             "millrace_answers_total{status=\"422\"} 1\n"
                             "# HELP millrace_queue_bytes Queue.\n"
                             "# TYPE millrace_queue_bytes gauge\n"
                             "millrace_queue_bytes 12\n");
    expect_rendered(metrics, "\nprocess_resident_memory_bytes ");
    expect_rendered(metrics, "\nprocess_open_fds ");
    mr_metrics_destroy(metrics);
    mr_metrics_destroy(NULL);
}

static void test_histograms_count_into_every_bucket_above(void **state)
{
    mr_metrics *metrics = mr_metrics_create();
    mr_histogram *append =
        mr_metrics_histogram(metrics, "millrace_append_seconds", "topic=\"t\"", "Appends.");

    (void)state;
    mr_histogram_observe_us(append, 50);
    mr_histogram_observe_us(append, 51);
    mr_histogram_observe_us(append, 20000000);
    expect_rendered(metrics, "millrace_append_seconds_bucket{topic=\"t\",le=\"5e-05\"} 1\n"
                             "millrace_append_seconds_bucket{topic=\"t\",le=\"0.0001\"} 2\n");
    expect_rendered(metrics, "le=\"10\"} 2\n"
                             "millrace_append_seconds_bucket{topic=\"t\",le=\"+Inf\"} 3\n"
                             "millrace_append_seconds_sum{topic=\"t\"} 20.000101\n"
                             "millrace_append_seconds_count{topic=\"t\"} 3\n");
    mr_histogram_observe_us(mr_metrics_histogram(metrics, "millrace_wait_us", NULL, "Waits."), 7);
    expect_rendered(metrics, "millrace_wait_us_bucket{le=\"50\"} 1\n");
    expect_rendered(metrics, "millrace_wait_us_sum 7\n");
    mr_metrics_destroy(metrics);
}

enum { adds_each = 20000, thread_count = 4 };

static void *add_many(void *counter)
{
    for (int i = 0; i < adds_each; i++) {
        mr_counter_add(counter, 1);
    }
    return NULL;
}

static void test_no_addition_is_lost_between_threads(void **state)
{
    mr_metrics *metrics = mr_metrics_create();
    mr_counter *counter = mr_metrics_counter(metrics, "millrace_x_total", NULL, "X.");
    pthread_t threads[thread_count];

    (void)state;
    for (int i = 0; i < thread_count; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, add_many, counter), 0);
    }
    for (int i = 0; i < thread_count; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    assert_int_equal(mr_counter_value(counter), adds_each * thread_count);
    mr_metrics_destroy(metrics);
}

static void test_processes_are_measured(void **state)
{
    (void)state;
    assert_true(mr_process_resident_bytes((int)getpid()) > 100000);
    assert_true(mr_process_cpu_seconds((int)getpid()) >= 0);
    assert_true(mr_process_resident_bytes(-1) == 0);
    assert_true(mr_process_cpu_seconds(-1) <= 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_families_stand_together),
        cmocka_unit_test(test_histograms_count_into_every_bucket_above),
        cmocka_unit_test(test_no_addition_is_lost_between_threads),
        cmocka_unit_test(test_processes_are_measured),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
