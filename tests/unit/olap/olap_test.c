/* SPDX-License-Identifier: Apache-2.0 */
/* olap_test.c - databases: their limits, their walls, and how their statements are stopped. */
#include "olap_fixture.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>

/* Runs for minutes unless it is stopped. */
static const char endless[] =
    "SELECT count(*) FROM range(1000000000) a, range(1000000000) b WHERE a.range + b.range = 7";

static void make_folder(char path[static 64])
{
    (void)snprintf(path, 64, "/tmp/millrace-olap-XXXXXX");
    assert_non_null(mkdtemp(path));
}

static size_t count_entries(const char *path)
{
    DIR *folder = opendir(path);
    size_t count = 0;

    assert_non_null(folder);
    while (readdir(folder) != NULL) {
        count++;
    }
    assert_int_equal(closedir(folder), 0);
    return count - 2;
}

static void write_file(const char *folder, const char *name, const char *content)
{
    char *path = mr_path_join(folder, name);
    const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(mr_write_all(fd, content, strlen(content), NULL), MR_OK);
    assert_int_equal(close(fd), 0);
    free(path);
}

static void remove_file(const char *folder, const char *name)
{
    char *path = mr_path_join(folder, name);

    assert_int_equal(unlink(path), 0);
    free(path);
}

static void settings_are_what_was_asked_for(void **state)
{
    olap_fixture *fixture = *state;

    fixture_expect(fixture, "SELECT current_setting('TimeZone')", "UTC");
    fixture_expect(fixture, "SELECT current_setting('threads')", "2");
    fixture_expect(fixture, "SELECT current_setting('memory_limit')", "512.0 MiB");
    fixture_expect(fixture, "SELECT current_setting('preserve_insertion_order')", "true");
    fixture_expect(fixture, "SELECT current_setting('autoload_known_extensions')", "false");
    fixture_expect(fixture, "SELECT current_setting('autoinstall_known_extensions')", "false");
    fixture_expect(fixture, "SELECT epoch_us(TIMESTAMPTZ '2026-07-01 00:00:00')::VARCHAR",
                   "1782864000000000");
}

static void a_query_past_its_memory_is_limited(void **state)
{
    const mr_olap_options options = {.threads = 1, .memory_bytes_max = 32 << 20};
    mr_olap *olap = NULL;
    mr_olap_connection *connection = NULL;
    mr_err err;

    (void)state;
    assert_int_equal(mr_olap_open(&options, &olap, &err), MR_OK);
    assert_int_equal(mr_olap_connect(olap, &connection, &err), MR_OK);
    assert_int_equal(mr_olap_run(connection,
                                 "CREATE TABLE big AS SELECT range AS a, hash(range) AS b "
                                 "FROM range(20000000)",
                                 &err),
                     MR_LIMIT);
    assert_null(strstr(err.message, "Possible solutions"));
    mr_olap_disconnect(connection);
    mr_olap_close(olap);
}

static void what_does_not_fit_is_spilled_and_swept_up(void **state)
{
    char folder[64];
    char *below;
    mr_olap_options options = {.threads = 1, .memory_bytes_max = 64 << 20};
    mr_olap *olap = NULL;
    mr_olap_connection *connection = NULL;
    mr_err err;
    int64_t rows = 0;

    (void)state;
    make_folder(folder);
    below = mr_path_join(folder, "temp");
    options.temp_folder = below;
    assert_int_equal(mr_olap_open(&options, &olap, &err), MR_OK);
    assert_int_equal(mr_olap_connect(olap, &connection, &err), MR_OK);
    assert_int_equal(mr_olap_run(connection,
                                 "CREATE TABLE big AS SELECT hash(range) AS a, hash(range + 1) AS b"
                                 " FROM range(6000000)",
                                 &err),
                     MR_OK);
    assert_int_equal(mr_olap_scalar_int64(connection, "SELECT count(*) FROM big", &rows, &err),
                     MR_OK);
    assert_int_equal(rows, 6000000);
    assert_int_equal(count_entries(below), 1);
    mr_olap_disconnect(connection);
    mr_olap_close(olap);
    assert_int_equal(count_entries(below), 0);
    assert_int_equal(rmdir(below), 0);
    assert_int_equal(rmdir(folder), 0);
    free(below);
}

static void temporary_space_has_its_own_limit(void **state)
{
    char folder[64];
    mr_olap_options options = {
        .threads = 1, .memory_bytes_max = 32 << 20, .temp_bytes_max = 16 << 20};
    mr_olap *olap = NULL;
    mr_olap_connection *connection = NULL;
    mr_err err;

    (void)state;
    make_folder(folder);
    options.temp_folder = folder;
    assert_int_equal(mr_olap_open(&options, &olap, &err), MR_OK);
    assert_int_equal(mr_olap_connect(olap, &connection, &err), MR_OK);
    assert_int_equal(mr_olap_run(connection,
                                 "CREATE TABLE big AS SELECT hash(range) AS a, hash(range + 1) AS b"
                                 " FROM range(20000000)",
                                 &err),
                     MR_LIMIT);
    mr_olap_disconnect(connection);
    mr_olap_close(olap);
    assert_int_equal(rmdir(folder), 0);
}

