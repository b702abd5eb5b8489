/* SPDX-License-Identifier: Apache-2.0 */
/* unit/web/first_link_test.c - how the first operator gets in, and only the first. */
#include "fixture.h"

static void a_link_is_made_until_an_operator_has_signed_in(void **state)
{
    fixture *f = fixture_create();
    char first[mr_web_link_bytes_max], second[mr_web_link_bytes_max], body[1024];
    const visitor stranger = {.cookie = ""};

    (void)state;
    fixture_start(f);
    assert_int_equal(mr_web_first_link(&f->options, "http://a.test", first, NULL), MR_OK);
    assert_memory_equal(first, "http://a.test/sign-in#token=", 28);
    assert_int_equal(mr_web_first_link(&f->options, "http://a.test", second, NULL), MR_OK);
    assert_string_not_equal(first, second);
    (void)snprintf(body, sizeof body, "{\"token\":\"%s\"}", first + 28);
    expect_reply(exchange(f, &stranger, "POST", "/api/v1/session/link", NULL, body, false), 200,
                 "\"role\":\"operator\"");
    assert_int_equal(mr_web_first_link(&f->options, "http://a.test", second, NULL), MR_OK);
    assert_string_equal(second, "");
    fixture_destroy(f);
}

static void a_customer_who_signed_in_is_no_operator(void **state)
{
    fixture *f = fixture_create();
    char link[mr_web_link_bytes_max];

    (void)state;
    fixture_start(f);
    (void)fixture_visitor(f, "anna", MR_USER_CUSTOMER);
    assert_int_equal(mr_web_first_link(&f->options, "http://a.test", link, NULL), MR_OK);
    assert_string_not_equal(link, "");
    fixture_destroy(f);
}

static void another_user_of_that_name_is_not_let_in_as_operator(void **state)
{
    fixture *f = fixture_create();
    char link[mr_web_link_bytes_max];
    mr_err err;

    (void)state;
    (void)fixture_add_user(f, "operator", MR_USER_CUSTOMER, "");
    assert_int_equal(mr_web_first_link(&f->options, "http://a.test", link, &err), MR_EXISTS);
    fixture_destroy(f);
}

static void the_address_is_one_that_people_can_open(void **state)
{
    static const struct {
        const char *public_url, *certificate, *address, *url;
    } cases[] = {
        {NULL, NULL, "127.0.0.1:8080", "http://127.0.0.1:8080"},
        {NULL, NULL, "0.0.0.0:8080", "http://localhost:8080"},
        {NULL, "c.pem", "[::]:8080", "https://localhost:8080"},
        {NULL, NULL, "[::1]:8080", "http://[::1]:8080"},
        {"https://shop.test/", NULL, "127.0.0.1:8080", "https://shop.test"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        mr_web_options options = fixture_options("/nowhere");
        char url[mr_web_link_bytes_max];
        options.public_url = cases[i].public_url;
        options.http.tls_certificate = cases[i].certificate;
        mr_web_url(&options, cases[i].address, url);
        assert_string_equal(url, cases[i].url);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_link_is_made_until_an_operator_has_signed_in),
        cmocka_unit_test(a_customer_who_signed_in_is_no_operator),
        cmocka_unit_test(another_user_of_that_name_is_not_let_in_as_operator),
        cmocka_unit_test(the_address_is_one_that_people_can_open),
    };

    return cmocka_run_group_tests_name("web first link", tests, NULL, NULL);
}
