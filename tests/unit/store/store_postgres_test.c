/* SPDX-License-Identifier: Apache-2.0 */
/* store_postgres_test.c - store.h's promises on PostgreSQL, and what is PostgreSQL's own: lost
 * connections and answers, rights, time-outs, migrations, writers side by side. */
#include <sys/wait.h>

#include "postgres_fixture.h"
#include "postgres_proxy.h"
#include "store/postgres_private.h"
#include "store/store_postgres.h"
#include "store_contract.h"

enum { openers = 4, writers = 3, write_rounds = 12 };

static mr_status try_open(const char *url, mr_store_mode mode, mr_store **ret_store, mr_err *err)
{
    const mr_store_options options = {
        .url = url, .data_folder = "/tmp", .mode = mode, .timeout_ms = 200};

    return mr_store_open(&options, ret_store, err);
}

static PGconn *connect_to(const store_fixture *fixture)
{
    return postgres_connect(fixture->url);
}

/* --- Opening ---------------------------------------------------------------------------------- */

static int make_empty(void **state)
{
    *state = postgres_create();
    return 0;
}

static void a_reader_finds_nothing_before_the_writer_came(void **state)
{
    store_fixture *fixture = *state;
    mr_store *store = NULL;
    mr_err err;

    assert_int_equal(try_open(fixture->url, MR_STORE_READ, &store, &err), MR_NOT_FOUND);
    mr_store_close(open_store(fixture, MR_STORE_WRITE));
    assert_int_equal(try_open(fixture->url, MR_STORE_READ, &store, &err), MR_OK);
    assert_int_not_equal(mr_store_reposition(store, &fixture_source, 5, &err), MR_OK);
    mr_store_close(store);
}

static void processes_that_start_together_migrate_once(void **state)
{
    store_fixture *fixture = *state;
    pid_t children[openers];
    int index, exit_status;
    char value[256];
    PGconn *conn;

    for (index = 0; index < openers; index++) {
        children[index] = fork();
        assert_true(children[index] >= 0);
        if (children[index] == 0) {
            mr_store *store = NULL;
            mr_err err = {.message = ""};
            mr_status status = try_open(fixture->url, MR_STORE_WRITE, &store, &err);

            (void)fputs(err.message, stderr);
            _exit(status == MR_OK ? 0 : 1);
        }
    }
    for (index = 0; index < openers; index++) {
        assert_int_equal(waitpid(children[index], &exit_status, 0), children[index]);
        assert_int_equal(exit_status, 0);
    }
    conn = connect_to(fixture);
    assert_string_equal(postgres_value(conn, "SELECT count(*) FROM schema_migration", value), "2");
    PQfinish(conn);
}

extern const char mr_embed_postgres_001_sql[];

static void a_store_of_the_first_version_is_brought_up_to_date(void **state)
{
    store_fixture *fixture = *state;
    PGconn *conn = connect_to(fixture);

    postgres_exec(conn, mr_embed_postgres_001_sql);
    postgres_exec(conn, "INSERT INTO schema_migration VALUES (1);"
                        "INSERT INTO country VALUES (1, 'Malta');"
                        "INSERT INTO customer VALUES (5, NULL, NULL, '2011-01-01', 1, NULL, 0, 1,"
                        " 'Ann Old');"
                        "INSERT INTO consumed_offset VALUES ('store', 'ingestion-topic', 0, 7)");
    fixture->store = open_store(fixture, MR_STORE_WRITE);
    assert_found(fixture->store, "old", 10, "5/0/0 ");
    assert_int_equal(change_of(fixture->store).at_ms, 0);
    assert_int_equal(change_of(fixture->store).events, 7);
    APPLY(fixture->store, .customer_id = 5, .name = "Ann New", .date_seconds = 1300000000);
    assert_found(fixture->store, "old", 10, "");
    assert_true(change_of(fixture->store).at_ms > 0);
    PQfinish(conn);
}

