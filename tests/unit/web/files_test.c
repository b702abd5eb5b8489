/* SPDX-License-Identifier: Apache-2.0 */
/* unit/web/files_test.c - static files: only what is there, as each browser takes it. */
#include "fixture.h"

#include "web/files.h"

static const visitor stranger = {.cookie = ""};

static void the_page_stands_for_every_path_of_its_own(void **state)
{
    static const char *const pages[] = {"/", "/sign-in", "/customers/14911", "/a/b/c/d/e"};
    static const char *const none[] = {"/api", "/api/v1/nothing", "/nothing.js", "/assets/x.css",
                                       "/.env"};

    (void)state;
    for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++) {
        const mr_web_embedded *file = mr_web_file_find(mr_text_of(pages[i]));
        assert_non_null(file);
        assert_string_equal(file->path, "/index.html");
    }
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        assert_null(mr_web_file_find(mr_text_of(none[i])));
    }
}

static void every_file_is_found_and_in_order(void **state)
{
    (void)state;
    assert_true(mr_web_embedded_count > 0);
    for (size_t i = 0; i < mr_web_embedded_count; i++) {
        const mr_web_embedded *file = &mr_web_embedded_files[i];
        assert_ptr_equal(mr_web_file_find(mr_text_of(file->path)), file);
        assert_int_equal(strlen(file->etag), 32);
        assert_true(i == 0 || strcmp(mr_web_embedded_files[i - 1].path, file->path) < 0);
        assert_true(file->gzip.data == NULL || file->gzip.bytes < file->plain.bytes);
    }
}

static void a_browser_gets_the_form_it_takes_and_keeps_it(void **state)
{
    fixture *f = fixture_create();
    char headers[256], tag[64];

    (void)state;
    fixture_start(f);
    reply r = get(f, &stranger, "/");
    assert_int_equal(r.status, 200);
    assert_non_null(strstr(r.text, "Content-Type: text/html; charset=utf-8\r\n"));
    assert_non_null(strstr(r.text, "Content-Security-Policy: default-src 'none';"));
    assert_non_null(strstr(r.text, "Cache-Control: no-cache\r\n"));
    assert_null(strstr(r.text, "Content-Encoding"));
    copy_between(r.text, "ETag: ", '\r', tag, sizeof tag);
    reply_free(&r);
    (void)snprintf(headers, sizeof headers, "If-None-Match: %s\r\n", tag);
    expect_reply(exchange(f, &stranger, "GET", "/", headers, NULL, false), 304, tag);
    r = exchange(f, &stranger, "GET", "/", "Accept-Encoding: br, gzip\r\n", NULL, false);
    assert_non_null(strstr(r.text, "Content-Encoding: gzip\r\n"));
    assert_non_null(strstr(r.text, "Vary: Accept-Encoding\r\n"));
    assert_memory_equal(r.body, "\x1f\x8b", 2);
    reply_free(&r);
    r = exchange(f, &stranger, "GET", "/", "Accept-Encoding: gzip;q=0\r\n", NULL, false);
    assert_null(strstr(r.text, "Content-Encoding"));
    reply_free(&r);
    fixture_destroy(f);
}

static void no_path_leads_out(void **state)
{
    static const char *const paths[] = {
        "/../../etc/passwd",          "/..%2f..%2fetc%2fpasswd", "/%2e%2e/%2e%2e/etc/passwd.txt",
        "/assets/../../index.html.c", "/....//etc/passwd.d",     "/index.html%00.js",
    };
    fixture *f = fixture_create();

    (void)state;
    fixture_start(f);
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        reply r = get(f, &stranger, paths[i]);
        assert_true(r.status == 404 || r.status == 400);
        reply_free(&r);
    }
    fixture_destroy(f);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_page_stands_for_every_path_of_its_own),
        cmocka_unit_test(every_file_is_found_and_in_order),
        cmocka_unit_test(a_browser_gets_the_form_it_takes_and_keeps_it),
        cmocka_unit_test(no_path_leads_out),
    };

    return cmocka_run_group_tests_name("web files", tests, NULL, NULL);
}
