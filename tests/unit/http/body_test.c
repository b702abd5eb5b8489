/* SPDX-License-Identifier: Apache-2.0 */
/* unit/http/body_test.c - bodies collected and unpacked within their limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>
#include <zlib.h>
#include <zstd.h>

#include "http/loop.h"

static const mr_http_route route = {"POST", "/", NULL, 4096, 100000, "test", NULL};

static char *repeated(size_t bytes)
{
    char *data = mr_alloc(bytes);

    for (size_t i = 0; i < bytes; i++) {
        data[i] = "millrace "[i % 9];
    }
    return data;
}

static size_t pack_gzip(const char *data, size_t bytes, char *out, size_t room)
{
    z_stream stream = {0};

    assert_int_equal(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    Bytef *copy = mr_alloc(bytes + 1);
    memcpy(copy, data, bytes);
    stream.next_in = copy;
    stream.avail_in = (uInt)bytes;
    stream.next_out = (Bytef *)out;
    stream.avail_out = (uInt)room;
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    size_t packed = room - stream.avail_out;
    (void)deflateEnd(&stream);
    free(copy);
    return packed;
}

static size_t pack(mr_encoding encoding, const char *data, size_t bytes, char *out, size_t room)
{
    if (encoding == MR_ENCODING_GZIP) {
        return pack_gzip(data, bytes, out, room);
    }
    size_t packed = ZSTD_compress(out, room, data, bytes, 3);
    assert_false(ZSTD_isError(packed));
    return packed;
}

/* Writes in pieces; the first status that is not 0, or finish's. */
static int write_all(mr_body *body, mr_budget *budget, const char *data, size_t bytes, size_t piece)
{
    for (size_t at = 0; at < bytes; at += piece) {
        size_t some = bytes - at < piece ? bytes - at : piece;
        int status = mr_body_write(body, budget, data + at, some);
        if (status != 0) {
            return status;
        }
    }
    return mr_body_finish(body, budget);
}

static void a_body_is_kept_with_zeroes_behind_it(void **state)
{
    mr_budget budget = {.bytes_max = 1 << 20};
    mr_body body = {0};
    char *data = repeated(4096);

    (void)state;
    for (size_t bytes = 0; bytes <= 4096; bytes += 512) {
        for (int announced = 0; announced < 2; announced++) {
            mr_body_begin(&body, &route, MR_ENCODING_NONE, announced ? bytes : 0);
            assert_int_equal(write_all(&body, &budget, data, bytes, 100), 0);
            assert_int_equal(body.bytes, bytes);
            assert_true(bytes == 0 || memcmp(body.data, data, bytes) == 0);
            assert_memory_equal(body.data + bytes, "\0\0\0\0\0\0\0\0", 8);
            mr_body_release(&body, &budget);
            assert_int_equal(budget.used_bytes, 0);
        }
    }
    mr_body_free(&body, &budget);
    free(data);
}

static void more_than_the_route_takes_is_413(void **state)
{
    mr_budget budget = {.bytes_max = 1 << 20};
    mr_body body = {0};
    char *data = repeated(4097);

    (void)state;
    mr_body_begin(&body, &route, MR_ENCODING_NONE, 0);
    assert_int_equal(write_all(&body, &budget, data, 4097, 1000), 413);
    mr_body_free(&body, &budget);
    assert_int_equal(budget.used_bytes, 0);
    free(data);
}

static void packed_bodies_are_unpacked_in_any_pieces(void **state)
{
    static const mr_encoding encodings[] = {MR_ENCODING_GZIP, MR_ENCODING_ZSTD};
    static const size_t pieces[] = {1, 7, 4096};
    mr_budget budget = {.bytes_max = 1 << 20};
    mr_body body = {0};
    char *data = repeated(100000);
    char packed[4096];

    (void)state;
    for (size_t e = 0; e < 2; e++) {
        size_t bytes = pack(encodings[e], data, 100000, packed, sizeof packed);
        for (size_t p = 0; p < 3; p++) {
            mr_body_begin(&body, &route, encodings[e], bytes);
            assert_int_equal(write_all(&body, &budget, packed, bytes, pieces[p]), 0);
            assert_int_equal(body.bytes, 100000);
            assert_memory_equal(body.data, data, 100000);
            assert_memory_equal(body.data + 100000, "\0\0\0\0\0\0\0\0", 8);
            assert_int_equal(budget.used_bytes, body.capacity); /* the decoder is gone */
            mr_body_release(&body, &budget);
            assert_int_equal(budget.used_bytes, 0);
        }
    }
    mr_body_free(&body, &budget);
    free(data);
}

static void frames_in_a_row_are_one_body(void **state)
{
    static const mr_encoding encodings[] = {MR_ENCODING_GZIP, MR_ENCODING_ZSTD};
    mr_budget budget = {.bytes_max = 1 << 20};
    char packed[512];

    (void)state;
    for (size_t e = 0; e < 2; e++) {
        for (size_t piece = 1; piece < 100; piece++) {
            mr_body body = {0};
            size_t bytes = pack(encodings[e], "one", 3, packed, sizeof packed);
            bytes += pack(encodings[e], "two", 3, packed + bytes, sizeof packed - bytes);
            mr_body_begin(&body, &route, encodings[e], bytes);
            assert_int_equal(write_all(&body, &budget, packed, bytes, piece), 0);
            assert_int_equal(body.bytes, 6);
            assert_memory_equal(body.data, "onetwo", 6);
            mr_body_free(&body, &budget);
        }
    }
    assert_int_equal(budget.used_bytes, 0);
}