static void a_newer_schema_is_refused_untouched(void **state)
{
    store_fixture *fixture = *state;
    mr_store *store = NULL;
    mr_err err;
    PGconn *conn;

    mr_store_close(open_store(fixture, MR_STORE_WRITE));
    conn = connect_to(fixture);
    postgres_exec(conn, "INSERT INTO schema_migration (version) VALUES (99)");
    PQfinish(conn);
    assert_int_equal(try_open(fixture->url, MR_STORE_READ, &store, &err), MR_UNSUPPORTED);
    assert_non_null(strstr(err.message, "version 99"));
    assert_int_equal(try_open(fixture->url, MR_STORE_WRITE, &store, &err), MR_UNSUPPORTED);
}

/* The server's URL with other words in it: user, password, port, database. */
static void make_url(char url[static postgres_url_bytes_max], const char *user,
                     const char *password, const char *port, const char *database)
{
    PGconn *conn = postgres_connect(postgres_server());

    (void)snprintf(url, postgres_url_bytes_max, "postgresql://%s:%s@%s:%s/%s",
                   user != NULL ? user : PQuser(conn), password != NULL ? password : PQpass(conn),
                   PQhost(conn), port != NULL ? port : PQport(conn),
                   database != NULL ? database : PQdb(conn));
    PQfinish(conn);
}

static void what_is_wrong_with_a_url_is_said_without_its_password(void **state)
{
    static const struct {
        const char *user, *password, *port, *database;
        mr_status status;
    } cases[] = {
        {NULL, "Tr0ub4dor", NULL, NULL, MR_INVALID},
        {"nobody_known", "Tr0ub4dor", NULL, NULL, MR_INVALID},
        {NULL, NULL, NULL, "no_such_database", MR_INVALID},
        {NULL, "Tr0ub4dor", "1", NULL, MR_UNAVAILABLE},
        {NULL, "Tr0ub4dor", "port", NULL, MR_UNAVAILABLE},
        {NULL, "Tr0ub4dor", NULL, "x?nonsense=1", MR_INVALID},
        {NULL, "Tr0ub4dor@[::1", NULL, NULL, MR_INVALID},
    };
    char url[postgres_url_bytes_max];
    mr_store *store = NULL;
    mr_err err;
    size_t index;

    (void)state;
    for (index = 0; index < sizeof(cases) / sizeof(cases[0]); index++) {
        make_url(url, cases[index].user, cases[index].password, cases[index].port,
                 cases[index].database);
        assert_int_equal(try_open(url, MR_STORE_WRITE, &store, &err), cases[index].status);
        assert_null(strstr(err.message, "Tr0ub4dor"));
        assert_null(strstr(err.message, "millrace-test"));
        assert_null(store);
    }
}

static void parts_of_a_server_may_stand_outside_the_url(void **state)
{
    PGconn *conn = postgres_connect(postgres_server());
    mr_store_options options = {.url = "postgresql:",
                                .data_folder = "/tmp",
                                .mode = MR_STORE_READ,
                                .server = {.host = PQhost(conn),
                                           .port = PQport(conn),
                                           .database = PQdb(conn),
                                           .user = PQuser(conn),
                                           .password = "Tr0ub4dor"}};
    mr_store *store = NULL;
    mr_status status;
    mr_err err;

    (void)state;
    assert_int_equal(mr_store_open(&options, &store, &err), MR_INVALID); /* it did ask */
    assert_null(strstr(err.message, "Tr0ub4dor"));
    options.server.password = PQpass(conn);
    status = mr_store_open(&options, &store, &err);
    assert_true(status == MR_OK || status == MR_NOT_FOUND); /* whatever the schema public holds */
    mr_store_close(store);
    PQfinish(conn);
}

