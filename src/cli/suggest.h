/* SPDX-License-Identifier: Apache-2.0 */
/* cli/suggest.h - the word a user probably meant. */
#ifndef MR_CLI_SUGGEST_H
#define MR_CLI_SUGGEST_H

#include <stddef.h>

/* How many letters must be added, dropped, changed or swapped with a neighbour to turn one word
 * into the other. Words longer than mr_suggest_word_bytes_max count as that far apart. */
enum { mr_suggest_word_bytes_max = 48 };
size_t mr_suggest_distance(const char *a, const char *b);

/* The nearest seen so far; start from a zeroed struct and offer every candidate. */
typedef struct mr_suggestion {
    const char *word; /* borrowed from the caller; NULL while nothing is near */
    size_t distance;
} mr_suggestion;

/* A candidate counts when at most a third of the typed letters (at least 1) differ, or when what
 * was typed is its beginning. */
void mr_suggest_offer(mr_suggestion *suggestion, const char *typed, const char *candidate);

#endif
