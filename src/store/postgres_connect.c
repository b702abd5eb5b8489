/* SPDX-License-Identifier: Apache-2.0 */
/* store/postgres_connect.c - one connection to PostgreSQL: finding the server, connecting again,
 * bringing the schema up to date.
 *
 * Owns:       the words that libpq connects by (a password among them).
 * Called by:  postgres_db.c and the backends, on the handle's thread.
 * Invariants: (1) no password stands in a message: libpq's complaints about a URL quote it, so they
 *                 are not passed on;
 *             (2) migrations run once, whoever starts at the same time: under one lock, in one
 *                 transaction, recorded in a table;
 *             (3) between two failed tries lies a growing time, waited for by nobody.
 * Not here:   statements (postgres_db.c).
 */
#include "store/postgres_private.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"

enum {
    statement_extra_ms = 55000, /* a statement may take longer than a lock */
    backoff_ms_min = 100,
    backoff_ms_max = 5000,
    diagnose_ms_max = 5000,
    state_characters = 5,
    server_version_min = 120000,
    migration_lock = 0x6d72736d, /* "mrsm"; any number that others do not use */
};

/* --- The words of a URL ----------------------------------------------------------------------- */

static void add_word(mr_pg *pg, const char *word, const char *value)
{
    if (value == NULL || value[0] == '\0') {
        return;
    }
    MR_ASSERT(pg->word_count < mr_pg_words_max);
    pg->words[pg->word_count] = mr_copy_string(word);
    pg->values[pg->word_count] = mr_copy_string(value);
    pg->word_count++;
}

/* libpq's own form of the URL; NULL: it says nothing. */
static const char *conninfo_of(const char *url)
{
    static const char scheme[] = "postgresql:";

    if (strncmp(url, scheme, sizeof(scheme) - 1) != 0) {
        return url; /* postgres://..., service=... */
    }
    if (strncmp(url + sizeof(scheme) - 1, "//", 2) == 0) {
        return url[sizeof(scheme) + 1] == '\0' ? NULL : url;
    }
    return url[sizeof(scheme) - 1] == '\0' ? NULL : url + sizeof(scheme) - 1;
}

static const char *option_of(const PQconninfoOption *options, const char *word)
{
    for (; options->keyword != NULL; options++) {
        if (strcmp(options->keyword, word) == 0) {
            return options->val;
        }
    }
    return NULL;
}

static void name_place(mr_pg *pg, const char *host, const char *port, const char *database)
{
    (void)snprintf(pg->where, sizeof(pg->where), "%s postgresql://%s%s%s/%s", pg->what,
                   host != NULL ? host : "", port != NULL && port[0] != '\0' ? ":" : "",
                   port != NULL ? port : "", database != NULL ? database : "");
}

/* What holds for every connection unless the URL says otherwise. */
static void add_defaults(mr_pg *pg, bool has_service)
{
    add_word(pg, "fallback_application_name", "millrace");
    add_word(pg, "keepalives_idle", "10");
    add_word(pg, "keepalives_interval", "5");
    add_word(pg, "keepalives_count", "3");
    add_word(pg, "tcp_user_timeout", "15000");
    if (!has_service) { /* a service's own words stand behind these */
        add_word(pg, "connect_timeout", "5");
        add_word(pg, "target_session_attrs", pg->read_only ? "any" : "read-write");
    }
}

static mr_status take_url(mr_pg *pg, const mr_pg_options *options, mr_err *err)
{
    const char *conninfo = conninfo_of(options->url);
    const mr_store_server *server = options->server;
    PQconninfoOption *parsed = NULL;

    if (conninfo == NULL) {
        name_place(pg, server == NULL ? NULL : server->host, server == NULL ? NULL : server->port,
                   server == NULL ? NULL : server->database);
        add_defaults(pg, getenv("PGSERVICE") != NULL);
        if (server != NULL) {
            add_word(pg, "host", server->host);
            add_word(pg, "port", server->port);
            add_word(pg, "user", server->user);
            add_word(pg, "password", server->password);
            add_word(pg, "dbname", server->database);
        }
        add_word(pg, "client_encoding", "UTF8");
        return MR_OK;
    }
    parsed = PQconninfoParse(conninfo, NULL);
    if (parsed == NULL) {
        return mr_fail(err, MR_INVALID,
                       "%s: the URL is not one of PostgreSQL; it looks like "
                       "postgresql://user@host:5432/database?option=value, with special characters "
                       "of a password written as %%xx",
                       pg->what);
    }
    name_place(pg, option_of(parsed, "host"), option_of(parsed, "port"),
               option_of(parsed, "dbname"));
    add_defaults(pg, option_of(parsed, "service") != NULL);
    add_word(pg, "dbname", conninfo);
    add_word(pg, "client_encoding", "UTF8");
    pg->expand_dbname = true;
    PQconninfoFree(parsed);
    return MR_OK;
}

