/* SPDX-License-Identifier: Apache-2.0 */
/* unit/web/answers_test.c - an answer is found by its key alone, and the cache keeps to its size.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "web/answers.h"

static void an_answer_is_found_by_its_key_alone(void **state)
{
    mr_web_answers *answers = mr_web_answers_create(NULL);
    mr_buffer out;

    (void)state;
    mr_buffer_init(&out, 64);
    mr_web_answers_keep(answers, MR_TEXT_LITERAL("1 /orders"), MR_TEXT_LITERAL("{}"));
    assert_false(mr_web_answers_find(answers, MR_TEXT_LITERAL("2 /orders"), &out));
    assert_int_equal(out.bytes, 0);
    assert_true(mr_web_answers_find(answers, MR_TEXT_LITERAL("1 /orders"), &out));
    assert_true(mr_text_equal(mr_buffer_text(&out), MR_TEXT_LITERAL("{}")));
    mr_buffer_free(&out);
    mr_web_answers_destroy(answers);
}

static void the_longest_unused_goes_first(void **state)
{
    enum { answer_bytes = 1 << 20, count = 20 };
    mr_web_answers *answers = mr_web_answers_create(NULL);
    char *text = mr_alloc_zero(1, answer_bytes), key[16];
    mr_buffer out;
    unsigned found = 0;

    (void)state;
    for (unsigned index = 0; index < count; index++) {
        (void)snprintf(key, sizeof key, "%u", index);
        mr_web_answers_keep(answers, mr_text_of(key), (mr_text){text, answer_bytes});
    }
    for (unsigned index = 0; index < count; index++) {
        mr_buffer_init(&out, answer_bytes);
        (void)snprintf(key, sizeof key, "%u", index);
        const bool there = mr_web_answers_find(answers, mr_text_of(key), &out);
        assert_true(there || found == 0); /* the first ones are gone, no other */
        found += there;
        mr_buffer_free(&out);
    }
    assert_int_equal(found, mr_web_answers_bytes_max / answer_bytes - 1);
    mr_web_answers_destroy(answers);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_is_found_by_its_key_alone),
        cmocka_unit_test(the_longest_unused_goes_first),
    };

    return cmocka_run_group_tests_name("answers", tests, NULL, NULL);
}