static void a_reader_needs_no_right_to_write(void **state)
{
    store_fixture *fixture = *state;
    const postgres_fixture *postgres = (const postgres_fixture *)(const void *)fixture;
    char url[2 * postgres_url_bytes_max], base[postgres_url_bytes_max], sql[512];
    PGconn *conn = connect_to(fixture);
    mr_store *store = NULL;
    mr_err err;

    APPLY(fixture->store, .quantity = 2, .price = 10000, .customer_id = 5);
    (void)snprintf(sql, sizeof(sql),
                   "CREATE ROLE \"%s\" LOGIN PASSWORD 'look'; GRANT USAGE ON SCHEMA \"%s\" TO"
                   " \"%s\"; GRANT SELECT ON ALL TABLES IN SCHEMA \"%s\" TO \"%s\"",
                   postgres->schema, postgres->schema, postgres->schema, postgres->schema,
                   postgres->schema);
    postgres_exec(conn, sql);
    make_url(base, postgres->schema, "look", NULL, NULL);
    (void)snprintf(url, sizeof(url), "%s?options=-csearch_path%%3D%%22%s%%22", base,
                   postgres->schema);
    if (try_open(url, MR_STORE_READ, &store, &err) != MR_OK) {
        fail_msg("%s", err.message);
    }
    assert_int_equal(totals_of(store).lines, 1);
    assert_amount(customer_of(store, 5).spent, "2");
    mr_store_close(store);
    if (try_open(url, MR_STORE_WRITE, &store, &err) == MR_OK) { /* the schema is there already */
        mr_event event = event_of(&(test_line){.quantity = 1});
        mr_store_item item = {.event = &event, .offset = 1};

        assert_int_equal(mr_store_apply(store, &fixture_source, 1, 2, &item, 1, &err), MR_INVALID);
        assert_non_null(strstr(err.message, "docs/postgresql.md"));
        mr_store_close(store);
    }
    (void)snprintf(sql, sizeof(sql), "DROP OWNED BY \"%s\"; DROP ROLE \"%s\"", postgres->schema,
                   postgres->schema);
    postgres_exec(conn, sql);
    PQfinish(conn);
}

/* --- Side by side ----------------------------------------------------------------------------- */

typedef struct writer {
    const store_fixture *fixture;
    test_crowd *crowd;
    size_t number;
    char message[mr_err_message_bytes_max];
} writer;

/* The crowd's lines of one writer: those of its invoices, which come by one partition. */
static size_t items_of(const writer *w, mr_store_item *items)
{
    size_t index, count = 0;

    for (index = 0; index < crowd_events; index++) {
        const mr_event *event = w->crowd->items[index].event;

        if (mr_event_invoice_prefix(event->invoice_no) % writers == w->number) {
            items[count++] = w->crowd->items[index];
        }
    }
    return count;
}

static mr_status write_batch(mr_store *store, const mr_store_source *source, mr_store_item *items,
                             size_t from, size_t count, mr_err *err)
{
    mr_status status = mr_store_apply(store, source, (int64_t)from, (int64_t)(from + count),
                                      items + from, count, err);

    return status != MR_OK ? status : mr_store_commit(store, err);
}

/* Small batches, so that there are many transactions; what may be tried again is. */
static void *write_share(void *ctx)
{
    writer *w = ctx;
    const mr_store_source source = {"store", "ingestion-topic", (int32_t)w->number};
    mr_store_item *items = mr_alloc(crowd_events * sizeof(*items));
    size_t count = items_of(w, items), from = 0, batch;
    mr_store *store = open_store(w->fixture, MR_STORE_WRITE);
    mr_status status = MR_OK;
    mr_err err = {.message = ""};
    int left = 100;

    while (from < count && (status == MR_OK || --left > 0)) {
        batch = count / write_rounds + 1 < count - from ? count / write_rounds + 1 : count - from;
        status = write_batch(store, &source, items, from, batch, &err);
        if (status == MR_OK) {
            from += batch;
        } else if (err.action != MR_RETRY) {
            break;
        }
    }
    (void)snprintf(w->message, sizeof(w->message), "%s", status == MR_OK ? "" : err.message);
    mr_store_close(store);
    free(items);
    return NULL;
}

