/* SPDX-License-Identifier: Apache-2.0 */
/* web/routes_customers.c - customers: finding them, what they spent, their orders and returns.
 *
 * A customer is shown their own: the id in each query is theirs (portal.h).
 */
#include <stdio.h>
#include <string.h>

#include "web/csv.h"
#include "web/json.h"
#include "web/portal.h"
#include "web/routes.h"

enum { search_bytes_max = 200, file_name_bytes_max = 64, products_bytes_max = 4096 };

/* --- GET /api/v1/customers -------------------------------------------------------------------- */

static bool write_found(void *ctx, const mr_store_customer *customer)
{
    mr_buffer *out = ctx;

    mr_web_json_next(out);
    (void)mr_buffer_append(out, "{", 1);
    mr_web_json_name(out, "customer_id");
    mr_web_json_integer(out, customer->customer_id);
    mr_web_json_name(out, "name");
    mr_web_json_text(out, customer->name[0] == '\0' ? MR_TEXT_ABSENT : mr_text_of(customer->name));
    mr_web_json_name(out, "country");
    mr_web_json_text(out, mr_text_of(customer->country));
    mr_web_json_name(out, "spent");
    mr_web_json_amount(out, customer->spent);
    mr_web_json_name(out, "orders");
    mr_web_json_integer(out, (int64_t)customer->orders);
    (void)mr_buffer_append(out, "}", 1);
    return !out->overflowed;
}

/* Where a page ended: "id 14911" or "name 14911". */
static mr_status read_found_after(mr_web_call *call, mr_store_found *ret_after, bool *ret_given,
                                  mr_err *err)
{
    mr_text cursor = MR_TEXT_ABSENT;
    size_t word_bytes;
    mr_status status = mr_web_query_text(call, "after", search_bytes_max, &cursor, err);

    *ret_given = status == MR_OK && cursor.data != NULL;
    if (!*ret_given) {
        return status;
    }
    ret_after->by_name = mr_text_starts_with(cursor, "name ");
    word_bytes = ret_after->by_name ? strlen("name ") : strlen("id ");
    if (!(ret_after->by_name || mr_text_starts_with(cursor, "id ")) ||
        !mr_parse_int64((mr_text){cursor.data + word_bytes, cursor.bytes - word_bytes},
                        &ret_after->customer_id)) {
        return mr_web_call_fault(call, "query", "after", "value_error",
                                 "This is no cursor of this list", err);
    }
    return MR_OK;
}

static void end_found(mr_buffer *out, const mr_store_found_page *page)
{
    char cursor[32];

    (void)mr_buffer_append(out, "]", 1);
    mr_web_json_name(out, "next");
    (void)snprintf(cursor, sizeof(cursor), "%s %lld", page->last.by_name ? "name" : "id",
                   (long long)page->last.customer_id);
    mr_web_json_text(out, page->has_next ? mr_text_of(cursor) : MR_TEXT_ABSENT);
    (void)mr_buffer_append(out, "}", 1);
}

mr_status mr_web_customers_get(mr_web_call *call, mr_err *err)
{
    mr_buffer *out = mr_web_call_out(call);
    mr_store_find find = {.search = MR_TEXT_ABSENT};
    mr_store_found after = {0};
    mr_store_found_page page;
    mr_store *store = NULL;
    int64_t limit = 0;
    bool fresh = false, given = false;
    mr_status status = mr_web_query_text(call, "q", search_bytes_max, &find.search, err);

    MR_ASSERT(mr_portal_own_id(call) == NULL); /* the table of routes keeps customers out */
    if (status == MR_OK) {
        status =
            mr_web_query_integer(call, "limit", 1, mr_store_found_customers_max, 50, &limit, err);
    }
    if (status == MR_OK) {
        status = read_found_after(call, &after, &given, err);
    }
    if (status == MR_OK) {
        status = mr_portal_begin(call, &store, &fresh, NULL, err);
    }
    if (status != MR_OK || fresh) {
        return status;
    }
    find.limit = (size_t)limit;
    find.after = given ? &after : NULL;
    (void)mr_buffer_append_string(out, "{\"items\":[");
    status = mr_store_find_customers(store, &find, &page, write_found, out, err);
    if (status == MR_OK) {
        end_found(out, &page);
    }
    return status;
}

