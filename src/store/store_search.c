/* SPDX-License-Identifier: Apache-2.0 */
/* store/store_search.c - words that people look for, and picking one page out of rows.
 *
 * Owns:       a picker's rows.
 * Called by:  store_portal.c and the backends, on the handle's thread.
 * Invariants: (1) folding changes no text's length, so that places in it stay where they are;
 *             (2) of rows offered in any order a picker keeps the same page: the order is total,
 *                 since no two rows have the same mark.
 * Not here:   any database.
 */
#include "store/store_search.h"

#include <stdlib.h>

/* --- Words ------------------------------------------------------------------------------------ */

static uint32_t fold_two_byte(uint32_t point)
{
    if ((point >= 0xc0 && point <= 0xde && point != 0xd7) ||
        (point >= 0x391 && point <= 0x3a9 && point != 0x3a2) ||
        (point >= 0x410 && point <= 0x42f)) {
        return point + 0x20;
    }
    if (point >= 0x400 && point <= 0x40f) {
        return point + 0x50;
    }
    /* Latin Extended-A: capitals are even, but between these two they are odd. */
    if (point >= 0x100 && point <= 0x17f && point != 0x130 && point != 0x131 && point != 0x138 &&
        point != 0x149 && point != 0x178 && point != 0x17f) {
        bool odd_capitals = (point >= 0x139 && point <= 0x148) || point >= 0x179;

        return (point % 2 == 1) == odd_capitals ? point + 1 : point;
    }
    return point;
}

void mr_fold_case(mr_text text, char *ret_folded)
{
    size_t at;

    for (at = 0; at < text.bytes; at++) {
        unsigned char byte = (unsigned char)text.data[at];

        if (byte >= 'A' && byte <= 'Z') {
            ret_folded[at] = (char)(byte | 0x20);
        } else if (byte >= 0xc3 && byte <= 0xdf && at + 1 < text.bytes) {
            uint32_t next = (unsigned char)text.data[at + 1];
            uint32_t point = fold_two_byte((uint32_t)(byte & 0x1f) << 6 | (next & 0x3f));

            ret_folded[at] = (char)(0xc0 | point >> 6);
            ret_folded[++at] = (char)(0x80 | (point & 0x3f));
        } else {
            ret_folded[at] = (char)byte;
        }
    }
}

static bool is_word_byte(char byte)
{
    unsigned char value = (unsigned char)byte;

    return value >= 0x80 || (value >= '0' && value <= '9') ||
           ((value | 0x20) >= 'a' && (value | 0x20) <= 'z');
}

/* The next word from *at on; false: there is none. */
static bool next_word(mr_text text, size_t *at, mr_text *ret_word)
{
    size_t from = *at;

    while (from < text.bytes && !is_word_byte(text.data[from])) {
        from++;
    }
    *at = from;
    while (*at < text.bytes && is_word_byte(text.data[*at])) {
        (*at)++;
    }
    *ret_word = (mr_text){text.data + from, *at - from};
    return *at > from;
}

/* Cut before a character that does not fit whole. */
static size_t fitting_bytes(mr_text text, size_t bytes_max)
{
    size_t bytes = text.bytes < bytes_max ? text.bytes : bytes_max;

    while (bytes > 0 && bytes < text.bytes && ((unsigned char)text.data[bytes] & 0xc0) == 0x80) {
        bytes--;
    }
    return bytes;
}

void mr_words_of(mr_text search, mr_words *ret_words)
{
    mr_text folded = {ret_words->folded, fitting_bytes(search, sizeof(ret_words->folded))};
    size_t at = 0;

    mr_fold_case((mr_text){search.data, folded.bytes}, ret_words->folded);
    ret_words->count = 0;
    while (ret_words->count < mr_words_max &&
           next_word(folded, &at, &ret_words->words[ret_words->count])) {
        ret_words->count++;
    }
}

static bool begins_a_word(mr_text folded, mr_text wanted)
{
    size_t at = 0;
    mr_text word;

    while (next_word(folded, &at, &word)) {
        if (word.bytes >= wanted.bytes && memcmp(word.data, wanted.data, wanted.bytes) == 0) {
            return true;
        }
    }
    return false;
}

