/* SPDX-License-Identifier: Apache-2.0 */
/* base/secret.c - a value behind a lock, with the one it replaced.
 *
 * Owns:       both values; they are overwritten before their memory is given back.
 * Invariants: (1) the generation grows with every change, after the value was put in place, so that
 *                 who reads generation, then value, never keeps an old value under a new number;
 *             (2) the value is in no message: nothing here makes one.
 */
#include "base/secret.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/memory.h"

struct mr_secret {
    /* Apart: a cell is const for its readers, and what they may not do is change the value. */
    pthread_mutex_t *lock;
    char *value;         /* guarded by lock; NULL: not set */
    char *previous;      /* guarded by lock; NULL: none */
    int64_t replaced_ms; /* guarded by lock */
    _Atomic uint64_t generation;
};

static char *copy_text(mr_text text)
{
    if (text.data == NULL) {
        return NULL;
    }
    char *copy = mr_alloc(text.bytes + 1);

    memcpy(copy, text.data, text.bytes);
    copy[text.bytes] = '\0';
    return copy;
}

mr_secret *mr_secret_create(mr_text value)
{
    mr_secret *secret = mr_alloc_zero(1, sizeof *secret);

    secret->lock = mr_alloc(sizeof *secret->lock);
    MR_ASSERT(pthread_mutex_init(secret->lock, NULL) == 0);
    secret->value = copy_text(value);
    atomic_store(&secret->generation, 1);
    return secret;
}

void mr_secret_destroy(mr_secret *secret)
{
    if (secret == NULL) {
        return;
    }
    mr_secret_wipe(secret->value);
    mr_secret_wipe(secret->previous);
    MR_ASSERT(pthread_mutex_destroy(secret->lock) == 0);
    free(secret->lock);
    free(secret);
}

static void lock(const mr_secret *secret)
{
    MR_ASSERT(pthread_mutex_lock(secret->lock) == 0);
}

static void unlock(const mr_secret *secret)
{
    MR_ASSERT(pthread_mutex_unlock(secret->lock) == 0);
}

bool mr_secret_set(mr_secret *secret, mr_text value, int64_t now_ms)
{
    lock(secret);
    bool same = mr_text_equal(mr_text_of(secret->value), value);
    if (!same) {
        mr_secret_wipe(secret->previous);
        secret->previous = secret->value;
        secret->replaced_ms = now_ms;
        secret->value = copy_text(value);
        atomic_fetch_add(&secret->generation, 1);
    }
    unlock(secret);
    return !same;
}

uint64_t mr_secret_generation(const mr_secret *secret)
{
    return secret == NULL ? 0 : atomic_load(&secret->generation);
}

char *mr_secret_copy(const mr_secret *secret)
{
    if (secret == NULL) {
        return NULL;
    }
    lock(secret);
    char *copy = copy_text(mr_text_of(secret->value));
    unlock(secret);
    return copy;
}

char *mr_secret_copy_previous(const mr_secret *secret, int64_t since_ms)
{
    char *copy = NULL;

    if (secret == NULL) {
        return NULL;
    }
    lock(secret);
    if (secret->replaced_ms >= since_ms) {
        copy = copy_text(mr_text_of(secret->previous));
    }
    unlock(secret);
    return copy;
}

void mr_secret_wipe(char *copy)
{
    if (copy != NULL) {
        explicit_bzero(copy, strlen(copy));
        free(copy);
    }
}

bool mr_secret_equal(mr_text a, mr_text b)
{
    unsigned char difference = 0;

    if (a.bytes != b.bytes) {
        return false;
    }
    for (size_t i = 0; i < a.bytes; i++) {
        difference |= (unsigned char)(a.data[i] ^ b.data[i]);
    }
    return difference == 0;
}