/* --- GET /api/v1/customers/{customer_id} ------------------------------------------------------ */

static void write_age(mr_buffer *out, const mr_portal_age *age)
{
    mr_web_json_name(out, "as_of");
    (void)mr_buffer_append(out, "{", 1);
    mr_web_json_name(out, "at");
    mr_web_json_instant(out, age->change.at_ms);
    mr_web_json_name(out, "lag");
    if (age->lag_known) {
        mr_web_json_integer(out, (int64_t)age->lag);
    } else {
        mr_web_json_text(out, MR_TEXT_ABSENT);
    }
    (void)mr_buffer_append(out, "}", 1);
}

static void write_customer(mr_buffer *out, const mr_store_customer *customer,
                           const mr_portal_age *age)
{
    bool any = customer->orders + customer->cancellations > 0;

    (void)mr_buffer_append(out, "{", 1);
    mr_web_json_name(out, "customer_id");
    mr_web_json_integer(out, customer->customer_id);
    mr_web_json_name(out, "name");
    mr_web_json_text(out, customer->name[0] == '\0' ? MR_TEXT_ABSENT : mr_text_of(customer->name));
    mr_web_json_name(out, "country");
    mr_web_json_text(out, mr_text_of(customer->country));
    mr_web_json_name(out, "spent");
    mr_web_json_amount(out, customer->spent);
    mr_web_json_name(out, "returned");
    mr_web_json_amount(out, customer->returned);
    mr_web_json_name(out, "net");
    mr_web_json_amount(out, mr_amount_add(customer->spent, customer->returned));
    mr_web_json_name(out, "orders");
    mr_web_json_integer(out, (int64_t)customer->orders);
    mr_web_json_name(out, "returns");
    mr_web_json_integer(out, (int64_t)customer->cancellations);
    mr_web_json_name(out, "lines");
    mr_web_json_integer(out, (int64_t)customer->lines);
    mr_web_json_name(out, "first_order");
    if (any) {
        mr_web_json_civil(out, customer->first_order);
    } else {
        mr_web_json_text(out, MR_TEXT_ABSENT);
    }
    mr_web_json_name(out, "last_order");
    if (any) {
        mr_web_json_civil(out, customer->last_order);
    } else {
        mr_web_json_text(out, MR_TEXT_ABSENT);
    }
    write_age(out, age);
    (void)mr_buffer_append(out, "}", 1);
}

mr_status mr_web_customer_get(mr_web_call *call, mr_err *err)
{
    mr_store_customer customer;
    mr_portal_age age;
    mr_store *store = NULL;
    int64_t customer_id = 0;
    bool fresh = false;
    mr_status status = mr_portal_customer(call, &customer_id, err);

    if (status == MR_OK) {
        status = mr_portal_begin(call, &store, &fresh, &age, err);
    }
    if (status != MR_OK || fresh) {
        return status;
    }
    status = mr_store_read_customer(store, customer_id, &customer, err);
    if (status == MR_OK) {
        write_customer(mr_web_call_out(call), &customer, &age);
    }
    return status;
}

/* --- GET /api/v1/customers/{customer_id}/months ----------------------------------------------- */

static mr_civil first_of(const mr_store_month *month)
{
    mr_civil date;
    bool exists = mr_civil_make(
        (mr_civil_parts){.year = month->year, .month = month->month, .day = 1}, &date);

    MR_ASSERT(exists);
    return date;
}

static bool write_month(void *ctx, const mr_store_month *month)
{
    mr_buffer *out = ctx;

    mr_web_json_next(out);
    (void)mr_buffer_append(out, "{", 1);
    mr_web_json_name(out, "month");
    mr_web_json_month(out, first_of(month));
    mr_web_json_name(out, "spent");
    mr_web_json_amount(out, month->spent);
    mr_web_json_name(out, "returned");
    mr_web_json_amount(out, month->returned);
    mr_web_json_name(out, "orders");
    mr_web_json_integer(out, (int64_t)month->orders);
    mr_web_json_name(out, "returns");
    mr_web_json_integer(out, (int64_t)month->cancellations);
    (void)mr_buffer_append(out, "}", 1);
    return !out->overflowed;
}

