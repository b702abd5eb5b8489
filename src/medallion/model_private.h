/* SPDX-License-Identifier: Apache-2.0 */
/* medallion/model_private.h - what the files that read a model share. */
#ifndef MR_MEDALLION_MODEL_PRIVATE_H
#define MR_MEDALLION_MODEL_PRIVATE_H

#include "base/memory.h"
#include "medallion/model.h"

enum { mr_model_arena_bytes_max = 1048576 };

/* A model under construction; everything lies in its arena. */
typedef struct mr_model_draft {
    mr_model model; /* first: a model handed out is its draft */
    mr_arena *arena;
    mr_model_column columns[mr_model_columns_max];
    mr_model_check checks[mr_model_checks_max];
    size_t line; /* of the file, for messages */
} mr_model_draft;

/* "file:line: ..." */
mr_status mr_model_fault(const mr_model_draft *draft, mr_err *err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A copy with a NUL. Cannot fail: the arena is larger than any model's text by far. */
const char *mr_model_keep(mr_model_draft *draft, mr_text text);

/* The next word of *rest, which moves behind it; blanks and commas part words, brackets and quotes
 * hold together. Empty at the end. */
mr_text mr_model_word(mr_text *rest);

mr_status mr_model_read_names(mr_model_draft *draft, mr_text words, mr_names *ret_names,
                              mr_err *err);

/* The header's line "-- key: value". */
mr_status mr_model_read_entry(mr_model_draft *draft, mr_text key, mr_text value, mr_err *err);
mr_status mr_model_read_column(mr_model_draft *draft, mr_text value, mr_err *err);
mr_status mr_model_read_check(mr_model_draft *draft, mr_text value, mr_err *err);

/* What the parts must be to one another. */
mr_status mr_model_check_whole(mr_model_draft *draft, mr_err *err);

/* Adds the tables of FROM and JOIN ("schema.table") to the model's references. */
mr_status mr_model_scan_references(mr_model_draft *draft, mr_err *err);

#endif
