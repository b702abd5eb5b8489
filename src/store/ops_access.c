/* SPDX-License-Identifier: Apache-2.0 */
/* store/ops_access.c - users, sessions, links, tries and the audit log: the rules, over whichever
 * backend keeps them.
 *
 * Called by:  the web's workers, the command user; one thread a handle.
 * Invariants: (1) no token is stored, only its SHA-256: tokens are 256 random bits (ops.c says why
 *                 that is enough);
 *             (2) a link signs in once: taking it is one conditional UPDATE;
 *             (3) what an attacker can make grow (tries, the audit log, sessions) has a cap.
 * Not here:   hashing passwords (web/password.c), statements (sql/access_*.sql).
 */
#include "store/ops_access.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "base/memory.h"
#include "store/ops_backend.h"

enum {
    touch_ms = 60000,       /* a session's last sight is written down no finer than this */
    attempts_free = 5,      /* failures that cost no wait */
    attempt_doublings = 10, /* 1 s << 10 is beyond the longest wait */
    attempt_wait_ms_max = 15 * 60000,
    attempt_memory_ms = 60 * 60000,
    trim_interval = 256, /* of ids: trimming is due at every such */
};

/* --- Roles ------------------------------------------------------------------------------------ */

static const char *const role_names[] = {
    [MR_USER_NOBODY] = "nobody",
    [MR_USER_CUSTOMER] = "customer",
    [MR_USER_ANALYST] = "analyst",
    [MR_USER_OPERATOR] = "operator",
};

const char *mr_user_role_name(mr_user_role role)
{
    return role_names[role];
}

bool mr_user_role_parse(mr_text name, mr_user_role *ret_role)
{
    for (int role = MR_USER_CUSTOMER; role <= MR_USER_OPERATOR; role++) {
        if (mr_text_equal(name, mr_text_of(role_names[role]))) {
            *ret_role = (mr_user_role)role;
            return true;
        }
    }
    return false;
}

/* --- Running statements ----------------------------------------------------------------------- */

#define COUNT_OF(values) (sizeof(values) / sizeof((values)[0]))

static mr_status run(mr_ops *ops, mr_ops_statement statement, const mr_ops_value *values,
                     size_t count, uint64_t *ret_changes, mr_err *err)
{
    return ops->backend->run(ops->state, statement, values, count, NULL, NULL, ret_changes, err);
}

static mr_status ask(mr_ops *ops, mr_ops_statement statement, const mr_ops_value *values,
                     size_t count, mr_ops_row visit, void *ctx, mr_err *err)
{
    return ops->backend->run(ops->state, statement, values, count, visit, ctx, NULL, err);
}

/* Ends a change of several statements. */
static mr_status finish(mr_ops *ops, mr_status status, mr_err *err)
{
    if (status == MR_OK) {
        status = ops->backend->commit(ops->state, err);
    }
    if (status != MR_OK) {
        ops->backend->rollback(ops->state);
    }
    return status;
}

/* --- Users ------------------------------------------------------------------------------------ */

static bool is_user_name(const char *name)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "0123456789._@+-";
    size_t bytes = strlen(name);

    return bytes >= 1 && bytes < mr_user_name_bytes_max && strspn(name, allowed) == bytes;
}

static void copy_text(char *to, size_t capacity, mr_text text)
{
    size_t bytes = text.bytes < capacity ? text.bytes : capacity - 1;

    memcpy(to, text.data != NULL ? text.data : "", bytes);
    to[bytes] = '\0';
}

typedef struct found_user {
    mr_user user;
    char password[mr_password_hash_bytes_max];
    bool found, is_sane;
} found_user;

