/* SPDX-License-Identifier: Apache-2.0 */
/* postgres_cell_test.c - values in PostgreSQL's binary form, there and back. */
#include "store/postgres_cell.h"
#include "store_fixture.h"

/* A result of one row with one value: what a cell that was written would come back as. */
static PGresult *result_of(const char *cell, const char *end)
{
    PGresult *result = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
    char name[] = "value";
    PGresAttDesc column = {.name = name, .format = 1};
    char value[256];

    assert_true((size_t)(end - cell) <= sizeof(value));
    memcpy(value, cell + mr_pg_cell_overhead_bytes, (size_t)(end - cell) - 4);
    assert_int_equal(PQsetResultAttrs(result, 1, &column), 1);
    assert_int_equal(PQsetvalue(result, 0, 0, value, (int)(end - cell) - 4), 1);
    return result;
}

static PGresult *null_result(void)
{
    PGresult *result = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
    char name[] = "value";
    PGresAttDesc column = {.name = name, .format = 1};

    assert_int_equal(PQsetResultAttrs(result, 1, &column), 1);
    assert_int_equal(PQsetvalue(result, 0, 0, NULL, -1), 1);
    return result;
}

static void assert_amount_survives(__int128 scaled)
{
    char cell[64];
    PGresult *result = result_of(cell, mr_pg_write_amount(cell, (mr_amount){scaled}));
    mr_amount amount = {0};

    assert_true(mr_pg_amount(result, 0, 0, &amount));
    assert_true(amount.scaled == scaled);
    PQclear(result);
}

static void amounts_survive_to_the_last_digit(void **state)
{
    __int128 power = 1;
    int digits;

    (void)state;
    assert_amount_survives(0);
    for (digits = 0; digits < 38; digits++, power *= 10) {
        assert_amount_survives(power);
        assert_amount_survives(-power);
        assert_amount_survives(power - 1);
        assert_amount_survives(7 * power + 3);
    }
}

static void assert_decimal(const char *digits, int64_t scaled)
{
    mr_buffer cell;
    mr_amount amount = {0};

    mr_buffer_init(&cell, 256);
    mr_pg_put_decimal(&cell, mr_text_of(digits));
    PGresult *result = result_of(cell.data, cell.data + cell.bytes);
    assert_true(mr_pg_amount(result, 0, 0, &amount));
    assert_true(amount.scaled == scaled);
    PQclear(result);
    mr_buffer_free(&cell);
}

static void digits_of_any_scale_meet_the_point(void **state)
{
    (void)state;
    assert_decimal("0", 0);
    assert_decimal("0.0000", 0);
    assert_decimal("-12.5", -125000);
    assert_decimal("12345.6789", 123456789);
    assert_decimal("-1234567.0009", -12345670009);
    assert_decimal(".5", 5000);
    assert_decimal("10000", 100000000);
    assert_decimal("0.010000", 100);

    mr_buffer cell;
    mr_buffer_init(&cell, 256);
    mr_pg_put_decimal(&cell, MR_TEXT_LITERAL("-1.000000001"));
    static const char expected[] = {0, 0, 0, 16, 0, 4, 0, 0, 0x40, 0,
                                    0, 9, 0, 1,  0, 0, 0, 0, 0x03, (char)0xe8};
    assert_int_equal(cell.bytes, sizeof(expected));
    assert_memory_equal(cell.data, expected, sizeof(expected));
    mr_buffer_free(&cell);
}

static void prices_are_numbers_of_the_same_form(void **state)
{
    static const int64_t prices[] = {0,
                                     1,
                                     -1,
                                     9999,
                                     10000,
                                     25500,
                                     -110620600,
                                     INT64_C(999999999999999999),
                                     INT64_C(-999999999999999999)};
    char price[64], amount[64];
    size_t index;

    (void)state;
    for (index = 0; index < sizeof(prices) / sizeof(prices[0]); index++) {
        char *end = mr_pg_write_price(price, (mr_price){prices[index]});
        size_t bytes = (size_t)(end - price);

        assert_ptr_equal(mr_pg_write_amount(amount, (mr_amount){prices[index]}), amount + bytes);
        assert_memory_equal(price, amount, bytes);
    }
}

/* 1.5 as PostgreSQL sends it: one digit before the point, one behind; no more are stored. */
static void numbers_of_other_scales_are_read(void **state)
{
    static const char plain[] = "\0\0\0\x0c\0\x02\0\0\0\0\0\x01\0\x01\x13\x88";
    static const char thousands[] = "\0\0\0\x0a\0\x01\0\x02\0\0\0\0\0\x07"; /* 7 * 10000^2 */
    static const char fine[] = "\0\0\0\x0a\0\x01\xff\xfe\0\0\0\x08\0\x01";  /* 10000^-2 */
    static const char nan[] = "\0\0\0\x08\0\0\0\0\xc0\0\0\0";
    PGresult *result = result_of(plain, plain + 16);
    mr_amount amount = {0};

    (void)state;
    assert_true(mr_pg_amount(result, 0, 0, &amount));
    assert_true(amount.scaled == 15000);
    PQclear(result);
    result = result_of(thousands, thousands + 14);
    assert_true(mr_pg_amount(result, 0, 0, &amount));
    assert_true(amount.scaled == (__int128)7 * 10000 * 10000 * 10000);
    PQclear(result);
    result = result_of(fine, fine + 14);
    assert_false(mr_pg_amount(result, 0, 0, &amount));
    PQclear(result);
    result = result_of(nan, nan + 12);
    assert_false(mr_pg_amount(result, 0, 0, &amount));
    PQclear(result);
    result = null_result();
    assert_false(mr_pg_amount(result, 0, 0, &amount));
    PQclear(result);
}

static void dates_survive_on_both_sides_of_the_epochs(void **state)
{
    static const int64_t seconds[] = {
        0, 1, -1, 946684799, 946684800, INT64_C(253402300799), INT64_C(-62135596800)};
    char cell[64];
    size_t index;

    (void)state;
    for (index = 0; index < sizeof(seconds) / sizeof(seconds[0]); index++) {
        PGresult *result = result_of(cell, mr_pg_write_date(cell, (mr_civil){seconds[index]}));

        assert_true(mr_pg_date(result, 0, 0).seconds == seconds[index]);
        PQclear(result);
    }
}

static void nothing_is_absent_and_zero(void **state)
{
    PGresult *result = null_result();
    char text[8] = "before";

    (void)state;
    assert_true(mr_pg_is_null(result, 0, 0));
    assert_int_equal(mr_pg_int8(result, 0, 0), 0);
    assert_int_equal(mr_pg_int4(result, 0, 0), 0);
    assert_false(mr_pg_flag(result, 0, 0));
    assert_null(mr_pg_text(result, 0, 0).data);
    mr_pg_string(result, 0, 0, text, sizeof(text));
    assert_string_equal(text, "");
    PQclear(result);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(amounts_survive_to_the_last_digit),
        cmocka_unit_test(digits_of_any_scale_meet_the_point),
        cmocka_unit_test(prices_are_numbers_of_the_same_form),
        cmocka_unit_test(numbers_of_other_scales_are_read),
        cmocka_unit_test(dates_survive_on_both_sides_of_the_epochs),
        cmocka_unit_test(nothing_is_absent_and_zero),
    };

    return cmocka_run_group_tests_name("cells of PostgreSQL", tests, NULL, NULL);
}
