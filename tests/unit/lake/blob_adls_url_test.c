/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses of lakes in Azure: the forms that are, and those that are not. */
#include "lake/blob_adls.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void test_addresses(void **state)
{
    static const struct {
        const char *url, *endpoint, *account, *container, *prefix;
    } cases[] = {
        {"abfss://lake@shop.dfs.core.windows.net/a/b", "https://shop.blob.core.windows.net", "shop",
         "lake", "a/b/"},
        {"abfss://lake@shop.dfs.core.windows.net", "https://shop.blob.core.windows.net", "shop",
         "lake", ""},
        {"abfss://lake@shop.dfs.core.chinacloudapi.cn/", "https://shop.blob.core.chinacloudapi.cn",
         "shop", "lake", ""},
        {"https://shop.blob.core.windows.net/lake/a/", "https://shop.blob.core.windows.net", "shop",
         "lake", "a/"},
        {"https://shop.dfs.core.windows.net/lake", "https://shop.blob.core.windows.net", "shop",
         "lake", ""},
        {"http://127.0.0.1:10000/devstoreaccount1/lake/x",
         "http://127.0.0.1:10000/devstoreaccount1", "devstoreaccount1", "lake", "x/"},
        {"https://localhost:10000/devstoreaccount1/lake",
         "https://localhost:10000/devstoreaccount1", "devstoreaccount1", "lake", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        mr_adls_place place;
        mr_err err = {.message = ""};
        if (mr_adls_place_parse(cases[i].url, &place, &err) != MR_OK) {
            fail_msg("%s: %s", cases[i].url, err.message);
        }
        assert_string_equal(place.endpoint, cases[i].endpoint);
        assert_string_equal(place.account, cases[i].account);
        assert_string_equal(place.container, cases[i].container);
        assert_string_equal(place.prefix, cases[i].prefix);
        mr_adls_place_free(&place);
    }
}

static void test_what_is_no_address(void **state)
{
    static const char *const urls[] = {
        "abfss://shop.dfs.core.windows.net/a",
        "abfss://lake@shop.example.com/a",
        "abfss://LAKE@shop.dfs.core.windows.net/a",
        "abfss://l@shop.dfs.core.windows.net/a",
        "abfss://lake@shop.dfs.core.windows.net/a//b",
        "abfss://lake@shop.dfs.core.windows.net/../b",
        "abfss://lake@shop.dfs.core.windows.net/a?sig=geheim",
        "abfss://lake@shop.dfs.core.windows.net:80@evil/a",
        "https://shop.blob.core.windows.net/",
        "https://geheim@shop.blob.core.windows.net/lake",
        "http://shop.blob.core.windows.net/lake",
        "http://127.0.0.1:10000/devstoreaccount1",
        "http://127.0.0.1.evil.example/devstoreaccount1/lake",
        "http://127.0.0.1:1@evil.example/devstoreaccount1/lake",
        "https://",
        "http:",
    };

    (void)state;
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        mr_adls_place place;
        mr_err err;
        if (mr_adls_place_parse(urls[i], &place, &err) != MR_INVALID) {
            fail_msg("%s was taken", urls[i]);
        }
        assert_null(strstr(err.message, "geheim"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_what_is_no_address),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
