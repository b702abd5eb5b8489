/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz/sql_travel_fuzz.c - any bytes as SQL: taken apart, split into statements, rewritten.
 *
 * Tokens must lie in order within the text, statements must cover every token that is no ';', and
 * a query without time travel must stay as it is; one with it has none left when it is rewritten.
 */
#include <stdlib.h>

#include "olap/olap_token.h"
#include "query/sql_travel.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static size_t count_tokens(mr_text sql, bool semicolons)
{
    size_t count = 0, at = 0;

    for (;;) {
        const size_t before = at;
        const mr_token token = mr_token_next(sql, &at);

        MR_ASSERT(at <= sql.bytes && token.text.data + token.text.bytes == sql.data + at);
        if (token.kind == MR_TOKEN_END) {
            MR_ASSERT(token.text.bytes == 0 && at == sql.bytes);
            return count;
        }
        MR_ASSERT(at > before && token.text.bytes > 0 && token.text.data >= sql.data + before);
        count += semicolons || !mr_token_is_symbol(token, ';') ? 1 : 0;
    }
}

static void split(mr_text sql)
{
    const size_t expected = count_tokens(sql, false);
    mr_text rest = sql;
    bool closed = true;
    size_t count = 0;

    while (closed) {
        const mr_text statement = mr_sql_split(rest, &rest, &closed);

        count += count_tokens(statement, true);
    }
    MR_ASSERT(count == expected && rest.bytes == 0);
}

static void rewrite(mr_text sql)
{
    mr_sql_travels *travels = mr_alloc_zero(1, sizeof *travels);
    mr_buffer once, twice;
    mr_err err;

    mr_buffer_init(&once, mr_sql_bytes_max);
    mr_buffer_init(&twice, mr_sql_bytes_max);
    const mr_status status = mr_sql_travel_rewrite(sql, travels, &once, &err);
    if (status != MR_OK) {
        MR_ASSERT(status == MR_INVALID || status == MR_LIMIT);
    } else if (travels->count == 0) {
        MR_ASSERT(mr_text_equal(mr_buffer_text(&once), (mr_text){sql.data, sql.bytes}) ||
                  sql.bytes == 0);
    } else {
        for (size_t index = 0; index < travels->count; index++) {
            const mr_sql_travel *travel = &travels->travels[index];
            MR_ASSERT(strchr(travel->schema, '@') != NULL);
            MR_ASSERT(!travel->by_version || travel->version >= 0);
        }
        MR_ASSERT(mr_sql_travel_rewrite(mr_buffer_text(&once), travels, &twice, &err) != MR_LIMIT);
    }
    mr_buffer_free(&once);
    mr_buffer_free(&twice);
    free(travels);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    const mr_text sql = {(const char *)data, bytes};
    char name[16];
    size_t at = 0;
    const mr_token first = mr_token_next(sql, &at);

    MR_ASSERT(mr_token_unquote(first, name, sizeof name) < sizeof name);
    (void)count_tokens(sql, true);
    split(sql);
    rewrite(sql);
    return 0;
}
