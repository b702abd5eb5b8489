/* SPDX-License-Identifier: Apache-2.0 */
/* store_sqlite_test.c - what is SQLite's own: files, schema versions, query plans, full disks,
 * locks, and that the kept sums are those of the lines. The promises of store.h: store_test.c. */
#include <pthread.h>
#include <sys/stat.h>

#include "store/store_backend.h"
#include "store/store_cache.h"
#include "store/store_sqlite.h"
#include "store_fixture.h"

enum { openers = 4, batch_count = 400 };

static int make_folder(void **state)
{
    store_fixture *fixture = mr_alloc_zero(1, sizeof(*fixture));

    fixture_make_folder(fixture);
    fixture->url = "sqlite:";
    *state = fixture;
    return 0;
}

static int remove_folder(void **state)
{
    fixture_remove_folder(*state);
    free(*state);
    return 0;
}

static void path_in(const store_fixture *fixture, const char *name,
                    char path[static 2 * fixture_path_bytes_max])
{
    (void)snprintf(path, 2 * fixture_path_bytes_max, "%s/%s", fixture->folder, name);
}

/* A connection beside the store's. */
static sqlite3 *open_raw(const store_fixture *fixture)
{
    char path[2 * fixture_path_bytes_max];
    sqlite3 *handle = NULL;

    path_in(fixture, "store.db", path);
    assert_int_equal(sqlite3_open(path, &handle), SQLITE_OK);
    return handle;
}

static void exec_raw(sqlite3 *handle, const char *sql)
{
    char *message = NULL;

    if (sqlite3_exec(handle, sql, NULL, NULL, &message) != SQLITE_OK) {
        fail_msg("%s: %s", sql, message);
    }
}

static mr_status try_open(const store_fixture *fixture, mr_store_mode mode, mr_err *err)
{
    const mr_store_options options = {
        .url = fixture->url, .data_folder = fixture->folder, .mode = mode, .timeout_ms = 1};
    mr_store *store = NULL;
    mr_status status = mr_store_open(&options, &store, err);

    mr_store_close(store);
    return status;
}

/* --- Files and versions ----------------------------------------------------------------------- */

static void a_url_may_name_the_file(void **state)
{
    store_fixture *fixture = *state;
    char url[2 * fixture_path_bytes_max];
    char path[2 * fixture_path_bytes_max];
    size_t index;
    mr_err err;

    path_in(fixture, "store.db", path);
    for (index = 0; index < 2; index++) {
        (void)snprintf(url, sizeof(url), index == 0 ? "sqlite:%s" : "sqlite://%s", path);
        fixture->url = url;
        assert_int_equal(try_open(fixture, MR_STORE_WRITE, &err), MR_OK);
        assert_int_equal(access(path, F_OK), 0);
        assert_int_equal(unlink(path), 0);
    }
}

static void only_the_owner_may_read_the_file(void **state)
{
    store_fixture *fixture = *state;
    char path[2 * fixture_path_bytes_max];
    struct stat info;

    fixture->store = open_store(fixture, MR_STORE_WRITE);
    path_in(fixture, "store.db", path);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    path_in(fixture, "store.db-wal", path);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    mr_store_close(fixture->store);
}

static void a_file_that_cannot_be_looked_at_is_not_called_empty(void **state)
{
    store_fixture *fixture = *state;
    char path[2 * fixture_path_bytes_max];
    mr_err err;

    path_in(fixture, "store.db", path);
    assert_int_equal(symlink(path, path), 0); /* a loop: permissions do not hold back root */
    assert_int_not_equal(try_open(fixture, MR_STORE_READ, &err), MR_NOT_FOUND);
    assert_non_null(strstr(err.message, path));
    assert_int_equal(unlink(path), 0);
}

static void a_reader_finds_nothing_before_the_writer_came(void **state)
{
    store_fixture *fixture = *state;
    char path[2 * fixture_path_bytes_max];
    FILE *file;
    mr_err err;

    assert_int_equal(try_open(fixture, MR_STORE_READ, &err), MR_NOT_FOUND);
    path_in(fixture, "store.db", path);
    assert_int_not_equal(access(path, F_OK), 0); /* reading makes no file */
    file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(try_open(fixture, MR_STORE_READ, &err), MR_NOT_FOUND);
    assert_int_equal(try_open(fixture, MR_STORE_WRITE, &err), MR_OK);
    assert_int_equal(try_open(fixture, MR_STORE_READ, &err), MR_OK);
}

