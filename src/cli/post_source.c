/* SPDX-License-Identifier: Apache-2.0 */
/* cli/post_source.c - cuts the input into pieces of whole lines.
 *
 * Owns:       the input's descriptor or converter, and the piece in the making.
 * Called by:  cmd_post.c, post_run.c; one thread.
 * Invariants: (1) NDJSON is neither parsed nor changed, only cut behind line breaks;
 *             (2) end_offset of a piece is the same for the same file however it is cut, so that a
 *                 later run may go on from it.
 */
#include "cli/post_source.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/convert_rejects.h"
#include "event/event_json.h"

enum {
    chunk_bytes = 262144,
    shown_bytes_max = 256, /* of a line that is too long */
    piece_buffer_bytes_max = mr_post_piece_bytes_max + mr_post_line_bytes_max + chunk_bytes,
    rejects_buffer_bytes_max = 67108864,
};

struct mr_post_source {
    mr_post_source_options options;
    int fd; /* -1: CSV */
    bool is_file;
    bool ended;
    uint64_t total;
    mr_convert_stream *csv;

    char *chunk;
    size_t chunk_at;
    size_t chunk_end;

    mr_post_piece made; /* the piece in the making */
    size_t whole_bytes; /* of made.lines: up to its last line break */
    uint64_t offset;    /* of the NDJSON, behind the last whole line or reject */
    uint64_t line;      /* number of the line that comes next */
    uint64_t skipped;   /* bytes of a line that is too long, while its end is looked for; else 0 */
};

/* --- Pieces ---------------------------------------------------------------------------------- */

void mr_post_piece_init(mr_post_piece *piece)
{
    *piece = (mr_post_piece){.count = 0};
    mr_buffer_init(&piece->lines, piece_buffer_bytes_max);
    mr_buffer_init(&piece->rejects, rejects_buffer_bytes_max);
}

void mr_post_piece_free(mr_post_piece *piece)
{
    mr_buffer_free(&piece->lines);
    mr_buffer_free(&piece->rejects);
    free(piece->numbers);
    piece->numbers = NULL;
}

uint64_t mr_post_piece_line(const mr_post_piece *piece, uint32_t index)
{
    MR_ASSERT(index < piece->count);
    return piece->numbers != NULL ? piece->numbers[index] : piece->first_line + index;
}

static void start_piece(mr_post_source *source)
{
    mr_post_piece *made = &source->made;

    mr_buffer_clear(&made->lines);
    mr_buffer_clear(&made->rejects);
    made->count = 0;
    made->rejected = 0;
    made->first_line = source->line;
    source->whole_bytes = 0;
    if (source->csv != NULL && made->numbers == NULL) {
        made->numbers = mr_alloc_zero(source->options.lines_max, sizeof(*made->numbers));
    }
}

static bool is_full(const mr_post_source *source)
{
    /* Lines of a piece are numbered one after the other: a refused one ends it. */
    if (source->csv == NULL && source->made.rejected > 0 && source->skipped == 0) {
        return true;
    }
    return source->made.count >= source->options.lines_max ||
           source->whole_bytes >= mr_post_piece_bytes_max ||
           source->made.rejected >= source->options.lines_max;
}

static bool is_empty(const mr_post_source *source)
{
    return source->made.count == 0 && source->made.rejected == 0;
}

/* Hands the piece over; the beginning of a line behind its last break stays here. */
static void give_piece(mr_post_source *source, mr_post_piece *piece)
{
    mr_post_piece given = source->made;
    size_t whole = source->whole_bytes;
    size_t rest = given.lines.bytes - whole;

    given.end_offset = source->offset;
    given.end_line = source->line;
    source->made = *piece;
    start_piece(source);
    if (rest > 0) {
        (void)mr_buffer_append(&source->made.lines, given.lines.data + whole, rest);
        given.lines.bytes = whole;
    }
    *piece = given;
}

/* --- NDJSON ---------------------------------------------------------------------------------- */