static void writers_side_by_side_give_what_one_gives(void **state)
{
    store_fixture *together = *state;
    store_fixture *alone = postgres_create();
    test_crowd *crowd = mr_alloc(sizeof(*crowd));
    pthread_t threads[writers];
    writer all[writers];
    mr_buffer expected, got;
    size_t index;

    make_crowd(crowd);
    alone->store = open_store(alone, MR_STORE_WRITE);
    for (index = 0; index < writers; index++) {
        all[index] = (writer){.fixture = alone, .crowd = crowd, .number = index};
        write_share(&all[index]);
        assert_string_equal(all[index].message, "");
    }
    for (index = 0; index < writers; index++) {
        all[index].fixture = together;
        assert_int_equal(pthread_create(&threads[index], NULL, write_share, &all[index]), 0);
    }
    for (index = 0; index < writers; index++) {
        assert_int_equal(pthread_join(threads[index], NULL), 0);
        assert_string_equal(all[index].message, "");
    }
    mr_buffer_init(&expected, crowd_answer_bytes_max);
    mr_buffer_init(&got, crowd_answer_bytes_max);
    describe(alone->store, crowd, &expected);
    describe(together->store, crowd, &got);
    assert_string_equal(got.data, expected.data);
    mr_buffer_free(&expected);
    mr_buffer_free(&got);
    free(crowd);
    alone->destroy(alone);
}

typedef struct late_writer {
    mr_store *store;
    mr_status status;
    mr_err err;
} late_writer;

static void *write_late(void *ctx)
{
    late_writer *late = ctx;
    mr_event event = event_of(&(test_line){.quantity = 2});
    mr_store_item item = {.event = &event};

    late->status = mr_store_apply(late->store, &fixture_source, 0, 1, &item, 1, &late->err);
    return NULL;
}

/* The second waits for the first one's commit; only then it is told. */
static void of_two_owners_of_a_partition_one_is_fenced(void **state)
{
    store_fixture *fixture = *state;
    late_writer late = {.store = open_store(fixture, MR_STORE_WRITE)};
    mr_event event = event_of(&(test_line){.quantity = 1});
    mr_store_item item = {.event = &event};
    pthread_t thread;

    assert_int_equal(mr_store_apply(fixture->store, &fixture_source, 0, 1, &item, 1, NULL), MR_OK);
    assert_int_equal(pthread_create(&thread, NULL, write_late, &late), 0);
    assert_int_equal(mr_store_commit(fixture->store, NULL), MR_OK);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(late.status, MR_EXISTS);
    assert_non_null(strstr(late.err.message, "is 1, not 0"));
    assert_int_equal(totals_of(fixture->store).lines, 1);
    mr_store_close(late.store);
}

static void a_lock_held_too_long_is_for_later(void **state)
{
    store_fixture *fixture = *state;
    PGconn *conn = connect_to(fixture);
    mr_event event = event_of(&(test_line){.quantity = 1});
    mr_store_item item = {.event = &event};
    mr_store *store = NULL;
    mr_err err;

    assert_int_equal(try_open(fixture->url, MR_STORE_WRITE, &store, &err), MR_OK);
    postgres_exec(conn, "BEGIN; UPDATE dimension_version SET version = version");
    assert_int_equal(mr_store_apply(store, &fixture_source, 0, 1, &item, 1, &err), MR_UNAVAILABLE);
    assert_int_equal(err.action, MR_RETRY);
    postgres_exec(conn, "ROLLBACK");
    apply_items(store, &fixture_source, &item, 1);
    assert_int_equal(totals_of(store).lines, 1);
    mr_store_close(store);
    PQfinish(conn);
}

/* --- Lost connections ------------------------------------------------------------------------- */

static void end_other_sessions(const store_fixture *fixture)
{
    PGconn *conn = connect_to(fixture);

    postgres_exec(conn, "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
                        " WHERE pid <> pg_backend_pid() AND application_name = 'millrace'"
                        " AND state = 'idle in transaction'");
    PQfinish(conn);
}

