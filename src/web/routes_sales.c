/* SPDX-License-Identifier: Apache-2.0 */
/* web/routes_sales.c - the sales dashboard: panels, the invoices and lines behind them, and what
 * filters can be set to. Figures come from query/sales.h; what they mean is said there.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "medallion/metric.h"
#include "query/sales.h"
#include "query/sales_invoices.h"
#include "query/sales_reach.h"
#include "query/sales_values.h"
#include "web/json.h"
#include "web/lake_slot.h"
#include "web/parts.h"
#include "web/routes.h"
#include "web/sales_question.h"

enum {
    page_default = 50,
    page_max = 200,
    day_s = 86400,
    lines_sql_bytes_max = 256 * 1024,
    csv_bytes_max = 1 << 20,
    metric_sql_bytes_max = 16384,
    version_bytes_max = 96,
    search_bytes_max = 200,
    panel_cursor_bytes_max = 8192,
};

/* --- The question ----------------------------------------------------------------------------- */

static mr_sales *sales_of(const mr_web_call *call)
{
    return mr_web_call_part(call, MR_WEB_PART_SALES);
}

static mr_status take_set(mr_web_call *call, const mr_sales_question *question,
                          mr_sales_set **ret_set, mr_err *err)
{
    return mr_sales_take(sales_of(call), question, mr_web_call_left_ms(call), ret_set, err);
}

static void name_version(const mr_sales_set *set, char ret_version[static version_bytes_max])
{
    (void)snprintf(ret_version, version_bytes_max, "sales-%" PRId64 "-%" PRId64, set->version,
                   set->made_ms);
}

static bool is_fresh(mr_web_call *call, const mr_sales_set *set)
{
    char version[version_bytes_max];

    name_version(set, version);
    return mr_web_call_fresh(call, version);
}

/* Of what the engine itself does not keep. */
static bool is_known(mr_web_call *call, const mr_sales_set *set)
{
    char version[version_bytes_max];

    name_version(set, version);
    return mr_web_call_known(call, version);
}

static bool wants_csv(mr_web_call *call, mr_status *status, mr_err *err)
{
    size_t format = 0;

    if (*status == MR_OK) {
        *status = mr_web_query_word(call, "format", "json|csv", 0, &format, err);
    }
    return format == 1;
}

/* --- All panels ------------------------------------------------------------------------------- */

static void write_as_of(const mr_sales_set *set, const mr_sales_state *state, mr_buffer *out)
{
    mr_web_json_name(out, "as_of");
    (void)mr_buffer_append_string(out, "{");
    mr_web_json_name(out, "gold_version");
    mr_web_json_integer(out, set->version);
    mr_web_json_name(out, "made_at");
    mr_web_json_instant(out, set->made_ms);
    mr_web_json_name(out, "data_until");
    if (set->day_first > set->day_last) {
        mr_web_json_text(out, MR_TEXT_ABSENT);
    } else {
        const int64_t second =
            set->second_last > INT64_MIN ? set->second_last : (int64_t)set->day_last * day_s;

        mr_web_json_civil(out, (mr_civil){second});
    }
    mr_web_json_name(out, "bronze_version");
    mr_web_json_integer(out, state->lag.bronze_version);
    mr_web_json_name(out, "reconciled");
    if (state->reconciled < 0) {
        mr_web_json_text(out, MR_TEXT_ABSENT);
    } else {
        mr_web_json_flag(out, state->reconciled == 1);
    }
    mr_web_json_name(out, "reconciled_at");
    mr_web_json_instant(out, state->reconciled_ms);
    mr_web_json_name(out, "behind");
    if (state->lag.rows < 0) {
        mr_web_json_text(out, MR_TEXT_ABSENT);
    } else {
        mr_web_json_integer(out, state->lag.rows);
    }
    (void)mr_buffer_append_string(out, "}");
}