/* The columns every statement on users begins with. */
static bool read_user(void *ctx, const mr_ops_value *cells, size_t count)
{
    found_user *found = ctx;
    int64_t role = cells[2].integer;

    MR_ASSERT(count >= 7);
    found->found = true;
    found->is_sane = role >= MR_USER_CUSTOMER && role <= MR_USER_OPERATOR &&
                     (role != MR_USER_CUSTOMER || cells[3].kind == MR_OPS_INTEGER);
    found->user = (mr_user){
        .user_id = cells[0].integer,
        .role = found->is_sane ? (mr_user_role)role : MR_USER_NOBODY,
        .customer_id = cells[3].integer,
        .has_password = cells[4].text.bytes > 0,
        .created_ms = cells[5].integer,
        .signed_in_ms = cells[6].integer,
    };
    copy_text(found->user.name, sizeof(found->user.name), cells[1].text);
    copy_text(found->password, sizeof(found->password), cells[4].text);
    return false;
}

static mr_status check_found(const found_user *found, mr_err *err)
{
    return found->is_sane ? MR_OK
                          : mr_fail(err, MR_CORRUPT, "ops: user %s has no role that is known",
                                    found->user.name);
}

mr_status mr_ops_user_add(mr_ops *ops, const mr_user *user, const char *password, mr_err *err)
{
    const mr_ops_value values[] = {
        mr_ops_string(mr_text_of(user->name)),
        mr_ops_integer(user->role),
        user->role == MR_USER_CUSTOMER ? mr_ops_integer(user->customer_id)
                                       : (mr_ops_value){.kind = MR_OPS_NULL},
        mr_ops_string(mr_text_of(password)),
        mr_ops_integer(mr_now_ms()),
    };
    uint64_t changes = 0;
    mr_status status;

    if (!is_user_name(user->name)) {
        return mr_fail(err, MR_INVALID,
                       "a user's name has 1 to %d characters of a-z A-Z 0-9 . _ @ + -",
                       mr_user_name_bytes_max - 1);
    }
    MR_ASSERT(user->role >= MR_USER_CUSTOMER && user->role <= MR_USER_OPERATOR);
    MR_ASSERT(strlen(password) < mr_password_hash_bytes_max);
    status = run(ops, MR_OPS_USER_ADD, values, COUNT_OF(values), &changes, err);
    if (status == MR_OK && changes == 0) {
        return mr_fail(err, MR_EXISTS, "a user named '%s' exists", user->name);
    }
    return status;
}

mr_status mr_ops_user_find(mr_ops *ops, mr_text name, mr_user *ret_user,
                           char ret_password[static mr_password_hash_bytes_max], mr_err *err)
{
    const mr_ops_value values[] = {mr_ops_string(name)};
    found_user found = {.found = false};
    mr_status status = ask(ops, MR_OPS_USER_FIND, values, COUNT_OF(values), read_user, &found, err);

    if (status == MR_OK && !found.found) {
        return mr_fail(err, MR_NOT_FOUND, "no user is named '%.*s'", MR_TEXT_ARGS(name));
    }
    if (status == MR_OK) {
        status = check_found(&found, err);
    }
    if (status == MR_OK) {
        *ret_user = found.user;
        memcpy(ret_password, found.password, sizeof(found.password));
    }
    OPENSSL_cleanse(found.password, sizeof(found.password));
    return status;
}

typedef struct user_visit {
    bool (*visit)(void *ctx, const mr_user *user);
    void *ctx;
} user_visit;

static bool visit_user(void *ctx, const mr_ops_value *cells, size_t count)
{
    const user_visit *to = ctx;
    found_user found;

    (void)read_user(&found, cells, count); /* a row without a role is shown as nobody's */
    return to->visit(to->ctx, &found.user);
}

mr_status mr_ops_users(mr_ops *ops, bool (*visit)(void *ctx, const mr_user *user), void *ctx,
                       mr_err *err)
{
    user_visit to = {visit, ctx};

    return ask(ops, MR_OPS_USER_LIST, NULL, 0, visit_user, &to, err);
}

