/* SPDX-License-Identifier: Apache-2.0 */
/* The local blob store: the contract, and what lies on the disk when, whatever fails.
 *
 * The calls that decide about durability are this program's own (they go before the C library's):
 * they note what was done in which order, and fail when told to.
 */
#define _GNU_SOURCE
#include "lake/blob_contract.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>

/* --- Calls under watch ------------------------------------------------------------------------ */

typedef struct call_watch {
    char log[4096]; /* "fsync stage/1;link stage/1 a;..." */
    bool on;
    const char *fail; /* the name of the call that fails, once */
    int reason;
    int skip; /* that many before it do not */
} call_watch;

static call_watch watch;

/* false: this one is to fail. */
static bool note(const char *call, const char *path)
{
    const char *name = path != NULL ? strrchr(path, '/') : NULL;

    if (!watch.on) {
        return true;
    }
    if (watch.fail != NULL && strcmp(watch.fail, call) == 0 && watch.skip-- == 0) {
        watch.fail = NULL;
        errno = watch.reason;
        return false;
    }
    size_t used = strlen(watch.log);
    (void)snprintf(watch.log + used, sizeof watch.log - used, "%s%s%s;", call,
                   name != NULL ? " " : "", name != NULL ? name + 1 : "");
    return true;
}

int fsync(int fd)
{
    char link_path[64];
    char path[512];

    (void)snprintf(link_path, sizeof link_path, "/proc/self/fd/%d", fd);
    ssize_t bytes = readlink(link_path, path, sizeof path - 1);
    path[bytes > 0 ? bytes : 0] = '\0';
    return note("fsync", path) ? (int)syscall(SYS_fsync, fd) : -1;
}

int link(const char *from, const char *to)
{
    return note("link", to) ? (int)syscall(SYS_link, from, to) : -1;
}

int rename(const char *from, const char *to)
{
    return note("rename", to) ? (int)syscall(SYS_rename, from, to) : -1;
}

ssize_t write(int fd, const void *data, size_t bytes)
{
    return fd <= 2 || note("write", NULL) ? syscall(SYS_write, fd, data, bytes) : -1;
}

static void watch_calls(const char *fail, int reason, int skip)
{
    watch = (call_watch){.on = true, .fail = fail, .reason = reason, .skip = skip};
}

static int watched_teardown(void **state)
{
    watch.on = false;
    return fixture_teardown(state);
}

/* --- Durability ------------------------------------------------------------------------------- */

static void a_name_appears_after_its_content_is_safe_and_is_made_safe_itself(void **state)
{
    mr_blobs *blobs = ((lake_fixture *)*state)->blobs;
    mr_err err;

    fixture_ok(mr_blob_create(blobs, "t/first", mr_text_of("x"), &err), &err);
    watch_calls(NULL, 0, 0);
    fixture_ok(mr_blob_create(blobs, "t/name", mr_text_of("x"), &err), &err);
    assert_string_equal(watch.log, "write;fsync 1;link name;fsync t;");
    watch_calls(NULL, 0, 0);
    fixture_ok(mr_blob_replace(blobs, "t/name", mr_text_of("y"), &err), &err);
    assert_string_equal(watch.log, "write;fsync 2;rename name;fsync t;");
    watch_calls(NULL, 0, 0);
    fixture_ok(mr_blob_copy(blobs, "t/name", "t/copy", &err), &err);
    assert_string_equal(watch.log, "link copy;");
    fixture_ok(mr_blobs_sync(blobs, &err), &err);
    assert_string_equal(watch.log, "link copy;fsync t;");
    watch_calls(NULL, 0, 0); /* one that is there may not have been synced by whoever made it */
    assert_int_equal(mr_blob_copy(blobs, "t/name", "t/copy", &err), MR_EXISTS);
    fixture_ok(mr_blobs_sync(blobs, &err), &err);
    assert_string_equal(watch.log, "link copy;fsync t;");
}

static void new_folders_are_made_safe_from_the_top(void **state)
{
    mr_blobs *blobs = ((lake_fixture *)*state)->blobs;
    mr_err err;

    fixture_ok(mr_blob_create(blobs, "first", mr_text_of("x"), &err), &err);
    watch_calls(NULL, 0, 0);
    fixture_ok(mr_blob_create(blobs, "a/b/name", mr_text_of("x"), &err), &err);
    assert_string_equal(watch.log, "write;fsync 1;link name;fsync lake;fsync a;link name;fsync b;");
}

