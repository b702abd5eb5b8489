/* SPDX-License-Identifier: Apache-2.0 */
/* olap/olap_type.c - the engine's types as SQL spells them, and how integers are kept. */
#include <inttypes.h>

#include "olap/olap_private.h"

typedef struct type_name {
    duckdb_type id;
    const char *name;
} type_name;

static const type_name names[] = {
    {DUCKDB_TYPE_BOOLEAN, "BOOLEAN"},
    {DUCKDB_TYPE_TINYINT, "TINYINT"},
    {DUCKDB_TYPE_SMALLINT, "SMALLINT"},
    {DUCKDB_TYPE_INTEGER, "INTEGER"},
    {DUCKDB_TYPE_BIGINT, "BIGINT"},
    {DUCKDB_TYPE_UTINYINT, "UTINYINT"},
    {DUCKDB_TYPE_USMALLINT, "USMALLINT"},
    {DUCKDB_TYPE_UINTEGER, "UINTEGER"},
    {DUCKDB_TYPE_UBIGINT, "UBIGINT"},
    {DUCKDB_TYPE_HUGEINT, "HUGEINT"},
    {DUCKDB_TYPE_UHUGEINT, "UHUGEINT"},
    {DUCKDB_TYPE_FLOAT, "FLOAT"},
    {DUCKDB_TYPE_DOUBLE, "DOUBLE"},
    {DUCKDB_TYPE_TIMESTAMP, "TIMESTAMP"},
    {DUCKDB_TYPE_TIMESTAMP_S, "TIMESTAMP_S"},
    {DUCKDB_TYPE_TIMESTAMP_MS, "TIMESTAMP_MS"},
    {DUCKDB_TYPE_TIMESTAMP_NS, "TIMESTAMP_NS"},
    {DUCKDB_TYPE_TIMESTAMP_TZ, "TIMESTAMP WITH TIME ZONE"},
    {DUCKDB_TYPE_DATE, "DATE"},
    {DUCKDB_TYPE_TIME, "TIME"},
    {DUCKDB_TYPE_TIME_NS, "TIME_NS"},
    {DUCKDB_TYPE_TIME_TZ, "TIME WITH TIME ZONE"},
    {DUCKDB_TYPE_INTERVAL, "INTERVAL"},
    {DUCKDB_TYPE_VARCHAR, "VARCHAR"},
    {DUCKDB_TYPE_BLOB, "BLOB"},
    {DUCKDB_TYPE_BIT, "BIT"},
    {DUCKDB_TYPE_UUID, "UUID"},
    {DUCKDB_TYPE_BIGNUM, "BIGNUM"},
    {DUCKDB_TYPE_SQLNULL, "\"NULL\""},
};

/* Takes the child type over. */
static bool write_child(duckdb_logical_type child, mr_buffer *out)
{
    const bool good = mr_olap_write_type(child, out);

    mr_duckdb.destroy_logical_type(&child);
    return good;
}

/* Takes the name over. */
static bool write_name(char *name, mr_buffer *out)
{
    const bool good = mr_olap_quote_name(out, mr_text_of(name));

    mr_duckdb.free(name);
    return good;
}

static bool write_struct(duckdb_logical_type type, mr_buffer *out)
{
    const idx_t count = mr_duckdb.struct_type_child_count(type);
    bool good = mr_buffer_append_string(out, "STRUCT(");

    for (idx_t index = 0; good && index < count; index++) {
        good = mr_buffer_append_string(out, index > 0 ? ", " : "") &&
               write_name(mr_duckdb.struct_type_child_name(type, index), out) &&
               mr_buffer_append_string(out, " ") &&
               write_child(mr_duckdb.struct_type_child_type(type, index), out);
    }
    return good && mr_buffer_append_string(out, ")");
}

static bool write_union(duckdb_logical_type type, mr_buffer *out)
{
    const idx_t count = mr_duckdb.union_type_member_count(type);
    bool good = mr_buffer_append_string(out, "UNION(");

    for (idx_t index = 0; good && index < count; index++) {
        good = mr_buffer_append_string(out, index > 0 ? ", " : "") &&
               write_name(mr_duckdb.union_type_member_name(type, index), out) &&
               mr_buffer_append_string(out, " ") &&
               write_child(mr_duckdb.union_type_member_type(type, index), out);
    }
    return good && mr_buffer_append_string(out, ")");
}

