/* SPDX-License-Identifier: Apache-2.0 */
/* olap/olap_nested.c - lists, structs, maps, arrays and unions as text, as the engine prints them:
 * [a, 'b, c'], {'name': value}, {key=value}. Values inside are quoted only where they must be.
 */
#include <ctype.h>

#include "olap/olap_private.h"

bool mr_olap_is_nested(duckdb_type id)
{
    return id == DUCKDB_TYPE_LIST || id == DUCKDB_TYPE_STRUCT || id == DUCKDB_TYPE_MAP ||
           id == DUCKDB_TYPE_ARRAY || id == DUCKDB_TYPE_UNION;
}

static bool must_quote(mr_text text)
{
    if (text.bytes == 0 || isspace((unsigned char)text.data[0]) ||
        isspace((unsigned char)text.data[text.bytes - 1]) ||
        mr_text_equal_ignoring_case(text, MR_TEXT_LITERAL("null"))) {
        return true;
    }
    for (size_t at = 0; at < text.bytes; at++) {
        if (text.data[at] != '\0' && strchr(",'\"[](){}=:", text.data[at]) != NULL) {
            return true;
        }
    }
    return false;
}

static bool write_quoted(mr_text text, mr_buffer *out)
{
    bool good = mr_buffer_append_string(out, "'");

    for (size_t at = 0; good && at < text.bytes; at++) {
        if (text.data[at] == '\'' || text.data[at] == '\\') {
            good = mr_buffer_append_string(out, "\\");
        }
        good = good && mr_buffer_append(out, text.data + at, 1);
    }
    return good && mr_buffer_append_string(out, "'");
}

/* A value inside of another one. */
static bool write_inner(duckdb_logical_type type, duckdb_vector vector, size_t row, mr_buffer *out)
{
    uint64_t *validity = mr_duckdb.vector_get_validity(vector);
    mr_buffer text;
    bool good;

    if (!mr_duckdb.validity_row_is_valid(validity, row)) {
        return mr_buffer_append_string(out, "NULL");
    }
    if (mr_olap_is_nested(mr_duckdb.get_type_id(type))) {
        return mr_olap_write_value(type, vector, row, out);
    }
    mr_buffer_init(&text, out->bytes_max);
    good = mr_olap_write_value(type, vector, row, &text);
    if (good && must_quote(mr_buffer_text(&text))) {
        good = write_quoted(mr_buffer_text(&text), out);
    } else {
        good = good && mr_buffer_append_text(out, mr_buffer_text(&text));
    }
    mr_buffer_free(&text);
    return good;
}

/* Takes the child's type over. */
static bool write_items(duckdb_logical_type child_type, duckdb_vector child, uint64_t first,
                        uint64_t count, mr_buffer *out)
{
    bool good = mr_buffer_append_string(out, "[");

    for (uint64_t index = 0; good && index < count; index++) {
        good = mr_buffer_append_string(out, index > 0 ? ", " : "") &&
               write_inner(child_type, child, first + index, out);
    }
    mr_duckdb.destroy_logical_type(&child_type);
    return good && mr_buffer_append_string(out, "]");
}

static bool write_map(duckdb_logical_type type, duckdb_vector vector, size_t row, mr_buffer *out)
{
    const duckdb_list_entry entry =
        ((const duckdb_list_entry *)mr_duckdb.vector_get_data(vector))[row];
    duckdb_vector pairs = mr_duckdb.list_vector_get_child(vector);
    duckdb_vector keys = mr_duckdb.struct_vector_get_child(pairs, 0);
    duckdb_vector values = mr_duckdb.struct_vector_get_child(pairs, 1);
    duckdb_logical_type key_type = mr_duckdb.map_type_key_type(type);
    duckdb_logical_type value_type = mr_duckdb.map_type_value_type(type);
    bool good = mr_buffer_append_string(out, "{");

    for (uint64_t index = 0; good && index < entry.length; index++) {
        good = mr_buffer_append_string(out, index > 0 ? ", " : "") &&
               write_inner(key_type, keys, entry.offset + index, out) &&
               mr_buffer_append_string(out, "=") &&
               write_inner(value_type, values, entry.offset + index, out);
    }
    mr_duckdb.destroy_logical_type(&key_type);
    mr_duckdb.destroy_logical_type(&value_type);
    return good && mr_buffer_append_string(out, "}");
}

