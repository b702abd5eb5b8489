/* SPDX-License-Identifier: Apache-2.0 */
/* http/body.c - a request's content: collected, unpacked as it arrives, counted as it grows.
 *
 * Invariants: (1) memory beyond the small block that a connection keeps is taken from the server's
 *             budget before it is allocated and given back when it is freed; (2) data never holds
 *             more than unpacked_bytes_max bytes, whatever a packed body claims or is;
 *             (3) a finished body has 8 zeroed bytes behind it.
 * Not here:   chunked framing (llhttp), which status ends how (connection.c).
 */
#define ZLIB_CONST /* next_in points to const */
#include <limits.h>
#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

#include "http/loop.h"

enum {
    padding_bytes = 8,
    block_bytes = 512,             /* sizes are rounded up to it */
    gzip_decoder_bytes = 48 << 10, /* what inflate takes: 32 KiB window and state */
    zstd_window_log_max = 23,      /* 8 MiB, as RFC 8878 recommends to accept */
    unpack_bytes = 16 << 10,       /* room made for each step of unpacking */
};

static bool budget_take(mr_body *body, mr_budget *budget, uint64_t bytes)
{
    uint64_t used = atomic_fetch_add_explicit(&budget->used_bytes, bytes, memory_order_relaxed);

    if (used + bytes > budget->bytes_max) {
        atomic_fetch_sub_explicit(&budget->used_bytes, bytes, memory_order_relaxed);
        return false;
    }
    body->counted_bytes += bytes;
    return true;
}

static void budget_give(mr_body *body, mr_budget *budget, uint64_t bytes)
{
    MR_ASSERT(bytes <= body->counted_bytes);
    atomic_fetch_sub_explicit(&budget->used_bytes, bytes, memory_order_relaxed);
    body->counted_bytes -= bytes;
}

static uint64_t counted(size_t capacity)
{
    return capacity > mr_http_kept_bytes_max ? capacity : 0;
}

static bool resize(mr_body *body, mr_budget *budget, size_t capacity)
{
    uint64_t before = counted(body->capacity);

    if (counted(capacity) > before && !budget_take(body, budget, counted(capacity) - before)) {
        return false;
    }
    body->data = mr_realloc(body->data, capacity);
    body->capacity = capacity;
    return true;
}

/* Room for `bytes` more and the padding. Grows by doubling, but not past what was announced. */
static bool reserve(mr_body *body, mr_budget *budget, size_t bytes)
{
    size_t needed = body->bytes + bytes + padding_bytes;

    if (needed <= body->capacity) {
        return true;
    }
    size_t target = body->capacity * 2 > needed ? body->capacity * 2 : needed;
    uint64_t last = body->announced_bytes + padding_bytes;
    if (body->encoding == MR_ENCODING_NONE && target > last && last >= needed) {
        target = (size_t)last;
    }
    return resize(body, budget, (target + block_bytes - 1) / block_bytes * block_bytes);
}

void mr_body_begin(mr_body *body, const mr_http_route *route, mr_encoding encoding,
                   uint64_t announced_bytes)
{
    MR_ASSERT(body->bytes == 0 && body->decoder == NULL && body->sent_bytes == 0);
    body->encoding = encoding;
    body->announced_bytes = announced_bytes;
    body->sent_bytes_max = route->body_bytes_max;
    body->unpacked_bytes_max =
        route->unpacked_bytes_max > 0 ? route->unpacked_bytes_max : route->body_bytes_max;
    if (encoding == MR_ENCODING_NONE) {
        body->unpacked_bytes_max = route->body_bytes_max;
    }
}

static int append_plain(mr_body *body, mr_budget *budget, const char *data, size_t bytes)
{
    if (!reserve(body, budget, bytes)) {
        return 503;
    }
    memcpy(body->data + body->bytes, data, bytes);
    body->bytes += bytes;
    return 0;
}

/* Room for the next step of unpacking; one byte past the limit is allowed, to see it broken. */
static int unpack_room(mr_body *body, mr_budget *budget, size_t *ret_room)
{
    if (body->bytes > body->unpacked_bytes_max) {
        return 413;
    }
    if (!reserve(body, budget, unpack_bytes)) {
        return 503;
    }
    uint64_t left = body->unpacked_bytes_max + 1 - body->bytes;
    size_t room = body->capacity - padding_bytes - body->bytes;
    *ret_room = room < left ? room : (size_t)left;
    return 0;
}

static int gzip_open(mr_body *body, mr_budget *budget)
{
    if (!budget_take(body, budget, gzip_decoder_bytes)) {
        return 503;
    }
    z_stream *stream = mr_alloc_zero(1, sizeof *stream);
    int result = inflateInit2(stream, 15 + 16); /* a gzip header is demanded */
    MR_ASSERT(result == Z_OK);
    body->decoder = stream;
    return 0;
}

