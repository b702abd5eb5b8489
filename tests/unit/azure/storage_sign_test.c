/* SPDX-License-Identifier: Apache-2.0 */
/* Shared Key: known vectors of the HMAC, and strings to sign as the service's documentation writes
 * them. */
#include "azure/storage_sign.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void expect_to_sign(const mr_request *request, const char *account, const char *date,
                           const char *expected)
{
    mr_buffer out;
    mr_err err;

    mr_buffer_init(&out, 8192);
    assert_int_equal(mr_storage_string_to_sign(request, account, date, &out, &err), MR_OK);
    assert_true(mr_buffer_append(&out, "", 1));
    assert_string_equal(out.data, expected);
    mr_buffer_free(&out);
}

static void test_a_read_of_a_container(void **state)
{
    static const mr_property headers[] = {{"x-ms-version", "2015-02-21"}};
    const mr_request request = {.method = "GET",
                                .url = "https://myaccount.blob.core.windows.net/"
                                       "mycontainer?restype=container&timeout=20&comp=metadata",
                                .headers = headers,
                                .header_count = 1};

    (void)state;
    expect_to_sign(&request, "myaccount", "Fri, 26 Jun 2015 23:39:12 GMT",
                   "GET\n\n\n\n\n\n\n\n\n\n\n\nx-ms-date:Fri, 26 Jun 2015 23:39:12 GMT\n"
                   "x-ms-version:2015-02-21\n/myaccount/mycontainer\ncomp:metadata\n"
                   "restype:container\ntimeout:20");
}

static void test_a_put_with_all_that_is_signed(void **state)
{
    static const mr_property headers[] = {{"x-ms-version", "2023-11-03"},
                                          {"X-MS-Meta-B", "  two "},
                                          {"x-ms-blob-type", "BlockBlob"},
                                          {"x-ms-meta-a", ""},
                                          {"Content-Type", "application/x; y"},
                                          {"If-None-Match", "*"},
                                          {"Range", "bytes=0-9"},
                                          {"X-Other", "not signed"}};
    const mr_request request = {
        .method = "PUT",
        .url =
            "http://127.0.0.1:10000/devstoreaccount1/c/d%20e/f%2Bg?comp=block&blockid=a%2Bb%3D%3D"
            "&B=2&b=1",
        .headers = headers,
        .header_count = sizeof headers / sizeof headers[0],
        .body_bytes = 12};

    (void)state;
    expect_to_sign(&request, "devstoreaccount1", "D",
                   "PUT\n\n\n12\n\napplication/x; y\n\n\n\n*\n\nbytes=0-9\n"
                   "x-ms-blob-type:BlockBlob\nx-ms-date:D\nx-ms-meta-a:\nx-ms-meta-b:two\n"
                   "x-ms-version:2023-11-03\n/devstoreaccount1/devstoreaccount1/c/d%20e/f%2Bg\n"
                   "b:1,2\nblockid:a+b==\ncomp:block");
}

/* RFC 4231, test cases 2 and 1: keys "Jefe" and twenty times 0x0b. */
static void test_known_vectors(void **state)
{
    char signature[mr_storage_signature_bytes];
    mr_err err;

    (void)state;
    assert_int_equal(mr_storage_sign(MR_TEXT_LITERAL("SmVmZQ=="),
                                     MR_TEXT_LITERAL("what do ya want for nothing?"), signature,
                                     &err),
                     MR_OK);
    assert_string_equal(signature, "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=");
    assert_int_equal(mr_storage_sign(MR_TEXT_LITERAL("CwsLCwsLCwsLCwsLCwsLCwsLCws="),
                                     MR_TEXT_LITERAL("Hi There"), signature, &err),
                     MR_OK);
    assert_string_equal(signature, "sDRMYdjbOFNcqK/OrwvxK4gdwgDJgz2nJuk3bC4yz/c=");
}

static void test_keys_that_are_none(void **state)
{
    static const char *const keys[] = {"", "abc", "ab!=", "====", "not a key at all"};
    char signature[mr_storage_signature_bytes];
    mr_err err;

    (void)state;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        mr_status status =
            mr_storage_sign(mr_text_of(keys[i]), MR_TEXT_LITERAL("x"), signature, &err);
        assert_int_equal(status, MR_INVALID);
        assert_true(keys[i][0] == '\0' || strstr(err.message, keys[i]) == NULL);
    }
}

static void test_dates(void **state)
{
    static const struct {
        int64_t ms;
        const char *text;
    } dates[] = {{0, "Thu, 01 Jan 1970 00:00:00 GMT"},
                 {1435361952000, "Fri, 26 Jun 2015 23:39:12 GMT"},
                 {1709164800000, "Thu, 29 Feb 2024 00:00:00 GMT"},
                 {1796061599000, "Mon, 30 Nov 2026 17:59:59 GMT"}};
    static const char *const wrong[] = {
        "", "Fri, 26 Jun 2015 23:39:12 UTC+1", "Fri, 26 Foo 2015 23:39:12 GMT",
        "Fri, 31 Feb 2015 23:39:12 GMT", "Fri, 26 Jun 2015 24:39:12 GMT"};
    char text[mr_storage_date_bytes];
    int64_t ms = 0;

    (void)state;
    for (size_t i = 0; i < sizeof dates / sizeof dates[0]; i++) {
        mr_storage_date(dates[i].ms + 999, text);
        assert_string_equal(text, dates[i].text);
        assert_true(mr_storage_date_parse(mr_text_of(text), &ms));
        assert_int_equal(ms, dates[i].ms);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_false(mr_storage_date_parse(mr_text_of(wrong[i]), &ms));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_read_of_a_container),
        cmocka_unit_test(test_a_put_with_all_that_is_signed),
        cmocka_unit_test(test_known_vectors),
        cmocka_unit_test(test_keys_that_are_none),
        cmocka_unit_test(test_dates),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
