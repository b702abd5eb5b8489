/* SPDX-License-Identifier: Apache-2.0 */
/* store_postgres_crash_test.c - a PostgreSQL server that dies in mid-work and comes back, and one
 * whose standby takes its place. Starts servers of its own by the scripts in the folder that
 * MR_TEST_POSTGRES_PEER names (tests/peers/postgres); without it the tests skip. */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/civil.h"
#include "postgres_fixture.h"
#include "store_crowd.h"

enum { crashes = 3, batch = 20, wait_us_max = 30000000 };

extern char **environ;

typedef struct crash_fixture {
    store_fixture base;
    char primary[2 * fixture_path_bytes_max], standby[2 * fixture_path_bytes_max];
    char url[postgres_url_bytes_max];
    test_crowd *crowd;
} crash_fixture;

/* Runs a script of the peer's; what it prints, without the line's end, into url (may be NULL). */
static void run_script(const char *script, const char *folder, const char *mode, const char *other,
                       char *url)
{
    char path[512];
    char *arguments[] = {path, mr_copy_string(folder), mode == NULL ? NULL : mr_copy_string(mode),
                         other == NULL ? NULL : mr_copy_string(other), NULL};
    posix_spawn_file_actions_t actions;
    int output[2], exit_status = -1;
    pid_t child;
    FILE *lines;

    (void)snprintf(path, sizeof(path), "%s/%s", getenv("MR_TEST_POSTGRES_PEER"), script);
    assert_int_equal(pipe(output), 0);
    assert_int_equal(posix_spawn_file_actions_init(&actions), 0);
    assert_int_equal(posix_spawn_file_actions_adddup2(&actions, output[1], STDOUT_FILENO), 0);
    assert_int_equal(posix_spawn_file_actions_addclose(&actions, output[0]), 0);
    assert_int_equal(posix_spawn(&child, path, &actions, NULL, arguments, environ), 0);
    (void)close(output[1]);
    lines = fdopen(output[0], "r");
    assert_non_null(lines);
    if (url != NULL) {
        assert_non_null(fgets(url, postgres_url_bytes_max, lines));
        url[strcspn(url, "\n")] = '\0';
    }
    assert_int_equal(waitpid(child, &exit_status, 0), child);
    assert_int_equal(exit_status, 0);
    (void)fclose(lines);
    (void)posix_spawn_file_actions_destroy(&actions);
    free(arguments[1]);
    free(arguments[2]);
    free(arguments[3]);
}

static pid_t postmaster_of(const char *folder)
{
    char path[512], line[32] = "";
    FILE *file;

    (void)snprintf(path, sizeof(path), "%s/data/postmaster.pid", folder);
    file = fopen(path, "r");
    assert_non_null(file);
    assert_non_null(fgets(line, sizeof(line), file));
    assert_int_equal(fclose(file), 0);
    return (pid_t)strtol(line, NULL, 10);
}

static void kill_server(const char *folder)
{
    assert_int_equal(kill(postmaster_of(folder), SIGKILL), 0);
}

static int start_server(void **state)
{
    crash_fixture *fixture = mr_alloc_zero(1, sizeof(*fixture));

    fixture_make_folder(&fixture->base);
    assert_int_equal(chmod(fixture->base.folder, 0755), 0); /* the server is another user's */
    (void)snprintf(fixture->primary, sizeof(fixture->primary), "%s/primary", fixture->base.folder);
    (void)snprintf(fixture->standby, sizeof(fixture->standby), "%s/standby", fixture->base.folder);
    run_script("start.sh", fixture->primary, NULL, NULL, fixture->url);
    fixture->base.url = fixture->url;
    fixture->base.store = open_store(&fixture->base, MR_STORE_WRITE);
    fixture->crowd = mr_alloc(sizeof(*fixture->crowd));
    make_crowd(fixture->crowd);
    *state = fixture;
    return 0;
}

static int stop_server(void **state)
{
    crash_fixture *fixture = *state;

    mr_store_close(fixture->base.store);
    run_script("stop.sh", fixture->primary, NULL, NULL, NULL);
    run_script("stop.sh", fixture->standby, NULL, NULL, NULL);
    fixture_remove_folder(&fixture->base);
    free(fixture->crowd);
    free(fixture);
    return 0;
}

