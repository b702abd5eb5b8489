/* SPDX-License-Identifier: Apache-2.0 */
/* store/store.c - the OLTP store by URL: finds the backend, checks what callers promise.
 *
 * Owns:       the handle; its state is the backend's.
 * Called by:  the store sink (writing) and whoever answers questions, one thread a handle.
 * Invariants: every backend in the table has every slot (asserted at open).
 * Not here:   any database: store_<scheme>.c; a customer's pages: store_portal.c.
 */
#include "store/store.h"

#include <stdlib.h>

#include "base/memory.h"
#include "store/store_backend.h"

/* What a URL begins with. "service=name" is how libpq's own words begin. */
static const struct {
    const char *prefix;
    const mr_store_backend *backend;
} kinds[] = {
    {"sqlite:", &mr_store_sqlite},
    {"postgresql:", &mr_store_postgres},
    {"postgres:", &mr_store_postgres},
    {"service=", &mr_store_postgres},
};

enum { kind_count = sizeof(kinds) / sizeof(kinds[0]), mr_store_timeout_ms_default = 5000 };

static const mr_store_backend *backend_of(const char *url)
{
    size_t index;

    for (index = 0; index < kind_count; index++) {
        if (strncmp(url, kinds[index].prefix, strlen(kinds[index].prefix)) == 0) {
            return kinds[index].backend;
        }
    }
    return NULL;
}

bool mr_store_takes_several(const char *url)
{
    const mr_store_backend *backend = backend_of(url);

    return backend != NULL && backend->takes_several;
}

static void check_slots(const mr_store_backend *backend)
{
    MR_ASSERT(backend->open != NULL && backend->close != NULL);
    MR_ASSERT(backend->position != NULL && backend->reposition != NULL);
    MR_ASSERT(backend->apply != NULL && backend->commit != NULL && backend->rollback != NULL);
    MR_ASSERT(backend->read_totals != NULL && backend->read_customer != NULL);
    MR_ASSERT(backend->read_orders != NULL && backend->read_invoice != NULL);
    MR_ASSERT(backend->read_receipt != NULL && backend->read_top_customers != NULL);
    MR_ASSERT(backend->read_positions != NULL && backend->read_changed_at != NULL);
    MR_ASSERT(backend->set_limit != NULL);
    MR_ASSERT(backend->begin_snapshot != NULL && backend->end_snapshot != NULL);
    MR_ASSERT(backend->find_customers_between != NULL && backend->find_customers_named != NULL);
    MR_ASSERT(backend->read_items != NULL && backend->read_products != NULL);
    MR_ASSERT(backend->read_own_invoice != NULL && backend->read_related != NULL);
}

mr_status mr_store_open(const mr_store_options *options, mr_store **ret_store, mr_err *err)
{
    mr_store_options given = *options;
    const mr_store_backend *backend;
    mr_store *store;
    void *state = NULL;
    mr_status status;

    MR_ASSERT(options->url != NULL);
    backend = backend_of(options->url);
    if (backend == NULL) {
        /* Not the whole URL: a password may stand in it. */
        return mr_fail(err, MR_INVALID,
                       "store '%.*s': no such kind of store; use sqlite:, sqlite:/path/file.db or "
                       "postgresql://user@host/database",
                       (int)strcspn(options->url, ":"), options->url);
    }
    check_slots(backend);
    if (given.timeout_ms == 0) {
        given.timeout_ms = mr_store_timeout_ms_default;
    }
    status = backend->open(&given, &state, err);
    if (status != MR_OK) {
        return status;
    }
    store = mr_alloc_zero(1, sizeof(*store));
    store->backend = backend;
    store->state = state;
    *ret_store = store;
    return MR_OK;
}

void mr_store_close(mr_store *store)
{
    if (store != NULL) {
        store->backend->close(store->state);
        free(store);
    }
}

static void check_source(const mr_store_source *source)
{
    MR_ASSERT(source->group != NULL && source->topic != NULL && source->partition >= 0);
}

mr_status mr_store_position(mr_store *store, const mr_store_source *source,
                            int64_t *ret_next_offset, mr_err *err)
{
    check_source(source);
    return store->backend->position(store->state, source, ret_next_offset, err);
}

mr_status mr_store_apply(mr_store *store, const mr_store_source *source, int64_t expected_offset,
                         int64_t next_offset, mr_store_item *items, size_t count, mr_err *err)
{
    check_source(source);
    MR_ASSERT(expected_offset >= 0 && next_offset >= expected_offset);
    MR_ASSERT(items != NULL || count == 0);
    return store->backend->apply(store->state, source, expected_offset, next_offset, items, count,
                                 err);
}

mr_status mr_store_commit(mr_store *store, mr_err *err)
{
    return store->backend->commit(store->state, err);
}

void mr_store_rollback(mr_store *store)
{
    store->backend->rollback(store->state);
}

mr_status mr_store_reposition(mr_store *store, const mr_store_source *source, int64_t next_offset,
                              mr_err *err)
{
    check_source(source);
    MR_ASSERT(next_offset >= 0);
    return store->backend->reposition(store->state, source, next_offset, err);
}

mr_status mr_store_read_totals(mr_store *store, mr_store_totals *ret_totals, mr_err *err)
{
    return store->backend->read_totals(store->state, ret_totals, err);
}

mr_status mr_store_read_customer(mr_store *store, int64_t customer_id,
                                 mr_store_customer *ret_customer, mr_err *err)
{
    return store->backend->read_customer(store->state, customer_id, ret_customer, err);
}

mr_status mr_store_read_orders(mr_store *store, const mr_store_order_query *query,
                               bool (*visit)(void *ctx, const mr_store_order *order), void *ctx,
                               mr_err *err)
{
    MR_ASSERT(visit != NULL);
    return store->backend->read_orders(store->state, query, visit, ctx, err);
}

mr_status mr_store_read_invoice(mr_store *store, mr_text invoice_no, mr_store_invoice *ret_invoice,
                                bool (*visit)(void *ctx, const mr_store_line *line), void *ctx,
                                mr_err *err)
{
    MR_ASSERT(invoice_no.data != NULL);
    return store->backend->read_invoice(store->state, invoice_no, ret_invoice, visit, ctx, err);
}

mr_status mr_store_read_receipt(mr_store *store, const mr_event_id *event_id,
                                mr_store_receipt *ret_receipt, mr_err *err)
{
    return store->backend->read_receipt(store->state, event_id, ret_receipt, err);
}

mr_status mr_store_read_top_customers(mr_store *store, size_t limit,
                                      bool (*visit)(void *ctx, const mr_store_customer *customer),
                                      void *ctx, mr_err *err)
{
    MR_ASSERT(visit != NULL);
    return store->backend->read_top_customers(store->state, limit, visit, ctx, err);
}

mr_status mr_store_read_positions(mr_store *store,
                                  bool (*visit)(void *ctx, const mr_store_source *source,
                                                int64_t next_offset),
                                  void *ctx, mr_err *err)
{
    MR_ASSERT(visit != NULL);
    return store->backend->read_positions(store->state, visit, ctx, err);
}
