/* SPDX-License-Identifier: Apache-2.0 */
/* store/ops_access.h - who may look at the web: users, their sessions and one-time links, tries to
 * sign in, the audit log, and the queries that users keep.
 *
 * Part of ops.h's handle and its rules. Tokens are 256 random bits, shown once; only their SHA-256
 * is kept. Passwords come as hashes already. Every change is durable when its function returns.
 */
#ifndef MR_STORE_OPS_ACCESS_H
#define MR_STORE_OPS_ACCESS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "base/text.h"

typedef struct mr_ops mr_ops;

/* Each may do what the one before it may, and more; a customer only for one customer id. */
typedef enum mr_user_role {
    MR_USER_NOBODY, /* no user has it: what needs no session */
    MR_USER_CUSTOMER,
    MR_USER_ANALYST,
    MR_USER_OPERATOR,
} mr_user_role;

const char *mr_user_role_name(mr_user_role role); /* "customer" ... */
/* false: no such role; nobody's is none. */
bool mr_user_role_parse(mr_text name, mr_user_role *ret_role);

enum {
    mr_user_name_bytes_max = 65, /* with its NUL */
    mr_password_hash_bytes_max = 128,
    mr_token_bytes_max = 48, /* 43 characters base64url */
    mr_token_hash_bytes = 32,
    mr_user_sessions_max = 50,      /* of one user; the one longest unseen ends for another */
    mr_attempts_kept_max = 10000,   /* subjects whose failures are remembered */
    mr_audit_entries_max = 1000000, /* the oldest go */
    mr_saved_queries_max = 200,     /* of one user */
    mr_history_entries_max = 20000, /* of all users together */
};

typedef struct mr_user {
    int64_t user_id;
    char name[mr_user_name_bytes_max];
    mr_user_role role;
    int64_t customer_id; /* meaningful for a customer */
    bool has_password;
    int64_t created_ms, signed_in_ms; /* signed_in_ms 0: never */
} mr_user;

/* --- Users ---------------------------------------------------------------------------------- */

/* Names: 1 to 64 characters of a-z A-Z 0-9 . _ @ + -; password: its hash, or "" for none yet.
 * MR_EXISTS: the name is taken. */
mr_status mr_ops_user_add(mr_ops *ops, const mr_user *user, const char *password, mr_err *err);
/* MR_NOT_FOUND (err filled). ret_password may be NULL. */
mr_status mr_ops_user_find(mr_ops *ops, mr_text name, mr_user *ret_user,
                           char ret_password[static mr_password_hash_bytes_max], mr_err *err);
/* By name; visit returns false to end. */
mr_status mr_ops_users(mr_ops *ops, bool (*visit)(void *ctx, const mr_user *user), void *ctx,
                       mr_err *err);
/* With all sessions and links. */
mr_status mr_ops_user_remove(mr_ops *ops, int64_t user_id, mr_err *err);
/* Ends all of the user's sessions but the one of keep (absent: all), and its links. */
mr_status mr_ops_user_set_password(mr_ops *ops, int64_t user_id, const char *password, mr_text keep,
                                   mr_err *err);

/* --- Links: each signs its user in once ------------------------------------------------------ */

mr_status mr_ops_link_make(mr_ops *ops, int64_t user_id, uint64_t lifetime_ms,
                           char ret_token[static mr_token_bytes_max], mr_err *err);
/* MR_NOT_FOUND: unknown, used or expired. */
mr_status mr_ops_link_take(mr_ops *ops, mr_text token, mr_user *ret_user, mr_err *err);

/* --- Sessions -------------------------------------------------------------------------------- */

typedef struct mr_session_limits {
    uint64_t idle_ms, whole_ms;
} mr_session_limits;

typedef struct mr_session {
    mr_user user;
    bool by_link; /* and no password was set in it yet */
    int64_t expires_ms;
} mr_session;

/* ret_token goes into the cookie. */
mr_status mr_ops_session_begin(mr_ops *ops, int64_t user_id, bool by_link,
                               const mr_session_limits *limits, const char *address,
                               char ret_token[static mr_token_bytes_max], mr_err *err);
/* MR_NOT_FOUND: unknown or over. Keeps the session from going idle. */
mr_status mr_ops_session_find(mr_ops *ops, mr_text token, const mr_session_limits *limits,
                              mr_session *ret_session, mr_err *err);
/* The same, without keeping it from going idle. */
mr_status mr_ops_session_look(mr_ops *ops, mr_text token, const mr_session_limits *limits,
                              mr_session *ret_session, mr_err *err);
mr_status mr_ops_session_end(mr_ops *ops, mr_text token, mr_err *err);

/* --- Tries to sign in ------------------------------------------------------------------------- */

/* How long this subject ("user:anna", "address:192.0.2.7") has to wait before its next try: nothing
 * for its first 5 failures, then 1 s, doubling up to 15 minutes. An hour without a failure forgets
 * them. */
mr_status mr_ops_attempt_wait(mr_ops *ops, const char *subject, uint64_t *ret_wait_ms, mr_err *err);
mr_status mr_ops_attempt_failed(mr_ops *ops, const char *subject, mr_err *err);
mr_status mr_ops_attempt_forget(mr_ops *ops, const char *subject, mr_err *err);

/* --- Audit log -------------------------------------------------------------------------------- */

typedef struct mr_audit_entry {
    int64_t audit_id, at_ms; /* both set by the log */
    mr_text user;            /* "" when nobody is known */
    mr_text address;         /* of the client; "" for the command line */
    mr_text action;          /* "session.begin" */
    mr_text target;          /* what it was done to */
    mr_text detail;
} mr_audit_entry;

enum { mr_audit_text_bytes_max = 4096 }; /* of each text; what is longer is cut */

mr_status mr_ops_audit_add(mr_ops *ops, const mr_audit_entry *entry, mr_err *err);
/* Newest first, those with an id below `before` (INT64_MAX: all). Texts are borrowed for the visit.
 */
mr_status mr_ops_audit(mr_ops *ops, int64_t before, uint32_t limit,
                       bool (*visit)(void *ctx, const mr_audit_entry *entry), void *ctx,
                       mr_err *err);

#endif
