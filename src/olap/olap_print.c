/* SPDX-License-Identifier: Apache-2.0 */
/* olap/olap_print.c - single values as text, exactly. Nested ones: olap_nested.c.
 *
 * The common types are written here; rare ones, and dates beyond the years 1 to 9999, are handed
 * back to the engine one value at a time.
 */
#include <stdlib.h>

#include "base/civil.h"
#include "olap/olap_private.h"

enum { day_seconds = 86400, decimal_bytes_max = 64 };

static const int64_t second_us = 1000000;

static mr_text string_at(const void *data, size_t row)
{
    const duckdb_string_t *string = (const duckdb_string_t *)data + row;
    const uint32_t bytes = string->value.inlined.length;

    return (mr_text){bytes <= sizeof string->value.inlined.inlined ? string->value.inlined.inlined
                                                                   : string->value.pointer.ptr,
                     bytes};
}

/* Takes the value over. */
static bool write_engine_value(duckdb_value value, mr_buffer *out)
{
    char *text = mr_duckdb.get_varchar(value);
    const bool good = text != NULL && mr_buffer_append_string(out, text);

    mr_duckdb.free(text);
    mr_duckdb.destroy_value(&value);
    return good;
}

/* Digits of a magnitude with the point before its last `scale` ones. */
static bool write_magnitude(unsigned __int128 magnitude, bool negative, int scale, mr_buffer *out)
{
    char text[decimal_bytes_max];
    char *at = text + sizeof text;
    int written = 0;

    do {
        if (scale > 0 && written == scale) {
            *--at = '.';
        }
        *--at = (char)('0' + (int)(magnitude % 10));
        magnitude /= 10;
        written++;
    } while (magnitude > 0 || written <= scale);
    if (negative) {
        *--at = '-';
    }
    return mr_buffer_append(out, at, (size_t)(text + sizeof text - at));
}

static bool write_integer(__int128 value, int scale, mr_buffer *out)
{
    const unsigned __int128 bits = (unsigned __int128)value;

    return write_magnitude(value < 0 ? 0 - bits : bits, value < 0, scale, out);
}

static bool write_blob(mr_text blob, mr_buffer *out)
{
    char *place = mr_buffer_reserve(out, 2 * blob.bytes + 1);

    if (place == NULL) {
        return false;
    }
    mr_hex_encode(blob.data, blob.bytes, place);
    mr_buffer_commit(out, 2 * blob.bytes);
    return true;
}

static bool write_uuid(duckdb_hugeint value, mr_buffer *out)
{
    /* Kept with its first bit turned over, so that signed order is the order of the text. */
    const uint64_t upper = (uint64_t)value.upper ^ ((uint64_t)1 << 63);

    return mr_buffer_printf(out, "%08x-%04x-%04x-%04x-%012llx", (unsigned)(upper >> 32),
                            (unsigned)(upper >> 16 & 0xffff), (unsigned)(upper & 0xffff),
                            (unsigned)(value.lower >> 48),
                            (unsigned long long)(value.lower & 0xffffffffffff));
}

static bool is_common_year(int64_t seconds)
{
    const int64_t year_1 = -62135596800, year_10000 = 253402300800;

    return seconds >= year_1 && seconds < year_10000;
}

static bool write_date(duckdb_date date, mr_buffer *out)
{
    const int64_t seconds = (int64_t)date.days * day_seconds;
    char text[mr_civil_text_bytes_max];

    if (!is_common_year(seconds)) {
        return write_engine_value(mr_duckdb.create_date(date), out);
    }
    (void)mr_civil_format_iso((mr_civil){seconds}, text);
    return mr_buffer_append(out, text, strlen("yyyy-mm-dd"));
}

/* "2011-12-09 12:50:00", and a fraction without its last zeros where there is one. */
static bool write_instant(int64_t epoch_us, mr_buffer *out)
{
    const int64_t seconds = epoch_us / second_us - (epoch_us % second_us < 0 ? 1 : 0);
    int fraction_us = (int)(epoch_us % second_us), places = 6;
    char text[mr_civil_text_bytes_max];

    fraction_us += fraction_us < 0 ? (int)second_us : 0;
    if (!is_common_year(seconds)) {
        return write_engine_value(mr_duckdb.create_timestamp((duckdb_timestamp){epoch_us}), out);
    }
    const size_t bytes = mr_civil_format_iso((mr_civil){seconds}, text);
    if (!mr_buffer_append(out, text, bytes)) {
        return false;
    }
    if (fraction_us == 0) {
        return true;
    }
    while (fraction_us % 10 == 0) {
        fraction_us /= 10;
        places--;
    }
    return mr_buffer_printf(out, ".%0*d", places, fraction_us);
}

static bool write_instant_tz(int64_t epoch_us, mr_buffer *out)
{
    const bool finite = mr_duckdb.is_finite_timestamp((duckdb_timestamp){epoch_us});

    return write_instant(epoch_us, out) && (!finite || mr_buffer_append_string(out, "+00"));
}

static bool write_enum(duckdb_logical_type type, const void *data, size_t row, mr_buffer *out)
{
    const __int128 index = mr_olap_load_integer(data, row, mr_olap_storage(type));
    char *text = mr_duckdb.enum_dictionary_value(type, (idx_t)index);
    const bool good = mr_buffer_append_string(out, text);

    mr_duckdb.free(text);
    return good;
}

/* Kept as three bytes of header, then the digits of base 256, the first one first; all of it
 * turned over when negative. */
