/* SPDX-License-Identifier: Apache-2.0 */
/* orchestrator/runs.c - runs and tasks in SQLite; see runs.h.
 *
 * Owns:       <data_folder>/runs.db. A file of its own: it is written with every step of a run, and
 *             ops.db, which the gateway asks about keys, shall not wait for that.
 * Invariants: (1) an instant of the schedule has at most one run (a unique index);
 *             (2) a key has at most one run that has not failed, been cancelled or asked to end
 *                 (another one);
 *             (3) every change is synced when its function, or mr_runs_commit, returns.
 */
#include "orchestrator/runs.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/civil.h"
#include "base/file.h"
#include "base/random.h"
#include "store/sqlite_db.h"

enum {
    timeout_ms = 5000,
    id_tries_max = 8,
    day_s = 86400,
    date_characters = 10,
    forget_at_once_max = 1000,
};

typedef enum runs_query {
    QUERY_ADD,
    QUERY_NEXT,
    QUERY_FIND,
    QUERY_KEYED,
    QUERY_LAST,
    QUERY_LIST,
    QUERY_QUEUED,
    QUERY_SAVE,
    QUERY_CANCEL,
    QUERY_TASK_SAVE,
    QUERY_TASK_LIST,
    QUERY_TASK_REPORT,
    QUERY_NOTE_READ,
    QUERY_NOTE_WRITE,
    QUERY_OLD,
    QUERY_FORGET_TASKS,
    QUERY_FORGET,
    QUERY_COUNT,
} runs_query;

/* Queued, running, success or skipped: who asks again with its key is given it. */
#define IS_KEYED "request_key <> '' AND cancel_asked = 0 AND state IN (0, 1, 2, 4)"

static const char *const migrations[] = {
    "CREATE TABLE pipeline_run ("
    " sequence INTEGER PRIMARY KEY AUTOINCREMENT,"
    " id TEXT NOT NULL UNIQUE,"
    " kind INTEGER NOT NULL,"
    " state INTEGER NOT NULL,"
    " target TEXT NOT NULL,"
    " date TEXT NOT NULL,"
    " full_refresh INTEGER NOT NULL,"
    " cancel_asked INTEGER NOT NULL DEFAULT 0,"
    " due_ms INTEGER NOT NULL,"
    " from_ms INTEGER NOT NULL,"
    " until_ms INTEGER NOT NULL,"
    " created_ms INTEGER NOT NULL,"
    " started_ms INTEGER NOT NULL,"
    " ended_ms INTEGER NOT NULL,"
    " reason TEXT NOT NULL) STRICT;"
    "CREATE UNIQUE INDEX pipeline_run_due ON pipeline_run (due_ms) WHERE kind = 0;"
    "CREATE INDEX pipeline_run_open ON pipeline_run (state) WHERE state < 2;"
    "CREATE TABLE pipeline_task ("
    " run_id TEXT NOT NULL,"
    " name TEXT NOT NULL,"
    " position INTEGER NOT NULL,"
    " state INTEGER NOT NULL,"
    " attempts INTEGER NOT NULL,"
    " failures INTEGER NOT NULL,"
    " started_ms INTEGER NOT NULL,"
    " ended_ms INTEGER NOT NULL,"
    " next_ms INTEGER NOT NULL,"
    " exit_status INTEGER NOT NULL,"
    " reason TEXT NOT NULL,"
    " report TEXT,"
    " PRIMARY KEY (run_id, name)) STRICT;"
    "CREATE TABLE pipeline_note (name TEXT PRIMARY KEY, text TEXT NOT NULL) STRICT;",
    "ALTER TABLE pipeline_run ADD COLUMN request_key TEXT NOT NULL DEFAULT '';"
    "CREATE UNIQUE INDEX pipeline_run_key ON pipeline_run (request_key) WHERE " IS_KEYED ";",
};

#define RUN_COLUMNS                                                                \
    "id, kind, state, target, date, full_refresh, cancel_asked, due_ms, from_ms, " \
    "until_ms, created_ms, started_ms, ended_ms, reason, request_key"