extern const char mr_embed_sqlite_001_sql[];

static void a_store_of_the_first_version_is_brought_up_to_date(void **state)
{
    store_fixture *fixture = *state;
    sqlite3 *handle = open_raw(fixture);

    exec_raw(handle, "PRAGMA journal_mode = WAL");
    exec_raw(handle, mr_embed_sqlite_001_sql);
    exec_raw(handle, "PRAGMA user_version = 1; INSERT INTO country VALUES (1, 'Malta');"
                     "INSERT INTO customer VALUES (5, 'Ann Old', 1, 0, 1, 1, 1, 0, 1);"
                     "INSERT INTO consumed_offset VALUES ('store', 'ingestion-topic', 0, 7)");
    (void)sqlite3_close(handle);
    fixture->store = open_store(fixture, MR_STORE_WRITE);
    assert_found(fixture->store, "old", 10, "5/0/0 ");
    assert_int_equal(change_of(fixture->store).at_ms, 0);
    assert_int_equal(change_of(fixture->store).events, 7);
    APPLY(fixture->store, .customer_id = 5, .name = "Ann New");
    assert_found(fixture->store, "old", 10, "");
    assert_true(change_of(fixture->store).at_ms > 0);
    mr_store_close(fixture->store);
}

static void a_newer_schema_is_refused_untouched(void **state)
{
    store_fixture *fixture = *state;
    sqlite3 *handle = open_raw(fixture);
    mr_err err;

    exec_raw(handle, "PRAGMA journal_mode = WAL; CREATE TABLE t (a); PRAGMA user_version = 99");
    assert_int_equal(try_open(fixture, MR_STORE_READ, &err), MR_UNSUPPORTED);
    assert_non_null(strstr(err.message, "version 99"));
    assert_int_equal(try_open(fixture, MR_STORE_WRITE, &err), MR_UNSUPPORTED);
    exec_raw(handle, "SELECT a FROM t");
    (void)sqlite3_close(handle);
}

static void a_file_that_is_no_database_is_corrupt(void **state)
{
    store_fixture *fixture = *state;
    char path[2 * fixture_path_bytes_max];
    FILE *file;
    mr_err err;
    int row;

    path_in(fixture, "store.db", path);
    file = fopen(path, "w");
    assert_non_null(file);
    for (row = 0; row < 1000; row++) {
        assert_true(fputs("this is not a database\n", file) >= 0);
    }
    assert_int_equal(fclose(file), 0);
    assert_int_equal(try_open(fixture, MR_STORE_READ, &err), MR_CORRUPT);
    assert_int_equal(try_open(fixture, MR_STORE_WRITE, &err), MR_CORRUPT);
}

static void *open_and_close(void *ctx)
{
    const store_fixture *fixture = ctx;
    const mr_store_options options = {.url = fixture->url, .data_folder = fixture->folder};
    mr_store *store = NULL;
    mr_err err;

    if (mr_store_open(&options, &store, &err) != MR_OK) {
        return mr_copy_string(err.message);
    }
    mr_store_close(store);
    return NULL;
}

static void writers_that_start_together_migrate_once(void **state)
{
    pthread_t threads[openers];
    void *message;
    int index;

    for (index = 0; index < openers; index++) {
        assert_int_equal(pthread_create(&threads[index], NULL, open_and_close, *state), 0);
    }
    for (index = 0; index < openers; index++) {
        assert_int_equal(pthread_join(threads[index], &message), 0);
        if (message != NULL) {
            fail_msg("%s", (const char *)message);
        }
    }
}

static void a_reader_cannot_write(void **state)
{
    store_fixture *fixture = *state;
    mr_store *reader;
    mr_err err;

    mr_store_close(open_store(fixture, MR_STORE_WRITE));
    reader = open_store(fixture, MR_STORE_READ);
    assert_int_not_equal(mr_store_reposition(reader, &fixture_source, 5, &err), MR_OK);
    assert_int_equal(position_of(reader, &fixture_source), 0);
    mr_store_close(reader);
}

/* --- Plans ------------------------------------------------------------------------------------ */