mr_status mr_web_sales_get(mr_web_call *call, mr_err *err)
{
    mr_buffer *out = mr_web_call_out(call);
    mr_web_sales_question given = {.question = {.has_from = false}};
    mr_sales_set *set = NULL;
    mr_sales_state state;
    char version[160];
    mr_status status = mr_web_read_sales_question(call, &given, err);

    if (status == MR_OK) {
        status = take_set(call, &given.question, &set, err);
    }
    if (status != MR_OK) {
        return status;
    }
    mr_sales_read_state(sales_of(call), &state);
    (void)snprintf(version, sizeof version, "sales-%" PRId64 "-%" PRId64 "-%" PRId64 "-%d-%" PRId64,
                   set->version, set->made_ms, state.lag.rows, state.reconciled,
                   state.reconciled_ms);
    if (!mr_web_call_fresh(call, version)) {
        (void)mr_buffer_append_string(out, "{");
        write_as_of(set, &state, out);
        (void)mr_buffer_append_string(out, ",");
        status = mr_sales_ask(sales_of(call), set, &given.question, out, err);
        (void)mr_buffer_append_string(out, "}");
    }
    mr_sales_give(sales_of(call), set);
    return status;
}

/* --- One panel -------------------------------------------------------------------------------- */

typedef struct listing {
    mr_web_call *call;
    mr_buffer text; /* of CSV, until it is written */
    mr_sales_rows rows;
} listing;

static mr_status flush(void *ctx, mr_text text, mr_err *err)
{
    listing *list = ctx;

    return mr_web_call_write(list->call, text, err);
}

/* Rows go into the answer as "items", or as CSV into a stream. */
static mr_status begin_list_to(mr_web_call *call, mr_buffer *out, bool csv, const char *header,
                               const char *file_name, listing *ret_list, mr_err *err)
{
    mr_status status = MR_OK;

    *ret_list = (listing){.call = call, .rows = {.csv = csv, .out = out}};
    if (!csv) {
        (void)mr_buffer_append_string(ret_list->rows.out, "{\"items\":[");
        return MR_OK;
    }
    mr_buffer_init(&ret_list->text, csv_bytes_max);
    (void)mr_buffer_append_string(&ret_list->text, header);
    ret_list->rows.out = &ret_list->text;
    ret_list->rows.flush = flush;
    ret_list->rows.ctx = ret_list;
    status = mr_web_call_stream(call, "text/csv; charset=utf-8", file_name, err);
    return status;
}

static mr_status begin_list(mr_web_call *call, bool csv, const char *header, const char *file_name,
                            listing *ret_list, mr_err *err)
{
    return begin_list_to(call, mr_web_call_out(call), csv, header, file_name, ret_list, err);
}

static mr_status end_csv(listing *list, mr_status status, mr_err *err)
{
    if (status == MR_OK && list->rows.csv && list->text.bytes > 0) {
        status = mr_web_call_write(list->call, mr_buffer_text(&list->text), err);
    }
    mr_buffer_free(&list->text);
    return status;
}

static void end_items(mr_buffer *out, uint64_t total, mr_text next)
{
    (void)mr_buffer_append_string(out, "]");
    mr_web_json_name(out, "total");
    mr_web_json_integer(out, (int64_t)total);
    mr_web_json_name(out, "next");
    mr_web_json_text(out, next.bytes > 0 ? next : MR_TEXT_ABSENT);
}

typedef struct panel_request {
    mr_web_call *call;
    mr_sales_panel panel;
    mr_sales_page page;
    bool csv;
} panel_request;

static mr_status read_panel_page(mr_web_call *call, panel_request *ret, mr_err *err)
{
    const bool customers = ret->panel == MR_SALES_PANEL_CUSTOMERS;
    const bool whole = ret->panel == MR_SALES_PANEL_SERIES || ret->panel == MR_SALES_PANEL_HOURS;
    mr_text search = MR_TEXT_ABSENT, after = MR_TEXT_ABSENT;
    int64_t limit = page_default;
    mr_status status = mr_web_query_integer(call, "limit", 1, page_max, page_default, &limit, err);

    if (status == MR_OK) {
        status = mr_web_query_text(call, "q", search_bytes_max, &search, err);
    }
    if (status == MR_OK) {
        status = mr_web_query_text(call, "after", panel_cursor_bytes_max, &after, err);
    }
    if (status == MR_OK && after.data != NULL && !mr_sales_panel_takes(ret->panel, after)) {
        status = mr_web_call_fault(call, "query", "after", "value_error",
                                   "Input should be a cursor that a page before gave", err);
    }
    ret->page.search = customers ? search : MR_TEXT_ABSENT;
    ret->page.after = ret->csv ? MR_TEXT_ABSENT : after;
    ret->page.limit = ret->csv || whole ? UINT64_MAX : (uint64_t)limit;
    return status;
}

