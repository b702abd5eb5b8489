/* SPDX-License-Identifier: Apache-2.0 */
/* base/thread.c - see thread.h. */
#define _GNU_SOURCE /* pthread_setname_np */

#include "base/thread.h"

#include <signal.h>
#include <string.h>
#include <time.h>

#include "base/status.h"

int mr_thread_start(pthread_t *ret_thread, const char *name, void *(*run)(void *ctx), void *ctx)
{
    sigset_t all;
    sigset_t before;

    MR_ASSERT(strlen(name) <= mr_thread_name_chars_max);
    (void)sigfillset(&all); /* these fail only on bad arguments */
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    int reason = pthread_create(ret_thread, NULL, run, ctx);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (reason == 0) {
        (void)pthread_setname_np(*ret_thread, name); /* a name is a nicety */
    }
    return reason;
}

void mr_condition_init(pthread_cond_t *condition)
{
    pthread_condattr_t monotonic;

    MR_ASSERT(pthread_condattr_init(&monotonic) == 0);
    MR_ASSERT(pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) == 0);
    MR_ASSERT(pthread_cond_init(condition, &monotonic) == 0);
    (void)pthread_condattr_destroy(&monotonic);
}