/* The plan of a query, one step a line. */
static void plan_of(sqlite3 *handle, mr_store_query query, mr_buffer *plan)
{
    sqlite3_stmt *statement = NULL;
    mr_buffer sql;

    mr_buffer_init(&sql, 65536);
    mr_buffer_printf(&sql, "EXPLAIN QUERY PLAN %s", mr_store_queries[query].sql);
    mr_buffer_append(&sql, "", 1);
    assert_int_equal(sqlite3_prepare_v2(handle, sql.data, -1, &statement, NULL), SQLITE_OK);
    mr_buffer_clear(plan);
    while (sqlite3_step(statement) == SQLITE_ROW) {
        mr_buffer_printf(plan, "%s\n", (const char *)sqlite3_column_text(statement, 3));
    }
    mr_buffer_append(plan, "", 1);
    assert_int_equal(sqlite3_finalize(statement), SQLITE_OK);
    mr_buffer_free(&sql);
}

static void no_answer_reads_a_whole_table(void **state)
{
    static const mr_store_query searched[] = {
        MR_QUERY_POSITION_READ,   MR_QUERY_POSITION_MOVE,      MR_QUERY_LINE_CONTENT,
        MR_QUERY_LINE_LIST,       MR_QUERY_COUNTRY_LOAD,       MR_QUERY_CUSTOMER_LOAD,
        MR_QUERY_CUSTOMER_READ,   MR_QUERY_CUSTOMER_SUMS,      MR_QUERY_PRODUCT_LOAD,
        MR_QUERY_INVOICE_LOAD,    MR_QUERY_INVOICE_READ,       MR_QUERY_ORDER_LOAD,
        MR_QUERY_ORDER_LIST,      MR_QUERY_RECEIPT_READ,       MR_QUERY_TOTAL_READ,
        MR_QUERY_CUSTOMER_UPDATE, MR_QUERY_PRODUCT_UPDATE,     MR_QUERY_INVOICE_UPDATE,
        MR_QUERY_ORDER_UPDATE,    MR_QUERY_TOTAL_UPDATE,       MR_QUERY_CUSTOMER_BETWEEN,
        MR_QUERY_ITEM_LIST,       MR_QUERY_OWN_LINE_LIST,      MR_QUERY_OWN_INVOICE_READ,
        MR_QUERY_RETURN_LIST,     MR_QUERY_RETURNED_FROM_LIST,
    };
    store_fixture *fixture = *state;
    sqlite3 *handle;
    mr_buffer plan;
    size_t index;

    mr_store_close(open_store(fixture, MR_STORE_WRITE));
    handle = open_raw(fixture);
    mr_buffer_init(&plan, 65536);
    for (index = 0; index < sizeof(searched) / sizeof(searched[0]); index++) {
        plan_of(handle, searched[index], &plan);
        if (strstr(plan.data, "SCAN") != NULL || strstr(plan.data, "SEARCH") == NULL) {
            fail_msg("%s: %s", mr_store_queries[searched[index]].name, plan.data);
        }
    }
    plan_of(handle, MR_QUERY_ORDER_LIST, &plan);
    assert_null(strstr(plan.data, "TEMP B-TREE")); /* pages come in the index's order */
    mr_buffer_free(&plan);
    (void)sqlite3_close(handle);
}

/* --- Kept sums -------------------------------------------------------------------------------- */