/* The server is up; the handle may still keep its distance for a moment. */
static int64_t position_at_last(mr_store *store)
{
    int64_t deadline_us = mr_monotonic_us() + (int64_t)wait_us_max, position = -1;
    mr_err err = {.message = ""};

    while (mr_store_position(store, &fixture_source, &position, &err) != MR_OK) {
        assert_int_equal(err.action, MR_RETRY);
        if (mr_monotonic_us() >= deadline_us) {
            fail_msg("%s", err.message);
        }
        (void)sched_yield();
    }
    return position;
}

/* What the crowd makes of a store that never failed. */
static void assert_answers(mr_store *store, test_crowd *crowd)
{
    store_fixture plain = {.url = "sqlite:"};
    mr_buffer expected, got;

    fixture_make_folder(&plain);
    plain.store = open_store(&plain, MR_STORE_WRITE);
    apply_items(plain.store, &fixture_source, crowd->items, crowd_events);
    mr_buffer_init(&expected, crowd_answer_bytes_max);
    mr_buffer_init(&got, crowd_answer_bytes_max);
    describe(plain.store, crowd, &expected);
    describe(store, crowd, &got);
    assert_string_equal(got.data, expected.data);
    mr_buffer_free(&expected);
    mr_buffer_free(&got);
    mr_store_close(plain.store);
    fixture_remove_folder(&plain);
}

static mr_status write_batch(mr_store *store, test_crowd *crowd, int64_t at, mr_err *err)
{
    mr_status status =
        mr_store_apply(store, &fixture_source, at, at + batch, crowd->items + at, batch, err);

    return status != MR_OK ? status : mr_store_commit(store, err);
}

static void a_server_killed_in_mid_batch_loses_and_doubles_nothing(void **state)
{
    crash_fixture *fixture = *state;
    mr_store *store = fixture->base.store;
    mr_err err;
    int64_t at;

    assert_int_equal(write_batch(store, fixture->crowd, 0, &err), MR_OK);
    assert_int_equal(mr_store_apply(store, &fixture_source, batch, 2 * batch,
                                    fixture->crowd->items + batch, batch, &err),
                     MR_OK);
    kill_server(fixture->primary);
    run_script("start.sh", fixture->primary, "again", NULL, NULL);
    assert_int_not_equal(mr_store_commit(store, &err), MR_OK);
    assert_int_equal(err.action, MR_RETRY);
    assert_int_equal(position_at_last(store), batch);
    for (at = batch; at < crowd_events; at += batch) {
        assert_int_equal(write_batch(store, fixture->crowd, at, &err), MR_OK);
    }
    assert_answers(store, fixture->crowd);
}

typedef struct killer {
    const char *folder;
    _Atomic int64_t written; /* batches */
    int64_t after;
} killer;

static void *kill_and_restart(void *ctx)
{
    killer *k = ctx;

    while (atomic_load(&k->written) < k->after) {
        (void)sched_yield();
    }
    kill_server(k->folder);
    run_script("start.sh", k->folder, "again", NULL, NULL);
    return NULL;
}

/* The kill comes at any moment of a batch, the commit among them. */
static void a_server_killed_under_load_loses_and_doubles_nothing(void **state)
{
    crash_fixture *fixture = *state;
    mr_store *store = fixture->base.store;
    killer k = {.folder = fixture->primary};
    int64_t at = 0;
    pthread_t thread;
    mr_err err;
    int crash;

    for (crash = 1; crash <= crashes; crash++) {
        atomic_store(&k.written, at / batch);
        k.after = crash * (crowd_events / batch) / (crashes + 1);
        assert_int_equal(pthread_create(&thread, NULL, kill_and_restart, &k), 0);
        while (write_batch(store, fixture->crowd, at, &err) == MR_OK) {
            at += batch;
            atomic_store(&k.written, at / batch);
            assert_true(at < crowd_events); /* the kill comes before the end */
        }
        assert_int_equal(err.action, MR_RETRY);
        assert_int_equal(pthread_join(thread, NULL), 0);
        at = position_at_last(store);
        assert_int_equal(at % batch, 0);
    }
    for (; at < crowd_events; at += batch) {
        assert_int_equal(write_batch(store, fixture->crowd, at, &err), MR_OK);
    }
    assert_answers(store, fixture->crowd);
}

/* Waits until a session of the server stands in its commit. */
static void await_commit(PGconn *conn)
{
    static const char sql[] = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'";
    int64_t deadline_us = mr_monotonic_us() + (int64_t)wait_us_max;
    char value[256];

    while (strcmp(postgres_value(conn, sql, value), "1") != 0) {
        assert_true(mr_monotonic_us() < deadline_us);
        (void)sched_yield();
    }
}