static void bombs_end_at_the_unpacked_limit(void **state)
{
    static const mr_encoding encodings[] = {MR_ENCODING_GZIP, MR_ENCODING_ZSTD};
    mr_budget budget = {.bytes_max = 1 << 24};
    char *zeroes = mr_alloc_zero(1, 3000000);
    char packed[4096];

    (void)state;
    for (size_t e = 0; e < 2; e++) {
        for (size_t over = 0; over < 2; over++) {
            mr_body body = {0};
            size_t bytes = pack(encodings[e], zeroes, 100000 + over, packed, sizeof packed);
            mr_body_begin(&body, &route, encodings[e], bytes);
            assert_int_equal(write_all(&body, &budget, packed, bytes, bytes), over ? 413 : 0);
            mr_body_free(&body, &budget);
        }
        mr_body body = {0};
        size_t bytes = pack(encodings[e], zeroes, 3000000, packed, sizeof packed);
        mr_body_begin(&body, &route, encodings[e], bytes);
        assert_int_equal(write_all(&body, &budget, packed, bytes, bytes), 413);
        assert_true(body.capacity < 300000);
        mr_body_free(&body, &budget);
        assert_int_equal(budget.used_bytes, 0);
    }
    free(zeroes);
}

static void cut_and_spoiled_bodies_are_400(void **state)
{
    static const mr_encoding encodings[] = {MR_ENCODING_GZIP, MR_ENCODING_ZSTD};
    mr_budget budget = {.bytes_max = 1 << 20};
    char *data = repeated(1000);
    char packed[2048];

    (void)state;
    for (size_t e = 0; e < 2; e++) {
        size_t bytes = pack(encodings[e], data, 1000, packed, sizeof packed);
        for (size_t cut = 1; cut < bytes; cut++) {
            mr_body body = {0};
            mr_body_begin(&body, &route, encodings[e], cut);
            assert_int_equal(write_all(&body, &budget, packed, cut, cut), 400);
            mr_body_free(&body, &budget);
        }
        mr_body body = {0};
        memcpy(packed + bytes, "trailing", 8);
        mr_body_begin(&body, &route, encodings[e], bytes + 8);
        assert_int_equal(write_all(&body, &budget, packed, bytes + 8, 2048), 400);
        mr_body_free(&body, &budget);
    }
    assert_int_equal(budget.used_bytes, 0);
    free(data);
}

static void memory_beyond_the_budget_is_503(void **state)
{
    static const mr_encoding encodings[] = {MR_ENCODING_NONE, MR_ENCODING_GZIP, MR_ENCODING_ZSTD};
    static const mr_http_route wide = {"POST", "/", NULL, 200000, 200000, "test", NULL};
    char *data = repeated(200000);
    char packed[4096];

    (void)state;
    for (size_t e = 0; e < 3; e++) {
        bool is_plain = encodings[e] == MR_ENCODING_NONE;
        const char *sent = is_plain ? data : packed;
        size_t bytes = is_plain ? 200000 : pack(encodings[e], data, 200000, packed, sizeof packed);
        bool refused = false;
        bool taken = false;
        for (uint64_t max = 0; max <= 1 << 20; max += 16384) {
            mr_budget budget = {.bytes_max = max};
            mr_body body = {0};
            mr_body_begin(&body, &wide, encodings[e], bytes);
            int status = write_all(&body, &budget, sent, bytes, 1000);
            assert_true(status == 0 || status == 503);
            refused = refused || status == 503;
            taken = taken || status == 0;
            assert_true(budget.used_bytes <= max);
            mr_body_free(&body, &budget);
            assert_int_equal(budget.used_bytes, 0);
        }
        assert_true(refused && taken);
    }
    free(data);
}

static void a_zstd_window_beyond_8_mib_is_refused(void **state)
{
    static const mr_http_route wide = {"POST", "/", NULL, 1 << 20, 1 << 25, "test", NULL};
    mr_budget budget = {.bytes_max = 1 << 28};
    mr_body body = {0};
    ZSTD_CCtx *context = ZSTD_createCCtx();
    size_t bytes_in = (size_t)1 << 24;
    char *data = mr_alloc_zero(1, bytes_in);
    char *packed = mr_alloc(1 << 16);

    (void)state;
    (void)ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, 24);
    (void)ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, 0);
    ZSTD_inBuffer in = {data, bytes_in, 0};
    ZSTD_outBuffer out = {packed, 1 << 16, 0};
    while (ZSTD_compressStream2(context, &out, &in, ZSTD_e_end) != 0) {
        assert_true(out.pos < out.size);
    }
    mr_body_begin(&body, &wide, MR_ENCODING_ZSTD, out.pos);
    assert_int_equal(write_all(&body, &budget, packed, out.pos, 1 << 16), 400);
    mr_body_free(&body, &budget);
    (void)ZSTD_freeCCtx(context);
    free(data);
    free(packed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_body_is_kept_with_zeroes_behind_it),
        cmocka_unit_test(more_than_the_route_takes_is_413),
        cmocka_unit_test(packed_bodies_are_unpacked_in_any_pieces),
        cmocka_unit_test(frames_in_a_row_are_one_body),
        cmocka_unit_test(bombs_end_at_the_unpacked_limit),
        cmocka_unit_test(cut_and_spoiled_bodies_are_400),
        cmocka_unit_test(memory_beyond_the_budget_is_503),
        cmocka_unit_test(a_zstd_window_beyond_8_mib_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
