/* SPDX-License-Identifier: Apache-2.0 */
/* store/store_backend.h - what an OLTP backend provides. Only store.c and the backends include it.
 *
 * A backend is one table, listed in store.c; each slot has the contract of the function of the
 * same name in store.h; all are required.
 */
#ifndef MR_STORE_STORE_BACKEND_H
#define MR_STORE_STORE_BACKEND_H

#include "store/store.h"

typedef struct mr_store_backend {
    const char *scheme; /* "sqlite"; what else a URL may begin with stands in store.c */
    mr_status (*open)(const mr_store_options *options, void **ret_state, mr_err *err);
    void (*close)(void *state);
    mr_status (*position)(void *state, const mr_store_source *source, int64_t *ret_next_offset,
                          mr_err *err);
    mr_status (*apply)(void *state, const mr_store_source *source, int64_t expected_offset,
                       int64_t next_offset, mr_store_item *items, size_t count, mr_err *err);
    mr_status (*commit)(void *state, mr_err *err);
    void (*rollback)(void *state);
    mr_status (*reposition)(void *state, const mr_store_source *source, int64_t next_offset,
                            mr_err *err);
    mr_status (*read_totals)(void *state, mr_store_totals *ret_totals, mr_err *err);
    mr_status (*read_customer)(void *state, int64_t customer_id, mr_store_customer *ret_customer,
                               mr_err *err);
    mr_status (*read_orders)(void *state, const mr_store_order_query *query,
                             bool (*visit)(void *, const mr_store_order *), void *ctx, mr_err *err);
    mr_status (*read_invoice)(void *state, mr_text invoice_no, mr_store_invoice *ret_invoice,
                              bool (*visit)(void *, const mr_store_line *), void *ctx, mr_err *err);
    mr_status (*read_receipt)(void *state, const mr_event_id *event_id,
                              mr_store_receipt *ret_receipt, mr_err *err);
    mr_status (*read_top_customers)(void *state, size_t limit,
                                    bool (*visit)(void *, const mr_store_customer *), void *ctx,
                                    mr_err *err);
    mr_status (*read_positions)(void *state,
                                bool (*visit)(void *, const mr_store_source *, int64_t), void *ctx,
                                mr_err *err);
} mr_store_backend;

extern const mr_store_backend mr_store_sqlite;
extern const mr_store_backend mr_store_postgres;

#endif