static void imports_are_made_safe_together(void **state)
{
    mr_blobs *blobs = ((lake_fixture *)*state)->blobs;
    char file[512];
    char *stage = NULL;
    mr_err err;

    fixture_ok(mr_blob_create(blobs, "t/first", mr_text_of("x"), &err), &err);
    fixture_ok(mr_blobs_stage(blobs, &stage, &err), &err);
    watch_calls(NULL, 0, 0);
    for (int i = 0; i < 2; i++) {
        char name[32];
        (void)snprintf(file, sizeof file, "%s/file%d", stage, i);
        (void)snprintf(name, sizeof name, "t/part-%d", i);
        watch.on = false;
        contract_write_file(file, "rows");
        watch.on = true;
        fixture_ok(mr_blob_import_file(blobs, file, name, &err), &err);
    }
    assert_string_equal(watch.log, "fsync file0;link part-0;fsync file1;link part-1;");
    watch_calls(NULL, 0, 0);
    fixture_ok(mr_blobs_sync(blobs, &err), &err);
    assert_string_equal(watch.log, "fsync t;");
    watch_calls(NULL, 0, 0);
    fixture_ok(mr_blobs_sync(blobs, &err), &err);
    assert_string_equal(watch.log, "");
    mr_blobs_unstage(blobs, stage);
}

/* --- Failures --------------------------------------------------------------------------------- */

static void expect_failure(mr_blobs *blobs, const char *call, int reason, mr_status expected)
{
    mr_blob blob;
    mr_err err;

    watch_calls(call, reason, 0);
    assert_int_equal(mr_blob_create(blobs, "t/name", mr_text_of("x"), &err), expected);
    watch.on = false;
    assert_int_equal(mr_blob_find(blobs, "t/name", &blob, &err), MR_NOT_FOUND);
}

static void what_fails_half_way_is_not_there(void **state)
{
    mr_blobs *blobs = ((lake_fixture *)*state)->blobs;
    mr_err err;

    expect_failure(blobs, "write", ENOSPC, MR_FULL);
    expect_failure(blobs, "write", EIO, MR_IO);
    expect_failure(blobs, "fsync", EIO, MR_IO);
    expect_failure(blobs, "fsync", ENOSPC, MR_FULL);
    expect_failure(blobs, "link", EDQUOT, MR_FULL);
    fixture_ok(mr_blob_create(blobs, "t/name", mr_text_of("first"), &err), &err);
    watch_calls("rename", EIO, 0);
    assert_int_equal(mr_blob_replace(blobs, "t/name", mr_text_of("second"), &err), MR_IO);
    watch.on = false;
    contract_expect(blobs, "t/name", "first");
}

static void a_name_that_may_not_last_is_an_unknown_outcome(void **state)
{
    mr_blobs *blobs = ((lake_fixture *)*state)->blobs;
    mr_err err;

    fixture_ok(mr_blob_create(blobs, "t/first", mr_text_of("x"), &err), &err);
    watch_calls("fsync", EIO, 1);
    assert_int_equal(mr_blob_create(blobs, "t/name", mr_text_of("x"), &err), MR_UNKNOWN_OUTCOME);
    contract_expect(blobs, "t/name", "x");
    watch_calls(NULL, 0, 0);
    fixture_ok(mr_blobs_sync(blobs, &err), &err); /* is tried again */
    assert_string_equal(watch.log, "fsync t;");
}

static void an_unknown_outcome_of_a_commit_is_settled_by_its_id(void **state)
{
    lake_fixture *fixture = *state;

    fixture_create(fixture->table);
    mr_delta_snapshot *base = fixture_read(fixture->table);
    const mr_delta_file file = fixture_data_file("a", 3);
    const mr_delta_commit commit = {
        .operation = "WRITE", .adds = &file, .add_count = 1, .append_only = true};
    int64_t version;
    mr_err err;
    watch_calls("fsync", EIO, 1); /* of the log's folder: the entry is there already */
    fixture_ok(mr_delta_commit_to(fixture->table, base, &commit, &version, &err), &err);
    assert_int_equal(version, 1);
    watch.on = false;
    mr_delta_snapshot_free(base);
    assert_int_equal(fixture_append(fixture->table, "b"), 2);
}

static void another_file_system_or_too_many_links_is_a_copy(void **state)
{
    mr_blobs *blobs = ((lake_fixture *)*state)->blobs;
    static const int reasons[] = {EXDEV, EMLINK, EPERM};
    mr_err err;

    fixture_ok(mr_blob_create(blobs, "t/from", mr_text_of("content"), &err), &err);
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "t/to%zu", i);
        watch_calls("link", reasons[i], 0);
        fixture_ok(mr_blob_copy(blobs, "t/from", name, &err), &err);
        assert_non_null(strstr(watch.log, "write;fsync "));
        watch.on = false;
        contract_expect(blobs, name, "content");
    }
}

static void a_copy_is_as_young_as_it_is(void **state)
{
    lake_fixture *fixture = *state;
    char path[fixture_path_bytes_max];
    const struct timespec old[2] = {{1000, 0}, {1000, 0}};
    mr_blob blob;
    mr_err err;

    fixture_put(fixture, "t/from", "x");
    fixture_file(fixture, "t/from", path);
    assert_int_equal(utimensat(AT_FDCWD, path, old, 0), 0);
    fixture_ok(mr_blob_copy(fixture->blobs, "t/from", "t/to", &err), &err);
    fixture_ok(mr_blob_find(fixture->blobs, "t/to", &blob, &err), &err);
    assert_true(blob.modified_ms > 1000000); /* clearing away old files must not find it */
}