static mr_status read_panel(mr_web_call *call, panel_request *ret, mr_err *err)
{
    const mr_text name = mr_web_call_path(call, 0);
    char text[32];
    size_t by = 0, sort = 0, direction = 0;
    mr_status status = MR_OK;

    (void)snprintf(text, sizeof text, "%.*s", name.bytes < sizeof text ? (int)name.bytes : 0,
                   name.data);
    if (!mr_sales_panel_parse(text, &ret->panel)) {
        return mr_fail(err, MR_NOT_FOUND, "Not Found");
    }
    ret->csv = wants_csv(call, &status, err);
    if (status == MR_OK) {
        status = mr_web_query_word(call, "by", "sales|quantity", 0, &by, err);
    }
    if (status == MR_OK) { /* as mr_sales_buyer_sort has them */
        status =
            mr_web_query_word(call, "sort", "spent|orders|last_order|number|name", 0, &sort, err);
    }
    if (status == MR_OK) {
        status = mr_web_query_word(call, "direction", "desc|asc", 0, &direction, err);
    }
    const bool customers = ret->panel == MR_SALES_PANEL_CUSTOMERS;
    ret->page = (mr_sales_page){.by_quantity = by == 1,
                                .buyers = customers ? (mr_sales_buyer_sort)sort : 0,
                                .ascending = customers && direction == 1};
    return status == MR_OK ? read_panel_page(call, ret, err) : status;
}

/* As mr_sales_kept.make; CSV goes into the call's stream instead. */
static mr_status make_panel(void *ctx, const mr_sales_set *set, const mr_sales_question *question,
                            mr_buffer *out, mr_err *err)
{
    const panel_request *wanted = ctx;
    mr_sales_result *result = NULL;
    listing list = {.call = wanted->call};
    char file_name[64];
    mr_buffer next;
    mr_sales_shown shown = {.next = &next};
    mr_status status = mr_sales_result_make(set, question, &result, err);

    mr_buffer_init(&next, mr_web_answer_bytes_max);
    (void)snprintf(file_name, sizeof file_name, "%.*s.csv",
                   MR_TEXT_ARGS(mr_web_call_path(wanted->call, 0)));
    if (status == MR_OK) {
        status = begin_list_to(wanted->call, out, wanted->csv, mr_sales_panel_header(wanted->panel),
                               file_name, &list, err);
    }
    if (status == MR_OK) {
        status =
            mr_sales_panel_write(result, wanted->panel, &wanted->page, &list.rows, &shown, err);
    }
    if (status == MR_OK && !wanted->csv) {
        end_items(list.rows.out, shown.total, mr_buffer_text(&next));
        (void)mr_buffer_append_string(list.rows.out, "}");
    }
    mr_buffer_free(&next);
    mr_sales_result_free(result);
    return end_csv(&list, status, err);
}

static mr_status answer_panel(mr_web_call *call, const mr_sales_set *set,
                              const mr_sales_question *question, panel_request *wanted, mr_err *err)
{
    const mr_sales_page *page = &wanted->page;
    mr_buffer name;

    if (wanted->csv) {
        return make_panel(wanted, set, question, mr_web_call_out(call), err);
    }
    mr_buffer_init(&name, mr_web_answer_bytes_max);
    (void)mr_buffer_printf(&name, "panel,%d,%d,%d,%d,%" PRIu64 ",%zu,%.*s,%.*s", (int)wanted->panel,
                           page->by_quantity, (int)page->buyers, page->ascending, page->limit,
                           page->search.bytes, MR_TEXT_ARGS(page->search),
                           MR_TEXT_ARGS(page->after));
    const mr_sales_kept kept = {mr_buffer_text(&name), make_panel, wanted};
    const mr_status status =
        mr_sales_keep(sales_of(call), set, question, &kept, mr_web_call_out(call), err);

    mr_buffer_free(&name);
    return status;
}

