/* SPDX-License-Identifier: Apache-2.0 */
/* http/rate_limit.c - token buckets in a set-associative table of fixed size.
 *
 * A client hashes to a set of 8 places; when all are taken, the idlest makes room. So a lookup
 * touches one set, and memory never grows with the number of clients. A bucket that is dropped
 * returns full: only a client that is idler than 7 others of its set can gain from it.
 *
 * Locks: one of 16 mutexes guards each set; no call holds two.
 */
#include "http/rate_limit.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/memory.h"

enum { ways = 8, locks = 16 };

struct bucket {
    uint8_t client[16]; /* its hash */
    double tokens;      /* below 0 after a cost above burst */
    int64_t taken_us;
    bool used;
};

struct set {
    struct bucket buckets[ways];
};

struct mr_rate_limit {
    double per_us, burst;
    uint64_t set_mask;
    struct set *sets;
    pthread_mutex_t locks[locks];
};

mr_rate_limit *mr_rate_limit_create(double per_second, double burst, uint32_t clients)
{
    mr_rate_limit *limit = mr_alloc_zero(1, sizeof *limit);
    uint64_t set_count = 1;

    MR_ASSERT(per_second > 0 && burst > 0);
    while (set_count * ways < clients) {
        set_count *= 2;
    }
    limit->per_us = per_second / 1e6;
    limit->burst = burst;
    limit->set_mask = set_count - 1;
    limit->sets = mr_alloc_zero(set_count, sizeof *limit->sets);
    for (int i = 0; i < locks; i++) {
        (void)pthread_mutex_init(&limit->locks[i], NULL); /* default attributes: cannot fail */
    }
    return limit;
}

void mr_rate_limit_destroy(mr_rate_limit *limit)
{
    if (limit == NULL) {
        return;
    }
    for (int i = 0; i < locks; i++) {
        (void)pthread_mutex_destroy(&limit->locks[i]); /* nobody holds it any more */
    }
    free(limit->sets);
    free(limit);
}

/* The client's bucket, else a free one, else the idlest. */
static struct bucket *find(struct set *set, const uint8_t *client)
{
    struct bucket *best = &set->buckets[0];

    for (int i = 0; i < ways; i++) {
        struct bucket *bucket = &set->buckets[i];
        if (bucket->used && memcmp(bucket->client, client, sizeof bucket->client) == 0) {
            return bucket;
        }
        if (best->used && (!bucket->used || bucket->taken_us < best->taken_us)) {
            best = bucket;
        }
    }
    return best;
}

static void refill(const mr_rate_limit *limit, struct bucket *bucket, int64_t now_us)
{
    if (now_us > bucket->taken_us) {
        bucket->tokens += (double)(now_us - bucket->taken_us) * limit->per_us;
        bucket->taken_us = now_us;
    }
    if (bucket->tokens > limit->burst) {
        bucket->tokens = limit->burst;
    }
}

static uint32_t wait_ms(const mr_rate_limit *limit, double missing)
{
    double ms = missing / limit->per_us / 1000;

    return ms >= UINT32_MAX - 1 ? UINT32_MAX : (uint32_t)ms + 1; /* rounded up */
}

bool mr_rate_limit_take(mr_rate_limit *limit, mr_text client, double cost, int64_t now_us,
                        uint32_t *ret_retry_after_ms)
{
    uint8_t hash[16];
    uint64_t set_hash;

    mr_hash128(client.data, client.bytes, hash);
    memcpy(&set_hash, hash, sizeof set_hash);
    uint64_t index = set_hash & limit->set_mask;
    pthread_mutex_t *lock = &limit->locks[index % locks];
    double needed = cost < limit->burst ? cost : limit->burst;

    (void)pthread_mutex_lock(lock); /* fails only if misused */
    struct bucket *bucket = find(&limit->sets[index], hash);
    if (!bucket->used || memcmp(bucket->client, hash, sizeof hash) != 0) {
        *bucket = (struct bucket){.tokens = limit->burst, .taken_us = now_us, .used = true};
        memcpy(bucket->client, hash, sizeof hash);
    }
    refill(limit, bucket, now_us);
    bool taken = bucket->tokens >= needed;
    if (taken) {
        bucket->tokens -= cost;
    } else {
        *ret_retry_after_ms = wait_ms(limit, needed - bucket->tokens);
    }
    (void)pthread_mutex_unlock(lock);
    return taken;
}
