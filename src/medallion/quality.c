/* SPDX-License-Identifier: Apache-2.0 */
/* medallion/quality.c - the history of checks and balances: the Delta table ops/quality.
 *
 * A row a check and a row a balance of each run; `millrace sql` reads it like any other table.
 */
#include <stdio.h>

#include "base/civil.h"
#include "medallion/quality.h"

static const char quality_name[] = "ops.quality";
const char mr_quality_info_key[] = "reconciliation";
enum { info_bytes_max = 65536 };

static const mr_delta_field fields[] = {
    {.name = "run", .type = "string", .comment = "The run"},
    {.name = "started", .type = "timestamp", .comment = "When it began"},
    {.name = "kind", .type = "string", .comment = "check or balance"},
    {.name = "model", .type = "string", .comment = "The model checked; null for a balance"},
    {.name = "name", .type = "string", .comment = "What was checked or compared"},
    {.name = "holds", .type = "boolean", .comment = "It holds; null: it could not be told"},
    {.name = "broken_rows", .type = "long", .comment = "Rows that break a check"},
    {.name = "left_side", .type = "decimal(38,4)", .comment = "First side of a balance"},
    {.name = "right_side", .type = "decimal(38,4)", .comment = "Second side"},
    {.name = "difference", .type = "decimal(38,4)", .comment = "First less second"},
    {.name = "note", .type = "string", .comment = "Rows that break a check; what to know"},
};

static const mr_delta_schema schema = {.fields = fields,
                                       .field_count = sizeof(fields) / sizeof(fields[0])};

typedef struct writer {
    mr_buffer sql;
    const mr_run_report *report;
    size_t rows;
} writer;

static void begin_row(writer *w, const char *kind, const char *model, const char *name)
{
    char at[mr_civil_text_bytes_max];

    (void)mr_civil_format_iso((mr_civil){w->report->started_ms / 1000}, at);
    (void)mr_buffer_append_string(&w->sql, w->rows++ == 0 ? "(" : ", (");
    (void)mr_olap_quote_text(&w->sql, mr_text_of(w->report->id));
    (void)mr_buffer_printf(&w->sql, ", TIMESTAMP '%s', '%s', ", at, kind);
    if (model == NULL) {
        (void)mr_buffer_append_string(&w->sql, "NULL");
    } else {
        (void)mr_olap_quote_text(&w->sql, mr_text_of(model));
    }
    (void)mr_buffer_append_string(&w->sql, ", ");
    (void)mr_olap_quote_text(&w->sql, mr_text_of(name));
}

static void end_row(writer *w, const char *note)
{
    (void)mr_buffer_append_string(&w->sql, ", ");
    (void)mr_olap_quote_text(&w->sql, mr_text_of(note));
    (void)mr_buffer_append_string(&w->sql, ")");
}

static void write_checks(writer *w, const mr_model_report *report)
{
    for (size_t i = 0; i < report->check_count; i++) {
        const mr_check_result *check = &report->checks[i];
        begin_row(w, "check", report->model->name, check->check);
        (void)mr_buffer_printf(&w->sql, ", %s, %lld, NULL, NULL, NULL",
                               check->rows == 0 ? "true" : "false", (long long)check->rows);
        end_row(w, check->sample);
    }
}

static void write_amount(writer *w, const mr_balance *balance, mr_amount amount)
{
    char text[mr_amount_text_bytes_max];

    (void)mr_amount_format(amount, 4, text);
    (void)mr_buffer_printf(&w->sql, ", %s", balance->known ? text : "NULL");
}

static void write_balance(writer *w, const mr_balance *balance)
{
    begin_row(w, "balance", NULL, balance->name);
    (void)mr_buffer_printf(&w->sql, ", %s, NULL",
                           !balance->known  ? "NULL"
                           : balance->holds ? "true"
                                            : "false");
    write_amount(w, balance, balance->left);
    write_amount(w, balance, balance->right);
    write_amount(w, balance, balance->difference);
    end_row(w, balance->note);
}

