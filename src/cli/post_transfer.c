/* SPDX-License-Identifier: Apache-2.0 */
/* cli/post_transfer.c - libcurl's multi interface, used for nothing but POSTs to one URL.
 *
 * Owns:       the handles, their connections, the packed bodies and the answers.
 * Called by:  post_run.c; one thread.
 * Invariants: (1) a handle is either idle or in the multi handle; (2) nothing here sleeps but wait.
 */
#include "cli/post_transfer.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    wait_fds_max = 4,
    upload_buffer_bytes = 262144,
    header_bytes_max = 512,
    packed_bytes_max = 67108864,
};

typedef struct transfer {
    CURL *easy;
    mr_buffer answer;
    mr_buffer packed;
    char failure[CURL_ERROR_SIZE];
    void *user;
} transfer;

struct mr_post_transfers {
    CURLM *multi;
    struct curl_slist *headers;
    mr_post_packer *packer;
    transfer *all;
    transfer **idle; /* a stack: the connection used last is used next */
    uint32_t count;
    uint32_t idle_count;
    int running;
};

static size_t keep_answer(char *data, size_t one, size_t bytes, void *ctx)
{
    transfer *t = ctx;

    (void)mr_buffer_append(&t->answer, data, one * bytes); /* past the cap it is let go */
    return one * bytes;
}

static void add_header(mr_post_transfers *transfers, const char *name, const char *value)
{
    char line[header_bytes_max];
    struct curl_slist *longer;

    int bytes = snprintf(line, sizeof(line), "%s:%s%s", name, value[0] != '\0' ? " " : "", value);
    MR_ASSERT(bytes > 0 && bytes < (int)sizeof(line));
    longer = curl_slist_append(transfers->headers, line);
    MR_ASSERT(longer != NULL); /* out of memory */
    transfers->headers = longer;
}

/* libcurl's option setter is variadic: its errors are out-of-memory and misuse, both ours to abort
 * on. */
#define MUST_SET(easy, option, value) \
    MR_ASSERT(curl_easy_setopt((easy), (option), (value)) == CURLE_OK)

