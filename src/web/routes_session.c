/* SPDX-License-Identifier: Apache-2.0 */
/* web/routes_session.c - signing in and out, and who is signed in.
 *
 * Invariants: (1) a session's token is always made here, never taken from a client (fixation), and
 * a sign-in ends the session it came with; (2) a wrong password, an unknown user and one without a
 * password are told apart neither by the answer nor by its time; (3) whoever has to wait learns
 * nothing about the password meanwhile.
 */
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>

#include "base/version.h"
#include "web/json.h"
#include "web/password.h"
#include "web/session.h"
#include "web/state.h"

const char mr_web_session_cookie[] = "millrace_session";

/* --- The answer ------------------------------------------------------------------------------- */

static void write_session(mr_web_call *call)
{
    const mr_web_options *options = mr_web_call_options(call);
    const mr_user *user = &call->session.user;
    mr_buffer *out = mr_web_call_out(call);
    char csrf[mr_web_csrf_bytes_max];

    mr_web_csrf(call->token, csrf);
    (void)mr_buffer_append_string(out, "{\"user\":{");
    mr_web_json_name(out, "name");
    mr_web_json_text(out, mr_text_of(user->name));
    mr_web_json_name(out, "role");
    mr_web_json_text(out, mr_text_of(mr_user_role_name(user->role)));
    mr_web_json_name(out, "customer_id");
    if (user->role == MR_USER_CUSTOMER) {
        mr_web_json_integer(out, user->customer_id);
    } else {
        mr_web_json_text(out, MR_TEXT_ABSENT);
    }
    mr_web_json_name(out, "has_password");
    mr_web_json_flag(out, user->has_password);
    (void)mr_buffer_append_string(out, "}");
    mr_web_json_name(out, "csrf");
    mr_web_json_text(out, mr_text_of(csrf));
    mr_web_json_name(out, "expires_at");
    mr_web_json_instant(out, call->session.expires_ms);
    mr_web_json_name(out, "server");
    (void)mr_buffer_append_string(out, "{");
    mr_web_json_name(out, "version");
    mr_web_json_text(out, mr_text_of(mr_version()));
    mr_web_json_name(out, "shop");
    mr_web_json_text(out, mr_text_of(options->shop));
    (void)mr_buffer_append_string(out, ",\"currency\":\"GBP\"");
    mr_web_json_name(out, "demo");
    mr_web_json_flag(out, options->demo);
    (void)mr_buffer_append_string(out, "}}");
    mr_web_call_add_header(call, "Cache-Control", "no-store");
}

/* token "": takes the cookie away. */
static void set_cookie(mr_web_call *call, const char *token)
{
    char cookie[256];
    uint64_t seconds = token[0] == '\0' ? 0 : call->web->options.session_max_ms / 1000;
    int bytes =
        snprintf(cookie, sizeof cookie, "%s=%s; Max-Age=%llu; Path=/; HttpOnly; SameSite=Strict%s",
                 mr_web_session_cookie, token, (unsigned long long)seconds,
                 call->web->secure ? "; Secure" : "");

    MR_ASSERT(bytes > 0 && (size_t)bytes < sizeof cookie);
    mr_web_call_add_header(call, "Set-Cookie", cookie);
}

mr_status mr_web_session_get(mr_web_call *call, mr_err *err)
{
    (void)err;
    write_session(call);
    return MR_OK;
}

mr_status mr_web_session_start(mr_web_call *call, const mr_user *user, bool by_link, mr_err *err)
{
    mr_ops *ops = NULL;
    mr_status st = mr_web_call_ops(call, &ops, err);

    if (st == MR_OK && call->has_user) {
        st = mr_ops_session_end(ops, mr_text_of(call->token), err);
    }
    call->has_user = false;
    if (st == MR_OK) {
        st = mr_ops_session_begin(ops, user->user_id, by_link, &call->web->session_limits,
                                  call->address, call->token, err);
    }
    if (st == MR_OK) {
        st = mr_ops_session_find(ops, mr_text_of(call->token), &call->web->session_limits,
                                 &call->session, err);
    }
    if (st != MR_OK) {
        return st;
    }
    call->has_user = true;
    st = mr_web_call_audit(call, "session.begin", by_link ? "link" : "password",
                           mr_text_of(mr_user_role_name(user->role)), err);
    if (st == MR_OK) {
        set_cookie(call, call->token);
        write_session(call);
    }
    return st;
}