static void a_session_ended_in_mid_batch_loses_and_doubles_nothing(void **state)
{
    store_fixture *fixture = *state;
    mr_event first = event_of(&(test_line){.quantity = 1, .description = "LANTERN"});
    mr_event second = event_of(&(test_line){.quantity = 2, .description = "lamp"});
    mr_store_item items[] = {{.event = &first}, {.event = &second, .offset = 1}};
    mr_err err;

    apply_items(fixture->store, &fixture_source, items, 1);
    assert_int_equal(mr_store_apply(fixture->store, &fixture_source, 1, 2, items + 1, 1, &err),
                     MR_OK);
    end_other_sessions(fixture);
    assert_int_not_equal(mr_store_commit(fixture->store, &err), MR_OK);
    assert_int_equal(err.action, MR_RETRY);
    assert_int_equal(position_of(fixture->store, &fixture_source), 1); /* connected again */
    apply_items(fixture->store, &fixture_source, items + 1, 1);
    assert_int_equal(items[1].verdict, MR_STORE_INSERTED);
    assert_int_equal(totals_of(fixture->store).lines, 2);
    assert_description(fixture->store, "lamp");
}

static void lose_at_commit(void **state, proxy_fault fault, int64_t expected_position)
{
    store_fixture *fixture = *state;
    mr_event event = event_of(&(test_line){.quantity = 3, .price = 10000, .customer_id = 5});
    mr_store_item item = {.event = &event};
    postgres_proxy proxy;
    mr_store *store = NULL;
    int64_t position = -1;
    mr_err err;

    proxy_start(&proxy, fixture);
    assert_int_equal(try_open(proxy.url, MR_STORE_WRITE, &store, &err), MR_OK);
    assert_int_equal(mr_store_apply(store, &fixture_source, 0, 1, &item, 1, &err), MR_OK);
    atomic_store(&proxy.fault, fault);
    assert_int_equal(mr_store_commit(store, &err), MR_UNKNOWN_OUTCOME);
    assert_int_equal(mr_store_position(store, &fixture_source, &position, &err), MR_OK);
    assert_int_equal(position, expected_position);
    if (position == 0) {
        assert_int_equal(mr_store_apply(store, &fixture_source, 0, 1, &item, 1, &err), MR_OK);
        assert_int_equal(mr_store_commit(store, &err), MR_OK);
    }
    assert_int_equal(totals_of(store).lines, 1);
    assert_amount(customer_of(store, 5).spent, "3");
    mr_store_close(store);
    proxy_end(&proxy);
}

static void a_lost_answer_to_a_commit_is_settled_by_the_position(void **state)
{
    lose_at_commit(state, PROXY_LOSES_REPLY, 1);
}

static void a_lost_commit_is_settled_by_the_position(void **state)
{
    lose_at_commit(state, PROXY_LOSES_COMMIT, 0);
}

static void states_of_the_server_say_what_to_do(void **state)
{
    static const struct {
        const char *state;
        mr_status status;
    } cases[] = {
        {"08006", MR_UNAVAILABLE}, {"40001", MR_UNAVAILABLE}, {"40P01", MR_UNAVAILABLE},
        {"53100", MR_FULL},        {"53300", MR_UNAVAILABLE}, {"55P03", MR_UNAVAILABLE},
        {"57014", MR_UNAVAILABLE}, {"57P01", MR_UNAVAILABLE}, {"57P03", MR_UNAVAILABLE},
        {"25006", MR_UNAVAILABLE}, {"28P01", MR_INVALID},     {"3D000", MR_INVALID},
        {"42501", MR_INVALID},     {"42P01", MR_NOT_FOUND},   {"23505", MR_EXISTS},
        {"22003", MR_LIMIT},       {"XX001", MR_CORRUPT},     {"58030", MR_IO},
    };
    size_t index;

    (void)state;
    for (index = 0; index < sizeof(cases) / sizeof(cases[0]); index++) {
        assert_int_equal(mr_pg_status_of(cases[index].state), cases[index].status);
    }
}

/* --- Plans and sums --------------------------------------------------------------------------- */

static int parameters_of(const char *sql)
{
    int most = 0;

    for (; (sql = strchr(sql, '$')) != NULL; sql++) {
        int number = (int)strtol(sql + 1, NULL, 10);

        most = number > most ? number : most;
    }
    return most;
}

