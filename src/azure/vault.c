/* SPDX-License-Identifier: Apache-2.0 */
/* azure/vault.c - one secret of a Key Vault, by its REST interface.
 *
 *   GET /secrets/name  --401, challenge-->  a token for the challenge's resource, if that is the
 *   vault's own domain  --GET with it-->  200 {"value": ...}
 *
 * A token that the vault refuses is asked for anew, once: it may have been withdrawn.
 *
 * Invariants: (1) no token leaves before a challenge that fits was seen; (2) the authority that a
 *             challenge names is told, not followed: credentials go to the one of the settings;
 *             (3) what was read is wiped.
 */
#include "azure/vault.h"

#include <stdio.h>
#include <yyjson.h>

#include "azure/token_answer.h"

enum {
    url_bytes_max = 640,
    answer_bytes_max = 4 * mr_vault_value_bytes_max,
    timeout_ms = 10000,
    http_ok = 200,
    http_unauthorized = 401,
    http_forbidden = 403,
    http_not_found = 404,
};

static const char api_version[] = "7.4";

/* One exchange, and what came of it. */
typedef struct exchange {
    mr_requests *requests;
    const char *url;
    const char *secret; /* "secret NAME of HOST", for messages */
    char challenge[mr_request_value_bytes_max];
    mr_buffer answer;
    int status;
} exchange;

static void wipe(mr_buffer *buffer)
{
    if (buffer->data != NULL) {
        explicit_bzero(buffer->data, buffer->bytes);
    }
    mr_buffer_clear(buffer);
}

/* authorization: "Bearer ..." or NULL. */
static mr_status send(exchange *x, const char *authorization, mr_err *err)
{
    const mr_property headers[] = {{"Accept", "application/json"},
                                   {"Authorization", authorization}};
    mr_request_field wanted[] = {{"WWW-Authenticate", x->challenge}};
    mr_request_result result = {.status = 0};
    const mr_request request = {.method = "GET",
                                .url = x->url,
                                .headers = headers,
                                .header_count = authorization == NULL ? 1 : 2,
                                .effect = MR_REQUEST_READS,
                                .timeout_ms = timeout_ms,
                                .answer = &x->answer,
                                .wanted = wanted,
                                .wanted_count = 1};

    wipe(&x->answer);
    mr_status st = mr_request_send(x->requests, &request, &result, err);
    x->status = result.status;
    return st;
}

static mr_status fail_answer(const exchange *x, const char *identity,
                             const mr_vault_challenge *challenge, mr_err *err)
{
    char reason[mr_token_reason_bytes_max];

    mr_token_answer_reason(mr_buffer_text(&x->answer), NULL, reason);
    if (x->status == http_unauthorized) {
        return mr_fail(err, MR_INVALID,
                       "%s: the vault does not take the token of the %s; tenant and "
                       "MILLRACE_AZURE_AUTHORITY must be those of its authority, which is %s",
                       x->secret, identity,
                       challenge->authority[0] != '\0' ? challenge->authority : "not said");
    }
    if (x->status == http_forbidden) {
        return mr_fail(err, MR_INVALID,
                       "%s: the %s may not read it (it needs `get` of secrets: the role Key Vault "
                       "Secrets User): %s",
                       x->secret, identity, reason);
    }
    if (x->status == http_not_found) {
        return mr_fail(err, MR_NOT_FOUND, "%s: there is none: %s", x->secret, reason);
    }
    return mr_fail(err, MR_UNAVAILABLE, "%s: %d %s", x->secret, x->status, reason);
}

