/* SPDX-License-Identifier: Apache-2.0 */
/* store_copy_test.c - a copy answers as the store it was made of, and goes on as it would have. */
#include <sqlite3.h>

#include "postgres_fixture.h"
#include "store/ops.h"
#include "store/ops_access.h"
#include "store/store_copy.h"
#include "store_crowd.h"

typedef struct copy_fixture {
    store_fixture from, to;
    test_crowd *crowd;
    char database[postgres_schema_bytes_max];
    char url[postgres_url_bytes_max];
} copy_fixture;

static mr_store_options options_of(const store_fixture *fixture)
{
    return (mr_store_options){.url = fixture->url, .data_folder = fixture->folder};
}

static mr_status copy_to(const store_fixture *from, const store_fixture *to,
                         mr_store_copied *ret_copied, mr_err *err)
{
    const mr_store_options source = options_of(from), target = options_of(to);

    return mr_store_copy(&source, &target, NULL, NULL, ret_copied, err);
}

/* The first half of the crowd in a store, two keys and a letter beside it. */
static int fill(void **state)
{
    copy_fixture *fixture = mr_alloc_zero(1, sizeof(*fixture));
    char key[mr_api_key_bytes_max];
    mr_ops *ops = NULL;

    fixture_make_folder(&fixture->from);
    fixture_make_folder(&fixture->to);
    fixture->from.url = fixture->to.url = "sqlite:";
    fixture->crowd = mr_alloc(sizeof(*fixture->crowd));
    make_crowd(fixture->crowd);
    fixture->from.store = open_store(&fixture->from, MR_STORE_WRITE);
    apply_items(fixture->from.store, &fixture_source, fixture->crowd->items, crowd_events / 2);
    assert_int_equal(mr_ops_open(fixture->from.folder, &ops, NULL), MR_OK);
    assert_int_equal(mr_ops_key_add(ops, "till", MR_USER_OPERATOR, 0, key, NULL), MR_OK);
    assert_int_equal(mr_ops_key_add(ops, "old", MR_USER_NOBODY, 0, key, NULL), MR_OK);
    assert_int_equal(mr_ops_key_revoke(ops, "old", NULL), MR_OK);
    assert_int_equal(mr_ops_letter_mark(ops, 0, 7, MR_LETTER_RETRIED, NULL), MR_OK);
    assert_int_equal(
        mr_ops_user_add(ops, &(mr_user){.name = "anna", .role = MR_USER_OPERATOR}, "hash", NULL),
        MR_OK);
    mr_ops_close(ops);
    *state = fixture;
    return 0;
}

static int empty(void **state)
{
    copy_fixture *fixture = *state;

    mr_store_close(fixture->from.store);
    mr_store_close(fixture->to.store);
    if (fixture->database[0] != '\0') {
        postgres_remove_database(fixture->database);
    }
    fixture_remove_folder(&fixture->from);
    fixture_remove_folder(&fixture->to);
    free(fixture->crowd);
    free(fixture);
    return 0;
}

static void assert_same_answers(copy_fixture *fixture, mr_store *a, mr_store *b)
{
    mr_buffer expected, got;

    mr_buffer_init(&expected, crowd_answer_bytes_max);
    mr_buffer_init(&got, crowd_answer_bytes_max);
    describe(a, fixture->crowd, &expected);
    describe(b, fixture->crowd, &got);
    assert_string_equal(got.data, expected.data);
    mr_buffer_free(&expected);
    mr_buffer_free(&got);
}

/* The same lines to both, older ones among them: what each value was taken from came along. */
static void assert_goes_on_alike(copy_fixture *fixture)
{
    mr_store *from = fixture->from.store, *to;

    fixture->to.store = to = open_store(&fixture->to, MR_STORE_WRITE);
    assert_int_equal(position_of(to, &fixture_source), position_of(from, &fixture_source));
    assert_same_answers(fixture, from, to);
    apply_items(from, &fixture_source, fixture->crowd->items + crowd_events / 4,
                crowd_events - crowd_events / 4);
    apply_items(to, &fixture_source, fixture->crowd->items + crowd_events / 4,
                crowd_events - crowd_events / 4);
    assert_same_answers(fixture, from, to);
    APPLY(from, .stock_code = "new", .country = "Malta", .customer_id = 999);
    APPLY(to, .stock_code = "new", .country = "Malta", .customer_id = 999);
    assert_same_answers(fixture, from, to);
    assert_string_equal(customer_of(to, 999).country, "Malta");
}

