/* SPDX-License-Identifier: Apache-2.0 */
/* base/memory.h - allocation: abort on a true out-of-memory, a status on a reached limit.
 *
 * Out of memory aborts the process: the log is the truth and a restart replays it, so the many
 * half-failed states are never built. Limits are another matter: arenas and buffers carry a cap in
 * bytes and report MR_LIMIT (or NULL) when it is reached.
 */
#ifndef MR_BASE_MEMORY_H
#define MR_BASE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"
#include "base/text.h"

/* malloc/calloc/realloc that abort with a message instead of returning NULL. Free with free(). */
void *mr_alloc(size_t bytes) __attribute__((malloc, returns_nonnull));
void *mr_alloc_zero(size_t count, size_t bytes_each) __attribute__((malloc, returns_nonnull));
void *mr_realloc(void *block, size_t bytes) __attribute__((returns_nonnull));
char *mr_copy_string(const char *string) __attribute__((malloc, returns_nonnull));

/* Arena: many small allocations freed at once. Not thread-safe; owner resets it. */
typedef struct mr_arena mr_arena;

/* bytes_max: the cap over all blocks. Never fails (aborts on out-of-memory). */
mr_arena *mr_arena_create(size_t bytes_max);
void mr_arena_destroy(mr_arena *arena); /* NULL is fine */

/* 16-byte aligned, uninitialised. NULL when the cap is reached. */
void *mr_arena_take(mr_arena *arena, size_t bytes);

/* Copies text behind a NUL into the arena. false when the cap is reached. */
bool mr_arena_copy(mr_arena *arena, mr_text text, mr_text *ret_copy);

/* Forgets everything but keeps the first block for reuse. */
void mr_arena_reset(mr_arena *arena);
size_t mr_arena_used_bytes(const mr_arena *arena);

/* Growable byte buffer with a cap; a zeroed struct with bytes_max set is a valid empty one.
 * Fields may be read; they change only through these functions. */
typedef struct mr_buffer {
    char *data;
    size_t bytes;
    size_t capacity;
    size_t bytes_max; /* hard cap; appending past it sets `overflowed` and appends nothing */
    bool overflowed;
} mr_buffer;

void mr_buffer_init(mr_buffer *buffer, size_t bytes_max);
void mr_buffer_free(mr_buffer *buffer);
void mr_buffer_clear(mr_buffer *buffer); /* keeps the memory */

/* Makes room for `bytes` more; returns where to write them, or NULL past the cap. */
char *mr_buffer_reserve(mr_buffer *buffer, size_t bytes);
/* After writing `bytes` behind mr_buffer_reserve's pointer. */
void mr_buffer_commit(mr_buffer *buffer, size_t bytes);

/* Each returns false, and leaves the buffer as it was, past the cap. */
bool mr_buffer_append(mr_buffer *buffer, const void *data, size_t bytes);
bool mr_buffer_append_text(mr_buffer *buffer, mr_text text);
bool mr_buffer_append_string(mr_buffer *buffer, const char *string);
bool mr_buffer_printf(mr_buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Appends text as a JSON string with its quotes (RFC 8259 section 7). text must be UTF-8. */
bool mr_buffer_append_json_string(mr_buffer *buffer, mr_text text);

mr_text mr_buffer_text(const mr_buffer *buffer);

#endif
