/* SPDX-License-Identifier: Apache-2.0 */
/* store/sqlite_db.c - one SQLite database file: opening, migrating, prepared statements, errors.
 *
 * Owns:       the connection and its statements.
 * Called by:  store_sqlite*.c and ops_sqlite.c, on the thread that owns the database.
 * Invariants: (1) a migration and the user_version that records it are one transaction, taken with
 *                 the write lock held, so that processes starting together run it once;
 *             (2) a file with a user_version above ours is never written to.
 * Not here:   any table or query of a store.
 */
#include "store/sqlite_db.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/memory.h"

enum {
    mr_sqlite_wal_attempts_max = 500,
    mr_sqlite_wal_pause_ms = 10,
};

static mr_status status_of(const mr_sqlite *db, int code)
{
    int system_errno;

    switch (code & 0xff) {
    case SQLITE_FULL:
        return MR_FULL;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
        return MR_UNAVAILABLE;
    case SQLITE_INTERRUPT:
        return MR_STOPPED;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return MR_CORRUPT;
    case SQLITE_TOOBIG:
        return MR_LIMIT;
    case SQLITE_IOERR:
        system_errno = sqlite3_system_errno(db->handle);
        return system_errno == ENOSPC || system_errno == EDQUOT || system_errno == EFBIG ? MR_FULL
                                                                                         : MR_IO;
    default:
        return MR_IO;
    }
}

static const char *advice_of(mr_status status)
{
    switch ((int)status) {
    case MR_FULL:
        return "; free some space, the work then goes on by itself";
    case MR_UNAVAILABLE:
        return "; another process holds the database, the call may be repeated";
    case MR_STOPPED:
        return "; it took longer than it may, or whoever asked has gone";
    case MR_CORRUPT:
        return "; move the file and its -wal and -shm away and replay from the log";
    default:
        return "";
    }
}

mr_status mr_sqlite_fail(const mr_sqlite *db, int code, const char *operation, mr_err *err)
{
    mr_status status;

    MR_ASSERT((code & 0xff) != SQLITE_OK && (code & 0xff) != SQLITE_MISUSE);
    if ((code & 0xff) == SQLITE_NOMEM) {
        fprintf(stderr, "%s %s: %s: out of memory\n", db->what, db->path, operation);
        abort();
    }
    status = status_of(db, code);
    return mr_fail(err, status, "%s %s: %s: %s%s", db->what, db->path, operation,
                   db->handle != NULL ? sqlite3_errmsg(db->handle) : sqlite3_errstr(code),
                   advice_of(status));
}

mr_status mr_sqlite_exec(mr_sqlite *db, const char *sql, mr_err *err)
{
    int code = sqlite3_exec(db->handle, sql, NULL, NULL, NULL);

    return code == SQLITE_OK ? MR_OK : mr_sqlite_fail(db, code, sql, err);
}

void mr_sqlite_rollback(mr_sqlite *db)
{
    if (db->handle != NULL && sqlite3_get_autocommit(db->handle) == 0) {
        /* A rollback that fails leaves the transaction uncommitted all the same. */
        (void)sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
    }
}

/* --- Statements ------------------------------------------------------------------------------ */

mr_status mr_sqlite_prepare(mr_sqlite *db, size_t query, sqlite3_stmt **ret_statement, mr_err *err)
{
    int code;

    MR_ASSERT(query < db->query_count);
    if (db->statements[query] == NULL) {
        code = sqlite3_prepare_v3(db->handle, db->queries[query].sql, -1, SQLITE_PREPARE_PERSISTENT,
                                  &db->statements[query], NULL);
        if (code != SQLITE_OK) {
            return mr_sqlite_fail(db, code, db->queries[query].name, err);
        }
    }
    *ret_statement = db->statements[query];
    return MR_OK;
}

mr_status mr_sqlite_step(mr_sqlite *db, size_t query, mr_err *err)
{
    sqlite3_stmt *statement = db->statements[query];
    mr_status status;
    int code = sqlite3_step(statement);

    if (code == SQLITE_ROW) {
        return MR_OK;
    }
    status = MR_NOT_FOUND;
    if (code != SQLITE_DONE) {
        status = mr_sqlite_fail(db, code, db->queries[query].name, err);
    }
    (void)sqlite3_reset(statement); /* repeats the step's own code */
    return status;
}

mr_status mr_sqlite_run(mr_sqlite *db, size_t query, int *ret_changes, mr_err *err)
{
    mr_status status = mr_sqlite_step(db, query, err);

    MR_ASSERT(status != MR_OK);
    if (status != MR_NOT_FOUND) {
        return status;
    }
    if (ret_changes != NULL) {
        *ret_changes = sqlite3_changes(db->handle);
    }
    return MR_OK;
}

void mr_sqlite_reset(mr_sqlite *db, size_t query)
{
    (void)sqlite3_reset(db->statements[query]); /* the result of its last step, known already */
}

void mr_sqlite_bind_integer(sqlite3_stmt *statement, int index, int64_t value)
{
    int code = sqlite3_bind_int64(statement, index, value);

    MR_ASSERT(code == SQLITE_OK);
}

