/* SPDX-License-Identifier: Apache-2.0 */
/* web/access.c - who asks, and whether they may: cookie, session, key, forgery, role.
 *
 * Called by:  a worker, before the handler.
 * Invariants: (1) what the table of routes does not allow is refused before its handler runs;
 *             (2) a request that changes something comes from a page of ours: it says so by its
 *                 Origin or Sec-Fetch-Site, and with a session also by the session's token, which
 * no other site can read (SameSite=Strict keeps the cookie from them as well); (3) every refusal of
 * somebody who showed a session or a key, valid or not, is in the audit log, as far as one address
 * does not flood it; (4) a request that shows a key is its holder's alone: its cookie is not read,
 * and since no browser sends a key by itself, no other site can forge it.
 */
#define _GNU_SOURCE /* memmem */
#include <arpa/inet.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "base/civil.h"
#include "http/cookie.h"
#include "web/session.h"
#include "web/state.h"

/* --- The client's address --------------------------------------------------------------------- */

/* The last address of X-Forwarded-For: what the proxy itself has seen. Absent: none that is one. */
static mr_text forwarded_address(const mr_web_call *call)
{
    mr_text header = mr_http_request_header(call->request, "X-Forwarded-For");
    size_t start = header.bytes;

    while (start > 0 && header.data[start - 1] != ',') {
        start--;
    }
    return header.data == NULL ? header
                               : mr_text_trim((mr_text){header.data + start, header.bytes - start});
}

static bool is_address(const char *text)
{
    struct in6_addr any;

    return inet_pton(AF_INET, text, &any) == 1 || inet_pton(AF_INET6, text, &any) == 1;
}

static void find_address(mr_web_call *call)
{
    mr_text peer = mr_http_request_client(call->request);
    mr_text said = call->web->options.behind_proxy ? forwarded_address(call) : MR_TEXT_ABSENT;

    if (said.bytes > 0 && said.bytes < sizeof call->address) {
        memcpy(call->address, said.data, said.bytes);
        call->address[said.bytes] = '\0';
        if (is_address(call->address)) {
            return;
        }
    }
    MR_ASSERT(peer.bytes < sizeof call->address);
    memcpy(call->address, peer.data, peer.bytes);
    call->address[peer.bytes] = '\0';
}

void mr_web_client_subject(const mr_web_call *call,
                           char ret_subject[static mr_web_subject_bytes_max])
{
    struct in6_addr v6;
    char network[INET6_ADDRSTRLEN];

    if (inet_pton(AF_INET6, call->address, &v6) == 1) {
        memset(v6.s6_addr + 8, 0, 8); /* a household has a /64 */
        MR_ASSERT(inet_ntop(AF_INET6, &v6, network, sizeof network) != NULL);
        (void)snprintf(ret_subject, mr_web_subject_bytes_max, "address:%s/64", network);
    } else {
        (void)snprintf(ret_subject, mr_web_subject_bytes_max, "address:%s", call->address);
    }
}

/* --- Session ---------------------------------------------------------------------------------- */

void mr_web_csrf(const char *token, char ret_csrf[static mr_web_csrf_bytes_max])
{
    char text[16 + mr_token_bytes_max];
    uint8_t hash[32];
    unsigned int bytes = 0;
    int length = snprintf(text, sizeof text, "csrf of %s", token);

    MR_ASSERT(length > 0 && (size_t)length < sizeof text);
    MR_ASSERT(EVP_Digest(text, (size_t)length, hash, &bytes, EVP_sha256(), NULL) == 1);
    mr_hex_encode(hash, sizeof hash, ret_csrf);
    OPENSSL_cleanse(text, sizeof text);
}

