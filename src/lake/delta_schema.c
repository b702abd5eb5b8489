/* SPDX-License-Identifier: Apache-2.0 */
/* lake/delta_schema.c - a table's metadata: columns, types, properties.
 *
 * Owns:       mr_delta_meta, counted by its references (one thread).
 * Invariants: a schema that was parsed or checked has names and types that Delta has, no name
 *             twice (ignoring case), and partition columns that are among its fields.
 * Not here:   lines of the log (delta_json.c).
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <yyjson.h>

#include "base/civil.h"
#include "base/random.h"
#include "lake/delta_action.h"

static const struct {
    const char *name, *sql;
} types[] = {
    {"string", "VARCHAR"}, {"long", "BIGINT"}, {"integer", "INTEGER"},     {"short", "SMALLINT"},
    {"byte", "TINYINT"},   {"float", "FLOAT"}, {"double", "DOUBLE"},       {"boolean", "BOOLEAN"},
    {"binary", "BLOB"},    {"date", "DATE"},   {"timestamp", "TIMESTAMP"},
};

/* --- Types ------------------------------------------------------------------------------------ */

/* One or two digits with `end` behind them; *at goes behind that. */
static bool take_number(const char **at, char end, int *ret_number)
{
    const char *stop = strchr(*at, end);
    uint64_t number = 0;

    if (stop == NULL || stop - *at > 2 ||
        !mr_parse_uint64((mr_text){*at, (size_t)(stop - *at)}, 99, &number)) {
        return false;
    }
    *at = stop + 1;
    *ret_number = (int)number;
    return true;
}

static bool decimal_of(const char *type, int *ret_precision, int *ret_scale)
{
    static const char name[] = "decimal(";
    const char *at = type + sizeof name - 1;

    return strncmp(type, name, sizeof name - 1) == 0 && take_number(&at, ',', ret_precision) &&
           take_number(&at, ')', ret_scale) && *at == '\0' && *ret_precision >= 1 &&
           *ret_precision <= 38 && *ret_scale <= *ret_precision;
}

static const char *type_sql_of(const char *type)
{
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (strcmp(type, types[i].name) == 0) {
            return types[i].sql;
        }
    }
    return NULL;
}

bool mr_delta_type_sql(const char *type, mr_buffer *out)
{
    int precision = 0;
    int scale = 0;

    if (decimal_of(type, &precision, &scale)) {
        return mr_buffer_printf(out, "DECIMAL(%d,%d)", precision, scale);
    }
    const char *sql = type_sql_of(type);
    MR_ASSERT(sql != NULL);
    return mr_buffer_append_string(out, sql);
}

static bool type_is_known(const char *type)
{
    int precision;
    int scale;

    return type_sql_of(type) != NULL || decimal_of(type, &precision, &scale);
}

/* --- Checks ----------------------------------------------------------------------------------- */

static mr_status check_field(const mr_delta_schema *schema, size_t index, mr_err *err)
{
    const char *name = schema->fields[index].name;
    const char *type = schema->fields[index].type;

    if (name[0] == '\0' || strpbrk(name, " ,;{}()\n\t=") != NULL) {
        return mr_fail(err, MR_INVALID,
                       "column '%.100s': a name is not empty and has none of: blank , ; { } ( ) "
                       "line end tab =",
                       name);
    }
    if (!type_is_known(type)) {
        return mr_fail(err, MR_UNSUPPORTED, "column %.100s: the type '%.100s' is not known", name,
                       type);
    }
    for (size_t i = 0; i < index; i++) {
        if (mr_text_equal_ignoring_case(mr_text_of(schema->fields[i].name), mr_text_of(name))) {
            return mr_fail(err, MR_INVALID, "column %.100s: there are two of that name", name);
        }
    }
    return MR_OK;
}