static const mr_sqlite_query queries[QUERY_COUNT] = {
    [QUERY_ADD] = {"run_add",
                   "INSERT INTO pipeline_run (id, kind, state, target, date, full_refresh, due_ms,"
                   " from_ms, until_ms, created_ms, started_ms, ended_ms, reason, request_key)"
                   " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, 0, 0, ?11, ?12)"
                   " ON CONFLICT DO NOTHING"},
    [QUERY_NEXT] = {"run_next", "SELECT " RUN_COLUMNS " FROM pipeline_run WHERE state < 2"
                                " ORDER BY state DESC, kind = 3, sequence LIMIT 1"},
    [QUERY_FIND] = {"run_find", "SELECT " RUN_COLUMNS " FROM pipeline_run"
                                " WHERE substr(id, 1, length(?1)) = ?1 ORDER BY id LIMIT 2"},
    [QUERY_KEYED] = {"run_keyed", "SELECT " RUN_COLUMNS " FROM pipeline_run"
                                  " WHERE request_key = ?1 AND " IS_KEYED},
    [QUERY_LAST] = {"run_last", "SELECT " RUN_COLUMNS " FROM pipeline_run"
                                " ORDER BY sequence DESC LIMIT 1"},
    [QUERY_LIST] = {"run_list", "SELECT " RUN_COLUMNS " FROM pipeline_run"
                                " ORDER BY sequence DESC LIMIT ?1"},
    [QUERY_QUEUED] = {"run_queued",
                      "SELECT count(*) FROM pipeline_run WHERE state = 0 AND kind = ?1"},
    [QUERY_SAVE] = {"run_save", "UPDATE pipeline_run SET state = ?2, started_ms = ?3,"
                                " ended_ms = ?4, reason = ?5 WHERE id = ?1"},
    [QUERY_CANCEL] = {"run_cancel",
                      "UPDATE pipeline_run SET cancel_asked = 1 WHERE id = ?1 AND state < 2"},
    [QUERY_TASK_SAVE] =
        {"task_save",
         "INSERT INTO pipeline_task (run_id, name, position, state, attempts, failures,"
         " started_ms, ended_ms, next_ms, exit_status, reason, report)"
         " VALUES (?1, ?2, (SELECT count(*) FROM pipeline_task WHERE run_id = ?1),"
         " ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)"
         " ON CONFLICT (run_id, name) DO UPDATE SET state = ?3, attempts = ?4, failures = ?5,"
         " started_ms = ?6, ended_ms = ?7, next_ms = ?8, exit_status = ?9, reason = ?10,"
         " report = coalesce(?11, report)"},
    [QUERY_TASK_LIST] = {"task_list",
                         "SELECT name, state, attempts, failures, started_ms, ended_ms, next_ms,"
                         " exit_status, reason FROM pipeline_task WHERE run_id = ?1"
                         " ORDER BY position"},
    [QUERY_TASK_REPORT] = {"task_report",
                           "SELECT report FROM pipeline_task WHERE run_id = ?1 AND name = ?2"},
    [QUERY_NOTE_READ] = {"note_read", "SELECT text FROM pipeline_note WHERE name = ?1"},
    [QUERY_NOTE_WRITE] = {"note_write", "INSERT INTO pipeline_note (name, text) VALUES (?1, ?2)"
                                        " ON CONFLICT (name) DO UPDATE SET text = ?2"},
    [QUERY_OLD] = {"run_old", "SELECT id FROM (SELECT id, state, row_number() OVER"
                              " (PARTITION BY kind = 2 ORDER BY sequence DESC) AS age"
                              " FROM pipeline_run) WHERE age > ?1 AND state >= 2 LIMIT ?2"},
    [QUERY_FORGET_TASKS] = {"task_forget", "DELETE FROM pipeline_task WHERE run_id = ?1"},
    [QUERY_FORGET] = {"run_forget", "DELETE FROM pipeline_run WHERE id = ?1"},
};

struct mr_runs {
    mr_sqlite db;
};

/* --- Words ------------------------------------------------------------------------------------ */

const char *mr_run_kind_name(mr_run_kind kind)
{
    static const char *const names[] = {"scheduled", "manual", "continuous", "backfill"};

    MR_ASSERT((size_t)kind < sizeof names / sizeof names[0]);
    return names[kind];
}

const char *mr_run_state_name(mr_run_state state)
{
    static const char *const names[] = {"queued",  "running",   "success",  "failed",
                                        "skipped", "cancelled", "timed_out"};

    MR_ASSERT((size_t)state < sizeof names / sizeof names[0]);
    return names[state];
}

