/* SPDX-License-Identifier: Apache-2.0 */
/* stream/dead_letter.h - the envelope of a record that a sink could not take.
 *
 *   {"reason":"...","code":"conflict","sink":"store",
 *    "origin":{"topic":"ingestion-topic","partition":0,"offset":17},
 *    "at":"2026-11-22T12:00:00.123Z","payload":"<the record as it was, a JSON string>"}
 *
 * A payload that is not UTF-8 stands in "payload_hex", and "payload" is null. One too large for a
 * record of the log is left out ("payload" null, "payload_bytes" its size): it lies at its origin.
 */
#ifndef MR_STREAM_DEAD_LETTER_H
#define MR_STREAM_DEAD_LETTER_H

#include <stdint.h>

#include "base/memory.h"
#include "base/status.h"

typedef enum mr_letter_code {
    MR_LETTER_CONFLICT,  /* the same EventID with other content */
    MR_LETTER_MALFORMED, /* not a JSON document */
    MR_LETTER_INVALID,   /* a field breaks the contract */
} mr_letter_code;

const char *mr_letter_code_name(mr_letter_code code);

typedef struct mr_dead_letter {
    mr_letter_code code;
    mr_text reason;
    mr_text sink;
    mr_text origin_topic;
    int32_t origin_partition;
    int64_t origin_offset;
    int64_t at_ms;   /* set when writing */
    mr_text at;      /* set when reading */
    mr_text payload; /* absent: left out */
    uint64_t payload_bytes;
    void *document; /* reading: owns the texts */
    char *decoded;  /* reading: a payload that was in hex */
} mr_dead_letter;

/* Appends the envelope; false past out's cap, which must leave room for the envelope alone. */
bool mr_dead_letter_write(const mr_dead_letter *letter, mr_buffer *out);

/* Reads an envelope; close it afterwards. MR_INVALID: it is not one. */
mr_status mr_dead_letter_read(mr_text json, mr_dead_letter *ret_letter, mr_err *err);
void mr_dead_letter_close(mr_dead_letter *letter);

#endif
