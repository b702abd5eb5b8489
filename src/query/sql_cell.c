/* SPDX-License-Identifier: Apache-2.0 */
/* query/sql_cell.c - values in the form of a terminal, of Markdown, CSV and JSON. */
#include "query/sql_cell.h"

typedef struct span {
    uint32_t first, last;
} span;

mr_sql_kind mr_sql_kind_of(const char *type)
{
    static const char *const numbers[] = {"TINYINT",  "SMALLINT",  "INTEGER",  "BIGINT",
                                          "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT",
                                          "HUGEINT",  "UHUGEINT",  "BIGNUM"};

    for (size_t index = 0; index < sizeof numbers / sizeof numbers[0]; index++) {
        if (strcmp(type, numbers[index]) == 0) {
            return MR_SQL_NUMBER;
        }
    }
    if (mr_text_starts_with(mr_text_of(type), "DECIMAL(") && type[strlen(type) - 1] == ')') {
        return MR_SQL_NUMBER;
    }
    if (strcmp(type, "DOUBLE") == 0 || strcmp(type, "FLOAT") == 0) {
        return MR_SQL_FLOAT;
    }
    if (strcmp(type, "JSON") == 0) {
        return MR_SQL_JSON;
    }
    return strcmp(type, "BOOLEAN") == 0 ? MR_SQL_BOOLEAN : MR_SQL_TEXT;
}

static bool is_in(uint32_t point, const span *spans, size_t count)
{
    for (size_t index = 0; index < count; index++) {
        if (point >= spans[index].first && point <= spans[index].last) {
            return true;
        }
    }
    return false;
}

static size_t width_of(uint32_t point)
{
    static const span none[] = {
        {0x300, 0x36f}, {0x200b, 0x200f}, {0x20d0, 0x20ff}, {0xfe00, 0xfe0f}, {0xfeff, 0xfeff}};
    static const span wide[] = {{0x1100, 0x115f},   {0x2e80, 0x303e},   {0x3041, 0x4dbf},
                                {0x4e00, 0xa4cf},   {0xac00, 0xd7a3},   {0xf900, 0xfaff},
                                {0xfe30, 0xfe6f},   {0xff00, 0xff60},   {0xffe0, 0xffe6},
                                {0x1f300, 0x1f64f}, {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd}};

    if (point < 0x300) {
        return 1;
    }
    if (is_in(point, none, sizeof none / sizeof none[0])) {
        return 0;
    }
    return is_in(point, wide, sizeof wide / sizeof wide[0]) ? 2 : 1;
}

size_t mr_sql_width(mr_text text)
{
    size_t width = 0;
    uint32_t point = 0;

    for (size_t at = 0; at < text.bytes; at++) {
        const unsigned char byte = (unsigned char)text.data[at];
        const bool last = at + 1 == text.bytes || ((unsigned char)text.data[at + 1] & 0xc0) != 0x80;

        if (byte < 0x80) {
            point = byte;
        } else if (byte < 0xc0) {
            point = point << 6 | (byte & 0x3f);
        } else {
            point = byte & (byte < 0xe0 ? 0x1f : byte < 0xf0 ? 0x0f : 0x07);
        }
        width += last ? width_of(point) : 0;
    }
    return width;
}

/* What stands for a control character at `at`; NULL: it is none. C1 controls have two bytes. */
static const char *replacement(mr_text value, size_t at, size_t *ret_bytes)
{
    const unsigned char byte = (unsigned char)value.data[at];

    *ret_bytes = 1;
    if (byte == '\n') {
        return "\\n";
    }
    if (byte == '\t') {
        return "\\t";
    }
    if (byte < 0x20 || byte == 0x7f) {
        return "?";
    }
    if (byte == 0xc2 && at + 1 < value.bytes && (unsigned char)value.data[at + 1] < 0xa0) {
        *ret_bytes = 2;
        return "?";
    }
    return NULL;
}

bool mr_sql_cell_terminal(mr_buffer *out, mr_text value)
{
    bool good = true;
    size_t at = 0;

    if (value.data == NULL) {
        return mr_buffer_append_string(out, "NULL");
    }
    while (good && at < value.bytes) {
        size_t bytes = 1, run = at;
        const char *instead = NULL;

        while (run < value.bytes && (instead = replacement(value, run, &bytes)) == NULL) {
            run++;
        }
        good = mr_buffer_append(out, value.data + at, run - at) &&
               (instead == NULL || mr_buffer_append_string(out, instead));
        at = instead != NULL ? run + bytes : run;
    }
    return good;
}

bool mr_sql_cell_markdown(mr_buffer *out, mr_text value)
{
    mr_buffer plain;
    bool good;

    mr_buffer_init(&plain, out->bytes_max);
    good = mr_sql_cell_terminal(&plain, value);
    for (size_t at = 0; good && at < plain.bytes; at++) {
        const bool special = strchr("|*_`<[\\", plain.data[at]) != NULL;

        good = (!special || mr_buffer_append_string(out, "\\")) &&
               mr_buffer_append(out, plain.data + at, 1);
    }
    mr_buffer_free(&plain);
    return good;
}

bool mr_sql_cell_csv(mr_buffer *out, mr_text value)
{
    bool quote = value.bytes == 0;
    bool good;

    if (value.data == NULL) {
        return true;
    }
    for (size_t at = 0; at < value.bytes && !quote; at++) {
        quote = value.data[at] == ',' || value.data[at] == '"' || value.data[at] == '\n' ||
                value.data[at] == '\r';
    }
    if (!quote) {
        return mr_buffer_append_text(out, value);
    }
    good = mr_buffer_append_string(out, "\"");
    for (size_t at = 0; good && at < value.bytes; at++) {
        good = (value.data[at] != '"' || mr_buffer_append_string(out, "\"")) &&
               mr_buffer_append(out, value.data + at, 1);
    }
    return good && mr_buffer_append_string(out, "\"");
}

bool mr_sql_cell_json(mr_buffer *out, mr_sql_kind kind, mr_text value)
{
    if (value.data == NULL) {
        return mr_buffer_append_string(out, "null");
    }
    const bool finite = kind == MR_SQL_FLOAT && value.bytes > 0 &&
                        memchr("-0123456789", value.data[0], 11) != NULL &&
                        memchr(value.data, 'f', value.bytes) == NULL; /* not "-inf" */
    if (finite || kind == MR_SQL_NUMBER || kind == MR_SQL_BOOLEAN || kind == MR_SQL_JSON) {
        return mr_buffer_append_text(out, value);
    }
    return mr_buffer_append_json_string(out, value);
}