/* One step of inflate. A body may be several gzip members in a row (RFC 1952, 2.2). */
static int gzip_step(mr_body *body, z_stream *stream, size_t room)
{
    if (body->decoder_ended) {
        (void)inflateReset(stream); /* cannot fail on a stream that inflateInit2 made */
        body->decoder_ended = false;
    }
    stream->next_out = (unsigned char *)body->data + body->bytes;
    stream->avail_out = (uInt)room;
    int result = inflate(stream, Z_NO_FLUSH);
    MR_ASSERT(result != Z_MEM_ERROR && result != Z_STREAM_ERROR);
    body->bytes += room - stream->avail_out;
    body->decoder_ended = result == Z_STREAM_END;
    return result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR ? 0 : 400;
}

static int gzip_write(mr_body *body, mr_budget *budget, const char *data, size_t bytes)
{
    int status = body->decoder == NULL ? gzip_open(body, budget) : 0;
    size_t room = 0;

    if (status != 0) {
        return status;
    }
    z_stream *stream = body->decoder;
    MR_ASSERT(bytes <= UINT_MAX);
    stream->next_in = (const Bytef *)data;
    stream->avail_in = (uInt)bytes;
    do {
        status = unpack_room(body, budget, &room);
        if (status == 0) {
            status = gzip_step(body, stream, room);
        }
    } while (status == 0 && (stream->avail_in > 0 || stream->avail_out == 0) &&
             !(body->decoder_ended && stream->avail_in == 0));
    return status;
}

static int zstd_open(mr_body *body)
{
    ZSTD_DCtx *context = ZSTD_createDCtx();

    MR_ASSERT(context != NULL);
    size_t result = ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, zstd_window_log_max);
    MR_ASSERT(!ZSTD_isError(result));
    body->decoder = context;
    return 0;
}

/* The decoder takes its window when it has read a frame's header: count what it has by now. */
static int zstd_count(mr_body *body, mr_budget *budget)
{
    uint64_t held = counted(body->capacity) + ZSTD_sizeof_DCtx(body->decoder);

    if (held > body->counted_bytes && !budget_take(body, budget, held - body->counted_bytes)) {
        return 503;
    }
    return 0;
}

static int zstd_write(mr_body *body, mr_budget *budget, const char *data, size_t bytes)
{
    int status = body->decoder == NULL ? zstd_open(body) : 0;
    ZSTD_inBuffer in = {data, bytes, 0};
    bool full = false;

    while (status == 0 && (in.pos < in.size || full)) {
        size_t room = 0;
        status = unpack_room(body, budget, &room);
        if (status != 0) {
            break;
        }
        ZSTD_outBuffer out = {body->data + body->bytes, room, 0};
        size_t result = ZSTD_decompressStream(body->decoder, &out, &in);
        body->bytes += out.pos;
        if (ZSTD_isError(result)) {
            return 400;
        }
        full = out.pos == out.size;
        body->decoder_ended = result == 0;
        status = zstd_count(body, budget);
        if (body->decoder_ended && in.pos == in.size) {
            break;
        }
    }
    return status;
}

int mr_body_write(mr_body *body, mr_budget *budget, const char *data, size_t bytes)
{
    int status = 0;

    if (bytes > body->sent_bytes_max - body->sent_bytes) {
        return 413;
    }
    body->sent_bytes += bytes;
    switch (body->encoding) {
    case MR_ENCODING_NONE:
        status = append_plain(body, budget, data, bytes);
        break;
    case MR_ENCODING_GZIP:
        status = gzip_write(body, budget, data, bytes);
        break;
    case MR_ENCODING_ZSTD:
        status = zstd_write(body, budget, data, bytes);
        break;
    }
    return status == 0 && body->bytes > body->unpacked_bytes_max ? 413 : status;
}

static void close_decoder(mr_body *body, mr_budget *budget)
{
    if (body->decoder == NULL) {
        return;
    }
    if (body->encoding == MR_ENCODING_GZIP) {
        (void)inflateEnd(body->decoder); /* nothing to report: the stream is given up */
        free(body->decoder);
    } else {
        (void)ZSTD_freeDCtx(body->decoder); /* always 0 */
    }
    body->decoder = NULL;
    budget_give(body, budget, body->counted_bytes - counted(body->capacity));
}

int mr_body_finish(mr_body *body, mr_budget *budget)
{
    if (body->decoder != NULL && !body->decoder_ended) {
        return 400;
    }
    close_decoder(body, budget);
    if (!reserve(body, budget, 0)) {
        return 503;
    }
    memset(body->data + body->bytes, 0, padding_bytes);
    return 0;
}

void mr_body_release(mr_body *body, mr_budget *budget)
{
    close_decoder(body, budget);
    if (body->capacity > mr_http_kept_bytes_max) {
        mr_body_free(body, budget);
    }
    MR_ASSERT(body->counted_bytes == 0);
    *body = (mr_body){.data = body->data, .capacity = body->capacity};
}

void mr_body_free(mr_body *body, mr_budget *budget)
{
    close_decoder(body, budget);
    free(body->data);
    budget_give(body, budget, body->counted_bytes);
    *body = (mr_body){0};
}