const char *mr_task_state_name(mr_task_state state)
{
    static const char *const names[] = {"waiting",   "running",     "retrying", "success",
                                        "skipped",   "passed_over", "failed",   "upstream_failed",
                                        "cancelled", "timed_out"};

    MR_ASSERT((size_t)state < sizeof names / sizeof names[0]);
    return names[state];
}

bool mr_run_has_ended(mr_run_state state)
{
    return state != MR_RUN_QUEUED && state != MR_RUN_RUNNING;
}

bool mr_task_has_ended(mr_task_state state)
{
    return state != MR_TASK_WAITING && state != MR_TASK_RUNNING && state != MR_TASK_RETRYING;
}

/* --- Opening ---------------------------------------------------------------------------------- */

mr_status mr_runs_open(const char *data_folder, bool look, mr_runs **ret_runs, mr_err *err)
{
    char *path = mr_path_join(data_folder, "runs.db");
    mr_runs *runs = mr_alloc_zero(1, sizeof *runs);
    mr_status status = look ? MR_OK : mr_folder_create(data_folder, err);

    if (look && access(path, F_OK) != 0) {
        status = mr_fail(err, MR_NOT_FOUND, "nothing has run yet: there is no %s", path);
    }
    if (status == MR_OK) {
        status = mr_sqlite_open(
            &(mr_sqlite_options){
                .path = path,
                .what = "runs",
                .pragmas = "PRAGMA cache_size = -512",
                .migrations = migrations,
                .migration_count = sizeof migrations / sizeof migrations[0],
                .queries = queries,
                .query_count = QUERY_COUNT,
                .durable_commits = true,
                .timeout_ms = timeout_ms,
            },
            &runs->db, err);
    }
    free(path);
    if (status != MR_OK) {
        free(runs);
        return status;
    }
    *ret_runs = runs;
    return MR_OK;
}

void mr_runs_close(mr_runs *runs)
{
    if (runs != NULL) {
        mr_sqlite_close(&runs->db);
        free(runs);
    }
}

mr_status mr_runs_begin(mr_runs *runs, mr_err *err)
{
    return mr_sqlite_exec(&runs->db, "BEGIN IMMEDIATE", err);
}

mr_status mr_runs_commit(mr_runs *runs, mr_err *err)
{
    const mr_status status = mr_sqlite_exec(&runs->db, "COMMIT", err);

    if (status != MR_OK) {
        mr_sqlite_rollback(&runs->db);
    }
    return status;
}

void mr_runs_rollback(mr_runs *runs)
{
    mr_sqlite_rollback(&runs->db);
}

/* --- Runs ------------------------------------------------------------------------------------- */

static void make_id(int64_t created_ms, char ret_id[static mr_run_id_bytes_max])
{
    const int64_t seconds = created_ms / 1000;
    const mr_civil_parts at = mr_civil_split((mr_civil){seconds});
    uint8_t random[2];

    mr_random_secret(random, sizeof random);
    (void)snprintf(ret_id, mr_run_id_bytes_max, "%04d%02u%02uT%02u%02u%02u%03dZ-%02x%02x",
                   at.year % 10000, at.month % 100u, at.day % 100u, at.hour % 100u,
                   at.minute % 100u, at.second % 100u, (int)(created_ms - seconds * 1000),
                   random[0], random[1]);
}

static mr_status insert(mr_runs *runs, const mr_run *run, int *ret_changes, mr_err *err)
{
    sqlite3_stmt *statement = NULL;
    mr_status status = mr_sqlite_prepare(&runs->db, QUERY_ADD, &statement, err);

    if (status != MR_OK) {
        return status;
    }
    mr_sqlite_bind_text(statement, 1, mr_text_of(run->id));
    mr_sqlite_bind_integer(statement, 2, run->kind);
    mr_sqlite_bind_integer(statement, 3, MR_RUN_QUEUED);
    mr_sqlite_bind_text(statement, 4, mr_text_of(run->target));
    mr_sqlite_bind_text(statement, 5, mr_text_of(run->date));
    mr_sqlite_bind_integer(statement, 6, run->full_refresh);
    mr_sqlite_bind_integer(statement, 7, run->due_ms);
    mr_sqlite_bind_integer(statement, 8, run->from_ms);
    mr_sqlite_bind_integer(statement, 9, run->until_ms);
    mr_sqlite_bind_integer(statement, 10, run->created_ms);
    mr_sqlite_bind_text(statement, 11, mr_text_of(run->reason));
    mr_sqlite_bind_text(statement, 12, mr_text_of(run->key));
    return mr_sqlite_run(&runs->db, QUERY_ADD, ret_changes, err);
}

