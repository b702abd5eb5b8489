/* SPDX-License-Identifier: Apache-2.0 */
/* gateway/answers_test.c - the list of faults as JSON. What a client gets: routes_*_test.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gateway/answers.h"

static void assert_written(const mr_event_faults *faults, const char *expected)
{
    mr_buffer out;

    mr_buffer_init(&out, 65536);
    assert_true(mr_answer_write_faults(&out, faults));
    mr_buffer_append(&out, "", 1);
    assert_string_equal(out.data, expected);
    mr_buffer_free(&out);
}

static void each_fault_is_an_item(void **state)
{
    mr_event_faults faults = {
        .items = {{MR_FIELD_QUANTITY, MR_FAULT_MISSING}, {MR_FIELD_COUNTRY, MR_FAULT_STRING_TYPE}},
        .count = 2,
    };

    (void)state;
    assert_written(&faults,
                   "[{\"type\":\"missing\",\"loc\":[\"body\",\"Quantity\"],\"msg\":\"Field "
                   "required\"},{\"type\":\"string_type\",\"loc\":[\"body\",\"Country\"],\"msg\":"
                   "\"Input should be a valid string\"}]");
}

static void faults_of_the_whole_have_no_field(void **state)
{
    mr_event_faults object = {.items = {{MR_FIELD_INVOICE_NO, MR_FAULT_OBJECT_TYPE}}, .count = 1};
    mr_event_faults extra = {.items = {{MR_FIELD_EXTRA, MR_FAULT_TOO_LARGE}}, .count = 1};

    (void)state;
    assert_written(&object, "[{\"type\":\"model_attributes_type\",\"loc\":[\"body\"],\"msg\":"
                            "\"Input should be a valid dictionary or object to extract fields "
                            "from\"}]");
    assert_written(&extra, "[{\"type\":\"value_error\",\"loc\":[\"body\"],\"msg\":\"Value error, "
                           "Unknown fields should have no more than 16384 bytes together\"}]");
}

static void broken_json_is_one_item_with_its_reason(void **state)
{
    mr_event_faults faults = {.malformed = true, .message = "a \"quote\" too much"};

    (void)state;
    assert_written(&faults, "[{\"type\":\"json_invalid\",\"loc\":[\"body\"],\"msg\":"
                            "\"a \\\"quote\\\" too much\"}]");
}

static void a_full_buffer_is_told(void **state)
{
    mr_event_faults faults = {.items = {{MR_FIELD_QUANTITY, MR_FAULT_MISSING}}, .count = 1};
    mr_buffer out;

    (void)state;
    mr_buffer_init(&out, 40);
    assert_false(mr_answer_write_faults(&out, &faults));
    mr_buffer_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_fault_is_an_item),
        cmocka_unit_test(faults_of_the_whole_have_no_field),
        cmocka_unit_test(broken_json_is_one_item_with_its_reason),
        cmocka_unit_test(a_full_buffer_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