static void put_word(mr_pg *pg, const char *word, const char *value)
{
    for (size_t index = 0; index < pg->word_count; index++) {
        if (strcmp(pg->words[index], word) == 0) {
            mr_secret_wipe(pg->values[index]);
            pg->values[index] = mr_copy_string(value);
            return;
        }
    }
    add_word(pg, word, value);
}

static bool is_conninfo(const char *conninfo)
{
    PQconninfoOption *parsed = conninfo == NULL ? NULL : PQconninfoParse(conninfo, NULL);

    PQconninfoFree(parsed);
    return parsed != NULL;
}

/* What was changed since the last connection: the password, or the whole URL. One that is no URL of
 * PostgreSQL is not taken: the old one may serve still. */
static void renew_words(mr_pg *pg)
{
    const mr_secret *now = pg->expand_dbname ? pg->url_now : pg->password_now;
    uint64_t *seen = pg->expand_dbname ? &pg->url_seen : &pg->password_seen;
    uint64_t generation = mr_secret_generation(now);

    if (generation == *seen) {
        return;
    }
    char *value = mr_secret_copy(now);
    if (pg->expand_dbname && value != NULL && is_conninfo(conninfo_of(value))) {
        put_word(pg, "dbname", conninfo_of(value));
    } else if (!pg->expand_dbname && value != NULL) {
        put_word(pg, "password", value);
    }
    mr_secret_wipe(value);
    *seen = generation;
}

/* --- Connecting ------------------------------------------------------------------------------- */

static void ignore_notice(void *ctx, const char *message)
{
    (void)ctx;
    (void)message;
}

void mr_pg_drop(mr_pg *pg)
{
    PQfinish(pg->conn);
    pg->conn = NULL;
    pg->sent = 0;
    memset(pg->prepared, 0, sizeof(pg->prepared));
}

/* The SQLSTATE in a verbose message "FATAL:  28P01: password ..."; false: the server said none. */
static bool find_state(const char *message, char ret_state[static state_characters + 1])
{
    const char *at = message;

    while ((at = strstr(at, ":  ")) != NULL) {
        size_t count = 0;

        at += 3;
        while (count < state_characters &&
               (isdigit((unsigned char)at[count]) || isupper((unsigned char)at[count]))) {
            count++;
        }
        if (count == state_characters && at[count] == ':') {
            memcpy(ret_state, at, count);
            ret_state[count] = '\0';
            return true;
        }
    }
    return false;
}

/* libpq keeps the SQLSTATE of a refused connection to itself, but for verbose messages, which can
 * only be asked for step by step. Hence a second try, once the first was refused. */
static bool diagnose(const mr_pg *pg, char ret_state[static state_characters + 1])
{
    PGconn *conn = PQconnectStartParams((const char *const *)pg->words,
                                        (const char *const *)pg->values, pg->expand_dbname);
    int64_t deadline_us = mr_monotonic_us() + (int64_t)diagnose_ms_max * 1000;
    PostgresPollingStatusType step = PGRES_POLLING_WRITING;
    bool found;

    (void)PQsetErrorVerbosity(conn, PQERRORS_VERBOSE);
    (void)PQsetNoticeProcessor(conn, ignore_notice, NULL);
    while (PQstatus(conn) != CONNECTION_BAD && step != PGRES_POLLING_OK &&
           step != PGRES_POLLING_FAILED) {
        mr_pg_await(PQsocket(conn), step == PGRES_POLLING_READING, deadline_us);
        if (mr_monotonic_us() >= deadline_us) {
            break;
        }
        step = PQconnectPoll(conn);
    }
    found = step == PGRES_POLLING_FAILED && find_state(PQerrorMessage(conn), ret_state);
    PQfinish(conn);
    return found;
}

static mr_status fail_refused(mr_pg *pg, int64_t took_us, mr_err *err)
{
    char reason[mr_err_message_bytes_max / 2], state[state_characters + 1];
    mr_status status = MR_UNAVAILABLE;

    mr_pg_one_line(PQerrorMessage(pg->conn), reason, sizeof(reason));
    if (PQconnectionNeedsPassword(pg->conn)) {
        status = MR_INVALID;
    } else if (took_us < diagnose_ms_max * INT64_C(200) && strstr(reason, ":  ") != NULL &&
               diagnose(pg, state)) {
        status = mr_pg_status_of(state);
    }
    mr_pg_drop(pg);
    return mr_fail(err, status == MR_IO ? MR_UNAVAILABLE : status, "%s: connect: %s", pg->where,
                   reason);
}