/* The plan of a query for values not known yet, where an index is taken if one will do. */
static void plan_of(PGconn *conn, mr_pg_store_query query, mr_buffer *plan)
{
    mr_buffer sql;
    PGresult *result;
    int row, left = parameters_of(mr_pg_store_queries[query].sql);

    mr_buffer_init(&sql, 65536);
    mr_buffer_printf(&sql, "PREPARE q AS %s", mr_pg_store_queries[query].sql);
    mr_buffer_append(&sql, "", 1);
    postgres_exec(conn, sql.data);
    mr_buffer_clear(&sql);
    mr_buffer_printf(&sql, "EXPLAIN EXECUTE q (NULL");
    while (--left > 0) {
        mr_buffer_printf(&sql, ", NULL");
    }
    mr_buffer_append(&sql, ")", 2);
    result = PQexec(conn, sql.data);
    mr_buffer_clear(plan);
    for (row = 0; row < PQntuples(result); row++) {
        mr_buffer_printf(plan, "%s\n", PQgetvalue(result, row, 0));
    }
    mr_buffer_append(plan, "", 1);
    PQclear(result);
    postgres_exec(conn, "DEALLOCATE q");
    mr_buffer_free(&sql);
}

static void no_answer_reads_a_whole_table(void **state)
{
    static const mr_pg_store_query searched[] = {
        MR_PG_POSITION_READ, MR_PG_POSITION_MOVE,      MR_PG_LINE_KNOWN,
        MR_PG_LINE_LIST,     MR_PG_COUNTRY_LOAD,       MR_PG_INVOICE_READ,
        MR_PG_ORDER_LIST,    MR_PG_PRODUCT_LOAD,       MR_PG_PRODUCT_DESCRIBE,
        MR_PG_WINNER_LOAD,   MR_PG_CUSTOMER_READ,      MR_PG_RECEIPT_READ,
        MR_PG_CUSTOMER_MOVE, MR_PG_CUSTOMER_BETWEEN,   MR_PG_ITEM_LIST,
        MR_PG_PRODUCT_LIST,  MR_PG_OWN_INVOICE_READ,   MR_PG_OWN_LINE_LIST,
        MR_PG_RETURN_LIST,   MR_PG_RETURNED_FROM_LIST,
    };
    store_fixture *fixture = *state;
    PGconn *conn = connect_to(fixture);
    mr_buffer plan;
    size_t index;

    postgres_exec(conn, "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off;"
                        " SET enable_bitmapscan = off");
    mr_buffer_init(&plan, 65536);
    for (index = 0; index < sizeof(searched) / sizeof(searched[0]); index++) {
        plan_of(conn, searched[index], &plan);
        if (strstr(plan.data, "Seq Scan") != NULL || strstr(plan.data, "Index") == NULL) {
            fail_msg("%s: %s", mr_pg_store_queries[searched[index]].name, plan.data);
        }
    }
    plan_of(conn, MR_PG_ORDER_LIST, &plan);
    assert_null(strstr(plan.data, "Sort"));            /* pages come in the index's order */
    postgres_exec(conn, "SET enable_bitmapscan = on"); /* the only way into a GIN index */
    plan_of(conn, MR_PG_CUSTOMER_NAMED, &plan);
    assert_non_null(strstr(plan.data, "customer_by_name"));
    mr_buffer_free(&plan);
    PQfinish(conn);
}

static void assert_sums_are_those_of_the_lines(const store_fixture *fixture)
{
    PGconn *conn = connect_to(fixture);
    char value[256];

    assert_string_equal(
        postgres_value(conn,
                       "SELECT count(*) FROM invoice i FULL JOIN (SELECT invoice_no, count(*) AS n,"
                       " sum(quantity) AS items, sum(quantity * unit_price) AS amount,"
                       " min(invoice_date) AS first FROM invoice_line GROUP BY invoice_no) l"
                       " USING (invoice_no) WHERE (i.lines, i.items, i.amount, i.invoice_date)"
                       " IS DISTINCT FROM (l.n, l.items, l.amount, l.first)",
                       value),
        "0");
    assert_string_equal(
        postgres_value(conn,
                       "SELECT count(*) FROM customer_invoice o FULL JOIN (SELECT invoice_no,"
                       " customer_id, count(*) AS n, sum(quantity * unit_price) AS amount FROM"
                       " invoice_line WHERE customer_id IS NOT NULL GROUP BY invoice_no,"
                       " customer_id) l USING (invoice_no, customer_id)"
                       " WHERE (o.lines, o.amount) IS DISTINCT FROM (l.n, l.amount)",
                       value),
        "0");
    assert_string_equal(
        postgres_value(conn,
                       "SELECT (SELECT sum(lines) FROM store_total) - (SELECT count(*) FROM"
                       " invoice_line) + (SELECT sum(sales + cancelled) FROM store_total) -"
                       " (SELECT sum(quantity * unit_price) FROM invoice_line) ="
                       " 0 AND (SELECT sum(products) FROM store_total) = (SELECT count(*) FROM"
                       " product)",
                       value),
        "t");
    PQfinish(conn);
}

