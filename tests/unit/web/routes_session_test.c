/* SPDX-License-Identifier: Apache-2.0 */
/* unit/web/routes_session_test.c - signing in and out, and who gets in the way of it. */
#include "fixture.h"

#include "web/password.h"

static const visitor stranger = {.cookie = ""};

static char right_hash[mr_password_hash_bytes_max];
static const char right[] = "correct horse";

static int hash_once(void **state)
{
    (void)state;
    return mr_password_hash(mr_text_of(right), right_hash, NULL) == MR_OK ? 0 : 1;
}

static reply sign_in(const fixture *f, const visitor *who, const char *name, const char *password)
{
    char body[256];

    (void)snprintf(body, sizeof body, "{\"name\":\"%s\",\"password\":\"%s\"}", name, password);
    return exchange(f, who, "POST", "/api/v1/session", NULL, body, false);
}

static void a_password_opens_a_session_that_says_who_it_is(void **state)
{
    fixture *f = fixture_create();
    visitor who = {.cookie = ""};

    (void)state;
    fixture_start(f);
    (void)fixture_add_user(f, "anna", MR_USER_CUSTOMER, right_hash);
    reply r = sign_in(f, &stranger, "anna", right);
    assert_int_equal(r.status, 200);
    assert_non_null(strstr(r.text, "; Max-Age=7200; Path=/; HttpOnly; SameSite=Strict\r\n"));
    assert_non_null(strstr(r.text, "Cache-Control: no-store\r\n"));
    assert_non_null(
        strstr(r.body, "\"name\":\"anna\",\"role\":\"customer\",\"customer_id\":14911"));
    assert_non_null(strstr(r.body, "\"shop\":\"A \\\"shop\\\"\""));
    take_session(&r, &who);
    reply_free(&r);
    expect_reply(get(f, &who, "/api/v1/session"), 200, who.csrf);
    expect_reply(exchange(f, &who, "DELETE", "/api/v1/session", NULL, NULL, false), 204,
                 "Max-Age=0;");
    expect_reply(get(f, &who, "/api/v1/session"), 401, "Sign in first.");
    assert_int_equal(fixture_audited(f, "session.begin"), 1);
    assert_int_equal(fixture_audited(f, "session.end"), 1);
    assert_int_equal(fixture_audited(f, "session.refused"), 1);
    fixture_destroy(f);
}

static void a_stranger_and_a_wrong_password_look_the_same(void **state)
{
    fixture *f = fixture_create();

    (void)state;
    fixture_start(f);
    (void)fixture_add_user(f, "anna", MR_USER_ANALYST, right_hash);
    (void)fixture_add_user(f, "guest", MR_USER_ANALYST, "");
    reply wrong = sign_in(f, &stranger, "anna", "wrong horse");
    reply unknown = sign_in(f, &stranger, "nobody", right);
    reply without = sign_in(f, &stranger, "guest", "");
    assert_int_equal(wrong.status, 401);
    assert_int_equal(unknown.status, 401);
    assert_int_equal(without.status, 401);
    assert_string_equal(wrong.body, unknown.body);
    assert_string_equal(wrong.body, without.body);
    assert_null(strstr(wrong.text, "Set-Cookie"));
    reply_free(&wrong);
    reply_free(&unknown);
    reply_free(&without);
    assert_int_equal(fixture_audited(f, "session.failed"), 3);
    fixture_destroy(f);
}

static void after_five_failures_even_the_right_password_waits(void **state)
{
    fixture *f = fixture_create();

    (void)state;
    fixture_start(f);
    (void)fixture_add_user(f, "anna", MR_USER_ANALYST, right_hash);
    mr_ops *ops = fixture_ops(f);
    for (int i = 0; i < 9; i++) { /* as five by hand, but with a wait that outlasts this test */
        assert_int_equal(mr_ops_attempt_failed(ops, "user:anna", NULL), MR_OK);
    }
    mr_ops_close(ops);
    expect_reply(sign_in(f, &stranger, "anna", right), 429, "Retry-After: 1");
    expect_reply(sign_in(f, &stranger, "nobody", right), 401, NULL); /* others do not */
    assert_int_equal(fixture_audited(f, "session.locked"), 1);
    fixture_destroy(f);
}

