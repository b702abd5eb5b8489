/* SPDX-License-Identifier: Apache-2.0 */
/* gateway/admit.c - who may pass.
 *
 * Not here: the keys themselves (auth.c), token buckets (http/rate_limit.h), connections and bodies
 * (http).
 */
#include "gateway/admit.h"

#include <arpa/inet.h>
#include <stdio.h>

#include "base/civil.h"
#include "gateway/answers.h"

/* Only a rate limit asks who it was. */
static void set_client(const mr_gateway *gateway, mr_client *client, const char *kind, mr_text name)
{
    int bytes;

    client->bytes = 0;
    if (gateway->rate_limit == NULL) {
        return;
    }
    bytes = snprintf(client->text, sizeof client->text, "%s:%.*s", kind, MR_TEXT_ARGS(name));

    MR_ASSERT(bytes > 0);
    client->bytes = strlen(client->text);
}

/* --- Keys ------------------------------------------------------------------------------------- */

/* The key of "Authorization: Bearer <key>" or "X-API-Key: <key>"; absent when there is none. */
static mr_text key_of(const mr_http_request *request)
{
    const mr_text scheme = MR_TEXT_LITERAL("bearer ");
    mr_text header = mr_http_request_header(request, "authorization");

    if (header.bytes > scheme.bytes &&
        mr_text_equal_ignoring_case((mr_text){header.data, scheme.bytes}, scheme)) {
        return mr_text_trim((mr_text){header.data + scheme.bytes, header.bytes - scheme.bytes});
    }
    return mr_http_request_header(request, "x-api-key");
}

static void answer_unauthorized(mr_http_request *request, mr_gateway *gateway, bool had_key)
{
    mr_counter_add(gateway->counts.answers_unauthorized, 1);
    mr_answer_refuse(request, 401, "WWW-Authenticate: Bearer realm=\"millrace\"\r\n",
                     had_key ? "The API key is unknown, revoked or expired."
                             : "Send an API key: \"Authorization: Bearer mr_...\" or "
                               "\"X-API-Key: mr_...\". `millrace key add NAME` makes one.");
}

static bool admit_key(mr_http_request *request, mr_gateway_loop *loop, mr_client *ret_client)
{
    mr_text key = key_of(request);
    mr_text name;
    mr_err err;
    mr_status st;

    if (key.data == NULL) {
        answer_unauthorized(request, loop->gateway, false);
        return false;
    }
    st = mr_auth_check(loop->auth, key, mr_monotonic_us(), &name, &err);
    if (st == MR_NOT_FOUND) {
        answer_unauthorized(request, loop->gateway, true);
        return false;
    }
    if (st != MR_OK) {
        mr_answer_unavailable(request, "API keys cannot be checked: %s.", err.message);
        return false;
    }
    set_client(loop->gateway, ret_client, "key", name);
    return true;
}

/* --- Web pages -------------------------------------------------------------------------------- */

/* "localhost:8000" or "[::1]:8000" without its port. */
static mr_text host_name(mr_text authority)
{
    size_t end = authority.bytes;

    for (size_t i = authority.bytes; i > 0; i--) {
        char c = authority.data[i - 1];
        if (c == ']') {
            break;
        }
        if (c == ':') {
            end = i - 1;
            break;
        }
    }
    return (mr_text){authority.data, end};
}

bool mr_host_is_loopback(mr_text host)
{
    char name[INET_ADDRSTRLEN];
    struct in_addr address;

    if (mr_text_equal_ignoring_case(host, MR_TEXT_LITERAL("localhost")) ||
        mr_text_equal(host, MR_TEXT_LITERAL("[::1]")) ||
        mr_text_equal(host, MR_TEXT_LITERAL("::1"))) {
        return true;
    }
    if (host.bytes >= sizeof name) {
        return false;
    }
    memcpy(name, host.data, host.bytes);
    name[host.bytes] = '\0';
    /* Not by its first characters: 127.example.com is somebody's name. */
    return inet_pton(AF_INET, name, &address) == 1 && ntohl(address.s_addr) >> 24 == 127;
}

/* A browser lets any page send requests to loopback addresses, and a page whose name was rebound to
 * one counts as its own origin. So without keys a request that comes from a page must come from one
 * this gateway served under a loopback name. */
static bool admit_page(mr_http_request *request)
{
    mr_text origin = mr_http_request_header(request, "origin");
    mr_text fetch_site = mr_http_request_header(request, "sec-fetch-site");
    mr_text host = mr_http_request_header(request, "host");
    bool allowed = true;

    if (origin.data == NULL && fetch_site.data == NULL) {
        return true;
    }
    if (origin.data != NULL) {
        mr_text authority = MR_TEXT_LITERAL("");
        for (size_t i = 0; i + 3 <= origin.bytes; i++) {
            if (memcmp(origin.data + i, "://", 3) == 0) {
                authority = (mr_text){origin.data + i + 3, origin.bytes - i - 3};
                break;
            }
        }
        allowed = mr_text_equal_ignoring_case(authority, host);
    }
    if (allowed && host.data != NULL && mr_host_is_loopback(host_name(host)) &&
        (fetch_site.data == NULL || !mr_text_equal(fetch_site, MR_TEXT_LITERAL("cross-site")))) {
        return true;
    }
    mr_answer_refuse(request, 403, NULL,
                     "Web pages of other origins may not use this gateway without an API key "
                     "(MILLRACE_AUTH=required).");
    return false;
}

bool mr_admit_client(mr_http_request *request, mr_client *ret_client)
{
    mr_gateway_loop *loop = mr_gateway_loop_of(request);
    mr_gateway *gateway = loop->gateway;

    if (gateway->keys_needed) {
        return admit_key(request, loop, ret_client);
    }
    if (gateway->options.auth == MR_GATEWAY_AUTH_AUTO && !admit_page(request)) {
        return false;
    }
    set_client(gateway, ret_client, "address", mr_http_request_client(request));
    return true;
}

bool mr_admit_writer(mr_http_request *request, mr_client *ret_client)
{
    mr_gateway *gateway = mr_gateway_loop_of(request)->gateway;

    if (!mr_admit_client(request, ret_client)) {
        return false;
    }
    if (mr_health_disk_is_low(gateway->health)) {
        mr_counter_add(gateway->counts.answers_busy, 1);
        mr_answer_unavailable(request, "The disk of the log is nearly full; no events are taken "
                                       "until there is room (MILLRACE_DISK_FREE_MIN).");
        return false;
    }
    return true;
}

/* --- Rates ------------------------------------------------------------------------------------ */

bool mr_admit_events(mr_gateway *gateway, const mr_client *client, uint64_t events,
                     uint32_t *ret_retry_after_seconds)
{
    uint32_t retry_after_ms = 0;

    if (gateway->rate_limit == NULL ||
        mr_rate_limit_take(gateway->rate_limit, (mr_text){client->text, client->bytes},
                           (double)events, mr_monotonic_us(), &retry_after_ms)) {
        return true;
    }
    *ret_retry_after_seconds = retry_after_ms / 1000 + 1;
    return false;
}

void mr_admit_answer_limited(mr_http_request *request, uint32_t retry_after_seconds)
{
    mr_gateway *gateway = mr_gateway_loop_of(request)->gateway;
    char header[64];

    mr_counter_add(gateway->counts.answers_limited, 1);
    snprintf(header, sizeof header, "Retry-After: %u\r\n", retry_after_seconds);
    mr_answer_refuse(request, 429, header,
                     "Too many events from this client; try again in %u s (MILLRACE_RATE_LIMIT).",
                     retry_after_seconds);
}
