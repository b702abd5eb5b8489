/* SPDX-License-Identifier: Apache-2.0 */
/* base/thread.h - how the program's threads begin: named, and without signals.
 *
 * Signals are the main thread's (server_process.h): a thread that took one would end a system call
 * with EINTR where nothing expects it, or the process by SIGPIPE where TLS writes to a closed
 * socket.
 */
#ifndef MR_BASE_THREAD_H
#define MR_BASE_THREAD_H

#include <pthread.h>

enum { mr_thread_name_chars_max = 15 }; /* pthread_setname_np(3) */

/* Starts run(ctx) with every signal blocked. name is what `top -H` and debuggers show, at most
 * mr_thread_name_chars_max characters. The caller joins the thread. Returns 0 or an errno value. */
int mr_thread_start(pthread_t *ret_thread, const char *name, void *(*run)(void *ctx), void *ctx);

/* A condition whose timed waits are by CLOCK_MONOTONIC: a clock that is set does not wake them. */
void mr_condition_init(pthread_cond_t *condition);

#endif