static mr_status take_value(const exchange *x, mr_buffer *out, mr_err *err)
{
    yyjson_doc *doc = yyjson_read(x->answer.data, x->answer.bytes, 0);
    yyjson_val *value = yyjson_obj_get(yyjson_doc_get_root(doc), "value");
    mr_text text = {yyjson_get_str(value), yyjson_get_len(value)};
    mr_status st = MR_OK;

    if (text.data == NULL || memchr(text.data, '\0', text.bytes) != NULL) {
        st = mr_fail(err, MR_CORRUPT, "%s: the answer holds no value", x->secret);
    } else if (text.bytes > mr_vault_value_bytes_max || !mr_buffer_append_text(out, text)) {
        st = mr_fail(err, MR_LIMIT, "%s: its value is longer than %d bytes", x->secret,
                     mr_vault_value_bytes_max);
    }
    yyjson_doc_free(doc);
    return st;
}

/* Sends with a token of the challenge's resource; a token that is refused is withdrawn. */
static mr_status send_with_token(exchange *x, mr_azure_credential *credential,
                                 const mr_vault_challenge *challenge, mr_err *err)
{
    static const char scheme[] = "Bearer ";
    char scope[sizeof challenge->resource + sizeof "/.default"];
    mr_buffer header;

    (void)snprintf(scope, sizeof scope, "%s/.default", challenge->resource);
    mr_buffer_init(&header, mr_azure_token_bytes_max);
    MR_ASSERT(mr_buffer_append_string(&header, scheme));
    mr_status st = mr_azure_credential_token(credential, scope, &header, err);
    if (st == MR_OK && !mr_buffer_append(&header, "", 1)) {
        st = mr_fail(err, MR_LIMIT, "%s: the token is too long", x->secret);
    }
    if (st == MR_OK) {
        st = send(x, header.data, err);
    }
    if (st == MR_OK && x->status == http_unauthorized) {
        const char *token = header.data + sizeof scheme - 1;
        mr_azure_credential_refused(credential, scope, mr_text_of(token));
    }
    wipe(&header);
    mr_buffer_free(&header);
    return st;
}

static mr_status read_secret(exchange *x, mr_azure_credential *credential, const char *host,
                             mr_buffer *out, mr_err *err)
{
    mr_vault_challenge challenge = {.authority = ""};
    mr_status st = send(x, NULL, err);

    if (st != MR_OK) {
        return mr_fail_in(err, st, "%s", x->secret);
    }
    if (x->status == http_unauthorized) {
        if (!mr_vault_challenge_parse(x->challenge, &challenge)) {
            return mr_fail(err, MR_INVALID, "%s: the host answers 401 as no vault does", x->secret);
        }
        if (!mr_vault_challenge_fits(&challenge, host)) {
            return mr_fail(err, MR_INVALID,
                           "%s: the host asks for a token for %s, which is not its own domain: it "
                           "is given none",
                           x->secret, challenge.resource);
        }
        st = send_with_token(x, credential, &challenge, err);
        if (st == MR_OK && x->status == http_unauthorized) {
            st = send_with_token(x, credential, &challenge, err);
        }
    }
    if (st != MR_OK) {
        return mr_fail_in(err, st, "%s", x->secret);
    }
    return x->status == http_ok
               ? take_value(x, out, err)
               : fail_answer(x, mr_azure_credential_name(credential), &challenge, err);
}

mr_status mr_vault_read(mr_requests *requests, mr_azure_credential *credential,
                        const mr_vault_reference *reference, mr_buffer *out, mr_err *err)
{
    char url[url_bytes_max], secret[sizeof reference->host + sizeof reference->secret + 16];
    exchange x = {.requests = requests, .url = url, .secret = secret};

    (void)snprintf(url, sizeof url, "https://%s/secrets/%s%s%s?api-version=%s", reference->host,
                   reference->secret, reference->version[0] != '\0' ? "/" : "", reference->version,
                   api_version);
    (void)snprintf(secret, sizeof secret, "secret %s of %s", reference->secret, reference->host);
    mr_buffer_init(&x.answer, answer_bytes_max);
    mr_status st = read_secret(&x, credential, reference->host, out, err);
    wipe(&x.answer);
    mr_buffer_free(&x.answer);
    return st;
}
