/* SPDX-License-Identifier: Apache-2.0 */
/* tests/unit/store/ask_answer.h - writes down what a question to the store is answered. */
#ifndef MR_TESTS_ASK_ANSWER_H
#define MR_TESTS_ASK_ANSWER_H

#include <stdio.h>
#include <string.h>

#include "store/store_ask.h"

typedef struct answer {
    char text[1024]; /* "a:TEXT,b: | 1,NULL | ..." */
    int rows_max, rows, looks, looks_max;
} answer;

static inline void add(answer *self, const char *text, size_t bytes)
{
    const size_t used = strlen(self->text);

    (void)snprintf(self->text + used, sizeof self->text - used, "%.*s", (int)bytes, text);
}

static inline mr_status columns(void *ctx, const char *const *names, const char *const *types,
                                size_t count, mr_err *err)
{
    (void)err;
    for (size_t index = 0; index < count; index++) {
        add(ctx, names[index], strlen(names[index]));
        add(ctx, ":", 1);
        add(ctx, types[index], strlen(types[index]));
        add(ctx, ",", 1);
    }
    return MR_OK;
}

static inline mr_status row(void *ctx, const mr_text *cells, size_t count, mr_err *err)
{
    answer *self = ctx;

    (void)err;
    if (self->rows++ == self->rows_max) {
        return MR_NOT_FOUND;
    }
    add(self, "|", 1);
    for (size_t index = 0; index < count; index++) {
        add(self, cells[index].data != NULL ? cells[index].data : "NULL",
            cells[index].data != NULL ? cells[index].bytes : 4);
        add(self, ",", 1);
    }
    return MR_OK;
}

static inline bool is_over(void *ctx)
{
    answer *self = ctx;

    return ++self->looks > self->looks_max;
}

#endif