static bool write_month_row(void *ctx, const mr_store_month *month)
{
    mr_buffer *out = ctx;

    (void)mr_buffer_printf(out, "%04d-%02d", (int)month->year, (int)month->month);
    mr_web_csv_amount(out, month->spent);
    mr_web_csv_amount(out, month->returned);
    mr_web_csv_integer(out, (int64_t)month->orders);
    mr_web_csv_integer(out, (int64_t)month->cancellations);
    mr_web_csv_end(out);
    return !out->overflowed;
}

static void name_file(char ret_name[static file_name_bytes_max], const char *what,
                      int64_t customer_id)
{
    (void)snprintf(ret_name, file_name_bytes_max, "%s-%lld.csv", what, (long long)customer_id);
}

/* One that is not there has no list, not an empty one. */
static mr_status check_customer(mr_store *store, int64_t customer_id, mr_err *err)
{
    mr_store_customer customer;

    return mr_store_read_customer(store, customer_id, &customer, err);
}

static mr_status answer_months(mr_web_call *call, mr_store *store, int64_t customer_id, bool csv,
                               mr_err *err)
{
    mr_buffer *out = mr_web_call_out(call);
    char name[file_name_bytes_max];
    mr_status status = MR_OK;

    if (!csv) {
        (void)mr_buffer_append_string(out, "{\"items\":[");
        status = mr_store_read_months(store, customer_id, write_month, out, err);
        (void)mr_buffer_append_string(out, "]}");
        return status;
    }
    name_file(name, "months", customer_id);
    status = mr_web_call_stream(call, "text/csv; charset=utf-8", name, err);
    if (status == MR_OK) {
        (void)mr_buffer_append_string(out, "month,spent,returned,orders,returns\r\n");
        status = mr_store_read_months(store, customer_id, write_month_row, out, err);
    }
    return status;
}

mr_status mr_web_customer_months_get(mr_web_call *call, mr_err *err)
{
    mr_store *store = NULL;
    int64_t customer_id = 0;
    bool fresh = false, csv = false;
    mr_status status = mr_portal_customer(call, &customer_id, err);

    if (status == MR_OK) {
        status = mr_portal_wants_csv(call, &csv, err);
    }
    if (status == MR_OK) {
        status = mr_portal_begin(call, &store, &fresh, NULL, err);
    }
    if (status != MR_OK || fresh) {
        return status;
    }
    status = check_customer(store, customer_id, err);
    return status != MR_OK ? status : answer_months(call, store, customer_id, csv, err);
}

/* --- GET /api/v1/customers/{customer_id}/orders ----------------------------------------------- */

static bool write_order(void *ctx, const mr_store_page_order *shown)
{
    const mr_store_order *order = &shown->order;
    mr_buffer *out = ctx;
    size_t index;

    mr_web_json_next(out);
    (void)mr_buffer_append(out, "{", 1);
    mr_web_json_name(out, "invoice_no");
    mr_web_json_text(out, order->invoice_no);
    mr_web_json_name(out, "invoice_date");
    mr_web_json_civil(out, order->invoice_date);
    mr_web_json_name(out, "cancelled");
    mr_web_json_flag(out, order->cancelled);
    mr_web_json_name(out, "lines");
    mr_web_json_integer(out, (int64_t)order->lines);
    mr_web_json_name(out, "items");
    mr_web_json_integer(out, order->items);
    mr_web_json_name(out, "amount");
    mr_web_json_amount(out, order->amount);
    mr_web_json_name(out, "products");
    (void)mr_buffer_append(out, "[", 1);
    for (index = 0; index < shown->product_count; index++) {
        mr_web_json_next(out);
        mr_web_json_text(out, shown->products[index]);
    }
    (void)mr_buffer_append(out, "]", 1);
    mr_web_json_name(out, "more");
    mr_web_json_integer(out, (int64_t)shown->product_more);
    (void)mr_buffer_append(out, "}", 1);
    return !out->overflowed;
}