/* --- By password ------------------------------------------------------------------------------ */

typedef struct attempt {
    mr_text name, password;
    char by_user[mr_web_subject_bytes_max + mr_user_name_bytes_max];
    char by_address[mr_web_subject_bytes_max];
} attempt;

static mr_status read_attempt(mr_web_call *call, attempt *a, mr_err *err)
{
    mr_status st = mr_web_body_text(call, "name", true, mr_user_name_bytes_max - 1, &a->name, err);

    if (st == MR_OK) {
        st = mr_web_body_text(call, "password", true, mr_password_bytes_max, &a->password, err);
    }
    if (st == MR_OK) {
        (void)snprintf(a->by_user, sizeof a->by_user, "user:%.*s", MR_TEXT_ARGS(a->name));
        mr_web_client_subject(call, a->by_address);
    }
    return st;
}

/* What is wrong with the attempt counts against both, whether or not the user exists. */
static mr_status note_failure(mr_web_call *call, mr_ops *ops, const attempt *a, mr_err *err)
{
    mr_status st = mr_ops_attempt_failed(ops, a->by_user, err);

    if (st == MR_OK) {
        st = mr_ops_attempt_failed(ops, a->by_address, err);
    }
    return st != MR_OK ? st : mr_web_call_audit(call, "session.failed", "password", a->name, err);
}

static mr_status longest_wait(mr_ops *ops, const attempt *a, uint64_t *ret_wait_ms, mr_err *err)
{
    uint64_t user_ms = 0;
    uint64_t address_ms = 0;
    mr_status st = mr_ops_attempt_wait(ops, a->by_user, &user_ms, err);

    if (st == MR_OK) {
        st = mr_ops_attempt_wait(ops, a->by_address, &address_ms, err);
    }
    *ret_wait_ms = user_ms > address_ms ? user_ms : address_ms;
    return st;
}

static mr_status tell_to_wait(mr_web_call *call, const attempt *a, uint64_t wait_ms, mr_err *err)
{
    mr_status st = mr_web_call_audit(call, "session.locked", "password", a->name, err);

    if (st == MR_OK) {
        mr_web_refuse_for(call, 429, (uint32_t)((wait_ms + 999) / 1000),
                          "Too many failed attempts. Wait, then try again.");
    }
    return st;
}

static mr_status forget_failures(mr_ops *ops, const attempt *a, mr_err *err)
{
    mr_status st = mr_ops_attempt_forget(ops, a->by_user, err);

    return st != MR_OK ? st : mr_ops_attempt_forget(ops, a->by_address, err);
}

mr_status mr_web_session_post(mr_web_call *call, mr_err *err)
{
    attempt a = {.by_user = ""};
    char hash[mr_password_hash_bytes_max] = "";
    uint64_t wait_ms = 0;
    mr_user user;
    mr_ops *ops = NULL;
    mr_status st = read_attempt(call, &a, err);

    if (st == MR_OK) {
        st = mr_web_call_ops(call, &ops, err);
    }
    if (st == MR_OK) {
        st = longest_wait(ops, &a, &wait_ms, err);
    }
    if (st == MR_OK && wait_ms > 0) {
        return tell_to_wait(call, &a, wait_ms, err);
    }
    if (st == MR_OK) {
        st = mr_ops_user_find(ops, a.name, &user, hash, err);
        st = st == MR_NOT_FOUND ? MR_OK : st; /* its hash stays "" */
    }
    if (st != MR_OK) {
        return st;
    }
    bool matches = mr_password_matches(a.password, hash);
    OPENSSL_cleanse(hash, sizeof hash);
    if (!matches) {
        st = note_failure(call, ops, &a, err);
        if (st == MR_OK) {
            mr_web_refuse(call, 401, "Name or password is wrong.");
        }
        return st;
    }
    st = forget_failures(ops, &a, err);
    return st != MR_OK ? st : mr_web_session_start(call, &user, false, err);
}

/* --- By link, and out ------------------------------------------------------------------------- */

