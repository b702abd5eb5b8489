/* SPDX-License-Identifier: Apache-2.0 */
/* web/answers.c - a cache of texts behind a lock, which is held while one is copied. */
#include "web/answers.h"

#include <pthread.h>
#include <stdlib.h>

#include "query/sales_cache.h"

struct mr_web_answers {
    pthread_mutex_t lock;
    mr_sales_cache *cache; /* guarded by lock */
};

void *mr_web_answers_create(const mr_web_options *options)
{
    mr_web_answers *answers = mr_alloc_zero(1, sizeof *answers);

    (void)options;
    (void)pthread_mutex_init(&answers->lock, NULL);
    answers->cache = mr_sales_cache_create(mr_web_answers_bytes_max);
    return answers;
}

void mr_web_answers_destroy(void *part)
{
    mr_web_answers *answers = part;

    mr_sales_cache_destroy(answers->cache);
    (void)pthread_mutex_destroy(&answers->lock);
    free(answers);
}

bool mr_web_answers_find(mr_web_answers *answers, mr_text key, mr_buffer *out)
{
    pthread_mutex_lock(&answers->lock);
    const mr_text kept = mr_sales_cache_get(answers->cache, key);
    if (kept.data != NULL) {
        (void)mr_buffer_append_text(out, kept);
    }
    pthread_mutex_unlock(&answers->lock);
    return kept.data != NULL;
}

void mr_web_answers_keep(mr_web_answers *answers, mr_text key, mr_text answer)
{
    pthread_mutex_lock(&answers->lock);
    mr_sales_cache_put(answers->cache, key, answer);
    pthread_mutex_unlock(&answers->lock);
}