/* With what is its own; whoever is added next is somebody else. */
static void assert_user_came(mr_ops *ops)
{
    char password[mr_password_hash_bytes_max];
    mr_user anna, bert = {.name = "bert", .role = MR_USER_CUSTOMER, .customer_id = 7};

    assert_int_equal(mr_ops_user_find(ops, MR_TEXT_LITERAL("anna"), &anna, password, NULL), MR_OK);
    assert_int_equal(anna.role, MR_USER_OPERATOR);
    assert_string_equal(password, "hash");
    assert_int_equal(mr_ops_user_add(ops, &bert, "", NULL), MR_OK);
    assert_int_equal(mr_ops_user_find(ops, MR_TEXT_LITERAL("bert"), &bert, password, NULL), MR_OK);
    assert_true(bert.user_id > anna.user_id);
    assert_int_equal(mr_ops_user_remove(ops, bert.user_id, NULL), MR_OK);
}

static bool is_revoked_or_an_operators(void *ctx, const mr_api_key *key)
{
    *(bool *)ctx &= key->revoked_ms != 0 || key->role == MR_USER_OPERATOR;
    return true;
}

static void assert_keys_came(const store_fixture *to)
{
    bool roles_came = true;

    const mr_store_options store = options_of(to);
    char key[mr_api_key_bytes_max];
    mr_letter_state letter;
    mr_ops *ops = NULL;

    assert_int_equal(mr_ops_open_beside(&store, &ops, NULL), MR_OK);
    assert_int_equal(mr_ops_keys(ops, is_revoked_or_an_operators, &roles_came, NULL), MR_OK);
    assert_true(roles_came);
    assert_int_equal(mr_ops_key_add(ops, "till", MR_USER_NOBODY, 0, key, NULL), MR_EXISTS);
    assert_int_equal(mr_ops_key_add(ops, "old", MR_USER_NOBODY, 0, key, NULL), MR_OK);
    assert_int_equal(mr_ops_letter_state(ops, 0, 7, &letter, NULL), MR_OK);
    assert_int_equal(letter, MR_LETTER_RETRIED);
    assert_user_came(ops);
    mr_ops_close(ops);
}

static void a_copy_answers_and_goes_on_as_its_source(void **state)
{
    copy_fixture *fixture = *state;
    mr_store_copied copied;
    mr_err err;

    if (copy_to(&fixture->from, &fixture->to, &copied, &err) != MR_OK) {
        fail_msg("%s", err.message);
    }
    assert_int_equal(copied.totals.lines, crowd_events / 2);
    assert_int_equal(copied.keys, 2);
    assert_int_equal(copied.letters, 1);
    assert_keys_came(&fixture->to);
    assert_goes_on_alike(fixture);
}

static void a_copy_by_way_of_postgresql_is_the_same(void **state)
{
    copy_fixture *fixture = *state;
    store_fixture middle = fixture->to;
    mr_store_copied copied;
    mr_err err;

    if (postgres_server() == NULL) {
        skip(); /* MR_TEST_POSTGRES names no server */
    }
    (void)snprintf(fixture->database, sizeof(fixture->database), "test_%.24s",
                   strrchr(fixture->to.folder, '-') + 1);
    postgres_make_database(fixture->database, fixture->url);
    middle.url = fixture->url;
    if (copy_to(&fixture->from, &middle, &copied, &err) != MR_OK ||
        copy_to(&middle, &fixture->to, &copied, &err) != MR_OK) {
        fail_msg("%s", err.message);
    }
    assert_int_equal(copied.keys, 2);
    assert_keys_came(&fixture->to);
    assert_int_equal(copy_to(&fixture->from, &middle, &copied, &err), MR_EXISTS);
    fixture->to.url = middle.url;
    assert_keys_came(&fixture->to);
    assert_goes_on_alike(fixture);
}

