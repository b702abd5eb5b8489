/* SPDX-License-Identifier: Apache-2.0 */
/* gateway/routes_invoice_test.c - POST /invoicedata as a client sees it. */
#include "event/event.h"
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

static void answers_201_with_the_stored_item(void **state)
{
    reply *r = post_event(*state, "{" EVENT_FIELDS ",\"customerName\":\"Ada \\u00e9\",\"till\":7}");

    assert_status(r, 201);
    assert_contains(r, "Content-Type: application/json\r\n");
    assert_string_equal(string_at(r, "/InvoiceNo"), "536365");
    assert_string_equal(string_at(r, "/InvoiceDate"), "01-12-2010 08:26:00");
    assert_string_equal(string_at(r, "/customerName"), "Ada \xC3\xA9");
    assert_int_equal(integer_at(r, "/Quantity"), 6);
    assert_int_equal(integer_at(r, "/till"), 7);
    assert_int_equal(integer_at(r, "/offset"), 0);
    assert_int_equal(integer_at(r, "/partition"), 0);
    assert_contains(r, "\"UnitPrice\":2.55");
    reply_free(r);
}

static void the_same_event_has_the_same_id_and_another_offset(void **state)
{
    char id[33];
    reply *r;

    post_for_id(*state, EVENT, id);
    r = post_event(*state, EVENT);
    assert_status(r, 201);
    assert_string_equal(string_at(r, "/event_id"), id);
    assert_int_equal(integer_at(r, "/offset"), 1);
    reply_free(r);
    r = post_event(*state, "{" EVENT_FIELDS_BUT_QUANTITY ",\"Quantity\":7}");
    assert_string_not_equal(string_at(r, "/event_id"), id);
    reply_free(r);
}

static void an_accepted_event_survives_a_restart(void **state)
{
    fixture *f = *state;
    char id[33];
    char path[64];
    reply *r;

    post_for_id(f, EVENT, id);
    fixture_stop(f);
    fixture_start(f);
    snprintf(path, sizeof path, "/receipts/%s", id);
    r = get(f, path);
    assert_status(r, 200);
    reply_free(r);
}

static void every_bad_field_is_named(void **state)
{
    reply *r = post_event(*state, "{\"InvoiceNo\":\"1\",\"StockCode\":7,\"Quantity\":6.5,"
                                  "\"InvoiceDate\":\"soon\",\"UnitPrice\":1.23456}");

    assert_status(r, 422);
    assert_int_equal(yyjson_arr_size(yyjson_doc_ptr_get(r->json, "/detail")), 5);
    assert_string_equal(string_at(r, "/detail/0/loc/0"), "body");
    assert_string_equal(string_at(r, "/detail/0/loc/1"), "StockCode");
    assert_string_equal(string_at(r, "/detail/0/type"), "string_type");
    assert_string_equal(string_at(r, "/detail/1/loc/1"), "Quantity");
    assert_string_equal(string_at(r, "/detail/1/type"), "int_from_float");
    assert_string_equal(string_at(r, "/detail/2/loc/1"), "InvoiceDate");
    assert_string_equal(string_at(r, "/detail/3/loc/1"), "UnitPrice");
    assert_string_equal(string_at(r, "/detail/4/loc/1"), "Country");
    assert_string_equal(string_at(r, "/detail/4/msg"), "Field required");
    reply_free(r);
}

static void a_document_that_is_no_object_is_refused_as_a_whole(void **state)
{
    reply *r = post_event(*state, "[1]");

    assert_status(r, 422);
    assert_int_equal(yyjson_arr_size(yyjson_doc_ptr_get(r->json, "/detail/0/loc")), 1);
    assert_string_equal(string_at(r, "/detail/0/loc/0"), "body");
    reply_free(r);
}

static void a_date_alone_is_400(void **state)
{
    reply *r = post_event(*state, "{\"InvoiceNo\":\"1\",\"StockCode\":\"A\",\"Quantity\":1,"
                                  "\"InvoiceDate\":\"31/02/2010 08:26\",\"UnitPrice\":1,"
                                  "\"Country\":\"France\"}");

    assert_status(r, 400);
    assert_non_null(strstr(string_at(r, "/detail"), "InvoiceDate"));
    reply_free(r);
}

static void broken_json_and_no_body_are_400(void **state)
{
    const char *const bodies[] = {"{\"InvoiceNo\":", "", "{} {}", "\xff"};

    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        reply *r = post_event(*state, bodies[i]);
        assert_status(r, 400);
        assert_true(strlen(string_at(r, "/detail")) > 0);
        reply_free(r);
    }
}

static void other_content_types_are_415(void **state)
{
    const struct {
        const char *header;
        int status;
    } cases[] = {
        {"Content-Type: application/json; charset=utf-8\r\n", 201},
        {"Content-Type: Application/Problem+JSON\r\n", 201},
        {"", 201},
        {"Content-Type: text/csv\r\n", 415},
        {"Content-Type: application/x-ndjson\r\n", 415},
        {"Content-Type: json\r\n", 415},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        reply *r = exchange(*state, "POST /invoicedata", cases[i].header, EVENT);
        assert_status(r, cases[i].status);
        reply_free(r);
    }
}

