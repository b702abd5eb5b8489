/* SPDX-License-Identifier: Apache-2.0 */
/* http/clients.c - how many connections each address holds, over all loops.
 *
 * A hash table with chains whose entries are allocated once: there are never more addresses than
 * connections. One mutex; it is taken once when a connection comes and once when it goes.
 */
#include <pthread.h>
#include <stdlib.h>

#include "base/hash.h"
#include "http/loop.h"

enum { none = -1 };

struct entry {
    uint8_t key[16];
    uint32_t connections;
    int32_t next; /* in its chain, or in the list of free ones */
};

struct mr_clients {
    pthread_mutex_t lock;
    uint32_t per_client_max;
    uint32_t bucket_count; /* a power of two */
    int32_t *buckets;      /* guarded by lock, as all below */
    struct entry *entries;
    int32_t free_first;
};

mr_clients *mr_clients_create(uint32_t connections_max, uint32_t per_client_max)
{
    mr_clients *clients = mr_alloc_zero(1, sizeof *clients);

    MR_ASSERT(connections_max > 0 && connections_max <= INT32_MAX / 2);
    (void)pthread_mutex_init(&clients->lock, NULL); /* default attributes: cannot fail */
    clients->per_client_max = per_client_max;
    clients->bucket_count = 16;
    while (clients->bucket_count < connections_max) {
        clients->bucket_count *= 2;
    }
    clients->buckets = mr_alloc_zero(clients->bucket_count, sizeof *clients->buckets);
    clients->entries = mr_alloc_zero(connections_max, sizeof *clients->entries);
    for (uint32_t i = 0; i < clients->bucket_count; i++) {
        clients->buckets[i] = none;
    }
    for (uint32_t i = 0; i < connections_max; i++) {
        clients->entries[i].next = i + 1 < connections_max ? (int32_t)i + 1 : none;
    }
    return clients;
}

void mr_clients_destroy(mr_clients *clients)
{
    if (clients != NULL) {
        (void)pthread_mutex_destroy(&clients->lock); /* nobody holds it any more */
        free(clients->buckets);
        free(clients->entries);
        free(clients);
    }
}

/* The link that names the key's entry, or the chain's last, which names none. */
static int32_t *find(mr_clients *clients, const uint8_t *key)
{
    int32_t *link = &clients->buckets[mr_hash64(key, 16) & (clients->bucket_count - 1)];

    while (*link != none && memcmp(clients->entries[*link].key, key, 16) != 0) {
        link = &clients->entries[*link].next;
    }
    return link;
}

static bool enter(mr_clients *clients, const uint8_t *key)
{
    int32_t *link = find(clients, key);

    if (*link != none) {
        struct entry *known = &clients->entries[*link];
        if (known->connections == clients->per_client_max) {
            return false;
        }
        known->connections++;
        return true;
    }
    if (clients->free_first == none) {
        return false;
    }
    struct entry *entry = &clients->entries[clients->free_first];
    *link = clients->free_first;
    clients->free_first = entry->next;
    *entry = (struct entry){.connections = 1, .next = none};
    memcpy(entry->key, key, sizeof entry->key);
    return true;
}

bool mr_clients_enter(mr_clients *clients, const uint8_t key[static 16])
{
    (void)pthread_mutex_lock(&clients->lock); /* fails only if misused */
    bool entered = enter(clients, key);
    (void)pthread_mutex_unlock(&clients->lock);
    return entered;
}

void mr_clients_leave(mr_clients *clients, const uint8_t key[static 16])
{
    (void)pthread_mutex_lock(&clients->lock);
    int32_t *link = find(clients, key);
    MR_ASSERT(*link != none);
    int32_t index = *link;
    struct entry *entry = &clients->entries[index];
    MR_ASSERT(entry->connections > 0);
    if (--entry->connections == 0) {
        *link = entry->next;
        entry->next = clients->free_first;
        clients->free_first = index;
    }
    (void)pthread_mutex_unlock(&clients->lock);
}