/* Within a transaction: the user's sessions but one, and all links. */
static mr_status end_access(mr_ops *ops, int64_t user_id, mr_text keep, mr_err *err)
{
    uint8_t hash[mr_ops_hash_bytes] = {0}; /* no token's: nothing is kept */
    const mr_ops_value user[] = {mr_ops_integer(user_id)};
    const mr_ops_value others[] = {mr_ops_integer(user_id), mr_ops_bytes(hash, sizeof(hash))};
    mr_status status;

    if (keep.data != NULL) {
        mr_ops_hash(keep, hash);
    }
    status = run(ops, MR_OPS_SESSION_REMOVE_OTHERS, others, COUNT_OF(others), NULL, err);
    return status != MR_OK ? status
                           : run(ops, MR_OPS_LINK_REMOVE_OF, user, COUNT_OF(user), NULL, err);
}

mr_status mr_ops_user_remove(mr_ops *ops, int64_t user_id, mr_err *err)
{
    const mr_ops_value values[] = {mr_ops_integer(user_id)};
    mr_status status = ops->backend->begin(ops->state, err);

    if (status != MR_OK) {
        return status;
    }
    status = end_access(ops, user_id, MR_TEXT_ABSENT, err);
    if (status == MR_OK) {
        status = run(ops, MR_OPS_USER_REMOVE, values, COUNT_OF(values), NULL, err);
    }
    return finish(ops, status, err);
}

mr_status mr_ops_user_set_password(mr_ops *ops, int64_t user_id, const char *password, mr_text keep,
                                   mr_err *err)
{
    const mr_ops_value values[] = {mr_ops_string(mr_text_of(password)), mr_ops_integer(user_id)};
    uint8_t hash[mr_ops_hash_bytes] = {0};
    const mr_ops_value session[] = {mr_ops_bytes(hash, sizeof(hash))};
    mr_status status = ops->backend->begin(ops->state, err);

    MR_ASSERT(strlen(password) < mr_password_hash_bytes_max);
    if (status != MR_OK) {
        return status;
    }
    status = run(ops, MR_OPS_USER_PASSWORD, values, COUNT_OF(values), NULL, err);
    if (status == MR_OK) {
        status = end_access(ops, user_id, keep, err);
    }
    if (status == MR_OK && keep.data != NULL) {
        mr_ops_hash(keep, hash);
        status = run(ops, MR_OPS_SESSION_SETTLE, session, COUNT_OF(session), NULL, err);
    }
    return finish(ops, status, err);
}

/* --- Links ------------------------------------------------------------------------------------ */

mr_status mr_ops_link_make(mr_ops *ops, int64_t user_id, uint64_t lifetime_ms,
                           char ret_token[static mr_token_bytes_max], mr_err *err)
{
    char token[mr_token_bytes_max];
    uint8_t hash[mr_ops_hash_bytes];
    const int64_t now_ms = mr_now_ms();
    const mr_ops_value past[] = {mr_ops_integer(now_ms)};
    const mr_ops_value values[] = {
        mr_ops_bytes(hash, sizeof(hash)),
        mr_ops_integer(user_id),
        mr_ops_integer(now_ms),
        mr_ops_integer(now_ms + (int64_t)lifetime_ms),
    };
    mr_status status = run(ops, MR_OPS_LINK_PURGE, past, COUNT_OF(past), NULL, err);

    if (status != MR_OK) {
        return status;
    }
    mr_ops_make_secret(token);
    mr_ops_hash(mr_text_of(token), hash);
    status = run(ops, MR_OPS_LINK_ADD, values, COUNT_OF(values), NULL, err);
    if (status == MR_OK) {
        memcpy(ret_token, token, sizeof(token));
    }
    OPENSSL_cleanse(token, sizeof(token));
    return status;
}

