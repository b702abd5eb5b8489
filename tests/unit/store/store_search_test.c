/* SPDX-License-Identifier: Apache-2.0 */
/* store_search_test.c - folding case, words, and picking a page out of rows in any order. */
#include "store/store_search.h"
#include "store_fixture.h"

static void folds_case_of_several_scripts_in_place(void **state)
{
    static const struct {
        const char *given, *folded;
    } texts[] = {
        {"REGENCY Cake-Stand 3", "regency cake-stand 3"},
        {"ÀÉÞ×ß", "àéþ×ß"},
        {"ŁÓDŹ ŽĆ Ĺĺ Ÿ", "łódź žć ĺĺ Ÿ"},
        {"ΑΒΩάΣ", "αβωάσ"},
        {"ЖЯЁ жяё", "жяё жяё"},
        {"漢字 🎁", "漢字 🎁"},
        {"", ""},
    };
    char folded[64];
    size_t index;

    (void)state;
    for (index = 0; index < sizeof(texts) / sizeof(texts[0]); index++) {
        mr_text given = mr_text_of(texts[index].given);

        mr_fold_case(given, folded);
        folded[given.bytes] = '\0';
        assert_string_equal(folded, texts[index].folded);
        assert_true(mr_utf8_valid((mr_text){folded, given.bytes}));
    }
}

static void takes_no_more_words_than_there_is_room_for(void **state)
{
    char search[2 * mr_words_bytes_max];
    mr_words words;
    size_t at;

    (void)state;
    mr_words_of(mr_text_of("a b-c,d;e f g h i j"), &words);
    assert_int_equal(words.count, mr_words_max);
    for (at = 0; at + 1 < sizeof(search); at += 2) {
        memcpy(search + at, "\xc3\x89", 2);
    }
    mr_words_of((mr_text){search + 1, sizeof(search) - 3}, &words); /* cut within a character */
    assert_int_equal(words.count, 1);
    assert_true(words.words[0].bytes <= mr_words_bytes_max);
    mr_words_of(MR_TEXT_ABSENT, &words);
    assert_int_equal(words.count, 0);
    assert_true(mr_words_match(&words, MR_TEXT_ABSENT, MR_TEXT_ABSENT));
}

typedef struct picked_row {
    mr_store_mark mark;
    int64_t number;
} picked_row;

enum { offered = 500, page_rows = 7 };

/* Pages of a list offered in random order are the list, whatever their size and direction. */
static void pages_are_the_list_whatever_the_order_of_rows(void **state)
{
    int64_t order[offered];
    mr_random random;
    int ascending;

    (void)state;
    mr_random_seed(&random, 11);
    for (ascending = 0; ascending < 2; ascending++) {
        mr_store_mark after = {0};
        int64_t seen = 0;
        bool more = true;

        while (more) {
            mr_picker picker;
            size_t index;

            for (index = 0; index < offered; index++) {
                size_t other = mr_random_below(&random, index + 1);

                order[index] = order[other];
                order[other] = (int64_t)index;
            }
            mr_picker_init(&picker, sizeof(picked_row), page_rows, seen == 0 ? NULL : &after,
                           ascending != 0);
            for (index = 0; index < offered; index++) { /* three rows share a rank */
                mr_store_mark mark = {.rank = order[index] / 3};
                picked_row *row;

                (void)snprintf(mark.invoice_no, sizeof(mark.invoice_no), "%03lld",
                               (long long)order[index]);
                row = mr_picker_offer(&picker, &mark);
                if (row != NULL) {
                    row->number = order[index];
                }
            }
            mr_picker_finish(&picker);
            for (index = 0; index < picker.count; index++, seen++) {
                const picked_row *row = picker.heap[index];

                assert_int_equal(row->number, ascending != 0 ? seen : offered - 1 - seen);
                after = row->mark;
            }
            more = picker.behind > picker.count;
            mr_picker_free(&picker);
        }
        assert_int_equal(seen, offered);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(folds_case_of_several_scripts_in_place),
        cmocka_unit_test(takes_no_more_words_than_there_is_room_for),
        cmocka_unit_test(pages_are_the_list_whatever_the_order_of_rows),
    };

    return cmocka_run_group_tests_name("store_search", tests, NULL, NULL);
}
