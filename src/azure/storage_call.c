/* SPDX-License-Identifier: Apache-2.0 */
/* azure/storage_call.c - a request to a container: its URL, who asks, and what the answer means.
 *
 * Owns:       the storage's copies of its options and its connections.
 * Called by:  storage.c and storage_put.c, from any thread.
 * Invariants: (1) a token, a signature or a key stands in no message; (2) plain http goes to
 *             loopback alone.
 */
#include "azure/storage_call.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "azure/storage_sign.h"
#include "base/civil.h"

enum {
    url_bytes_max = 16 << 10,
    to_sign_bytes_max = 32 << 10,
    default_timeout_ms = 60000,
    slowest_bytes_per_ms = 128, /* 128 KB/s: below it a transfer is given up */
};

static const char api_version[] = "2023-11-03";

/* --- Opening ---------------------------------------------------------------------------------- */

static bool is_loopback(const char *host)
{
    size_t bytes = strcspn(host, ":/");

    if (memchr(host, '@', strcspn(host, "/")) != NULL) {
        return false; /* what stands before it is no host */
    }
    return (bytes == 9 && strncasecmp(host, "localhost", 9) == 0) ||
           (strncmp(host, "127.", 4) == 0 && strspn(host, "0123456789.") == bytes) ||
           strncmp(host, "[::1]", 5) == 0;
}

static mr_status check_endpoint(const char *endpoint, mr_err *err)
{
    if (strncmp(endpoint, "https://", 8) == 0) {
        return MR_OK;
    }
    if (strncmp(endpoint, "http://", 7) == 0 && is_loopback(endpoint + 7)) {
        return MR_OK; /* an emulator on this machine */
    }
    return mr_fail(err, MR_INVALID,
                   "%.200s: storage is spoken to by https; http is for an emulator on this machine",
                   endpoint);
}

static mr_status check_key(const mr_secret *key, mr_err *err)
{
    char signature[mr_storage_signature_bytes];
    char *copy = mr_secret_copy(key);
    mr_status status =
        copy != NULL ? mr_storage_sign(mr_text_of(copy), mr_text_of(""), signature, err) : MR_OK;

    mr_secret_wipe(copy);
    return status;
}

bool mr_storage_is_set(const mr_secret *secret)
{
    char *copy = mr_secret_copy(secret);
    bool set = copy != NULL && copy[0] != '\0';

    mr_secret_wipe(copy);
    return set;
}

mr_status mr_storage_open(const mr_storage_options *options, mr_storage **ret_storage, mr_err *err)
{
    mr_status status = check_endpoint(options->endpoint, err);
    const mr_secret *key = mr_storage_is_set(options->account_key) ? options->account_key : NULL;
    const mr_secret *sas = mr_storage_is_set(options->sas) ? options->sas : NULL;

    if (status == MR_OK && key != NULL) {
        status = check_key(key, err);
    }
    if (status == MR_OK && key == NULL && sas == NULL && options->credential == NULL) {
        status = mr_fail(err, MR_INVALID,
                         "storage account %s: neither MILLRACE_AZURE_ACCOUNT_KEY nor "
                         "MILLRACE_AZURE_SAS is set, and there is no identity",
                         options->account);
    }
    if (status != MR_OK) {
        return status;
    }
    mr_storage *storage = mr_alloc_zero(1, sizeof *storage);
    storage->endpoint = mr_copy_string(options->endpoint);
    storage->account = mr_copy_string(options->account);
    storage->container = mr_copy_string(options->container);
    storage->account_key = key;
    storage->sas = key == NULL ? sas : NULL;
    storage->credential = key == NULL && sas == NULL ? options->credential : NULL;
    storage->timeout_ms =
        options->requests.timeout_ms > 0 ? options->requests.timeout_ms : default_timeout_ms;
    storage->requests = mr_requests_create(&options->requests);
    *ret_storage = storage;
    return MR_OK;
}

void mr_storage_close(mr_storage *storage)
{
    if (storage != NULL) {
        mr_requests_destroy(storage->requests);
        free(storage->container);
        free(storage->account);
        free(storage->endpoint);
        free(storage);
    }
}

/* --- The request ------------------------------------------------------------------------------ */

