/* SPDX-License-Identifier: Apache-2.0 */
/* web/portal.c - what the routes on customers and invoices share.
 *
 * Owns:       a worker's handles of the log and the lake.
 * Called by:  routes_customers.c, routes_invoice.c, documents.c, in a worker's thread.
 * Invariants: (1) a customer's queries name the customer's own id;
 *             (2) a cursor names the sort it belongs to, and is refused for another.
 * Not here:   queries (store/store_portal.h), what an answer looks like.
 */
#include "web/portal.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/civil.h"
#include "base/hash.h"
#include "base/version.h"
#include "web/json.h"

enum {
    search_bytes_max = 200,
    cursor_bytes_max = 800,
    lag_keep_us = 500000,
    day_seconds = 86400,
    version_bytes_max = 128,
};

/* --- A worker's own --------------------------------------------------------------------------- */

static void destroy_worker(void *value)
{
    mr_portal_worker *worker = value;

    mr_blobs_close(worker->blobs);
    mr_bus_close(worker->bus);
    free(worker);
}

mr_portal_worker *mr_portal_worker_of(mr_web_call *call)
{
    mr_portal_worker *worker = mr_web_call_slot(call, MR_WEB_SLOT_DOCUMENTS);

    if (worker == NULL) {
        worker = mr_alloc_zero(1, sizeof(*worker));
        mr_web_call_set_slot(call, MR_WEB_SLOT_DOCUMENTS, worker, destroy_worker);
    }
    return worker;
}

mr_status mr_portal_blobs(mr_web_call *call, mr_blobs **ret_blobs, mr_err *err)
{
    mr_portal_worker *worker = mr_portal_worker_of(call);
    mr_status status = MR_OK;

    if (worker->blobs == NULL) {
        status = mr_blobs_open(&mr_web_call_options(call)->lake, &worker->blobs, err);
    }
    if (status == MR_OK) {
        *ret_blobs = worker->blobs;
    }
    return status;
}

mr_status mr_portal_bus(mr_web_call *call, mr_bus **ret_bus, mr_err *err)
{
    mr_portal_worker *worker = mr_portal_worker_of(call);
    mr_status status = MR_OK;

    if (worker->bus == NULL) {
        status = mr_bus_open(&mr_web_call_options(call)->bus, &worker->bus, err);
    }
    if (status == MR_OK) {
        *ret_bus = worker->bus;
    }
    return status;
}

/* --- Whose data ------------------------------------------------------------------------------- */

const int64_t *mr_portal_own_id(const mr_web_call *call)
{
    const mr_user *user = mr_web_call_user(call);

    MR_ASSERT(user != NULL);
    return user->role == MR_USER_CUSTOMER ? &user->customer_id : NULL;
}

mr_status mr_portal_customer(mr_web_call *call, int64_t *ret_customer_id, mr_err *err)
{
    const int64_t *own_id = mr_portal_own_id(call);
    int64_t asked = 0;
    mr_status status =
        mr_web_call_path_integer(call, 0, "customer_id", INT64_MIN, INT64_MAX, &asked, err);

    if (status == MR_OK) {
        status = mr_web_call_may_see(call, asked, err);
    }
    if (status == MR_OK) {
        *ret_customer_id = own_id != NULL ? *own_id : asked;
    }
    return status;
}

/* --- How new ---------------------------------------------------------------------------------- */

static bool add_partition(void *ctx, const mr_bus_topic_info *info)
{
    *(uint64_t *)ctx += (uint64_t)info->next_offset;
    return true;
}

/* Brokers are not asked at every request. A log that cannot be read leaves the lag unknown: the
 * customer's figures are the store's. */
static void read_log(mr_web_call *call, mr_portal_worker *worker)
{
    mr_bus *bus = NULL;
    uint64_t events = 0;

    if (worker->log_seen_us != 0 && mr_monotonic_us() - worker->log_seen_us < lag_keep_us) {
        return;
    }
    worker->log_known = mr_portal_bus(call, &bus, NULL) == MR_OK &&
                        mr_bus_topic_partitions(bus, mr_web_call_options(call)->topic_ingestion,
                                                add_partition, &events, NULL) == MR_OK;
    worker->log_events = events;
    worker->log_seen_us = mr_monotonic_us();
}

