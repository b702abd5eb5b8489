/* SPDX-License-Identifier: Apache-2.0 */
/* cli/format_test.c - numbers as people read them, at their edges, and quoted words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "cli/cli.h"

static void counts_are_grouped_by_three(void **state)
{
    char buffer[mr_cli_text_bytes_max];

    (void)state;
    assert_string_equal(mr_cli_count(0, buffer), "0");
    assert_string_equal(mr_cli_count(999, buffer), "999");
    assert_string_equal(mr_cli_count(1000, buffer), "1,000");
    assert_string_equal(mr_cli_count(541909, buffer), "541,909");
    assert_string_equal(mr_cli_count(UINT64_MAX, buffer), "18,446,744,073,709,551,615");
}

static void sizes_have_two_or_three_digits(void **state)
{
    char buffer[mr_cli_text_bytes_max];

    (void)state;
    assert_string_equal(mr_cli_bytes(0, buffer), "0 B");
    assert_string_equal(mr_cli_bytes(999, buffer), "999 B");
    assert_string_equal(mr_cli_bytes(1000, buffer), "1.0 kB");
    assert_string_equal(mr_cli_bytes(1234567, buffer), "1.2 MB");
    assert_string_equal(mr_cli_bytes(9960, buffer), "10 kB");
    assert_string_equal(mr_cli_bytes(999600, buffer), "1.0 MB");
    assert_string_equal(mr_cli_bytes(UINT64_MAX, buffer), "18 EB");
}

static mr_amount amount_of(const char *text)
{
    mr_amount amount = {0};

    assert_true(mr_amount_parse(mr_text_of(text), &amount));
    return amount;
}

static void amounts_are_grouped_and_keep_every_digit(void **state)
{
    char buffer[mr_cli_text_bytes_max];

    (void)state;
    assert_string_equal(mr_cli_amount(amount_of("0"), buffer), "0.00");
    assert_string_equal(mr_cli_amount(amount_of("1234.5"), buffer), "1,234.50");
    assert_string_equal(mr_cli_amount(amount_of("-999"), buffer), "-999.00");
    assert_string_equal(mr_cli_amount(amount_of("-1000.0001"), buffer), "-1,000.0001");
    assert_string_equal(mr_cli_amount(amount_of("9747747.934"), buffer), "9,747,747.934");
}

static void the_largest_amount_fits(void **state)
{
    const unsigned __int128 all = ~(unsigned __int128)0;
    const mr_amount largest = {.scaled = (__int128)(all >> 1)};
    const mr_amount smallest = {.scaled = -largest.scaled};
    char buffer[mr_cli_text_bytes_max];

    (void)state;
    assert_string_equal(mr_cli_amount(largest, buffer),
                        "17,014,118,346,046,923,173,168,730,371,588,410.5727");
    assert_string_equal(mr_cli_amount(smallest, buffer),
                        "-17,014,118,346,046,923,173,168,730,371,588,410.5727");
}

static void durations_show_their_two_largest_units(void **state)
{
    char buffer[mr_cli_text_bytes_max];

    (void)state;
    assert_string_equal(mr_cli_duration(0, buffer), "0 ms");
    assert_string_equal(mr_cli_duration(999, buffer), "999 ms");
    assert_string_equal(mr_cli_duration(3450, buffer), "3.4 s");
    assert_string_equal(mr_cli_duration(59999, buffer), "59 s");
    assert_string_equal(mr_cli_duration(125000, buffer), "2 min 5 s");
    assert_string_equal(mr_cli_duration(3600000, buffer), "1 h 0 min");
    assert_string_equal(mr_cli_duration(UINT64_C(90000000), buffer), "1 d 1 h");
}

static void words_are_quoted_where_a_shell_would_split_them(void **state)
{
    static const char *const cases[][2] = {
        {"/srv/mill-race_2", "/srv/mill-race_2"},
        {"", "''"},
        {"/srv/a folder", "'/srv/a folder'"},
        {"it's $HOME", "'it'\\''s $HOME'"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        mr_buffer out;

        mr_buffer_init(&out, 100);
        mr_cli_append_shell_word(&out, cases[i][0]);
        assert_int_equal(out.bytes, strlen(cases[i][1]));
        assert_memory_equal(out.data, cases[i][1], out.bytes);
        mr_buffer_free(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_are_grouped_by_three),
        cmocka_unit_test(sizes_have_two_or_three_digits),
        cmocka_unit_test(amounts_are_grouped_and_keep_every_digit),
        cmocka_unit_test(the_largest_amount_fits),
        cmocka_unit_test(durations_show_their_two_largest_units),
        cmocka_unit_test(words_are_quoted_where_a_shell_would_split_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