void mr_storage_encode(mr_text text, bool path, mr_buffer *out)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

    for (size_t i = 0; i < text.bytes; i++) {
        unsigned char byte = (unsigned char)text.data[i];
        if ((path && byte == '/') || memchr(plain, byte, sizeof plain - 1) != NULL) {
            (void)mr_buffer_append(out, text.data + i, 1);
        } else {
            (void)mr_buffer_printf(out, "%%%02X", byte);
        }
    }
}

static void put_url(mr_storage_call *call, const char *name, const char *query)
{
    const mr_storage *storage = call->storage;
    char *sas = mr_secret_copy(storage->sas);

    (void)mr_buffer_printf(&call->url, "%s/%s", storage->endpoint, storage->container);
    if (name != NULL) {
        (void)mr_buffer_append(&call->url, "/", 1);
        mr_storage_encode(mr_text_of(name), true, &call->url);
    }
    if (query != NULL) {
        (void)mr_buffer_printf(&call->url, "?%s", query);
    }
    if (sas != NULL) {
        (void)mr_buffer_printf(&call->url, "%c%s", query != NULL ? '&' : '?',
                               sas[0] == '?' ? sas + 1 : sas);
    }
    mr_secret_wipe(sas);
    (void)mr_buffer_append(&call->url, "", 1);
}

void mr_storage_call_begin(mr_storage_call *call, mr_storage *storage, const char *method,
                           const char *name, const char *query)
{
    *call = (mr_storage_call){.storage = storage};
    mr_buffer_init(&call->url, url_bytes_max);
    mr_buffer_init(&call->token, mr_azure_token_bytes_max);
    put_url(call, name, query);
    call->request = (mr_request){.method = method,
                                 .url = call->url.overflowed ? NULL : call->url.data,
                                 .headers = call->headers,
                                 .timeout_ms = storage->timeout_ms,
                                 .wanted = call->wanted};
    call->request.effect = strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0
                               ? MR_REQUEST_READS
                               : MR_REQUEST_REPEATS;
    mr_storage_call_header(call, "x-ms-version", api_version);
    (void)mr_storage_call_want(call, "x-ms-error-code");
}

void mr_storage_call_end(mr_storage_call *call)
{
    if (call->token.data != NULL) {
        memset(call->token.data, 0, call->token.capacity);
    }
    mr_buffer_free(&call->token);
    mr_buffer_free(&call->url);
}

void mr_storage_call_header(mr_storage_call *call, const char *name, const char *value)
{
    MR_ASSERT(call->request.header_count < mr_storage_call_headers_max);
    call->headers[call->request.header_count++] = (mr_property){name, value};
}

const char *mr_storage_call_want(mr_storage_call *call, const char *name)
{
    size_t index = call->request.wanted_count++;

    MR_ASSERT(index < mr_storage_call_wanted_max);
    call->wanted[index] = (mr_request_field){name, call->values[index]};
    return call->values[index];
}

const char *mr_storage_call_code(const mr_storage_call *call)
{
    return call->values[0];
}

uint32_t mr_storage_timeout_ms(const mr_storage *storage, uint64_t bytes)
{
    uint64_t more_ms = bytes / slowest_bytes_per_ms;
    uint64_t limit = (uint64_t)INT32_MAX;

    return (uint32_t)(storage->timeout_ms + more_ms < limit ? storage->timeout_ms + more_ms
                                                            : limit);
}

/* --- Who asks --------------------------------------------------------------------------------- */

static mr_status sign_with_key(mr_storage_call *call, const mr_request *request,
                               mr_request_try *attempt, const char *date, mr_err *err)
{
    char signature[mr_storage_signature_bytes];
    char header[256];
    mr_buffer text;
    char *key = mr_secret_copy(call->storage->account_key);

    mr_buffer_init(&text, to_sign_bytes_max);
    mr_status status = mr_storage_string_to_sign(request, call->storage->account, date, &text, err);
    if (status == MR_OK) {
        status = mr_storage_sign(mr_text_of(key != NULL ? key : ""), mr_buffer_text(&text),
                                 signature, err);
    }
    if (status == MR_OK) {
        (void)snprintf(header, sizeof header, "SharedKey %s:%s", call->storage->account, signature);
        mr_request_try_header(attempt, "Authorization", header);
    }
    mr_buffer_free(&text);
    mr_secret_wipe(key);
    return status;
}