static mr_status find_session(mr_web_call *call, mr_err *err)
{
    mr_text cookie =
        mr_http_cookie(mr_http_request_header(call->request, "Cookie"), mr_web_session_cookie);
    mr_ops *ops = NULL;
    mr_status st;

    if (cookie.bytes == 0 || cookie.bytes >= sizeof call->token) {
        return MR_OK;
    }
    st = mr_web_call_ops(call, &ops, err);
    if (st == MR_OK) {
        st = mr_ops_session_find(ops, cookie, &call->web->session_limits, &call->session, err);
    }
    if (st == MR_OK) {
        call->has_user = true;
        memcpy(call->token, cookie.data, cookie.bytes);
        call->token[cookie.bytes] = '\0';
    }
    return st == MR_NOT_FOUND ? MR_OK : st;
}

static bool showed_cookie(const mr_web_call *call)
{
    mr_text header = mr_http_request_header(call->request, "Cookie");

    return header.data != NULL && memmem(header.data, header.bytes, mr_web_session_cookie,
                                         strlen(mr_web_session_cookie)) != NULL;
}

/* --- Refusing --------------------------------------------------------------------------------- */

/* Into the audit log, unless this address has filled enough of it lately. */
static mr_status audit_refusal(mr_web_call *call, const char *action, const char *detail,
                               mr_err *err)
{
    char subject[mr_web_subject_bytes_max];
    char target[192];
    uint32_t retry_after_ms = 0;

    mr_web_client_subject(call, subject);
    if (!mr_rate_limit_take(call->web->refusals, mr_text_of(subject), 1, mr_monotonic_us(),
                            &retry_after_ms)) {
        return MR_OK;
    }
    (void)snprintf(target, sizeof target, "%s %s", call->route->method, call->route->path);
    return mr_web_call_audit(call, action, target, mr_text_of(detail), err);
}

static mr_status refuse(mr_web_call *call, int http_status, const char *action, const char *message,
                        int *ret_refusal, mr_err *err)
{
    mr_status st = action == NULL ? MR_OK : audit_refusal(call, action, message, err);

    if (st == MR_OK) {
        *ret_refusal = http_status;
        (void)mr_fail(err, MR_INVALID, "%s", message);
    }
    return st;
}

/* --- Forgery ---------------------------------------------------------------------------------- */

static bool changes_something(const mr_web_call *call)
{
    return strcmp(call->route->method, "GET") != 0;
}

/* "https://shop.example" is the origin of a page on the host "shop.example". */
static bool is_origin_of(mr_text origin, mr_text host)
{
    const char *end = memmem(origin.data, origin.bytes, "://", 3);

    if (end == NULL || host.bytes == 0) {
        return false;
    }
    size_t skipped = (size_t)(end - origin.data) + 3;
    return mr_text_equal_ignoring_case((mr_text){origin.data + skipped, origin.bytes - skipped},
                                       host);
}

/* What browsers say of where a request comes from. A client that says nothing is no browser, and
 * has no cookie that another site could misuse. */
static bool comes_from_us(const mr_web_call *call)
{
    mr_text site = mr_http_request_header(call->request, "Sec-Fetch-Site");
    mr_text origin = mr_http_request_header(call->request, "Origin");
    mr_text public_url = mr_text_of(call->web->options.public_url);

    if (site.data != NULL && !mr_text_equal(site, MR_TEXT_LITERAL("same-origin"))) {
        return false;
    }
    if (origin.data == NULL) {
        return true;
    }
    return is_origin_of(origin, mr_http_request_header(call->request, "Host")) ||
           (public_url.data != NULL && mr_text_equal_ignoring_case(origin, public_url));
}

static bool has_csrf_token(const mr_web_call *call)
{
    mr_text given = mr_http_request_header(call->request, "X-CSRF-Token");
    char wanted[mr_web_csrf_bytes_max];

    mr_web_csrf(call->token, wanted);
    return given.bytes == strlen(wanted) && CRYPTO_memcmp(given.data, wanted, given.bytes) == 0;
}

/* --- Keys of programs ------------------------------------------------------------------------- */

/* Of "Authorization: Bearer mr_..."; absent without that header, "" where it says something else.
 */
