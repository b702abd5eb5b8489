/* SPDX-License-Identifier: Apache-2.0 */
/* base/memory.c - allocation that aborts instead of failing.
 *
 * Not here: arenas (base/arena.c), growable buffers (base/buffer.c).
 */
#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static noreturn void out_of_memory(size_t bytes)
{
    (void)fprintf(stderr,
                  "millrace: out of memory (%zu bytes asked for); the log is safe, a restart "
                  "goes on from it\n",
                  bytes);
    abort();
}

void *mr_alloc(size_t bytes)
{
    void *block = malloc(bytes > 0 ? bytes : 1);

    if (block == NULL) {
        out_of_memory(bytes);
    }
    return block;
}

void *mr_alloc_zero(size_t count, size_t bytes_each)
{
    void *block = calloc(count > 0 ? count : 1, bytes_each > 0 ? bytes_each : 1);

    if (block == NULL) {
        out_of_memory(count * bytes_each);
    }
    return block;
}

void *mr_realloc(void *block, size_t bytes)
{
    void *moved = realloc(block, bytes > 0 ? bytes : 1);

    if (moved == NULL) {
        out_of_memory(bytes);
    }
    return moved;
}

char *mr_copy_string(const char *string)
{
    size_t bytes = strlen(string) + 1;
    char *copy = mr_alloc(bytes);

    memcpy(copy, string, bytes);
    return copy;
}
