/* SPDX-License-Identifier: Apache-2.0 */
/* bus/batch.c - filling a batch. The form of its records is drawn in batch.h.
 *
 * Owns:       the batch and its buffers. Called by one thread at a time, never while submitted.
 */
#include "bus/batch.h"

#include <stdlib.h>

mr_bus_batch *mr_bus_batch_create(size_t bytes_max)
{
    mr_bus_batch *batch = mr_alloc_zero(1, sizeof *batch);
    mr_buffer_init(&batch->records,
                   bytes_max < mr_batch_bytes_max ? bytes_max : mr_batch_bytes_max);
    return batch;
}

void mr_bus_batch_destroy(mr_bus_batch *batch)
{
    if (batch == NULL) {
        return;
    }
    MR_ASSERT(!batch->submitted);
    mr_buffer_free(&batch->records);
    mr_buffer_free(&batch->block);
    free(batch->slots);
    free(batch);
}

void mr_bus_batch_clear(mr_bus_batch *batch)
{
    MR_ASSERT(!batch->submitted && !batch->reserved);
    mr_buffer_clear(&batch->records);
    batch->count = 0;
}

static unsigned varint_width(size_t value)
{
    unsigned width = 1;
    while (value >= 0x80) {
        value >>= 7;
        width++;
    }
    MR_ASSERT(width <= mr_batch_varint_bytes_max);
    return width;
}

/* Writes exactly `width` bytes, padding with empty groups. */
static char *write_varint(char *at, size_t value, unsigned width)
{
    for (unsigned index = 0; index + 1 < width; index++) {
        *at++ = (char)(unsigned char)((value & 0x7f) | 0x80);
        value >>= 7;
    }
    MR_ASSERT(value < 0x80);
    *at++ = (char)(unsigned char)value;
    return at;
}

static bool record_fits(size_t key_bytes, size_t value_bytes)
{
    return key_bytes <= mr_bus_record_bytes_max &&
           value_bytes <= mr_bus_record_bytes_max - key_bytes;
}

static char *copy_text(char *at, mr_text text)
{
    if (text.bytes > 0) {
        memcpy(at, text.data, text.bytes);
    }
    return at + text.bytes;
}

bool mr_bus_batch_add(mr_bus_batch *batch, mr_text key, mr_text value)
{
    MR_ASSERT(!batch->submitted && !batch->reserved);
    if (!record_fits(key.bytes, value.bytes)) {
        return false;
    }
    char *start = mr_buffer_reserve(&batch->records, (size_t)2 * mr_batch_varint_bytes_max +
                                                         key.bytes + value.bytes);
    if (start == NULL) {
        return false;
    }
    char *at = write_varint(start, key.bytes, varint_width(key.bytes));
    at = write_varint(at, value.bytes, varint_width(value.bytes));
    at = copy_text(at, key);
    at = copy_text(at, value);
    mr_buffer_commit(&batch->records, (size_t)(at - start));
    batch->count++;
    return true;
}

char *mr_bus_batch_reserve(mr_bus_batch *batch, mr_text key, size_t value_bytes_max)
{
    MR_ASSERT(!batch->submitted && !batch->reserved);
    if (!record_fits(key.bytes, value_bytes_max)) {
        return NULL;
    }
    unsigned key_width = varint_width(key.bytes);
    unsigned value_width = varint_width(value_bytes_max);
    char *at =
        mr_buffer_reserve(&batch->records, key_width + value_width + key.bytes + value_bytes_max);
    if (at == NULL) {
        return NULL;
    }
    at = write_varint(at, key.bytes, key_width) + value_width;
    batch->reserved = true;
    batch->reserved_key_bytes = key.bytes;
    batch->reserved_value_bytes = value_bytes_max;
    return copy_text(at, key);
}

void mr_bus_batch_finish(mr_bus_batch *batch, size_t value_bytes)
{
    MR_ASSERT(batch->reserved && value_bytes <= batch->reserved_value_bytes);
    batch->reserved = false;
    if (value_bytes == 0) {
        return;
    }
    unsigned key_width = varint_width(batch->reserved_key_bytes);
    unsigned value_width = varint_width(batch->reserved_value_bytes);
    size_t bytes = key_width + value_width + batch->reserved_key_bytes + value_bytes;
    char *start = batch->records.data + batch->records.bytes;
    (void)write_varint(start + key_width, value_bytes, value_width); /* the place is known */
    mr_buffer_commit(&batch->records, bytes);
    batch->count++;
}

size_t mr_bus_batch_count(const mr_bus_batch *batch)
{
    return batch->count;
}

size_t mr_bus_batch_bytes(const mr_bus_batch *batch)
{
    return batch->records.bytes;
}

mr_bus_position mr_bus_batch_position(const mr_bus_batch *batch, size_t index)
{
    MR_ASSERT(index < batch->count);
    if (batch->scattered) {
        return batch->slots[index].position;
    }
    return (mr_bus_position){batch->first.partition, batch->first.offset + (int64_t)index};
}

void mr_batch_scatter(mr_bus_batch *batch)
{
    if (batch->slot_capacity < batch->count) {
        batch->slots = mr_realloc(batch->slots, batch->count * sizeof *batch->slots);
        batch->slot_capacity = batch->count;
    }
    for (size_t index = 0; index < batch->count; index++) {
        batch->slots[index].position = (mr_bus_position){-1, -1};
        atomic_init(&batch->slots[index].batch, batch);
    }
    batch->scattered = true;
}
