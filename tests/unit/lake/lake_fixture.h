/* SPDX-License-Identifier: Apache-2.0 */
/* tests/unit/lake/lake_fixture.h - a lake in a temporary folder, tables and commits in a line of C.
 */
#ifndef MR_TESTS_LAKE_FIXTURE_H
#define MR_TESTS_LAKE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/memory.h"
#include "lake/delta.h"

enum { fixture_folder_bytes_max = 64, fixture_path_bytes_max = 512 };

typedef struct lake_fixture {
    char folder[fixture_folder_bytes_max]; /* the lake is in lake/ below */
    mr_blobs *blobs;
    mr_delta_table *table; /* bronze/events */
} lake_fixture;

static const mr_delta_field fixture_fields[] = {
    {.name = "id", .type = "long", .not_null = true},
    {.name = "name", .type = "string", .comment = "what it is called"},
};
static const mr_delta_schema fixture_schema = {.fields = fixture_fields, .field_count = 2};

static inline void fixture_ok(mr_status status, const mr_err *err)
{
    if (status != MR_OK) {
        fail_msg("%s: %s", mr_status_name(status), err->message);
    }
}

static inline mr_blobs *fixture_open(const lake_fixture *fixture)
{
    const mr_blobs_options options = {.url = "file:", .data_folder = fixture->folder};
    mr_blobs *blobs = NULL;
    mr_err err = {.message = ""};

    fixture_ok(mr_blobs_open(&options, &blobs, &err), &err);
    return blobs;
}

static inline int fixture_setup(void **state)
{
    lake_fixture *fixture = mr_alloc_zero(1, sizeof *fixture);

    (void)snprintf(fixture->folder, sizeof fixture->folder, "/tmp/millrace-lake-XXXXXX");
    assert_non_null(mkdtemp(fixture->folder));
    fixture->blobs = fixture_open(fixture);
    fixture->table = mr_delta_table_create(fixture->blobs, "bronze/events");
    *state = fixture;
    return 0;
}

static inline void fixture_remove(const char *folder)
{
    pid_t child = fork();

    if (child == 0) {
        (void)execlp("rm", "rm", "-rf", folder, (char *)NULL);
        _exit(1);
    }
    int status = 0;
    (void)waitpid(child, &status, 0);
}

static inline int fixture_teardown(void **state)
{
    lake_fixture *fixture = *state;

    mr_delta_table_destroy(fixture->table);
    mr_blobs_close(fixture->blobs);
    fixture_remove(fixture->folder);
    free(fixture);
    return 0;
}

/* --- Files of the lake as they lie on the disk. --- */

static inline void fixture_file(const lake_fixture *fixture, const char *name, char *path)
{
    (void)snprintf(path, fixture_path_bytes_max, "%s/lake/%.400s", fixture->folder, name);
}

static inline bool fixture_exists(const lake_fixture *fixture, const char *name)
{
    char path[fixture_path_bytes_max];

    fixture_file(fixture, name, path);
    return access(path, F_OK) == 0;
}

/* Behind the program's back. */
static inline void fixture_put(const lake_fixture *fixture, const char *name, const char *content)
{
    mr_err err;

    fixture_ok(mr_blob_replace(fixture->blobs, name, mr_text_of(content), &err), &err);
}

static inline char *fixture_get(const lake_fixture *fixture, const char *name)
{
    mr_buffer content;
    mr_err err;

    mr_buffer_init(&content, 64 << 20);
    fixture_ok(mr_blob_read(fixture->blobs, name, &content, &err), &err);
    assert_true(mr_buffer_append(&content, "", 1));
    return content.data;
}

static inline char *fixture_get_entry(const lake_fixture *fixture, int64_t version)
{
    char name[fixture_path_bytes_max];

    (void)snprintf(name, sizeof name, "bronze/events/_delta_log/%020lld.json", (long long)version);
    return fixture_get(fixture, name);
}

static inline void fixture_put_entry(const lake_fixture *fixture, int64_t version,
                                     const char *content)
{
    char name[fixture_path_bytes_max];

    (void)snprintf(name, sizeof name, "bronze/events/_delta_log/%020lld.json", (long long)version);
    fixture_put(fixture, name, content);
}

/* --- Commits --- */

static inline mr_delta_snapshot *fixture_read(mr_delta_table *table)
{
    mr_delta_snapshot *snapshot = NULL;
    mr_err err = {.message = ""};

    fixture_ok(mr_delta_read(table, &snapshot, &err), &err);
    return snapshot;
}

/* Version 0, with the fixture's schema. */
static inline void fixture_create(mr_delta_table *table)
{
    const mr_delta_commit commit = {
        .operation = "CREATE TABLE", .schema = &fixture_schema, .data_change = true};
    int64_t version = -1;
    mr_err err = {.message = ""};

    fixture_ok(mr_delta_commit_to(table, NULL, &commit, &version, &err), &err);
    assert_int_equal(version, 0);
}

static inline mr_delta_file fixture_data_file(const char *path, int64_t rows)
{
    return (mr_delta_file){.path = path,
                           .bytes = 100 + (uint64_t)rows,
                           .modified_ms = 1700000000000,
                           .rows = rows,
                           .stats = rows == 3 ? "{\"numRecords\":3}" : NULL,
                           .data_change = true};
}

/* Appends one file of 3 rows blindly, on the newest version. */
static inline int64_t fixture_append(mr_delta_table *table, const char *path)
{
    mr_delta_snapshot *base = fixture_read(table);
    const mr_delta_file file = fixture_data_file(path, 3);
    const mr_delta_commit commit = {.operation = "WRITE",
                                    .adds = &file,
                                    .add_count = 1,
                                    .append_only = true,
                                    .data_change = true};
    int64_t version = -1;
    mr_err err = {.message = ""};

    fixture_ok(mr_delta_commit_to(table, base, &commit, &version, &err), &err);
    mr_delta_snapshot_free(base);
    return version;
}

static inline const mr_delta_file *fixture_find(const mr_delta_snapshot *snapshot, const char *path)
{
    for (size_t i = 0; i < mr_delta_file_count(snapshot); i++) {
        if (strcmp(mr_delta_file_at(snapshot, i)->path, path) == 0) {
            return mr_delta_file_at(snapshot, i);
        }
    }
    return NULL;
}

static inline mr_delta_file fixture_file_of(const mr_delta_snapshot *snapshot, const char *path)
{
    const mr_delta_file *file = fixture_find(snapshot, path);

    return file != NULL ? *file : (mr_delta_file){.path = "missing"};
}

#endif
