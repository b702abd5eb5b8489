/* SPDX-License-Identifier: Apache-2.0 */
/* query/sql_lake.c - opens the engine for queries, and binds names of tables as queries need them.
 *
 * Owns:       blobs, models, engine and one connection; a handle of each table it was asked for.
 * Invariants: (1) the walls (mr_olap_harden) stand before the first query is looked at;
 *             (2) a query sees one snapshot of each table, the newest when it was prepared.
 * Not here:   what may run (olap/olap_query.c), rows (sql_print.c).
 */
#include "query/sql_lake.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "lake/delta_sql.h"
#include "olap/olap_token.h"

enum {
    statement_bytes_max = 256 << 20, /* a table's files by name */
    view_depth_max = 16,
    named_in_error_max = 24,
};

/* Where a table's name alone is looked for, in this order. */
static const char *const layers[] = {"gold", "silver", "bronze"};
enum { layer_count = sizeof layers / sizeof layers[0] };

/* --- What there is ---------------------------------------------------------------------------- */

static mr_sql_table *add_table(mr_sql_lake *lake, mr_text layer, mr_text name)
{
    mr_sql_table *table;

    if (lake->table_count == mr_sql_tables_max || layer.bytes >= mr_sql_name_bytes_max ||
        name.bytes >= mr_sql_name_bytes_max) {
        return NULL;
    }
    if (lake->tables == NULL) {
        lake->tables = mr_alloc_zero(mr_sql_tables_max, sizeof *lake->tables);
    }
    table = &lake->tables[lake->table_count++];
    memcpy(table->layer, layer.data, layer.bytes);
    memcpy(table->name, name.data, name.bytes);
    return table;
}

/* Tables lie at "layer/table"; others have no name in SQL. */
static bool note_table(void *ctx, const char *path)
{
    mr_sql_lake *lake = ctx;
    const char *slash = strchr(path, '/');
    char name[2 * mr_sql_name_bytes_max + 2];
    mr_sql_table *table;

    if (slash == NULL || strchr(slash + 1, '/') != NULL) {
        return true;
    }
    table = add_table(lake, (mr_text){path, (size_t)(slash - path)}, mr_text_of(slash + 1));
    if (table != NULL) {
        (void)snprintf(name, sizeof name, "%s.%s", table->layer, table->name);
        table->model = mr_models_find(lake->models, name);
        table->table = mr_delta_table_create(lake->blobs, path);
    }
    return true;
}

static int compare_tables(const void *left, const void *right)
{
    const mr_sql_table *a = left, *b = right;
    const int order = strcmp(a->layer, b->layer);

    return order != 0 ? order : strcmp(a->name, b->name);
}

static mr_status list_lake(mr_sql_lake *lake, mr_err *err)
{
    mr_status status = mr_delta_list(lake->blobs, note_table, lake, err);

    for (size_t index = 0; status == MR_OK && index < mr_models_count(lake->models); index++) {
        const mr_model *model = mr_models_at(lake->models, index);
        mr_sql_table *table;

        if (model->mode != MR_MODEL_VIEW) {
            continue;
        }
        table = add_table(lake, mr_text_of(model->layer), mr_text_of(model->table));
        if (table != NULL) {
            table->model = model;
        }
    }
    if (status == MR_OK && lake->table_count > 0) {
        qsort(lake->tables, lake->table_count, sizeof *lake->tables, compare_tables);
    }
    return status;
}

static const mr_sql_table *find_in(const mr_sql_lake *lake, mr_text layer, mr_text name)
{
    for (size_t index = 0; index < lake->table_count; index++) {
        const mr_sql_table *table = &lake->tables[index];

        if (mr_text_equal_ignoring_case(layer, mr_text_of(table->layer)) &&
            mr_text_equal_ignoring_case(name, mr_text_of(table->name))) {
            return table;
        }
    }
    return NULL;
}

const mr_sql_table *mr_sql_lake_find(const mr_sql_lake *lake, mr_text layer, mr_text name)
{
    const mr_sql_table *table = NULL;

    if (layer.bytes > 0) {
        return find_in(lake, layer, name);
    }
    for (size_t index = 0; table == NULL && index < layer_count; index++) {
        table = find_in(lake, mr_text_of(layers[index]), name);
    }
    return table;
}