mr_status mr_runs_add(mr_runs *runs, mr_run *run, mr_err *err)
{
    for (int attempt = 0; attempt < id_tries_max; attempt++) {
        mr_run known;
        int changes = 0;
        mr_status status;

        make_id(run->created_ms, run->id);
        status = insert(runs, run, &changes, err);
        if (status != MR_OK || changes > 0) {
            return status;
        }
        if (mr_runs_find(runs, run->id, &known, NULL) != MR_OK) {
            break; /* not the id is taken, but the instant */
        }
    }
    return mr_fail(err, MR_EXISTS, "this instant of the schedule has its run already");
}

static mr_run column_run(sqlite3_stmt *statement)
{
    mr_run run = {
        .kind = (mr_run_kind)sqlite3_column_int(statement, 1),
        .state = (mr_run_state)sqlite3_column_int(statement, 2),
        .full_refresh = sqlite3_column_int(statement, 5) != 0,
        .cancel_asked = sqlite3_column_int(statement, 6) != 0,
        .due_ms = sqlite3_column_int64(statement, 7),
        .from_ms = sqlite3_column_int64(statement, 8),
        .until_ms = sqlite3_column_int64(statement, 9),
        .created_ms = sqlite3_column_int64(statement, 10),
        .started_ms = sqlite3_column_int64(statement, 11),
        .ended_ms = sqlite3_column_int64(statement, 12),
    };

    mr_sqlite_column_string(statement, 0, run.id, sizeof run.id);
    mr_sqlite_column_string(statement, 3, run.target, sizeof run.target);
    mr_sqlite_column_string(statement, 4, run.date, sizeof run.date);
    mr_sqlite_column_string(statement, 13, run.reason, sizeof run.reason);
    mr_sqlite_column_string(statement, 14, run.key, sizeof run.key);
    return run;
}

static mr_status find_keyed(mr_runs *runs, const char *key, mr_run *ret_run, mr_err *err)
{
    sqlite3_stmt *statement = NULL;
    mr_status status = mr_sqlite_prepare(&runs->db, QUERY_KEYED, &statement, err);

    if (status == MR_OK) {
        mr_sqlite_bind_text(statement, 1, mr_text_of(key));
        status = mr_sqlite_step(&runs->db, QUERY_KEYED, err);
    }
    if (status == MR_OK) {
        *ret_run = column_run(statement);
        mr_sqlite_reset(&runs->db, QUERY_KEYED);
    }
    return status;
}

static mr_status join(const mr_run *known, mr_run *run, mr_err *err)
{
    if (strcmp(known->target, run->target) != 0 || strcmp(known->date, run->date) != 0 ||
        known->full_refresh != run->full_refresh) {
        return mr_fail(err, MR_EXISTS, "the key stands for run %s already, of %s%s%s%s", known->id,
                       known->target, known->date[0] != '\0' ? " on " : "", known->date,
                       known->full_refresh ? ", a full refresh" : "");
    }
    *run = *known;
    return MR_OK;
}

mr_status mr_runs_ask(mr_runs *runs, mr_run *run, bool *ret_joined, mr_err *err)
{
    mr_run known;
    bool joined = false;
    mr_status status = mr_runs_begin(runs, err);

    if (status == MR_OK && run->key[0] != '\0') {
        status = find_keyed(runs, run->key, &known, err);
        joined = status == MR_OK;
        status = status == MR_NOT_FOUND ? MR_OK : status;
    }
    if (status == MR_OK) {
        status = joined ? join(&known, run, err) : mr_runs_add(runs, run, err);
    }
    if (status == MR_OK) {
        status = mr_runs_commit(runs, err);
    }
    mr_runs_rollback(runs);
    if (status == MR_OK) {
        *ret_joined = joined;
    }
    return status;
}