static void folders_of_dead_processes_are_removed_and_of_living_ones_kept(void **state)
{
    char folder[64];
    mr_olap_options options = {.threads = 1};
    mr_olap *first = NULL, *second = NULL;
    char *stale;

    (void)state;
    make_folder(folder);
    options.temp_folder = folder;
    stale = mr_path_join(folder, "olap-stale0");
    assert_int_equal(mkdir(stale, 0700), 0);
    write_file(stale, "duckdb_temp_storage-0.tmp", "left behind");
    assert_int_equal(mr_olap_open(&options, &first, NULL), MR_OK);
    assert_int_equal(count_entries(folder), 1);
    assert_int_equal(mr_olap_open(&options, &second, NULL), MR_OK);
    assert_int_equal(count_entries(folder), 2);
    mr_olap_close(first);
    assert_int_equal(count_entries(folder), 1);
    mr_olap_close(second);
    assert_int_equal(rmdir(folder), 0);
    free(stale);
}

static void a_temporary_folder_that_cannot_be_made_is_named(void **state)
{
    const mr_olap_options options = {.temp_folder = "/proc/nowhere"};
    mr_olap *olap = NULL;
    mr_err err;

    (void)state;
    assert_int_not_equal(mr_olap_open(&options, &olap, &err), MR_OK);
    assert_non_null(strstr(err.message, "/proc/nowhere"));
    assert_null(olap);
    mr_olap_close(NULL);
    mr_olap_disconnect(NULL);
    mr_olap_result_free(NULL);
}

typedef struct hardened {
    char inside[64], outside[64];
    mr_olap *olap;
    mr_olap_connection *connection;
} hardened;

static void open_hardened(hardened *walls)
{
    const mr_olap_options options = {.threads = 1};
    mr_err err;

    make_folder(walls->inside);
    make_folder(walls->outside);
    write_file(walls->inside, "in.csv", "a\n1\n");
    write_file(walls->outside, "out.csv", "a\n2\n");
    assert_int_equal(mr_olap_open(&options, &walls->olap, &err), MR_OK);
    assert_int_equal(mr_olap_connect(walls->olap, &walls->connection, &err), MR_OK);
    const char *const folders[] = {walls->inside, NULL};
    if (mr_olap_harden(walls->olap, folders, &err) != MR_OK) {
        fail_msg("%s", err.message);
    }
}

static void close_hardened(hardened *walls)
{
    mr_olap_disconnect(walls->connection);
    mr_olap_close(walls->olap);
    remove_file(walls->inside, "in.csv");
    remove_file(walls->outside, "out.csv");
    assert_int_equal(rmdir(walls->inside), 0);
    assert_int_equal(rmdir(walls->outside), 0);
}

/* Whether a function that reads files is let to one. */
static mr_status read_file(const hardened *walls, const char *function, const char *folder,
                           const char *name)
{
    char sql[256];

    (void)snprintf(sql, sizeof sql, "CREATE OR REPLACE TEMP TABLE got AS FROM %s('%s/%s')",
                   function, folder, name);
    return mr_olap_run(walls->connection, sql, NULL);
}

static void hardened_it_reads_inside_its_folders_alone(void **state)
{
    static const char *const functions[] = {"read_csv", "read_text", "read_blob"};
    hardened walls = {0};

    (void)state;
    open_hardened(&walls);
    for (size_t index = 0; index < sizeof functions / sizeof functions[0]; index++) {
        const char *function = functions[index];

        assert_int_equal(read_file(&walls, function, walls.inside, "in.csv"), MR_OK);
        assert_int_equal(read_file(&walls, function, walls.outside, "out.csv"), MR_INVALID);
        assert_int_equal(read_file(&walls, function, walls.outside, "*.csv"), MR_INVALID);
        assert_int_equal(read_file(&walls, function, "/etc", "passwd"), MR_INVALID);
        assert_int_equal(read_file(&walls, function, walls.inside, "../../etc/passwd"), MR_INVALID);
    }
    assert_int_equal(read_file(&walls, "glob", walls.outside, "*"), MR_INVALID);
    close_hardened(&walls);
}

static void hardened_its_settings_are_locked(void **state)
{
    static const char *const attempts[] = {"SET enable_external_access = true",
                                           "SET memory_limit = '100GB'",
                                           "SET lock_configuration = false",
                                           "RESET memory_limit",
                                           "SET TimeZone = 'Europe/Paris'",
                                           "INSTALL httpfs",
                                           "LOAD httpfs",
                                           "ATTACH '/tmp/millrace-olap-never.db'",
                                           "COPY (SELECT 1) TO '/tmp/millrace-olap-never.csv'"};
    hardened walls = {0};
    mr_olap_connection *later = NULL;

    (void)state;
    open_hardened(&walls);
    assert_int_equal(mr_olap_connect(walls.olap, &later, NULL), MR_OK);
    for (size_t index = 0; index < sizeof attempts / sizeof attempts[0]; index++) {
        if (mr_olap_run(walls.connection, attempts[index], NULL) == MR_OK ||
            mr_olap_run(later, attempts[index], NULL) == MR_OK) {
            fail_msg("%s was not refused", attempts[index]);
        }
    }
    mr_olap_disconnect(later);
    assert_int_equal(access("/tmp/millrace-olap-never.csv", F_OK), -1);
    assert_int_equal(access("/tmp/millrace-olap-never.db", F_OK), -1);
    close_hardened(&walls);
}

