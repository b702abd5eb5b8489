/* SPDX-License-Identifier: Apache-2.0 */
/* medallion/sql.c - pieces of the runner's statements. See sql.h. */
#include "medallion/sql.h"

#include <string.h>

#include "olap/olap.h"

void mr_sql_name(mr_buffer *out, const char *name)
{
    (void)mr_olap_quote_name(out, mr_text_of(name));
}

static void qualified(mr_buffer *out, const char *left, const char *name)
{
    if (left != NULL) {
        (void)mr_buffer_printf(out, "%s.", left);
    }
    mr_sql_name(out, name);
}

void mr_sql_equal(mr_buffer *out, const mr_names *names, const char *left, const char *right)
{
    for (size_t i = 0; i < names->count; i++) {
        (void)mr_buffer_append_string(out, i == 0 ? "" : " AND ");
        qualified(out, left, names->names[i]);
        (void)mr_buffer_append_string(out, " IS NOT DISTINCT FROM ");
        qualified(out, right, names->names[i]);
    }
}

void mr_sql_names(mr_buffer *out, const mr_names *names, const char *left)
{
    for (size_t i = 0; i < names->count; i++) {
        (void)mr_buffer_append_string(out, i == 0 ? "" : ", ");
        qualified(out, left, names->names[i]);
    }
}

void mr_sql_columns(mr_buffer *out, const mr_model *model, const char *left)
{
    for (size_t i = 0; i < model->column_count; i++) {
        (void)mr_buffer_append_string(out, i == 0 ? "" : ", ");
        qualified(out, left, model->columns[i].name);
    }
}

const char *mr_sql_type(const char *delta_type)
{
    static const char *const types[][2] = {
        {"string", "STRING"},   {"long", "BIGINT"},   {"integer", "INTEGER"},
        {"binary", "BINARY"},   {"date", "DATE"},     {"timestamp", "TIMESTAMP"},
        {"boolean", "BOOLEAN"}, {"double", "DOUBLE"},
    };

    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (strcmp(types[i][0], delta_type) == 0) {
            return types[i][1];
        }
    }
    return delta_type; /* decimal(p,s) is written the same */
}

void mr_sql_cast_columns(mr_buffer *out, const mr_model *model)
{
    for (size_t i = 0; i < model->column_count; i++) {
        (void)mr_buffer_append_string(out, i == 0 ? "CAST(" : ", CAST(");
        mr_sql_name(out, model->columns[i].name);
        (void)mr_buffer_printf(out, " AS %s) AS ", mr_sql_type(model->columns[i].type));
        mr_sql_name(out, model->columns[i].name);
    }
}
