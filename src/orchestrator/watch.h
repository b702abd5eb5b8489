/* SPDX-License-Identifier: Apache-2.0 */
/* orchestrator/watch.h - tells when a folder changes, without asking it again and again. */
#ifndef MR_ORCHESTRATOR_WATCH_H
#define MR_ORCHESTRATOR_WATCH_H

#include <stdbool.h>

#include "base/status.h"

typedef struct mr_watch {
    int fd;     /* readable when something has happened; -1: not open */
    int wake;   /* of the folder runs/ */
    int bronze; /* of bronze's log; -1 while that cannot be watched */
} mr_watch;

mr_status mr_watch_open(mr_watch *watch, const char *runs_folder, mr_err *err);
void mr_watch_close(mr_watch *watch);
/* true: watched from now on, so look at it once more. false: it was already, or cannot be. NULL: it
 * lies where nothing can be watched. */
bool mr_watch_bronze(mr_watch *watch, const char *log_folder);
/* Takes what has happened; *ret_bronze: bronze's log has grown. */
void mr_watch_drain(mr_watch *watch, bool *ret_bronze);

#endif
