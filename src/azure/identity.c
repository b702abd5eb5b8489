/* SPDX-License-Identifier: Apache-2.0 */
/* azure/identity.c - service principals, workload identities and managed identities.
 *
 *   service principal, workload   POST <authority>/<tenant>/oauth2/v2.0/token, a form
 *   App Service, Container Apps   GET $IDENTITY_ENDPOINT with X-IDENTITY-HEADER
 *   a virtual machine             GET http://169.254.169.254/metadata/identity/oauth2/token
 *
 * Owns:       what it sends and is answered, which is wiped before its memory is given back.
 * Invariants: secrets are read anew for every token, and stand in no message.
 */
#include "azure/identity.h"

#include <stdio.h>
#include <time.h>

#include "azure/assertion.h"
#include "base/file.h"

enum {
    url_bytes_max = 2048,
    endpoint_bytes_max = 4096, /* with its query */
    form_bytes_max = 131072,
    answer_bytes_max = 131072,
    probe_ms = 2000,
    ask_ms = 30000,
    http_ok = 200,
};

static const char assertion_type[] = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/* --- What is set ------------------------------------------------------------------------------ */

const char *mr_identity_name(mr_azure_identity which)
{
    static const char *const names[] = {
        [MR_AZURE_AUTO] = "auto",
        [MR_AZURE_CLIENT_SECRET] = "client secret",
        [MR_AZURE_CLIENT_CERTIFICATE] = "client certificate",
        [MR_AZURE_WORKLOAD_IDENTITY] = "workload identity",
        [MR_AZURE_MANAGED_IDENTITY] = "managed identity",
        [MR_AZURE_CLI] = "Azure CLI",
    };

    return names[which];
}

static bool has_value(const mr_secret *secret)
{
    char *value = mr_secret_copy(secret);
    bool has = value != NULL && value[0] != '\0';

    mr_secret_wipe(value);
    return has;
}

const char *mr_identity_lacks(const mr_identity *identity, mr_azure_identity which)
{
    const mr_azure_credential_options *o = &identity->options;

    if (which == MR_AZURE_MANAGED_IDENTITY || which == MR_AZURE_CLI || which == MR_AZURE_AUTO) {
        return NULL;
    }
    if (o->tenant_id == NULL) {
        return "MILLRACE_AZURE_TENANT_ID";
    }
    if (o->client_id == NULL) {
        return "MILLRACE_AZURE_CLIENT_ID";
    }
    if (which == MR_AZURE_CLIENT_SECRET && !has_value(o->client_secret)) {
        return "MILLRACE_AZURE_CLIENT_SECRET";
    }
    if (which == MR_AZURE_CLIENT_CERTIFICATE && o->client_certificate == NULL) {
        return "MILLRACE_AZURE_CLIENT_CERTIFICATE";
    }
    if (which == MR_AZURE_WORKLOAD_IDENTITY && o->federated_token_file == NULL) {
        return "MILLRACE_AZURE_FEDERATED_TOKEN_FILE";
    }
    return NULL;
}

void mr_identity_resource(const char *scope,
                          char ret_resource[static mr_identity_resource_bytes_max])
{
    const char *host = strstr(scope, "://");
    size_t bytes = host == NULL ? strlen(scope) : (size_t)(host - scope) + 3;

    bytes += strcspn(scope + bytes, "/");
    (void)snprintf(ret_resource, mr_identity_resource_bytes_max, "%.*s", (int)bytes, scope);
}

/* --- Asking over HTTP ------------------------------------------------------------------------- */

static void wipe(mr_buffer *buffer)
{
    if (buffer->data != NULL) {
        explicit_bzero(buffer->data, buffer->bytes);
    }
    mr_buffer_free(buffer);
}

