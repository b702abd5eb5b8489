/* SPDX-License-Identifier: Apache-2.0 */
/* stream/processor_test.c - the whole role: from the log to all targets, and a clean end. */
#include "stream/fixture.h"

#include <pthread.h>
#include <signal.h>

#include "base/role.h"
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
    };
}

typedef struct ending {
    fixture *f;
    int64_t forwarded, letters; /* once the topics hold as many, the processor is told to stop */
    int signal;
} ending;

static bool go_on(void *ctx, const mr_bus_message *message)
{
    (void)ctx;
    (void)message;
    return true;
}

static void *end_later(void *ctx)
{
    const ending *e = ctx;
    mr_topic_walk walk = {.topic = topic_out, .to_offset = e->forwarded, .visit = go_on};

    must(mr_topic_visit(e->f->bus, &walk, err)); /* waits for records */
    walk.topic = topic_dead;
    walk.to_offset = e->letters;
    must(mr_topic_visit(e->f->bus, &walk, err));
    assert_int_equal(kill(getpid(), e->signal), 0);
    return NULL;
}

static void run_until(ending *e, const char *sinks)
{
    mr_processor_options options = processor_options(e->f, sinks);
    pthread_t thread;

    assert_int_equal(pthread_create(&thread, NULL, end_later, e), 0);
    must(mr_processor_run(&options, err));
    assert_int_equal(pthread_join(thread, NULL), 0);
}

static void test_events_reach_all_targets_once_over_restarts(void **state)
{
    fixture *f = *state;
    ending e = {.f = f, .forwarded = 21, .letters = 1, .signal = SIGTERM};
    char invoice[16];

    for (int i = 0; i < 20; i++) {
        (void)snprintf(invoice, sizeof(invoice), "%d", 1000 + i);
        append_event(f, invoice, 1);
    }
    append_event(f, "1000", 1); /* again */
    append(f, "poison");        /* the last: its letter tells that the store has come so far */
    run_until(&e, "store,feed");
    assert_int_equal(read_totals(f).lines, 20);
    append_event(f, "2000", 1);
    append(f, "poison");
    e = (ending){.f = f, .forwarded = 22, .letters = 2, .signal = SIGINT};
    run_until(&e, " feed , store ");
    assert_int_equal(read_totals(f).lines, 21);
    assert_int_equal(count_topic(f, topic_out), 22);
    assert_int_equal(count_topic(f, topic_dead), 2);
}

static void test_one_data_folder_has_one_processor(void **state)
{
    fixture *f = *state;
    mr_processor_options options = processor_options(f, "store");
    mr_role *role = NULL;
    mr_err refusal;
    char pid[16];

    must(mr_role_open(f->folder, "processor", &role, err));
    assert_int_equal(mr_processor_run(&options, &refusal), MR_EXISTS);
    (void)snprintf(pid, sizeof(pid), "%d", (int)getpid());
    assert_non_null(strstr(refusal.message, pid));
    mr_role_close(role);
}

static void test_wrong_sinks_are_refused(void **state)
{
    fixture *f = *state;
    static const char *const wrong[][2] = {
        {"store,lake", "there is no sink 'lake'"},
        {"feed,feed", "named twice"},
        {" , ", "no sinks are named"},
    };

    for (size_t i = 0; i < 3; i++) {
        mr_processor_options options = processor_options(f, wrong[i][0]);
        mr_err refusal;
        assert_int_equal(mr_processor_run(&options, &refusal), MR_INVALID);
        assert_non_null(strstr(refusal.message, wrong[i][1]));
    }
}

static void test_a_sink_that_cannot_go_on_ends_the_role(void **state)
{
    fixture *f = *state;
    mr_processor_options options = processor_options(f, "store");
    mr_store_options store = store_options(f);
    mr_store_source source = {.group = "store", .topic = topic_in};
    mr_store *writer = NULL;
    mr_err refusal;

    append_event(f, "1", 1);
    must(mr_store_open(&store, &writer, err));
    must(mr_store_reposition(writer, &source, 99, err)); /* far behind the log's end */
    mr_store_close(writer);
    assert_int_equal(mr_processor_run(&options, &refusal), MR_CORRUPT);
    assert_non_null(strstr(refusal.message, "stands at offset 99"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_events_reach_all_targets_once_over_restarts, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_one_data_folder_has_one_processor, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_wrong_sinks_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_sink_that_cannot_go_on_ends_the_role, set_up,
                                        tear_down),
    };
    sigset_t signals;

    /* As a role has them: no thread of the process but the one that waits for them takes them. */
    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGTERM);
    (void)sigaddset(&signals, SIGINT);
    if (pthread_sigmask(SIG_BLOCK, &signals, NULL) != 0) {
        return 1;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
