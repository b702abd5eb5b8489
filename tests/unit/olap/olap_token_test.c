/* SPDX-License-Identifier: Apache-2.0 */
/* olap_token_test.c - SQL is taken apart as the engine takes it apart. */
#include "olap_fixture.h"

#include "olap/olap_token.h"

/* Kinds as letters (w n s d y), each followed by the token's text in <>. */
static void expect_tokens(const char *sql, const char *expected)
{
    static const char letters[] = {[MR_TOKEN_WORD] = 'w',
                                   [MR_TOKEN_NAME] = 'n',
                                   [MR_TOKEN_STRING] = 's',
                                   [MR_TOKEN_NUMBER] = 'd',
                                   [MR_TOKEN_SYMBOL] = 'y'};
    mr_buffer out;
    size_t at = 0;
    mr_token token;

    mr_buffer_init(&out, 4096);
    while ((token = mr_token_next(mr_text_of(sql), &at)).kind != MR_TOKEN_END) {
        assert_true(
            mr_buffer_printf(&out, "%c<%.*s>", letters[token.kind], MR_TEXT_ARGS(token.text)));
    }
    assert_true(mr_buffer_append(&out, "", 1));
    assert_string_equal(out.data, expected);
    assert_int_equal(at, strlen(sql));
    mr_buffer_free(&out);
}

static void words_numbers_and_symbols_are_told_apart(void **state)
{
    (void)state;
    expect_tokens("SELECT a_1,b$2 FROM t;", "w<SELECT>w<a_1>y<,>w<b$2>w<FROM>w<t>y<;>");
    expect_tokens("1.5e-3 .5 1e 12.x", "d<1.5e-3>d<.5>d<1>w<e>d<12.>w<x>");
    expect_tokens("größe", "w<größe>");
    expect_tokens("", "");
}

static void quotes_hold_what_is_in_them(void **state)
{
    (void)state;
    expect_tokens("'a''b' \"c\"\"d\"", "s<'a''b'>n<\"c\"\"d\">");
    expect_tokens("'a\\' x", "s<'a\\'>w<x>");
    expect_tokens("E'a\\' x' y", "s<E'a\\' x'>w<y>");
    expect_tokens("$$a'b$$ $x$ $$ $x$ $1", "s<$$a'b$$>s<$x$ $$ $x$>y<$>d<1>");
    expect_tokens("'never closed", "s<'never closed>");
    expect_tokens("e'\\", "s<e'\\>");
}

static void comments_are_passed_over(void **state)
{
    (void)state;
    expect_tokens("a -- b\nc --d\re", "w<a>w<c>w<e>");
    expect_tokens("a /* b /* c */ d */ e /* never closed", "w<a>w<e>");
    expect_tokens("a - -b /c*/", "w<a>y<->y<->w<b>y</>w<c>y<*>y</>");
}

static void names_lose_their_quotes(void **state)
{
    size_t at = 0;
    char name[8];

    (void)state;
    assert_int_equal(mr_token_unquote(mr_token_next(mr_text_of("\"a\"\"b\""), &at), name, 8), 3);
    assert_string_equal(name, "a\"b");
    at = 0;
    assert_int_equal(mr_token_unquote(mr_token_next(mr_text_of("abcdefghij"), &at), name, 8), 7);
    assert_string_equal(name, "abcdefg");
    at = 0;
    assert_int_equal(mr_token_unquote(mr_token_next(mr_text_of("''"), &at), name, 8), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_numbers_and_symbols_are_told_apart),
        cmocka_unit_test(quotes_hold_what_is_in_them),
        cmocka_unit_test(comments_are_passed_over),
        cmocka_unit_test(names_lose_their_quotes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
