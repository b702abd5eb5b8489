/* SPDX-License-Identifier: Apache-2.0 */
/* bus/embedded_database.c - SQLite as the embedded log uses it: opening, errors, transactions.
 *
 * Called by:  the other embedded_*.c, each on the thread that owns the connection.
 * Invariants: a file is created and a schema written under a lock on the folder, so that two
 *             processes never both do it; a failed transaction is rolled back before its error is
 *             returned, so that the connection can be used again.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/file.h"
#include "bus/embedded.h"

static mr_status status_of(sqlite3 *db, int code)
{
    int reason = db == NULL ? 0 : sqlite3_system_errno(db);

    MR_ASSERT(code != SQLITE_OK && code != SQLITE_NOMEM && code != SQLITE_MISUSE);
    switch (code & 0xff) {
    case SQLITE_FULL:
        return MR_FULL;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
        return MR_UNAVAILABLE;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return MR_CORRUPT;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
        return reason == ENOSPC || reason == EDQUOT || reason == EFBIG ? MR_FULL : MR_IO;
    default:
        return MR_IO;
    }
}

/* What the operator can do, by status. */
static const char *way_out(mr_status st)
{
    if (st == MR_FULL) {
        return "; nothing of it was kept, free some disk space";
    }
    if (st == MR_UNAVAILABLE) {
        return "; another process holds the lock";
    }
    return st == MR_CORRUPT ? "; see 'Damaged log' in docs/operations.md" : "";
}

mr_status mr_embedded_fail(mr_err *err, sqlite3 *db, int code, const char *format, ...)
{
    mr_status st = status_of(db, code);
    char what[mr_err_message_bytes_max / 2];
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(what, sizeof(what), format, arguments);
    va_end(arguments);
    return mr_fail(err, st, "%s: %s (SQLite error %d)%s", what, sqlite3_errstr(code), code,
                   way_out(st));
}

mr_status mr_embedded_exec(sqlite3 *db, const char *sql, const char *name, mr_err *err)
{
    int code = sqlite3_exec(db, sql, NULL, NULL, NULL);
    return code == SQLITE_OK ? MR_OK : mr_embedded_fail(err, db, code, "%s: %.60s", name, sql);
}

mr_status mr_embedded_prepare(sqlite3 *db, const char *sql, const char *name,
                              sqlite3_stmt **ret_statement, mr_err *err)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL);
    if (code != SQLITE_OK) {
        return mr_embedded_fail(err, db, code, "%s: prepare %.60s", name, sql);
    }
    *ret_statement = statement;
    return MR_OK;
}

static mr_status fail_statement(sqlite3_stmt *statement, int code, const char *name, mr_err *err)
{
    return mr_embedded_fail(err, sqlite3_db_handle(statement), code, "%s: %.40s", name,
                            sqlite3_sql(statement));
}

mr_status mr_embedded_read_integer(sqlite3_stmt *statement, const char *name, bool *ret_found,
                                   int64_t *ret_value, mr_err *err)
{
    int code = sqlite3_step(statement);
    bool found = code == SQLITE_ROW && sqlite3_column_type(statement, 0) == SQLITE_INTEGER;
    int64_t value = found ? sqlite3_column_int64(statement, 0) : 0;
    (void)sqlite3_reset(statement); /* repeats the step's code */
    if (code != SQLITE_ROW && code != SQLITE_DONE) {
        return fail_statement(statement, code, name, err);
    }
    *ret_found = found;
    if (found) {
        *ret_value = value;
    }
    return MR_OK;
}

mr_status mr_embedded_run(sqlite3_stmt *statement, const char *name, mr_err *err)
{
    int code = sqlite3_step(statement);
    (void)sqlite3_reset(statement); /* repeats the step's code */
    MR_ASSERT(code != SQLITE_ROW);
    return code == SQLITE_DONE ? MR_OK : fail_statement(statement, code, name, err);
}

mr_status mr_embedded_begin(sqlite3 *db, const char *name, mr_err *err)
{
    int code = sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
    return code == SQLITE_OK ? MR_OK : mr_embedded_fail(err, db, code, "begin a write to %s", name);
}

mr_status mr_embedded_finish(sqlite3 *db, mr_status st, const char *name, mr_err *err)
{
    if (st == MR_OK) {
        int code = sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
        if (code != SQLITE_OK) {
            st = mr_embedded_fail(err, db, code, "commit to %s", name);
        }
    }
    if (sqlite3_get_autocommit(db) == 0) {
        (void)sqlite3_exec(db, "ROLLBACK", NULL, NULL,
                           NULL); /* the first error is the one to tell */
    }
    MR_ASSERT(sqlite3_get_autocommit(db) != 0);
    return st;
}

static mr_status pragma_integer(sqlite3 *db, const char *sql, const char *path, int64_t *ret_value,
                                mr_err *err)
{
    sqlite3_stmt *statement = NULL;
    bool found = false;
    mr_status st = mr_embedded_prepare(db, sql, path, &statement, err);
    if (st == MR_OK) {
        st = mr_embedded_read_integer(statement, path, &found, ret_value, err);
    }
    (void)sqlite3_finalize(statement); /* repeats the step's code */
    MR_ASSERT(st != MR_OK || found);
    return st;
}

