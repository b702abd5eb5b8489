/* SPDX-License-Identifier: Apache-2.0 */
/* store/postgres_cell.c - PostgreSQL's binary form of values: writing and reading.
 *
 * Owns:       nothing.
 * Called by:  the PostgreSQL backends of store and ops.
 * Invariants: (1) money keeps its 4 decimals exactly: scaled integers and base-10000 digits meet
 *                 at the same point;
 *             (2) a date is whole seconds of the shop's clock.
 * Not here:   connections (postgres_db.c).
 */
#include "store/postgres_cell.h"

#include <string.h>

#include "base/status.h"

enum {
    numeric_base = 10000,
    numeric_digits_max = 11,
    decimal_group = 4, /* digits of base 10 in one of base 10000 */
    decimal_digits_max = 48,
    numeric_positive = 0x0000,
    numeric_negative = 0x4000,
    unix_to_postgres_seconds = 946684800, /* 2000-01-01 */
    microseconds = 1000000,
};

/* --- Integers, most significant byte first ---------------------------------------------------- */

static char *write_raw16(char *at, uint16_t value)
{
    at[0] = (char)(value >> 8);
    at[1] = (char)value;
    return at + 2;
}

static char *write_raw32(char *at, uint32_t value)
{
    value = __builtin_bswap32(value);
    memcpy(at, &value, sizeof(value));
    return at + sizeof(value);
}

static char *write_raw64(char *at, uint64_t value)
{
    value = __builtin_bswap64(value);
    memcpy(at, &value, sizeof(value));
    return at + sizeof(value);
}

static uint16_t read_raw16(const char *at)
{
    return (uint16_t)((unsigned char)at[0] << 8 | (unsigned char)at[1]);
}

static uint32_t read_raw32(const char *at)
{
    uint32_t value;

    memcpy(&value, at, sizeof(value));
    return __builtin_bswap32(value);
}

static uint64_t read_raw64(const char *at)
{
    uint64_t value;

    memcpy(&value, at, sizeof(value));
    return __builtin_bswap64(value);
}

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the swaps above assume little-endian");

/* --- Writing ---------------------------------------------------------------------------------- */

char *mr_pg_write_null(char *at)
{
    return write_raw32(at, UINT32_MAX);
}

char *mr_pg_write_flag(char *at, bool value)
{
    at = write_raw32(at, 1);
    *at = value ? 1 : 0;
    return at + 1;
}

char *mr_pg_write_int4(char *at, int32_t value)
{
    return write_raw32(write_raw32(at, sizeof(value)), (uint32_t)value);
}

char *mr_pg_write_int8(char *at, int64_t value)
{
    return write_raw64(write_raw32(at, sizeof(value)), (uint64_t)value);
}

char *mr_pg_write_bytes(char *at, const void *data, size_t bytes)
{
    MR_ASSERT(bytes <= INT32_MAX);
    at = write_raw32(at, (uint32_t)bytes);
    memcpy(at, data, bytes);
    return at + bytes;
}

char *mr_pg_write_text(char *at, mr_text text)
{
    return text.data == NULL ? mr_pg_write_null(at) : mr_pg_write_bytes(at, text.data, text.bytes);
}

char *mr_pg_write_date(char *at, mr_civil date)
{
    return mr_pg_write_int8(at, (date.seconds - unix_to_postgres_seconds) * microseconds);
}

/* digits: least significant first, the first holds the 4 decimals. */
static char *write_numeric(char *at, const uint16_t *digits, int count, bool negative)
{
    at = write_raw32(at, (uint32_t)(8 + 2 * count));
    at = write_raw16(at, (uint16_t)count);
    at = write_raw16(at, (uint16_t)(count == 0 ? 0 : count - 2));
    at = write_raw16(at, negative ? numeric_negative : numeric_positive);
    at = write_raw16(at, mr_price_scale);
    while (count > 0) {
        at = write_raw16(at, digits[--count]);
    }
    return at;
}

char *mr_pg_write_amount(char *at, mr_amount amount)
{
    bool negative = amount.scaled < 0;
    unsigned __int128 rest =
        negative ? -(unsigned __int128)amount.scaled : (unsigned __int128)amount.scaled;
    uint16_t digits[numeric_digits_max];
    int count = 0;

    for (; rest > 0; rest /= numeric_base) {
        digits[count++] = (uint16_t)(rest % numeric_base);
    }
    return write_numeric(at, digits, count, negative);
}

char *mr_pg_write_price(char *at, mr_price price)
{
    bool negative = price.scaled < 0;
    uint64_t rest = negative ? -(uint64_t)price.scaled : (uint64_t)price.scaled;
    uint16_t digits[numeric_digits_max];
    int count = 0;

    for (; rest > 0; rest /= numeric_base) {
        digits[count++] = (uint16_t)(rest % numeric_base);
    }
    return write_numeric(at, digits, count, negative);
}

