/* SPDX-License-Identifier: Apache-2.0 */
/* bus/embedded_block.c - the stored form of a block of records. Integers are little-endian.
 *
 *      0        8        12      13      14       16              20       24
 *      +--------+--------+-------+-------+--------+---------------+--------+------ - -
 *      |checksum| "MRBK" |version| codec | zero   | records bytes | count  | body
 *      +--------+--------+-------+-------+--------+---------------+--------+------ - -
 *
 *   checksum       XXH3-64 of everything behind it
 *   codec          0: body is the records; 1: body is the records as one LZ4 block
 *   records bytes  of the records uncompressed; their form is drawn in batch.h
 *
 * Called by:  writers (encode), on the submitting thread for large batches; readers (open, decode).
 */
#include <lz4.h>
#include <string.h>

#include "base/hash.h"
#include "bus/embedded.h"

enum {
    block_version = 1,
    block_codec_raw = 0,
    block_codec_lz4 = 1,

    checksum_at = 0,
    magic_at = 8,
    version_at = 12,
    codec_at = 13,
    zero_at = 14,
    records_bytes_at = 16,
    count_at = 20,
    body_at = 24,
};

static const char block_magic[4] = {'M', 'R', 'B', 'K'};

_Static_assert(mr_batch_bytes_max <= LZ4_MAX_INPUT_SIZE, "a batch is one LZ4 block");

static void write_integer(char *at, uint64_t value, unsigned bytes)
{
    for (unsigned index = 0; index < bytes; index++) {
        at[index] = (char)(unsigned char)(value >> (8 * index));
    }
}

static uint64_t read_integer(const char *at, unsigned bytes)
{
    uint64_t value = 0;
    for (unsigned index = 0; index < bytes; index++) {
        value |= (uint64_t)(unsigned char)at[index] << (8 * index);
    }
    return value;
}

void mr_embedded_block_encode(mr_text records, size_t count, mr_buffer *out)
{
    int records_bytes = (int)records.bytes;
    MR_ASSERT(records.bytes > 0 && records.bytes <= mr_batch_bytes_max);
    MR_ASSERT(count > 0 && count <= records.bytes);

    int room = LZ4_compressBound(records_bytes);
    mr_buffer_clear(out);
    out->bytes_max = body_at + (size_t)LZ4_compressBound(mr_batch_bytes_max);
    char *block = mr_buffer_reserve(out, body_at + (size_t)room);
    MR_ASSERT(block != NULL);

    int body_bytes = LZ4_compress_default(records.data, block + body_at, records_bytes, room);
    MR_ASSERT(body_bytes > 0);
    bool compressed = body_bytes < records_bytes;
    if (!compressed) {
        memcpy(block + body_at, records.data, records.bytes);
        body_bytes = records_bytes;
    }
    memcpy(block + magic_at, block_magic, sizeof block_magic);
    block[version_at] = block_version;
    block[codec_at] = compressed ? block_codec_lz4 : block_codec_raw;
    write_integer(block + zero_at, 0, 2);
    write_integer(block + records_bytes_at, records.bytes, 4);
    write_integer(block + count_at, count, 4);
    size_t bytes = body_at + (size_t)body_bytes;
    write_integer(block + checksum_at, mr_hash64(block + magic_at, bytes - magic_at), 8);
    mr_buffer_commit(out, bytes);
}

const char *mr_embedded_block_open(const void *payload, size_t bytes, mr_embedded_block *ret_block)
{
    const char *block = payload;

    if (bytes <= body_at || memcmp(block + magic_at, block_magic, sizeof block_magic) != 0) {
        return "it has no block header";
    }
    if (read_integer(block + checksum_at, 8) != mr_hash64(block + magic_at, bytes - magic_at)) {
        return "its checksum differs";
    }
    if (block[version_at] != block_version || read_integer(block + zero_at, 2) != 0 ||
        (block[codec_at] != block_codec_raw && block[codec_at] != block_codec_lz4)) {
        return "a newer version of this program wrote it";
    }
    mr_embedded_block found = {
        .records_bytes = (uint32_t)read_integer(block + records_bytes_at, 4),
        .count = (uint32_t)read_integer(block + count_at, 4),
        .compressed = block[codec_at] == block_codec_lz4,
        .body = block + body_at,
        .body_bytes = bytes - body_at,
    };
    if (found.records_bytes == 0 || found.records_bytes > mr_batch_bytes_max || found.count == 0 ||
        found.count > found.records_bytes ||
        (!found.compressed && found.body_bytes != found.records_bytes)) {
        return "its header contradicts itself";
    }
    *ret_block = found;
    return NULL;
}

const char *mr_embedded_block_decode(const mr_embedded_block *block, char *ret_records)
{
    if (!block->compressed) {
        memcpy(ret_records, block->body, block->body_bytes);
        return NULL;
    }
    if (block->body_bytes > (size_t)LZ4_compressBound(mr_batch_bytes_max)) {
        return "it is too large";
    }
    int bytes = LZ4_decompress_safe(block->body, ret_records, (int)block->body_bytes,
                                    (int)block->records_bytes);
    return bytes == (int)block->records_bytes ? NULL : "it does not decompress";
}
