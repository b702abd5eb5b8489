/* SPDX-License-Identifier: Apache-2.0 */
/* tests/unit/store/postgres_fixture.h - an empty store in a schema of its own, on the server that
 * MR_TEST_POSTGRES names. Without that variable a program of tests ends as skipped. */
#ifndef MR_TESTS_POSTGRES_FIXTURE_H
#define MR_TESTS_POSTGRES_FIXTURE_H

#include <libpq-fe.h>

#include "store_fixture.h"

enum {
    postgres_url_bytes_max = 512,
    postgres_schema_bytes_max = 64,
    postgres_skipped = 77, /* SKIP_RETURN_CODE of tests/CMakeLists.txt */
};

typedef struct postgres_fixture {
    store_fixture base;
    char url[postgres_url_bytes_max];
    char schema[postgres_schema_bytes_max];
} postgres_fixture;

static inline const char *postgres_server(void)
{
    return getenv("MR_TEST_POSTGRES");
}

/* A connection beside the store's. */
static inline PGconn *postgres_connect(const char *url)
{
    PGconn *conn = PQconnectdb(url);

    if (PQstatus(conn) != CONNECTION_OK) {
        fail_msg("%s", PQerrorMessage(conn));
    }
    return conn;
}

static inline void postgres_exec(PGconn *conn, const char *sql)
{
    PGresult *result = PQexec(conn, sql);

    if (PQresultStatus(result) != PGRES_COMMAND_OK && PQresultStatus(result) != PGRES_TUPLES_OK) {
        fail_msg("%s: %s", sql, PQerrorMessage(conn));
    }
    PQclear(result);
}

/* One value, as text; into a buffer of 256. */
static inline const char *postgres_value(PGconn *conn, const char *sql, char value[static 256])
{
    PGresult *result = PQexec(conn, sql);

    if (PQresultStatus(result) != PGRES_TUPLES_OK || PQntuples(result) != 1) {
        fail_msg("%s: %s", sql, PQerrorMessage(conn));
    }
    (void)snprintf(value, 256, "%s", PQgetvalue(result, 0, 0));
    PQclear(result);
    return value;
}

/* verb: "CREATE SCHEMA"; end: what stands behind the name. */
static inline void postgres_change_schema(const char *verb, const char *schema, const char *end)
{
    PGconn *conn = postgres_connect(postgres_server());
    char sql[256];

    (void)snprintf(sql, sizeof(sql), "%s \"%s\" %s", verb, schema, end);
    postgres_exec(conn, "SET client_min_messages = warning");
    postgres_exec(conn, sql);
    PQfinish(conn);
}

static inline void postgres_destroy(store_fixture *fixture)
{
    postgres_fixture *postgres = (postgres_fixture *)(void *)fixture;

    mr_store_close(fixture->store);
    postgres_change_schema("DROP SCHEMA", postgres->schema, "CASCADE");
    fixture_remove_folder(fixture);
    free(postgres);
}

/* A schema that nothing else uses, and the URL that leads there. */
static inline store_fixture *postgres_create(void)
{
    postgres_fixture *postgres = mr_alloc_zero(1, sizeof(*postgres));
    store_fixture *fixture = &postgres->base;

    fixture_make_folder(fixture); /* its name is unique: so is the schema's */
    (void)snprintf(postgres->schema, sizeof(postgres->schema), "test_%.24s",
                   strrchr(fixture->folder, '-') + 1);
    postgres_change_schema("CREATE SCHEMA", postgres->schema, "");
    (void)snprintf(postgres->url, sizeof(postgres->url), "%s%soptions=-csearch_path%%3D%%22%s%%22",
                   postgres_server(), strchr(postgres_server(), '?') == NULL ? "?" : "&",
                   postgres->schema);
    fixture->url = postgres->url;
    fixture->create = postgres_create;
    fixture->destroy = postgres_destroy;
    return fixture;
}

/* A database that nothing else uses: for what has a fixed name in it. */
static inline void postgres_make_database(const char *name, char url[static postgres_url_bytes_max])
{
    PGconn *conn = postgres_connect(postgres_server());
    char sql[256];

    (void)snprintf(sql, sizeof(sql), "CREATE DATABASE \"%s\" TEMPLATE template0", name);
    postgres_exec(conn, sql);
    (void)snprintf(url, postgres_url_bytes_max, "postgresql://%s:%s@%s:%s/%s", PQuser(conn),
                   PQpass(conn), PQhost(conn), PQport(conn), name);
    PQfinish(conn);
}

static inline void postgres_remove_database(const char *name)
{
    PGconn *conn = postgres_connect(postgres_server());
    char sql[256];

    (void)snprintf(sql, sizeof(sql), "DROP DATABASE \"%s\" WITH (FORCE)", name);
    postgres_exec(conn, sql);
    PQfinish(conn);
}

static inline int postgres_open(void **state)
{
    store_fixture *fixture = postgres_create();

    fixture->store = open_store(fixture, MR_STORE_WRITE);
    *state = fixture;
    return 0;
}

static inline int postgres_close(void **state)
{
    store_fixture *fixture = *state;

    fixture->destroy(fixture);
    return 0;
}

#endif