static bool write_map(duckdb_logical_type type, mr_buffer *out)
{
    return mr_buffer_append_string(out, "MAP(") &&
           write_child(mr_duckdb.map_type_key_type(type), out) &&
           mr_buffer_append_string(out, ", ") &&
           write_child(mr_duckdb.map_type_value_type(type), out) &&
           mr_buffer_append_string(out, ")");
}

static bool write_compound(duckdb_logical_type type, duckdb_type id, mr_buffer *out)
{
    if (id == DUCKDB_TYPE_DECIMAL) {
        return mr_buffer_printf(out, "DECIMAL(%d,%d)", mr_duckdb.decimal_width(type),
                                mr_duckdb.decimal_scale(type));
    }
    if (id == DUCKDB_TYPE_ENUM) {
        return mr_buffer_append_string(out, "ENUM");
    }
    if (id == DUCKDB_TYPE_LIST) {
        return write_child(mr_duckdb.list_type_child_type(type), out) &&
               mr_buffer_append_string(out, "[]");
    }
    if (id == DUCKDB_TYPE_ARRAY) {
        return write_child(mr_duckdb.array_type_child_type(type), out) &&
               mr_buffer_printf(out, "[%" PRIu64 "]", mr_duckdb.array_type_array_size(type));
    }
    if (id == DUCKDB_TYPE_MAP) {
        return write_map(type, out);
    }
    if (id == DUCKDB_TYPE_STRUCT) {
        return write_struct(type, out);
    }
    return id == DUCKDB_TYPE_UNION && write_union(type, out);
}

bool mr_olap_write_type(duckdb_logical_type type, mr_buffer *out)
{
    const duckdb_type id = mr_duckdb.get_type_id(type);
    char *alias = mr_duckdb.logical_type_get_alias(type);
    bool good = false;

    if (alias != NULL) { /* JSON is VARCHAR under another name */
        good = mr_buffer_append_string(out, alias);
        mr_duckdb.free(alias);
        return good;
    }
    for (size_t index = 0; index < sizeof names / sizeof names[0]; index++) {
        if (names[index].id == id) {
            return mr_buffer_append_string(out, names[index].name);
        }
    }
    return write_compound(type, id, out);
}

duckdb_type mr_olap_storage(duckdb_logical_type type)
{
    const duckdb_type id = mr_duckdb.get_type_id(type);

    if (id == DUCKDB_TYPE_DECIMAL) {
        return mr_duckdb.decimal_internal_type(type);
    }
    return id == DUCKDB_TYPE_ENUM ? mr_duckdb.enum_internal_type(type) : id;
}

__int128 mr_olap_load_integer(const void *data, size_t row, duckdb_type storage)
{
    /* Not a switch: the engine has more types than these, and new ones come. */
    if (storage == DUCKDB_TYPE_BIGINT) {
        return ((const int64_t *)data)[row];
    }
    if (storage == DUCKDB_TYPE_INTEGER) {
        return ((const int32_t *)data)[row];
    }
    if (storage == DUCKDB_TYPE_HUGEINT) {
        const duckdb_hugeint value = ((const duckdb_hugeint *)data)[row];
        return (__int128)(((unsigned __int128)(uint64_t)value.upper << 64) | value.lower);
    }
    if (storage == DUCKDB_TYPE_SMALLINT) {
        return ((const int16_t *)data)[row];
    }
    if (storage == DUCKDB_TYPE_TINYINT) {
        return ((const int8_t *)data)[row];
    }
    if (storage == DUCKDB_TYPE_BOOLEAN || storage == DUCKDB_TYPE_UTINYINT) {
        return ((const uint8_t *)data)[row];
    }
    if (storage == DUCKDB_TYPE_USMALLINT) {
        return ((const uint16_t *)data)[row];
    }
    if (storage == DUCKDB_TYPE_UINTEGER) {
        return ((const uint32_t *)data)[row];
    }
    MR_ASSERT(storage == DUCKDB_TYPE_UBIGINT);
    return ((const uint64_t *)data)[row];
}