/* --- Opening ---------------------------------------------------------------------------------- */

/* The folder that all files of the lake lie in, as the engine reads them. */
static mr_status find_folder(mr_sql_lake *lake, char **ret_folder, mr_err *err)
{
    mr_buffer path;
    mr_status status;

    mr_buffer_init(&path, 65536);
    status = mr_blobs_folder(lake->blobs, &path, err);
    if (status == MR_OK && mr_buffer_append(&path, "", 1)) {
        *ret_folder = mr_copy_string(path.data);
    }
    mr_buffer_free(&path);
    return status;
}

static mr_status open_engine(mr_sql_lake *lake, const mr_sql_lake_options *given, mr_err *err)
{
    char *temp = mr_path_join(given->data_folder, "tmp/sql");
    const mr_olap_options options = {.memory_bytes_max = given->memory_bytes_max,
                                     .threads = given->threads,
                                     .temp_folder = temp,
                                     .preserve_order = true};
    mr_status status = mr_olap_open(&options, &lake->olap, err);

    free(temp);
    if (status == MR_OK) {
        status = mr_olap_connect(lake->olap, &lake->connection, err);
    }
    for (size_t index = 0; status == MR_OK && index < lake->table_count; index++) {
        if (lake->tables[index].table != NULL) { /* no view */
            mr_delta_table_lend(lake->tables[index].table, lake->connection);
        }
    }
    if (status == MR_OK) {
        mr_olap_set_timeout(lake->connection, given->timeout_ms);
        status = mr_olap_run(lake->connection,
                             "CREATE SCHEMA gold; CREATE SCHEMA silver; CREATE SCHEMA bronze;"
                             " SET search_path = 'gold,silver,bronze'",
                             err);
    }
    return status;
}

mr_status mr_sql_lake_open(const mr_sql_lake_options *options, mr_sql_lake **ret_lake, mr_err *err)
{
    mr_sql_lake *lake = mr_alloc_zero(1, sizeof *lake);
    char *folder = NULL;
    mr_status status = mr_blobs_open(&options->lake, &lake->blobs, err);

    if (status == MR_OK) {
        status = mr_models_load(options->models, &lake->models, err);
    }
    if (status == MR_OK) {
        status = list_lake(lake, err);
    }
    if (status == MR_OK) {
        status = open_engine(lake, options, err);
    }
    if (status == MR_OK) {
        status = find_folder(lake, &folder, err);
    }
    if (status == MR_OK) {
        const char *const folders[] = {folder, options->out_folder, NULL};
        status = mr_olap_harden(lake->olap, folders, err);
    }
    free(folder);
    if (status != MR_OK) {
        mr_sql_lake_close(lake);
        return status;
    }
    *ret_lake = lake;
    return MR_OK;
}

void mr_sql_lake_close(mr_sql_lake *lake)
{
    if (lake == NULL) {
        return;
    }
    mr_olap_disconnect(lake->connection);
    mr_olap_close(lake->olap);
    for (size_t index = 0; index < lake->table_count; index++) {
        mr_delta_table_destroy(lake->tables[index].table);
    }
    free(lake->tables);
    mr_models_free(lake->models);
    mr_blobs_close(lake->blobs);
    free(lake);
}

/* --- Binding ---------------------------------------------------------------------------------- */

/* Runs the statement in sql, with a NUL. */
static mr_status run(mr_sql_lake *lake, mr_buffer *sql, mr_err *err)
{
    if (sql->overflowed || !mr_buffer_append(sql, "", 1)) {
        return mr_fail(err, MR_LIMIT,
                       "a table has too many files for one query: gather them with "
                       "millrace lake optimize");
    }
    return mr_olap_run(lake->connection, sql->data, err);
}

static void begin_view(const char *schema, const char *name, mr_buffer *sql)
{
    (void)mr_buffer_append_string(sql, "CREATE SCHEMA IF NOT EXISTS ");
    (void)mr_olap_quote_name(sql, mr_text_of(schema));
    (void)mr_buffer_append_string(sql, "; CREATE OR REPLACE VIEW ");
    (void)mr_olap_quote_name(sql, mr_text_of(schema));
    (void)mr_buffer_append_string(sql, ".");
    (void)mr_olap_quote_name(sql, mr_text_of(name));
    (void)mr_buffer_append_string(sql, " AS ");
}

