/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz/storage_list_fuzz.c - any bytes as a page of List Blobs: what is told has a name, with a NUL
 * behind it and none in it, and a visit that ends is the last. */
#include <stdlib.h>
#include <string.h>

#include "azure/storage.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

typedef struct visits {
    size_t count, most;
} visits;

static bool note(void *ctx, const mr_storage_blob *blob)
{
    visits *self = ctx;

    MR_ASSERT(self->count < self->most && blob->name[0] != '\0');
    return ++self->count < self->most;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    char *copy = malloc(bytes + 1); /* of its own size, so that a byte too far is seen */
    visits seen = {0, 3};
    bool ended = false;
    mr_buffer next;

    mr_buffer_init(&next, 1024);
    if (bytes > 0) {
        memcpy(copy, data, bytes);
    }
    char *exact = realloc(copy, bytes > 0 ? bytes : 1);
    mr_status status =
        mr_storage_list_parse((mr_text){exact, bytes}, note, &seen, &ended, &next, NULL);
    MR_ASSERT(status == MR_OK || status == MR_CORRUPT);
    MR_ASSERT(status != MR_OK || ended == (seen.count == seen.most));
    mr_buffer_free(&next);
    free(exact);
    return 0;
}
