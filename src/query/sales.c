/* SPDX-License-Identifier: Apache-2.0 */
/* query/sales.c - the set that stands, the thread that keeps it up, and the answers kept.
 *
 * Owns:       the lake's reader (the thread's alone), a second one for questions that are read from
 *             the lake, the current set, the cache.
 * Lock order: lake_lock before lock. lock is held for moments only; lake_lock while a question is
 *             read from the lake.
 * Invariant:  a set is freed by whoever gives it back last; `current` counts as a holder.
 */
#include "query/sales.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/civil.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/thread.h"

enum { answer_bytes_max = 4 << 20, key_bytes_max = 1 << 20, making_max = 64 };

struct mr_sales {
    mr_sales_options options;
    pthread_t thread;
    pthread_mutex_t lock, lake_lock;
    pthread_cond_t changed; /* a set, a problem, or the end */
    mr_sales_lake *reader;  /* the thread's; the pointer is guarded by lock */
    mr_sales_lake *asker;   /* guarded by lake_lock */
    mr_sales_set *current;  /* guarded by lock, as all below */
    mr_sales_cache *cache;
    mr_sales_state state;
    uint64_t making[making_max]; /* hashes of the keys whose answers are under way; 0: free */
    bool stopping;
};

/* --- Keeping up ------------------------------------------------------------------------------- */

static mr_status open_reader(mr_sales *sales, mr_sales_lake **ret_lake, mr_err *err)
{
    const mr_sales_lake_options options = {.lake = sales->options.lake,
                                           .data_folder = sales->options.data_folder,
                                           .bytes_max = sales->options.memory_bytes_max,
                                           .engine = sales->options.engine};

    return mr_sales_lake_open(&options, ret_lake, err);
}

static void release(mr_sales_set *set)
{
    MR_ASSERT(set->holders > 0);
    if (--set->holders == 0) {
        mr_sales_set_free(set);
    }
}

static void note_problem(mr_sales *sales, mr_status status, const mr_err *err)
{
    if (strcmp(sales->state.problem, err->message) != 0) {
        mr_log_warn("sales: %s", err->message);
    }
    memcpy(sales->state.problem, err->message, sizeof sales->state.problem);
    if (status == MR_LIMIT) { /* the set before is of the past: it makes room */
        sales->state.too_large = true;
        sales->state.loaded = false;
        if (sales->current != NULL) {
            release(sales->current);
            sales->current = NULL;
        }
    }
}

static void publish(mr_sales *sales, mr_sales_set *set, uint64_t us)
{
    set->holders = 1;
    if (sales->current != NULL) {
        release(sales->current);
    }
    sales->current = set;
    sales->state.version = set->version;
    sales->state.loaded = true;
    sales->state.too_large = false;
    sales->state.lines = set->lines.count;
    sales->state.memory_bytes = mr_sales_set_bytes(set);
    sales->state.load_us = us;
    sales->state.problem[0] = '\0';
}

/* One look at the lake, by the thread. */
static void look(mr_sales *sales, mr_sales_lake *reader)
{
    const int64_t begin_us = mr_monotonic_us();
    mr_sales_set *before, *set = NULL;
    mr_sales_lag lag;
    int64_t reconciled_ms = 0;
    mr_err err;

    pthread_mutex_lock(&sales->lock);
    before = sales->current; /* only this thread replaces it */
    pthread_mutex_unlock(&sales->lock);
    const mr_status status = mr_sales_lake_refresh(reader, before, &set, &err);
    const uint64_t us = (uint64_t)(mr_monotonic_us() - begin_us);
    const int reconciled = mr_sales_lake_reconciled(reader, &reconciled_ms);
    mr_sales_lake_lag(reader, &lag);
    pthread_mutex_lock(&sales->lock);
    if (status != MR_OK && !sales->stopping) {
        note_problem(sales, status, &err);
    } else if (set != NULL) {
        publish(sales, set, us);
        set = NULL;
    }
    sales->state.lag = lag;
    sales->state.reconciled = reconciled;
    sales->state.reconciled_ms = reconciled_ms;
    pthread_cond_broadcast(&sales->changed);
    pthread_mutex_unlock(&sales->lock);
    mr_sales_set_free(set);
}

static struct timespec after_ms(uint32_t ms)
{
    struct timespec time;

    (void)clock_gettime(CLOCK_MONOTONIC, &time);
    time.tv_sec += ms / 1000;
    time.tv_nsec += (long)(ms % 1000) * 1000000;
    if (time.tv_nsec >= 1000000000) {
        time.tv_sec++;
        time.tv_nsec -= 1000000000;
    }
    return time;
}