mr_status mr_ops_link_take(mr_ops *ops, mr_text token, mr_user *ret_user, mr_err *err)
{
    uint8_t hash[mr_ops_hash_bytes];
    const mr_ops_value values[] = {mr_ops_integer(mr_now_ms()), mr_ops_bytes(hash, sizeof(hash))};
    found_user found = {.found = false};
    uint64_t changes = 0;
    mr_status status;

    mr_ops_hash(token, hash);
    status = run(ops, MR_OPS_LINK_TAKE, values, COUNT_OF(values), &changes, err);
    if (status == MR_OK && changes > 0) {
        status = ask(ops, MR_OPS_LINK_USER, &values[1], 1, read_user, &found, err);
    }
    if (status == MR_OK && !found.found) {
        return mr_fail(err, MR_NOT_FOUND, "the link is unknown, used or expired");
    }
    if (status == MR_OK) {
        status = check_found(&found, err);
    }
    if (status == MR_OK) {
        *ret_user = found.user;
    }
    return status;
}

/* --- Sessions --------------------------------------------------------------------------------- */

mr_status mr_ops_session_begin(mr_ops *ops, int64_t user_id, bool by_link,
                               const mr_session_limits *limits, const char *address,
                               char ret_token[static mr_token_bytes_max], mr_err *err)
{
    char token[mr_token_bytes_max];
    uint8_t hash[mr_ops_hash_bytes];
    const int64_t now_ms = mr_now_ms();
    const mr_ops_value past[] = {mr_ops_integer(now_ms)};
    const mr_ops_value seen[] = {mr_ops_integer(now_ms), mr_ops_integer(user_id)};
    const mr_ops_value most[] = {mr_ops_integer(user_id), mr_ops_integer(mr_user_sessions_max)};
    const mr_ops_value values[] = {
        mr_ops_bytes(hash, sizeof(hash)),
        mr_ops_integer(user_id),
        mr_ops_integer(by_link),
        mr_ops_integer(now_ms),
        mr_ops_integer(now_ms + (int64_t)limits->whole_ms),
        mr_ops_string(mr_text_of(address)),
    };
    mr_status status = ops->backend->begin(ops->state, err);

    if (status != MR_OK) {
        return status;
    }
    mr_ops_make_secret(token);
    mr_ops_hash(mr_text_of(token), hash);
    status = run(ops, MR_OPS_SESSION_PURGE, past, COUNT_OF(past), NULL, err);
    if (status == MR_OK) {
        status = run(ops, MR_OPS_SESSION_ADD, values, COUNT_OF(values), NULL, err);
    }
    if (status == MR_OK) {
        status = run(ops, MR_OPS_SESSION_TRIM, most, COUNT_OF(most), NULL, err);
    }
    if (status == MR_OK) {
        status = run(ops, MR_OPS_USER_SIGNED_IN, seen, COUNT_OF(seen), NULL, err);
    }
    status = finish(ops, status, err);
    if (status == MR_OK) {
        memcpy(ret_token, token, sizeof(token));
    }
    OPENSSL_cleanse(token, sizeof(token));
    return status;
}

typedef struct found_session {
    found_user who;
    bool by_link;
    int64_t seen_ms, expires_ms;
} found_session;

static bool read_session(void *ctx, const mr_ops_value *cells, size_t count)
{
    found_session *found = ctx;

    MR_ASSERT(count == 10);
    (void)read_user(&found->who, cells, count);
    found->by_link = cells[7].integer != 0;
    found->seen_ms = cells[8].integer;
    found->expires_ms = cells[9].integer;
    return false;
}