static bool write_bignum(mr_text kept, mr_buffer *out)
{
    enum { header_bytes = 3 };
    const bool negative = ((unsigned char)kept.data[0] & 0x80) == 0;
    const size_t bytes = kept.bytes - header_bytes;
    uint8_t *digits = mr_alloc(bytes + 1);

    for (size_t index = 0; index < bytes; index++) {
        const uint8_t digit = (uint8_t)kept.data[header_bytes + index];
        digits[index] = negative ? (uint8_t)~digit : digit;
    }
    const bool good =
        write_engine_value(mr_duckdb.create_bignum((duckdb_bignum){digits, bytes, negative}), out);
    free(digits);
    return good;
}

static bool write_bit(mr_text kept, mr_buffer *out)
{
    uint8_t *bytes = mr_alloc(kept.bytes + 1);

    memcpy(bytes, kept.data, kept.bytes);
    const bool good =
        write_engine_value(mr_duckdb.create_bit((duckdb_bit){bytes, kept.bytes}), out);
    free(bytes);
    return good;
}

static duckdb_value rare_value(duckdb_type id, const void *data, size_t row)
{
    if (id == DUCKDB_TYPE_FLOAT) {
        return mr_duckdb.create_float(((const float *)data)[row]);
    }
    if (id == DUCKDB_TYPE_TIME) {
        return mr_duckdb.create_time(((const duckdb_time *)data)[row]);
    }
    if (id == DUCKDB_TYPE_TIME_NS) {
        return mr_duckdb.create_time_ns(((const duckdb_time_ns *)data)[row]);
    }
    if (id == DUCKDB_TYPE_TIME_TZ) {
        return mr_duckdb.create_time_tz_value(((const duckdb_time_tz *)data)[row]);
    }
    if (id == DUCKDB_TYPE_TIMESTAMP_S) {
        return mr_duckdb.create_timestamp_s(((const duckdb_timestamp_s *)data)[row]);
    }
    if (id == DUCKDB_TYPE_TIMESTAMP_MS) {
        return mr_duckdb.create_timestamp_ms(((const duckdb_timestamp_ms *)data)[row]);
    }
    if (id == DUCKDB_TYPE_TIMESTAMP_NS) {
        return mr_duckdb.create_timestamp_ns(((const duckdb_timestamp_ns *)data)[row]);
    }
    if (id == DUCKDB_TYPE_INTERVAL) {
        return mr_duckdb.create_interval(((const duckdb_interval *)data)[row]);
    }
    MR_ASSERT(id == DUCKDB_TYPE_DOUBLE);
    return mr_duckdb.create_double(((const double *)data)[row]);
}

static bool write_text_like(duckdb_type id, mr_text text, mr_buffer *out)
{
    if (id == DUCKDB_TYPE_BLOB) {
        return write_blob(text, out);
    }
    if (id == DUCKDB_TYPE_BIT) {
        return write_bit(text, out);
    }
    return id == DUCKDB_TYPE_BIGNUM ? write_bignum(text, out) : mr_buffer_append_text(out, text);
}

static bool write_number(duckdb_logical_type type, duckdb_type id, const void *data, size_t row,
                         mr_buffer *out)
{
    if (id == DUCKDB_TYPE_UHUGEINT) {
        const duckdb_uhugeint value = ((const duckdb_uhugeint *)data)[row];
        return write_magnitude(((unsigned __int128)value.upper << 64) | value.lower, false, 0, out);
    }
    const int scale = id == DUCKDB_TYPE_DECIMAL ? mr_duckdb.decimal_scale(type) : 0;
    return write_integer(mr_olap_load_integer(data, row, mr_olap_storage(type)), scale, out);
}

bool mr_olap_write_value(duckdb_logical_type type, duckdb_vector vector, size_t row, mr_buffer *out)
{
    const duckdb_type id = mr_duckdb.get_type_id(type);

    if (mr_olap_is_nested(id)) {
        return mr_olap_write_nested(type, vector, row, out);
    }
    const void *data = mr_duckdb.vector_get_data(vector);
    if (id == DUCKDB_TYPE_VARCHAR || id == DUCKDB_TYPE_BLOB || id == DUCKDB_TYPE_BIT ||
        id == DUCKDB_TYPE_BIGNUM) {
        return write_text_like(id, string_at(data, row), out);
    }
    if (id == DUCKDB_TYPE_BOOLEAN) {
        return mr_buffer_append_string(out, ((const bool *)data)[row] ? "true" : "false");
    }
    if ((id >= DUCKDB_TYPE_TINYINT && id <= DUCKDB_TYPE_UBIGINT) || id == DUCKDB_TYPE_DECIMAL ||
        id == DUCKDB_TYPE_HUGEINT || id == DUCKDB_TYPE_UHUGEINT) {
        return write_number(type, id, data, row, out);
    }
    if (id == DUCKDB_TYPE_TIMESTAMP) {
        return write_instant(((const int64_t *)data)[row], out);
    }
    if (id == DUCKDB_TYPE_TIMESTAMP_TZ) {
        return write_instant_tz(((const int64_t *)data)[row], out);
    }
    if (id == DUCKDB_TYPE_DATE) {
        return write_date(((const duckdb_date *)data)[row], out);
    }
    if (id == DUCKDB_TYPE_UUID) {
        return write_uuid(((const duckdb_hugeint *)data)[row], out);
    }
    if (id == DUCKDB_TYPE_ENUM) {
        return write_enum(type, data, row, out);
    }
    return write_engine_value(rare_value(id, data, row), out);
}
