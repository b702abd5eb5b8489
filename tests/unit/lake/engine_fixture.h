/* SPDX-License-Identifier: Apache-2.0 */
/* tests/unit/lake/engine_fixture.h - a lake and the engine: write a select, ask a question. */
#ifndef MR_TESTS_ENGINE_FIXTURE_H
#define MR_TESTS_ENGINE_FIXTURE_H

#include "lake/delta_sql.h"
#include "lake/lake_fixture.h"

typedef struct engine_fixture {
    lake_fixture *lake;
    mr_olap *olap;
    mr_olap_connection *connection;
} engine_fixture;

static inline int engine_setup(void **state)
{
    engine_fixture *fixture = mr_alloc_zero(1, sizeof *fixture);
    const mr_olap_options options = {.threads = 2};
    void *lake = NULL;
    mr_err err = {.message = ""};

    assert_int_equal(fixture_setup(&lake), 0);
    fixture->lake = lake;
    fixture_ok(mr_olap_open(&options, &fixture->olap, &err), &err);
    fixture_ok(mr_olap_connect(fixture->olap, &fixture->connection, &err), &err);
    *state = fixture;
    return 0;
}

static inline int engine_teardown(void **state)
{
    engine_fixture *fixture = *state;
    void *lake = fixture->lake;

    mr_olap_disconnect(fixture->connection);
    mr_olap_close(fixture->olap);
    free(fixture);
    return fixture_teardown(&lake);
}

static inline void engine_create(engine_fixture *fixture, const mr_delta_schema *schema)
{
    const mr_delta_commit commit = {
        .operation = "CREATE TABLE", .schema = schema, .data_change = true};
    int64_t version = -1;
    mr_err err = {.message = ""};

    fixture_ok(mr_delta_commit_to(fixture->lake->table, NULL, &commit, &version, &err), &err);
}

/* Writes and commits; returns the rows. */
static inline int64_t engine_append(engine_fixture *fixture, const mr_delta_write *write)
{
    mr_delta_snapshot *base = fixture_read(fixture->lake->table);
    mr_delta_files *files = NULL;
    int64_t version = -1;
    mr_err err = {.message = ""};

    fixture_ok(mr_delta_write_rows(fixture->lake->table, fixture->connection, write, &files, &err),
               &err);
    const mr_delta_commit commit = {.operation = "WRITE",
                                    .adds = mr_delta_files_list(files),
                                    .add_count = mr_delta_files_count(files),
                                    .append_only = true,
                                    .data_change = true};
    fixture_ok(mr_delta_commit_to(fixture->lake->table, base, &commit, &version, &err), &err);
    int64_t rows = mr_delta_files_rows(files);
    mr_delta_files_free(files);
    mr_delta_snapshot_free(base);
    return rows;
}

/* The answer's rows as lines, values with '|' between; malloc'd. */
static inline char *engine_answer(engine_fixture *fixture, mr_buffer *sql)
{
    mr_olap_result *result = NULL;
    mr_buffer text;
    mr_err err = {.message = ""};
    mr_status status;

    mr_buffer_init(&text, 16 << 20);
    assert_true(mr_buffer_append(sql, "", 1));
    fixture_ok(mr_olap_query(fixture->connection, sql->data, true, &result, &err), &err);
    while ((status = mr_olap_next(result, &err)) == MR_OK) {
        for (size_t i = 0; i < mr_olap_column_count(result); i++) {
            assert_true(mr_buffer_append_string(&text, i > 0 ? "|" : ""));
            if (mr_olap_is_null(result, i)) {
                assert_true(mr_buffer_append_string(&text, "NULL"));
            } else {
                assert_true(mr_olap_write_text(result, i, &text));
            }
        }
        assert_true(mr_buffer_append(&text, "\n", 1));
    }
    if (status != MR_NOT_FOUND) {
        fixture_ok(status, &err);
    }
    mr_olap_result_free(result);
    assert_true(mr_buffer_append(&text, "", 1));
    return text.data;
}

static inline void engine_expect_answer(engine_fixture *fixture, const char *question,
                                        const char *source, const char *expected)
{
    const char *place = strstr(question, "{}");
    mr_buffer sql;

    mr_buffer_init(&sql, 16 << 20);
    assert_non_null(place);
    assert_true(mr_buffer_append(&sql, question, (size_t)(place - question)) &&
                mr_buffer_append_string(&sql, source) && mr_buffer_append_string(&sql, place + 2));
    char *answer = engine_answer(fixture, &sql);
    assert_string_equal(answer, expected);
    free(answer);
    mr_buffer_free(&sql);
}

/* question: "SELECT ... FROM {}", which stands for the table as it is. */
static inline void engine_expect(engine_fixture *fixture, const char *question,
                                 const char *expected)
{
    mr_delta_snapshot *snapshot = fixture_read(fixture->lake->table);
    mr_buffer source;
    mr_err err = {.message = ""};

    mr_buffer_init(&source, 16 << 20);
    fixture_ok(mr_delta_relation(fixture->lake->table, snapshot, NULL, 0, &source, &err), &err);
    assert_true(mr_buffer_append(&source, "", 1));
    engine_expect_answer(fixture, question, source.data, expected);
    mr_buffer_free(&source);
    mr_delta_snapshot_free(snapshot);
}

/* {} stands for the path of one data file. */
static inline void engine_expect_file(engine_fixture *fixture, size_t index, const char *question,
                                      const char *expected)
{
    mr_delta_snapshot *snapshot = fixture_read(fixture->lake->table);
    char path[2 * fixture_path_bytes_max];

    (void)snprintf(path, sizeof path, "'%s/lake/bronze/events/%s'", fixture->lake->folder,
                   mr_delta_file_at(snapshot, index)->path);
    engine_expect_answer(fixture, question, path, expected);
    mr_delta_snapshot_free(snapshot);
}

/* For added_since, where only its status counts. */
static inline bool engine_ignore(void *ctx, const mr_delta_file *file)
{
    (void)ctx;
    (void)file;
    return true;
}

static inline bool engine_count_one(void *ctx, const mr_blob *blob)
{
    (void)blob; /* that there is one more */
    *(size_t *)ctx += 1;
    return true;
}

static inline size_t engine_count_blobs(engine_fixture *fixture, const char *prefix)
{
    size_t count = 0;
    mr_err err = {.message = ""};

    fixture_ok(mr_blob_list(fixture->lake->blobs, prefix, NULL, engine_count_one, &count, &err),
               &err);
    return count;
}

#endif
