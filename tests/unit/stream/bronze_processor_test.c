/* SPDX-License-Identifier: Apache-2.0 */
/* stream/bronze_processor_test.c - the role with bronze among its sinks. */
#include "stream/bronze_fixture.h"

#include <pthread.h>
#include <signal.h>

#include "stream/processor.h"

static mr_processor_options processor_options(const fixture *f, const char *sinks)
{
    return (mr_processor_options){
        .data_folder = f->folder,
        .bus = {.url = "embedded:", .data_folder = f->folder},
        .store = store_options(f),
        .topic_ingestion = topic_in,
        .topic_processed = topic_out,
        .topic_dead_letter = topic_dead,
        .sinks = sinks,
        .bronze = bronze_sink_options(f).bronze,
    };
}

static bool go_on(void *ctx, const mr_bus_message *message)
{
    (void)ctx;
    (void)message;
    return true;
}

static void *end_with_first_letter(void *ctx)
{
    const fixture *f = ctx;
    mr_topic_walk walk = {.topic = topic_dead, .to_offset = 1, .visit = go_on};

    must(mr_topic_visit(f->bus, &walk, err)); /* waits for it */
    assert_int_equal(kill(getpid(), SIGTERM), 0);
    return NULL;
}

static void run_until_letter(const fixture *f, const char *sinks)
{
    mr_processor_options options = processor_options(f, sinks);
    pthread_t thread;

    assert_int_equal(pthread_create(&thread, NULL, end_with_first_letter, (void *)(uintptr_t)f), 0);
    must(mr_processor_run(&options, err));
    assert_int_equal(pthread_join(thread, NULL), 0);
}

static void expect_letter_of(const fixture *f, const char *sink)
{
    records *letters = read_topic(f, topic_dead);
    mr_dead_letter letter;

    assert_int_equal(letters->count, 1);
    must(mr_dead_letter_read(letters->values[0], &letter, err));
    assert_true(mr_text_equal(letter.sink, mr_text_of(sink)));
    assert_int_equal(letter.origin_offset, 1);
    mr_dead_letter_close(&letter);
    free_records(letters);
}

static void test_without_the_store_bronze_writes_the_dead_letters(void **state)
{
    fixture *f = *state;

    append_event(f, "536365", 6);
    append(f, "poison");
    run_until_letter(f, "feed, bronze"); /* what is held is committed with the end of the role */
    expect_letter_of(f, "bronze");
    assert_int_equal(count_bronze(f), 1);
}

static void test_beside_the_store_the_dead_letters_are_the_stores(void **state)
{
    fixture *f = *state;

    append_event(f, "536365", 6);
    append(f, "poison");
    run_until_letter(f, "bronze,store");
    assert_int_equal(count_topic(f, topic_dead), 1);
    expect_letter_of(f, "store");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_without_the_store_bronze_writes_the_dead_letters,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_beside_the_store_the_dead_letters_are_the_stores,
                                        set_up, tear_down),
    };
    sigset_t signals;

    /* As a role has them: no thread of the process but the one that waits for them takes them. */
    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGTERM);
    if (pthread_sigmask(SIG_BLOCK, &signals, NULL) != 0) {
        return 1;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