mr_status mr_run_set_day(mr_run *run, const mr_zone *zone, mr_text day, mr_err *err)
{
    mr_civil start = {0};

    if (day.bytes != date_characters || !mr_civil_parse(day, &start) ||
        start.seconds % day_s != 0) {
        return mr_fail(err, MR_INVALID, "'%.*s' is no day like 2026-11-23",
                       (int)(day.bytes < 40 ? day.bytes : 40), day.data);
    }
    run->kind = MR_RUN_BACKFILL;
    (void)snprintf(run->date, sizeof run->date, "%.*s", MR_TEXT_ARGS(day));
    run->from_ms = mr_zone_instant(zone, start, NULL) * 1000;
    run->until_ms = mr_zone_instant(zone, (mr_civil){start.seconds + day_s}, NULL) * 1000;
    return MR_OK;
}

mr_status mr_runs_next(mr_runs *runs, mr_run *ret_run, mr_err *err)
{
    sqlite3_stmt *statement = NULL;
    mr_status status = mr_sqlite_prepare(&runs->db, QUERY_NEXT, &statement, err);

    if (status == MR_OK) {
        status = mr_sqlite_step(&runs->db, QUERY_NEXT, err);
    }
    if (status == MR_OK) {
        *ret_run = column_run(statement);
        mr_sqlite_reset(&runs->db, QUERY_NEXT);
    }
    return status;
}

mr_status mr_runs_find(mr_runs *runs, const char *id, mr_run *ret_run, mr_err *err)
{
    const size_t query = strcmp(id, "last") == 0 ? QUERY_LAST : QUERY_FIND;
    sqlite3_stmt *statement = NULL;
    mr_status status = mr_sqlite_prepare(&runs->db, query, &statement, err);

    if (status != MR_OK) {
        return status;
    }
    if (query == QUERY_FIND) {
        mr_sqlite_bind_text(statement, 1, mr_text_of(id));
    }
    status = mr_sqlite_step(&runs->db, query, err);
    if (status == MR_NOT_FOUND) {
        return mr_fail(err, MR_NOT_FOUND, "there is no run '%.40s'; millrace runs list shows them",
                       id);
    }
    if (status != MR_OK) {
        return status;
    }
    const mr_run run = column_run(statement);
    if (query == QUERY_FIND && mr_sqlite_step(&runs->db, query, err) == MR_OK) {
        mr_sqlite_reset(&runs->db, query);
        return mr_fail(err, MR_INVALID, "several runs begin with '%.40s'", id);
    }
    mr_sqlite_reset(&runs->db, query);
    *ret_run = run;
    return MR_OK;
}

mr_status mr_runs_list(mr_runs *runs, uint32_t count_max,
                       bool (*visit)(void *ctx, const mr_run *run), void *ctx, mr_err *err)
{
    sqlite3_stmt *statement = NULL;
    mr_status status = mr_sqlite_prepare(&runs->db, QUERY_LIST, &statement, err);

    if (status != MR_OK) {
        return status;
    }
    mr_sqlite_bind_integer(statement, 1, count_max);
    while ((status = mr_sqlite_step(&runs->db, QUERY_LIST, err)) == MR_OK) {
        const mr_run run = column_run(statement);

        if (!visit(ctx, &run)) {
            mr_sqlite_reset(&runs->db, QUERY_LIST);
            return MR_OK;
        }
    }
    return status == MR_NOT_FOUND ? MR_OK : status;
}

mr_status mr_runs_queued(mr_runs *runs, mr_run_kind kind, uint32_t *ret_count, mr_err *err)
{
    sqlite3_stmt *statement = NULL;
    mr_status status = mr_sqlite_prepare(&runs->db, QUERY_QUEUED, &statement, err);

    if (status != MR_OK) {
        return status;
    }
    mr_sqlite_bind_integer(statement, 1, kind);
    status = mr_sqlite_step(&runs->db, QUERY_QUEUED, err);
    if (status == MR_OK) {
        *ret_count = (uint32_t)sqlite3_column_int64(statement, 0);
        mr_sqlite_reset(&runs->db, QUERY_QUEUED);
    }
    return status;
}

mr_status mr_runs_save(mr_runs *runs, const mr_run *run, mr_err *err)
{
    sqlite3_stmt *statement = NULL;
    mr_status status = mr_sqlite_prepare(&runs->db, QUERY_SAVE, &statement, err);

    if (status != MR_OK) {
        return status;
    }
    mr_sqlite_bind_text(statement, 1, mr_text_of(run->id));
    mr_sqlite_bind_integer(statement, 2, run->state);
    mr_sqlite_bind_integer(statement, 3, run->started_ms);
    mr_sqlite_bind_integer(statement, 4, run->ended_ms);
    mr_sqlite_bind_text(statement, 5, mr_text_of(run->reason));
    return mr_sqlite_run(&runs->db, QUERY_SAVE, NULL, err);
}

