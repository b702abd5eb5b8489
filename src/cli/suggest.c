/* SPDX-License-Identifier: Apache-2.0 */
/* cli/suggest.c - edit distance over short words (optimal string alignment, three rows). */
#include "cli/suggest.h"

#include <stdint.h>
#include <string.h>

#include "base/status.h"

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

size_t mr_suggest_distance(const char *a, const char *b)
{
    const size_t a_bytes = strlen(a);
    const size_t b_bytes = strlen(b);
    size_t rows[3][mr_suggest_word_bytes_max + 1];

    if (a_bytes > mr_suggest_word_bytes_max || b_bytes > mr_suggest_word_bytes_max) {
        return mr_suggest_word_bytes_max;
    }
    for (size_t column = 0; column <= b_bytes; column++) {
        rows[0][column] = column;
    }
    for (size_t row = 1; row <= a_bytes; row++) {
        size_t *current = rows[row % 3];
        const size_t *above = rows[(row + 2) % 3];
        const size_t *two_above = rows[(row + 1) % 3];

        current[0] = row;
        for (size_t column = 1; column <= b_bytes; column++) {
            const size_t change = a[row - 1] == b[column - 1] ? 0 : 1;

            current[column] = smaller(smaller(above[column], current[column - 1]) + 1,
                                      above[column - 1] + change);
            if (row > 1 && column > 1 && a[row - 1] == b[column - 2] &&
                a[row - 2] == b[column - 1]) {
                current[column] = smaller(current[column], two_above[column - 2] + 1);
            }
        }
    }
    return rows[a_bytes % 3][b_bytes];
}

void mr_suggest_offer(mr_suggestion *suggestion, const char *typed, const char *candidate)
{
    const size_t typed_bytes = strlen(typed);
    const size_t allowed = typed_bytes < 6 ? 1 : typed_bytes / 3;
    size_t distance = mr_suggest_distance(typed, candidate);

    if (typed_bytes >= 2 && strncmp(typed, candidate, typed_bytes) == 0) {
        distance = 1; /* cut short is as near as one wrong letter */
    }
    if (distance <= allowed && (suggestion->word == NULL || distance < suggestion->distance)) {
        *suggestion = (mr_suggestion){.word = candidate, .distance = distance};
    }
}