static void a_statement_past_its_time_is_stopped_and_the_next_one_runs(void **state)
{
    olap_fixture *fixture = *state;

    mr_olap_set_timeout(fixture->connection, 30);
    assert_int_equal(mr_olap_run(fixture->connection, endless, &fixture->err), MR_STOPPED);
    assert_non_null(strstr(fixture->err.message, "0.03 s"));
    assert_int_equal(mr_olap_run(fixture->connection, endless, &fixture->err), MR_STOPPED);
    mr_olap_set_timeout(fixture->connection, 1);
    assert_int_equal(mr_olap_run(fixture->connection, endless, &fixture->err), MR_STOPPED);
    mr_olap_set_timeout(fixture->connection, 0);
    assert_int_equal(fixture_int64(fixture, "SELECT 1"), 1);
}

static void rows_not_fetched_in_time_are_stopped_too(void **state)
{
    olap_fixture *fixture = *state;
    mr_olap_result *result = NULL;
    mr_status status;

    mr_olap_set_timeout(fixture->connection, 50);
    status = mr_olap_query(fixture->connection, "SELECT range FROM range(1000000000000)", true,
                           &result, &fixture->err);
    while (status == MR_OK) {
        status = mr_olap_next(result, &fixture->err);
    }
    assert_int_equal(status, MR_STOPPED);
    mr_olap_result_free(result);
    mr_olap_set_timeout(fixture->connection, 0);
}

typedef struct interrupter {
    mr_olap_connection *connection;
    pthread_mutex_t lock;
    bool done; /* guarded by lock */
} interrupter;

static void *interrupt_until_done(void *argument)
{
    interrupter *who = argument;
    bool done = false;

    while (!done) {
        mr_olap_interrupt(who->connection);
        (void)pthread_mutex_lock(&who->lock);
        done = who->done;
        (void)pthread_mutex_unlock(&who->lock);
        (void)sched_yield();
    }
    return NULL;
}

static void another_thread_stops_a_statement(void **state)
{
    olap_fixture *fixture = *state;
    interrupter who = {.connection = fixture->connection, .lock = PTHREAD_MUTEX_INITIALIZER};
    pthread_t thread;

    assert_int_equal(pthread_create(&thread, NULL, interrupt_until_done, &who), 0);
    assert_int_equal(mr_olap_run(fixture->connection, endless, &fixture->err), MR_STOPPED);
    assert_non_null(strstr(fixture->err.message, "interrupted"));
    (void)pthread_mutex_lock(&who.lock);
    who.done = true;
    (void)pthread_mutex_unlock(&who.lock);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(fixture_int64(fixture, "SELECT 1"), 1);
}

static void an_interrupt_between_statements_is_forgotten(void **state)
{
    olap_fixture *fixture = *state;

    mr_olap_interrupt(fixture->connection);
    assert_int_equal(fixture_int64(fixture, "SELECT sum(range)::BIGINT FROM range(100000)"),
                     4999950000);
}

static void connections_see_one_database(void **state)
{
    olap_fixture *fixture = *state;
    int64_t value = 0;

    fixture_run(fixture, "CREATE OR REPLACE TABLE shared AS SELECT 5 AS a");
    assert_int_equal(
        mr_olap_scalar_int64(fixture->second, "SELECT a FROM shared", &value, &fixture->err),
        MR_OK);
    assert_int_equal(value, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(settings_are_what_was_asked_for),
        cmocka_unit_test(a_query_past_its_memory_is_limited),
        cmocka_unit_test(what_does_not_fit_is_spilled_and_swept_up),
        cmocka_unit_test(temporary_space_has_its_own_limit),
        cmocka_unit_test(folders_of_dead_processes_are_removed_and_of_living_ones_kept),
        cmocka_unit_test(a_temporary_folder_that_cannot_be_made_is_named),
        cmocka_unit_test(hardened_it_reads_inside_its_folders_alone),
        cmocka_unit_test(hardened_its_settings_are_locked),
        cmocka_unit_test(a_statement_past_its_time_is_stopped_and_the_next_one_runs),
        cmocka_unit_test(rows_not_fetched_in_time_are_stopped_too),
        cmocka_unit_test(another_thread_stops_a_statement),
        cmocka_unit_test(an_interrupt_between_statements_is_forgotten),
        cmocka_unit_test(connections_see_one_database),
    };

    return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