/* --- Into a buffer ---------------------------------------------------------------------------- */

static char *room(mr_buffer *out, size_t bytes)
{
    char *at = mr_buffer_reserve(out, bytes);

    MR_ASSERT(at != NULL); /* callers bound what they put in */
    return at;
}

static void commit_to(mr_buffer *out, const char *end)
{
    mr_buffer_commit(out, (size_t)(end - (out->data + out->bytes)));
}

void mr_pg_put_null(mr_buffer *out)
{
    commit_to(out, mr_pg_write_null(room(out, mr_pg_cell_overhead_bytes)));
}

void mr_pg_put_flag(mr_buffer *out, bool value)
{
    commit_to(out, mr_pg_write_flag(room(out, mr_pg_cell_overhead_bytes + 1), value));
}

void mr_pg_put_int4(mr_buffer *out, int32_t value)
{
    commit_to(out, mr_pg_write_int4(room(out, mr_pg_cell_overhead_bytes + sizeof(value)), value));
}

void mr_pg_put_int8(mr_buffer *out, int64_t value)
{
    commit_to(out, mr_pg_write_int8(room(out, mr_pg_cell_overhead_bytes + sizeof(value)), value));
}

void mr_pg_put_bytes(mr_buffer *out, const void *data, size_t bytes)
{
    commit_to(out, mr_pg_write_bytes(room(out, mr_pg_cell_overhead_bytes + bytes), data, bytes));
}

void mr_pg_put_text(mr_buffer *out, mr_text text)
{
    commit_to(out, mr_pg_write_text(room(out, mr_pg_cell_overhead_bytes + text.bytes), text));
}

void mr_pg_put_date(mr_buffer *out, mr_civil date)
{
    commit_to(out, mr_pg_write_date(room(out, mr_pg_cell_overhead_bytes + sizeof(date)), date));
}

void mr_pg_put_amount(mr_buffer *out, mr_amount amount)
{
    commit_to(out, mr_pg_write_amount(
                       room(out, mr_pg_cell_overhead_bytes + mr_pg_numeric_bytes_max), amount));
}

void mr_pg_put_price(mr_buffer *out, mr_price price)
{
    commit_to(out, mr_pg_write_price(room(out, mr_pg_cell_overhead_bytes + mr_pg_numeric_bytes_max),
                                     price));
}

void mr_pg_put_int2(mr_buffer *out, int16_t value)
{
    char *at = room(out, mr_pg_cell_overhead_bytes + sizeof(value));

    commit_to(out, write_raw16(write_raw32(at, sizeof(value)), (uint16_t)value));
}

void mr_pg_put_float8(mr_buffer *out, double value)
{
    uint64_t bits;

    memcpy(&bits, &value, sizeof(bits));
    mr_pg_put_int8(out, (int64_t)bits);
}

/* Digits go in groups of four that end at the point: blanks before and behind are zeros. */
void mr_pg_put_decimal(mr_buffer *out, mr_text digits)
{
    bool negative = digits.bytes > 0 && digits.data[0] == '-';
    mr_text rest = {digits.data + negative, digits.bytes - negative};
    const char *point = memchr(rest.data, '.', rest.bytes);
    size_t whole = point == NULL ? rest.bytes : (size_t)(point - rest.data);
    size_t places = point == NULL ? 0 : rest.bytes - whole - 1;
    size_t pad = (decimal_group - whole % decimal_group) % decimal_group;
    uint16_t groups[decimal_digits_max / decimal_group + 2] = {0};
    size_t group_count = (pad + whole + places + decimal_group - 1) / decimal_group;

    MR_ASSERT(whole + places <= decimal_digits_max);
    for (size_t i = 0; i < group_count * decimal_group; i++) {
        size_t at = i - pad;
        bool outside = i < pad || at >= whole + places;
        char digit = outside ? '0' : rest.data[at < whole ? at : at + 1];

        MR_ASSERT(digit >= '0' && digit <= '9');
        groups[i / decimal_group] = (uint16_t)(groups[i / decimal_group] * 10 + (digit - '0'));
    }
    char *at = room(out, mr_pg_cell_overhead_bytes + 8 + 2 * group_count);
    at = write_raw32(at, (uint32_t)(8 + 2 * group_count));
    at = write_raw16(at, (uint16_t)group_count);
    at = write_raw16(at, (uint16_t)((pad + whole) / decimal_group - 1));
    at = write_raw16(at, negative ? numeric_negative : numeric_positive);
    at = write_raw16(at, (uint16_t)places);
    for (size_t i = 0; i < group_count; i++) {
        at = write_raw16(at, groups[i]);
    }
    commit_to(out, at);
}

