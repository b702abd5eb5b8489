/* SPDX-License-Identifier: Apache-2.0 */
/* cli/convert_stream.h - a CSV file as a stream of events: open finds out what the file is (one
 * pass over all of it), next converts line by line (a second pass). Memory is flat.
 */
#ifndef MR_CLI_CONVERT_STREAM_H
#define MR_CLI_CONVERT_STREAM_H

#include "event/csv_profile.h"
#include "event/event.h"

typedef struct mr_convert_stream mr_convert_stream;

typedef struct mr_convert_options {
    const char *path; /* "-" is standard input */
    mr_text head;     /* bytes of standard input that the caller has read; may be absent */
    mr_csv_date_order
        order;             /* MR_CSV_ORDER_DMY or _MDY by the user's word; else as the file says */
    bool event_ids;        /* lines without an EventID get one: their line number */
    bool synthesize_names; /* customers without a name get one made from their id */
} mr_convert_options;

typedef struct mr_convert_line {
    mr_event event;  /* not identified (mr_event_identify); borrowed until the next call */
    mr_text reason;  /* why the line was rejected; borrowed likewise */
    mr_text raw;     /* the line as it stands in the file */
    uint64_t number; /* of the line in the file, from 1 */
} mr_convert_line;

/* Strings of options are borrowed for the stream's life. */
mr_status mr_convert_open(const mr_convert_options *options, mr_convert_stream **ret_stream,
                          mr_err *err);
void mr_convert_close(mr_convert_stream *stream); /* NULL is fine */

const mr_csv_profile *mr_convert_profile(const mr_convert_stream *stream);

/* "delimiter comma, encoding UTF-8, dates d/m/yyyy HH:MM, 541,910 lines" */
void mr_convert_describe(const mr_convert_stream *stream, mr_buffer *out);
/* The same for programs: {"delimiter":"comma","encoding":"UTF-8","dates":"d/m/yyyy HH:MM",...} */
void mr_convert_describe_json(const mr_convert_stream *stream, mr_buffer *out);

/* "dmy", "mdy", or NULL: as the file says. false: none of these. */
bool mr_convert_order_parse(const char *text, mr_csv_date_order *ret_order);

/* MR_INVALID: the file leaves open which number of its dates is the month, and options did not say;
 * the message names --date-order. Without this check mr_convert_next reads such dates day first. */
mr_status mr_convert_check_order(const mr_convert_stream *stream, mr_err *err);

/* MR_OK: event and number are set. MR_INVALID: the line is no event; reason, raw and number are
 * set; go on. MR_NOT_FOUND: the end. Others: reading failed. */
mr_status mr_convert_next(mr_convert_stream *stream, mr_convert_line *ret_line, mr_err *err);

#endif