void mr_sqlite_bind_null(sqlite3_stmt *statement, int index)
{
    int code = sqlite3_bind_null(statement, index);

    MR_ASSERT(code == SQLITE_OK);
}

void mr_sqlite_bind_text(sqlite3_stmt *statement, int index, mr_text text)
{
    int code = sqlite3_bind_text(statement, index, text.data, (int)text.bytes, SQLITE_STATIC);

    MR_ASSERT(code == SQLITE_OK);
}

void mr_sqlite_bind_blob(sqlite3_stmt *statement, int index, const void *data, size_t bytes)
{
    int code = sqlite3_bind_blob(statement, index, data, (int)bytes, SQLITE_STATIC);

    MR_ASSERT(code == SQLITE_OK);
}

void mr_sqlite_bind_amount(sqlite3_stmt *statement, int index, mr_amount amount)
{
    char digits[mr_amount_text_bytes_max];
    size_t bytes = mr_amount_format(amount, 0, digits);
    int code = sqlite3_bind_text(statement, index, digits, (int)bytes, SQLITE_TRANSIENT);

    MR_ASSERT(code == SQLITE_OK);
}

mr_text mr_sqlite_column_text(sqlite3_stmt *statement, int index)
{
    const void *data = sqlite3_column_text(statement, index);

    return (mr_text){data, (size_t)sqlite3_column_bytes(statement, index)};
}

mr_text mr_sqlite_column_blob(sqlite3_stmt *statement, int index)
{
    const void *data = sqlite3_column_blob(statement, index);

    return (mr_text){data, (size_t)sqlite3_column_bytes(statement, index)};
}

void mr_sqlite_column_string(sqlite3_stmt *statement, int index, char *ret_string, size_t capacity)
{
    mr_text text = mr_sqlite_column_text(statement, index);
    size_t bytes = text.bytes < capacity ? text.bytes : capacity - 1;

    if (bytes > 0) {
        memcpy(ret_string, text.data, bytes);
    }
    ret_string[bytes] = '\0';
}

bool mr_sqlite_column_is_null(sqlite3_stmt *statement, int index)
{
    return sqlite3_column_type(statement, index) == SQLITE_NULL;
}

bool mr_sqlite_column_amount(sqlite3_stmt *statement, int index, mr_amount *ret_amount)
{
    return mr_amount_parse(mr_sqlite_column_text(statement, index), ret_amount);
}

/* --- Opening --------------------------------------------------------------------------------- */

static mr_status read_integer(mr_sqlite *db, const char *sql, int64_t *ret_value, mr_err *err)
{
    sqlite3_stmt *statement = NULL;
    int64_t value = 0;
    int code = sqlite3_prepare_v2(db->handle, sql, -1, &statement, NULL);

    if (code == SQLITE_OK) {
        code = sqlite3_step(statement);
        value = code == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
        code = sqlite3_finalize(statement);
    }
    if (code != SQLITE_OK) {
        return mr_sqlite_fail(db, code, sql, err);
    }
    *ret_value = value;
    return MR_OK;
}

/* Two processes that turn a new file to WAL at once meet SQLITE_BUSY, for which SQLite does not
 * call the busy handler. */
static mr_status set_wal(mr_sqlite *db, mr_err *err)
{
    int code = SQLITE_BUSY;
    int attempt;

    for (attempt = 0; attempt < mr_sqlite_wal_attempts_max; attempt++) {
        code = sqlite3_exec(db->handle, "PRAGMA journal_mode = WAL", NULL, NULL, NULL);
        if ((code & 0xff) != SQLITE_BUSY) {
            break;
        }
        (void)sqlite3_sleep(mr_sqlite_wal_pause_ms);
    }
    return code == SQLITE_OK ? MR_OK : mr_sqlite_fail(db, code, "turn to WAL mode", err);
}

static mr_status refuse_newer(const mr_sqlite *db, int64_t version, int known, mr_err *err)
{
    return mr_fail(err, MR_UNSUPPORTED,
                   "%s %s: its schema has version %lld, this millrace knows up to %d; use a newer "
                   "millrace, or another data folder",
                   db->what, db->path, (long long)version, known);
}

static mr_status run_migrations(mr_sqlite *db, const mr_sqlite_options *options, mr_err *err)
{
    char record[64];
    int64_t version = 0;
    int code = SQLITE_OK;
    mr_status status = read_integer(db, "PRAGMA user_version", &version, err);

    if (status != MR_OK) {
        return status;
    }
    if (version > options->migration_count) {
        return refuse_newer(db, version, options->migration_count, err);
    }
    for (; version < options->migration_count && code == SQLITE_OK; version++) {
        code = sqlite3_exec(db->handle, options->migrations[version], NULL, NULL, NULL);
    }
    (void)snprintf(record, sizeof(record), "PRAGMA user_version = %lld", (long long)version);
    return code == SQLITE_OK ? mr_sqlite_exec(db, record, err)
                             : mr_sqlite_fail(db, code, "change the schema", err);
}

