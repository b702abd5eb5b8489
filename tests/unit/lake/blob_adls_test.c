/* SPDX-License-Identifier: Apache-2.0 */
/* The blob store in Azure, against Azurite: the contract, and what a lake elsewhere adds to it. */
#define _GNU_SOURCE
#include "lake/blob_contract.h"

#include <fcntl.h>

#include "azure/scripted_server.h"
#include "lake/azurite_fixture.h"

/* --- Copies on this machine ------------------------------------------------------------------- */

static void make_blob(mr_blobs *blobs, const char *name, const char *content)
{
    mr_err err;

    fixture_ok(mr_blob_create(blobs, name, mr_text_of(content), &err), &err);
}

/* Whether the handle's folder has the file, with that content. */
static bool is_copied(mr_blobs *blobs, const char *name, const char *content)
{
    mr_buffer path;
    mr_buffer text;
    mr_err err;

    mr_buffer_init(&path, 4096);
    mr_buffer_init(&text, 4096);
    fixture_ok(mr_blobs_folder(blobs, &path, &err), &err);
    assert_true(mr_buffer_printf(&path, "/%s", name) && mr_buffer_append(&path, "", 1));
    bool there = mr_file_read(path.data, &text, NULL) == MR_OK;
    bool same = there && mr_text_equal(mr_buffer_text(&text), mr_text_of(content));
    mr_buffer_free(&path);
    mr_buffer_free(&text);
    assert_true(!there || same); /* never half of it */
    return there;
}

static void many_blobs_are_fetched_at_once(void **state)
{
    lake_fixture *fixture = *state;
    char names[40][32];
    mr_blob wanted[40];
    mr_err err;

    assert_true(mr_blobs_are_remote(fixture->blobs));
    for (int i = 0; i < 40; i++) {
        (void)snprintf(names[i], sizeof names[i], "t/p=%d/part-%d", i % 3, i);
        make_blob(fixture->blobs, names[i], names[i]);
        wanted[i] = (mr_blob){.name = names[i], .bytes = strlen(names[i])};
    }
    fixture_ok(mr_blobs_fetch(fixture->blobs, wanted, 40, &err), &err);
    for (int i = 0; i < 40; i++) {
        assert_true(is_copied(fixture->blobs, names[i], names[i]));
    }
    /* What is copied is not asked for again: also when the lake has lost it. */
    mr_blobs *other = azurite_open(fixture, 0);
    for (int i = 0; i < 40; i++) {
        fixture_ok(mr_blobs_fetch(other, &wanted[i], 1, &err), &err);
    }
    fixture_ok(mr_blob_delete(other, names[0], &err), &err);
    assert_int_equal(mr_blobs_fetch(other, wanted, 1, &err), MR_NOT_FOUND);
    wanted[1].bytes++; /* another size is another blob */
    assert_int_equal(mr_blobs_fetch(other, &wanted[1], 1, &err), MR_CORRUPT);
    mr_blobs_close(other);
}

static void an_imported_file_needs_no_fetching(void **state)
{
    lake_fixture *fixture = *state;
    char files[3][512];
    char *stage = NULL;
    mr_blob_import items[3] = {{.name = "t/a"}, {.name = "t/b"}, {.name = "t/c"}};
    mr_err err;

    fixture_ok(mr_blobs_stage(fixture->blobs, &stage, &err), &err);
    for (int i = 0; i < 3; i++) {
        (void)snprintf(files[i], sizeof files[i], "%s/%d", stage, i);
        contract_write_file(files[i], items[i].name);
        items[i].file = files[i];
    }
    fixture_ok(mr_blobs_import(fixture->blobs, items, 3, &err), &err);
    for (int i = 0; i < 3; i++) {
        assert_true(items[i].done);
        assert_int_equal(items[i].blob.bytes, strlen(items[i].name));
        assert_true(llabs(items[i].blob.modified_ms - mr_now_ms()) < 60000);
        assert_true(is_copied(fixture->blobs, items[i].name, items[i].name));
        contract_expect(fixture->blobs, items[i].name, items[i].name);
    }
    mr_blobs_unstage(fixture->blobs, stage);
}

/* --- Racing ----------------------------------------------------------------------------------- */

enum { writers = 64 };

typedef struct writer {
    lake_fixture *fixture;
    mr_delta_snapshot *base;
    pthread_barrier_t *start;
    mr_blobs *blobs;
    mr_delta_table *table;
    char path[32];
    mr_status status;
} writer;