/* Reads the newest version, or the one that `travel` asks for. */
static mr_status read_snapshot(const mr_sql_table *table, const mr_sql_travel *travel,
                               mr_delta_snapshot **ret_snapshot, mr_err *err)
{
    if (travel == NULL) {
        return mr_delta_read(table->table, ret_snapshot, err);
    }
    return travel->by_version
               ? mr_delta_read_version(table->table, travel->version, ret_snapshot, err)
               : mr_delta_read_instant(table->table, travel->epoch_ms, ret_snapshot, err);
}

static mr_status bind_table(mr_sql_lake *lake, const mr_sql_table *table,
                            const mr_sql_travel *travel, mr_err *err)
{
    mr_delta_snapshot *snapshot = NULL;
    mr_buffer sql;
    mr_status status = read_snapshot(table, travel, &snapshot, err);

    if (status != MR_OK) {
        return mr_fail_in(err, status, "%s.%s", table->layer, table->name);
    }
    mr_buffer_init(&sql, statement_bytes_max);
    begin_view(travel != NULL ? travel->schema : table->layer, table->name, &sql);
    (void)mr_buffer_append_string(&sql, "SELECT * FROM ");
    status = mr_delta_relation(table->table, snapshot, NULL, 0, &sql, err);
    if (status == MR_OK) {
        status = run(lake, &sql, err);
    }
    mr_buffer_free(&sql);
    mr_delta_snapshot_free(snapshot);
    return status;
}

static mr_status bind(mr_sql_lake *lake, const mr_sql_table *table, int depth, mr_err *err);

static mr_status bind_source(mr_sql_lake *lake, const mr_sql_table *view, const char *source,
                             int depth, mr_err *err)
{
    const char *dot = strchr(source, '.');
    const mr_text layer = {source, dot != NULL ? (size_t)(dot - source) : 0};
    const mr_sql_table *table =
        mr_sql_lake_find(lake, layer, mr_text_of(dot != NULL ? dot + 1 : source));

    if (table == NULL) {
        return mr_fail(err, MR_NOT_FOUND,
                       "the view %s.%s reads %s, which is not there yet: millrace run makes it",
                       view->layer, view->name, source);
    }
    return bind(lake, table, depth + 1, err);
}

static mr_status bind(mr_sql_lake *lake, const mr_sql_table *table, int depth, mr_err *err)
{
    mr_status status = MR_OK;
    mr_buffer sql;

    MR_ASSERT(depth < view_depth_max); /* the models have no circles */
    if (table->table != NULL) {
        return bind_table(lake, table, NULL, err);
    }
    for (size_t index = 0; status == MR_OK && index < table->model->reference_count; index++) {
        status = bind_source(lake, table, table->model->references[index], depth, err);
    }
    if (status != MR_OK) {
        return status;
    }
    mr_buffer_init(&sql, statement_bytes_max);
    begin_view(table->layer, table->name, &sql);
    (void)mr_buffer_append_string(&sql, table->model->sql);
    status = run(lake, &sql, err);
    mr_buffer_free(&sql);
    return status;
}

static mr_status bind_travel(mr_sql_lake *lake, const mr_sql_travel *travel, mr_err *err)
{
    const mr_sql_table *table =
        mr_sql_lake_find(lake, mr_text_of(travel->layer), mr_text_of(travel->table));

    if (table == NULL) {
        return mr_fail(err, MR_NOT_FOUND, "there is no table %s%s%s in the lake %s", travel->layer,
                       travel->layer[0] != '\0' ? "." : "", travel->table,
                       mr_blobs_url(lake->blobs));
    }
    if (table->table == NULL) {
        return mr_fail(err, MR_INVALID, "%s.%s is a view: only tables have versions", table->layer,
                       table->name);
    }
    return bind_table(lake, table, travel, err);
}