static void five_failures_from_an_address_lock_it_for_every_user(void **state)
{
    fixture *f = fixture_create();

    (void)state;
    f->options.behind_proxy = true;
    fixture_start(f);
    (void)fixture_add_user(f, "anna", MR_USER_ANALYST, right_hash);
    for (int i = 0; i < 5; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "user%d", i);
        expect_reply(sign_in(f, &stranger, name, "wrong horse"), 401, NULL);
    }
    mr_ops *ops = fixture_ops(f);
    for (int i = 0; i < 6; i++) { /* so that the wait outlasts this test */
        assert_int_equal(mr_ops_attempt_failed(ops, "address:127.0.0.1", NULL), MR_OK);
    }
    mr_ops_close(ops);
    expect_reply(sign_in(f, &stranger, "anna", right), 429, "Retry-After: ");
    /* What the proxy itself saw counts, not what the client claims before it. */
    expect_reply(exchange(f, &stranger, "POST", "/api/v1/session",
                          "X-Forwarded-For: 127.0.0.1, 192.0.2.7\r\n",
                          "{\"name\":\"anna\",\"password\":\"correct horse\"}", false),
                 200, NULL);
    expect_reply(exchange(f, &stranger, "POST", "/api/v1/session",
                          "X-Forwarded-For: 192.0.2.7, 127.0.0.1\r\n",
                          "{\"name\":\"anna\",\"password\":\"correct horse\"}", false),
                 429, NULL);
    fixture_destroy(f);
}

static void a_link_works_once(void **state)
{
    fixture *f = fixture_create();
    char token[mr_token_bytes_max], body[128];

    (void)state;
    fixture_start(f);
    int64_t user = fixture_add_user(f, "anna", MR_USER_OPERATOR, "");
    mr_ops *ops = fixture_ops(f);
    assert_int_equal(mr_ops_link_make(ops, user, 60000, token, NULL), MR_OK);
    mr_ops_close(ops);
    (void)snprintf(body, sizeof body, "{\"token\":\"%s\"}", token);
    expect_reply(exchange(f, &stranger, "POST", "/api/v1/session/link", NULL, body, false), 200,
                 "\"has_password\":false");
    expect_reply(exchange(f, &stranger, "POST", "/api/v1/session/link", NULL, body, false), 401,
                 "used already");
    expect_reply(
        exchange(f, &stranger, "POST", "/api/v1/session/link", NULL, "{\"token\":\"AAAA\"}", false),
        401, NULL);
    assert_int_equal(fixture_audited(f, "session.failed"), 2);
    fixture_destroy(f);
}

static void a_session_that_the_client_names_is_not_taken_over(void **state)
{
    fixture *f = fixture_create();
    visitor planted = {.cookie = "millrace_session=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"};
    visitor who = {.cookie = ""}, again = {.cookie = ""};

    (void)state;
    fixture_start(f);
    (void)fixture_add_user(f, "anna", MR_USER_ANALYST, right_hash);
    reply r = sign_in(f, &planted, "anna", right);
    assert_int_equal(r.status, 200);
    take_session(&r, &who);
    reply_free(&r);
    assert_string_not_equal(who.cookie, planted.cookie);
    expect_reply(get(f, &planted, "/api/v1/session"), 401, NULL);
    r = sign_in(f, &who, "anna", right); /* a new one, and the old one ends */
    take_session(&r, &again);
    reply_free(&r);
    assert_string_not_equal(who.cookie, again.cookie);
    expect_reply(get(f, &who, "/api/v1/session"), 401, NULL);
    expect_reply(get(f, &again, "/api/v1/session"), 200, NULL);
    fixture_destroy(f);
}

static void another_sites_page_changes_nothing(void **state)
{
    static const char *const refused[] = {
        "Origin: https://evil.test\r\n",          "Origin: null\r\n",
        "Sec-Fetch-Site: cross-site\r\n",         "Sec-Fetch-Site: same-site\r\n",
        "Origin: http://shop.test.evil.test\r\n", "Sec-Fetch-Site: none\r\n",
    };
    static const char *const taken[] = {
        "Origin: http://shop.test\r\nSec-Fetch-Site: same-origin\r\n",
        "Origin: https://public.test\r\n",
        "",
    };
    fixture *f = fixture_create();

    (void)state;
    f->options.public_url = "https://public.test";
    fixture_start(f);
    int64_t user = fixture_add_user(f, "anna", MR_USER_ANALYST, "");
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        visitor who = fixture_sign_in(f, user);
        expect_reply(exchange(f, &who, "DELETE", "/api/v1/session", refused[i], NULL, false), 403,
                     "another site");
        expect_reply(get(f, &who, "/api/v1/session"), 200, NULL);
    }
    for (size_t i = 0; i < sizeof taken / sizeof taken[0]; i++) {
        visitor who = fixture_sign_in(f, user);
        expect_reply(exchange(f, &who, "DELETE", "/api/v1/session", taken[i], NULL, false), 204,
                     NULL);
    }
    assert_int_equal(fixture_audited(f, "request.forged"), sizeof refused / sizeof refused[0]);
    fixture_destroy(f);
}

