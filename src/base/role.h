/* SPDX-License-Identifier: Apache-2.0 */
/* base/role.h - what a running role (gateway, processor, up) tells others about itself.
 *
 * Each role holds a lock on <data>/run/<role>.lock while it lives and keeps <data>/run/<role>.state
 * current (about once a second; not durable, it describes a process). `millrace status` reads them.
 */
#ifndef MR_BASE_ROLE_H
#define MR_BASE_ROLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

enum { mr_role_rate_window_seconds = 10 };

typedef struct mr_role_state {
    char role[32];
    int pid;
    bool alive; /* the lock is held */
    int64_t started_ms;
    int64_t updated_ms;
    char address[96]; /* "127.0.0.1:8000"; "" when it does not listen */
    uint64_t events;  /* taken since it started */
    uint64_t errors;
    double events_per_second; /* over the last mr_role_rate_window_seconds */
    char last_error[256];
    int64_t last_error_ms;
    char restarts[128]; /* of the roles it starts again: "gateway 2,web 1"; "": none yet */
} mr_role_state;

typedef struct mr_role mr_role;

/* MR_EXISTS: that role runs already on this data folder; err names its pid. */
mr_status mr_role_open(const char *data_folder, const char *role, mr_role **ret_role, mr_err *err);
void mr_role_close(mr_role *role); /* removes the state file; NULL is fine */

void mr_role_set_address(mr_role *role, const char *address);
/* Totals since start; writes the file when the last write is a second old. Cheap to call often. Any
 * one thread. */
void mr_role_update(mr_role *role, uint64_t events, uint64_t errors);
void mr_role_set_error(mr_role *role, const char *message);
/* As mr_role_state.restarts. */
void mr_role_set_restarts(mr_role *role, const char *restarts);
/* How often a role was started again, by what its supervisor says. */
uint64_t mr_role_restarts(const mr_role_state *supervisor, const char *role);

/* Tells whoever started this process that the role serves now: "READY=1" to the socket named by the
 * environment's NOTIFY_SOCKET, the way systemd (Type=notify) and `millrace up` both understand.
 * Nothing happens without that variable, or the second time. Call once the address is set. */
void mr_role_ready(mr_role *role);

/* Every role ever seen on a data folder; visit returns false to end. */
mr_status mr_role_list(const char *data_folder,
                       bool (*visit)(void *ctx, const mr_role_state *state), void *ctx,
                       mr_err *err);

#endif