static mr_status find_session(mr_ops *ops, mr_text token, const mr_session_limits *limits,
                              bool touch, mr_session *ret_session, mr_err *err)
{
    uint8_t hash[mr_ops_hash_bytes];
    const int64_t now_ms = mr_now_ms();
    const mr_ops_value values[] = {mr_ops_bytes(hash, sizeof(hash))};
    const mr_ops_value seen[] = {mr_ops_integer(now_ms), mr_ops_bytes(hash, sizeof(hash))};
    found_session found = {.by_link = false};
    mr_status status;

    mr_ops_hash(token, hash);
    status = ask(ops, MR_OPS_SESSION_FIND, values, COUNT_OF(values), read_session, &found, err);
    if (status == MR_OK && (!found.who.found || found.expires_ms <= now_ms ||
                            found.seen_ms + (int64_t)limits->idle_ms <= now_ms)) {
        return mr_fail(err, MR_NOT_FOUND, "the session is unknown or over");
    }
    if (status == MR_OK) {
        status = check_found(&found.who, err);
    }
    /* However short the idle time is, a session in use does not run into it. */
    if (status == MR_OK && touch &&
        (now_ms - found.seen_ms >= touch_ms ||
         now_ms - found.seen_ms >= (int64_t)limits->idle_ms / 4)) {
        status = run(ops, MR_OPS_SESSION_TOUCH, seen, COUNT_OF(seen), NULL, err);
        found.seen_ms = now_ms;
    }
    if (status == MR_OK) {
        int64_t idle_end_ms = found.seen_ms + (int64_t)limits->idle_ms;
        *ret_session = (mr_session){
            .user = found.who.user,
            .by_link = found.by_link,
            .expires_ms = idle_end_ms < found.expires_ms ? idle_end_ms : found.expires_ms,
        };
    }
    return status;
}

mr_status mr_ops_session_find(mr_ops *ops, mr_text token, const mr_session_limits *limits,
                              mr_session *ret_session, mr_err *err)
{
    return find_session(ops, token, limits, true, ret_session, err);
}

mr_status mr_ops_session_look(mr_ops *ops, mr_text token, const mr_session_limits *limits,
                              mr_session *ret_session, mr_err *err)
{
    return find_session(ops, token, limits, false, ret_session, err);
}

mr_status mr_ops_session_end(mr_ops *ops, mr_text token, mr_err *err)
{
    uint8_t hash[mr_ops_hash_bytes];
    const mr_ops_value values[] = {mr_ops_bytes(hash, sizeof(hash))};

    mr_ops_hash(token, hash);
    return run(ops, MR_OPS_SESSION_REMOVE, values, COUNT_OF(values), NULL, err);
}

/* --- Tries to sign in ------------------------------------------------------------------------- */

typedef struct found_attempts {
    int64_t failures, last_ms;
} found_attempts;

static bool read_attempts(void *ctx, const mr_ops_value *cells, size_t count)
{
    MR_ASSERT(count == 2);
    *(found_attempts *)ctx = (found_attempts){cells[0].integer, cells[1].integer};
    return false;
}

static int64_t wait_after(int64_t failures)
{
    int64_t doublings = failures - attempts_free;

    if (doublings < 0) {
        return 0;
    }
    int64_t wait_ms = INT64_C(1000)
                      << (doublings < attempt_doublings ? doublings : attempt_doublings);
    return wait_ms < attempt_wait_ms_max ? wait_ms : attempt_wait_ms_max;
}

mr_status mr_ops_attempt_wait(mr_ops *ops, const char *subject, uint64_t *ret_wait_ms, mr_err *err)
{
    const mr_ops_value values[] = {mr_ops_string(mr_text_of(subject))};
    const int64_t now_ms = mr_now_ms();
    found_attempts found = {0};
    mr_status status =
        ask(ops, MR_OPS_ATTEMPT_READ, values, COUNT_OF(values), read_attempts, &found, err);

    if (status == MR_OK) {
        bool remembered = found.last_ms > now_ms - attempt_memory_ms;
        int64_t end_ms = found.last_ms + wait_after(found.failures);
        *ret_wait_ms = remembered && end_ms > now_ms ? (uint64_t)(end_ms - now_ms) : 0;
    }
    return status;
}

