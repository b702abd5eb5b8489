/* SPDX-License-Identifier: Apache-2.0 */
/* gateway/routes_system_test.c - state, metrics, documentation; and that the description is true.
 */
#include "gateway/fixture.h"
#include "gateway/routes.h"

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

static void root_names_program_and_links(void **state)
{
    reply *r = get(*state, "/");

    assert_status(r, 200);
    assert_string_equal(string_at(r, "/name"), "millrace gateway");
    assert_true(strlen(string_at(r, "/version")) > 0);
    assert_string_equal(string_at(r, "/links/docs"), "/docs");
    reply_free(r);
}

static void health_and_ready_say_200(void **state)
{
    reply *r = get(*state, "/health");

    assert_status(r, 200);
    assert_string_equal(string_at(r, "/status"), "alive");
    reply_free(r);
    r = get(*state, "/ready");
    assert_status(r, 200);
    assert_string_equal(string_at(r, "/status"), "ready");
    reply_free(r);
}

static void a_full_disk_is_not_ready_and_takes_no_events(void **state)
{
    fixture *f = *state;
    reply *r;

    fixture_stop(f);
    f->options.disk_free_bytes_min = UINT64_MAX;
    fixture_start(f);
    r = get(f, "/ready");
    assert_status(r, 503);
    assert_non_null(strstr(string_at(r, "/reasons/0"), "MILLRACE_DISK_FREE_MIN"));
    reply_free(r);
    r = post_event(f, EVENT);
    assert_status(r, 503);
    assert_contains(r, "Retry-After: 1\r\n");
    reply_free(r);
    r = post_batch(f, EVENT);
    assert_status(r, 503);
    reply_free(r);
    r = get(f, "/health");
    assert_status(r, 200);
    reply_free(r);
}

static void metrics_count_events(void **state)
{
    mr_gateway_totals totals;
    reply *r = post_event(*state, EVENT);

    reply_free(r);
    r = post_batch(*state, EVENT "\n{}\n" EVENT);
    reply_free(r);
    r = post_event(*state, "{}");
    assert_status(r, 422);
    reply_free(r);
    r = get(*state, "/metrics");
    assert_status(r, 200);
    assert_contains(r, "Content-Type: text/plain; version=0.0.4");
    assert_contains(r, "millrace_gateway_events_total{way=\"single\"} 1\n");
    assert_contains(r, "millrace_gateway_events_total{way=\"batch\"} 2\n");
    assert_contains(r, "millrace_gateway_events_refused_total 2\n");
    assert_contains(r, "millrace_gateway_append_seconds_count 2\n");
    assert_contains(r, "process_resident_memory_bytes");
    reply_free(r);
    mr_gateway_read_totals(((fixture *)*state)->gateway, &totals);
    assert_int_equal(totals.events, 3);
    assert_int_equal(totals.errors, 0);
    assert_string_equal(totals.last_error, "");
}

static void the_page_and_its_files_are_served_with_a_strict_policy(void **state)
{
    const struct {
        const char *path, *type, *text;
    } assets[] = {
        {"/docs", "Content-Type: text/html; charset=utf-8\r\n", "<!doctype html>"},
        {"/docs.css", "Content-Type: text/css; charset=utf-8\r\n", "prefers-color-scheme"},
        {"/docs.js", "Content-Type: text/javascript; charset=utf-8\r\n", "\"/openapi.json\""},
        {"/openapi.json", "Content-Type: application/json\r\n", "\"openapi\": \"3.1.0\""},
    };

    for (size_t i = 0; i < sizeof assets / sizeof assets[0]; i++) {
        reply *r = get(*state, assets[i].path);
        assert_status(r, 200);
        assert_contains(r, assets[i].type);
        assert_contains(r, assets[i].text);
        assert_contains(r, "Content-Security-Policy: default-src 'none'; script-src 'self'");
        assert_null(strstr(r->body, "https://"));
        assert_null(strstr(r->body, "http://"));
        reply_free(r);
    }
}