/* Rows of an export go out as they come. */
typedef struct export
{
    mr_web_call *call;
    mr_status status;
    mr_err *err;
    mr_buffer row;
}
export;

static bool send_row(export *to)
{
    to->status = to->row.overflowed
                     ? mr_fail(to->err, MR_LIMIT, "a row is too long")
                     : mr_web_call_write(to->call, mr_buffer_text(&to->row), to->err);
    mr_buffer_clear(&to->row);
    return to->status == MR_OK;
}

static bool export_order(void *ctx, const mr_store_page_order *shown)
{
    const mr_store_order *order = &shown->order;
    export *to = ctx;
    mr_buffer products;
    size_t index;

    mr_buffer_init(&products, products_bytes_max);
    for (index = 0; index < shown->product_count; index++) {
        (void)mr_buffer_append_string(&products, index == 0 ? "" : "; ");
        (void)mr_buffer_append_text(&products, shown->products[index]);
    }
    mr_web_csv_text(&to->row, order->invoice_no);
    mr_web_csv_civil(&to->row, order->invoice_date);
    mr_web_csv_text(&to->row, mr_text_of(order->cancelled ? "return" : "order"));
    mr_web_csv_integer(&to->row, (int64_t)order->lines);
    mr_web_csv_integer(&to->row, order->items);
    mr_web_csv_amount(&to->row, order->amount);
    mr_web_csv_text(&to->row, mr_buffer_text(&products));
    mr_web_csv_integer(&to->row, (int64_t)shown->product_more);
    mr_web_csv_end(&to->row);
    mr_buffer_free(&products);
    return send_row(to);
}

/* Reads a page of the list into the export. */
typedef mr_status (*read_page)(mr_store *store, const mr_store_page_query *query,
                               mr_store_page *ret_page, export *to, mr_err *err);

static mr_status export_all(mr_web_call *call, mr_store *store, mr_portal_page *asked,
                            const char *what, const char *head, read_page read, mr_err *err)
{
    export to = {.call = call, .err = err, .status = MR_OK};
    mr_store_page page = {.has_next = true};
    char name[file_name_bytes_max];
    mr_status status;

    name_file(name, what, asked->query.customer_id);
    status = mr_web_call_stream(call, "text/csv; charset=utf-8", name, err);
    mr_buffer_init(&to.row, 65536);
    (void)mr_buffer_append_string(&to.row, head);
    if (status == MR_OK && !send_row(&to)) {
        status = to.status;
    }
    asked->query.limit = mr_store_page_rows_max;
    asked->query.after = NULL;
    while (status == MR_OK && page.has_next) {
        status = read(store, &asked->query, &page, &to, err);
        if (status == MR_OK) {
            status = to.status;
        }
        asked->after = page.last;
        asked->query.after = &asked->after;
    }
    mr_buffer_free(&to.row);
    return status;
}

static mr_status read_order_page(mr_store *store, const mr_store_page_query *query,
                                 mr_store_page *ret_page, export *to, mr_err *err)
{
    return mr_store_read_order_page(store, query, ret_page, export_order, to, err);
}

/* What both lists ask for, up to their store. */
static mr_status begin_list(mr_web_call *call, const char *sorts, mr_portal_page *asked,
                            mr_store **ret_store, bool *ret_csv, bool *ret_fresh, mr_err *err)
{
    int64_t customer_id = 0;
    mr_status status = mr_portal_customer(call, &customer_id, err);

    if (status == MR_OK) {
        status = mr_portal_page_read(call, sorts, asked, err);
    }
    if (status == MR_OK) {
        status = mr_portal_wants_csv(call, ret_csv, err);
    }
    if (status == MR_OK) {
        status = mr_portal_begin(call, ret_store, ret_fresh, NULL, err);
    }
    if (status == MR_OK && !*ret_fresh) {
        asked->query.customer_id = customer_id;
        status = check_customer(*ret_store, customer_id, err);
    }
    return status;
}

