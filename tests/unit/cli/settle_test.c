/* SPDX-License-Identifier: Apache-2.0 */
/* cli/settle_test.c - when the log counts as taken by all. */
#define _GNU_SOURCE /* nftw */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/data_log.h"
#include "cli/settle.h"

/* The store keeps its position itself. */
static void take_into_store(const fixture *f, int64_t next_offset)
{
    const mr_store_options options = mr_settings_store(f->config, MR_STORE_WRITE);
    const mr_store_source source = {.group = "store", .topic = "ingestion-topic"};
    mr_store *store = NULL;

    assert_int_equal(mr_store_open(&options, &store, NULL), MR_OK);
    assert_int_equal(mr_store_reposition(store, &source, next_offset, NULL), MR_OK);
    mr_store_close(store);
}

static void an_empty_log_is_settled(void **state)
{
    const fixture *f = *state;

    assert_int_equal(mr_settle_wait(f->config, 0, NULL), MR_OK);
    append(f, "another-topic", 3);
    assert_int_equal(mr_settle_wait(f->config, 0, NULL), MR_OK);
}

static void it_is_settled_when_every_sink_has_taken_all(void **state)
{
    const fixture *f = *state;
    mr_err err;

    append(f, "ingestion-topic", 5);
    take_into_store(f, 5);
    publish(f, "store", "ingestion-topic", 5);
    publish(f, "bronze", "ingestion-topic", 5);
    publish(f, "feed", "ingestion-topic", 3);
    assert_int_equal(mr_settle_wait(f->config, 0, &err), MR_UNAVAILABLE);
    assert_non_null(strstr(err.message, "sink feed has yet to take 2 records"));
    publish(f, "feed", "ingestion-topic", 5);
    assert_int_equal(mr_settle_wait(f->config, 0, NULL), MR_OK);
}

static void a_sink_that_never_published_has_taken_nothing(void **state)
{
    const fixture *f = *state;
    mr_err err;

    append(f, "ingestion-topic", 5);
    assert_int_equal(mr_settle_wait(f->config, 0, &err), MR_UNAVAILABLE);
    assert_non_null(strstr(err.message, "sink store has yet to take 5 records"));
}

static void a_new_store_has_taken_nothing_whatever_an_older_one_published(void **state)
{
    const fixture *f = *state;
    mr_err err;

    append(f, "ingestion-topic", 5);
    for (size_t index = 0; index < 3; index++) {
        publish(f, (const char *[]){"store", "feed", "bronze"}[index], "ingestion-topic", 5);
    }
    assert_int_equal(mr_settle_wait(f->config, 0, &err), MR_UNAVAILABLE);
    assert_non_null(strstr(err.message, "sink store has yet to take 5 records"));
    take_into_store(f, 5);
    assert_int_equal(mr_settle_wait(f->config, 0, NULL), MR_OK);
}

/* As one brought back from a copy is: it was further on once, and that was published. */
static void a_store_has_taken_what_it_says_itself(void **state)
{
    const fixture *f = *state;
    mr_err err;

    append(f, "ingestion-topic", 5);
    for (size_t index = 0; index < 3; index++) {
        publish(f, (const char *[]){"store", "feed", "bronze"}[index], "ingestion-topic", 5);
    }
    for (int64_t position = 1; position < 5; position++) {
        char expected[64];
        (void)snprintf(expected, sizeof expected, "sink store has yet to take %d records",
                       (int)(5 - position));
        take_into_store(f, position);
        assert_int_equal(mr_settle_wait(f->config, 0, &err), MR_UNAVAILABLE);
        assert_non_null(strstr(err.message, expected));
    }
    take_into_store(f, 5);
    assert_int_equal(mr_settle_wait(f->config, 0, NULL), MR_OK);
}

static void a_sink_that_is_not_chosen_is_not_waited_for(void **state)
{
    const fixture *f = *state;

    append(f, "ingestion-topic", 5);
    take_into_store(f, 5);
    publish(f, "store", "ingestion-topic", 5);
    assert_int_equal(mr_config_set(f->config, "MILLRACE_SINKS", "store", "test", NULL), MR_OK);
    assert_int_equal(mr_settle_wait(f->config, 0, NULL), MR_OK);
}

static void *publish_all(void *ctx)
{
    take_into_store(ctx, 5);
    publish(ctx, "store", "ingestion-topic", 5);
    publish(ctx, "bronze", "ingestion-topic", 5);
    publish(ctx, "feed", "ingestion-topic", 5);
    return NULL;
}

static void progress_made_meanwhile_ends_the_wait(void **state)
{
    fixture *f = *state;
    pthread_t thread;

    append(f, "ingestion-topic", 5);
    assert_int_equal(pthread_create(&thread, NULL, publish_all, f), 0);
    assert_int_equal(mr_settle_wait(f->config, 60000, NULL), MR_OK);
    assert_int_equal(pthread_join(thread, NULL), 0);
}

#define SETTLE_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SETTLE_TEST(an_empty_log_is_settled),
        SETTLE_TEST(it_is_settled_when_every_sink_has_taken_all),
        SETTLE_TEST(a_sink_that_never_published_has_taken_nothing),
        SETTLE_TEST(a_new_store_has_taken_nothing_whatever_an_older_one_published),
        SETTLE_TEST(a_store_has_taken_what_it_says_itself),
        SETTLE_TEST(a_sink_that_is_not_chosen_is_not_waited_for),
        SETTLE_TEST(progress_made_meanwhile_ends_the_wait),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