mr_status mr_web_sales_panel_get(mr_web_call *call, mr_err *err)
{
    mr_web_sales_question given = {.question = {.has_from = false}};
    panel_request wanted = {.call = call};
    mr_sales_set *set = NULL;
    mr_status status = read_panel(call, &wanted, err);

    if (status == MR_OK) {
        status = mr_web_read_sales_question(call, &given, err);
    }
    if (status == MR_OK) {
        status = take_set(call, &given.question, &set, err);
    }
    if (status != MR_OK) {
        return status;
    }
    if (!is_fresh(call, set)) {
        status = answer_panel(call, set, &given.question, &wanted, err);
    }
    mr_sales_give(sales_of(call), set);
    return status;
}

/* --- Invoices --------------------------------------------------------------------------------- */

static mr_status read_invoices(mr_web_call *call, mr_sales_invoices *ret, bool *ret_csv,
                               mr_err *err)
{
    size_t kind = 0, sort = 0, direction = 0;
    int64_t limit = page_default;
    mr_status status = MR_OK;

    *ret_csv = wants_csv(call, &status, err);
    if (status == MR_OK) {
        status = mr_web_query_word(call, "kind", "all|orders|returns", 0, &kind, err);
    }
    if (status == MR_OK) {
        status = mr_web_query_word(call, "sort", "date|amount|items", 0, &sort, err);
    }
    if (status == MR_OK) {
        status = mr_web_query_word(call, "direction", "desc|asc", 0, &direction, err);
    }
    if (status == MR_OK) {
        status = mr_web_query_integer(call, "limit", 1, page_max, page_default, &limit, err);
    }
    if (status == MR_OK) {
        status = mr_web_query_text(call, "after", mr_sales_cursor_bytes_max, &ret->after, err);
    }
    ret->kind = (mr_sales_kind)kind;
    ret->sort = (mr_sales_sort)sort;
    ret->ascending = direction == 1;
    ret->limit = *ret_csv ? UINT64_MAX : (uint64_t)limit;
    ret->after = *ret_csv ? MR_TEXT_ABSENT : ret->after;
    return status;
}

typedef struct invoices_request {
    mr_web_call *call;
    mr_sales_invoices wanted;
    bool csv;
} invoices_request;

/* As mr_sales_kept.make; CSV goes into the call's stream instead. */
static mr_status make_invoices(void *ctx, const mr_sales_set *set,
                               const mr_sales_question *question, mr_buffer *out, mr_err *err)
{
    const invoices_request *asked_for = ctx;
    mr_sales_invoices_found found;
    listing list;
    mr_status status = begin_list_to(asked_for->call, out, asked_for->csv, mr_sales_invoices_header,
                                     "invoices.csv", &list, err);

    if (status == MR_OK) {
        status =
            mr_sales_invoices_write(set, question, &asked_for->wanted, &list.rows, &found, err);
    }
    if (status == MR_OK && !asked_for->csv) {
        end_items(list.rows.out, found.total, mr_text_of(found.next));
        mr_web_json_name(list.rows.out, "sum");
        mr_web_json_amount(list.rows.out, found.sum);
        (void)mr_buffer_append_string(list.rows.out, "}");
    }
    return end_csv(&list, status, err);
}