static void kept_sums_are_those_of_the_lines(void **state)
{
    store_fixture *fixture = *state;
    test_crowd *crowd = mr_alloc(sizeof(*crowd));

    make_crowd(crowd);
    apply_items(fixture->store, &fixture_source, crowd->items, crowd_events / 2);
    apply_items(fixture->store, &fixture_source, crowd->items, crowd_events);
    assert_sums_are_those_of_the_lines(fixture);
    free(crowd);
}

/* A handle takes an invoice that it has not met for new; here every one of them is not. */
static void a_handle_goes_on_with_invoices_that_another_began(void **state)
{
    store_fixture *halves = *state;
    store_fixture *whole = postgres_create();
    test_crowd *crowd = mr_alloc(sizeof(*crowd));
    mr_buffer expected, got;
    size_t at;

    make_crowd(crowd);
    whole->store = open_store(whole, MR_STORE_WRITE);
    apply_items(whole->store, &fixture_source, crowd->items, crowd_events);
    for (at = 0; at < crowd_events; at += crowd_events / 4) {
        mr_store_close(halves->store);
        halves->store = open_store(halves, MR_STORE_WRITE);
        apply_items(halves->store, &fixture_source, crowd->items + at, crowd_events / 4);
    }
    assert_sums_are_those_of_the_lines(halves);
    mr_buffer_init(&expected, crowd_answer_bytes_max);
    mr_buffer_init(&got, crowd_answer_bytes_max);
    describe(whole->store, crowd, &expected);
    describe(halves->store, crowd, &got);
    assert_string_equal(got.data, expected.data);
    mr_buffer_free(&expected);
    mr_buffer_free(&got);
    free(crowd);
    whole->destroy(whole);
}

/* New invoices, more than the cache holds; then, in what is written after them, old ones. */
static void a_batch_that_meets_old_invoices_late_is_written_whole(void **state)
{
    enum { events_count = mr_cache_invoices_max + 200, old_count = 100, text_bytes = 16 };
    store_fixture *fixture = *state;
    mr_event *events = mr_alloc(events_count * sizeof(*events));
    mr_store_item *items = mr_alloc(events_count * sizeof(*items));
    char(*texts)[text_bytes] = mr_alloc((size_t)events_count * text_bytes);
    char value[256];
    PGconn *conn;
    size_t index;

    for (index = 0; index < events_count; index++) {
        (void)snprintf(texts[index], text_bytes, "%zu", index);
        events[index] = event_of(&(test_line){.invoice_no = texts[index],
                                              .stock_code = texts[index],
                                              .description = texts[index],
                                              .date_seconds = 100,
                                              .quantity = 2,
                                              .price = 10000,
                                              .customer_id = 1 + (int64_t)index % 50});
        items[index] = (mr_store_item){.event = &events[index], .offset = (int64_t)index};
    }
    APPLY(fixture->store, .invoice_no = "x", .stock_code = "0", .description = "first",
          .date_seconds = 50);
    apply_items(fixture->store, &fixture_source, items + events_count - old_count, old_count);
    mr_store_close(fixture->store);
    fixture->store = open_store(fixture, MR_STORE_WRITE);
    for (index = events_count - old_count; index < events_count; index++) {
        events[index].quantity = 3; /* another line of the same invoice */
        mr_event_identify(&events[index]);
    }
    apply_items(fixture->store, &fixture_source, items, events_count);
    assert_int_equal(totals_of(fixture->store).lines, events_count + old_count + 1);
    assert_int_equal(totals_of(fixture->store).invoices, events_count + 1);
    assert_int_equal(totals_of(fixture->store).products, events_count);
    assert_int_equal(totals_of(fixture->store).customers, 50);
    assert_sums_are_those_of_the_lines(fixture);
    mr_store_close(fixture->store);
    fixture->store = open_store(fixture, MR_STORE_WRITE);
    APPLY(fixture->store, .stock_code = "0", .description = "older", .date_seconds = 99);
    conn = connect_to(fixture);
    assert_string_equal(
        postgres_value(conn, "SELECT description FROM product WHERE stock_code = '0'", value), "0");
    PQfinish(conn);
    free(events);
    free(items);
    free(texts);
}

