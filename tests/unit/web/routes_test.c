/* SPDX-License-Identifier: Apache-2.0 */
/* unit/web/routes_test.c - the table of routes: who may use each, and what its description says. */
#include "fixture.h"

#include "web/routes.h"

extern const char mr_embed_web_openapi_json[];
extern const size_t mr_embed_web_openapi_json_bytes;

/* --- Rights ----------------------------------------------------------------------------------- */

/* "/invoices/{no}" as a path that could be asked for. */
static void fill_path(const char *pattern, char *ret_path, size_t capacity)
{
    size_t used = 0;

    while (*pattern != '\0' && used + 2 < capacity) {
        if (*pattern == '{') {
            pattern = strchr(pattern, '}') + 1;
            ret_path[used++] = '1';
        } else {
            ret_path[used++] = *pattern++;
        }
    }
    ret_path[used] = '\0';
}

static int ask(const fixture *f, const mr_web_route *route, const visitor *who)
{
    char path[256];
    bool stream = strcmp(route->path, "/api/v1/live") == 0;

    fill_path(route->path, path, sizeof path);
    reply r = exchange(f, who, route->method, path, NULL, route->body_bytes_max > 0 ? "{}" : NULL,
                       stream);
    int status = r.status;
    reply_free(&r);
    return status;
}

static void expect_rights(const fixture *f, const mr_web_route *route, mr_user_role role,
                          const visitor *who)
{
    int status = ask(f, route, who);
    int refused = role == MR_USER_NOBODY ? 401 : 403;
    bool allowed = role >= route->least;

    if (allowed ? status == 401 || status == 403 : status != refused) {
        fail_msg("%s %s as %s: %d, and the table says %s", route->method, route->path,
                 mr_user_role_name(role), status, allowed ? "yes" : "no");
    }
}

static void every_route_gives_to_each_role_what_the_table_says(void **state)
{
    fixture *f = fixture_create();
    size_t count = 0;
    const mr_web_route *routes = mr_web_routes(&count);
    const visitor stranger = {.cookie = ""};
    int64_t users[MR_USER_OPERATOR + 1];

    (void)state;
    fixture_start(f);
    for (mr_user_role role = MR_USER_CUSTOMER; role <= MR_USER_OPERATOR; role++) {
        users[role] = fixture_add_user(f, mr_user_role_name(role), role, "");
    }
    assert_true(count > 5);
    for (size_t i = 0; i < count; i++) {
        expect_rights(f, &routes[i], MR_USER_NOBODY, &stranger);
        for (mr_user_role role = MR_USER_CUSTOMER; role <= MR_USER_OPERATOR; role++) {
            visitor who = fixture_sign_in(f, users[role]); /* a route may end the session */
            expect_rights(f, &routes[i], role, &who);
        }
    }
    fixture_destroy(f);
}

static void every_change_asks_for_the_sessions_token(void **state)
{
    fixture *f = fixture_create();
    size_t count = 0;
    const mr_web_route *routes = mr_web_routes(&count);

    (void)state;
    fixture_start(f);
    visitor who = fixture_visitor(f, "op", MR_USER_OPERATOR);
    visitor without = who, wrong = who;
    without.csrf[0] = '\0';
    wrong.csrf[0] = wrong.csrf[0] == '0' ? '1' : '0';
    for (size_t i = 0; i < count; i++) {
        if (strcmp(routes[i].method, "GET") != 0 && routes[i].least != MR_USER_NOBODY) {
            assert_int_equal(ask(f, &routes[i], &without), 403);
            assert_int_equal(ask(f, &routes[i], &wrong), 403);
        }
    }
    assert_true(fixture_audited(f, "request.forged") > 0);
    expect_reply(get(f, &who, "/api/v1/session"), 200, NULL); /* none of them did anything */
    fixture_destroy(f);
}

/* --- Description ------------------------------------------------------------------------------ */

static yyjson_doc *read_description(void)
{
    yyjson_doc *doc = yyjson_read(mr_embed_web_openapi_json, mr_embed_web_openapi_json_bytes, 0);

    assert_non_null(doc);
    return doc;
}

static void lower(const char *text, char *ret_text)
{
    while (*text != '\0') {
        *ret_text++ = (char)(*text++ | 0x20);
    }
    *ret_text = '\0';
}

static void every_route_is_described(void **state)
{
    size_t count = 0;
    const mr_web_route *routes = mr_web_routes(&count);
    yyjson_doc *doc = read_description();
    yyjson_val *paths = yyjson_obj_get(yyjson_doc_get_root(doc), "paths");

    (void)state;
    for (size_t i = 0; i < count; i++) {
        char method[16];
        lower(routes[i].method, method);
        yyjson_val *said = yyjson_obj_get(yyjson_obj_get(paths, routes[i].path), method);
        if (said == NULL) {
            fail_msg("%s %s is not in web_openapi.json", routes[i].method, routes[i].path);
        }
        if (yyjson_obj_get(said, "operationId") == NULL) {
            fail_msg("%s %s has no operationId", routes[i].method, routes[i].path);
        }
        if ((yyjson_obj_get(said, "requestBody") != NULL) != (routes[i].body_bytes_max > 0)) {
            fail_msg("%s %s: does it take a body?", routes[i].method, routes[i].path);
        }
        bool open = yyjson_arr_size(yyjson_obj_get(said, "security")) == 0 &&
                    yyjson_obj_get(said, "security") != NULL;
        if (open != (routes[i].least == MR_USER_NOBODY)) {
            fail_msg("%s %s: does it need a session?", routes[i].method, routes[i].path);
        }
        bool session_alone = yyjson_arr_size(yyjson_obj_get(said, "security")) == 1;
        if (session_alone != mr_web_route_is_of_session(&routes[i])) {
            fail_msg("%s %s: does a key do?", routes[i].method, routes[i].path);
        }
    }
    yyjson_doc_free(doc);
}

static bool is_routed(const char *method, const char *path)
{
    size_t count = 0;
    const mr_web_route *routes = mr_web_routes(&count);

    for (size_t i = 0; i < count; i++) {
        char known[16];
        lower(routes[i].method, known);
        if (strcmp(known, method) == 0 && strcmp(routes[i].path, path) == 0) {
            return true;
        }
    }
    return false;
}

static void every_description_is_of_a_route(void **state)
{
    yyjson_doc *doc = read_description();
    yyjson_val *paths = yyjson_obj_get(yyjson_doc_get_root(doc), "paths");
    yyjson_obj_iter over = yyjson_obj_iter_with(paths);
    yyjson_val *path;

    (void)state;
    while ((path = yyjson_obj_iter_next(&over)) != NULL) {
        yyjson_obj_iter methods = yyjson_obj_iter_with(yyjson_obj_iter_get_val(path));
        yyjson_val *method;
        while ((method = yyjson_obj_iter_next(&methods)) != NULL) {
            if (strcmp(yyjson_get_str(method), "parameters") != 0 &&
                !is_routed(yyjson_get_str(method), yyjson_get_str(path))) {
                fail_msg("%s %s is described and not routed", yyjson_get_str(method),
                         yyjson_get_str(path));
            }
        }
    }
    yyjson_doc_free(doc);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_route_gives_to_each_role_what_the_table_says),
        cmocka_unit_test(every_change_asks_for_the_sessions_token),
        cmocka_unit_test(every_route_is_described),
        cmocka_unit_test(every_description_is_of_a_route),
    };

    return cmocka_run_group_tests_name("web routes", tests, NULL, NULL);
}
