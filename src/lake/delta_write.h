/* SPDX-License-Identifier: Apache-2.0 */
/* lake/delta_write.h - what the files that write tables share. Private to the room. */
#ifndef MR_LAKE_DELTA_WRITE_H
#define MR_LAKE_DELTA_WRITE_H

#include "lake/delta_log.h"
#include "lake/delta_sql.h"

enum {
    mr_delta_sql_bytes_max = 256 << 20,
    mr_delta_stats_columns_max = 32, /* others look at no more either */
    mr_delta_stats_text_length_max = 32,
};

#define MR_DELTA_FILE_BYTES_TARGET UINT64_C(134217728)

/* A file that the engine has written, on its way to the table. */
typedef struct mr_delta_written {
    char *path;           /* as the engine has it */
    const char *relative; /* behind the folder it was told to write into */
    int64_t rows;
    char *stats, *sum; /* malloc'd */
} mr_delta_written;

typedef struct mr_delta_written_list {
    mr_delta_written *items;
    size_t count, capacity;
} mr_delta_written_list;

/* delta_stats.c: the exact sum of "price", or of the product "quantity*price", as SQL. */
void mr_delta_put_sum(const char *column, mr_buffer *sql);

/* delta_stats.c: fills in stats, and for a write with a sum_column the sums not known yet. */
mr_status mr_delta_stats_read(mr_olap_connection *connection, const mr_delta_write *write,
                              mr_delta_written_list *list, mr_err *err);

/* Likewise, of one file, from what its writer says of its footer. malloc'd. */
char *mr_delta_stats_tell(const mr_delta_write *write, const mr_delta_foreign *file);

/* "millrace.schema" of files with these columns: such files need no look at theirs. */
enum { mr_delta_schema_tag_bytes = 17 };
void mr_delta_schema_tag(const mr_delta_schema *schema, char tag[static mr_delta_schema_tag_bytes]);

/* The value of "millrace.<key>" in a file's tags, into out. false: it is not there. */
bool mr_delta_tag(const mr_delta_file *file, const char *key, mr_buffer *out);

#endif
