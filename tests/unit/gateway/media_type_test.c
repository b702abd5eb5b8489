/* SPDX-License-Identifier: Apache-2.0 */
/* gateway/media_type_test.c - which Content-Types are taken where. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gateway/media_type.h"

static void types_are_told_apart(void **state)
{
    const struct {
        const char *type; /* NULL: no header */
        bool json, batch;
    } cases[] = {
        {NULL, true, true},
        {"", true, true},
        {"application/json", true, true},
        {"APPLICATION/JSON ; charset=utf-8", true, true},
        {"application/vnd.shop.v2+json", true, true},
        {"application/x-ndjson", false, true},
        {"application/jsonl;x=y", false, true},
        {"text/plain", false, true},
        {"+json", false, false},
        {"application/jsonx", false, false},
        {"text/html", false, false},
        {"application/x-www-form-urlencoded", false, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        mr_text type = mr_text_of(cases[i].type);
        if (mr_media_type_is_json(type) != cases[i].json ||
            mr_media_type_is_batch(type) != cases[i].batch) {
            fail_msg("%s", cases[i].type == NULL ? "(none)" : cases[i].type);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(types_are_told_apart)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
