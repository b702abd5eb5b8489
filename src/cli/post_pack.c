/* SPDX-License-Identifier: Apache-2.0 */
/* cli/post_pack.c - one compressor, used again for every body. Called by: post_run.c; one thread.
 */
#include "cli/post_pack.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

enum { pack_level = 1, gzip_window_bits = 15 + 16 /* zlib's way of asking for a gzip header */ };

struct mr_post_packer {
    mr_post_packing packing;
    z_stream gzip;
    ZSTD_CCtx *zstd;
};

mr_post_packer *mr_post_packer_create(mr_post_packing packing)
{
    mr_post_packer *packer;

    if (packing == MR_POST_PLAIN) {
        return NULL;
    }
    packer = mr_alloc_zero(1, sizeof(*packer));
    packer->packing = packing;
    if (packing == MR_POST_ZSTD) {
        packer->zstd = ZSTD_createCCtx();
        MR_ASSERT(packer->zstd != NULL); /* out of memory */
    } else {
        int result = deflateInit2(&packer->gzip, pack_level, Z_DEFLATED, gzip_window_bits, 8,
                                  Z_DEFAULT_STRATEGY);
        MR_ASSERT(result == Z_OK); /* out of memory */
    }
    return packer;
}

void mr_post_packer_destroy(mr_post_packer *packer)
{
    if (packer == NULL) {
        return;
    }
    if (packer->packing == MR_POST_GZIP) {
        (void)deflateEnd(&packer->gzip);
    }
    (void)ZSTD_freeCCtx(packer->zstd);
    free(packer);
}

static mr_status pack_zstd(mr_post_packer *packer, mr_text body, mr_buffer *packed, mr_err *err)
{
    size_t bound = ZSTD_compressBound(body.bytes);
    char *place = mr_buffer_reserve(packed, bound);
    size_t bytes;

    if (place == NULL) {
        return mr_fail(err, MR_LIMIT, "pack %zu bytes: over the limit", body.bytes);
    }
    bytes = ZSTD_compressCCtx(packer->zstd, place, bound, body.data, body.bytes, pack_level);
    if (ZSTD_isError(bytes)) {
        return mr_fail(err, MR_IO, "pack with zstd: %s", ZSTD_getErrorName(bytes));
    }
    mr_buffer_commit(packed, bytes);
    return MR_OK;
}

static mr_status pack_gzip(mr_post_packer *packer, mr_text body, mr_buffer *packed, mr_err *err)
{
    z_stream *gzip = &packer->gzip;
    size_t bound = deflateBound(gzip, body.bytes);
    char *place = mr_buffer_reserve(packed, bound);
    Bytef *input;
    int result;

    if (place == NULL || body.bytes > UINT32_MAX / 2) {
        return mr_fail(err, MR_LIMIT, "pack %zu bytes: over the limit", body.bytes);
    }
    /* zlib's interface lacks the const; it only reads. */
    memcpy(&input, &body.data, sizeof(input));
    (void)deflateReset(gzip); /* cannot fail on a stream that was set up */
    gzip->next_in = input;
    gzip->avail_in = (uInt)body.bytes;
    gzip->next_out = (Bytef *)place;
    gzip->avail_out = (uInt)bound;
    result = deflate(gzip, Z_FINISH);
    if (result != Z_STREAM_END) {
        return mr_fail(err, MR_IO, "pack with gzip: zlib error %d", result);
    }
    mr_buffer_commit(packed, bound - gzip->avail_out);
    return MR_OK;
}

mr_status mr_post_pack(mr_post_packer *packer, mr_text body, mr_buffer *packed, mr_err *err)
{
    mr_buffer_clear(packed);
    return packer->packing == MR_POST_ZSTD ? pack_zstd(packer, body, packed, err)
                                           : pack_gzip(packer, body, packed, err);
}

bool mr_post_packing_parse(const char *name, mr_post_packing *ret_packing)
{
    static const char *const names[] = {
        [MR_POST_PLAIN] = "none", [MR_POST_GZIP] = "gzip", [MR_POST_ZSTD] = "zstd"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(name, names[i]) == 0) {
            *ret_packing = (mr_post_packing)i;
            return true;
        }
    }
    return false;
}
