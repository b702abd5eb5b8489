/* SPDX-License-Identifier: Apache-2.0 */
/* base/arena.c - many small allocations, freed at once.
 *
 * Owns:       a chain of blocks, newest first; the first one made survives a reset.
 * Invariants: the blocks' capacities together never exceed bytes_max (rounded up to 16).
 */
#include "base/memory.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>

enum { arena_alignment = 16, arena_block_bytes_min = 4096, arena_block_bytes_max = 1048576 };

typedef struct arena_block {
    struct arena_block *older;
    size_t capacity;
    size_t used;
    alignas(arena_alignment) unsigned char bytes[];
} arena_block;

struct mr_arena {
    arena_block *newest;
    size_t bytes_max;
    size_t capacity; /* of all blocks */
    size_t used;     /* of all blocks */
};

static size_t round_up(size_t bytes)
{
    return (bytes + (arena_alignment - 1)) & ~(size_t)(arena_alignment - 1);
}

mr_arena *mr_arena_create(size_t bytes_max)
{
    MR_ASSERT(bytes_max <= SIZE_MAX / 2);
    mr_arena *arena = mr_alloc_zero(1, sizeof(*arena));

    arena->bytes_max = round_up(bytes_max);
    return arena;
}

static void free_blocks(arena_block *block, const arena_block *until)
{
    while (block != until) {
        arena_block *older = block->older;

        free(block);
        block = older;
    }
}

void mr_arena_destroy(mr_arena *arena)
{
    if (arena != NULL) {
        free_blocks(arena->newest, NULL);
        free(arena);
    }
}

/* Blocks double, so that their number is logarithmic, within what the cap leaves. */
static bool add_block(mr_arena *arena, size_t bytes)
{
    size_t left = arena->bytes_max - arena->capacity;
    size_t wanted = arena->newest == NULL ? arena_block_bytes_min : arena->newest->capacity * 2;

    if (wanted > arena_block_bytes_max) {
        wanted = arena_block_bytes_max;
    }
    if (wanted < bytes) {
        wanted = bytes;
    }
    if (wanted > left) {
        wanted = left;
    }
    if (wanted < bytes) {
        return false;
    }
    arena_block *block = mr_alloc(sizeof(*block) + wanted);
    block->older = arena->newest;
    block->capacity = wanted;
    block->used = 0;
    arena->newest = block;
    arena->capacity += wanted;
    return true;
}

void *mr_arena_take(mr_arena *arena, size_t bytes)
{
    if (bytes > arena->bytes_max) {
        return NULL;
    }
    size_t rounded = bytes == 0 ? arena_alignment : round_up(bytes);
    arena_block *block = arena->newest;

    if (block == NULL || block->capacity - block->used < rounded) {
        if (!add_block(arena, rounded)) {
            return NULL;
        }
        block = arena->newest;
    }
    void *taken = block->bytes + block->used;
    block->used += rounded;
    arena->used += rounded;
    return taken;
}

bool mr_arena_copy(mr_arena *arena, mr_text text, mr_text *ret_copy)
{
    char *copy = text.bytes < SIZE_MAX ? mr_arena_take(arena, text.bytes + 1) : NULL;

    if (copy == NULL) {
        return false;
    }
    if (text.bytes > 0) {
        memcpy(copy, text.data, text.bytes);
    }
    copy[text.bytes] = '\0';
    *ret_copy = text.data == NULL ? MR_TEXT_ABSENT : (mr_text){copy, text.bytes};
    return true;
}

void mr_arena_reset(mr_arena *arena)
{
    arena_block *first = arena->newest;

    if (first == NULL) {
        return;
    }
    while (first->older != NULL) {
        first = first->older;
    }
    free_blocks(arena->newest, first);
    first->used = 0;
    arena->newest = first;
    arena->capacity = first->capacity;
    arena->used = 0;
}

size_t mr_arena_used_bytes(const mr_arena *arena)
{
    return arena->used;
}