static void set_up(transfer *t, const mr_post_transfers *transfers,
                   const mr_post_transfers_options *options)
{
    t->easy = curl_easy_init();
    MR_ASSERT(t->easy != NULL); /* out of memory */
    mr_buffer_init(&t->answer, mr_post_answer_bytes_max);
    mr_buffer_init(&t->packed, packed_bytes_max);
    MUST_SET(t->easy, CURLOPT_PRIVATE, t);
    MUST_SET(t->easy, CURLOPT_URL, options->url);
    MUST_SET(t->easy, CURLOPT_PROTOCOLS_STR, "http,https");
    MUST_SET(t->easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    MUST_SET(t->easy, CURLOPT_POST, 1L);
    MUST_SET(t->easy, CURLOPT_HTTPHEADER, transfers->headers);
    MUST_SET(t->easy, CURLOPT_NOSIGNAL, 1L);
    MUST_SET(t->easy, CURLOPT_TCP_NODELAY, 1L);
    MUST_SET(t->easy, CURLOPT_CONNECTTIMEOUT_MS, (long)mr_post_connect_timeout_ms);
    MUST_SET(t->easy, CURLOPT_TIMEOUT_MS, (long)mr_post_request_timeout_ms);
    MUST_SET(t->easy, CURLOPT_UPLOAD_BUFFERSIZE, (long)upload_buffer_bytes);
    MUST_SET(t->easy, CURLOPT_WRITEFUNCTION, keep_answer);
    MUST_SET(t->easy, CURLOPT_WRITEDATA, t);
    MUST_SET(t->easy, CURLOPT_ERRORBUFFER, t->failure);
    if (options->ca_file != NULL) {
        MUST_SET(t->easy, CURLOPT_CAINFO, options->ca_file);
    }
}

mr_post_transfers *mr_post_transfers_create(const mr_post_transfers_options *options)
{
    mr_post_transfers *transfers = mr_alloc_zero(1, sizeof(*transfers));

    MR_ASSERT(options->count >= 1 && options->count <= mr_post_concurrency_max);
    transfers->multi = curl_multi_init();
    MR_ASSERT(transfers->multi != NULL); /* out of memory */
    transfers->packer = mr_post_packer_create(options->packing);
    add_header(transfers, "Content-Type", options->content_type);
    add_header(transfers, "Accept", "application/json");
    add_header(transfers, "Expect", ""); /* no 100-continue: a round trip for nothing */
    if (options->api_key != NULL && options->api_key[0] != '\0') {
        add_header(transfers, "X-API-Key", options->api_key);
    }
    if (options->packing != MR_POST_PLAIN) {
        add_header(transfers, "Content-Encoding",
                   options->packing == MR_POST_GZIP ? "gzip" : "zstd");
    }
    transfers->count = options->count;
    transfers->all = mr_alloc_zero(options->count, sizeof(*transfers->all));
    transfers->idle = mr_alloc_zero(options->count, sizeof(*transfers->idle));
    for (uint32_t i = 0; i < options->count; i++) {
        set_up(&transfers->all[i], transfers, options);
        transfers->idle[transfers->idle_count++] = &transfers->all[i];
    }
    return transfers;
}

void mr_post_transfers_destroy(mr_post_transfers *transfers)
{
    if (transfers == NULL) {
        return;
    }
    for (uint32_t i = 0; i < transfers->count; i++) {
        transfer *t = &transfers->all[i];
        (void)curl_multi_remove_handle(transfers->multi, t->easy); /* idle ones are not in it */
        curl_easy_cleanup(t->easy);
        mr_buffer_free(&t->answer);
        mr_buffer_free(&t->packed);
    }
    (void)curl_multi_cleanup(transfers->multi);
    curl_slist_free_all(transfers->headers);
    mr_post_packer_destroy(transfers->packer);
    free(transfers->idle);
    free(transfers->all);
    free(transfers);
}

uint32_t mr_post_transfers_idle(const mr_post_transfers *transfers)
{
    return transfers->idle_count;
}

uint32_t mr_post_transfers_busy(const mr_post_transfers *transfers)
{
    return transfers->count - transfers->idle_count;
}

mr_status mr_post_transfers_send(mr_post_transfers *transfers, mr_text body, void *user,
                                 mr_err *err)
{
    transfer *t;
    CURLMcode added;

    MR_ASSERT(transfers->idle_count > 0);
    t = transfers->idle[transfers->idle_count - 1];
    if (transfers->packer != NULL) {
        mr_status status = mr_post_pack(transfers->packer, body, &t->packed, err);
        if (status != MR_OK) {
            return status;
        }
        body = mr_buffer_text(&t->packed);
    }
    mr_buffer_clear(&t->answer);
    t->failure[0] = '\0';
    t->user = user;
    MUST_SET(t->easy, CURLOPT_POSTFIELDS, body.data); /* borrowed, not copied */
    MUST_SET(t->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.bytes);
    added = curl_multi_add_handle(transfers->multi, t->easy);
    MR_ASSERT(added == CURLM_OK);
    transfers->idle_count--;
    return MR_OK;
}

void mr_post_transfers_step(mr_post_transfers *transfers)
{
    CURLMcode result = curl_multi_perform(transfers->multi, &transfers->running);

    MR_ASSERT(result == CURLM_OK);
}

/* Failures that no later try can change. */
static bool is_hopeless(CURLcode code)
{
    return code == CURLE_UNSUPPORTED_PROTOCOL || code == CURLE_URL_MALFORMAT ||
           code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE;
}

static void read_result(transfer *t, CURLcode code, mr_post_result *ret_result)
{
    long status = 0;
    curl_off_t retry_after = 0;

    *ret_result = (mr_post_result){.user = t->user, .body = mr_buffer_text(&t->answer)};
    if (code != CURLE_OK) {
        ret_result->failure = t->failure[0] != '\0' ? t->failure : curl_easy_strerror(code);
        ret_result->hopeless = is_hopeless(code);
        return;
    }
    (void)curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
    (void)curl_easy_getinfo(t->easy, CURLINFO_RETRY_AFTER, &retry_after); /* seconds or a date */
    ret_result->http_status = (int)status;
    if (retry_after > 0 && retry_after < INT32_MAX) {
        ret_result->retry_after_us = (uint64_t)retry_after * 1000000;
    }
}

bool mr_post_transfers_next(mr_post_transfers *transfers, mr_post_result *ret_result)
{
    int left = 0;
    CURLMsg *message = curl_multi_info_read(transfers->multi, &left);
    transfer *t = NULL;

    if (message == NULL) {
        return false;
    }
    MR_ASSERT(message->msg == CURLMSG_DONE);
    (void)curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &t);
    read_result(t, message->data.result, ret_result);
    (void)curl_multi_remove_handle(transfers->multi, t->easy); /* it is in there */
    transfers->idle[transfers->idle_count++] = t;
    return true;
}

void mr_post_transfers_wait(mr_post_transfers *transfers, const int *fds, size_t fd_count,
                            uint32_t timeout_ms)
{
    struct curl_waitfd waited[wait_fds_max];
    unsigned int count = 0;

    MR_ASSERT(fd_count <= wait_fds_max);
    for (size_t i = 0; i < fd_count; i++) {
        if (fds[i] >= 0) {
            waited[count++] = (struct curl_waitfd){.fd = fds[i], .events = CURL_WAIT_POLLIN};
        }
    }
    (void)curl_multi_poll(transfers->multi, waited, count, (int)timeout_ms, NULL);
}