static bool write_field(duckdb_logical_type type, duckdb_vector vector, idx_t index, size_t row,
                        bool named, mr_buffer *out)
{
    duckdb_logical_type field_type = mr_duckdb.struct_type_child_type(type, index);
    char *name = mr_duckdb.struct_type_child_name(type, index);
    bool good = mr_buffer_append_string(out, index > 0 ? ", " : "");

    if (named) {
        good = good && write_quoted(mr_text_of(name), out) && mr_buffer_append_string(out, ": ");
    }
    good =
        good && write_inner(field_type, mr_duckdb.struct_vector_get_child(vector, index), row, out);
    mr_duckdb.destroy_logical_type(&field_type);
    mr_duckdb.free(name);
    return good;
}

static bool write_struct(duckdb_logical_type type, duckdb_vector vector, size_t row, mr_buffer *out)
{
    const idx_t count = mr_duckdb.struct_type_child_count(type);
    char *first = count > 0 ? mr_duckdb.struct_type_child_name(type, 0) : NULL;
    const bool named = first == NULL || first[0] != '\0'; /* row(1, 'a') has no names */
    bool good = mr_buffer_append_string(out, named ? "{" : "(");

    for (idx_t index = 0; good && index < count; index++) {
        good = write_field(type, vector, index, row, named, out);
    }
    mr_duckdb.free(first);
    return good && mr_buffer_append_string(out, named ? "}" : ")");
}

/* A union is its member, without quotes of its own. */
static bool write_union(duckdb_logical_type type, duckdb_vector vector, size_t row, mr_buffer *out)
{
    const uint8_t *tags = mr_duckdb.vector_get_data(mr_duckdb.struct_vector_get_child(vector, 0));
    const idx_t member = tags[row];
    duckdb_logical_type member_type = mr_duckdb.union_type_member_type(type, member);
    duckdb_vector members = mr_duckdb.struct_vector_get_child(vector, member + 1);
    const bool valid = mr_duckdb.validity_row_is_valid(mr_duckdb.vector_get_validity(members), row);
    const bool good = valid ? mr_olap_write_value(member_type, members, row, out)
                            : mr_buffer_append_string(out, "NULL");

    mr_duckdb.destroy_logical_type(&member_type);
    return good;
}

bool mr_olap_write_nested(duckdb_logical_type type, duckdb_vector vector, size_t row,
                          mr_buffer *out)
{
    const duckdb_type id = mr_duckdb.get_type_id(type);

    if (id == DUCKDB_TYPE_MAP) {
        return write_map(type, vector, row, out);
    }
    if (id == DUCKDB_TYPE_STRUCT) {
        return write_struct(type, vector, row, out);
    }
    if (id == DUCKDB_TYPE_UNION) {
        return write_union(type, vector, row, out);
    }
    if (id == DUCKDB_TYPE_ARRAY) {
        const idx_t size = mr_duckdb.array_type_array_size(type);
        return write_items(mr_duckdb.array_type_child_type(type),
                           mr_duckdb.array_vector_get_child(vector), row * size, size, out);
    }
    MR_ASSERT(id == DUCKDB_TYPE_LIST);
    const duckdb_list_entry entry =
        ((const duckdb_list_entry *)mr_duckdb.vector_get_data(vector))[row];
    return write_items(mr_duckdb.list_type_child_type(type),
                       mr_duckdb.list_vector_get_child(vector), entry.offset, entry.length, out);
}