/* --- The folder ------------------------------------------------------------------------------- */

static void only_the_owner_may_look(void **state)
{
    lake_fixture *fixture = *state;
    char path[fixture_path_bytes_max];
    struct stat info;

    fixture_put(fixture, "t/x", "x");
    fixture_file(fixture, "t/x", path);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    fixture_file(fixture, "t", path);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0700);
}

static void a_lake_may_lie_elsewhere_and_other_kinds_are_refused(void **state)
{
    lake_fixture *fixture = *state;
    char url[128];
    mr_blobs_options options = {.url = url, .data_folder = fixture->folder};
    mr_blobs *blobs = NULL;
    mr_err err;

    (void)snprintf(url, sizeof url, "file:%s/else/where", fixture->folder);
    fixture_ok(mr_blobs_open(&options, &blobs, &err), &err);
    assert_string_equal(mr_blobs_url(blobs), url);
    mr_blobs_close(blobs);
    options.url = "s3://secret@account/x";
    assert_int_equal(mr_blobs_open(&options, &blobs, &err), MR_UNSUPPORTED);
    assert_non_null(strstr(err.message, "file:"));
    assert_null(strstr(err.message, "secret"));
    (void)snprintf(url, sizeof url, "file:/dev/null/x");
    options.url = url;
    assert_int_not_equal(mr_blobs_open(&options, &blobs, &err), MR_OK);
}

/* --- Stages ----------------------------------------------------------------------------------- */

static int count_stages(const lake_fixture *fixture)
{
    char path[fixture_path_bytes_max];
    int count = 0;

    fixture_file(fixture, "_stage", path);
    DIR *folder = opendir(path);
    assert_non_null(folder);
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        count += entry->d_name[0] != '.' ? 1 : 0;
    }
    (void)closedir(folder);
    return count;
}

static void stages_of_the_dead_are_removed_and_of_the_living_not(void **state)
{
    lake_fixture *fixture = *state;
    char file[512];
    char *living = NULL;
    char *mine = NULL;
    int status = 0;
    mr_err err;
    mr_blobs *other = fixture_open(fixture);

    fixture_ok(mr_blobs_stage(other, &living, &err), &err);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        char *stage = NULL;
        mr_blobs *blobs = fixture_open(fixture);
        bool staged = mr_blobs_stage(blobs, &stage, NULL) == MR_OK;
        (void)snprintf(file, sizeof file, "%s/deep", staged ? stage : "/nowhere");
        (void)mkdir(file, 0700);
        (void)snprintf(file, sizeof file, "%s/deep/half", staged ? stage : "/nowhere");
        int fd = open(file, O_CREAT | O_WRONLY, 0600);
        _exit(fd >= 0 ? 0 : 1); /* without a word, as if killed */
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(count_stages(fixture), 4); /* two folders with their locks */
    fixture_ok(mr_blobs_stage(fixture->blobs, &mine, &err), &err);
    assert_int_equal(count_stages(fixture), 4); /* that of the dead made room for mine */
    assert_int_equal(access(living, F_OK), 0);
    mr_blobs_unstage(fixture->blobs, mine);
    mr_blobs_unstage(other, living);
    assert_int_equal(count_stages(fixture), 0);
    mr_blobs_close(other);
}

static void closing_leaves_no_stage_behind(void **state)
{
    lake_fixture *fixture = *state;
    mr_blobs *other = fixture_open(fixture);
    char *stage = NULL;
    mr_err err;

    fixture_ok(mr_blobs_stage(other, &stage, &err), &err);
    fixture_ok(mr_blob_create(other, "x", mr_text_of("x"), &err), &err);
    free(stage); /* forgotten */
    mr_blobs_close(other);
    assert_int_equal(count_stages(fixture), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, watched_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BLOB_CONTRACT_TESTS(fixture_setup, fixture_teardown),
        TEST(a_name_appears_after_its_content_is_safe_and_is_made_safe_itself),
        TEST(new_folders_are_made_safe_from_the_top),
        TEST(imports_are_made_safe_together),
        TEST(what_fails_half_way_is_not_there),
        TEST(a_name_that_may_not_last_is_an_unknown_outcome),
        TEST(an_unknown_outcome_of_a_commit_is_settled_by_its_id),
        TEST(another_file_system_or_too_many_links_is_a_copy),
        TEST(a_copy_is_as_young_as_it_is),
        TEST(only_the_owner_may_look),
        TEST(a_lake_may_lie_elsewhere_and_other_kinds_are_refused),
        TEST(stages_of_the_dead_are_removed_and_of_the_living_not),
        TEST(closing_leaves_no_stage_behind),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