static void *keep_up(void *argument)
{
    mr_sales *sales = argument;
    mr_sales_lake *reader = NULL;
    mr_err err;

    pthread_mutex_lock(&sales->lock);
    while (!sales->stopping) {
        pthread_mutex_unlock(&sales->lock);
        const mr_status status = reader == NULL ? open_reader(sales, &reader, &err) : MR_OK;
        pthread_mutex_lock(&sales->lock);
        sales->reader = reader;
        if (status != MR_OK) {
            note_problem(sales, status, &err);
        } else if (!sales->stopping) {
            pthread_mutex_unlock(&sales->lock);
            look(sales, reader);
            pthread_mutex_lock(&sales->lock);
        }
        const struct timespec next = after_ms(sales->options.look_ms);
        while (!sales->stopping &&
               pthread_cond_timedwait(&sales->changed, &sales->lock, &next) != ETIMEDOUT) {
        }
    }
    sales->reader = NULL;
    pthread_mutex_unlock(&sales->lock);
    mr_sales_lake_close(reader);
    return NULL;
}

mr_sales *mr_sales_start(const mr_sales_options *options)
{
    mr_sales *sales = mr_alloc_zero(1, sizeof *sales);

    sales->options = *options;
    sales->state = (mr_sales_state){.version = -1, .lag = {-1, -1}, .reconciled = -1};
    sales->cache = mr_sales_cache_create(options->answers_bytes_max);
    (void)pthread_mutex_init(&sales->lock, NULL);
    (void)pthread_mutex_init(&sales->lake_lock, NULL);
    mr_condition_init(&sales->changed);
    MR_ASSERT(mr_thread_start(&sales->thread, "sales", keep_up, sales) == 0);
    return sales;
}

void mr_sales_stop(mr_sales *sales)
{
    if (sales == NULL) {
        return;
    }
    pthread_mutex_lock(&sales->lock);
    sales->stopping = true;
    if (sales->reader != NULL) {
        mr_sales_lake_stop(sales->reader);
    }
    pthread_cond_broadcast(&sales->changed);
    pthread_mutex_unlock(&sales->lock);
    (void)pthread_join(sales->thread, NULL);
    if (sales->current != NULL) {
        release(sales->current);
    }
    mr_sales_lake_close(sales->asker);
    mr_sales_cache_destroy(sales->cache);
    (void)pthread_cond_destroy(&sales->changed);
    (void)pthread_mutex_destroy(&sales->lock);
    (void)pthread_mutex_destroy(&sales->lake_lock);
    free(sales);
}

/* --- Asking ----------------------------------------------------------------------------------- */

static mr_status read_from_lake(mr_sales *sales, const mr_sales_question *question,
                                uint32_t wait_ms, mr_sales_set **ret_set, mr_err *err)
{
    mr_sales_set *set = NULL;
    mr_status status = MR_OK;

    pthread_mutex_lock(&sales->lake_lock);
    if (sales->asker == NULL) {
        status = open_reader(sales, &sales->asker, err);
    }
    if (status == MR_OK) {
        status = mr_sales_lake_filter(sales->asker, question, wait_ms, &set, err);
    }
    pthread_mutex_unlock(&sales->lake_lock);
    if (status == MR_OK) {
        set->holders = 1;
        *ret_set = set;
    }
    return status;
}

mr_status mr_sales_take(mr_sales *sales, const mr_sales_question *question, uint32_t wait_ms,
                        mr_sales_set **ret_set, mr_err *err)
{
    const struct timespec until = after_ms(wait_ms);
    mr_sales_set *set = NULL;
    mr_status status = MR_OK;
    bool too_large, late = false;

    pthread_mutex_lock(&sales->lock);
    while (sales->current == NULL && !sales->state.too_large && !sales->stopping && !late) {
        late = pthread_cond_timedwait(&sales->changed, &sales->lock, &until) == ETIMEDOUT;
    }
    set = sales->current;
    too_large = sales->state.too_large;
    if (set != NULL) {
        set->holders++;
    } else if (!too_large) {
        status = mr_fail(err, MR_UNAVAILABLE, "sales are still being read from the lake%s%s",
                         sales->state.problem[0] != '\0' ? ": " : "", sales->state.problem);
    }
    pthread_mutex_unlock(&sales->lock);
    if (status == MR_OK && set == NULL) {
        return read_from_lake(sales, question, wait_ms, ret_set, err);
    }
    if (status == MR_OK) {
        *ret_set = set;
    }
    return status;
}

void mr_sales_give(mr_sales *sales, mr_sales_set *set)
{
    if (set != NULL) {
        pthread_mutex_lock(&sales->lock);
        release(set);
        pthread_mutex_unlock(&sales->lock);
    }
}

static void append_key_texts(mr_buffer *key, char kind, const mr_text *texts, size_t count)
{
    for (size_t index = 0; index < count; index++) {
        (void)mr_buffer_printf(key, "%c%zu:", kind, texts[index].bytes);
        (void)mr_buffer_append_text(key, texts[index]);
    }
}

