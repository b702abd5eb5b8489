/* SPDX-License-Identifier: Apache-2.0 */
/* event/csv_profile.h - what a CSV file is, found out from every byte of it, guessing nothing.
 *
 * Delimiter and columns come from the header line, the encoding from whether all bytes are UTF-8,
 * the order of day and month from dates that exist in one order only, the decimal sign from prices
 * that can be read in one way only. What the file leaves open stays open: the caller asks a person.
 */
#ifndef MR_EVENT_CSV_PROFILE_H
#define MR_EVENT_CSV_PROFILE_H

#include "event/csv.h"
#include "event/csv_date.h"
#include "event/event.h"

enum { mr_csv_head_bytes_max = 65536, mr_csv_dates_text_bytes_max = 96 };

typedef enum mr_csv_encoding {
    MR_CSV_UTF8,
    MR_CSV_UTF8_BOM,
    MR_CSV_WINDOWS_1252, /* a byte somewhere is not UTF-8 */
} mr_csv_encoding;

/* Where the contract's fields stand: column index, or -1. */
typedef struct mr_csv_columns {
    int32_t of_field[MR_FIELD_COUNT];
    size_t count; /* all columns, known and unknown */
} mr_csv_columns;

/* The field a column is named for, whatever its case, blanks and underscores ("invoice_no",
 * "Customer ID", "Price"); MR_FIELD_COUNT when it is none. */
mr_event_field mr_csv_column_field(mr_text name);

/* MR_INVALID: a required column is missing, or two have the same name; err says which. */
mr_status mr_csv_columns_map(const mr_text *names, size_t count, mr_csv_columns *ret_columns,
                             mr_err *err);

typedef struct mr_csv_profile {
    char delimiter;
    mr_csv_encoding encoding;
    bool decimal_comma;
    mr_csv_date_order order;
    mr_csv_columns columns;
    uint64_t bytes;
    uint64_t lines;           /* line breaks, plus a last line without one */
    uint64_t records;         /* well-formed ones, without the header */
    uint64_t day_first_dates; /* fit that order only */
    uint64_t month_first_dates;
    uint64_t open_dates;     /* would mean another day in the other order */
    uint64_t day_first_line; /* of the first such date; 0 = none */
    uint64_t month_first_line;
    uint64_t open_line;
    char dates[mr_csv_dates_text_bytes_max]; /* "d/m/yyyy H:MM", the commonest form; "" = none */
} mr_csv_profile;

/* Reads to the end of the input; memory is that of the reader, whatever the size. MR_INVALID: not
 * a CSV file of events, err says why. */
mr_status mr_csv_profile_read(mr_csv_read_fn read, void *ctx, mr_csv_profile *ret_profile,
                              mr_err *err);

const char *mr_csv_delimiter_name(char delimiter);
const char *mr_csv_encoding_name(mr_csv_encoding encoding);

#endif
