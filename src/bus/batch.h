/* SPDX-License-Identifier: Apache-2.0 */
/* bus/batch.h - what is inside a batch. Only the bus room includes this.
 *
 * Records lie one behind the other in one growable, capped buffer, in the form in which the
 * embedded log compresses and stores them, and in which any other backend can walk them:
 *
 *     varint key_bytes | varint value_bytes | key | value
 *
 * A varint is LEB128 (7 bits a byte, lowest first, high bit: more follow). It may be padded with
 * empty groups: a reserved value's length is written after the value, into space kept for the most
 * it could have been.
 *
 * Invariants: (1) `records` holds exactly `count` whole records;
 *             (2) while `submitted`, the batch belongs to the bus and does not change.
 */
#ifndef MR_BUS_BATCH_H
#define MR_BUS_BATCH_H

#include <stdatomic.h>

#include "base/memory.h"
#include "bus/bus.h"

enum {
    mr_batch_bytes_max = 16 * 1024 * 1024, /* caps asked for above this are cut to it */
    mr_batch_varint_bytes_max = 4,
};

/* Where one record went, in a log of several partitions. */
typedef struct mr_batch_slot {
    _Atomic(mr_bus_batch *) batch; /* set before the record is given away, read when it came back */
    mr_bus_position position;
} mr_batch_slot;

struct mr_bus_batch {
    mr_buffer records;
    size_t count;
    bool reserved; /* between reserve and finish */
    size_t reserved_key_bytes;
    size_t reserved_value_bytes; /* the most it may become */
    mr_bus_position first;       /* where record 0 went, and behind it the others ... */
    mr_batch_slot *slots;        /* ... unless `scattered`: slot i tells of record i */
    size_t slot_capacity;
    bool scattered;

    /* The backend's, from submit to done. */
    bool submitted;
    bool precompressed; /* `block` holds the records, ready to be stored */
    bool refused;       /* its mark stood elsewhere: *mark_err says where */
    mr_buffer block;
    mr_bus_batch *next;
    mr_bus_done_fn done;
    void *ctx;
    const mr_bus_mark *mark; /* NULL but for a blocking append with one */
    mr_err *mark_err;
    atomic_size_t pending; /* reports still to come, and one for the submit itself */
    size_t failed;         /* records that did not become durable; guarded by the producer's lock */
    mr_err failure;        /* of the worst of them */
};

/* Makes room for a slot a record and readies each. */
void mr_batch_scatter(mr_bus_batch *batch);

/* NULL when [at, end) does not begin with a whole varint below 2^28. */
static inline const char *mr_batch_read_varint(const char *at, const char *end, size_t *ret_value)
{
    size_t value = 0;
    for (unsigned index = 0; index < mr_batch_varint_bytes_max && at != end; index++) {
        unsigned char byte = (unsigned char)*at++;
        value |= (size_t)(byte & 0x7f) << (7 * index);
        if (byte < 0x80) {
            *ret_value = value;
            return at;
        }
    }
    return NULL;
}

/* The record at `at`, borrowed; returns where the next begins, or NULL when there is no whole one.
 */
static inline const char *mr_batch_read_record(const char *at, const char *end, mr_text *ret_key,
                                               mr_text *ret_value)
{
    size_t key_bytes = 0;
    size_t value_bytes = 0;
    at = mr_batch_read_varint(at, end, &key_bytes);
    if (at == NULL) {
        return NULL;
    }
    at = mr_batch_read_varint(at, end, &value_bytes);
    if (at == NULL || key_bytes + value_bytes > (size_t)(end - at)) {
        return NULL;
    }
    *ret_key = (mr_text){at, key_bytes};
    *ret_value = (mr_text){at + key_bytes, value_bytes};
    return at + key_bytes + value_bytes;
}

#endif