mr_status mr_web_sales_invoices_get(mr_web_call *call, mr_err *err)
{
    mr_web_sales_question given = {.question = {.has_from = false}};
    invoices_request request = {.call = call, .wanted = {.limit = page_default}};
    const mr_sales_invoices *wanted = &request.wanted;
    mr_sales_set *set = NULL;
    char name[mr_sales_cursor_bytes_max + 64];
    mr_status status = read_invoices(call, &request.wanted, &request.csv, err);

    if (status == MR_OK) {
        status = mr_web_read_sales_question(call, &given, err);
    }
    if (status == MR_OK) {
        status = take_set(call, &given.question, &set, err);
    }
    if (status != MR_OK) {
        return status;
    }
    if (!is_fresh(call, set)) {
        (void)snprintf(name, sizeof name, "invoices,%d,%d,%d,%" PRIu64 ",%.*s", (int)wanted->kind,
                       (int)wanted->sort, wanted->ascending, wanted->limit,
                       MR_TEXT_ARGS(wanted->after));
        const mr_sales_kept kept = {mr_text_of(name), make_invoices, &request};

        status = request.csv
                     ? make_invoices(&request, set, &given.question, mr_web_call_out(call), err)
                     : mr_sales_keep(sales_of(call), set, &given.question, &kept,
                                     mr_web_call_out(call), err);
    }
    mr_sales_give(sales_of(call), set);
    return status;
}

/* --- Lines: out of the lake ------------------------------------------------------------------- */

static const char lines_header[] =
    "event_id,invoice_no,invoice_date,stock_code,description,customer_id,country,quantity,"
    "unit_price,amount\r\n";

typedef struct lines_request {
    mr_text invoice; /* absent: all */
    mr_text after;
    int32_t day_first, day_last; /* lines of other days are not looked at */
    mr_sales_kind kind;
    int64_t limit;
    bool csv;
} lines_request;

enum { event_hex_bytes = 2 * 16 + 1 };

/* A cursor is "<microseconds>~<event_id>"; ret_event may be NULL. */
static mr_status read_lines_cursor(mr_web_call *call, mr_text after, int64_t *ret_us,
                                   char *ret_event, mr_err *err)
{
    const char *mark = after.bytes > 0 ? memchr(after.data, '~', after.bytes) : NULL;
    uint8_t identity[16];

    if (mark == NULL ||
        !mr_parse_int64((mr_text){after.data, (size_t)(mark - after.data)}, ret_us) ||
        !mr_hex_decode((mr_text){mark + 1, after.bytes - (size_t)(mark - after.data) - 1}, identity,
                       sizeof identity)) {
        return mr_web_call_fault(call, "query", "after", "value_error",
                                 "Input should be a cursor that a page before gave", err);
    }
    if (ret_event != NULL) {
        mr_hex_encode(identity, sizeof identity, ret_event);
    }
    return MR_OK;
}

/* Of a moment of the shop, whose day may be before 1970. */
static int32_t day_of(int64_t us)
{
    const int64_t day_us = (int64_t)day_s * 1000000, day = us / day_us - (us % day_us < 0);

    return day < INT32_MIN ? INT32_MIN : day > INT32_MAX - 1 ? INT32_MAX - 1 : (int32_t)day;
}

static mr_status read_lines(mr_web_call *call, lines_request *ret, mr_err *err)
{
    size_t kind = 0;
    int64_t after_us = 0;
    mr_status status = MR_OK;

    ret->limit = page_default;
    ret->csv = wants_csv(call, &status, err);
    if (status == MR_OK) {
        status =
            mr_web_query_text(call, "invoice", mr_web_sales_filter_bytes_max, &ret->invoice, err);
    }
    if (status == MR_OK) {
        status = mr_web_query_word(call, "kind", "all|orders|returns", 0, &kind, err);
    }
    if (status == MR_OK) {
        status = mr_web_query_integer(call, "limit", 1, page_max, page_default, &ret->limit, err);
    }
    if (status == MR_OK) {
        status = mr_web_query_text(call, "after", mr_sales_cursor_bytes_max, &ret->after, err);
    }
    ret->kind = (mr_sales_kind)kind;
    ret->day_first = INT32_MIN;
    if (status == MR_OK && !ret->csv && ret->after.data != NULL) {
        status = read_lines_cursor(call, ret->after, &after_us, NULL, err);
        ret->day_first = day_of(after_us);
    }
    return status;
}