static void an_interrupted_copy_into_postgresql_is_made_again(void **state)
{
    copy_fixture *fixture = *state;
    mr_store_copied copied;
    PGconn *conn;
    mr_err err;

    if (postgres_server() == NULL) {
        skip(); /* MR_TEST_POSTGRES names no server */
    }
    (void)snprintf(fixture->database, sizeof(fixture->database), "test_%.24s",
                   strrchr(fixture->to.folder, '-') + 1);
    postgres_make_database(fixture->database, fixture->url);
    fixture->to.url = fixture->url;
    assert_int_equal(copy_to(&fixture->from, &fixture->to, &copied, &err), MR_OK);
    conn = postgres_connect(fixture->url);
    postgres_exec(conn, "TRUNCATE country, customer, product, product_winner, invoice,"
                        " customer_invoice, invoice_line, consumed_offset, store_total");
    PQfinish(conn);
    if (copy_to(&fixture->from, &fixture->to, &copied, &err) != MR_OK) {
        fail_msg("%s", err.message);
    }
    assert_int_equal(copied.keys, 2);
    assert_keys_came(&fixture->to);
    assert_goes_on_alike(fixture);
}

static void a_store_that_holds_something_is_not_copied_to(void **state)
{
    copy_fixture *fixture = *state;
    mr_store_copied copied;
    mr_store *to = open_store(&fixture->to, MR_STORE_WRITE);
    mr_err err;

    assert_int_equal(mr_store_reposition(to, &fixture_source, 1, NULL), MR_OK);
    assert_int_equal(copy_to(&fixture->from, &fixture->to, &copied, &err), MR_EXISTS);
    assert_non_null(strstr(err.message, "consumed_offset"));
    assert_int_equal(totals_of(to).lines, 0);
    mr_store_close(to);
}

/* Keys and letters are committed first: what an end in between leaves is them alone. */
static void remove_store(const store_fixture *fixture)
{
    static const char *const files[] = {"store.db", "store.db-wal", "store.db-shm"};
    char path[2 * fixture_path_bytes_max];
    size_t index;

    for (index = 0; index < sizeof(files) / sizeof(files[0]); index++) {
        (void)snprintf(path, sizeof(path), "%s/%s", fixture->folder, files[index]);
        (void)unlink(path);
    }
}

static void an_interrupted_copy_is_made_again(void **state)
{
    copy_fixture *fixture = *state;
    mr_store_copied copied;
    mr_err err;

    assert_int_equal(copy_to(&fixture->from, &fixture->to, &copied, &err), MR_OK);
    remove_store(&fixture->to);
    if (copy_to(&fixture->from, &fixture->to, &copied, &err) != MR_OK) {
        fail_msg("%s", err.message);
    }
    assert_int_equal(copied.keys, 2);
    assert_int_equal(copied.letters, 1);
    assert_keys_came(&fixture->to);
    assert_goes_on_alike(fixture);
}

static void keys_of_another_shop_are_not_taken_for_an_interrupted_copy(void **state)
{
    copy_fixture *fixture = *state;
    char key[mr_api_key_bytes_max];
    mr_store_copied copied;
    mr_ops *ops = NULL;
    mr_err err;

    assert_int_equal(mr_ops_open(fixture->to.folder, &ops, NULL), MR_OK);
    assert_int_equal(mr_ops_key_add(ops, "till", MR_USER_NOBODY, 0, key, NULL), MR_OK);
    mr_ops_close(ops);
    assert_int_equal(copy_to(&fixture->from, &fixture->to, &copied, &err), MR_EXISTS);
    assert_non_null(strstr(err.message, "api_key"));
}

static void a_store_that_is_not_there_is_not_copied(void **state)
{
    copy_fixture *fixture = *state;
    mr_store_copied copied;
    mr_err err;

    assert_int_equal(copy_to(&fixture->to, &fixture->from, &copied, &err), MR_NOT_FOUND);
}