mr_status mr_ops_attempt_failed(mr_ops *ops, const char *subject, mr_err *err)
{
    const int64_t now_ms = mr_now_ms();
    const mr_ops_value values[] = {
        mr_ops_string(mr_text_of(subject)),
        mr_ops_integer(now_ms),
        mr_ops_integer(now_ms - attempt_memory_ms),
    };
    const mr_ops_value limits[] = {
        mr_ops_integer(now_ms - attempt_memory_ms),
        mr_ops_integer(mr_attempts_kept_max),
    };
    mr_status status = run(ops, MR_OPS_ATTEMPT_FAIL, values, COUNT_OF(values), NULL, err);

    return status != MR_OK ? status
                           : run(ops, MR_OPS_ATTEMPT_PURGE, limits, COUNT_OF(limits), NULL, err);
}

mr_status mr_ops_attempt_forget(mr_ops *ops, const char *subject, mr_err *err)
{
    const mr_ops_value values[] = {mr_ops_string(mr_text_of(subject))};

    return run(ops, MR_OPS_ATTEMPT_CLEAR, values, COUNT_OF(values), NULL, err);
}

/* --- Audit log -------------------------------------------------------------------------------- */

/* At most so many bytes, ending between two characters. */
static mr_text cut(mr_text text)
{
    size_t bytes = text.bytes < mr_audit_text_bytes_max ? text.bytes : mr_audit_text_bytes_max;

    if (text.data == NULL) {
        return mr_text_of("");
    }
    while (bytes < text.bytes && bytes > 0 && ((unsigned char)text.data[bytes] & 0xc0) == 0x80) {
        bytes--;
    }
    return (mr_text){text.data, bytes};
}

static bool read_id(void *ctx, const mr_ops_value *cells, size_t count)
{
    MR_ASSERT(count == 1);
    *(int64_t *)ctx = cells[0].integer;
    return true; /* to the end: what is inserted stands only then */
}

mr_status mr_ops_audit_add(mr_ops *ops, const mr_audit_entry *entry, mr_err *err)
{
    const mr_ops_value values[] = {
        mr_ops_integer(mr_now_ms()),        mr_ops_string(cut(entry->user)),
        mr_ops_string(cut(entry->address)), mr_ops_string(cut(entry->action)),
        mr_ops_string(cut(entry->target)),  mr_ops_string(cut(entry->detail)),
    };
    int64_t id = 0;
    mr_status status = ask(ops, MR_OPS_AUDIT_ADD, values, COUNT_OF(values), read_id, &id, err);

    if (status == MR_OK && id % trim_interval == 0) {
        const mr_ops_value oldest[] = {mr_ops_integer(id - mr_audit_entries_max)};
        status = run(ops, MR_OPS_AUDIT_TRIM, oldest, COUNT_OF(oldest), NULL, err);
    }
    return status;
}

typedef struct audit_visit {
    bool (*visit)(void *ctx, const mr_audit_entry *entry);
    void *ctx;
} audit_visit;

static bool visit_entry(void *ctx, const mr_ops_value *cells, size_t count)
{
    const audit_visit *to = ctx;
    const mr_audit_entry entry = {
        .audit_id = cells[0].integer,
        .at_ms = cells[1].integer,
        .user = cells[2].text,
        .address = cells[3].text,
        .action = cells[4].text,
        .target = cells[5].text,
        .detail = cells[6].text,
    };

    MR_ASSERT(count == 7);
    return to->visit(to->ctx, &entry);
}

mr_status mr_ops_audit(mr_ops *ops, int64_t before, uint32_t limit,
                       bool (*visit)(void *ctx, const mr_audit_entry *entry), void *ctx,
                       mr_err *err)
{
    const mr_ops_value values[] = {mr_ops_integer(before), mr_ops_integer(limit)};
    audit_visit to = {visit, ctx};

    return ask(ops, MR_OPS_AUDIT_LIST, values, COUNT_OF(values), visit_entry, &to, err);
}
