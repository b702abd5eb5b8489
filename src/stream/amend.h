/* SPDX-License-Identifier: Apache-2.0 */
/* stream/amend.h - a dead letter's payload, corrected by hand, as an event that can be sent again.
 */
#ifndef MR_STREAM_AMEND_H
#define MR_STREAM_AMEND_H

#include "base/memory.h"
#include "base/status.h"
#include "event/event_json.h"

enum { mr_amendments_max = 32 };

/* Field=Value: "Quantity=5", "Description=null", "EventID=17-b". */
typedef struct mr_amendment {
    mr_text field;
    mr_text value;
} mr_amendment;

/* MR_INVALID: not Field=Value, or not a field of the contract. */
mr_status mr_amendment_parse(const char *text, mr_amendment *ret_amendment, mr_err *err);

/* Sets the fields in the payload and checks the outcome against the contract. Appends the canonical
 * document to ret_json; ret_event borrows from `parser` and `scratch`. MR_INVALID: it is still no
 * event; err says why. */
mr_status mr_amend(mr_text payload, const mr_amendment *amendments, size_t count,
                   mr_event_parser *parser, mr_buffer *scratch, mr_buffer *ret_json,
                   mr_event *ret_event, mr_err *err);

#endif