/* What tells one question of one version from all others. */
static void write_key(const mr_sales_set *set, const mr_sales_question *question, mr_buffer *key)
{
    (void)mr_buffer_printf(key, "%" PRId64 ",%d,%d,%d,%d,%d,%d;", set->version, question->has_from,
                           question->has_from ? question->from : 0, question->has_to,
                           question->has_to ? question->to : 0, (int)question->compare,
                           (int)question->grain);
    (void)mr_buffer_printf(key, "%u,%" PRIu32 ",%u;", question->weekdays, question->hours,
                           question->segments);
    append_key_texts(key, 'c', question->countries, question->country_count);
    append_key_texts(key, 'p', question->products, question->product_count);
    for (size_t index = 0; index < question->customer_count; index++) {
        (void)mr_buffer_printf(key, "u%" PRId64 ";", question->customers[index]);
    }
}

/* The place of a key under way, or of a free one (hash 0); NULL: all are taken. */
static uint64_t *place_of(mr_sales *sales, uint64_t hash)
{
    for (size_t index = 0; index < making_max; index++) {
        if (sales->making[index] == hash) {
            return &sales->making[index];
        }
    }
    return NULL;
}

/* Finds what is kept, waiting for whoever makes it now. false: it is for the caller to make, and
 * to say so with end_making. */
static bool find_kept(mr_sales *sales, mr_text key, mr_buffer *out)
{
    const uint64_t hash = mr_hash64(key.data, key.bytes) | 1;
    mr_text kept;
    bool found;

    pthread_mutex_lock(&sales->lock);
    while ((kept = mr_sales_cache_get(sales->cache, key)).data == NULL &&
           place_of(sales, hash) != NULL && !sales->stopping) {
        pthread_cond_wait(&sales->changed, &sales->lock);
    }
    found = kept.data != NULL && mr_buffer_append_text(out, kept);
    uint64_t *place = found ? NULL : place_of(sales, 0);
    if (place != NULL) {
        *place = hash;
    }
    sales->state.answers++;
    sales->state.answers_kept += found;
    pthread_mutex_unlock(&sales->lock);
    return found;
}

/* made absent: it failed, and the next one tries. */
static void end_making(mr_sales *sales, mr_text key, mr_text made)
{
    const uint64_t hash = mr_hash64(key.data, key.bytes) | 1;

    pthread_mutex_lock(&sales->lock);
    if (made.data != NULL) {
        mr_sales_cache_put(sales->cache, key, made);
    }
    uint64_t *place = place_of(sales, hash);
    if (place != NULL) {
        *place = 0;
    }
    pthread_cond_broadcast(&sales->changed);
    pthread_mutex_unlock(&sales->lock);
}

mr_status mr_sales_keep(mr_sales *sales, const mr_sales_set *set, const mr_sales_question *question,
                        const mr_sales_kept *what, mr_buffer *out, mr_err *err)
{
    mr_buffer key, text;
    mr_status status = MR_OK;

    mr_buffer_init(&key, key_bytes_max);
    mr_buffer_init(&text, answer_bytes_max);
    (void)mr_buffer_append_text(&key, what->name);
    (void)mr_buffer_append_string(&key, ";");
    write_key(set, question, &key);
    if (key.overflowed) {
        status = mr_fail(err, MR_LIMIT, "the filters are too long");
    } else if (!find_kept(sales, mr_buffer_text(&key), out)) {
        status = what->make(what->ctx, set, question, &text, err);
        end_making(sales, mr_buffer_text(&key),
                   status == MR_OK ? mr_buffer_text(&text) : MR_TEXT_ABSENT);
        if (status == MR_OK) {
            (void)mr_buffer_append_text(out, mr_buffer_text(&text));
        }
    }
    mr_buffer_free(&key);
    mr_buffer_free(&text);
    return status;
}

static mr_status make_dashboard(void *ctx, const mr_sales_set *set,
                                const mr_sales_question *question, mr_buffer *out, mr_err *err)
{
    mr_sales_result *result = NULL;
    mr_status status = mr_sales_result_make(set, question, &result, err);

    (void)ctx;
    if (status == MR_OK) {
        status = mr_sales_answer_write(result, out, err);
    }
    mr_sales_result_free(result);
    return status;
}

mr_status mr_sales_ask(mr_sales *sales, const mr_sales_set *set, const mr_sales_question *question,
                       mr_buffer *out, mr_err *err)
{
    const mr_sales_kept dashboard = {MR_TEXT_LITERAL("dashboard"), make_dashboard, NULL};

    return mr_sales_keep(sales, set, question, &dashboard, out, err);
}

void mr_sales_read_state(mr_sales *sales, mr_sales_state *ret_state)
{
    pthread_mutex_lock(&sales->lock);
    *ret_state = sales->state;
    pthread_mutex_unlock(&sales->lock);
}
