/* SPDX-License-Identifier: Apache-2.0 */
/* unit/http/loop_test.c - tasks, freeing at a round's end, and the count of connections by client.
 */
#include "harness.h"

#include <pthread.h>

struct note {
    mr_http_task task;
    struct notes *notes;
    unsigned number;
};

struct notes {
    mr_http_loop *loop;
    unsigned seen[8];
    unsigned count;
    struct note again;
};

static void take_note(mr_http_task *task)
{
    struct note *note = (struct note *)(void *)task; /* task is its first member */

    note->notes->seen[note->notes->count++] = note->number;
}

static void post_again(mr_http_task *task)
{
    struct note *note = (struct note *)(void *)task;
    struct notes *notes = note->notes;

    take_note(task);
    notes->again = (struct note){{.run = take_note}, notes, 99};
    mr_http_loop_post(notes->loop, &notes->again.task);
}

static void tasks_run_in_the_order_they_were_posted(void **state)
{
    struct harness harness;
    struct note list[4];

    (void)state;
    harness_open(&harness);
    struct notes notes = {.loop = harness.loop};
    for (unsigned i = 0; i < 4; i++) {
        list[i] = (struct note){{.run = i == 1 ? post_again : take_note}, &notes, i};
        mr_http_loop_post(harness.loop, &list[i].task);
    }
    assert_true(mr_loop_run_tasks(harness.loop));
    assert_int_equal(notes.count, 4);
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(notes.seen[i], i);
    }
    assert_true(mr_loop_run_tasks(harness.loop)); /* what a task posts has its turn later */
    assert_int_equal(notes.seen[4], 99);
    assert_false(mr_loop_run_tasks(harness.loop));
    harness_end(&harness);
}

enum { posters = 4, posts = 5000 };

struct poster {
    pthread_t thread;
    mr_http_loop *loop;
    struct counted {
        mr_http_task task;
        struct poster *poster;
        unsigned number;
    } * tasks;
    unsigned next; /* written by tasks, so by the loop's thread only */
};

static void count_task(mr_http_task *task)
{
    struct counted *counted = (struct counted *)(void *)task;

    assert_int_equal(counted->number, counted->poster->next);
    counted->poster->next++;
}

static void *post_many(void *argument)
{
    struct poster *poster = argument;

    for (unsigned i = 0; i < posts; i++) {
        poster->tasks[i] = (struct counted){{.run = count_task}, poster, i};
        mr_http_loop_post(poster->loop, &poster->tasks[i].task);
    }
    return NULL;
}

static void tasks_of_many_threads_all_run_in_each_ones_order(void **state)
{
    struct harness harness;
    struct poster list[posters];
    unsigned done = 0;

    (void)state;
    harness_open(&harness);
    for (int i = 0; i < posters; i++) {
        list[i] = (struct poster){.loop = harness.loop,
                                  .tasks = mr_alloc_zero(posts, sizeof(struct counted))};
        assert_int_equal(pthread_create(&list[i].thread, NULL, post_many, &list[i]), 0);
    }
    while (done < posters * posts) {
        (void)mr_loop_run_tasks(harness.loop);
        done = 0;
        for (int i = 0; i < posters; i++) {
            done += list[i].next;
        }
    }
    for (int i = 0; i < posters; i++) {
        assert_int_equal(pthread_join(list[i].thread, NULL), 0);
        free(list[i].tasks);
    }
    harness_end(&harness);
}

static void closed_connections_are_freed_at_the_rounds_end(void **state)
{
    struct harness harness;
    const mr_peer peer = {.text = "127.0.0.1"};
    mr_connection *many[200];

    (void)state;
    harness_open(&harness);
    for (unsigned i = 0; i < 200; i++) {
        many[i] =
            mr_connection_create(harness.loop, &harness_transport, &harness, -1, &peer, false);
    }
    assert_int_equal(harness.loop->slot_count, 201);
    for (unsigned i = 0; i < 200; i += 2) {
        mr_connection_close(many[i]);
        mr_connection_close(many[i]);
        mr_connection_event(many[i], EPOLLIN | EPOLLERR); /* of the same round: ignored */
    }
    assert_int_equal(harness.loop->slot_count, 201);
    mr_loop_settle(harness.loop);
    assert_int_equal(harness.loop->slot_count, 101);
    for (unsigned i = 0; i < harness.loop->slot_count; i++) {
        assert_int_equal(harness.loop->slots[i].connection->slot, i);
    }
    harness_end(&harness); /* the rest goes with the server */
}

static void clients_are_counted_each_for_itself(void **state)
{
    mr_clients *clients = mr_clients_create(64, 2);
    uint8_t keys[64][16];

    (void)state;
    for (unsigned i = 0; i < 64; i++) {
        memset(keys[i], (int)i, sizeof keys[i]);
    }
    for (int round = 0; round < 3; round++) {
        for (unsigned i = 0; i < 64; i++) {
            assert_true(mr_clients_enter(clients, keys[i]));
        }
        for (unsigned i = 0; i < 64; i++) {
            assert_true(mr_clients_enter(clients, keys[i]));
            assert_false(mr_clients_enter(clients, keys[i]));
        }
        for (unsigned i = 0; i < 64; i++) {
            unsigned at = i * 7 % 64; /* leaves chains at all places */
            mr_clients_leave(clients, keys[at]);
            mr_clients_leave(clients, keys[at]);
        }
    }
    mr_clients_destroy(clients);
    mr_clients_destroy(NULL);
}

static void an_answer_carries_the_date_of_its_second(void **state)
{
    struct harness harness;

    (void)state;
    harness_open(&harness);
    size_t bytes = strlen(harness.loop->date);
    assert_int_equal(bytes, sizeof "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n" - 1);
    harness.loop->date_due_us = 0;
    memset(harness.loop->date, 'x', bytes);
    mr_loop_tick(harness.loop);
    assert_memory_equal(harness.loop->date, "Date: ", 6);
    assert_in_range(harness.loop->date_due_us - harness.loop->now_us, 1, 1000000);
    harness_end(&harness);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tasks_run_in_the_order_they_were_posted),
        cmocka_unit_test(tasks_of_many_threads_all_run_in_each_ones_order),
        cmocka_unit_test(closed_connections_are_freed_at_the_rounds_end),
        cmocka_unit_test(clients_are_counted_each_for_itself),
        cmocka_unit_test(an_answer_carries_the_date_of_its_second),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