static mr_status check_server(mr_pg *pg, mr_err *err)
{
    const char *encoding = PQparameterStatus(pg->conn, "server_encoding");

    if (PQserverVersion(pg->conn) < server_version_min) {
        return mr_fail(err, MR_UNSUPPORTED, "%s: PostgreSQL %s is too old; 15 or newer is meant",
                       pg->where, PQparameterStatus(pg->conn, "server_version"));
    }
    if (encoding == NULL || strcmp(encoding, "UTF8") != 0) {
        return mr_fail(err, MR_INVALID,
                       "%s: the database's encoding is %s; make one by CREATE DATABASE name "
                       "ENCODING 'UTF8' TEMPLATE template0",
                       pg->where, encoding == NULL ? "unknown" : encoding);
    }
    return MR_OK;
}

/* Time-outs hold on the server, whatever becomes of us. Plans of short statements gain nothing by
 * being compiled. A writer's statements all go by an index, and shall from the first row on: tables
 * that have just been made have no statistics to plan by. */
static mr_status set_up_session(mr_pg *pg, mr_err *err)
{
    static const char reading[] = "SET default_transaction_read_only = on";
    static const char writing[] = "SET plan_cache_mode = force_generic_plan;"
                                  "SET enable_hashjoin = off; SET enable_mergejoin = off;"
                                  "SET enable_seqscan = off; SET enable_bitmapscan = off";
    char sql[768];

    (void)snprintf(sql, sizeof(sql),
                   "SET client_min_messages = warning; SET jit = off; SET lock_timeout = %u;"
                   "SET statement_timeout = %u; SET idle_in_transaction_session_timeout = 60000;"
                   "%s",
                   pg->lock_ms, pg->statement_ms, pg->read_only ? reading : writing);
    return mr_pg_exec(pg, sql, err);
}

static mr_status connect_once(mr_pg *pg, mr_err *err)
{
    int64_t start_us = mr_monotonic_us();
    mr_status status;

    renew_words(pg);
    pg->conn = PQconnectdbParams((const char *const *)pg->words, (const char *const *)pg->values,
                                 pg->expand_dbname);
    MR_ASSERT(pg->conn != NULL); /* libpq was out of memory */
    if (PQstatus(pg->conn) != CONNECTION_OK) {
        return fail_refused(pg, mr_monotonic_us() - start_us, err);
    }
    (void)PQsetNoticeProcessor(pg->conn, ignore_notice, NULL);
    name_place(pg, PQhost(pg->conn), PQport(pg->conn), PQdb(pg->conn));
    status = check_server(pg, err);
    if (status == MR_OK) {
        status = set_up_session(pg, err);
    }
    if (status != MR_OK) {
        mr_pg_drop(pg);
    }
    return status;
}

static void note_failure(mr_pg *pg, const mr_err *failure)
{
    pg->backoff_ms = pg->backoff_ms == 0 ? backoff_ms_min : pg->backoff_ms * 2;
    pg->backoff_ms = pg->backoff_ms > backoff_ms_max ? backoff_ms_max : pg->backoff_ms;
    pg->retry_at_us = mr_monotonic_us() + (int64_t)pg->backoff_ms * 1000;
    pg->failure = *failure;
}

mr_status mr_pg_ready(mr_pg *pg, mr_err *err)
{
    mr_err failure;
    mr_status status;

    if (pg->conn != NULL && PQstatus(pg->conn) == CONNECTION_OK) {
        return MR_OK;
    }
    mr_pg_drop(pg);
    if (pg->in_transaction) {
        return mr_fail(err, MR_UNAVAILABLE, "%s: the connection was lost within a transaction",
                       pg->where);
    }
    if (mr_monotonic_us() < pg->retry_at_us) {
        return mr_fail(err, pg->failure.status, "%s", pg->failure.message);
    }
    status = connect_once(pg, &failure);
    if (status != MR_OK) {
        note_failure(pg, &failure);
        return mr_fail(err, status, "%s", failure.message);
    }
    pg->backoff_ms = 0;
    pg->retry_at_us = 0;
    pg->generation++;
    return MR_OK;
}

/* --- Migrations ------------------------------------------------------------------------------- */

static mr_status take_number(void *ctx, const PGresult *row, mr_err *err)
{
    int *number = ctx;

    (void)err;
    *number = mr_pg_int4(row, 0, 0);
    return MR_OK;
}

