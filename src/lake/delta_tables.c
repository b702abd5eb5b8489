/* SPDX-License-Identifier: Apache-2.0 */
/* lake/delta_tables.c - which tables there are: every folder of the lake with a log in it.
 *
 * Costs a few looks a table, however many files it has: behind the first name of a table the search
 * goes on behind the table.
 */
#include <stdio.h>

#include "lake/delta_log.h"

typedef struct first_name {
    char name[mr_delta_name_bytes_max];
    bool found;
} first_name;

static bool take_first(void *ctx, const mr_blob *blob)
{
    first_name *first = ctx;

    first->found = true;
    (void)snprintf(first->name, sizeof first->name, "%s", blob->name);
    return false;
}

static mr_status find_first(mr_blobs *blobs, const char *prefix, const char *start,
                            first_name *first, mr_err *err)
{
    first->found = false;
    return mr_blob_list(blobs, prefix, start, take_first, first, err);
}

/* The shortest folder above name that is a table; "" where none is. */
static mr_status find_table(mr_blobs *blobs, const char *name,
                            char table[static mr_delta_name_bytes_max], mr_err *err)
{
    char log[mr_delta_name_bytes_max + 16];
    first_name entry = {.found = false};
    mr_status status = MR_OK;

    table[0] = '\0';
    for (const char *slash = strchr(name, '/'); slash != NULL && status == MR_OK && !entry.found;
         slash = strchr(slash + 1, '/')) {
        (void)snprintf(log, sizeof log, "%.*s/_delta_log/", (int)(slash - name), name);
        status = find_first(blobs, log, NULL, &entry, err);
        if (status == MR_OK && entry.found) {
            (void)snprintf(table, mr_delta_name_bytes_max, "%.*s", (int)(slash - name), name);
        }
    }
    return status;
}

mr_status mr_delta_list(mr_blobs *blobs, bool (*visit)(void *ctx, const char *path), void *ctx,
                        mr_err *err)
{
    char table[mr_delta_name_bytes_max];
    char start[mr_delta_name_bytes_max + 4] = "";
    first_name next;

    for (;;) {
        mr_status status = find_first(blobs, "", start, &next, err);
        if (status != MR_OK || !next.found) {
            return status;
        }
        status = find_table(blobs, next.name, table, err);
        if (status != MR_OK) {
            return status;
        }
        /* '0' is the byte behind '/'. */
        (void)snprintf(start, sizeof start, "%s%s", table[0] != '\0' ? table : next.name,
                       table[0] != '\0' ? "0" : "\x01");
        if (table[0] != '\0' && !visit(ctx, table)) {
            return MR_OK;
        }
    }
}