mr_status mr_web_session_link(mr_web_call *call, mr_err *err)
{
    mr_text token = MR_TEXT_ABSENT;
    char subject[mr_web_subject_bytes_max];
    uint64_t wait_ms = 0;
    mr_user user;
    mr_ops *ops = NULL;
    mr_status st = mr_web_body_text(call, "token", true, 256, &token, err);

    mr_web_client_subject(call, subject);
    if (st == MR_OK) {
        st = mr_web_call_ops(call, &ops, err);
    }
    if (st == MR_OK) {
        st = mr_ops_attempt_wait(ops, subject, &wait_ms, err);
    }
    if (st == MR_OK && wait_ms > 0) {
        return tell_to_wait(call, &(attempt){.name = MR_TEXT_LITERAL("")}, wait_ms, err);
    }
    if (st == MR_OK) {
        st = mr_ops_link_take(ops, token, &user, err);
    }
    if (st == MR_NOT_FOUND) {
        st = mr_ops_attempt_failed(ops, subject, err);
        if (st == MR_OK) {
            st = mr_web_call_audit(call, "session.failed", "link", MR_TEXT_LITERAL(""), err);
        }
        if (st == MR_OK) {
            mr_web_refuse(call, 401,
                          "This link was used already, or has expired. Ask for another one.");
        }
        return st;
    }
    return st != MR_OK ? st : mr_web_session_start(call, &user, true, err);
}

mr_status mr_web_session_delete(mr_web_call *call, mr_err *err)
{
    mr_ops *ops = NULL;
    mr_status st = mr_web_call_ops(call, &ops, err);

    if (st == MR_OK) {
        st = mr_ops_session_end(ops, mr_text_of(call->token), err);
    }
    if (st == MR_OK) {
        st = mr_web_call_audit(call, "session.end", "", MR_TEXT_LITERAL(""), err);
    }
    if (st == MR_OK) {
        set_cookie(call, "");
        mr_web_call_set_status(call, 204);
    }
    return st;
}

/* --- Password --------------------------------------------------------------------------------- */

/* The current one, unless a link signed this session in and none was set since. Counts as a try. */
static mr_status check_current(mr_web_call *call, mr_ops *ops, bool *ret_right, mr_err *err)
{
    char hash[mr_password_hash_bytes_max] = "";
    attempt a = {.by_user = ""};
    uint64_t wait_ms = 0;
    mr_user user;
    mr_text current = MR_TEXT_ABSENT;
    mr_status st = mr_web_body_text(call, "current", !call->session.by_link, mr_password_bytes_max,
                                    &current, err);

    if (st != MR_OK || (call->session.by_link && current.data == NULL)) {
        *ret_right = st == MR_OK;
        return st;
    }
    a.name = mr_text_of(call->session.user.name);
    (void)snprintf(a.by_user, sizeof a.by_user, "user:%s", call->session.user.name);
    mr_web_client_subject(call, a.by_address);
    st = longest_wait(ops, &a, &wait_ms, err);
    if (st == MR_OK && wait_ms > 0) {
        return tell_to_wait(call, &a, wait_ms, err);
    }
    if (st == MR_OK) {
        st = mr_ops_user_find(ops, a.name, &user, hash, err);
    }
    if (st != MR_OK) {
        return st;
    }
    *ret_right = mr_password_matches(current, hash);
    OPENSSL_cleanse(hash, sizeof hash);
    if (!*ret_right) {
        st = note_failure(call, ops, &a, err);
        if (st == MR_OK) {
            mr_web_refuse(call, 403, "The current password is wrong.");
        }
    }
    return st;
}

mr_status mr_web_session_password(mr_web_call *call, mr_err *err)
{
    char hash[mr_password_hash_bytes_max];
    mr_text wanted = MR_TEXT_ABSENT;
    bool right = false;
    mr_ops *ops = NULL;
    mr_err why;
    mr_status st = mr_web_body_text(call, "new", true, mr_password_bytes_max, &wanted, err);

    if (st == MR_OK && mr_password_check(wanted, call->session.user.name, &why) != MR_OK) {
        return mr_web_call_fault(call, "body", "new", "value_error", why.message, err);
    }
    if (st == MR_OK) {
        st = mr_web_call_ops(call, &ops, err);
    }
    if (st == MR_OK) {
        st = check_current(call, ops, &right, err);
    }
    if (st != MR_OK || !right) {
        return st; /* refused already */
    }
    st = mr_password_hash(wanted, hash, err);
    if (st == MR_OK) {
        st = mr_ops_user_set_password(ops, call->session.user.user_id, hash,
                                      mr_text_of(call->token), err);
    }
    if (st == MR_OK) {
        st = mr_web_call_audit(call, "password.change", call->session.user.name,
                               MR_TEXT_LITERAL(""), err);
    }
    if (st == MR_OK) {
        mr_web_call_set_status(call, 204);
    }
    return st;
}