/* 0: there is no schema. */
static mr_status read_version(mr_pg *pg, const mr_pg_options *options, int *ret_version,
                              mr_err *err)
{
    char sql[256];
    int exists = 0;
    mr_status status;

    *ret_version = 0;
    /* By way of pg_class: opening it makes this connection hear of a table made meanwhile. */
    (void)snprintf(
        sql, sizeof(sql),
        "SELECT count(*)::integer FROM pg_catalog.pg_class WHERE oid = to_regclass('%s')",
        options->migration_table);
    status = mr_pg_each_sql(pg, sql, take_number, &exists, err);
    if (status != MR_OK || exists == 0) {
        return status;
    }
    (void)snprintf(sql, sizeof(sql), "SELECT coalesce(max(version), 0) FROM %s",
                   options->migration_table);
    return mr_pg_each_sql(pg, sql, take_number, ret_version, err);
}

static mr_status run_migration(mr_pg *pg, const mr_pg_options *options, int version, mr_err *err)
{
    char sql[256];
    mr_status status = mr_pg_exec(pg, options->migrations[version - 1], err);

    if (status != MR_OK) {
        return mr_fail_in(err, status, "migration %d", version);
    }
    (void)snprintf(sql, sizeof(sql), "INSERT INTO %s (version) VALUES (%d)",
                   options->migration_table, version);
    return mr_pg_exec(pg, sql, err);
}

static mr_status run_migrations(mr_pg *pg, const mr_pg_options *options, mr_err *err)
{
    char sql[128];
    int version = 0;
    mr_status status;

    /* The lock is waited for as long as another's migration may take. */
    (void)snprintf(sql, sizeof(sql), "SET LOCAL lock_timeout = %d", statement_extra_ms);
    status = mr_pg_exec(pg, sql, err);
    if (status == MR_OK) {
        (void)snprintf(sql, sizeof(sql), "SELECT pg_advisory_xact_lock(%d)", migration_lock);
        status = mr_pg_exec(pg, sql, err);
    }
    if (status == MR_OK) {
        status = read_version(pg, options, &version, err);
    }
    while (status == MR_OK && version < options->migration_count) {
        version++;
        status = run_migration(pg, options, version, err);
    }
    return status;
}

static mr_status migrate(mr_pg *pg, const mr_pg_options *options, mr_err *err)
{
    int version = 0;
    mr_status status = read_version(pg, options, &version, err);

    if (status != MR_OK || version == options->migration_count) {
        return status;
    }
    if (version > options->migration_count) {
        return mr_fail(err, MR_UNSUPPORTED,
                       "%s: its schema is version %d, this program knows %d; use a newer program",
                       pg->where, version, options->migration_count);
    }
    if (options->read_only) {
        return version == 0
                   ? mr_fail(err, MR_NOT_FOUND, "%s: nothing has been stored yet", pg->where)
                   : mr_fail(err, MR_UNAVAILABLE,
                             "%s: its schema is version %d and not yet %d; a processor "
                             "brings it up to date when it starts",
                             pg->where, version, options->migration_count);
    }
    status = mr_pg_begin(pg, "", err);
    if (status == MR_OK) {
        status = run_migrations(pg, options, err);
    }
    if (status == MR_OK) {
        return mr_pg_commit(pg, err);
    }
    mr_pg_rollback(pg);
    return status;
}

/* --- Opening ---------------------------------------------------------------------------------- */

mr_status mr_pg_open(const mr_pg_options *options, mr_pg **ret_pg, mr_err *err)
{
    mr_pg *pg = mr_alloc_zero(1, sizeof(*pg));
    mr_status status;

    MR_ASSERT(options->query_count <= mr_pg_queries_max);
    pg->what = options->what;
    pg->queries = options->queries;
    pg->query_count = options->query_count;
    pg->read_only = options->read_only;
    pg->url_now = options->server == NULL ? NULL : options->server->url_now;
    pg->password_now = options->server == NULL ? NULL : options->server->password_now;
    pg->lock_ms = options->timeout_ms;
    pg->statement_ms = options->timeout_ms + statement_extra_ms;
    status = take_url(pg, options, err);
    if (status == MR_OK) {
        status = mr_pg_ready(pg, err);
    }
    if (status == MR_OK && options->migrations != NULL) {
        status = migrate(pg, options, err);
    }
    if (status != MR_OK) {
        mr_pg_close(pg);
        return status;
    }
    *ret_pg = pg;
    return MR_OK;
}

void mr_pg_close(mr_pg *pg)
{
    size_t index;

    if (pg == NULL) {
        return;
    }
    mr_pg_drop(pg);
    for (index = 0; index < pg->word_count; index++) {
        free(pg->words[index]);
        mr_secret_wipe(pg->values[index]);
    }
    free(pg);
}
