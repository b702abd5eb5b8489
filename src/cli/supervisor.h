/* SPDX-License-Identifier: Apache-2.0 */
/* cli/supervisor.h - keeps a handful of child processes running until it is told to stop.
 *
 * One call runs it all, in the calling thread, which must be the process's only one (it forks).
 * Children end with it, however it ends (PR_SET_PDEATHSIG).
 */
#ifndef MR_CLI_SUPERVISOR_H
#define MR_CLI_SUPERVISOR_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

enum {
    mr_supervisor_children_max = 8,
    mr_supervisor_start_attempts_max = 5, /* a child that never became ready is given up then */
    mr_supervisor_usage_status = 2,       /* a child that exits with it would do so again */
};

typedef struct mr_supervised {
    const char *name;
    char *const *argv; /* argv[0] is what `ps` shows; ends with NULL */
} mr_supervised;

typedef struct mr_supervisor_options {
    const char *program;           /* the executable of every child */
    const mr_supervised *children; /* stopped in this order, each after the one before has ended */
    size_t child_count;
    char *const *environment; /* "NAME=value", ends with NULL; NOTIFY_SOCKET is added */
    uint32_t backoff_ms_min;  /* wait before the first restart; doubles up to ... */
    uint32_t backoff_ms_max;
    uint32_t healthy_ms; /* a life this long sets the wait back to its least */
    uint32_t stop_ms;    /* a child that still runs this long after SIGTERM is killed */
    void *ctx;
    /* Every child has said READY=1 (mr_role_ready); called once. */
    void (*ready)(void *ctx);
    /* A child ended and will be started again in restart_ms. what: "ended by signal 9 (Killed)". */
    void (*restarting)(void *ctx, const char *name, const char *what, uint64_t restart_ms);
} mr_supervisor_options;

/* Starts the children and returns once they have ended: MR_OK after SIGTERM, SIGINT, or the loss of
 * the terminal; MR_INVALID when one exited with mr_supervisor_usage_status; MR_UNAVAILABLE when one
 * could not be brought to readiness. SIGHUP sent by a process is passed on to the children. A
 * second SIGTERM or SIGINT kills what still runs. Options are borrowed. */
mr_status mr_supervisor_run(const mr_supervisor_options *options, mr_err *err);

#endif