static mr_status read_chunk(mr_post_source *source, mr_err *err)
{
    ssize_t got;

    do {
        got = read(source->fd, source->chunk, chunk_bytes);
    } while (got < 0 && errno == EINTR);
    if (got < 0) {
        return mr_fail_errno(err, errno, "read %s", source->options.convert.path);
    }
    source->ended = got == 0;
    source->chunk_at = 0;
    source->chunk_end = (size_t)got;
    return MR_OK;
}

static bool has_data_now(const mr_post_source *source)
{
    struct pollfd waited = {.fd = source->fd, .events = POLLIN};

    return source->is_file || poll(&waited, 1, 0) != 0;
}

static void refuse_long_line(mr_post_source *source)
{
    mr_post_piece *made = &source->made;
    mr_text shown = {made->lines.data + source->whole_bytes, shown_bytes_max};

    mr_convert_rejects_format(source->line, MR_TEXT_LITERAL("longer than a line may be (1 MiB)"),
                              shown, &made->rejects);
    made->rejected++;
    source->skipped = made->lines.bytes - source->whole_bytes;
    made->lines.bytes = source->whole_bytes;
}

/* In single mode a blank line would be a request without an event. */
static bool is_blank(const char *line, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        if (line[i] != ' ' && line[i] != '\t' && line[i] != '\r' && line[i] != '\n') {
            return false;
        }
    }
    return true;
}

/* The line break of the last byte appended is the end of a line. */
static void end_line(mr_post_source *source)
{
    mr_post_piece *made = &source->made;
    size_t bytes = made->lines.bytes - source->whole_bytes;

    source->offset += bytes;
    source->line++;
    if (source->options.lines_max == 1 && is_blank(made->lines.data + source->whole_bytes, bytes)) {
        made->lines.bytes = source->whole_bytes;
        made->first_line = source->line;
        return;
    }
    source->whole_bytes = made->lines.bytes;
    made->count++;
}

static void end_long_line(mr_post_source *source, size_t bytes)
{
    source->offset += source->skipped + bytes;
    source->skipped = 0;
    source->line++;
    if (source->made.count == 0) {
        source->made.first_line = source->line;
    }
}

/* Takes lines of the chunk until it, or the piece, has no more. After a refused line the piece
 * ends, as the lines of a piece are numbered one after the other. */
static void take_chunk(mr_post_source *source)
{
    mr_post_piece *made = &source->made;

    while (source->chunk_at < source->chunk_end && !is_full(source)) {
        const char *start = source->chunk + source->chunk_at;
        size_t left = source->chunk_end - source->chunk_at;
        const char *end = memchr(start, '\n', left);
        size_t bytes = end != NULL ? (size_t)(end - start) + 1 : left;

        if (source->skipped > 0) {
            if (end == NULL) {
                source->skipped += bytes;
            } else {
                end_long_line(source, bytes);
            }
            source->chunk_at += bytes;
            continue;
        }
        bool whole = mr_buffer_append(&made->lines, start, bytes);
        MR_ASSERT(whole); /* a piece is full long before its buffer */
        source->chunk_at += bytes;
        if (made->lines.bytes - source->whole_bytes > mr_post_line_bytes_max) {
            refuse_long_line(source);
            if (end != NULL) {
                end_long_line(source, 0);
            }
        } else if (end != NULL) {
            end_line(source);
        }
    }
}

/* A last line without a line break is a line. */
static void take_last_line(mr_post_source *source)
{
    if (source->skipped > 0) {
        end_long_line(source, 0);
    } else if (source->made.lines.bytes > source->whole_bytes) {
        end_line(source);
    }
}

static mr_status fill_from_ndjson(mr_post_source *source, bool hurry, mr_err *err)
{
    for (;;) {
        take_chunk(source);
        if (is_full(source)) {
            return MR_OK;
        }
        if (source->ended) {
            return MR_OK;
        }
        if (!has_data_now(source)) {
            return hurry && !is_empty(source) ? MR_OK : MR_UNAVAILABLE;
        }
        mr_status status = read_chunk(source, err);
        if (status != MR_OK) {
            return status;
        }
        if (source->ended) {
            take_last_line(source);
        }
    }
}