static mr_status sign_with_token(mr_storage_call *call, mr_request_try *attempt, mr_err *err)
{
    static const char bearer[] = "Bearer ";

    mr_buffer_clear(&call->token);
    (void)mr_buffer_append_string(&call->token, bearer);
    mr_status status = mr_azure_credential_token(call->storage->credential, MR_AZURE_SCOPE_STORAGE,
                                                 &call->token, err);
    if (status == MR_OK && !mr_buffer_append(&call->token, "", 1)) {
        status = mr_fail(err, MR_LIMIT, "a token for storage is over %d bytes",
                         mr_azure_token_bytes_max);
    }
    if (status == MR_OK) {
        mr_request_try_header(attempt, "Authorization", call->token.data);
        return MR_OK;
    }
    /* Whoever gives tokens was not asked for a blob: what it says is of none, and may change. */
    return err != NULL ? mr_fail(err, MR_UNAVAILABLE, "%s", err->message) : MR_UNAVAILABLE;
}

static mr_status sign(void *ctx, const mr_request *request, mr_request_try *attempt, mr_err *err)
{
    mr_storage_call *call = ctx;
    char date[mr_storage_date_bytes];

    mr_storage_date(mr_now_ms(), date);
    mr_request_try_header(attempt, "x-ms-date", date);
    if (call->storage->account_key != NULL) {
        return sign_with_key(call, request, attempt, date, err);
    }
    return call->storage->credential != NULL ? sign_with_token(call, attempt, err) : MR_OK;
}

/* --- Sending ---------------------------------------------------------------------------------- */

static mr_status make_container(mr_storage *storage, mr_err *err)
{
    mr_storage_call call;

    mr_storage_call_begin(&call, storage, "PUT", NULL, "restype=container");
    call.request.sign = sign;
    call.request.sign_ctx = &call;
    mr_status status = mr_request_send(storage->requests, &call.request, &call.result, err);
    if (status == MR_OK && call.result.status != 201 && call.result.status != 409) {
        status = mr_storage_call_fail(&call, "create container", storage->container, err);
    }
    mr_storage_call_end(&call);
    return status;
}

static void refuse_token(mr_storage_call *call)
{
    static const size_t prefix_bytes = sizeof "Bearer " - 1;

    mr_azure_credential_refused(
        call->storage->credential, MR_AZURE_SCOPE_STORAGE,
        (mr_text){call->token.data + prefix_bytes, call->token.bytes - prefix_bytes - 1});
}

mr_status mr_storage_call_send(mr_storage_call *call, mr_err *err)
{
    mr_storage *storage = call->storage;
    size_t answer_before = call->request.answer != NULL ? call->request.answer->bytes : 0;

    if (call->request.url == NULL) {
        return mr_fail(err, MR_LIMIT, "the address of a blob is over %d bytes", url_bytes_max);
    }
    call->request.sign = sign;
    call->request.sign_ctx = call;
    mr_status status = mr_request_send(storage->requests, &call->request, &call->result, err);
    bool again = false;
    if (status == MR_OK && call->result.status == 401 && storage->credential != NULL) {
        refuse_token(call);
        again = true;
    } else if (status == MR_OK && call->result.status == 404 &&
               call->request.effect != MR_REQUEST_READS &&
               strcmp(mr_storage_call_code(call), "ContainerNotFound") == 0) {
        status = make_container(storage, err);
        again = status == MR_OK;
    }
    if (again) {
        if (call->request.answer != NULL) {
            call->request.answer->bytes = answer_before;
        }
        status = mr_request_send(storage->requests, &call->request, &call->result, err);
    }
    return status;
}

mr_status mr_storage_call_fail(const mr_storage_call *call, const char *what, const char *name,
                               mr_err *err)
{
    int http_status = call->result.status;
    const char *code = mr_storage_call_code(call);
    mr_status status = MR_IO;
    const char *hint = "";

    if (http_status == 404) {
        status = MR_NOT_FOUND;
    } else if (http_status == 401 || http_status == 403) {
        status = MR_UNAVAILABLE;
        hint = call->storage->account_key != NULL ? ": is the account's key right, and the clock?"
               : call->storage->sas != NULL
                   ? ": does the shared access signature allow it, and is it still good?"
                   : ": the identity needs the role Storage Blob Data Contributor";
    }
    return mr_fail(err, status, "%s %.200s: %s/%s answers %d%s%s%s", what, name,
                   call->storage->endpoint, call->storage->container, http_status,
                   code[0] != '\0' ? " " : "", code, hint);
}