/* --- The description against the table of routes ---------------------------------------------- */

static void to_lower(const char *text, char *ret_lower)
{
    for (; *text != '\0'; text++) {
        *ret_lower++ = (char)(*text | 0x20);
    }
    *ret_lower = '\0';
}

static void every_route_is_described_and_nothing_else_is(void **state)
{
    reply *r = get(*state, "/openapi.json");
    yyjson_val *paths = yyjson_obj_get(r->root, "paths");
    mr_http_route routes[mr_route_count];
    size_t described = 0;
    size_t index;
    size_t count;
    yyjson_val *path;
    yyjson_val *methods;

    mr_routes_fill(&((fixture *)*state)->options, routes);
    for (size_t i = 0; i < mr_route_count; i++) {
        char method[16];
        to_lower(routes[i].method, method);
        methods = yyjson_obj_get(paths, routes[i].path);
        if (yyjson_obj_get(methods, method) == NULL) {
            fail_msg("%s %s is not described", routes[i].method, routes[i].path);
        }
    }
    yyjson_obj_foreach(paths, index, count, path, methods)
    {
        described += yyjson_obj_size(methods);
    }
    assert_int_equal(described, mr_route_count);
    reply_free(r);
}

/* Every "$ref" below value leads somewhere. */
static void check_references(yyjson_doc *document, yyjson_val *value)
{
    size_t index;
    size_t count;
    yyjson_val *key;
    yyjson_val *item;

    if (yyjson_is_arr(value)) {
        yyjson_arr_foreach(value, index, count, item)
        {
            check_references(document, item);
        }
    }
    if (!yyjson_is_obj(value)) {
        return;
    }
    yyjson_obj_foreach(value, index, count, key, item)
    {
        if (yyjson_equals_str(key, "$ref")) {
            const char *target = yyjson_get_str(item);
            if (target == NULL || strncmp(target, "#/", 2) != 0 ||
                yyjson_doc_ptr_get(document, target + 1) == NULL) {
                fail_msg("%s leads nowhere", target != NULL ? target : "(no text)");
            }
        }
        check_references(document, item);
    }
}

static void the_description_holds_together(void **state)
{
    reply *r = get(*state, "/openapi.json");
    yyjson_val *example = yyjson_doc_ptr_get(r->json, "/components/schemas/Event/examples/0");
    char *text = yyjson_val_write(example, 0, NULL);
    yyjson_val *required = yyjson_doc_ptr_get(r->json, "/components/schemas/StoredEvent/required");
    reply *posted = post_event(*state, text);
    yyjson_val *name;
    size_t index;
    size_t count;

    check_references(r->json, r->root);
    /* The example is taken, and what comes back has what the schema asks for. */
    assert_status(posted, 201);
    assert_true(yyjson_arr_size(required) > 0);
    yyjson_arr_foreach(required, index, count, name)
    {
        assert_non_null(yyjson_obj_get(posted->root, yyjson_get_str(name)));
    }
    free(text);
    reply_free(posted);
    reply_free(r);
}

static void unknown_paths_are_404(void **state)
{
    reply *r = get(*state, "/nothing");

    assert_status(r, 404);
    reply_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(root_names_program_and_links, start, stop),
        cmocka_unit_test_setup_teardown(health_and_ready_say_200, start, stop),
        cmocka_unit_test_setup_teardown(a_full_disk_is_not_ready_and_takes_no_events, start, stop),
        cmocka_unit_test_setup_teardown(metrics_count_events, start, stop),
        cmocka_unit_test_setup_teardown(the_page_and_its_files_are_served_with_a_strict_policy,
                                        start, stop),
        cmocka_unit_test_setup_teardown(every_route_is_described_and_nothing_else_is, start, stop),
        cmocka_unit_test_setup_teardown(the_description_holds_together, start, stop),
        cmocka_unit_test_setup_teardown(unknown_paths_are_404, start, stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
