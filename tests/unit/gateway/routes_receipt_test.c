/* SPDX-License-Identifier: Apache-2.0 */
/* gateway/routes_receipt_test.c - GET /receipts/{event_id}, before and after the store has an
 * event. */
#include "event/event_json.h"
#include "gateway/fixture.h"

static int start(void **state)
{
    fixture *f = fixture_create();

    fixture_start(f);
    *state = f;
    return 0;
}

static int stop(void **state)
{
    fixture_destroy(*state);
    return 0;
}

static reply *get_receipt(const fixture *f, const char *id)
{
    char path[128];

    snprintf(path, sizeof path, "/receipts/%s", id);
    return get(f, path);
}

static void assert_pending(const fixture *f, const char *id, int64_t offset, int64_t lag)
{
    reply *r = get_receipt(f, id);

    assert_status(r, 200);
    assert_string_equal(string_at(r, "/event_id"), id);
    assert_string_equal(string_at(r, "/log/topic"), "ingestion-topic");
    assert_int_equal(integer_at(r, "/log/partition"), 0);
    assert_int_equal(integer_at(r, "/log/offset"), offset);
    assert_string_equal(string_at(r, "/store/state"), "pending");
    assert_int_equal(integer_at(r, "/store/lag"), lag);
    reply_free(r);
}

/* Puts one event into the store as the processor would, and moves the position behind it. */
static void store_event(const fixture *f, const char *json, int64_t offset)
{
    const mr_store_source source = {"store", "ingestion-topic", 0};
    mr_store_options options = f->options.store;
    mr_event_parser *parser = mr_event_parser_create();
    char document[1024] = {0};
    mr_event_faults faults;
    mr_store *store;
    mr_event event;
    mr_store_item item = {.event = &event, .offset = offset};

    memcpy(document, json, strlen(json));
    assert_int_equal(mr_event_parse(parser, document, strlen(json), &event, &faults), MR_OK);
    options.mode = MR_STORE_WRITE;
    assert_int_equal(mr_store_open(&options, &store, NULL), MR_OK);
    assert_int_equal(mr_store_apply(store, &source, offset, offset + 1, &item, 1, NULL), MR_OK);
    assert_int_equal(mr_store_commit(store, NULL), MR_OK);
    mr_store_close(store);
    mr_event_parser_destroy(parser);
}

static void an_event_is_pending_until_the_store_has_it(void **state)
{
    const char *const second = "{" EVENT_FIELDS ",\"EventID\":\"second\"}";
    char first_id[33];
    char second_id[33];
    reply *r;

    post_for_id(*state, EVENT, first_id);
    post_for_id(*state, second, second_id);
    assert_pending(*state, first_id, 0, 2);
    assert_pending(*state, second_id, 1, 2);

    store_event(*state, EVENT, 0);
    r = get_receipt(*state, first_id);
    assert_status(r, 200);
    assert_string_equal(string_at(r, "/store/state"), "stored");
    assert_string_equal(string_at(r, "/store/invoice_no"), "536365");
    assert_int_equal(integer_at(r, "/log/offset"), 0);
    reply_free(r);
    assert_pending(*state, second_id, 1, 1);
}

static void an_unknown_event_is_404(void **state)
{
    char id[33];
    reply *r = get_receipt(*state, "00112233445566778899aabbccddeeff");

    assert_status(r, 404);
    assert_non_null(strstr(string_at(r, "/detail"), "dead letters"));
    reply_free(r);
    post_for_id(*state, EVENT, id);
    id[31] = id[31] == '0' ? '1' : '0'; /* the same invoice, another line */
    r = get_receipt(*state, id);
    assert_status(r, 404);
    reply_free(r);
}

static void an_id_that_is_no_id_is_422(void **state)
{
    const char *const ids[] = {"7", "00112233445566778899aabbccddeefg",
                               "00112233445566778899aabbccddeeff00"};

    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        reply *r = get_receipt(*state, ids[i]);
        assert_status(r, 422);
        assert_string_equal(string_at(r, "/detail/0/loc/0"), "path");
        assert_string_equal(string_at(r, "/detail/0/loc/1"), "event_id");
        reply_free(r);
    }
}

/* The search passes over thousands of other records, over several polls. */
static void a_late_event_is_found(void **state)
{
    char id[33];
    mr_buffer lines;
    reply *r;

    mr_buffer_init(&lines, 8 * 1048576);
    for (int i = 0; i < 12000; i++) {
        mr_buffer_printf(&lines, "{%s,\"EventID\":\"e%d\"}\n", EVENT_FIELDS, i);
    }
    mr_buffer_append(&lines, "", 1);
    r = post_batch(*state, lines.data);
    assert_status(r, 201);
    reply_free(r);
    mr_buffer_free(&lines);
    post_for_id(*state,
                "{\"InvoiceNo\":\"C7\",\"StockCode\":\"A\",\"Quantity\":-1,\"UnitPrice\":1,"
                "\"InvoiceDate\":\"2011-01-02T03:04\",\"Country\":\"France\"}",
                id);
    assert_pending(*state, id, 12000, 12001);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_event_is_pending_until_the_store_has_it, start, stop),
        cmocka_unit_test_setup_teardown(an_unknown_event_is_404, start, stop),
        cmocka_unit_test_setup_teardown(an_id_that_is_no_id_is_422, start, stop),
        cmocka_unit_test_setup_teardown(a_late_event_is_found, start, stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
