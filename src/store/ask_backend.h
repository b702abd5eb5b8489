/* SPDX-License-Identifier: Apache-2.0 */
/* store/ask_backend.h - a kind of store that can be asked in SQL; see store_ask.h. For store_ask.c
 * alone. */
#ifndef MR_STORE_ASK_BACKEND_H
#define MR_STORE_ASK_BACKEND_H

#include "store/store_ask.h"

typedef struct mr_ask_backend {
    /* Required. asked->sql is not too long, and holds no NUL. */
    mr_status (*ask)(const mr_store_options *options, const mr_store_asked *asked, mr_err *err);
    /* Required. */
    mr_status (*schema)(const mr_store_options *options, const mr_store_asked *asked, mr_err *err);
} mr_ask_backend;

extern const mr_ask_backend mr_ask_sqlite, mr_ask_postgres;

#endif
