/* SPDX-License-Identifier: Apache-2.0 */
/* store/store_search.h - words that people look for, and picking one page out of rows that pass by.
 *
 * A word is a run of letters and digits; all that is not ASCII counts as letters. Case does not
 * matter in ASCII, Latin, Greek and Cyrillic. What is looked for is the beginning of words.
 * Plain functions without state; beside the room its tests use it, and query/ to find as it does.
 */
#ifndef MR_STORE_STORE_SEARCH_H
#define MR_STORE_STORE_SEARCH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/memory.h"
#include "store/store_portal.h"

enum {
    mr_words_max = 8, /* of a search; what comes behind them is left out */
    mr_words_bytes_max = 256,
};

typedef struct mr_words {
    char folded[mr_words_bytes_max];
    mr_text words[mr_words_max]; /* lie in folded */
    size_t count;
} mr_words;

void mr_words_of(mr_text search, mr_words *ret_words);
/* Every word begins a word of a or of b. No words: true. */
bool mr_words_match(const mr_words *words, mr_text a, mr_text b);

/* Lower case, of as many bytes; valid UTF-8 stays valid. */
void mr_fold_case(mr_text text, char *ret_folded);

/* --- One page ------------------------------------------------------------------------------- */

/* Rows of one size, each beginning with its mark. The best so far are kept, the last of them at
 * the root of a binary heap. */
typedef struct mr_picker {
    char *rows;
    void **heap;
    size_t row_bytes;
    size_t capacity;
    size_t count;
    const mr_store_mark *after; /* NULL: from the first on */
    bool ascending;
    uint64_t behind; /* rows behind `after`, picked or not */
} mr_picker;

void mr_picker_init(mr_picker *picker, size_t row_bytes, size_t capacity,
                    const mr_store_mark *after, bool ascending);
void mr_picker_free(mr_picker *picker);
/* The row to fill in, its mark set; NULL: it is not on the page as far as is known. */
void *mr_picker_offer(mr_picker *picker, const mr_store_mark *mark);
/* heap[0..count) is then in the page's order; nothing may be offered any more. */
void mr_picker_finish(mr_picker *picker);

#endif