static mr_text shown_key(const mr_web_call *call)
{
    const mr_text scheme = MR_TEXT_LITERAL("bearer ");
    mr_text header = mr_http_request_header(call->request, "Authorization");

    if (header.data == NULL) {
        return header;
    }
    if (header.bytes <= scheme.bytes ||
        !mr_text_equal_ignoring_case((mr_text){header.data, scheme.bytes}, scheme)) {
        return MR_TEXT_LITERAL("");
    }
    return mr_text_trim((mr_text){header.data + scheme.bytes, header.bytes - scheme.bytes});
}

/* false: too many requests lately; the answer stands. */
static bool take_turn(mr_web_call *call, const char *subject, int *ret_refusal)
{
    uint32_t retry_after_ms = 0;

    if (mr_rate_limit_take(call->web->programs, mr_text_of(subject), 1, mr_monotonic_us(),
                           &retry_after_ms)) {
        return true;
    }
    call->retry_after_s = retry_after_ms / 1000 + 1;
    *ret_refusal = 429;
    return false;
}

static mr_status refuse_key(mr_web_call *call, int *ret_refusal, mr_err *err)
{
    char subject[mr_web_subject_bytes_max];

    mr_web_client_subject(call, subject);
    if (!take_turn(call, subject, ret_refusal)) {
        (void)mr_fail(err, MR_LIMIT, "Too many wrong keys from this address.");
        return MR_OK;
    }
    return refuse(call, 401, "key.refused",
                  "The key is unknown, revoked, expired, or a sender's, which only the gateway "
                  "takes.",
                  ret_refusal, err);
}

static mr_status guard_program(mr_web_call *call, mr_text text, int *ret_refusal, mr_err *err)
{
    mr_api_key key = {.role = MR_USER_NOBODY};
    mr_ops *ops = NULL;
    mr_status st = mr_web_call_ops(call, &ops, err);

    if (st == MR_OK) {
        st = mr_ops_key_check(ops, text, &key, err);
    }
    if (st != MR_OK && st != MR_NOT_FOUND) {
        return st;
    }
    if (st == MR_NOT_FOUND || key.role == MR_USER_NOBODY) {
        return refuse_key(call, ret_refusal, err);
    }
    call->has_user = true;
    call->session.user = mr_api_key_user(&key);
    if (!take_turn(call, call->session.user.name, ret_refusal)) {
        (void)mr_fail(err, MR_LIMIT, "Too many requests with this key: at most %d a second.",
                      mr_web_program_requests_per_second);
        return MR_OK;
    }
    if (key.role < call->route->least) {
        return refuse(call, 403, "access.refused", "This is not for your role.", ret_refusal, err);
    }
    if (mr_web_route_is_of_session(call->route)) {
        return refuse(call, 403, "access.refused", "This is for people who have signed in.",
                      ret_refusal, err);
    }
    return MR_OK;
}

/* --- The guard -------------------------------------------------------------------------------- */

static mr_status guard_known(mr_web_call *call, int *ret_refusal, mr_err *err)
{
    if (changes_something(call) && call->route->least != MR_USER_NOBODY && !has_csrf_token(call)) {
        return refuse(call, 403, "request.forged",
                      "The request lacks this session's token in X-CSRF-Token.", ret_refusal, err);
    }
    if (call->session.user.role < call->route->least) {
        return refuse(call, 403, "access.refused", "This is not for your role.", ret_refusal, err);
    }
    return MR_OK;
}

mr_status mr_web_guard(mr_web_call *call, int *ret_refusal, mr_err *err)
{
    mr_status st;

    find_address(call);
    const mr_text key = shown_key(call);
    if (key.data != NULL && call->route->least != MR_USER_NOBODY) {
        return guard_program(call, key, ret_refusal, err);
    }
    st = find_session(call, err);
    if (st != MR_OK) {
        return st;
    }
    if (changes_something(call) && !comes_from_us(call)) {
        return refuse(call, 403, "request.forged", "The request comes from another site.",
                      ret_refusal, err);
    }
    if (call->has_user) {
        return guard_known(call, ret_refusal, err);
    }
    if (call->route->least != MR_USER_NOBODY) {
        return refuse(call, 401, showed_cookie(call) ? "session.refused" : NULL, "Sign in first.",
                      ret_refusal, err);
    }
    return MR_OK;
}
