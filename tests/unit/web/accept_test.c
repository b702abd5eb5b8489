/* SPDX-License-Identifier: Apache-2.0 */
/* unit/web/accept_test.c - the way of a request: what says whether there is one, and ids on every
 * refusal, whoever makes it.
 */
#include "fixture.h"

#include <sys/stat.h>

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

static void expect_id(reply r, int status, const char *wanted)
{
    const char *id = strstr(r.text, "X-Request-Id: ");

    if (id == NULL || strcspn(id + strlen("X-Request-Id: "), "\r") != 16) {
        fail_msg("no id: %.400s", r.text);
    }
    expect_reply(r, status, wanted);
}

static void every_refusal_has_its_id(void **state)
{
    const fixture *f = *state;

    expect_id(get(f, &nobody, "/api/v1/nothing"), 404, "\"Not Found\"");
    expect_id(get(f, &nobody, "/assets/nothing.js"), 404, "\"Not Found\"");
    expect_id(exchange(f, &nobody, "DELETE", "/api/v1/sales", NULL, NULL, false), 405,
              "Allow: GET, HEAD");
    expect_id(exchange(f, &nobody, "GET", "/api/v1/sales", NULL, "{}", false), 413,
              "no body is taken here");
    expect_id(get(f, &nobody, "/api/v1/sales"), 401, "Sign in first");
    expect_id(exchange(f, &nobody, "POST", "/api/v1/session", NULL, "[", false), 422, NULL);
}

static void what_is_right_has_none(void **state)
{
    reply r = get(*state, &nobody, "/health");

    assert_null(strstr(r.text, "X-Request-Id"));
    expect_reply(r, 200, "alive");
}

static void ready_is_for_everybody_and_metrics_for_those_who_may(void **state)
{
    fixture *f = *state;
    visitor analyst = fixture_visitor(f, "anna", MR_USER_ANALYST);
    visitor customer = fixture_visitor(f, "shop", MR_USER_CUSTOMER);

    expect_reply(get(f, &nobody, "/ready"), 200, "{\"status\":\"ready\"}");
    expect_reply(get(f, &nobody, "/metrics"), 401, NULL);
    expect_reply(get(f, &customer, "/metrics"), 403, NULL);
    expect_reply(get(f, &analyst, "/metrics"), 200, "\nmillrace_web_answers_total ");
}

/* Users and sessions are a folder where a file should be. */
static void not_ready_says_why(void **state)
{
    fixture *f = fixture_create();
    char path[128];

    (void)state;
    (void)snprintf(path, sizeof path, "%s/ops.db", f->folder);
    assert_int_equal(mkdir(path, 0700), 0);
    fixture_start(f);
    expect_reply(get(f, &nobody, "/ready"), 503, "\"not ready\",\"reasons\":[\"");
    fixture_destroy(f);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_refusal_has_its_id, start, stop),
        cmocka_unit_test_setup_teardown(what_is_right_has_none, start, stop),
        cmocka_unit_test_setup_teardown(ready_is_for_everybody_and_metrics_for_those_who_may, start,
                                        stop),
        cmocka_unit_test(not_ready_says_why),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
