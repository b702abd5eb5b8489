/* SPDX-License-Identifier: Apache-2.0 */
/* bus/batch_test.c - filling a batch: what is copied, what is refused, and the form of the records.
 */
#include "bus/bus_fixture.h"

#include "bus/batch.h"

static void assert_next(const char **at, const mr_bus_batch *batch, const char *key,
                        const char *value)
{
    const char *end = batch->records.data + batch->records.bytes;
    mr_text found_key;
    mr_text found_value;
    *at = mr_batch_read_record(*at, end, &found_key, &found_value);
    assert_non_null(*at);
    fixture_assert_text(found_key, key);
    fixture_assert_text(found_value, value);
}

static void records_lie_one_behind_the_other(void **state)
{
    (void)state;
    mr_bus_batch *batch = mr_bus_batch_create(1000);
    char long_value[201];
    memset(long_value, 'x', 200);
    long_value[200] = '\0';
    assert_true(mr_bus_batch_add(batch, mr_text_of("k"), mr_text_of("one")));
    assert_true(mr_bus_batch_add(batch, MR_TEXT_ABSENT, mr_text_of(long_value)));
    assert_true(mr_bus_batch_add(batch, mr_text_of("key"), mr_text_of("")));
    assert_int_equal(mr_bus_batch_count(batch), 3);
    assert_int_equal(mr_bus_batch_bytes(batch), (2 + 1 + 3) + (3 + 200) + (2 + 3));

    const char *at = batch->records.data;
    assert_next(&at, batch, "k", "one");
    assert_next(&at, batch, "", long_value);
    assert_next(&at, batch, "key", "");
    assert_ptr_equal(at, batch->records.data + batch->records.bytes);
    mr_bus_batch_destroy(batch);
}

static void a_reserved_value_takes_what_was_used(void **state)
{
    (void)state;
    mr_bus_batch *batch = mr_bus_batch_create(100000);
    char *place = mr_bus_batch_reserve(batch, mr_text_of("key"), 70000);
    assert_non_null(place);
    memcpy(place, "used", 4);
    mr_bus_batch_finish(batch, 4);
    assert_true(mr_bus_batch_add(batch, MR_TEXT_ABSENT, mr_text_of("next")));

    const char *at = batch->records.data;
    assert_next(&at, batch, "key", "used");
    assert_next(&at, batch, "", "next");
    assert_true(mr_bus_batch_bytes(batch) < 30);
    mr_bus_batch_destroy(batch);
}

static void a_reservation_finished_with_nothing_is_dropped(void **state)
{
    (void)state;
    mr_bus_batch *batch = mr_bus_batch_create(1000);
    assert_non_null(mr_bus_batch_reserve(batch, mr_text_of("key"), 100));
    mr_bus_batch_finish(batch, 0);
    assert_int_equal(mr_bus_batch_count(batch), 0);
    assert_int_equal(mr_bus_batch_bytes(batch), 0);
    mr_bus_batch_destroy(batch);
}

static void past_its_cap_a_batch_refuses_and_keeps_what_it_has(void **state)
{
    (void)state;
    mr_bus_batch *batch = mr_bus_batch_create(300);
    size_t taken = 0;
    while (taken < 100 && mr_bus_batch_add(batch, MR_TEXT_ABSENT, mr_text_of("0123456789"))) {
        taken++;
    }
    assert_true(taken >= 20 && taken <= 25);
    assert_int_equal(mr_bus_batch_count(batch), taken);
    assert_null(mr_bus_batch_reserve(batch, MR_TEXT_ABSENT, 100));
    assert_int_equal(mr_bus_batch_count(batch), taken);
    mr_bus_batch_clear(batch);
    assert_true(mr_bus_batch_add(batch, MR_TEXT_ABSENT, mr_text_of("0123456789")));
    mr_bus_batch_destroy(batch);
}

static void a_record_past_its_cap_is_refused(void **state)
{
    (void)state;
    mr_bus_batch *batch = mr_bus_batch_create(4 * (size_t)mr_bus_record_bytes_max);
    char *value = mr_alloc_zero(1, mr_bus_record_bytes_max + 1);
    assert_false(
        mr_bus_batch_add(batch, MR_TEXT_ABSENT, (mr_text){value, mr_bus_record_bytes_max + 1}));
    assert_false(
        mr_bus_batch_add(batch, mr_text_of("k"), (mr_text){value, mr_bus_record_bytes_max}));
    assert_null(mr_bus_batch_reserve(batch, MR_TEXT_ABSENT, SIZE_MAX));
    assert_true(mr_bus_batch_add(batch, MR_TEXT_ABSENT, (mr_text){value, mr_bus_record_bytes_max}));
    assert_int_equal(mr_bus_batch_count(batch), 1);
    free(value);
    mr_bus_batch_destroy(batch);
}

static void a_cut_or_overlong_record_is_not_read(void **state)
{
    static const char whole[] = {1, 2, 'k', 'v', 'w'};
    static const char overlong[] = {'\x80', '\x80', '\x80', '\x80', 0, 0};
    mr_text key;
    mr_text value;
    (void)state;
    assert_ptr_equal(mr_batch_read_record(whole, whole + 5, &key, &value), whole + 5);
    for (size_t bytes = 0; bytes < 5; bytes++) {
        assert_null(mr_batch_read_record(whole, whole + bytes, &key, &value));
    }
    assert_null(mr_batch_read_record(overlong, overlong + sizeof overlong, &key, &value));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_lie_one_behind_the_other),
        cmocka_unit_test(a_reserved_value_takes_what_was_used),
        cmocka_unit_test(a_reservation_finished_with_nothing_is_dropped),
        cmocka_unit_test(past_its_cap_a_batch_refuses_and_keeps_what_it_has),
        cmocka_unit_test(a_record_past_its_cap_is_refused),
        cmocka_unit_test(a_cut_or_overlong_record_is_not_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
