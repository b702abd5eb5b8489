/* SPDX-License-Identifier: Apache-2.0 */
/* cli/post_answer.h - what the gateway says about the lines it was sent. */
#ifndef MR_CLI_POST_ANSWER_H
#define MR_CLI_POST_ANSWER_H

#include "base/memory.h"

enum { mr_post_reason_bytes_max = 4096 };

typedef struct mr_post_answer mr_post_answer;

/* Of POST /invoicedata/batch: {"accepted": 4998, "refused": 2, "errors": [{"line": 7, "detail":
 * [...]},
 * ...], "errors_omitted": 0}. NULL when the body is none of that. */
mr_post_answer *mr_post_answer_parse(mr_text body);
void mr_post_answer_free(mr_post_answer *answer); /* NULL is fine */

uint64_t mr_post_answer_accepted(const mr_post_answer *answer);
uint64_t mr_post_answer_refused(const mr_post_answer *answer);

/* The listed refusals, in the order of lines. false: no more. *ret_line counts from 1 in the body
 * sent; the reason is appended to reason. */
bool mr_post_answer_next(mr_post_answer *answer, uint64_t *ret_line, mr_buffer *reason);

/* The "detail" of any refusal as one line for people: "Quantity: Field required; ..."; else the
 * body's beginning as it is. */
void mr_post_answer_reason(mr_text body, mr_buffer *reason);

#endif
