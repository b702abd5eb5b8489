/* SPDX-License-Identifier: Apache-2.0 */
/* olap/olap_token.h - SQL taken apart as the engine's own parser does it: words, quotes, comments.
 */
#ifndef MR_OLAP_OLAP_TOKEN_H
#define MR_OLAP_OLAP_TOKEN_H

#include "base/text.h"

typedef enum mr_token_kind {
    MR_TOKEN_END,
    MR_TOKEN_WORD,   /* name or keyword */
    MR_TOKEN_NAME,   /* "in quotes" */
    MR_TOKEN_STRING, /* 'text', E'text', $$text$$ */
    MR_TOKEN_NUMBER,
    MR_TOKEN_SYMBOL, /* one byte of anything else */
} mr_token_kind;

typedef struct mr_token {
    mr_token_kind kind;
    mr_text text; /* as written, with its quotes; within the SQL */
} mr_token;

/* The next token behind *at, which moves behind it; blanks and comments are passed over. What is
 * never closed lasts to the end. */
mr_token mr_token_next(mr_text sql, size_t *at);

bool mr_token_is_word(mr_token token, const char *word); /* ASCII case ignored */
bool mr_token_is_symbol(mr_token token, char symbol);
bool mr_token_is_name(mr_token token); /* MR_TOKEN_WORD or MR_TOKEN_NAME */

/* A name, or 'text', without its quotes, those inside undoubled; cut to the room there is, with a
 * NUL. Returns its bytes. */
size_t mr_token_unquote(mr_token token, char *name, size_t room);

#endif