mr_status mr_runs_ask_cancel(mr_runs *runs, const char *id, mr_err *err)
{
    sqlite3_stmt *statement = NULL;
    int changes = 0;
    mr_status status = mr_sqlite_prepare(&runs->db, QUERY_CANCEL, &statement, err);

    if (status != MR_OK) {
        return status;
    }
    mr_sqlite_bind_text(statement, 1, mr_text_of(id));
    status = mr_sqlite_run(&runs->db, QUERY_CANCEL, &changes, err);
    if (status == MR_OK && changes == 0) {
        return mr_fail(err, MR_NOT_FOUND, "run %s has ended already", id);
    }
    return status;
}

/* --- Tasks ------------------------------------------------------------------------------------ */

mr_status mr_runs_save_task(mr_runs *runs, const char *run_id, const mr_run_task *task,
                            mr_text report, mr_err *err)
{
    sqlite3_stmt *statement = NULL;
    mr_status status = mr_sqlite_prepare(&runs->db, QUERY_TASK_SAVE, &statement, err);

    if (status != MR_OK) {
        return status;
    }
    mr_sqlite_bind_text(statement, 1, mr_text_of(run_id));
    mr_sqlite_bind_text(statement, 2, mr_text_of(task->name));
    mr_sqlite_bind_integer(statement, 3, task->state);
    mr_sqlite_bind_integer(statement, 4, task->attempts);
    mr_sqlite_bind_integer(statement, 5, task->failures);
    mr_sqlite_bind_integer(statement, 6, task->started_ms);
    mr_sqlite_bind_integer(statement, 7, task->ended_ms);
    mr_sqlite_bind_integer(statement, 8, task->next_ms);
    mr_sqlite_bind_integer(statement, 9, task->exit_status);
    mr_sqlite_bind_text(statement, 10, mr_text_of(task->reason));
    mr_sqlite_bind_text(statement, 11, report);
    return mr_sqlite_run(&runs->db, QUERY_TASK_SAVE, NULL, err);
}

static mr_run_task column_task(sqlite3_stmt *statement)
{
    mr_run_task task = {
        .state = (mr_task_state)sqlite3_column_int(statement, 1),
        .attempts = sqlite3_column_int(statement, 2),
        .failures = sqlite3_column_int(statement, 3),
        .started_ms = sqlite3_column_int64(statement, 4),
        .ended_ms = sqlite3_column_int64(statement, 5),
        .next_ms = sqlite3_column_int64(statement, 6),
        .exit_status = sqlite3_column_int(statement, 7),
    };

    mr_sqlite_column_string(statement, 0, task.name, sizeof task.name);
    mr_sqlite_column_string(statement, 8, task.reason, sizeof task.reason);
    return task;
}

mr_status mr_runs_tasks(mr_runs *runs, const char *run_id,
                        mr_run_task ret_tasks[static mr_run_tasks_max], size_t *ret_count,
                        mr_err *err)
{
    sqlite3_stmt *statement = NULL;
    size_t count = 0;
    mr_status status = mr_sqlite_prepare(&runs->db, QUERY_TASK_LIST, &statement, err);

    if (status != MR_OK) {
        return status;
    }
    mr_sqlite_bind_text(statement, 1, mr_text_of(run_id));
    while ((status = mr_sqlite_step(&runs->db, QUERY_TASK_LIST, err)) == MR_OK) {
        if (count == mr_run_tasks_max) {
            mr_sqlite_reset(&runs->db, QUERY_TASK_LIST);
            return mr_fail(err, MR_CORRUPT, "run %s has more than %d tasks", run_id,
                           mr_run_tasks_max);
        }
        ret_tasks[count++] = column_task(statement);
    }
    if (status != MR_NOT_FOUND) {
        return status;
    }
    *ret_count = count;
    return MR_OK;
}