/* The schema and its version are one transaction: a crash leaves an empty file, made anew. */
static mr_status create_schema(sqlite3 *db, const char *path, const mr_embedded_schema *schema,
                               mr_err *err)
{
    mr_status st = mr_embedded_exec(db, schema->prepare, path, err);
    if (st == MR_OK) {
        st = mr_embedded_begin(db, path, err);
    }
    if (st == MR_OK) {
        st = mr_embedded_exec(db, schema->create, path, err);
        st = mr_embedded_finish(db, st, path, err);
    }
    return st;
}

static mr_status check_schema(sqlite3 *db, const char *path, const mr_embedded_schema *schema,
                              mr_err *err)
{
    int64_t application_id = 0;
    int64_t version = 0;
    int64_t objects = 0;
    mr_status st = pragma_integer(db, "PRAGMA application_id", path, &application_id, err);
    if (st == MR_OK) {
        st = pragma_integer(db, "PRAGMA user_version", path, &version, err);
    }
    if (st == MR_OK) {
        st = pragma_integer(db, "SELECT count(*) FROM sqlite_schema", path, &objects, err);
    }
    if (st != MR_OK) {
        return st;
    }
    if (application_id == 0 && version == 0 && objects == 0) {
        return create_schema(db, path, schema, err);
    }
    if (application_id != schema->application_id) {
        return mr_fail(err, MR_INVALID,
                       "%s is a database, but not a %s of this log (application id %lld, not %d); "
                       "move it away or use another data folder",
                       path, schema->what, (long long)application_id, schema->application_id);
    }
    if (version != schema->version) {
        return mr_fail(err, MR_UNSUPPORTED,
                       "%s: the %s has format version %lld, this program knows %d; use the program "
                       "that wrote it",
                       path, schema->what, (long long)version, schema->version);
    }
    return MR_OK;
}

/* WAL needs shared memory, which some network file systems lack; without it readers and writers
 * would shut each other out. */
static mr_status check_wal(sqlite3 *db, const char *path, mr_err *err)
{
    int64_t wal = 0;
    mr_status st =
        pragma_integer(db, "SELECT journal_mode = 'wal' FROM pragma_journal_mode", path, &wal, err);
    if (st == MR_OK && wal != 1) {
        st = mr_fail(err, MR_UNSUPPORTED,
                     "%s: this file system cannot hold a write-ahead log; put the data folder on a "
                     "local disk",
                     path);
    }
    return st;
}

static mr_status connect_database(const char *path, const mr_embedded_schema *schema,
                                  sqlite3 **ret_db, mr_err *err)
{
    sqlite3 *db = NULL;
    int flags =
        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    int code = sqlite3_open_v2(path, &db, flags, NULL);
    if (code != SQLITE_OK) {
        mr_status st = mr_embedded_fail(err, db, code, "open %s", path);
        (void)sqlite3_close(db); /* nothing was done with it */
        return st;
    }
    (void)sqlite3_busy_timeout(db, mr_embedded_busy_ms_max); /* fails only on a bad handle */
    mr_status st = check_schema(db, path, schema, err);
    if (st == MR_OK) {
        st = check_wal(db, path, err);
    }
    if (st == MR_OK) {
        st = mr_embedded_exec(db, schema->connect, path, err);
    }
    if (st != MR_OK) {
        (void)sqlite3_close(db); /* nothing was done with it */
        return st;
    }
    *ret_db = db;
    return MR_OK;
}

/* SQLite would create the file readable for everyone; it holds customers' data. The -wal and -shm
 * files take the mode of this one. Never for a file that is there: closing a descriptor of it would
 * drop this process's locks on a database that it has open. */
static mr_status create_file(const char *path, mr_err *err)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (fd < 0) {
        return mr_fail_errno(err, errno, "create %s", path);
    }
    (void)close(fd); /* nothing was written through it */
    return MR_OK;
}

/* A file made just now is durable only when its folder is. */
static mr_status connect_and_sync_folder(int folder_fd, const char *path,
                                         const mr_embedded_schema *schema, sqlite3 **ret_db,
                                         mr_err *err)
{
    bool existed = access(path, F_OK) == 0;
    sqlite3 *db = NULL;
    mr_status st = existed ? MR_OK : create_file(path, err);
    if (st == MR_OK) {
        st = connect_database(path, schema, &db, err);
    }
    if (st == MR_OK && !existed && fsync(folder_fd) != 0) {
        st = mr_fail_errno(err, errno, "sync the folder of %s", path);
        (void)sqlite3_close(db); /* empty, and opened again on retry */
        return st;
    }
    if (st == MR_OK) {
        *ret_db = db;
    }
    return st;
}

mr_status mr_embedded_database_open(const char *folder, const char *file,
                                    const mr_embedded_schema *schema, sqlite3 **ret_db, mr_err *err)
{
    int folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder_fd < 0) {
        return mr_fail_errno(err, errno, "open folder %s", folder);
    }
    char *path = mr_path_join(folder, file);
    mr_status st;
    if (flock(folder_fd, LOCK_EX) != 0) {
        st = mr_fail_errno(err, errno, "lock folder %s", folder);
    } else {
        st = connect_and_sync_folder(folder_fd, path, schema, ret_db, err);
    }
    free(path);
    (void)close(folder_fd); /* only read; releases the lock */
    return st;
}