static mr_status append_cursor(mr_web_call *call, mr_text after, mr_buffer *sql, mr_err *err)
{
    char event[event_hex_bytes];
    int64_t us = 0;
    const mr_status status = read_lines_cursor(call, after, &us, event, err);

    if (status == MR_OK) {
        (void)mr_buffer_printf(sql,
                               " AND (InvoiceDate > make_timestamp(%" PRId64
                               ") OR (InvoiceDate = make_timestamp(%" PRId64
                               ") AND event_id > unhex('%s')))",
                               us, us, event);
    }
    return status;
}

static mr_status append_conditions(mr_web_call *call, const mr_sales_set *set,
                                   const mr_sales_question *question, const lines_request *wanted,
                                   mr_buffer *sql, mr_err *err)
{
    const mr_sales_range none = {0, -1};
    const mr_sales_range range = mr_sales_range_of(question, set->day_first, set->day_last);

    const mr_sales_range looked_at = {
        wanted->day_first > range.from ? wanted->day_first : range.from, wanted->day_last};

    mr_sales_append_condition(sql, question, looked_at, none);
    if (question->segments != 0) {
        mr_buffer same;

        mr_buffer_init(&same, lines_sql_bytes_max);
        mr_sales_append_condition(&same, question, range, none);
        mr_sales_rfm_append_condition(sql, question->segments, "gold.fact_sales",
                                      mr_buffer_text(&same), mr_sales_result_end(set, range));
        mr_buffer_free(&same);
    }
    if (wanted->invoice.data != NULL) {
        (void)mr_buffer_append_string(sql, " AND InvoiceNo = ");
        (void)mr_olap_quote_text(sql, wanted->invoice);
    }
    if (wanted->kind != MR_SALES_ALL) {
        (void)mr_buffer_append_string(sql, wanted->kind == MR_SALES_ORDERS
                                               ? " AND InvoiceNo NOT LIKE 'C%'"
                                               : " AND InvoiceNo LIKE 'C%'");
    }
    return !wanted->csv && wanted->after.data != NULL ? append_cursor(call, wanted->after, sql, err)
                                                      : MR_OK;
}

static mr_status write_line(const mr_olap_result *row, mr_sales_rows *rows, mr_err *err)
{
    const int64_t us = mr_olap_int64(row, 2);

    mr_sales_row_begin(rows);
    mr_sales_row_text(rows, "event_id", mr_olap_text(row, 0));
    mr_sales_row_text(rows, "invoice_no", mr_olap_text(row, 1));
    mr_sales_row_moment(rows, "invoice_date", us / 1000000 - (us % 1000000 < 0));
    mr_sales_row_text(rows, "stock_code", mr_olap_text(row, 3));
    mr_sales_row_text(rows, "description",
                      mr_olap_is_null(row, 4) ? MR_TEXT_ABSENT : mr_olap_text(row, 4));
    if (mr_olap_is_null(row, 5)) {
        mr_sales_row_text(rows, "customer_id", MR_TEXT_ABSENT);
    } else {
        mr_sales_row_count(rows, "customer_id", mr_olap_int64(row, 5));
    }
    mr_sales_row_text(rows, "country", mr_olap_text(row, 6));
    mr_sales_row_count(rows, "quantity", mr_olap_int64(row, 7));
    mr_sales_row_money(rows, "unit_price", mr_olap_amount(row, 8));
    mr_sales_row_money(rows, "amount", mr_olap_amount(row, 9));
    return mr_sales_row_end(rows, err);
}

/* Rows until there are no more, or the page is full: then *ret_next is its last row. */
static mr_status write_rows(mr_olap_result *result, const lines_request *wanted,
                            mr_sales_rows *rows, char *next, size_t next_bytes, mr_err *err)
{
    char last[mr_sales_cursor_bytes_max] = "";
    mr_status status;

    while ((status = mr_olap_next(result, err)) == MR_OK) {
        if (!wanted->csv && rows->count == (uint64_t)wanted->limit) {
            (void)snprintf(next, next_bytes, "%s", last); /* there is one more */
            return MR_OK;
        }
        (void)snprintf(last, sizeof last, "%" PRId64 "~%.*s", mr_olap_int64(result, 2),
                       MR_TEXT_ARGS(mr_olap_text(result, 0)));
        status = write_line(result, rows, err);
        if (status != MR_OK) {
            return status;
        }
    }
    return status == MR_NOT_FOUND ? MR_OK : status;
}