/* As application/x-www-form-urlencoded wants it, and a query takes it too. */
static void append_encoded(mr_buffer *out, const char *text)
{
    for (; *text != '\0'; text++) {
        bool plain = (*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z') ||
                     (*text >= '0' && *text <= '9') || strchr("-._~", *text) != NULL;

        if (plain) {
            (void)mr_buffer_append(out, text, 1);
        } else {
            (void)mr_buffer_printf(out, "%%%02X", (unsigned)(unsigned char)*text);
        }
    }
}

static void append_field(mr_buffer *out, const char *name, const char *value)
{
    (void)mr_buffer_append_string(out, out->bytes > 0 ? "&" : "");
    (void)mr_buffer_append_string(out, name);
    (void)mr_buffer_append_string(out, "=");
    append_encoded(out, value);
}

/* Sends, and reads the token or why there is none. secret: what no message may repeat. */
static mr_status ask(const mr_identity *identity, mr_request *request, const char *secret,
                     mr_azure_token *ret_token, mr_err *err)
{
    char where[mr_request_shown_bytes_max], reason[mr_token_reason_bytes_max];
    mr_request_result result = {.status = 0};
    mr_buffer answer;

    mr_buffer_init(&answer, answer_bytes_max);
    mr_request_show_url(request->url, where);
    request->answer = &answer;
    request->effect = MR_REQUEST_READS;
    mr_status st = mr_request_send(identity->requests, request, &result, err);
    if (st == MR_OK && result.status == http_ok) {
        st = mr_token_answer_read(mr_buffer_text(&answer), (int64_t)time(NULL), ret_token, err);
        if (st != MR_OK) {
            st = mr_fail_in(err, st, "%s", where);
        }
    } else if (st == MR_OK) {
        mr_token_answer_reason(mr_buffer_text(&answer), secret, reason);
        st = mr_fail(err, MR_INVALID, "%s: %d%s%s", where, result.status,
                     reason[0] != '\0' ? " " : "", reason);
    }
    wipe(&answer);
    return st;
}

/* --- Service principals and workload identities ------------------------------------------------
 */

static mr_status append_federated(const mr_azure_credential_options *o, mr_buffer *form,
                                  mr_err *err)
{
    mr_buffer token;

    mr_buffer_init(&token, mr_azure_token_bytes_max);
    mr_status st = mr_file_read(o->federated_token_file, &token, err);
    if (st == MR_OK && mr_buffer_append(&token, "", 1)) {
        mr_text text = mr_text_trim((mr_text){token.data, token.bytes - 1});
        token.data[(text.data - token.data) + (ptrdiff_t)text.bytes] = '\0';
        append_field(form, "client_assertion", text.data);
    }
    wipe(&token);
    return st;
}

static mr_status append_assertion(const mr_azure_credential_options *o, const char *url,
                                  mr_buffer *form, mr_err *err)
{
    const mr_assertion_claims claims = {
        .audience = url, .client_id = o->client_id, .now_s = (int64_t)time(NULL)};
    char *password = mr_secret_copy(o->client_certificate_password);
    mr_buffer jwt;

    mr_buffer_init(&jwt, mr_assertion_bytes_max);
    mr_status st = mr_assertion_write(o->client_certificate, password, &claims, &jwt, err);
    if (st == MR_OK) {
        MR_ASSERT(mr_buffer_append(&jwt, "", 1) || jwt.overflowed);
        append_field(form, "client_assertion", jwt.data);
    }
    mr_secret_wipe(password);
    wipe(&jwt);
    return st;
}

/* What proves who asks, behind the fields that all have. */
static mr_status append_proof(const mr_azure_credential_options *o, mr_azure_identity which,
                              const char *url, mr_buffer *form, mr_err *err)
{
    if (which == MR_AZURE_CLIENT_SECRET) {
        char *secret = mr_secret_copy(o->client_secret);
        append_field(form, "client_secret", secret == NULL ? "" : secret);
        mr_secret_wipe(secret);
        return MR_OK;
    }
    append_field(form, "client_assertion_type", assertion_type);
    return which == MR_AZURE_WORKLOAD_IDENTITY ? append_federated(o, form, err)
                                               : append_assertion(o, url, form, err);
}

static mr_status ask_authority(const mr_identity *identity, mr_azure_identity which,
                               const char *scope, mr_azure_token *ret_token, mr_err *err)
{
    static const mr_property headers[] = {{"Content-Type", "application/x-www-form-urlencoded"},
                                          {"Accept", "application/json"}};
    const mr_azure_credential_options *o = &identity->options;
    char url[url_bytes_max];
    mr_buffer form;

    size_t host_bytes = strlen(o->authority);
    while (host_bytes > 0 && o->authority[host_bytes - 1] == '/') {
        host_bytes--; /* as AZURE_AUTHORITY_HOST is often written */
    }
    int bytes = snprintf(url, sizeof url, "%.*s/%s/oauth2/v2.0/token", (int)host_bytes,
                         o->authority, o->tenant_id);
    if (bytes < 0 || (size_t)bytes >= sizeof url) {
        return mr_fail(err, MR_INVALID, "the authority's address is too long");
    }
    mr_buffer_init(&form, form_bytes_max);
    append_field(&form, "grant_type", "client_credentials");
    append_field(&form, "client_id", o->client_id);
    append_field(&form, "scope", scope);
    mr_status st = append_proof(o, which, url, &form, err);
    if (st == MR_OK && form.overflowed) {
        st = mr_fail(err, MR_LIMIT, "what proves the identity is too long");
    }
    if (st == MR_OK) {
        char *secret = mr_secret_copy(o->client_secret);
        mr_request request = {.method = "POST",
                              .url = url,
                              .headers = headers,
                              .header_count = sizeof headers / sizeof headers[0],
                              .timeout_ms = ask_ms,
                              .body = mr_buffer_text(&form)};
        st = ask(identity, &request, secret, ret_token, err);
        mr_secret_wipe(secret);
    }
    wipe(&form);
    return st;
}

/* --- Managed identities ----------------------------------------------------------------------- */

static mr_status ask_metadata(const mr_identity *identity, const char *scope, bool probing,
                              mr_azure_token *ret_token, mr_err *err)
{
    const mr_azure_credential_options *o = &identity->options;
    char resource[mr_identity_resource_bytes_max];
    char *header = mr_secret_copy(o->identity_header);
    bool is_service = o->identity_endpoint != NULL && header != NULL;
    const mr_property headers[] = {is_service ? (mr_property){"X-IDENTITY-HEADER", header}
                                              : (mr_property){"Metadata", "true"}};
    mr_buffer url, query;

    mr_identity_resource(scope, resource);
    mr_buffer_init(&query, url_bytes_max);
    append_field(&query, "api-version", is_service ? "2019-08-01" : "2018-02-01");
    append_field(&query, "resource", resource);
    if (o->client_id != NULL) {
        append_field(&query, "client_id", o->client_id);
    }
    mr_buffer_init(&url, endpoint_bytes_max);
    (void)mr_buffer_printf(&url, "%s%s?%.*s", is_service ? o->identity_endpoint : o->metadata_host,
                           is_service ? "" : "/metadata/identity/oauth2/token",
                           MR_TEXT_ARGS(mr_buffer_text(&query)));
    (void)mr_buffer_append(&url, "", 1);
    mr_request request = {.method = "GET",
                          .url = url.data,
                          .headers = headers,
                          .header_count = 1,
                          .timeout_ms = probing && !is_service ? probe_ms : ask_ms,
                          .direct = true};
    mr_status st = url.overflowed || query.overflowed
                       ? mr_fail(err, MR_INVALID, "the identity's endpoint is too long")
                       : ask(identity, &request, header, ret_token, err);
    mr_buffer_free(&query);
    mr_buffer_free(&url);
    mr_secret_wipe(header);
    return st;
}

mr_status mr_identity_ask(const mr_identity *identity, mr_azure_identity which, const char *scope,
                          bool probing, mr_azure_token *ret_token, mr_err *err)
{
    char resource[mr_identity_resource_bytes_max];

    switch (which) {
    case MR_AZURE_CLIENT_SECRET:
    case MR_AZURE_CLIENT_CERTIFICATE:
    case MR_AZURE_WORKLOAD_IDENTITY:
        return ask_authority(identity, which, scope, ret_token, err);
    case MR_AZURE_MANAGED_IDENTITY:
        return ask_metadata(identity, scope, probing, ret_token, err);
    case MR_AZURE_CLI:
        mr_identity_resource(scope, resource);
        return mr_identity_ask_cli(identity, resource, ret_token, err);
    case MR_AZURE_AUTO:
        break;
    }
    MR_ASSERT(false); /* auto is none of them: it tries each */
    return MR_INVALID;
}