static void too_large_an_event_is_413(void **state)
{
    mr_buffer body;
    reply *r;

    mr_buffer_init(&body, 200000);
    mr_buffer_printf(&body, "{%s,\"note\":\"%0*d\"}", EVENT_FIELDS, mr_event_json_bytes_max, 0);
    mr_buffer_append(&body, "", 1);
    r = post_event(*state, body.data);
    assert_status(r, 413);
    reply_free(r);
    mr_buffer_free(&body);
}

static void the_idempotency_key_identifies_an_event(void **state)
{
    const char *const line = "POST /invoicedata";
    reply *first = exchange(*state, line, "Idempotency-Key: line-1\r\n", EVENT);
    reply *same = exchange(*state, line, "Idempotency-Key: line-1\r\n", EVENT);
    reply *other = exchange(*state, line, "Idempotency-Key: line-2\r\n", EVENT);
    reply *own = exchange(*state, line, "Idempotency-Key: line-2\r\n",
                          "{" EVENT_FIELDS ",\"EventID\":\"line-1\"}");

    assert_status(first, 201);
    assert_string_equal(string_at(first, "/event_id"), string_at(same, "/event_id"));
    assert_string_not_equal(string_at(first, "/event_id"), string_at(other, "/event_id"));
    assert_string_equal(string_at(first, "/event_id"), string_at(own, "/event_id"));
    reply_free(first);
    reply_free(same);
    reply_free(other);
    reply_free(own);
}

static void a_bad_idempotency_key_is_422(void **state)
{
    char header[128];
    reply *r;

    snprintf(header, sizeof header, "Idempotency-Key: %065d\r\n", 0);
    r = exchange(*state, "POST /invoicedata", header, EVENT);
    assert_status(r, 422);
    assert_string_equal(string_at(r, "/detail/0/loc/0"), "header");
    assert_string_equal(string_at(r, "/detail/0/loc/1"), "Idempotency-Key");
    assert_string_equal(string_at(r, "/detail/0/type"), "string_too_long");
    reply_free(r);
    r = exchange(*state, "POST /invoicedata", "Idempotency-Key:\r\n", EVENT);
    assert_status(r, 422);
    assert_string_equal(string_at(r, "/detail/0/type"), "string_too_short");
    reply_free(r);
}

/* Many connections at once gather into batches; every one gets the answer to its own event. */
static void each_of_many_gets_its_own_answer(void **state)
{
    enum { clients = 60 };
    int fds[clients];
    bool seen[clients] = {false};
    char body[512];

    for (int i = 0; i < clients; i++) {
        snprintf(body, sizeof body, "{%s,\"EventID\":\"c%d\",\"till\":%d}", EVENT_FIELDS, i, i);
        fds[i] = send_request(*state, "POST /invoicedata", "", body, strlen(body));
    }
    for (int i = 0; i < clients; i++) {
        reply *r = receive_reply(fds[i]);
        int64_t offset;
        assert_status(r, 201);
        assert_int_equal(integer_at(r, "/till"), i);
        offset = integer_at(r, "/offset");
        assert_in_range(offset, 0, clients - 1);
        assert_false(seen[offset]);
        seen[offset] = true;
        reply_free(r);
    }
}

static void a_batch_or_a_get_at_this_path_is_refused(void **state)
{
    reply *r = get(*state, "/invoicedata");

    assert_status(r, 405);
    reply_free(r);
    r = post_event(*state, EVENT "\n" EVENT);
    assert_status(r, 400);
    reply_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(answers_201_with_the_stored_item, start, stop),
        cmocka_unit_test_setup_teardown(the_same_event_has_the_same_id_and_another_offset, start,
                                        stop),
        cmocka_unit_test_setup_teardown(an_accepted_event_survives_a_restart, start, stop),
        cmocka_unit_test_setup_teardown(every_bad_field_is_named, start, stop),
        cmocka_unit_test_setup_teardown(a_document_that_is_no_object_is_refused_as_a_whole, start,
                                        stop),
        cmocka_unit_test_setup_teardown(a_date_alone_is_400, start, stop),
        cmocka_unit_test_setup_teardown(broken_json_and_no_body_are_400, start, stop),
        cmocka_unit_test_setup_teardown(other_content_types_are_415, start, stop),
        cmocka_unit_test_setup_teardown(too_large_an_event_is_413, start, stop),
        cmocka_unit_test_setup_teardown(the_idempotency_key_identifies_an_event, start, stop),
        cmocka_unit_test_setup_teardown(a_bad_idempotency_key_is_422, start, stop),
        cmocka_unit_test_setup_teardown(each_of_many_gets_its_own_answer, start, stop),
        cmocka_unit_test_setup_teardown(a_batch_or_a_get_at_this_path_is_refused, start, stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