mr_status mr_runs_report(mr_runs *runs, const char *run_id, const char *task, mr_buffer *out,
                         mr_err *err)
{
    sqlite3_stmt *statement = NULL;
    mr_status status = mr_sqlite_prepare(&runs->db, QUERY_TASK_REPORT, &statement, err);

    if (status != MR_OK) {
        return status;
    }
    mr_sqlite_bind_text(statement, 1, mr_text_of(run_id));
    mr_sqlite_bind_text(statement, 2, mr_text_of(task));
    status = mr_sqlite_step(&runs->db, QUERY_TASK_REPORT, err);
    if (status == MR_OK) {
        if (!mr_buffer_append_text(out, mr_sqlite_column_text(statement, 0))) {
            status = mr_fail(err, MR_LIMIT, "the report of %s is too long", task);
        }
        mr_sqlite_reset(&runs->db, QUERY_TASK_REPORT);
    }
    return status == MR_NOT_FOUND ? MR_OK : status;
}

/* --- Notes ------------------------------------------------------------------------------------ */

mr_status mr_runs_note(mr_runs *runs, const char *name, char ret_text[static mr_run_note_bytes_max],
                       mr_err *err)
{
    sqlite3_stmt *statement = NULL;
    mr_status status = mr_sqlite_prepare(&runs->db, QUERY_NOTE_READ, &statement, err);

    if (status != MR_OK) {
        return status;
    }
    mr_sqlite_bind_text(statement, 1, mr_text_of(name));
    status = mr_sqlite_step(&runs->db, QUERY_NOTE_READ, err);
    if (status == MR_OK) {
        mr_sqlite_column_string(statement, 0, ret_text, mr_run_note_bytes_max);
        mr_sqlite_reset(&runs->db, QUERY_NOTE_READ);
    } else if (status == MR_NOT_FOUND) {
        ret_text[0] = '\0';
        status = MR_OK;
    }
    return status;
}

mr_status mr_runs_set_note(mr_runs *runs, const char *name, const char *text, mr_err *err)
{
    sqlite3_stmt *statement = NULL;
    mr_status status = mr_sqlite_prepare(&runs->db, QUERY_NOTE_WRITE, &statement, err);

    MR_ASSERT(strlen(text) < mr_run_note_bytes_max);
    if (status != MR_OK) {
        return status;
    }
    mr_sqlite_bind_text(statement, 1, mr_text_of(name));
    mr_sqlite_bind_text(statement, 2, mr_text_of(text));
    return mr_sqlite_run(&runs->db, QUERY_NOTE_WRITE, NULL, err);
}

/* --- Forgetting ------------------------------------------------------------------------------- */

static mr_status forget(mr_runs *runs, const char *id, mr_err *err)
{
    static const runs_query both[] = {QUERY_FORGET_TASKS, QUERY_FORGET};
    mr_status status = mr_runs_begin(runs, err);

    for (size_t index = 0; index < 2 && status == MR_OK; index++) {
        sqlite3_stmt *statement = NULL;

        status = mr_sqlite_prepare(&runs->db, both[index], &statement, err);
        if (status == MR_OK) {
            mr_sqlite_bind_text(statement, 1, mr_text_of(id));
            status = mr_sqlite_run(&runs->db, both[index], NULL, err);
        }
    }
    if (status == MR_OK) {
        status = mr_runs_commit(runs, err);
    }
    mr_runs_rollback(runs);
    return status;
}

mr_status mr_runs_prune(mr_runs *runs, uint32_t keep, void (*forgotten)(void *ctx, const char *id),
                        void *ctx, mr_err *err)
{
    for (int count = 0; count < forget_at_once_max; count++) {
        char id[mr_run_id_bytes_max];
        sqlite3_stmt *statement = NULL;
        mr_status status = mr_sqlite_prepare(&runs->db, QUERY_OLD, &statement, err);

        if (status != MR_OK) {
            return status;
        }
        mr_sqlite_bind_integer(statement, 1, keep);
        mr_sqlite_bind_integer(statement, 2, 1);
        status = mr_sqlite_step(&runs->db, QUERY_OLD, err);
        if (status != MR_OK) {
            return status == MR_NOT_FOUND ? MR_OK : status;
        }
        mr_sqlite_column_string(statement, 0, id, sizeof id);
        mr_sqlite_reset(&runs->db, QUERY_OLD);
        forgotten(ctx, id); /* the logs first: what is not in the history nobody would remove */
        status = forget(runs, id, err);
        if (status != MR_OK) {
            return status;
        }
    }
    return MR_OK;
}