/* A commit that depends on what it has read: of many on one version only one may be. */
static void *commit_once(void *ctx)
{
    writer *self = ctx;
    const mr_delta_file file = fixture_data_file(self->path, 3);
    const mr_delta_commit commit = {
        .operation = "WRITE", .adds = &file, .add_count = 1, .data_change = true};
    int64_t version = -1;

    (void)pthread_barrier_wait(self->start);
    self->status = mr_delta_commit_to(self->table, self->base, &commit, &version, NULL);
    return NULL;
}

static void of_64_writers_of_a_version_one_wins(void **state)
{
    lake_fixture *fixture = *state;
    pthread_t threads[writers];
    pthread_barrier_t start;
    writer all[writers];
    int winner = -1;

    fixture_create(fixture->table);
    assert_int_equal(pthread_barrier_init(&start, NULL, writers), 0);
    for (int i = 0; i < writers; i++) {
        all[i] = (writer){.fixture = fixture, .start = &start};
        all[i].blobs = azurite_open(fixture, 0);
        all[i].table = mr_delta_table_create(all[i].blobs, "bronze/events");
        all[i].base = fixture_read(all[i].table);
        (void)snprintf(all[i].path, sizeof all[i].path, "part-%d", i);
        assert_int_equal(pthread_create(&threads[i], NULL, commit_once, &all[i]), 0);
    }
    for (int i = 0; i < writers; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_true(all[i].status == MR_EXISTS || (all[i].status == MR_OK && winner < 0));
        winner = all[i].status == MR_OK ? i : winner;
        mr_delta_snapshot_free(all[i].base);
        mr_delta_table_destroy(all[i].table);
        mr_blobs_close(all[i].blobs);
    }
    assert_true(winner >= 0);
    mr_delta_snapshot *snapshot = fixture_read(fixture->table);
    assert_int_equal(mr_delta_version(snapshot), 1);
    assert_int_equal(mr_delta_file_count(snapshot), 1);
    assert_non_null(fixture_find(snapshot, all[winner].path));
    mr_delta_snapshot_free(snapshot);
    (void)pthread_barrier_destroy(&start);
}

/* --- Several deletes at once ------------------------------------------------------------------ */

typedef struct pair_server {
    int listener, answered;
} pair_server;

/* Answers two requests once it has both: one behind the other they would wait for ever. */
static void *answer_two_together(void *ctx)
{
    static const char yes[] = "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n";
    pair_server *self = ctx;
    int fds[2];
    int count = 0;
    char *requests[2];

    for (; count < 2; count++) {
        struct pollfd caller = {self->listener, POLLIN, 0};
        if (poll(&caller, 1, 5000) != 1) {
            break;
        }
        fds[count] = accept(self->listener, NULL, NULL);
        requests[count] = scripted_read(fds[count]);
    }
    for (int i = 0; i < count; i++) {
        bool good = count == 2 && requests[i] != NULL && strncmp(requests[i], "DELETE ", 7) == 0;
        self->answered += good && send(fds[i], yes, sizeof yes - 1, MSG_NOSIGNAL) > 0;
        (void)close(fds[i]);
        free(requests[i]);
    }
    return NULL;
}

static void several_are_deleted_at_once(void **state)
{
    lake_fixture *fixture = *state;
    char url[64];
    scripted_server place = {.port = 0};
    mr_blobs *blobs = NULL;
    mr_err err;

    scripted_listen(&place);
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%d/account/container/lake", place.port);
    const mr_blobs_options options = {
        .url = url,
        .data_folder = fixture->folder,
        .azure = {.account_key = azurite_key(), .timeout_ms = 2000},
    };
    fixture_ok(mr_blobs_open(&options, &blobs, &err), &err);
    pair_server server = {.listener = place.listener};
    assert_int_equal(pthread_create(&place.thread, NULL, answer_two_together, &server), 0);
    mr_status status = mr_blobs_delete(blobs, contract_name_many, NULL, 2, &err);
    scripted_stop(&place);
    fixture_ok(status, &err);
    assert_int_equal(server.answered, 2);
    mr_blobs_close(blobs);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, azurite_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BLOB_CONTRACT_TESTS(azurite_setup, fixture_teardown),
        TEST(many_blobs_are_fetched_at_once),
        TEST(an_imported_file_needs_no_fetching),
        TEST(several_are_deleted_at_once),
        TEST(of_64_writers_of_a_version_one_wins),
    };

    return azurite_is_there() ? cmocka_run_group_tests(tests, NULL, NULL) : azurite_skipped;
}
