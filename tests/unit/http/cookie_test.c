/* SPDX-License-Identifier: Apache-2.0 */
/* unit/http/cookie_test.c - one cookie out of a Cookie header. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "http/cookie.h"

static void a_cookie_is_found_by_its_whole_name(void **state)
{
    static const struct {
        const char *header, *value; /* NULL: absent */
    } cases[] = {
        {"id=1", "1"},
        {"a=b; id=xy; c=d", "xy"},
        {"a=b;id=x", "x"},
        {"id=", ""},
        {"id=a=b", "a=b"},
        {"xid=1", NULL},
        {"idx=1", NULL},
        {"id", NULL},
        {"ID=1", NULL},
        {"", NULL},
        {";;;", NULL},
        {NULL, NULL},
        {"id=1; id=2", NULL}, /* which one? */
        {"id=1; a=b; id=1", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        mr_text found = mr_http_cookie(mr_text_of(cases[i].header), "id");
        assert_true(mr_text_equal(found, mr_text_of(cases[i].value)));
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cookie_is_found_by_its_whole_name),
    };

    return cmocka_run_group_tests_name("http cookie", tests, NULL, NULL);
}
