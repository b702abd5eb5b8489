/* SPDX-License-Identifier: Apache-2.0 */
/* stream/dead_letter_test.c - envelopes come back as they were written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "stream/dead_letter.h"

static mr_dead_letter sample(mr_text payload)
{
    return (mr_dead_letter){.code = MR_LETTER_CONFLICT,
                            .reason = MR_TEXT_LITERAL("it \"is\" so"),
                            .sink = MR_TEXT_LITERAL("store"),
                            .origin_topic = MR_TEXT_LITERAL("ingestion-topic"),
                            .origin_partition = 3,
                            .origin_offset = INT64_MAX,
                            .at_ms = 1291191960042,
                            .payload = payload};
}

static void expect_round_trip(mr_text payload)
{
    mr_buffer out = {.bytes_max = 10000};
    mr_dead_letter letter = sample(payload);
    mr_dead_letter back;

    assert_true(mr_dead_letter_write(&letter, &out));
    assert_int_equal(mr_dead_letter_read(mr_buffer_text(&out), &back, NULL), MR_OK);
    assert_int_equal(back.code, MR_LETTER_CONFLICT);
    assert_true(mr_text_equal(back.reason, letter.reason));
    assert_true(mr_text_equal(back.sink, letter.sink));
    assert_true(mr_text_equal(back.origin_topic, letter.origin_topic));
    assert_int_equal(back.origin_partition, 3);
    assert_true(back.origin_offset == INT64_MAX);
    assert_true(mr_text_equal(back.at, MR_TEXT_LITERAL("2010-12-01T08:26:00.042Z")));
    assert_true(mr_text_equal(back.payload, payload));
    assert_int_equal(back.payload_bytes, payload.bytes);
    mr_dead_letter_close(&back);
    mr_buffer_free(&out);
}

static void test_payloads_of_any_kind_come_back(void **state)
{
    (void)state;
    expect_round_trip(MR_TEXT_LITERAL("{\"InvoiceNo\":\"1\",\"caf\xC3\xA9\":\"\\n\"}"));
    expect_round_trip(MR_TEXT_LITERAL(""));
    expect_round_trip(MR_TEXT_LITERAL("a\0b\x01"));
    expect_round_trip(MR_TEXT_LITERAL("\xff\xfe\0\x80"));
}

static void test_the_form_is_the_documented_one(void **state)
{
    mr_buffer out = {.bytes_max = 10000};
    mr_dead_letter letter = sample(MR_TEXT_LITERAL("x"));

    (void)state;
    assert_true(mr_dead_letter_write(&letter, &out));
    assert_true(mr_buffer_append(&out, "", 1));
    assert_string_equal(out.data,
                        "{\"reason\":\"it \\\"is\\\" so\",\"code\":\"conflict\",\"sink\":\"store\","
                        "\"origin\":{\"topic\":\"ingestion-topic\",\"partition\":3,"
                        "\"offset\":9223372036854775807},\"at\":\"2010-12-01T08:26:00.042Z\","
                        "\"payload\":\"x\"}");
    mr_buffer_free(&out);
}

static void test_a_payload_too_large_is_left_out_by_size(void **state)
{
    char large[2000];
    mr_buffer out = {.bytes_max = 1000};
    mr_dead_letter letter = sample((mr_text){large, sizeof(large)});
    mr_dead_letter back;

    (void)state;
    for (int binary = 0; binary < 2; binary++) {
        memset(large, binary == 0 ? 'x' : 0xff, sizeof(large));
        mr_buffer_clear(&out);
        assert_true(mr_dead_letter_write(&letter, &out));
        assert_int_equal(mr_dead_letter_read(mr_buffer_text(&out), &back, NULL), MR_OK);
        assert_null(back.payload.data);
        assert_int_equal(back.payload_bytes, sizeof(large));
        mr_dead_letter_close(&back);
    }
    mr_buffer_free(&out);
    out = (mr_buffer){.bytes_max = 100};
    assert_false(mr_dead_letter_write(&letter, &out));
    assert_int_equal(out.bytes, 0);
    mr_buffer_free(&out);
}

static void test_other_records_are_refused(void **state)
{
    static const char *const texts[] = {
        "",
        "x",
        "[]",
        "{}",
        "{\"reason\":\"r\",\"code\":\"conflict\",\"sink\":\"s\",\"at\":\"a\",\"payload\":\"p\"}",
        "{\"reason\":\"r\",\"code\":\"other\",\"sink\":\"s\",\"origin\":{\"topic\":\"t\","
        "\"partition\":0,\"offset\":1},\"at\":\"a\",\"payload\":\"p\"}",
        "{\"reason\":\"r\",\"code\":\"invalid\",\"sink\":\"s\",\"origin\":{\"topic\":\"t\","
        "\"partition\":0,\"offset\":-1},\"at\":\"a\",\"payload\":\"p\"}",
        "{\"reason\":\"r\",\"code\":\"invalid\",\"sink\":\"s\",\"origin\":{\"topic\":\"t\","
        "\"partition\":0,\"offset\":1},\"at\":\"a\",\"payload\":null}",
        "{\"reason\":\"r\",\"code\":\"invalid\",\"sink\":\"s\",\"origin\":{\"topic\":\"t\","
        "\"partition\":0,\"offset\":1},\"at\":\"a\",\"payload\":null,\"payload_hex\":\"0g\"}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        mr_dead_letter letter;
        if (mr_dead_letter_read(mr_text_of(texts[i]), &letter, NULL) != MR_INVALID) {
            fail_msg("'%s' is taken for a dead letter", texts[i]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_payloads_of_any_kind_come_back),
        cmocka_unit_test(test_the_form_is_the_documented_one),
        cmocka_unit_test(test_a_payload_too_large_is_left_out_by_size),
        cmocka_unit_test(test_other_records_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