/* Whether a word of the query is a table's name; with its layer, if that stands before it. */
static const mr_sql_table *table_of(const mr_sql_lake *lake, mr_token layer, mr_token name)
{
    char layer_text[mr_sql_name_bytes_max], name_text[mr_sql_name_bytes_max];
    const mr_text name_found = {name_text, mr_token_unquote(name, name_text, sizeof name_text)};

    if (!mr_token_is_name(layer)) {
        return mr_sql_lake_find(lake, MR_TEXT_LITERAL(""), name_found);
    }
    const mr_text layer_found = {layer_text,
                                 mr_token_unquote(layer, layer_text, sizeof layer_text)};
    return find_in(lake, layer_found, name_found);
}

static mr_status bind_all(mr_sql_lake *lake, mr_err *err)
{
    mr_status status = MR_OK;

    for (size_t index = 0; status == MR_OK && index < lake->table_count; index++) {
        const mr_status one = bind(lake, &lake->tables[index], 0, err);

        status = one == MR_NOT_FOUND ? MR_OK : one; /* a view whose tables are not there yet */
    }
    return status;
}

/* Binds what the query's words may mean. A column that is called as a table costs a look at it. */
static mr_status bind_named(mr_sql_lake *lake, mr_text sql, mr_err *err)
{
    const mr_token none = {.kind = MR_TOKEN_END};
    mr_token before = none, layer = none, token;
    size_t at = 0;
    mr_status status = MR_OK;

    while (status == MR_OK && (token = mr_token_next(sql, &at)).kind != MR_TOKEN_END) {
        const bool behind_dot = mr_token_is_symbol(before, '.');
        const mr_sql_table *table =
            mr_token_is_name(token) ? table_of(lake, behind_dot ? layer : none, token) : NULL;

        if (table != NULL) {
            status = bind(lake, table, 0, err);
        }
        layer = mr_token_is_symbol(token, '.') ? before : layer;
        before = token;
    }
    return status;
}

static bool shows_all(mr_text sql)
{
    size_t at = 0;

    return mr_token_is_word(mr_token_next(sql, &at), "SHOW");
}

mr_status mr_sql_lake_prepare(mr_sql_lake *lake, mr_text sql, mr_buffer *out, mr_err *err)
{
    mr_sql_travels *travels = mr_alloc_zero(1, sizeof *travels);
    mr_status status = mr_sql_travel_rewrite(sql, travels, out, err);

    for (size_t index = 0; status == MR_OK && index < travels->count; index++) {
        status = bind_travel(lake, &travels->travels[index], err);
    }
    if (status == MR_OK) {
        status = shows_all(sql) ? bind_all(lake, err) : bind_named(lake, mr_buffer_text(out), err);
    }
    free(travels);
    if (status == MR_OK && !mr_buffer_append(out, "", 1)) {
        status = mr_fail(err, MR_LIMIT, "the query is longer than %zu bytes", out->bytes_max);
    }
    return status;
}

static void append_names(const mr_sql_lake *lake, mr_buffer *out)
{
    for (size_t index = 0; index < lake->table_count && index < named_in_error_max; index++) {
        (void)mr_buffer_printf(out, "%s%s.%s", index > 0 ? ", " : "", lake->tables[index].layer,
                               lake->tables[index].name);
    }
    (void)mr_buffer_append_string(out, lake->table_count == 0                   ? "no tables yet"
                                       : lake->table_count > named_in_error_max ? " ..."
                                                                                : "");
}

mr_status mr_sql_lake_explain(const mr_sql_lake *lake, mr_status status, mr_err *err)
{
    static const char no_table[] = "Catalog Error: Table with name";
    char message[sizeof err->message];
    mr_buffer names;

    memcpy(message, err->message, sizeof message);
    if (mr_text_starts_with(mr_text_of(message), "Permission Error: ")) {
        return mr_fail(err, status, "%s; queries read the tables of the lake alone",
                       message + strlen("Permission Error: "));
    }
    if (!mr_text_starts_with(mr_text_of(message), no_table)) {
        return status;
    }
    mr_buffer_init(&names, sizeof err->message);
    append_names(lake, &names);
    message[strcspn(message, "!")] = '\0'; /* the engine's guess is of its own names */
    (void)mr_fail(err, status, "%s; the lake %s has %.*s", message + strlen("Catalog Error: "),
                  mr_blobs_url(lake->blobs), (int)names.bytes, names.data);
    mr_buffer_free(&names);
    return status;
}