void mr_pg_put_copy_header(mr_buffer *out)
{
    static const char signature[] = "PGCOPY\n\377\r\n"; /* its NUL belongs to it */
    char *at = room(out, sizeof(signature) + 8);

    memcpy(at, signature, sizeof(signature));
    memset(at + sizeof(signature), 0, 8); /* no flags, no extension */
    mr_buffer_commit(out, sizeof(signature) + 8);
}

void mr_pg_put_copy_trailer(mr_buffer *out)
{
    mr_pg_put_field_count(out, -1);
}

char *mr_pg_write_field_count(char *at, int16_t count)
{
    return write_raw16(at, (uint16_t)count);
}

void mr_pg_put_field_count(mr_buffer *out, int16_t count)
{
    commit_to(out, mr_pg_write_field_count(room(out, sizeof(count)), count));
}

/* --- Reading ---------------------------------------------------------------------------------- */

bool mr_pg_is_null(const PGresult *result, int row, int column)
{
    return PQgetisnull(result, row, column) != 0;
}

/* The value's bytes, of which there must be so many; NULL where the cell is. */
static const char *value_of(const PGresult *result, int row, int column, int bytes)
{
    if (PQgetisnull(result, row, column)) {
        return NULL;
    }
    MR_ASSERT(PQgetlength(result, row, column) == bytes); /* our SQL casts to the type read here */
    return PQgetvalue(result, row, column);
}

bool mr_pg_flag(const PGresult *result, int row, int column)
{
    const char *value = value_of(result, row, column, 1);

    return value != NULL && *value != 0;
}

int32_t mr_pg_int4(const PGresult *result, int row, int column)
{
    const char *value = value_of(result, row, column, sizeof(int32_t));

    return value == NULL ? 0 : (int32_t)read_raw32(value);
}

int64_t mr_pg_int8(const PGresult *result, int row, int column)
{
    const char *value = value_of(result, row, column, sizeof(int64_t));

    return value == NULL ? 0 : (int64_t)read_raw64(value);
}

mr_text mr_pg_text(const PGresult *result, int row, int column)
{
    if (PQgetisnull(result, row, column)) {
        return MR_TEXT_ABSENT;
    }
    return (mr_text){PQgetvalue(result, row, column), (size_t)PQgetlength(result, row, column)};
}

mr_civil mr_pg_date(const PGresult *result, int row, int column)
{
    if (PQgetisnull(result, row, column)) {
        return (mr_civil){0};
    }
    return (mr_civil){mr_pg_int8(result, row, column) / microseconds + unix_to_postgres_seconds};
}

void mr_pg_string(const PGresult *result, int row, int column, char *ret_string, size_t capacity)
{
    mr_text text = mr_pg_text(result, row, column);
    size_t bytes = text.bytes < capacity ? text.bytes : capacity - 1;

    if (bytes > 0) {
        memcpy(ret_string, text.data, bytes);
    }
    ret_string[bytes] = '\0';
}

/* Digit number `index` of a numeric stands for digit * 10000^(weight - index); an amount counts
 * 10000ths, so one power more. */
bool mr_pg_amount(const PGresult *result, int row, int column, mr_amount *ret_amount)
{
    const char *at = PQgetvalue(result, row, column);
    unsigned __int128 sum = 0;
    int digits, weight, index;
    uint16_t sign;

    if (PQgetisnull(result, row, column) || PQgetlength(result, row, column) < 8) {
        return false;
    }
    digits = read_raw16(at);
    weight = (int16_t)read_raw16(at + 2);
    sign = read_raw16(at + 4);
    if (PQgetlength(result, row, column) != 8 + 2 * digits || weight >= numeric_digits_max - 1 ||
        (sign != numeric_positive && sign != numeric_negative)) {
        return false; /* NaN and infinity have signs of their own */
    }
    for (index = 0; index <= weight + 1; index++) {
        if (sum > (~(unsigned __int128)0 >> 1) / numeric_base - 1) {
            return false;
        }
        sum = sum * numeric_base + (index < digits ? read_raw16(at + 8 + 2 * (ptrdiff_t)index) : 0);
    }
    for (index = weight + 2 < 0 ? 0 : weight + 2; index < digits; index++) {
        if (read_raw16(at + 8 + 2 * (ptrdiff_t)index) != 0) {
            return false; /* finer than a ten-thousandth */
        }
    }
    ret_amount->scaled = sign == numeric_negative ? -(__int128)sum : (__int128)sum;
    return true;
}