enum { target_bytes_max = 4 * mr_event_description_length_max };

bool mr_words_match(const mr_words *words, mr_text a, mr_text b)
{
    char folded_a[target_bytes_max], folded_b[target_bytes_max];
    mr_text in_a = {folded_a, fitting_bytes(a, sizeof(folded_a))};
    mr_text in_b = {folded_b, fitting_bytes(b, sizeof(folded_b))};
    size_t index;

    mr_fold_case((mr_text){a.data, in_a.bytes}, folded_a);
    mr_fold_case((mr_text){b.data, in_b.bytes}, folded_b);
    for (index = 0; index < words->count; index++) {
        if (!begins_a_word(in_a, words->words[index]) &&
            !begins_a_word(in_b, words->words[index])) {
            return false;
        }
    }
    return true;
}

/* --- One page --------------------------------------------------------------------------------- */

static int compare_marks(const mr_store_mark *a, const mr_store_mark *b)
{
    int order;

    if (a->rank != b->rank) {
        return a->rank < b->rank ? -1 : 1;
    }
    order = strcmp(a->invoice_no, b->invoice_no); /* bytes, as databases compare them here */
    return order != 0 ? order
                      : memcmp(a->event_id.bytes, b->event_id.bytes, sizeof(a->event_id.bytes));
}

static bool stands_behind(const mr_picker *picker, const mr_store_mark *a, const mr_store_mark *b)
{
    int order = compare_marks(a, b);

    return picker->ascending ? order > 0 : order < 0;
}

void mr_picker_init(mr_picker *picker, size_t row_bytes, size_t capacity,
                    const mr_store_mark *after, bool ascending)
{
    MR_ASSERT(row_bytes >= sizeof(mr_store_mark) && capacity >= 1);
    *picker = (mr_picker){
        .rows = mr_alloc_zero(capacity, row_bytes),
        .heap = mr_alloc_zero(capacity, sizeof(void *)),
        .row_bytes = row_bytes,
        .capacity = capacity,
        .after = after,
        .ascending = ascending,
    };
}

void mr_picker_free(mr_picker *picker)
{
    free(picker->rows);
    free((void *)picker->heap);
    *picker = (mr_picker){0};
}

static void swap(mr_picker *picker, size_t a, size_t b)
{
    void *other = picker->heap[a];

    picker->heap[a] = picker->heap[b];
    picker->heap[b] = other;
}

static void sift_up(mr_picker *picker, size_t at)
{
    while (at > 0 && stands_behind(picker, picker->heap[at], picker->heap[(at - 1) / 2])) {
        swap(picker, at, (at - 1) / 2);
        at = (at - 1) / 2;
    }
}

/* Within the first `count`. */
static void sift_down(mr_picker *picker, size_t count)
{
    size_t at = 0, child;

    while ((child = 2 * at + 1) < count) {
        if (child + 1 < count &&
            stands_behind(picker, picker->heap[child + 1], picker->heap[child])) {
            child++;
        }
        if (!stands_behind(picker, picker->heap[child], picker->heap[at])) {
            break;
        }
        swap(picker, at, child);
        at = child;
    }
}

void *mr_picker_offer(mr_picker *picker, const mr_store_mark *mark)
{
    mr_store_mark *row;

    if (picker->after != NULL && !stands_behind(picker, mark, picker->after)) {
        return NULL;
    }
    picker->behind++;
    if (picker->count < picker->capacity) {
        row = (void *)(picker->rows + picker->count * picker->row_bytes);
        *row = *mark;
        picker->heap[picker->count++] = row;
        sift_up(picker, picker->count - 1);
        return row;
    }
    row = picker->heap[0];
    if (!stands_behind(picker, row, mark)) {
        return NULL;
    }
    *row = *mark;
    sift_down(picker, picker->count);
    return row;
}

/* A heap sort: the last goes to the end. */
void mr_picker_finish(mr_picker *picker)
{
    size_t left;

    for (left = picker->count; left > 1; left--) {
        swap(picker, 0, left - 1);
        sift_down(picker, left - 1);
    }
}