/* The copy is of one moment: what a writer adds meanwhile is not in it, nor is half of it. */
static void add_more(void *ctx, uint64_t rows, uint64_t rows_expected, bool checking)
{
    copy_fixture *fixture = ctx;

    (void)rows;
    (void)rows_expected;
    if (!checking && position_of(fixture->from.store, &fixture_source) == crowd_events / 2) {
        apply_items(fixture->from.store, &fixture_source, fixture->crowd->items + crowd_events / 2,
                    crowd_events / 2);
    }
}

static void a_writer_may_run_on_meanwhile(void **state)
{
    enum { more = 9000, text_bytes = 16 };
    copy_fixture *fixture = *state;
    const mr_store_options from = options_of(&fixture->from), to = options_of(&fixture->to);
    static const mr_store_source other = {"store", "ingestion-topic", 1};
    mr_event *events = mr_alloc(more * sizeof(*events));
    mr_store_item *items = mr_alloc(more * sizeof(*items));
    char(*texts)[text_bytes] = mr_alloc((size_t)more * text_bytes);
    mr_store_copied copied;
    size_t index;

    for (index = 0; index < more; index++) { /* enough rows for progress to be told */
        (void)snprintf(texts[index], text_bytes, "%zu", index);
        events[index] = event_of(&(test_line){.invoice_no = texts[index], .quantity = 1});
        items[index] = (mr_store_item){.event = &events[index], .offset = (int64_t)index};
    }
    apply_items(fixture->from.store, &other, items, more);
    assert_int_equal(mr_store_copy(&from, &to, add_more, fixture, &copied, NULL), MR_OK);
    assert_int_equal(copied.totals.lines, crowd_events / 2 + more);
    assert_int_equal(totals_of(fixture->from.store).lines, crowd_events + more);
    fixture->to.store = open_store(&fixture->to, MR_STORE_WRITE);
    assert_int_equal(position_of(fixture->to.store, &fixture_source), crowd_events / 2);
    apply_items(fixture->to.store, &fixture_source, fixture->crowd->items + crowd_events / 2,
                crowd_events / 2);
    assert_same_answers(fixture, fixture->from.store, fixture->to.store);
    free(events);
    free(items);
    free(texts);
}

static int tables_in(const store_fixture *fixture, const char *file)
{
    char path[2 * fixture_path_bytes_max];
    sqlite3_stmt *statement = NULL;
    sqlite3 *handle = NULL;
    int count;

    (void)snprintf(path, sizeof(path), "%s/%s", fixture->folder, file);
    assert_int_equal(sqlite3_open(path, &handle), SQLITE_OK);
    assert_int_equal(
        sqlite3_prepare_v2(handle,
                           "SELECT count(*) FROM sqlite_master WHERE type = 'table'"
                           " AND name NOT LIKE 'sqlite_%'"
                           " AND name NOT LIKE 'customer_name%'", /* triggers fill it */
                           -1, &statement, NULL),
        SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    count = sqlite3_column_int(statement, 0);
    assert_int_equal(sqlite3_finalize(statement), SQLITE_OK);
    assert_int_equal(sqlite3_close(handle), SQLITE_OK);
    return count;
}

/* A new table must be copied too: whoever adds one, adds it to store_copy.c and here. */
static void no_table_is_left_out(void **state)
{
    copy_fixture *fixture = *state;

    assert_int_equal(tables_in(&fixture->from, "store.db"), 7 + 1); /* and store_total */
    /* And the generation; sessions, links, tries, history; documents, which can be made again. */
    assert_int_equal(tables_in(&fixture->from, "ops.db"), 5 + 1 + 4 + 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fill, empty)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(a_copy_answers_and_goes_on_as_its_source),
        TEST(a_copy_by_way_of_postgresql_is_the_same),
        TEST(an_interrupted_copy_into_postgresql_is_made_again),
        TEST(a_store_that_holds_something_is_not_copied_to),
        TEST(an_interrupted_copy_is_made_again),
        TEST(keys_of_another_shop_are_not_taken_for_an_interrupted_copy),
        TEST(a_store_that_is_not_there_is_not_copied),
        TEST(a_writer_may_run_on_meanwhile),
        TEST(no_table_is_left_out),
    };

    return cmocka_run_group_tests_name("copies of a store", tests, NULL, NULL);
}