static bool has_field(const mr_delta_schema *schema, const char *name)
{
    for (size_t i = 0; i < schema->field_count; i++) {
        if (strcmp(schema->fields[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

bool mr_delta_schema_is_partition(const mr_delta_schema *schema, const char *column)
{
    for (size_t i = 0; i < mr_delta_partitions_max && schema->partition_columns[i] != NULL; i++) {
        if (strcmp(schema->partition_columns[i], column) == 0) {
            return true;
        }
    }
    return false;
}

mr_status mr_delta_schema_check(const mr_delta_schema *schema, mr_err *err)
{
    size_t partition_count = 0;
    mr_status status = MR_OK;

    if (schema->field_count > mr_delta_fields_max) {
        return mr_fail(err, MR_UNSUPPORTED, "the schema has %zu columns; the limit is %d",
                       schema->field_count, mr_delta_fields_max);
    }
    for (size_t i = 0; i < schema->field_count && status == MR_OK; i++) {
        status = check_field(schema, i, err);
    }
    for (; partition_count < mr_delta_partitions_max && status == MR_OK &&
           schema->partition_columns[partition_count] != NULL;
         partition_count++) {
        const char *column = schema->partition_columns[partition_count];
        if (!has_field(schema, column)) {
            status =
                mr_fail(err, MR_INVALID, "partition column %.100s is not in the schema", column);
        }
    }
    if (status == MR_OK && schema->field_count <= partition_count) {
        status = mr_fail(err, MR_INVALID, "the schema has no column besides its partition's");
    }
    return status;
}

static bool texts_equal(const char *a, const char *b)
{
    return (a == NULL || b == NULL) ? a == b : strcmp(a, b) == 0;
}

bool mr_delta_schema_equal(const mr_delta_schema *a, const mr_delta_schema *b)
{
    bool equal = a->field_count == b->field_count;

    for (size_t i = 0; i < a->field_count && equal; i++) {
        equal = strcmp(a->fields[i].name, b->fields[i].name) == 0 &&
                strcmp(a->fields[i].type, b->fields[i].type) == 0 &&
                texts_equal(a->fields[i].comment, b->fields[i].comment) &&
                a->fields[i].not_null == b->fields[i].not_null;
    }
    for (size_t i = 0; i < mr_delta_partitions_max && equal; i++) {
        equal = texts_equal(a->partition_columns[i], b->partition_columns[i]);
        if (a->partition_columns[i] == NULL) {
            break;
        }
    }
    return equal;
}

/* --- Reading metaData ------------------------------------------------------------------------- */

static const char *keep(mr_delta_meta *meta, const char *text)
{
    mr_text copy = MR_TEXT_ABSENT;

    if (text == NULL) {
        return NULL;
    }
    bool kept = mr_arena_copy(meta->arena, mr_text_of(text), &copy);
    MR_ASSERT(kept); /* the cap is twice what the JSON has */
    return copy.data;
}

static mr_status read_field(mr_delta_meta *meta, yyjson_val *value, mr_delta_field *field,
                            mr_err *err)
{
    const char *name = yyjson_get_str(yyjson_obj_get(value, "name"));
    yyjson_val *type = yyjson_obj_get(value, "type");
    yyjson_val *metadata = yyjson_obj_get(value, "metadata");
    const char *comment = yyjson_get_str(yyjson_obj_get(metadata, "comment"));

    if (name == NULL) {
        return mr_fail(err, MR_CORRUPT, "a column of schemaString has no name");
    }
    if (!yyjson_is_str(type)) {
        return mr_fail(err, MR_UNSUPPORTED, "column %.100s: nested types (%.20s) are not known",
                       name,
                       yyjson_is_obj(type) ? yyjson_get_str(yyjson_obj_get(type, "type")) != NULL
                                                 ? yyjson_get_str(yyjson_obj_get(type, "type"))
                                                 : "?"
                                           : "?");
    }
    if (yyjson_obj_get(metadata, "delta.invariants") != NULL) {
        meta->checks_invariants = true;
    }
    yyjson_val *nullable = yyjson_obj_get(value, "nullable");
    *field = (mr_delta_field){keep(meta, name), keep(meta, yyjson_get_str(type)),
                              keep(meta, comment), yyjson_is_false(nullable)};
    return MR_OK;
}

static mr_status read_fields(mr_delta_meta *meta, yyjson_val *root, mr_err *err)
{
    yyjson_val *fields = yyjson_obj_get(root, "fields");
    size_t count = yyjson_arr_size(fields);
    yyjson_arr_iter at = yyjson_arr_iter_with(fields);
    mr_status status = MR_OK;

    if (!yyjson_is_arr(fields)) {
        return mr_fail(err, MR_CORRUPT, "schemaString has no list of fields");
    }
    if (count > mr_delta_fields_max) {
        return mr_fail(err, MR_UNSUPPORTED, "the table has %zu columns; the limit is %d", count,
                       mr_delta_fields_max);
    }
    mr_delta_field *list = mr_arena_take(meta->arena, (count + 1) * sizeof *list);
    MR_ASSERT(list != NULL);
    for (size_t i = 0; i < count && status == MR_OK; i++) {
        status = read_field(meta, yyjson_arr_iter_next(&at), &list[i], err);
    }
    meta->schema.fields = list;
    meta->schema.field_count = status == MR_OK ? count : 0;
    return status;
}

static mr_status read_schema(mr_delta_meta *meta, yyjson_val *root, mr_err *err)
{
    yyjson_val *text = yyjson_obj_get(root, "schemaString");

    if (!yyjson_is_str(text)) {
        return mr_fail(err, MR_CORRUPT, "schemaString is missing");
    }
    yyjson_doc *document =
        yyjson_read(yyjson_get_str(text), yyjson_get_len(text), YYJSON_READ_NOFLAG);
    if (document == NULL) {
        return mr_fail(err, MR_CORRUPT, "schemaString is not JSON");
    }
    mr_status status = read_fields(meta, yyjson_doc_get_root(document), err);
    yyjson_doc_free(document);
    return status;
}

static mr_status read_partition_columns(mr_delta_meta *meta, yyjson_val *root, mr_err *err)
{
    yyjson_val *columns = yyjson_obj_get(root, "partitionColumns");
    size_t count = yyjson_arr_size(columns);
    yyjson_arr_iter at = yyjson_arr_iter_with(columns);

    if (count > mr_delta_partitions_max) {
        return mr_fail(err, MR_UNSUPPORTED,
                       "the table is partitioned by %zu columns; the limit is %d", count,
                       mr_delta_partitions_max);
    }
    for (size_t i = 0; i < count; i++) {
        const char *name = yyjson_get_str(yyjson_arr_iter_next(&at));
        if (name == NULL) {
            return mr_fail(err, MR_CORRUPT, "a partition column is not a text");
        }
        meta->schema.partition_columns[i] = keep(meta, name);
    }
    return MR_OK;
}

static mr_status read_properties(mr_delta_meta *meta, yyjson_val *root, mr_err *err)
{
    yyjson_val *configuration = yyjson_obj_get(root, "configuration");
    size_t count = yyjson_obj_size(configuration);
    yyjson_obj_iter at = yyjson_obj_iter_with(configuration);

    if (count > mr_delta_properties_max) {
        return mr_fail(err, MR_LIMIT, "the table has %zu properties; the limit is %d", count,
                       mr_delta_properties_max);
    }
    meta->keys = mr_arena_take(meta->arena, (count + 1) * sizeof *meta->keys);
    meta->values = mr_arena_take(meta->arena, (count + 1) * sizeof *meta->values);
    MR_ASSERT(meta->keys != NULL && meta->values != NULL);
    for (yyjson_val *key = yyjson_obj_iter_next(&at); key != NULL;
         key = yyjson_obj_iter_next(&at)) {
        const char *value = yyjson_get_str(yyjson_obj_iter_get_val(key));
        if (value != NULL) {
            meta->keys[meta->property_count] = keep(meta, yyjson_get_str(key));
            meta->values[meta->property_count++] = keep(meta, value);
        }
    }
    return MR_OK;
}

static mr_status check_meta(const mr_delta_meta *meta, mr_err *err)
{
    const char *mapping = mr_delta_meta_property(meta, "delta.columnMapping.mode");
    mr_err reason;

    if (mapping != NULL && strcmp(mapping, "none") != 0) {
        return mr_fail(err, MR_UNSUPPORTED, "the table uses column mapping (mode %.50s)", mapping);
    }
    mr_status status = mr_delta_schema_check(&meta->schema, &reason);
    if (status == MR_INVALID) {
        return mr_fail(err, MR_CORRUPT, "%s", reason.message);
    }
    if (status != MR_OK && err != NULL) {
        *err = reason;
    }
    return status;
}

static mr_status read_format(yyjson_val *root, mr_err *err)
{
    const char *provider =
        yyjson_get_str(yyjson_obj_get(yyjson_obj_get(root, "format"), "provider"));

    if (provider != NULL && strcmp(provider, "parquet") != 0) {
        return mr_fail(err, MR_UNSUPPORTED, "the table's files are %.50s, not parquet", provider);
    }
    return MR_OK;
}

static mr_status fill_meta(mr_delta_meta *meta, yyjson_val *root, mr_err *err)
{
    meta->id = keep(meta, yyjson_get_str(yyjson_obj_get(root, "id")));
    if (meta->id == NULL) {
        return mr_fail(err, MR_CORRUPT, "the table's id is missing");
    }
    mr_status status = read_format(root, err);
    if (status == MR_OK) {
        status = read_schema(meta, root, err);
    }
    if (status == MR_OK) {
        status = read_partition_columns(meta, root, err);
    }
    if (status == MR_OK) {
        status = read_properties(meta, root, err);
    }
    return status == MR_OK ? check_meta(meta, err) : status;
}

mr_status mr_delta_meta_parse(mr_text json, mr_delta_meta **ret_meta, mr_err *err)
{
    if (json.bytes > mr_delta_meta_bytes_max) {
        return mr_fail(err, MR_LIMIT, "the table's metadata has %zu bytes; the limit is %d",
                       json.bytes, mr_delta_meta_bytes_max);
    }
    yyjson_doc *document = yyjson_read(json.data, json.bytes, YYJSON_READ_NOFLAG);
    if (document == NULL) {
        return mr_fail(err, MR_CORRUPT, "the table's metadata is not JSON");
    }
    mr_delta_meta *meta = mr_alloc_zero(1, sizeof *meta);
    meta->references = 1;
    /* Each text is rounded up to 16 bytes; a text costs at least 3 in JSON. */
    meta->arena = mr_arena_create(json.bytes * 16 + (1 << 20));
    mr_text copy;
    bool kept = mr_arena_copy(meta->arena, json, &copy);
    MR_ASSERT(kept);
    meta->json = copy.data;
    mr_status status = fill_meta(meta, yyjson_doc_get_root(document), err);
    yyjson_doc_free(document);
    if (status != MR_OK) {
        mr_delta_meta_release(meta);
        return status;
    }
    *ret_meta = meta;
    return MR_OK;
}

mr_delta_meta *mr_delta_meta_share(mr_delta_meta *meta)
{
    meta->references++;
    return meta;
}

void mr_delta_meta_release(mr_delta_meta *meta)
{
    if (meta != NULL && --meta->references == 0) {
        mr_arena_destroy(meta->arena);
        free(meta);
    }
}

/* --- Properties ------------------------------------------------------------------------------- */

const char *mr_delta_meta_property(const mr_delta_meta *meta, const char *key)
{
    for (size_t i = 0; i < meta->property_count; i++) {
        if (strcmp(meta->keys[i], key) == 0) {
            return meta->values[i];
        }
    }
    return NULL;
}

static uint64_t unit_ms(const char *unit, size_t bytes)
{
    static const struct {
        const char *name;
        uint64_t ms;
    } units[] = {
        {"millisecond", 1}, {"second", 1000},  {"minute", 60000},
        {"hour", 3600000},  {"day", 86400000}, {"week", UINT64_C(604800000)},
    };

    if (bytes > 1 && tolower((unsigned char)unit[bytes - 1]) == 's') {
        bytes--;
    }
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (mr_text_equal_ignoring_case((mr_text){unit, bytes}, mr_text_of(units[i].name))) {
            return units[i].ms;
        }
    }
    return 0;
}

uint64_t mr_delta_meta_interval_ms(const mr_delta_meta *meta, const char *key, uint64_t otherwise)
{
    static const char blanks[] = " \t";
    const char *at = mr_delta_meta_property(meta, key);
    uint64_t sum = 0;
    bool any = false;

    if (at == NULL) {
        return otherwise;
    }
    at += strspn(at, blanks);
    if (strncmp(at, "interval", 8) == 0 || strncmp(at, "INTERVAL", 8) == 0) {
        at += 8;
    }
    for (at += strspn(at, blanks); *at != '\0'; at += strspn(at, blanks)) {
        uint64_t count = 0;
        size_t digits = strcspn(at, blanks);
        if (!mr_parse_uint64((mr_text){at, digits}, UINT64_C(1000000000), &count)) {
            return otherwise;
        }
        at += digits;
        at += strspn(at, blanks);
        size_t letters = strcspn(at, blanks);
        uint64_t unit = unit_ms(at, letters);
        if (unit == 0) {
            return otherwise;
        }
        sum += count * unit;
        any = true;
        at += letters;
    }
    return any ? sum : otherwise;
}

/* --- Writing metaData ------------------------------------------------------------------------- */

static void put_text(yyjson_mut_doc *document, yyjson_mut_val *object, const char *key,
                     const char *value)
{
    (void)yyjson_mut_obj_add_str(document, object, key, value);
}

static char *schema_string(const mr_delta_schema *schema)
{
    yyjson_mut_doc *document = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *root = yyjson_mut_obj(document);
    yyjson_mut_val *fields = yyjson_mut_arr(document);

    yyjson_mut_doc_set_root(document, root);
    put_text(document, root, "type", "struct");
    (void)yyjson_mut_obj_add_val(document, root, "fields", fields);
    for (size_t i = 0; i < schema->field_count; i++) {
        yyjson_mut_val *field = yyjson_mut_obj(document);
        yyjson_mut_val *metadata = yyjson_mut_obj(document);
        put_text(document, field, "name", schema->fields[i].name);
        put_text(document, field, "type", schema->fields[i].type);
        (void)yyjson_mut_obj_add_bool(document, field, "nullable", !schema->fields[i].not_null);
        if (schema->fields[i].comment != NULL) {
            put_text(document, metadata, "comment", schema->fields[i].comment);
        }
        (void)yyjson_mut_obj_add_val(document, field, "metadata", metadata);
        (void)yyjson_mut_arr_append(fields, field);
    }
    char *json = yyjson_mut_write(document, YYJSON_WRITE_NOFLAG, NULL);
    yyjson_mut_doc_free(document);
    MR_ASSERT(json != NULL); /* our own names, in UTF-8 */
    return json;
}

static void new_id(char id[static 40])
{
    uint8_t bytes[16];
    char hex[33];

    mr_random_secret(bytes, sizeof bytes);
    bytes[6] = (uint8_t)((bytes[6] & 0x0f) | 0x40);
    bytes[8] = (uint8_t)((bytes[8] & 0x3f) | 0x80);
    mr_hex_encode(bytes, sizeof bytes, hex);
    (void)snprintf(id, 40, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16, hex + 20);
}

/* The old object with what stays of it: id, name, description, configuration, createdTime. */
static yyjson_mut_val *begin_meta(yyjson_mut_doc *document, const mr_delta_meta *old)
{
    char id[40];

    if (old != NULL) {
        yyjson_doc *read = yyjson_read(old->json, strlen(old->json), YYJSON_READ_NOFLAG);
        yyjson_mut_val *root = yyjson_val_mut_copy(document, yyjson_doc_get_root(read));
        MR_ASSERT(root != NULL);
        yyjson_doc_free(read);
        return root;
    }
    yyjson_mut_val *root = yyjson_mut_obj(document);
    new_id(id);
    (void)yyjson_mut_obj_add_strcpy(document, root, "id", id);
    (void)yyjson_mut_obj_add_int(document, root, "createdTime", mr_now_ms());
    return root;
}

static void put_value(yyjson_mut_doc *document, yyjson_mut_val *object, const char *key,
                      yyjson_mut_val *value)
{
    (void)yyjson_mut_obj_put(object, yyjson_mut_strcpy(document, key), value);
}

bool mr_delta_write_meta(const mr_delta_meta_write *meta, mr_buffer *out)
{
    yyjson_mut_doc *document = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *action = yyjson_mut_obj(document);
    yyjson_mut_val *root = begin_meta(document, meta->old);
    yyjson_mut_val *format = yyjson_mut_obj(document);
    yyjson_mut_val *columns = yyjson_mut_arr(document);
    yyjson_mut_val *configuration = yyjson_mut_obj_get(root, "configuration");
    char *schema = schema_string(meta->schema);

    yyjson_mut_doc_set_root(document, action);
    (void)yyjson_mut_obj_add_val(document, action, "metaData", root);
    put_text(document, format, "provider", "parquet");
    (void)yyjson_mut_obj_add_val(document, format, "options", yyjson_mut_obj(document));
    put_value(document, root, "format", format);
    put_value(document, root, "schemaString", yyjson_mut_str(document, schema));
    for (size_t i = 0; i < mr_delta_partitions_max && meta->schema->partition_columns[i] != NULL;
         i++) {
        (void)yyjson_mut_arr_add_str(document, columns, meta->schema->partition_columns[i]);
    }
    put_value(document, root, "partitionColumns", columns);
    if (configuration == NULL) {
        configuration = yyjson_mut_obj(document);
        put_value(document, root, "configuration", configuration);
    }
    for (const char *const *at = meta->properties; at != NULL && at[0] != NULL; at += 2) {
        put_value(document, configuration, at[0], yyjson_mut_str(document, at[1]));
    }
    char *json = yyjson_mut_write(document, YYJSON_WRITE_NOFLAG, NULL);
    bool done =
        json != NULL && mr_buffer_append_string(out, json) && mr_buffer_append(out, "\n", 1);
    free(json);
    free(schema);
    yyjson_mut_doc_free(document);
    return done;
}