static mr_status read_age(mr_web_call *call, mr_store *store, bool with_lag, mr_portal_age *ret_age,
                          mr_err *err)
{
    mr_portal_worker *worker = mr_portal_worker_of(call);
    mr_portal_age age = {.lag_known = false};
    mr_status status;

    if (with_lag) {
        read_log(call, worker); /* first: the store then has at least taken what it had */
    }
    status = mr_store_read_change(store, &age.change, err);
    if (status != MR_OK) {
        return status;
    }
    age.lag_known = with_lag && worker->log_known;
    if (age.lag_known && worker->log_events > age.change.events) {
        age.lag = worker->log_events - age.change.events;
    }
    *ret_age = age;
    return MR_OK;
}

mr_status mr_portal_begin(mr_web_call *call, mr_store **ret_store, bool *ret_fresh,
                          mr_portal_age *ret_age, mr_err *err)
{
    const mr_user *user = mr_web_call_user(call);
    char seen_by[version_bytes_max], version[version_bytes_max];
    mr_portal_age age;
    mr_store *store = NULL;
    mr_status status = mr_web_call_store(call, &store, err);

    if (status == MR_OK) {
        status = read_age(call, store, ret_age != NULL, &age, err);
    }
    if (status != MR_OK) {
        return status;
    }
    (void)snprintf(seen_by, sizeof(seen_by), "%s/%d/%lld/%s", mr_version(), (int)user->role,
                   (long long)user->customer_id, mr_web_call_options(call)->shop);
    (void)snprintf(version, sizeof(version), "store-%016llx-%llu-%08llx",
                   (unsigned long long)age.change.version, (unsigned long long)age.lag,
                   (unsigned long long)mr_hash64(seen_by, strlen(seen_by)) & 0xffffffffULL);
    *ret_fresh = mr_web_call_known(call, version);
    *ret_store = store;
    if (ret_age != NULL) {
        *ret_age = age;
    }
    return MR_OK;
}

mr_status mr_portal_wants_csv(mr_web_call *call, bool *ret_csv, mr_err *err)
{
    size_t format = 0;
    mr_status status = mr_web_query_word(call, "format", "json|csv", 0, &format, err);

    if (status == MR_OK) {
        *ret_csv = format == 1;
    }
    return status;
}

/* --- Pages ------------------------------------------------------------------------------------ */

/* Sort, direction, rank, event_id and invoice number, as hex: nobody is to read it. */
static void write_cursor(mr_buffer *out, const mr_portal_page *asked, const mr_store_mark *mark)
{
    char rank[mr_amount_text_bytes_max], event_id[2 * sizeof(mark->event_id.bytes) + 1];
    char text[cursor_bytes_max / 2], hex[cursor_bytes_max + 1];
    int bytes;

    mr_amount_format((mr_amount){mark->rank}, 4, rank);
    mr_hex_encode(mark->event_id.bytes, sizeof(mark->event_id.bytes), event_id);
    bytes = snprintf(text, sizeof(text), "%d%d %s %s %s", (int)asked->query.sort,
                     asked->query.ascending, rank, event_id, mark->invoice_no);
    MR_ASSERT(bytes > 0 && (size_t)bytes < sizeof(text));
    mr_hex_encode(text, (size_t)bytes, hex);
    mr_web_json_text(out, mr_text_of(hex));
}

static mr_text take_word(mr_text *text)
{
    const char *end = memchr(text->data, ' ', text->bytes);
    mr_text word = {text->data, end == NULL ? text->bytes : (size_t)(end - text->data)};
    size_t taken = end == NULL ? text->bytes : word.bytes + 1;

    *text = (mr_text){text->data + taken, text->bytes - taken};
    return word;
}