static const char select_lines[] =
    "SELECT lower(hex(event_id)), InvoiceNo, epoch_us(InvoiceDate), StockCode, Description,"
    " CustomerID, Country, Quantity, UnitPrice, Amount FROM gold.fact_sales";

/* The query, prepared for the worker's lake, with a NUL. */
static mr_status prepare_lines(mr_web_call *call, mr_sql_lake *lake, const mr_sales_set *set,
                               const mr_sales_question *question, const lines_request *wanted,
                               mr_buffer *out, mr_err *err)
{
    mr_buffer sql;
    mr_status status;

    mr_buffer_init(&sql, lines_sql_bytes_max);
    (void)mr_buffer_append_string(&sql, select_lines);
    status = append_conditions(call, set, question, wanted, &sql, err);
    (void)mr_buffer_append_string(&sql, " ORDER BY InvoiceDate, event_id");
    if (!wanted->csv) {
        (void)mr_buffer_printf(&sql, " LIMIT %" PRId64, wanted->limit + 1);
    }
    if (status == MR_OK) {
        status = mr_sql_lake_prepare(lake, mr_buffer_text(&sql), out, err);
    }
    mr_buffer_free(&sql);
    return status;
}

/* *ret_more: the page is full, and another follows. */
static mr_status ask_lines(mr_web_call *call, const mr_sales_set *set,
                           const mr_sales_question *question, const lines_request *wanted,
                           bool *ret_more, mr_err *err)
{
    mr_sql_lake *lake = NULL;
    mr_olap_result *result = NULL;
    char next[mr_sales_cursor_bytes_max] = "";
    listing list = {.call = call};
    mr_buffer sql;
    mr_status status = mr_web_lake(call, &lake, err);

    if (status != MR_OK) {
        return status;
    }
    mr_buffer_init(&sql, mr_sql_bytes_max);
    mr_web_lake_begin(call, lake->connection);
    status = prepare_lines(call, lake, set, question, wanted, &sql, err);
    if (status == MR_OK) {
        status = mr_olap_query(lake->connection, sql.data, true, &result, err);
    }
    if (status == MR_OK) {
        status = begin_list(call, wanted->csv, lines_header, "lines.csv", &list, err);
    }
    if (status == MR_OK) {
        status = write_rows(result, wanted, &list.rows, next, sizeof next, err);
    }
    mr_olap_result_free(result);
    mr_web_lake_end(call, lake->connection);
    mr_buffer_free(&sql);
    if (status == MR_OK && !wanted->csv) {
        (void)mr_buffer_append_string(list.rows.out, "]");
        mr_web_json_name(list.rows.out, "next");
        mr_web_json_text(list.rows.out, next[0] != '\0' ? mr_text_of(next) : MR_TEXT_ABSENT);
        (void)mr_buffer_append_string(list.rows.out, "}");
    }
    *ret_more = next[0] != '\0';
    return end_csv(&list, status, err);
}

/* A page lies on few days, which the lines in memory tell: the lake is asked for these alone. Where
 * it has fewer lines on them by now, for all. */
static mr_status ask_page(mr_web_call *call, const mr_sales_set *set,
                          const mr_sales_question *question, lines_request *wanted, mr_err *err)
{
    const mr_sales_range range = mr_sales_range_of(question, set->day_first, set->day_last);
    const mr_sales_reach reach = {
        .kind = wanted->kind, .after = wanted->day_first, .lines = (uint64_t)wanted->limit + 1};
    const bool all = wanted->csv || wanted->invoice.data != NULL;
    bool more = false;
    mr_status status = MR_OK;

    wanted->day_last = range.to;
    if (!all) {
        status = mr_sales_reach_day(set, question, &reach, &wanted->day_last, err);
    }
    if (status == MR_OK) {
        status = ask_lines(call, set, question, wanted, &more, err);
    }
    if (status == MR_OK && !more && wanted->day_last < range.to) {
        mr_buffer_clear(mr_web_call_out(call));
        wanted->day_last = range.to;
        status = ask_lines(call, set, question, wanted, &more, err);
    }
    return status;
}