/* --- CSV ------------------------------------------------------------------------------------- */

static mr_status fill_from_csv(mr_post_source *source, mr_err *err)
{
    mr_post_piece *made = &source->made;
    mr_convert_line line;

    while (!is_full(source)) {
        mr_status status = mr_convert_next(source->csv, &line, err);
        if (status == MR_NOT_FOUND) {
            source->ended = true;
            return MR_OK;
        }
        if (status == MR_OK) {
            bool written = mr_event_write_json(&line.event, &made->lines) &&
                           mr_buffer_append(&made->lines, "\n", 1);
            MR_ASSERT(written); /* a piece is full long before its buffer */
            source->offset += made->lines.bytes - source->whole_bytes;
            source->whole_bytes = made->lines.bytes;
            made->numbers[made->count++] = line.number;
        } else if (status == MR_INVALID) {
            mr_convert_rejects_format(line.number, line.reason, line.raw, &made->rejects);
            made->rejected++;
        } else {
            return status;
        }
        source->line = line.number + 1;
    }
    return MR_OK;
}

mr_status mr_post_source_next(mr_post_source *source, bool hurry, mr_post_piece *piece, mr_err *err)
{
    mr_status status = MR_OK;

    if (!source->ended) {
        status =
            source->csv != NULL ? fill_from_csv(source, err) : fill_from_ndjson(source, hurry, err);
    } else {
        take_chunk(source);
    }
    if (status != MR_OK) {
        return status;
    }
    if (is_empty(source)) {
        return MR_NOT_FOUND;
    }
    give_piece(source, piece);
    return MR_OK;
}

static mr_status skip_csv(mr_post_source *source, uint64_t offset, uint64_t line, mr_err *err)
{
    mr_post_piece skipped;
    uint32_t lines_max = source->options.lines_max;
    mr_status status = MR_OK;

    mr_post_piece_init(&skipped);
    /* A line at a time: an earlier run may have cut elsewhere. */
    source->options.lines_max = 1;
    while (status == MR_OK && (source->offset < offset || source->line < line)) {
        status = mr_post_source_next(source, true, &skipped, err);
    }
    mr_post_piece_free(&skipped);
    free(source->made.numbers);
    source->made.numbers = NULL;
    source->options.lines_max = lines_max;
    start_piece(source);
    return status == MR_NOT_FOUND ? MR_OK : status;
}

mr_status mr_post_source_skip(mr_post_source *source, uint64_t offset, uint64_t line, mr_err *err)
{
    MR_ASSERT(source->is_file && is_empty(source));
    if (source->csv != NULL) {
        return skip_csv(source, offset, line, err);
    }
    if (lseek(source->fd, (off_t)offset, SEEK_SET) < 0) {
        return mr_fail_errno(err, errno, "seek in %s", source->options.convert.path);
    }
    source->chunk_at = 0;
    source->chunk_end = 0;
    source->ended = false;
    source->offset = offset;
    source->line = line;
    start_piece(source);
    return MR_OK;
}

/* --- Opening --------------------------------------------------------------------------------- */

typedef enum input_kind { INPUT_NDJSON, INPUT_CSV, INPUT_ARRAY } input_kind;

/* An event begins with a brace; what begins with none is a CSV header. */
static input_kind kind_of(mr_text head)
{
    head = mr_text_trim(head);
    if (head.bytes == 0 || head.data[0] == '{') {
        return INPUT_NDJSON;
    }
    return head.data[0] == '[' ? INPUT_ARRAY : INPUT_CSV;
}

/* false: the first line has neither ended nor said what it is. */
static bool tells_kind(const mr_post_source *source)
{
    mr_text head = {source->chunk, source->chunk_end};

    return source->chunk_end == chunk_bytes || mr_text_trim(head).bytes > 3;
}