static int64_t count_raw(sqlite3 *handle, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    int64_t count;

    assert_int_equal(sqlite3_prepare_v2(handle, sql, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    count = sqlite3_column_int64(statement, 0);
    assert_int_equal(sqlite3_finalize(statement), SQLITE_OK);
    return count;
}

static void apply_many(mr_store *store, mr_random *random, int64_t first_offset)
{
    mr_event *events = mr_alloc(batch_count * sizeof(*events));
    mr_store_item *items = mr_alloc(batch_count * sizeof(*items));
    char(*texts)[16] = mr_alloc(batch_count * sizeof(*texts));
    size_t index;

    for (index = 0; index < batch_count; index++) {
        (void)snprintf(texts[index], sizeof(texts[index]), "%s%llu", index % 3 == 0 ? "C" : "",
                       (unsigned long long)mr_random_below(random, 50));
        events[index] = event_of(&(test_line){
            .invoice_no = texts[index],
            .stock_code = texts[index],
            .customer_id = (int64_t)mr_random_below(random, 9),
            .quantity = (int32_t)mr_random_below(random, 200) - 100,
            .price = (int64_t)mr_random_below(random, 1000000),
        });
        items[index] =
            (mr_store_item){.event = &events[index], .offset = first_offset + (int64_t)index};
    }
    apply_items(store, &fixture_source, items, batch_count);
    free(events);
    free(items);
    free(texts);
}

/* The numbers are small, so that SQL's own sum is exact. */
static void kept_sums_are_those_of_the_lines(void **state)
{
    store_fixture *fixture = *state;
    mr_store_totals totals;
    mr_random random;
    sqlite3 *handle;
    int64_t batch;

    mr_random_seed(&random, 3);
    fixture->store = open_store(fixture, MR_STORE_WRITE);
    for (batch = 0; batch < 5; batch++) {
        apply_many(fixture->store, &random, batch * batch_count);
    }
    totals = totals_of(fixture->store);
    handle = open_raw(fixture);
    assert_true(totals.sales.scaled ==
                count_raw(handle, "SELECT sum(quantity * unit_price) FROM invoice_line"
                                  " WHERE invoice_no NOT LIKE 'C%'"));
    assert_true(totals.cancelled.scaled ==
                count_raw(handle, "SELECT sum(quantity * unit_price) FROM invoice_line"
                                  " WHERE invoice_no LIKE 'C%'"));
    assert_int_equal(totals.lines, count_raw(handle, "SELECT count(*) FROM invoice_line"));
    assert_int_equal(totals.invoices, count_raw(handle, "SELECT count(*) FROM invoice"));
    assert_int_equal(totals.products, count_raw(handle, "SELECT count(*) FROM product"));
    assert_int_equal(totals.customers, count_raw(handle, "SELECT count(*) FROM customer"));
    assert_int_equal(count_raw(handle, "SELECT count(*) FROM customer_invoice"),
                     count_raw(handle, "SELECT count(*) FROM (SELECT DISTINCT invoice_no,"
                                       " customer_id FROM invoice_line WHERE customer_id > 0)"));
    assert_int_equal(count_raw(handle, "SELECT count(*) FROM invoice i WHERE items <> (SELECT"
                                       " sum(quantity) FROM invoice_line l"
                                       " WHERE l.invoice_no = i.invoice_no)"),
                     0);
    (void)sqlite3_close(handle);
    mr_store_close(fixture->store);
}

/* --- Failures --------------------------------------------------------------------------------- */

static mr_sqlite_store *open_backend(const store_fixture *fixture)
{
    const mr_store_options options = {
        .url = "sqlite:", .data_folder = fixture->folder, .timeout_ms = 1};
    void *store = NULL;

    assert_int_equal(mr_store_sqlite.open(&options, &store, NULL), MR_OK);
    return store;
}

static mr_status apply_until_it_fails(mr_sqlite_store *store, int64_t *ret_offset, mr_err *err)
{
    mr_status status = MR_OK;
    char description[64];
    int64_t offset;

    for (offset = 0; offset < 100000 && status == MR_OK; offset++) {
        (void)snprintf(description, sizeof(description), "%lld", (long long)offset);

        mr_event event = event_of(&(test_line){
            .description = description, .quantity = 1, .price = 10000, .customer_id = 1 + offset});
        mr_store_item item = {.event = &event, .offset = offset};

        *ret_offset = offset;
        status = mr_store_sqlite.apply(store, &fixture_source, offset, offset + 1, &item, 1, err);
        if (status == MR_OK) {
            status = mr_store_sqlite.commit(store, err);
        }
    }
    return status;
}

static void a_full_disk_is_reported_and_survived(void **state)
{
    mr_sqlite_store *store = open_backend(*state);
    mr_event event = event_of(&(test_line){.quantity = 7, .price = 10000});
    mr_store_item item = {.event = &event};
    mr_store_totals totals;
    mr_err err;
    int64_t stands_at = -1, failed_at = 0;

    exec_raw(store->db.handle, "PRAGMA max_page_count = 40");
    assert_int_equal(apply_until_it_fails(store, &failed_at, &err), MR_FULL);
    assert_non_null(strstr(err.message, "full"));
    assert_non_null(strstr(err.message, "store.db"));
    assert_true(failed_at > 0);
    assert_int_equal(mr_store_sqlite.position(store, &fixture_source, &stands_at, &err), MR_OK);
    assert_int_equal(stands_at, failed_at);
    assert_int_equal(mr_store_sqlite.read_totals(store, &totals, &err), MR_OK);
    assert_int_equal(totals.lines, failed_at);
    exec_raw(store->db.handle, "PRAGMA max_page_count = 1000");
    assert_int_equal(
        mr_store_sqlite.apply(store, &fixture_source, stands_at, stands_at + 1, &item, 1, &err),
        MR_OK);
    assert_int_equal(mr_store_sqlite.commit(store, &err), MR_OK);
    assert_int_equal(mr_store_sqlite.read_totals(store, &totals, &err), MR_OK);
    assert_int_equal(totals.lines, failed_at + 1);
    assert_true(totals.sales.scaled == (failed_at + 7) * 10000);
    mr_store_sqlite.close(store);
}

static void a_lock_held_too_long_is_for_later(void **state)
{
    store_fixture *fixture = *state;
    mr_sqlite_store *store = open_backend(fixture);
    sqlite3 *handle = open_raw(fixture);
    mr_event event = event_of(&(test_line){.quantity = 7});
    mr_store_item item = {.event = &event};
    mr_err err;

    exec_raw(handle, "BEGIN IMMEDIATE");
    assert_int_equal(mr_store_sqlite.apply(store, &fixture_source, 0, 1, &item, 1, &err),
                     MR_UNAVAILABLE);
    assert_int_equal(err.action, MR_RETRY);
    exec_raw(handle, "ROLLBACK");
    assert_int_equal(mr_store_sqlite.apply(store, &fixture_source, 0, 1, &item, 1, &err), MR_OK);
    assert_int_equal(mr_store_sqlite.commit(store, &err), MR_OK);
    (void)sqlite3_close(handle);
    mr_store_sqlite.close(store);
}

static void an_amount_that_is_no_number_is_corrupt(void **state)
{
    store_fixture *fixture = *state;
    sqlite3 *handle;
    mr_store_customer customer;
    mr_store_invoice invoice;
    mr_store_totals totals;
    mr_err err;

    fixture->store = open_store(fixture, MR_STORE_WRITE);
    APPLY(fixture->store, .quantity = 1, .customer_id = 5);
    handle = open_raw(fixture);
    exec_raw(handle, "UPDATE customer_invoice SET amount = 'x'; UPDATE invoice SET amount = '';"
                     "UPDATE store_total SET sales = '1.2.3'");
    assert_int_equal(mr_store_read_customer(fixture->store, 5, &customer, &err), MR_CORRUPT);
    assert_int_equal(
        mr_store_read_invoice(fixture->store, mr_text_of("536365"), &invoice, NULL, NULL, &err),
        MR_CORRUPT);
    assert_int_equal(mr_store_read_totals(fixture->store, &totals, &err), MR_CORRUPT);
    (void)sqlite3_close(handle);
    mr_store_close(fixture->store);
}

static void the_log_of_changes_is_folded_back(void **state)
{
    store_fixture *fixture = *state;
    char path[2 * fixture_path_bytes_max];
    struct stat info;
    mr_random random;
    int64_t batch;

    mr_random_seed(&random, 5);
    fixture->store = open_store(fixture, MR_STORE_WRITE);
    for (batch = 0; batch < 120; batch++) {
        apply_many(fixture->store, &random, batch * batch_count);
    }
    path_in(fixture, "store.db-wal", path);
    assert_int_equal(stat(path, &info), 0);
    assert_true(info.st_size < 24 * 1024 * 1024);
    path_in(fixture, "store.db", path);
    assert_int_equal(stat(path, &info), 0);
    assert_true(info.st_size > 1024 * 1024);
    mr_store_close(fixture->store);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(a_url_may_name_the_file),
        TEST(only_the_owner_may_read_the_file),
        TEST(a_file_that_cannot_be_looked_at_is_not_called_empty),
        TEST(a_reader_finds_nothing_before_the_writer_came),
        TEST(a_store_of_the_first_version_is_brought_up_to_date),
        TEST(a_newer_schema_is_refused_untouched),
        TEST(a_file_that_is_no_database_is_corrupt),
        TEST(writers_that_start_together_migrate_once),
        TEST(a_reader_cannot_write),
        TEST(no_answer_reads_a_whole_table),
        TEST(kept_sums_are_those_of_the_lines),
        TEST(a_full_disk_is_reported_and_survived),
        TEST(a_lock_held_too_long_is_for_later),
        TEST(an_amount_that_is_no_number_is_corrupt),
        TEST(the_log_of_changes_is_folded_back),
    };

    return cmocka_run_group_tests_name("store_sqlite", tests, NULL, NULL);
}