mr_status mr_web_sales_lines_get(mr_web_call *call, mr_err *err)
{
    mr_web_sales_question given = {.question = {.has_from = false}};
    lines_request wanted = {.csv = false};
    mr_sales_set *set = NULL;
    mr_status status = read_lines(call, &wanted, err);

    if (status == MR_OK) {
        status = mr_web_read_sales_question(call, &given, err);
    }
    if (status == MR_OK) {
        status = take_set(call, &given.question, &set, err);
    }
    if (status != MR_OK) {
        return status;
    }
    if (set->version < 0) {
        listing list;

        status = begin_list(call, wanted.csv, lines_header, "lines.csv", &list, err);
        if (status == MR_OK && !wanted.csv) {
            (void)mr_buffer_append_string(list.rows.out, "],\"next\":null}");
        }
        status = end_csv(&list, status, err);
    } else if (!is_known(call, set)) {
        status = ask_page(call, set, &given.question, &wanted, err);
    }
    mr_sales_give(sales_of(call), set);
    return status;
}

/* --- Values and definitions ------------------------------------------------------------------- */

mr_status mr_web_sales_values_get(mr_web_call *call, mr_err *err)
{
    const mr_sales_question all = {.has_from = false};
    mr_buffer *out = mr_web_call_out(call);
    mr_sales_rows rows = {.out = out};
    mr_sales_set *set = NULL;
    size_t field = 0;
    int64_t limit = 10;
    mr_text text = {"", 0}, given;
    mr_status status = mr_web_query_word(call, "field", "country|product|customer", 0, &field, err);

    if (status == MR_OK) {
        status = mr_web_query_text(call, "q", mr_web_sales_filter_bytes_max, &given, err);
        text = status == MR_OK && given.data != NULL ? mr_text_trim(given) : text;
    }
    if (status == MR_OK) {
        status = mr_web_query_integer(call, "limit", 1, mr_sales_values_max, 10, &limit, err);
    }
    if (status == MR_OK) {
        status = take_set(call, &all, &set, err);
    }
    if (status != MR_OK) {
        return status;
    }
    if (!is_fresh(call, set)) {
        (void)mr_buffer_append_string(out, "{\"items\":[");
        status = mr_sales_values_write(set, (mr_sales_field)field, text, (size_t)limit, &rows, err);
        (void)mr_buffer_append_string(out, "]}");
    }
    mr_sales_give(sales_of(call), set);
    return status;
}

mr_status mr_web_sales_metrics_get(mr_web_call *call, mr_err *err)
{
    mr_buffer *out = mr_web_call_out(call);
    mr_sales_rows rows = {.out = out};
    mr_metrics *metrics = mr_metrics_load();
    mr_buffer sql = {.bytes_max = metric_sql_bytes_max};
    mr_status status = MR_OK;

    (void)mr_buffer_append_string(out, "{\"items\":[");
    for (size_t index = 0; index < mr_metrics_count(metrics) && status == MR_OK; index++) {
        const mr_metric *metric = mr_metrics_at(metrics, index);

        mr_buffer_clear(&sql);
        (void)mr_metric_write_sql(metric, MR_SQL_DUCKDB, "gold.fact_sales", &sql);
        mr_sales_row_begin(&rows);
        mr_sales_row_text(&rows, "name", mr_text_of(metric->name));
        mr_sales_row_text(&rows, "label", mr_text_of(metric->title));
        mr_sales_row_text(&rows, "definition", mr_text_of(metric->description));
        mr_sales_row_text(&rows, "format", mr_text_of(mr_metric_format_name(metric->format)));
        mr_sales_row_text(&rows, "sql", mr_buffer_text(&sql));
        status = mr_sales_row_end(&rows, err);
    }
    mr_buffer_free(&sql);
    mr_metrics_free(metrics);
    (void)mr_buffer_append_string(out, "]}");
    return status;
}