static mr_status migrate(mr_sqlite *db, const mr_sqlite_options *options, mr_err *err)
{
    int64_t version = 0;
    mr_status status = read_integer(db, "PRAGMA user_version", &version, err);

    if (status != MR_OK || version == options->migration_count) {
        return status;
    }
    if (version > options->migration_count) {
        return refuse_newer(db, version, options->migration_count, err);
    }
    status = mr_sqlite_exec(db, "BEGIN IMMEDIATE", err);
    if (status != MR_OK) {
        return status;
    }
    status = run_migrations(db, options, err);
    if (status == MR_OK) {
        status = mr_sqlite_exec(db, "COMMIT", err);
    }
    if (status != MR_OK) {
        mr_sqlite_rollback(db);
        return mr_fail_in(err, status, "migrate");
    }
    return MR_OK;
}

static mr_status check_version(mr_sqlite *db, const mr_sqlite_options *options, mr_err *err)
{
    int64_t version = 0;
    mr_status status = read_integer(db, "PRAGMA user_version", &version, err);

    if (status != MR_OK || version == options->migration_count) {
        return status;
    }
    if (version == 0) {
        return mr_fail(err, MR_NOT_FOUND, "%s %s: nothing has been stored yet", db->what, db->path);
    }
    if (version > options->migration_count) {
        return refuse_newer(db, version, options->migration_count, err);
    }
    return mr_fail(err, MR_UNAVAILABLE,
                   "%s %s: its schema has version %lld and needs version %d; start the role that "
                   "writes it, which brings it up to date",
                   db->what, db->path, (long long)version, options->migration_count);
}

/* SQLite would create the file readable for everyone; it holds customers' data. The -wal and -shm
 * files take the mode of this one. A file that stands already is not even opened: closing it would
 * drop every lock that other handles of this process hold on it (POSIX advisory locks). */
static mr_status create_file(const mr_sqlite *db, mr_err *err)
{
    int fd = open(db->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (fd < 0 && errno == EEXIST) {
        return MR_OK;
    }
    if (fd < 0) {
        return mr_fail_errno(err, errno, "%s %s: create", db->what, db->path);
    }
    (void)close(fd); /* nothing was written through it */
    return MR_OK;
}

static mr_status connect_file(mr_sqlite *db, const mr_sqlite_options *options, mr_err *err)
{
    mr_status status;
    int code;

    if (options->read_only && access(db->path, F_OK) != 0) {
        if (errno != ENOENT && errno != ENOTDIR) {
            return mr_fail_errno(err, errno, "%s %s: look at", db->what, db->path);
        }
        return mr_fail(err, MR_NOT_FOUND, "%s %s: nothing has been stored yet", db->what, db->path);
    }
    if (!options->read_only) {
        status = create_file(db, err);
        if (status != MR_OK) {
            return status;
        }
    }
    code =
        sqlite3_open_v2(db->path, &db->handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    if (code != SQLITE_OK) {
        return mr_sqlite_fail(db, code, "open", err);
    }
    (void)sqlite3_extended_result_codes(db->handle, 1); /* fails for no open handle */
    code = sqlite3_busy_timeout(db->handle, (int)options->timeout_ms);
    MR_ASSERT(code == SQLITE_OK);
    return MR_OK;
}

static mr_status set_up(mr_sqlite *db, const mr_sqlite_options *options, mr_err *err)
{
    mr_status status = mr_sqlite_exec(db, options->pragmas, err);

    if (status != MR_OK) {
        return status;
    }
    if (options->read_only) {
        status = check_version(db, options, err);
        return status != MR_OK ? status : mr_sqlite_exec(db, "PRAGMA query_only = ON", err);
    }
    status = mr_sqlite_exec(
        db, options->durable_commits ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL",
        err);
    if (status == MR_OK) {
        status = set_wal(db, err);
    }
    return status != MR_OK ? status : migrate(db, options, err);
}

mr_status mr_sqlite_open(const mr_sqlite_options *options, mr_sqlite *ret_db, mr_err *err)
{
    mr_sqlite db = {
        .path = mr_copy_string(options->path),
        .what = options->what,
        .queries = options->queries,
        .query_count = options->query_count,
        .durable_commits = options->durable_commits,
    };
    mr_status status;

    MR_ASSERT(options->query_count <= mr_sqlite_queries_max);
    status = connect_file(&db, options, err);
    if (status == MR_OK) {
        status = set_up(&db, options, err);
    }
    if (status != MR_OK) {
        mr_sqlite_close(&db);
        return status;
    }
    *ret_db = db;
    return MR_OK;
}

void mr_sqlite_close(mr_sqlite *db)
{
    size_t query;

    mr_sqlite_rollback(db);
    for (query = 0; query < db->query_count; query++) {
        (void)sqlite3_finalize(db->statements[query]); /* repeats its last step's code */
        db->statements[query] = NULL;
    }
    if (db->handle != NULL) {
        int code = sqlite3_close(db->handle);

        MR_ASSERT(code == SQLITE_OK);
        db->handle = NULL;
    }
    free(db->path);
    db->path = NULL;
}
