/* SPDX-License-Identifier: Apache-2.0 */
/* cli/reference_test.c - the documents in the repository are those that the table makes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "cli/reference.h"
#include "cli/settings.h"

/* name: from the repository's root, which is found from where this file was compiled. */
static void read_document(const char *name, mr_buffer *content)
{
    static const char here[] = __FILE__;
    static const char below_root[] = "tests/unit/cli/reference_test.c";
    char path[4096];

    assert_true(sizeof here >= sizeof below_root);
    (void)snprintf(path, sizeof path, "%.*s%s", (int)(sizeof here - sizeof below_root), here, name);
    mr_buffer_init(content, mr_reference_bytes_max);
    assert_int_equal(mr_file_read(path, content, NULL), MR_OK);
    assert_true(mr_buffer_append(content, "", 1));
}

static void make(void (*write)(mr_buffer *), mr_buffer *out)
{
    mr_buffer_init(out, mr_reference_bytes_max);
    write(out);
    assert_true(mr_buffer_append(out, "", 1));
}

/* If this fails: millrace config reference > docs/configuration.md */
static void the_documentation_is_up_to_date(void **state)
{
    mr_buffer document;
    mr_buffer made;

    (void)state;
    read_document("docs/configuration.md", &document);
    make(mr_reference_markdown, &made);
    assert_string_equal(document.data, made.data);
    mr_buffer_free(&document);
    mr_buffer_free(&made);
}

/* If this fails: millrace config reference --env > .env.example */
static void the_example_of_an_env_file_is_up_to_date(void **state)
{
    mr_buffer document;
    mr_buffer made;

    (void)state;
    read_document(".env.example", &document);
    make(mr_reference_env, &made);
    assert_string_equal(document.data, made.data);
    mr_buffer_free(&document);
    mr_buffer_free(&made);
}

static void every_setting_is_in_both(void **state)
{
    mr_buffer markdown;
    mr_buffer env;

    (void)state;
    make(mr_reference_markdown, &markdown);
    make(mr_reference_env, &env);
    for (size_t index = 0; index < mr_setting_count; index++) {
        assert_non_null(strstr(markdown.data, mr_settings[index].name));
        assert_non_null(strstr(env.data, mr_settings[index].name));
    }
    mr_buffer_free(&markdown);
    mr_buffer_free(&env);
}

static void ranges_are_written_in_units(void **state)
{
    mr_buffer markdown;

    (void)state;
    make(mr_reference_markdown, &markdown);
    assert_non_null(strstr(markdown.data, "| `64MiB` | 1MiB to 64GiB |"));
    assert_non_null(strstr(markdown.data, "| `10s` | 100ms to 1h |"));
    assert_non_null(strstr(markdown.data, "| `info` | debug, info, warn, error |"));
    assert_non_null(strstr(markdown.data, "`MILLRACE_API_KEY` | not set | text |"));
    mr_buffer_free(&markdown);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_documentation_is_up_to_date),
        cmocka_unit_test(the_example_of_an_env_file_is_up_to_date),
        cmocka_unit_test(every_setting_is_in_both),
        cmocka_unit_test(ranges_are_written_in_units),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