static bool parse_cursor(mr_text hex, const mr_portal_page *asked, mr_store_mark *ret_mark)
{
    char text[cursor_bytes_max / 2], order[3];
    mr_text rest = {text, hex.bytes / 2}, word;
    mr_store_mark mark = {.rank = 0};
    mr_amount rank;

    if (hex.bytes % 2 != 0 || rest.bytes > sizeof(text) || !mr_hex_decode(hex, text, rest.bytes)) {
        return false;
    }
    (void)snprintf(order, sizeof(order), "%d%d", (int)asked->query.sort, asked->query.ascending);
    if (!mr_text_equal(take_word(&rest), mr_text_of(order)) ||
        !mr_amount_parse(take_word(&rest), &rank)) {
        return false;
    }
    word = take_word(&rest);
    if (word.bytes != 2 * sizeof(mark.event_id.bytes) ||
        !mr_hex_decode(word, mark.event_id.bytes, sizeof(mark.event_id.bytes)) ||
        rest.bytes >= sizeof(mark.invoice_no) || memchr(rest.data, '\0', rest.bytes) != NULL) {
        return false;
    }
    mark.rank = rank.scaled;
    memcpy(mark.invoice_no, rest.data, rest.bytes);
    *ret_mark = mark;
    return true;
}

static mr_status read_order(mr_web_call *call, const char *sorts, mr_store_page_query *query,
                            mr_err *err)
{
    size_t sort = 0, direction = 0;
    mr_status status = mr_web_query_word(call, "sort", sorts, 0, &sort, err);

    if (status == MR_OK) {
        status = mr_web_query_word(call, "direction", "desc|asc", 0, &direction, err);
    }
    query->sort = (mr_store_sort)sort;
    query->ascending = direction == 1;
    return status;
}

/* Days count whole: the last one up to its end. */
static mr_status read_filter(mr_web_call *call, mr_store_page_query *query, mr_err *err)
{
    mr_status status = mr_web_query_text(call, "q", search_bytes_max, &query->search, err);

    if (status == MR_OK) {
        status = mr_web_query_day(call, "from", &query->has_from, &query->from, err);
    }
    if (status == MR_OK) {
        status = mr_web_query_day(call, "to", &query->has_to, &query->to, err);
    }
    query->to.seconds += day_seconds;
    return status;
}

mr_status mr_portal_page_read(mr_web_call *call, const char *sorts, mr_portal_page *ret_page,
                              mr_err *err)
{
    mr_text cursor = MR_TEXT_ABSENT;
    int64_t limit = 0;
    mr_status status;

    *ret_page = (mr_portal_page){.query = {.limit = 1}};
    status = read_order(call, sorts, &ret_page->query, err);
    if (status == MR_OK) {
        status = read_filter(call, &ret_page->query, err);
    }
    if (status == MR_OK) {
        status = mr_web_query_integer(call, "limit", 1, 200, 50, &limit, err);
    }
    if (status == MR_OK) {
        status = mr_web_query_text(call, "after", cursor_bytes_max, &cursor, err);
    }
    if (status != MR_OK) {
        return status;
    }
    ret_page->query.limit = (size_t)limit;
    if (cursor.data != NULL) {
        if (!parse_cursor(cursor, ret_page, &ret_page->after)) {
            return mr_web_call_fault(call, "query", "after", "value_error",
                                     "This is no cursor of this list in this order", err);
        }
        ret_page->query.after = &ret_page->after;
    }
    return MR_OK;
}

void mr_portal_page_end(mr_buffer *out, const mr_portal_page *asked, const mr_store_page *page)
{
    (void)mr_buffer_append_string(out, "]");
    mr_web_json_name(out, "total");
    mr_web_json_integer(out, (int64_t)page->total);
    mr_web_json_name(out, "sum");
    mr_web_json_amount(out, page->sum);
    mr_web_json_name(out, "next");
    if (page->has_next) {
        write_cursor(out, asked, &page->last);
    } else {
        mr_web_json_text(out, MR_TEXT_ABSENT);
    }
    (void)mr_buffer_append_string(out, "}");
}
