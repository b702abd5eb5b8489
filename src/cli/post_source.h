/* SPDX-License-Identifier: Apache-2.0 */
/* cli/post_source.h - the lines to post, piece by piece: from NDJSON as it stands, or from CSV by
 * way of the converter. Memory is one piece and one chunk, whatever the size of the input.
 */
#ifndef MR_CLI_POST_SOURCE_H
#define MR_CLI_POST_SOURCE_H

#include "base/memory.h"
#include "cli/convert_stream.h"

enum {
    mr_post_lines_max = 100000,        /* of a piece */
    mr_post_piece_bytes_max = 8388608, /* a piece ends before it is larger */
    mr_post_line_bytes_max = 1048576,  /* a longer line is refused here: no gateway takes it */
};

/* Whole lines, and what the source itself refused among them. */
typedef struct mr_post_piece {
    mr_buffer lines;
    uint32_t count;      /* lines in it, blank ones too */
    uint64_t *numbers;   /* from CSV: where in the file each stands; NULL: one after the other */
    uint64_t first_line; /* of the file, from 1 */
    uint64_t end_offset; /* all before this byte of the NDJSON is in this piece or an earlier one */
    uint64_t end_line;   /* the line of the file behind the piece */
    mr_buffer rejects;   /* formatted by mr_convert_rejects_format */
    uint32_t rejected;
} mr_post_piece;

void mr_post_piece_init(mr_post_piece *piece);
void mr_post_piece_free(mr_post_piece *piece);
/* The file's line number of the index-th line of the piece. */
uint64_t mr_post_piece_line(const mr_post_piece *piece, uint32_t index);

typedef struct mr_post_source mr_post_source;

typedef struct mr_post_source_options {
    mr_convert_options
        convert;        /* path is the file to post, "-" standard input; the rest is for CSV */
    uint32_t lines_max; /* of a piece; 1: single events, without blank lines */
} mr_post_source_options;

/* Reads the first bytes to tell NDJSON from CSV; of CSV, everything once. Strings are borrowed. */
mr_status mr_post_source_open(const mr_post_source_options *options, mr_post_source **ret_source,
                              mr_err *err);
void mr_post_source_close(mr_post_source *source); /* NULL is fine */

/* Starts behind what an earlier run got acknowledged. Call before the first next; only for files.
 */
mr_status mr_post_source_skip(mr_post_source *source, uint64_t offset, uint64_t line, mr_err *err);

/* Swaps the next lines into piece, whose former content is lost. MR_UNAVAILABLE: no more for now,
 * wait for mr_post_source_fd (with hurry, a few lines are given rather than waiting for more).
 * MR_NOT_FOUND: the end. */
mr_status mr_post_source_next(mr_post_source *source, bool hurry, mr_post_piece *piece,
                              mr_err *err);

int mr_post_source_fd(const mr_post_source *source); /* -1: never has to be waited for */

/* NULL for NDJSON. */
const mr_convert_stream *mr_post_source_csv(const mr_post_source *source);
bool mr_post_source_is_file(const mr_post_source *source); /* a regular one: it can be resumed */

/* For progress: bytes of NDJSON, or lines of CSV; total 0 when unknown. */
uint64_t mr_post_source_total(const mr_post_source *source);

#endif
