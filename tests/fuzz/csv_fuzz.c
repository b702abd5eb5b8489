/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz/csv_fuzz.c - any bytes as CSV, in chunks of any size.
 *
 * The first byte is the chunk size, the second picks delimiter and encoding. Whatever the chunks,
 * the records, their lines and their raw text must be the same.
 */
#include <stdlib.h>

#include "event/csv.h"

enum { transcript_bytes_max = 64 * 1024 * 1024, head_bytes = 2 };

typedef struct source {
    const uint8_t *data;
    size_t bytes;
    size_t chunk_bytes;
} source;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static mr_status read_source(void *ctx, char *buffer, size_t capacity, size_t *ret_bytes,
                             mr_err *err)
{
    source *from = ctx;
    size_t bytes = from->bytes < from->chunk_bytes ? from->bytes : from->chunk_bytes;

    (void)err;
    bytes = bytes < capacity ? bytes : capacity;
    if (bytes > 0) {
        memcpy(buffer, from->data, bytes);
    }
    from->data += bytes;
    from->bytes -= bytes;
    *ret_bytes = bytes;
    return MR_OK;
}

static void append_sized(mr_buffer *out, mr_text text)
{
    MR_ASSERT(mr_buffer_append(out, &text.bytes, sizeof text.bytes));
    MR_ASSERT(mr_buffer_append_text(out, text));
}

static void transcribe(source from, uint8_t choice, mr_buffer *out)
{
    static const char delimiters[] = {',', ';', '\t', '|'};
    mr_csv_options options = {delimiters[choice & 3], (choice & 4) != 0, read_source, &from};
    mr_csv_reader *reader = mr_csv_reader_create(&options);
    mr_csv_record record;
    uint64_t last_line = 0;
    mr_status status;
    mr_err err;

    while ((status = mr_csv_next(reader, &record, &err)) != MR_NOT_FOUND) {
        MR_ASSERT(status == MR_OK || status == MR_INVALID);
        MR_ASSERT(record.line > last_line);
        MR_ASSERT(record.raw.bytes > 0 && record.raw.bytes <= mr_csv_record_bytes_max);
        MR_ASSERT((status == MR_OK) == (record.count > 0));
        MR_ASSERT(record.count <= mr_csv_fields_max);
        last_line = record.line;
        MR_ASSERT(mr_buffer_append(out, &record.line, sizeof record.line));
        append_sized(out, record.raw);
        for (size_t i = 0; i < record.count; i++) {
            append_sized(out, record.fields[i]);
        }
        if (status == MR_INVALID) {
            append_sized(out, mr_text_of(err.message));
        }
    }
    mr_csv_reader_destroy(reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    mr_buffer whole;
    mr_buffer chunked;

    if (bytes < head_bytes) {
        return 0;
    }
    mr_buffer_init(&whole, transcript_bytes_max);
    mr_buffer_init(&chunked, transcript_bytes_max);
    transcribe((source){data + head_bytes, bytes - head_bytes, SIZE_MAX}, data[1], &whole);
    transcribe((source){data + head_bytes, bytes - head_bytes, data[0] + 1u}, data[1], &chunked);
    MR_ASSERT(mr_text_equal(mr_buffer_text(&whole), mr_buffer_text(&chunked)));
    mr_buffer_free(&whole);
    mr_buffer_free(&chunked);
    return 0;
}
