/* SPDX-License-Identifier: Apache-2.0 */
/* event/csv.h - a streaming CSV reader (RFC 4180, any one-byte delimiter) over chunks of any size.
 *
 * Memory is one record: at most csv_record_bytes_max. A record that breaks the rules (a quote that
 * never ends, too many fields, too long) is reported with its line number and skipped.
 */
#ifndef MR_EVENT_CSV_H
#define MR_EVENT_CSV_H

#include "base/memory.h"
#include "base/status.h"

enum { mr_csv_fields_max = 256, mr_csv_record_bytes_max = 1048576 };

typedef struct mr_csv_reader mr_csv_reader;

/* Fills buffer; *ret_bytes = 0 is the end. Called on the reader's thread. */
typedef mr_status (*mr_csv_read_fn)(void *ctx, char *buffer, size_t capacity, size_t *ret_bytes,
                                    mr_err *err);

typedef struct mr_csv_options {
    char delimiter;    /* ',' ';' '\t' '|' */
    bool windows_1252; /* decode to UTF-8 while reading; else bytes pass as they are */
    mr_csv_read_fn read;
    void *ctx;
} mr_csv_options;

typedef struct mr_csv_record {
    const mr_text *fields; /* unquoted; borrowed until the next call */
    size_t count;
    uint64_t line; /* of the record's first character, from 1 */
    mr_text raw;   /* the record as read, without its line break, for a rejects file */
} mr_csv_record;

mr_csv_reader *mr_csv_reader_create(const mr_csv_options *options);
void mr_csv_reader_destroy(mr_csv_reader *reader);

/* MR_OK: a record. MR_INVALID: a broken one (err says why, record->line and raw are set); go on.
 * MR_NOT_FOUND: the end. Others: reading failed. A leading UTF-8 BOM and blank lines are skipped.
 */
mr_status mr_csv_next(mr_csv_reader *reader, mr_csv_record *ret_record, mr_err *err);

#endif
