/* SPDX-License-Identifier: Apache-2.0 */
/* event/csv_windows_1252_test.c - the code page against iconv's table of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <iconv.h>

#include "event/csv_windows_1252.h"

static void every_byte_is_decoded_as_iconv_does(void **state)
{
    iconv_t table = iconv_open("UTF-8", "WINDOWS-1252");
    int undefined = 0;

    (void)state;
    assert_true(table != (iconv_t)-1);
    for (int byte = 1; byte < 256; byte++) {
        char in[1] = {(char)byte};
        char expected[8];
        char out[mr_windows_1252_expansion_max];
        char *in_at = in;
        char *out_at = expected;
        size_t in_left = 1;
        size_t out_left = sizeof expected;
        const char *found = mr_windows_1252_find_undefined((mr_text){in, 1});

        if (iconv(table, &in_at, &in_left, &out_at, &out_left) == (size_t)-1) {
            undefined++;
            assert_ptr_equal(found, in);
            (void)iconv(table, NULL, NULL, NULL, NULL);
            continue;
        }
        assert_null(found);
        assert_int_equal(mr_windows_1252_decode((mr_text){in, 1}, out), out_at - expected);
        assert_memory_equal(out, expected, (size_t)(out_at - expected));
    }
    assert_int_equal(undefined, 5);
    (void)iconv_close(table);
}

static void a_text_is_decoded_whole(void **state)
{
    mr_text text = MR_TEXT_LITERAL("caf\xE9 5\x80 \x96");
    char out[64];

    (void)state;
    assert_null(mr_windows_1252_find_undefined(text));
    assert_int_equal(mr_windows_1252_decode(text, out), 14);
    assert_memory_equal(out, "caf\xC3\xA9 5\xE2\x82\xAC \xE2\x80\x93", 14);
    assert_int_equal(mr_windows_1252_decode(MR_TEXT_LITERAL(""), out), 0);
}

static void the_first_undefined_byte_is_found(void **state)
{
    mr_text text = MR_TEXT_LITERAL("ab\x9D\x81");

    (void)state;
    assert_ptr_equal(mr_windows_1252_find_undefined(text), text.data + 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_byte_is_decoded_as_iconv_does),
        cmocka_unit_test(a_text_is_decoded_whole),
        cmocka_unit_test(the_first_undefined_byte_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
