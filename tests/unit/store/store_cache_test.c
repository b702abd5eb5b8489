/* SPDX-License-Identifier: Apache-2.0 */
/* store_cache_test.c - the cache of recent entries, and the rule of the latest line. */
#include "store/store_cache.h"

#include "store_fixture.h"

static void an_entry_is_found_by_its_key_alone(void **state)
{
    mr_cache *cache = mr_cache_create();
    mr_cache_key first = {.hash = 77, .text = mr_text_of("first"), .number = 1};
    mr_cache_key twin = {.hash = 77, .text = mr_text_of("twin"), .number = 1};
    mr_cache_key number = {.hash = 77, .text = mr_text_of("first"), .number = 2};
    mr_cached_product *product;

    (void)state;
    product = mr_cache_add(cache, MR_CACHE_PRODUCTS, &first);
    product->product_id = 5;
    assert_ptr_equal(mr_cache_find(cache, MR_CACHE_PRODUCTS, &first), product);
    assert_null(mr_cache_find(cache, MR_CACHE_PRODUCTS, &twin));
    assert_null(mr_cache_find(cache, MR_CACHE_PRODUCTS, &number));
    assert_null(mr_cache_find(cache, MR_CACHE_INVOICES, &first));
    assert_non_null(mr_cache_add(cache, MR_CACHE_PRODUCTS, &twin));
    assert_ptr_equal(mr_cache_find(cache, MR_CACHE_PRODUCTS, &first), product);
    mr_cache_destroy(cache);
}

static void keys_outlive_the_text_they_were_made_of(void **state)
{
    mr_cache *cache = mr_cache_create();
    char text[] = "LANTERN";
    mr_cache_key key = mr_cache_key_of_text(mr_text_of(text));
    mr_cached_product *product = mr_cache_add(cache, MR_CACHE_PRODUCTS, &key);

    (void)state;
    product->description = mr_cache_copy_text(cache, mr_text_of(text));
    memset(text, 'x', sizeof(text) - 1);
    key = mr_cache_key_of_text(mr_text_of("LANTERN"));
    assert_ptr_equal(mr_cache_find(cache, MR_CACHE_PRODUCTS, &key), product);
    assert_true(mr_text_equal(product->description, mr_text_of("LANTERN")));
    assert_null(mr_cache_copy_text(cache, MR_TEXT_ABSENT).data);
    mr_cache_destroy(cache);
}

static void a_full_table_says_so_and_begins_anew(void **state)
{
    mr_cache *cache = mr_cache_create();
    mr_cache_key key;
    int64_t number;

    (void)state;
    for (number = 0; number < mr_cache_customers_max; number++) {
        assert_true(mr_cache_has_room(cache));
        key = mr_cache_key_of_number(number);
        assert_null(mr_cache_find(cache, MR_CACHE_CUSTOMERS, &key));
        mr_cache_add(cache, MR_CACHE_CUSTOMERS, &key);
    }
    assert_false(mr_cache_has_room(cache));
    for (number = 0; number < mr_cache_customers_max; number++) {
        key = mr_cache_key_of_number(number);
        assert_non_null(mr_cache_find(cache, MR_CACHE_CUSTOMERS, &key));
    }
    mr_cache_clear(cache);
    assert_true(mr_cache_has_room(cache));
    assert_null(mr_cache_find(cache, MR_CACHE_CUSTOMERS, &key));
    mr_cache_destroy(cache);
}

static void full_texts_say_so(void **state)
{
    mr_cache *cache = mr_cache_create();
    char text[1000];
    size_t count = 0;

    (void)state;
    memset(text, 'x', sizeof(text));
    while (mr_cache_has_room(cache)) {
        mr_cache_copy_text(cache, (mr_text){text, sizeof(text)});
        count++;
    }
    assert_in_range(count, mr_cache_text_bytes_max / 1000 - 20, mr_cache_text_bytes_max / 1000);
    mr_cache_destroy(cache);
}

static void changed_entries_are_listed_once(void **state)
{
    mr_cache *cache = mr_cache_create();
    mr_cache_key keys[] = {mr_cache_key_of_number(1), mr_cache_key_of_number(2)};
    mr_cached_customer *first = mr_cache_add(cache, MR_CACHE_CUSTOMERS, &keys[0]);
    mr_cached_customer *second = mr_cache_add(cache, MR_CACHE_CUSTOMERS, &keys[1]);

    (void)state;
    mr_cache_mark_changed(cache, MR_CACHE_CUSTOMERS, &second->entry);
    mr_cache_mark_changed(cache, MR_CACHE_CUSTOMERS, &first->entry);
    mr_cache_mark_changed(cache, MR_CACHE_CUSTOMERS, &second->entry);
    assert_int_equal(mr_cache_changed_count(cache, MR_CACHE_CUSTOMERS), 2);
    assert_ptr_equal(mr_cache_changed(cache, MR_CACHE_CUSTOMERS, 0), second);
    assert_ptr_equal(mr_cache_changed(cache, MR_CACHE_CUSTOMERS, 1), first);
    mr_cache_mark_stored(cache);
    assert_int_equal(mr_cache_changed_count(cache, MR_CACHE_CUSTOMERS), 0);
    assert_true(first->entry.stored);
    mr_cache_mark_changed(cache, MR_CACHE_CUSTOMERS, &first->entry);
    assert_int_equal(mr_cache_changed_count(cache, MR_CACHE_CUSTOMERS), 1);
    mr_cache_destroy(cache);
}

static void the_latest_line_is_by_date_then_partition_then_offset(void **state)
{
    static const mr_winner in_order[] = {
        {.is_set = false, .date_seconds = 9},
        {.is_set = true, .date_seconds = -5, .partition = 9, .offset = 9},
        {.is_set = true, .date_seconds = 1, .partition = 0, .offset = 7},
        {.is_set = true, .date_seconds = 1, .partition = 0, .offset = 8},
        {.is_set = true, .date_seconds = 1, .partition = 1, .offset = 2},
        {.is_set = true, .date_seconds = 2, .partition = 0, .offset = 0},
    };
    enum { count = sizeof(in_order) / sizeof(in_order[0]) };
    size_t a, b;

    (void)state;
    for (a = 0; a < count; a++) {
        for (b = 1; b < count; b++) {
            assert_int_equal(mr_winner_loses_to(&in_order[a], &in_order[b]), a < b);
        }
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_entry_is_found_by_its_key_alone),
        cmocka_unit_test(keys_outlive_the_text_they_were_made_of),
        cmocka_unit_test(a_full_table_says_so_and_begins_anew),
        cmocka_unit_test(full_texts_say_so),
        cmocka_unit_test(changed_entries_are_listed_once),
        cmocka_unit_test(the_latest_line_is_by_date_then_partition_then_offset),
    };

    return cmocka_run_group_tests_name("store_cache", tests, NULL, NULL);
}
