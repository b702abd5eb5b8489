/* SPDX-License-Identifier: Apache-2.0 */
/* azure/token_answer.h - what those who give tokens answer: a token and how long it lives, or why
 * there is none.
 */
#ifndef MR_AZURE_TOKEN_ANSWER_H
#define MR_AZURE_TOKEN_ANSWER_H

#include <stdint.h>

#include "base/memory.h"
#include "base/status.h"

typedef struct mr_azure_token {
    char *text; /* wiped and freed by mr_azure_token_free */
    int64_t lifetime_s;
} mr_azure_token;

void mr_azure_token_free(mr_azure_token *token);

/* Of {"access_token", "expires_in" | "expires_on"}, numbers or strings, as Entra and the managed
 * identities write it, or {"accessToken", "expires_on"}, as az does. now_s: the wall clock, which
 * expires_on is told by. MR_CORRUPT: it is neither; nothing of the answer stands in err. */
mr_status mr_token_answer_read(mr_text answer, int64_t now_s, mr_azure_token *ret_token,
                               mr_err *err);

/* The reason in {"error", "error_description"} or {"error": {"code", "message"}}, one line, cut;
 * "" where there is none. What is secret (may be NULL) is not repeated. */
enum { mr_token_reason_bytes_max = 224 };
void mr_token_answer_reason(mr_text answer, const char *secret,
                            char ret_reason[static mr_token_reason_bytes_max]);

#endif
