/* SPDX-License-Identifier: Apache-2.0 */
/* stream/partitions.c - a table of partitions. A process reads a few; a walk finds one soon. */
#include "stream/partitions.h"

#include <stdlib.h>

#include "base/memory.h"

mr_partition *mr_partitions_find(const mr_partitions *partitions, int32_t number)
{
    for (size_t i = 0; i < partitions->count; i++) {
        if (partitions->items[i].number == number) {
            return &partitions->items[i];
        }
    }
    return NULL;
}

mr_partition *mr_partitions_add(mr_partitions *partitions, int32_t number)
{
    mr_partition *found = mr_partitions_find(partitions, number);

    if (found != NULL) {
        return found;
    }
    MR_ASSERT(partitions->count < mr_partitions_max);
    partitions->items =
        mr_realloc(partitions->items, (partitions->count + 1) * sizeof(*partitions->items));
    found = &partitions->items[partitions->count++];
    *found = (mr_partition){.number = number};
    return found;
}

void mr_partitions_free(mr_partitions *partitions)
{
    free(partitions->items);
    *partitions = (mr_partitions){.items = NULL};
}
