/* SPDX-License-Identifier: Apache-2.0 */
/* unit/web/access_test.c - keys of programs: what they open, what they do not, how often. People's
 * sessions are walked through by routes_test.c.
 */
#include "fixture.h"

#include "web/routes.h"

static const visitor nobody = {.cookie = ""};

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

/* The header of a key of its own. */
static void add_key(const fixture *f, const char *name, mr_user_role role,
                    char ret_header[static 96])
{
    char key[mr_api_key_bytes_max];
    mr_ops *ops = fixture_ops(f);

    assert_int_equal(mr_ops_key_add(ops, name, role, 0, key, NULL), MR_OK);
    mr_ops_close(ops);
    (void)snprintf(ret_header, 96, "Authorization: Bearer %s\r\n", key);
}

static reply ask(const fixture *f, const char *method, const char *path, const char *headers,
                 const char *body)
{
    return exchange(f, &nobody, method, path, headers, body, false);
}

static void a_key_opens_what_its_role_may_and_no_session(void **state)
{
    fixture *f = *state;
    char analyst[96], operator[96];
    size_t count = 0;
    const mr_web_route *routes = mr_web_routes(&count);

    add_key(f, "reader", MR_USER_ANALYST, analyst);
    add_key(f, "clock", MR_USER_OPERATOR, operator);
    expect_reply(ask(f, "GET", "/api/v1/ops/runs", analyst, NULL), 200, "\"items\"");
    expect_reply(ask(f, "GET", "/api/v1/users", analyst, NULL), 403, "not for your role");
    expect_reply(ask(f, "GET", "/api/v1/users", operator, NULL), 200, "\"items\"");
    for (size_t i = 0; i < count; i++) {
        if (mr_web_route_is_of_session(&routes[i])) {
            expect_reply(ask(f, routes[i].method, routes[i].path, operator,
                             routes[i].body_bytes_max> 0 ? "{}" : NULL),
                         403, "people who have signed in");
        }
    }
    assert_int_equal(fixture_audited(f, "access.refused"), 5);
}

static void a_change_needs_no_token_of_a_session(void **state)
{
    fixture *f = *state;
    const char *body = "{\"name\":\"all\",\"source\":\"lake\",\"sql\":\"SELECT 1\"}";
    char header[96];

    add_key(f, "reader", MR_USER_ANALYST, header);
    expect_reply(ask(f, "POST", "/api/v1/sql/saved", header, body), 201, "SELECT 1");
    /* What another signed in keeps is not the program's, though they have one name. */
    visitor who = fixture_visitor(f, "reader", MR_USER_ANALYST);
    expect_reply(get(f, &who, "/api/v1/sql/saved"), 200, "{\"items\":[]}");
}

static void a_key_beside_a_cookie_is_the_keys_alone(void **state)
{
    fixture *f = *state;
    char header[96];
    visitor who = fixture_visitor(f, "op", MR_USER_OPERATOR);

    add_key(f, "reader", MR_USER_ANALYST, header);
    expect_reply(exchange(f, &who, "GET", "/api/v1/users", header, NULL, false), 403, NULL);
    expect_reply(
        exchange(f, &who, "GET", "/api/v1/users", "Authorization: Bearer x\r\n", NULL, false), 401,
        NULL);
    expect_reply(get(f, &who, "/api/v1/users"), 200, NULL);
}

static void no_other_key_opens_anything(void **state)
{
    fixture *f = *state;
    char sender[96], revoked[96];
    mr_ops *ops = fixture_ops(f);

    add_key(f, "till", MR_USER_NOBODY, sender);
    add_key(f, "gone", MR_USER_OPERATOR, revoked);
    expect_reply(ask(f, "GET", "/api/v1/ops/runs", revoked, NULL), 200, NULL);
    assert_int_equal(mr_ops_key_revoke(ops, "gone", NULL), MR_OK);
    mr_ops_close(ops);
    const char *headers[] = {sender, revoked, "Authorization: Bearer mr_\r\n",
                             "Authorization: Basic b3A6b3A=\r\n", "Authorization:\r\n"};
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        expect_reply(ask(f, "GET", "/api/v1/ops/runs", headers[i], NULL), 401,
                     "The key is unknown");
    }
    assert_int_equal(fixture_audited(f, "key.refused"), 5);
}

/* Asks until it is told to wait. */
static reply ask_on(const fixture *f, const char *header, int expected)
{
    for (int tries = 0; tries < 2000; tries++) {
        reply r = ask(f, "GET", "/api/v1/sql/saved", header, NULL);

        if (r.status == 429) {
            return r;
        }
        expect_reply(r, expected, NULL);
    }
    fail_msg("nobody was told to wait");
    return (reply){.status = 0};
}

static void a_program_that_asks_too_often_waits_and_no_other(void **state)
{
    fixture *f = *state;
    char hasty[96], calm[96];

    add_key(f, "hasty", MR_USER_ANALYST, hasty);
    add_key(f, "calm", MR_USER_ANALYST, calm);
    expect_reply(ask_on(f, hasty, 200), 429, "Retry-After: ");
    expect_reply(ask(f, "GET", "/api/v1/sql/saved", calm, NULL), 200, NULL);
    expect_reply(ask_on(f, "Authorization: Bearer mr_wrong\r\n", 401), 429, "Retry-After: ");
    expect_reply(ask(f, "GET", "/api/v1/sql/saved", calm, NULL), 200, NULL);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)
    static const struct CMUnitTest tests[] = {
        TEST(a_key_opens_what_its_role_may_and_no_session),
        TEST(a_change_needs_no_token_of_a_session),
        TEST(a_key_beside_a_cookie_is_the_keys_alone),
        TEST(no_other_key_opens_anything),
        TEST(a_program_that_asks_too_often_waits_and_no_other),
    };

    return cmocka_run_group_tests_name("web access", tests, NULL, NULL);
}
