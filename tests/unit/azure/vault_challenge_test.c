/* SPDX-License-Identifier: Apache-2.0 */
/* azure/vault_challenge_test.c - what a reference names, what a 401 asks for, and for whom. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "azure/vault.h"

static void expect_reference(const char *text, const char *host, const char *secret,
                             const char *version)
{
    mr_vault_reference r;

    assert_int_equal(mr_vault_reference_parse(text, &r, NULL), MR_OK);
    assert_string_equal(r.host, host);
    assert_string_equal(r.secret, secret);
    assert_string_equal(r.version, version);
}

static void test_a_vault_is_named_by_itself_or_by_its_host(void **state)
{
    (void)state;
    expect_reference("keyvault://shop/api-key", "shop.vault.azure.net", "api-key", "");
    expect_reference("keyvault://shop/api-key/0123abcd", "shop.vault.azure.net", "api-key",
                     "0123abcd");
    expect_reference("keyvault://localhost:8443/s", "localhost:8443", "s", "");
    expect_reference("keyvault://shop.vault.azure.cn/s", "shop.vault.azure.cn", "s", "");
}

static void test_what_is_no_reference_is_refused(void **state)
{
    static const char *const wrong[] = {
        "",
        "keyvault:",
        "keyvault://",
        "keyvault://shop",
        "keyvault://shop/",
        "keyvault:///name",
        "keyvault://shop/name/",
        "keyvault://shop/name/1/2",
        "keyvault://shop/na me",
        "keyvault://shop/name?api-version=1",
        "keyvault://shop/na_me",
        "keyvault://user@shop/name",
        "keyvault://shop/../name",
        "https://shop/name",
    };
    mr_vault_reference r;

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(mr_vault_reference_parse(wrong[i], &r, NULL), MR_INVALID);
    }
    char longest[600];
    (void)snprintf(longest, sizeof longest, "keyvault://%0250d/name", 1);
    assert_int_equal(mr_vault_reference_parse(longest, &r, NULL), MR_INVALID);
}

static void expect_challenge(const char *header, const char *authority, const char *resource)
{
    mr_vault_challenge c;

    assert_true(mr_vault_challenge_parse(header, &c));
    assert_string_equal(c.authority, authority);
    assert_string_equal(c.resource, resource);
}

static void test_both_spellings_of_a_challenge_are_read(void **state)
{
    (void)state;
    expect_challenge("Bearer authorization=\"https://login.microsoftonline.com/t\", "
                     "resource=\"https://vault.azure.net\"",
                     "https://login.microsoftonline.com/t", "https://vault.azure.net");
    expect_challenge("Bearer resource=\"https://localhost:8443\", "
                     "authorization_uri=\"https://localhost:8443\"",
                     "https://localhost:8443", "https://localhost:8443");
    expect_challenge("bearer error=invalid_token,scope=https://vault.azure.net/.default", "",
                     "https://vault.azure.net");
}

static void test_other_headers_are_no_challenge(void **state)
{
    static const char *const others[] = {
        "",
        "Bearer",
        "Bearer realm=\"x\"",
        "Basic resource=\"https://vault.azure.net\"",
        "Bearer resource=\"\"",
        "Bearer resource=\"https://vault.azure.net",
        "Bearer resource",
        "Bearer resource=\"https://vault%2eazure.net\"",
    };
    mr_vault_challenge c;

    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        assert_false(mr_vault_challenge_parse(others[i], &c));
    }
}

static bool fits(const char *resource, const char *host)
{
    mr_vault_challenge c = {.authority = ""};

    (void)snprintf(c.resource, sizeof c.resource, "%s", resource);
    return mr_vault_challenge_fits(&c, host);
}

static void test_a_token_is_for_the_vaults_own_domain_alone(void **state)
{
    (void)state;
    assert_true(fits("https://vault.azure.net", "shop.vault.azure.net"));
    assert_true(fits("https://vault.azure.net/", "shop.vault.azure.net"));
    assert_true(fits("https://VAULT.azure.net", "Shop.Vault.Azure.Net"));
    assert_true(fits("https://vault.azure.net", "shop.vault.azure.net:443"));
    assert_true(fits("https://localhost:8443", "localhost:8443"));
    assert_false(fits("https://vault.azure.net", "localhost:8443"));
    assert_false(fits("https://vault.azure.net", "evilvault.azure.net"));
    assert_false(fits("https://vault.azure.net", "vault.azure.net.evil.example"));
    assert_false(fits("https://storage.azure.com", "shop.vault.azure.net"));
    assert_false(fits("http://vault.azure.net", "shop.vault.azure.net"));
    assert_false(fits("https://net", "shop.vault.azure.net"));
    assert_false(fits("https://localhost:8444", "localhost:8443"));
    assert_false(fits("https://", "shop.vault.azure.net"));
    assert_false(fits("https://vault.azure.net@evil.example", "shop.evil.example"));
    assert_false(fits("https://evil.example", "shop.vault.azure.net"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_vault_is_named_by_itself_or_by_its_host),
        cmocka_unit_test(test_what_is_no_reference_is_refused),
        cmocka_unit_test(test_both_spellings_of_a_challenge_are_read),
        cmocka_unit_test(test_other_headers_are_no_challenge),
        cmocka_unit_test(test_a_token_is_for_the_vaults_own_domain_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