mr_status mr_web_customer_orders_get(mr_web_call *call, mr_err *err)
{
    mr_buffer *out = mr_web_call_out(call);
    mr_portal_page asked;
    mr_store_page page;
    mr_store *store = NULL;
    size_t kind = 0;
    bool csv = false, fresh = false;
    mr_status status = mr_web_query_word(call, "kind", "all|orders|returns", 0, &kind, err);

    if (status == MR_OK) {
        status = begin_list(call, "date|amount|items|number", &asked, &store, &csv, &fresh, err);
    }
    if (status != MR_OK || fresh) {
        return status;
    }
    asked.query.orders = kind != 2;
    asked.query.cancellations = kind != 1;
    if (csv) {
        return export_all(
            call, store, &asked, "orders",
            "invoice_no,invoice_date,kind,lines,items,amount,products,more_products\r\n",
            read_order_page, err);
    }
    (void)mr_buffer_append_string(out, "{\"items\":[");
    status = mr_store_read_order_page(store, &asked.query, &page, write_order, out, err);
    if (status == MR_OK) {
        mr_portal_page_end(out, &asked, &page);
    }
    return status;
}

/* --- GET /api/v1/customers/{customer_id}/returned-items --------------------------------------- */

static bool write_item(void *ctx, const mr_store_item_row *item)
{
    mr_buffer *out = ctx;
    char event_id[33];

    mr_event_id_format(&item->line.event_id, event_id);
    mr_web_json_next(out);
    (void)mr_buffer_append(out, "{", 1);
    mr_web_json_name(out, "event_id");
    mr_web_json_text(out, mr_text_of(event_id));
    mr_web_json_name(out, "stock_code");
    mr_web_json_text(out, item->line.stock_code);
    mr_web_json_name(out, "description");
    mr_web_json_text(out, item->line.description);
    mr_web_json_name(out, "quantity");
    mr_web_json_integer(out, item->line.quantity);
    mr_web_json_name(out, "amount");
    mr_web_json_amount(out, item->line.amount);
    mr_web_json_name(out, "invoice_no");
    mr_web_json_text(out, item->invoice_no);
    mr_web_json_name(out, "invoice_date");
    mr_web_json_civil(out, item->invoice_date);
    (void)mr_buffer_append(out, "}", 1);
    return !out->overflowed;
}

static bool export_item(void *ctx, const mr_store_item_row *item)
{
    export *to = ctx;

    mr_web_csv_text(&to->row, item->line.stock_code);
    mr_web_csv_text(&to->row, item->line.description);
    mr_web_csv_integer(&to->row, item->line.quantity);
    mr_web_csv_amount(&to->row, item->line.amount);
    mr_web_csv_text(&to->row, item->invoice_no);
    mr_web_csv_civil(&to->row, item->invoice_date);
    mr_web_csv_end(&to->row);
    return send_row(to);
}

static mr_status read_item_page(mr_store *store, const mr_store_page_query *query,
                                mr_store_page *ret_page, export *to, mr_err *err)
{
    return mr_store_read_item_page(store, query, ret_page, export_item, to, err);
}

mr_status mr_web_customer_items_get(mr_web_call *call, mr_err *err)
{
    mr_buffer *out = mr_web_call_out(call);
    mr_portal_page asked;
    mr_store_page page;
    mr_store *store = NULL;
    bool csv = false, fresh = false;
    mr_status status =
        begin_list(call, "date|amount|quantity|number", &asked, &store, &csv, &fresh, err);

    if (status != MR_OK || fresh) {
        return status;
    }
    asked.query.cancellations = true;
    if (csv) {
        return export_all(call, store, &asked, "returned-items",
                          "stock_code,description,quantity,amount,invoice_no,invoice_date\r\n",
                          read_item_page, err);
    }
    (void)mr_buffer_append_string(out, "{\"items\":[");
    status = mr_store_read_item_page(store, &asked.query, &page, write_item, out, err);
    if (status == MR_OK) {
        mr_portal_page_end(out, &asked, &page);
    }
    return status;
}
