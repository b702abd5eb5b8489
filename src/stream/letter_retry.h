/* SPDX-License-Identifier: Apache-2.0 */
/* stream/letter_retry.h - sends dead letters' events to the ingestion topic again.
 *
 * Invariants: a letter is marked as retried only after its event is durable in the topic. A crash
 * in between leaves it open; retried a second time, its event changes nothing.
 * Threads: one at a time.
 */
#ifndef MR_STREAM_LETTER_RETRY_H
#define MR_STREAM_LETTER_RETRY_H

#include "bus/bus.h"
#include "store/ops.h"
#include "stream/amend.h"

typedef struct mr_letter_retry mr_letter_retry;

/* bus and ops outlive it. */
mr_status mr_letter_retry_open(mr_bus *bus, const char *topic, mr_ops *ops,
                               mr_letter_retry **ret_retry, mr_err *err);
void mr_letter_retry_close(mr_letter_retry *retry); /* drops what is not flushed; NULL is fine */

/* The letter's payload, amended, joins the batch, which may be flushed to make room. MR_INVALID: it
 * is no event, err says why; nothing was added. Others end it all. */
mr_status mr_letter_retry_add(mr_letter_retry *retry, mr_bus_position letter, mr_text payload,
                              const mr_amendment *amendments, size_t amendment_count, mr_err *err);
/* What add() took last, canonical; borrowed until the next add. */
const mr_event *mr_letter_retry_event(const mr_letter_retry *retry);

/* Makes the batch durable, and marks its letters. */
mr_status mr_letter_retry_flush(mr_letter_retry *retry, mr_err *err);
uint64_t mr_letter_retry_count(const mr_letter_retry *retry); /* letters marked so far */

#endif
