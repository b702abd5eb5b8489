/* SPDX-License-Identifier: Apache-2.0 */
/* store/store_ask.c - hands a question in SQL to the kind of store that the URL names.
 *
 * Not here:   what keeps a question from doing more than reading: ask_sqlite.c, ask_postgres.c.
 */
#include "store/store_ask.h"

#include <string.h>

#include "store/ask_backend.h"

static const mr_ask_backend *backend_of(const mr_store_options *options)
{
    static const char sqlite[] = "sqlite:";

    return strncmp(options->url, sqlite, sizeof sqlite - 1) == 0 ? &mr_ask_sqlite
                                                                 : &mr_ask_postgres;
}

mr_status mr_store_ask(const mr_store_options *options, const mr_store_asked *asked, mr_err *err)
{
    if (asked->sql.bytes > mr_store_ask_sql_bytes_max ||
        (asked->sql.bytes > 0 && memchr(asked->sql.data, '\0', asked->sql.bytes) != NULL)) {
        return mr_fail(err, MR_INVALID, "a query has %d bytes at most, and no NUL",
                       mr_store_ask_sql_bytes_max);
    }
    return backend_of(options)->ask(options, asked, err);
}

mr_status mr_store_ask_schema(const mr_store_options *options, const mr_store_asked *asked,
                              mr_err *err)
{
    return backend_of(options)->schema(options, asked, err);
}
