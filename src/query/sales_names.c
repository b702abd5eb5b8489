/* SPDX-License-Identifier: Apache-2.0 */
/* query/sales_names.c - see sales_names.h. */
#include "query/sales_names.h"

#include <stdlib.h>

#include "base/hash.h"

enum { slots_first = 1024, text_first = 65536 };

mr_text mr_sales_name(const mr_sales_names *names, uint32_t number)
{
    MR_ASSERT(number < names->count);
    const uint32_t start = number == 0 ? 0 : names->ends[number - 1];

    return (mr_text){names->text + start, names->ends[number] - start};
}

/* The slot of the name, or the free one where it belongs. */
static uint32_t slot_of(const mr_sales_names *names, mr_text name)
{
    const uint32_t mask = names->slot_count - 1;
    uint32_t slot = (uint32_t)mr_hash64(name.data, name.bytes) & mask;

    while (names->slots[slot] != MR_SALES_NONE) {
        const mr_text there = mr_sales_name(names, names->slots[slot]);

        if (there.bytes == name.bytes && memcmp(there.data, name.data, name.bytes) == 0) {
            break;
        }
        slot = (slot + 1) & mask;
    }
    return slot;
}

/* At most half of the slots are taken. */
static void make_slots(mr_sales_names *names)
{
    if (names->slots != NULL && names->count < names->slot_count / 2) {
        return;
    }
    names->slot_count = names->slots == NULL ? slots_first : names->slot_count * 2;
    while (names->slot_count / 2 <= names->count) {
        names->slot_count *= 2;
    }
    free(names->slots);
    names->slots = mr_alloc(names->slot_count * sizeof *names->slots);
    memset(names->slots, 0xff, names->slot_count * sizeof *names->slots);
    for (uint32_t number = 0; number < names->count; number++) {
        names->slots[slot_of(names, mr_sales_name(names, number))] = number;
    }
}

uint32_t mr_sales_names_add(mr_sales_names *names, mr_text name)
{
    make_slots(names);
    const uint32_t slot = slot_of(names, name);

    if (names->slots[slot] != MR_SALES_NONE) {
        return names->slots[slot];
    }
    if (names->bytes + name.bytes > UINT32_MAX || names->count == MR_SALES_NONE - 1) {
        return MR_SALES_NONE;
    }
    if (names->bytes + name.bytes > names->text_room) {
        names->text_room = 2 * names->text_room + name.bytes + text_first;
        names->text = mr_realloc(names->text, names->text_room);
    }
    if (names->count == names->room) {
        names->room = 2 * names->room + slots_first;
        names->ends = mr_realloc(names->ends, names->room * sizeof *names->ends);
    }
    if (name.bytes > 0) {
        memcpy(names->text + names->bytes, name.data, name.bytes);
    }
    names->bytes += name.bytes;
    names->ends[names->count] = (uint32_t)names->bytes;
    names->slots[slot] = names->count;
    return names->count++;
}

uint32_t mr_sales_names_find(const mr_sales_names *names, mr_text name)
{
    if (names->slots != NULL) {
        return names->slots[slot_of(names, name)];
    }
    for (uint32_t number = 0; number < names->count; number++) {
        const mr_text there = mr_sales_name(names, number);

        if (there.bytes == name.bytes && memcmp(there.data, name.data, name.bytes) == 0) {
            return number;
        }
    }
    return MR_SALES_NONE;
}

void mr_sales_names_copy(const mr_sales_names *names, mr_sales_names *ret_copy)
{
    mr_sales_names copy = {.bytes = names->bytes,
                           .text_room = names->bytes,
                           .count = names->count,
                           .room = names->count};

    copy.text = mr_alloc(copy.bytes + 1);
    copy.ends = mr_alloc(((size_t)copy.count + 1) * sizeof *copy.ends);
    if (copy.count > 0) {
        memcpy(copy.text, names->text, copy.bytes);
        memcpy(copy.ends, names->ends, copy.count * sizeof *copy.ends);
    }
    *ret_copy = copy;
}

void mr_sales_names_free(mr_sales_names *names)
{
    free(names->text);
    free(names->ends);
    free(names->slots);
    *names = (mr_sales_names){.text = NULL};
}

size_t mr_sales_names_bytes(const mr_sales_names *names)
{
    return names->text_room + names->room * sizeof *names->ends +
           names->slot_count * sizeof *names->slots;
}