static void *kill_in_commit(void *ctx)
{
    const crash_fixture *fixture = ctx;
    PGconn *conn = postgres_connect(fixture->url);

    await_commit(conn);
    kill_server(fixture->primary);
    PQfinish(conn);
    return NULL;
}

/* The commit is on the disk and waits for a standby that never comes: the one moment between the
 * two that can be held. */
static void a_server_killed_in_the_commit_has_kept_the_batch(void **state)
{
    crash_fixture *fixture = *state;
    mr_store *store = fixture->base.store;
    PGconn *conn = postgres_connect(fixture->url);
    pthread_t thread;
    int64_t at = 0;
    mr_err err;

    postgres_exec(conn, "ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
    postgres_exec(conn, "SELECT pg_reload_conf()");
    PQfinish(conn);
    assert_int_equal(pthread_create(&thread, NULL, kill_in_commit, fixture), 0);
    while (write_batch(store, fixture->crowd, at, &err) == MR_OK) { /* until all have heard of it */
        at += batch;
        assert_true(at < crowd_events);
    }
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(err.status, MR_UNKNOWN_OUTCOME);
    run_script("start.sh", fixture->primary, "again", NULL, NULL);
    conn = postgres_connect(fixture->url);
    postgres_exec(conn, "ALTER SYSTEM RESET synchronous_standby_names");
    postgres_exec(conn, "SELECT pg_reload_conf()");
    PQfinish(conn);
    assert_int_equal(position_at_last(store), at + batch);
    for (at += batch; at < crowd_events; at += batch) {
        assert_int_equal(write_batch(store, fixture->crowd, at, &err), MR_OK);
    }
    assert_answers(store, fixture->crowd);
}

/* Replication is synchronous here: what was committed is on the standby. */
static void a_standby_takes_the_place_of_a_dead_primary(void **state)
{
    crash_fixture *fixture = *state;
    char standby_url[postgres_url_bytes_max], both[2 * postgres_url_bytes_max];
    char port[32] = "", value[256];
    const char *host = strrchr(fixture->url, '@') + 1;
    PGconn *conn;
    mr_err err;
    int64_t at;

    run_script("start.sh", fixture->standby, "standby-of", fixture->primary, standby_url);
    conn = postgres_connect(fixture->url);
    postgres_exec(conn, "ALTER SYSTEM SET synchronous_standby_names = '*'");
    postgres_exec(conn, "SELECT pg_reload_conf()");
    PQfinish(conn);
    (void)snprintf(port, sizeof(port), "%.*s", (int)strcspn(strrchr(standby_url, ':') + 1, "/"),
                   strrchr(standby_url, ':') + 1);
    (void)snprintf(both, sizeof(both), "%.*s%.*s,127.0.0.1:%s%s", (int)(host - fixture->url),
                   fixture->url, (int)strcspn(host, "/"), host, port, strchr(host, '/'));
    mr_store_close(fixture->base.store);
    fixture->base.url = both;
    fixture->base.store = open_store(&fixture->base, MR_STORE_WRITE);
    for (at = 0; at < crowd_events / 2; at += batch) {
        assert_int_equal(write_batch(fixture->base.store, fixture->crowd, at, &err), MR_OK);
    }
    kill_server(fixture->primary);
    conn = postgres_connect(standby_url);
    assert_string_equal(postgres_value(conn, "SELECT pg_promote()", value), "t");
    PQfinish(conn);
    assert_int_not_equal(write_batch(fixture->base.store, fixture->crowd, at, &err), MR_OK);
    assert_int_equal(err.action, MR_RETRY);
    assert_int_equal(position_at_last(fixture->base.store), crowd_events / 2);
    for (; at < crowd_events; at += batch) {
        assert_int_equal(write_batch(fixture->base.store, fixture->crowd, at, &err), MR_OK);
    }
    assert_answers(fixture->base.store, fixture->crowd);
    mr_store_close(fixture->base.store);
    fixture->base.store = NULL;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start_server, stop_server)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(a_server_killed_in_mid_batch_loses_and_doubles_nothing),
        TEST(a_server_killed_in_the_commit_has_kept_the_batch),
        TEST(a_server_killed_under_load_loses_and_doubles_nothing),
        TEST(a_standby_takes_the_place_of_a_dead_primary),
    };

    if (getenv("MR_TEST_POSTGRES_PEER") == NULL) {
        (void)printf("skipped: MR_TEST_POSTGRES_PEER names no folder of scripts\n");
        return postgres_skipped;
    }
    return cmocka_run_group_tests_name("store on a PostgreSQL that dies", tests, NULL, NULL);
}