static mr_status ignore_row(void *ctx, const PGresult *row, mr_err *err)
{
    (void)ctx;
    (void)row;
    (void)err;
    return MR_OK;
}

/* The server gives up as well: the connection answers again at once. */
static void a_statement_under_way_ends_at_its_limit(void **state)
{
    const store_fixture *fixture = *state;
    const mr_pg_options options = {
        .url = fixture->url, .what = "test", .read_only = true, .timeout_ms = 1000};
    int64_t began_us = mr_monotonic_us();
    mr_pg *pg = NULL;
    mr_err err = {.message = ""};

    assert_int_equal(mr_pg_open(&options, &pg, &err), MR_OK);
    mr_pg_set_limit(pg, &(mr_store_limit){.deadline_us = began_us + 100000});
    assert_int_equal(mr_pg_each_sql(pg, "SELECT pg_sleep(20)", ignore_row, NULL, &err), MR_STOPPED);
    mr_pg_set_limit(pg, NULL);
    assert_int_equal(mr_pg_each_sql(pg, "SELECT 1", ignore_row, NULL, &err), MR_OK);
    assert_true(mr_monotonic_us() - began_us < 10000000);
    mr_pg_close(pg);
}

#define OPEN(name)  cmocka_unit_test_setup_teardown(name, postgres_open, postgres_close)
#define EMPTY(name) cmocka_unit_test_setup_teardown(name, make_empty, postgres_close)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        STORE_CONTRACT(postgres_open, postgres_close),
        OPEN(a_statement_under_way_ends_at_its_limit),
        EMPTY(a_reader_finds_nothing_before_the_writer_came),
        EMPTY(processes_that_start_together_migrate_once),
        EMPTY(a_store_of_the_first_version_is_brought_up_to_date),
        EMPTY(a_newer_schema_is_refused_untouched),
        cmocka_unit_test(what_is_wrong_with_a_url_is_said_without_its_password),
        cmocka_unit_test(parts_of_a_server_may_stand_outside_the_url),
        OPEN(a_reader_needs_no_right_to_write),
        OPEN(writers_side_by_side_give_what_one_gives),
        OPEN(of_two_owners_of_a_partition_one_is_fenced),
        OPEN(a_lock_held_too_long_is_for_later),
        OPEN(a_session_ended_in_mid_batch_loses_and_doubles_nothing),
        OPEN(a_lost_answer_to_a_commit_is_settled_by_the_position),
        OPEN(a_lost_commit_is_settled_by_the_position),
        cmocka_unit_test(states_of_the_server_say_what_to_do),
        OPEN(no_answer_reads_a_whole_table),
        OPEN(kept_sums_are_those_of_the_lines),
        OPEN(a_handle_goes_on_with_invoices_that_another_began),
        OPEN(a_batch_that_meets_old_invoices_late_is_written_whole),
    };

    if (postgres_server() == NULL) {
        (void)printf("skipped: MR_TEST_POSTGRES names no server\n");
        return postgres_skipped;
    }
    return cmocka_run_group_tests_name("store on PostgreSQL", tests, NULL, NULL);
}