static void write_select(writer *w)
{
    (void)mr_buffer_append_string(&w->sql, "SELECT ");
    for (size_t i = 0; i < schema.field_count; i++) {
        (void)mr_buffer_printf(&w->sql, "%sCAST(q.%s AS %s) AS %s", i == 0 ? "" : ", ",
                               fields[i].name, mr_sql_type(fields[i].type), fields[i].name);
    }
    (void)mr_buffer_append_string(&w->sql, " FROM (VALUES ");
    for (size_t i = 0; i < w->report->model_count; i++) {
        write_checks(w, &w->report->models[i]);
    }
    for (size_t i = 0; i < w->report->reconciliation.count; i++) {
        write_balance(w, &w->report->reconciliation.balances[i]);
    }
    (void)mr_buffer_append_string(&w->sql, ") AS q(");
    for (size_t i = 0; i < schema.field_count; i++) {
        (void)mr_buffer_printf(&w->sql, "%s%s", i == 0 ? "" : ", ", fields[i].name);
    }
    (void)mr_buffer_append(&w->sql, ")", 2);
}

/* For commitInfo's operationMetrics, a map of texts: whoever wants to know the last balances finds
 * them there without reading rows. */
static mr_status write_info(const mr_run_report *report, mr_buffer *out, mr_err *err)
{
    mr_buffer balances;

    mr_buffer_init(&balances, info_bytes_max);
    (void)mr_reconciliation_json(&report->reconciliation, &balances);
    (void)mr_buffer_append_string(out, "{\"run\":");
    (void)mr_buffer_append_json_string(out, mr_text_of(report->id));
    (void)mr_buffer_printf(out, ",\"startedMs\":\"%lld\",\"%s\":", (long long)report->started_ms,
                           mr_quality_info_key);
    (void)mr_buffer_append_json_string(out, mr_buffer_text(&balances));
    bool done = mr_buffer_append(out, "}", 2) && !balances.overflowed;
    mr_buffer_free(&balances);
    return done ? MR_OK
                : mr_fail(err, MR_LIMIT, "the balances do not fit %d bytes", info_bytes_max);
}

static mr_status append_rows(mr_session *session, mr_session_table *table, const char *select,
                             const char *info, mr_err *err)
{
    const mr_delta_write write = {.schema = &schema, .select = select};
    mr_delta_files *files = NULL;
    int64_t version = -1;
    mr_status status = mr_delta_write_rows(table->table, session->connection, &write, &files, err);

    if (status != MR_OK) {
        return status;
    }
    const mr_delta_commit commit = {.operation = "WRITE",
                                    .info = info,
                                    .schema = table->snapshot == NULL ? &schema : NULL,
                                    .adds = mr_delta_files_list(files),
                                    .add_count = mr_delta_files_count(files),
                                    .append_only = true,
                                    .data_change = true};
    status = mr_delta_commit_to(table->table, table->snapshot, &commit, &version, err);
    mr_delta_files_free(files);
    return status;
}

static void gather(mr_session *session, mr_session_table *table)
{
    const mr_delta_optimize_options options = {.files_min = 32, .tiers = true};
    mr_delta_optimize_report report;
    mr_err err;

    if (table->snapshot != NULL && mr_delta_file_count(table->snapshot) >= options.files_min) {
        /* What is not gathered now is gathered after a later run. */
        (void)mr_delta_optimize(table->table, session->connection, &options, &report, &err);
    }
}

mr_status mr_quality_keep(mr_session *session, const mr_run_report *report, mr_err *err)
{
    writer w = {.report = report};
    mr_buffer info;
    mr_session_table *table = NULL;
    mr_status status = mr_session_find(session, quality_name, &table, err);

    if (status != MR_OK) {
        return status;
    }
    mr_buffer_init(&w.sql, mr_session_sql_bytes_max);
    mr_buffer_init(&info, info_bytes_max);
    write_select(&w);
    status = write_info(report, &info, err);
    if (status == MR_OK && w.rows > 0) {
        status = append_rows(session, table, w.sql.data, info.data, err);
        if (status == MR_EXISTS) { /* another run made the table just now */
            status = mr_session_refresh(table, err);
            status =
                status == MR_OK ? append_rows(session, table, w.sql.data, info.data, err) : status;
        }
        gather(session, table);
    }
    mr_buffer_free(&info);
    mr_buffer_free(&w.sql);
    return status;
}

mr_status mr_medallion_reconcile(mr_blobs *blobs, const mr_models *models,
                                 const mr_run_peers *peers, mr_reconciliation *ret_reconciliation,
                                 mr_err *err)
{
    mr_session *session = NULL;
    mr_status status = mr_session_open(blobs, models, NULL, NULL, false, &session, err);

    if (status == MR_OK) {
        status = mr_session_reconcile(session, peers, ret_reconciliation, err);
    }
    mr_session_close(session);
    return status;
}