static void a_link_lets_choose_a_password_once_without_the_old_one(void **state)
{
    fixture *f = fixture_create();

    (void)state;
    fixture_start(f);
    int64_t user = fixture_add_user(f, "anna", MR_USER_ANALYST, "");
    visitor who = fixture_sign_in(f, user), other = fixture_sign_in(f, user);
    expect_reply(
        exchange(f, &who, "PUT", "/api/v1/session/password", NULL, "{\"new\":\"short\"}", false),
        422, "\"loc\":[\"body\",\"new\"]");
    expect_reply(exchange(f, &who, "PUT", "/api/v1/session/password", NULL,
                          "{\"new\":\"correct horse\"}", false),
                 204, NULL);
    expect_reply(get(f, &who, "/api/v1/session"), 200, "\"has_password\":true");
    expect_reply(get(f, &other, "/api/v1/session"), 401, NULL); /* its other sessions have ended */
    expect_reply(exchange(f, &who, "PUT", "/api/v1/session/password", NULL,
                          "{\"new\":\"battery staple\"}", false),
                 422, "\"loc\":[\"body\",\"current\"]");
    expect_reply(exchange(f, &who, "PUT", "/api/v1/session/password", NULL,
                          "{\"current\":\"wrong horse\",\"new\":\"battery staple\"}", false),
                 403, "current password");
    expect_reply(exchange(f, &who, "PUT", "/api/v1/session/password", NULL,
                          "{\"current\":\"correct horse\",\"new\":\"battery staple\"}", false),
                 204, NULL);
    expect_reply(sign_in(f, &stranger, "anna", "battery staple"), 200, NULL);
    fixture_destroy(f);
}

static void sessions_end_by_idleness_and_by_age(void **state)
{
    fixture *f = fixture_create();

    (void)state;
    f->options.session_idle_ms = 0; /* over as soon as it is seen */
    fixture_start(f);
    int64_t user = fixture_add_user(f, "anna", MR_USER_ANALYST, "");
    char token[mr_token_bytes_max];
    mr_ops *ops = fixture_ops(f);
    const mr_session_limits limits = {3600000, 3600000};
    mr_session session;
    assert_int_equal(mr_ops_session_begin(ops, user, false, &limits, "127.0.0.1", token, NULL),
                     MR_OK);
    assert_int_equal(mr_ops_session_find(ops, mr_text_of(token), &limits, &session, NULL), MR_OK);
    visitor who = {.cookie = ""};
    (void)snprintf(who.cookie, sizeof who.cookie, "millrace_session=%s", token);
    mr_ops_close(ops);
    expect_reply(get(f, &who, "/api/v1/session"), 401, NULL);
    fixture_destroy(f);
}

static void over_https_the_cookie_is_for_https_alone(void **state)
{
    fixture *f = fixture_create();

    (void)state;
    f->options.public_url = "https://public.test";
    fixture_start(f);
    (void)fixture_add_user(f, "anna", MR_USER_ANALYST, right_hash);
    reply r = sign_in(f, &stranger, "anna", right);
    assert_non_null(strstr(r.text, "SameSite=Strict; Secure\r\n"));
    assert_non_null(strstr(r.text, "Strict-Transport-Security: max-age=31536000\r\n"));
    reply_free(&r);
    fixture_destroy(f);
}

static void bodies_that_are_not_what_they_should_be_are_named(void **state)
{
    static const char *const bodies[] = {"", "[]", "{\"name\":1,\"password\":\"x\"}",
                                         "{\"name\":\"a\"}", "nonsense"};
    fixture *f = fixture_create();

    (void)state;
    fixture_start(f);
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        expect_reply(exchange(f, &stranger, "POST", "/api/v1/session", NULL, bodies[i], false), 422,
                     "\"loc\":[\"body\"");
    }
    fixture_destroy(f);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_password_opens_a_session_that_says_who_it_is),
        cmocka_unit_test(a_stranger_and_a_wrong_password_look_the_same),
        cmocka_unit_test(after_five_failures_even_the_right_password_waits),
        cmocka_unit_test(five_failures_from_an_address_lock_it_for_every_user),
        cmocka_unit_test(a_link_works_once),
        cmocka_unit_test(a_session_that_the_client_names_is_not_taken_over),
        cmocka_unit_test(another_sites_page_changes_nothing),
        cmocka_unit_test(a_link_lets_choose_a_password_once_without_the_old_one),
        cmocka_unit_test(sessions_end_by_idleness_and_by_age),
        cmocka_unit_test(over_https_the_cookie_is_for_https_alone),
        cmocka_unit_test(bodies_that_are_not_what_they_should_be_are_named),
    };

    return cmocka_run_group_tests_name("web session", tests, hash_once, NULL);
}