static mr_status read_head(mr_post_source *source, mr_err *err)
{
    while (!tells_kind(source)) {
        ssize_t got =
            read(source->fd, source->chunk + source->chunk_end, chunk_bytes - source->chunk_end);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return mr_fail_errno(err, errno, "read %s", source->options.convert.path);
        }
        if (got == 0) {
            return MR_OK;
        }
        source->chunk_end += (size_t)got;
    }
    return MR_OK;
}

static mr_status open_csv(mr_post_source *source, mr_err *err)
{
    mr_convert_options *options = &source->options.convert;
    mr_status status;

    options->head = (mr_text){source->chunk, source->chunk_end};
    status = mr_convert_open(options, &source->csv, err);
    options->head = MR_TEXT_ABSENT;
    if (status == MR_OK) {
        status = mr_convert_check_order(source->csv, err);
    }
    if (status != MR_OK) {
        return status;
    }
    if (source->fd != STDIN_FILENO) {
        (void)close(source->fd);
    }
    source->fd = -1;
    source->chunk_at = 0;
    source->chunk_end = 0;
    source->offset = 0;
    source->total = mr_convert_profile(source->csv)->lines;
    return MR_OK;
}

static mr_status open_source(mr_post_source *source, mr_err *err)
{
    const char *path = source->options.convert.path;
    struct stat info;
    mr_status status;

    source->fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (source->fd < 0 || fstat(source->fd, &info) != 0) {
        return mr_fail_errno(err, errno, "open %s", path);
    }
    source->is_file = S_ISREG(info.st_mode) && source->fd != STDIN_FILENO;
    source->total = S_ISREG(info.st_mode) ? (uint64_t)info.st_size : 0;
    status = read_head(source, err);
    if (status != MR_OK) {
        return status;
    }
    if (mr_text_starts_with((mr_text){source->chunk, source->chunk_end}, "\xEF\xBB\xBF")) {
        source->chunk_at = 3; /* a byte order mark is no part of the first event */
        source->offset = 3;
    }
    switch (kind_of(
        (mr_text){source->chunk + source->chunk_at, source->chunk_end - source->chunk_at})) {
    case INPUT_CSV:
        return open_csv(source, err);
    case INPUT_ARRAY:
        return mr_fail(err, MR_UNSUPPORTED,
                       "%s is one JSON array: write one event a line (NDJSON), for example with "
                       "jq -c '.[]'",
                       path);
    case INPUT_NDJSON:
    default:
        return MR_OK;
    }
}

mr_status mr_post_source_open(const mr_post_source_options *options, mr_post_source **ret_source,
                              mr_err *err)
{
    mr_post_source *source = mr_alloc_zero(1, sizeof(*source));
    mr_status status;

    MR_ASSERT(options->lines_max >= 1 && options->lines_max <= mr_post_lines_max);
    source->options = *options;
    source->chunk = mr_alloc(chunk_bytes);
    source->line = 1;
    mr_post_piece_init(&source->made);
    status = open_source(source, err);
    if (status != MR_OK) {
        mr_post_source_close(source);
        return status;
    }
    start_piece(source);
    *ret_source = source;
    return MR_OK;
}

void mr_post_source_close(mr_post_source *source)
{
    if (source == NULL) {
        return;
    }
    if (source->fd >= 0 && source->fd != STDIN_FILENO) {
        (void)close(source->fd);
    }
    mr_convert_close(source->csv);
    mr_post_piece_free(&source->made);
    free(source->chunk);
    free(source);
}

int mr_post_source_fd(const mr_post_source *source)
{
    return source->is_file || source->ended ? -1 : source->fd;
}

const mr_convert_stream *mr_post_source_csv(const mr_post_source *source)
{
    return source->csv;
}

bool mr_post_source_is_file(const mr_post_source *source)
{
    return source->is_file;
}

uint64_t mr_post_source_total(const mr_post_source *source)
{
    return source->total;
}
