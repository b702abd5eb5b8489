/* SPDX-License-Identifier: Apache-2.0 */
/* azure/request_try.c - one try of a request on libcurl's easy interface.
 *
 * Owns:       the handles with their connections; one is lent to each try.
 * Called by:  request.c, from any thread.
 * Invariants: (1) a handle is in the pool or with one try; (2) what a try has put into the answer
 *             is taken back by the next; (3) redirects are not followed: a signature is for the
 *             address it was made for.
 */
#include "azure/request_try.h"

#include <curl/curl.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

enum {
    handles_idle_max = 64,
    transfer_buffer_bytes = 256 << 10,
    header_line_bytes_max = 16 << 10,
    connect_timeout_ms = 10000,
    stall_timeout_ms = 20000,
};

struct mr_request_handles {
    char *ca_file;
    long connect_timeout_ms, stall_timeout_s;
    pthread_mutex_t mutex; /* guards what follows */
    CURL *idle[handles_idle_max];
    size_t idle_count;
};

struct mr_request_try {
    const mr_request *request;
    CURL *easy;
    struct curl_slist *headers;
    uint64_t sent;     /* bytes of the body, since the last rewind */
    uint64_t received; /* bytes of the answer's body */
    size_t answer_bytes_before;
    bool into_file; /* decided by the first byte, as is: */
    bool let_go;
    mr_status broken; /* why a callback ended the transfer; MR_OK: none did */
    int broken_errno;
    mr_try_outcome *outcome;
    char failure[CURL_ERROR_SIZE];
};

/* libcurl's option setter is variadic: its errors are out-of-memory and misuse. */
#define MUST_SET(easy, option, value) \
    MR_ASSERT(curl_easy_setopt((easy), (option), (value)) == CURLE_OK)

/* --- Handles ---------------------------------------------------------------------------------- */

mr_request_handles *mr_request_handles_create(const mr_requests_options *options)
{
    mr_request_handles *handles = mr_alloc_zero(1, sizeof *handles);
    uint32_t connect_ms = options->connect_timeout_ms;
    uint32_t stall_ms = options->stall_timeout_ms;

    handles->ca_file = options->ca_file != NULL ? mr_copy_string(options->ca_file) : NULL;
    handles->connect_timeout_ms = connect_ms > 0 ? (long)connect_ms : connect_timeout_ms;
    handles->stall_timeout_s = ((stall_ms > 0 ? (long)stall_ms : stall_timeout_ms) + 999) / 1000;
    (void)pthread_mutex_init(&handles->mutex, NULL);
    return handles;
}

void mr_request_handles_destroy(mr_request_handles *handles)
{
    for (size_t i = 0; i < handles->idle_count; i++) {
        curl_easy_cleanup(handles->idle[i]);
    }
    (void)pthread_mutex_destroy(&handles->mutex);
    free(handles->ca_file);
    free(handles);
}

/* The one used last: its connection is the likeliest to be alive. */
static CURL *take_handle(mr_request_handles *handles)
{
    CURL *easy = NULL;

    (void)pthread_mutex_lock(&handles->mutex);
    if (handles->idle_count > 0) {
        easy = handles->idle[--handles->idle_count];
    }
    (void)pthread_mutex_unlock(&handles->mutex);
    if (easy == NULL) {
        easy = curl_easy_init();
        MR_ASSERT(easy != NULL); /* out of memory */
    }
    return easy;
}

static void give_handle(mr_request_handles *handles, CURL *easy)
{
    curl_easy_reset(easy); /* connections stay */
    (void)pthread_mutex_lock(&handles->mutex);
    if (handles->idle_count < handles_idle_max) {
        handles->idle[handles->idle_count++] = easy;
        easy = NULL;
    }
    (void)pthread_mutex_unlock(&handles->mutex);
    if (easy != NULL) {
        curl_easy_cleanup(easy);
    }
}

/* --- The body that is sent -------------------------------------------------------------------- */

static uint64_t body_bytes(const mr_request *request)
{
    return request->body_bytes > 0 ? request->body_bytes : request->body.bytes;
}

static size_t send_body(char *data, size_t one, size_t count, void *ctx)
{
    mr_request_try *self = ctx;
    const mr_request *request = self->request;
    uint64_t left = body_bytes(request) - self->sent;
    size_t wanted = one * count < left ? one * count : (size_t)left;

    if (wanted == 0) {
        return 0;
    }
    if (request->body_bytes == 0) {
        memcpy(data, request->body.data + self->sent, wanted);
    } else {
        ssize_t got =
            pread(request->body_fd, data, wanted, (off_t)(request->body_offset + self->sent));
        if (got <= 0) { /* a file that became shorter is no more what was asked to be sent */
            self->broken = MR_IO;
            self->broken_errno = got < 0 ? errno : EIO;
            return CURL_READFUNC_ABORT;
        }
        wanted = (size_t)got;
    }
    self->sent += wanted;
    return wanted;
}

static int rewind_body(void *ctx, curl_off_t offset, int origin)
{
    mr_request_try *self = ctx;

    if (origin != SEEK_SET || offset < 0 || (uint64_t)offset > body_bytes(self->request)) {
        return CURL_SEEKFUNC_FAIL;
    }
    self->sent = (uint64_t)offset;
    return CURL_SEEKFUNC_OK;
}

/* --- The answer ------------------------------------------------------------------------------- */

static bool write_file(mr_request_try *self, const char *data, size_t bytes)
{
    const mr_request *request = self->request;

    if (self->received + bytes > request->answer_bytes_max) {
        self->broken = MR_LIMIT;
        return false;
    }
    for (size_t done = 0; done < bytes;) {
        ssize_t put = pwrite(request->answer_fd, data + done, bytes - done,
                             (off_t)(request->answer_offset + self->received + done));
        if (put < 0 && errno != EINTR) {
            self->broken = MR_IO;
            self->broken_errno = errno;
            return false;
        }
        done += put > 0 ? (size_t)put : 0;
    }
    return true;
}

static size_t keep_body(char *data, size_t one, size_t count, void *ctx)
{
    mr_request_try *self = ctx;
    const mr_request *request = self->request;
    size_t bytes = one * count;
    long status = 0;

    if (self->received == 0) {
        (void)curl_easy_getinfo(self->easy, CURLINFO_RESPONSE_CODE, &status);
        bool success = status >= 200 && status < 300;
        self->into_file = request->answer_bytes_max > 0 && success;
        self->let_go = request->answer == NULL || (request->answer_of_success && !success);
    }
    if (self->into_file) {
        if (!write_file(self, data, bytes)) {
            return 0;
        }
    } else if (!self->let_go && !mr_buffer_append(request->answer, data, bytes)) {
        self->broken = MR_LIMIT;
        return 0;
    }
    self->received += bytes;
    return bytes;
}

static void keep_value(mr_text value, char *room, size_t room_bytes)
{
    size_t bytes = value.bytes < room_bytes - 1 ? value.bytes : room_bytes - 1;

    memcpy(room, value.data, bytes);
    room[bytes] = '\0';
}

static size_t keep_header(char *data, size_t one, size_t count, void *ctx)
{
    mr_request_try *self = ctx;
    const mr_request *request = self->request;
    mr_text line = {data, one * count};
    const char *colon = memchr(line.data, ':', line.bytes);

    if (colon == NULL) {
        return line.bytes;
    }
    mr_text name = {line.data, (size_t)(colon - line.data)};
    mr_text value = mr_text_trim((mr_text){colon + 1, line.bytes - name.bytes - 1});
    for (size_t i = 0; i < request->wanted_count; i++) {
        if (mr_text_equal_ignoring_case(name, mr_text_of(request->wanted[i].name))) {
            keep_value(value, request->wanted[i].value, mr_request_value_bytes_max);
        }
    }
    if (mr_text_equal_ignoring_case(name, MR_TEXT_LITERAL("x-ms-error-code"))) {
        keep_value(value, self->outcome->reason, sizeof self->outcome->reason);
    }
    return line.bytes;
}

/* --- One try ---------------------------------------------------------------------------------- */

void mr_request_try_header(mr_request_try *attempt, const char *name, const char *value)
{
    size_t bytes = strlen(name) + strlen(value) + 4;
    char *line = mr_alloc(bytes);

    MR_ASSERT(bytes <= header_line_bytes_max && strpbrk(value, "\r\n") == NULL);
    /* libcurl's way to write a header that has no value. */
    (void)snprintf(line, bytes, value[0] != '\0' ? "%s: %s" : "%s;", name, value);
    struct curl_slist *longer = curl_slist_append(attempt->headers, line);
    MR_ASSERT(longer != NULL); /* out of memory */
    attempt->headers = longer;
    free(line);
}

static void set_headers(mr_request_try *self)
{
    const mr_request *request = self->request;

    for (size_t i = 0; i < request->header_count; i++) {
        mr_request_try_header(self, request->headers[i].name, request->headers[i].value);
    }
    /* No 100-continue: it is a round trip for nothing. */
    struct curl_slist *longer = curl_slist_append(self->headers, "Expect:");
    MR_ASSERT(longer != NULL); /* out of memory */
    self->headers = longer;
}

static void set_method(mr_request_try *self)
{
    const mr_request *request = self->request;
    CURL *easy = self->easy;
    bool sends = body_bytes(request) > 0 || strcmp(request->method, "PUT") == 0 ||
                 strcmp(request->method, "POST") == 0;

    if (strcmp(request->method, "HEAD") == 0) {
        MUST_SET(easy, CURLOPT_NOBODY, 1L);
    } else if (sends) {
        MUST_SET(easy, CURLOPT_UPLOAD, 1L);
        MUST_SET(easy, CURLOPT_CUSTOMREQUEST, request->method);
        MUST_SET(easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)body_bytes(request));
        MUST_SET(easy, CURLOPT_READFUNCTION, send_body);
        MUST_SET(easy, CURLOPT_READDATA, self);
        MUST_SET(easy, CURLOPT_SEEKFUNCTION, rewind_body);
        MUST_SET(easy, CURLOPT_SEEKDATA, self);
    } else {
        MUST_SET(easy, CURLOPT_HTTPGET, 1L);
        MUST_SET(easy, CURLOPT_CUSTOMREQUEST, request->method);
    }
}

static void set_up(mr_request_try *self, const mr_request_handles *handles, uint64_t timeout_ms)
{
    CURL *easy = self->easy;

    MUST_SET(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    MUST_SET(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    MUST_SET(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    MUST_SET(easy, CURLOPT_NOSIGNAL, 1L);
    MUST_SET(easy, CURLOPT_TCP_NODELAY, 1L);
    MUST_SET(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    MUST_SET(easy, CURLOPT_CONNECTTIMEOUT_MS, handles->connect_timeout_ms);
    MUST_SET(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
    MUST_SET(easy, CURLOPT_LOW_SPEED_TIME, handles->stall_timeout_s);
    MUST_SET(easy, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
    MUST_SET(easy, CURLOPT_UPLOAD_BUFFERSIZE, (long)transfer_buffer_bytes);
    /* A handle whose host had no address still has its buffer, of this size, and refuses. */
    (void)curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, (long)transfer_buffer_bytes);
    MUST_SET(easy, CURLOPT_PATH_AS_IS, 1L); /* what is signed is what is sent */
    MUST_SET(easy, CURLOPT_HTTPHEADER, self->headers);
    MUST_SET(easy, CURLOPT_HEADERFUNCTION, keep_header);
    MUST_SET(easy, CURLOPT_HEADERDATA, self);
    MUST_SET(easy, CURLOPT_WRITEFUNCTION, keep_body);
    MUST_SET(easy, CURLOPT_WRITEDATA, self);
    MUST_SET(easy, CURLOPT_ERRORBUFFER, self->failure);
    if (handles->ca_file != NULL) {
        MUST_SET(easy, CURLOPT_CAINFO, handles->ca_file);
    }
    if (self->request->direct) {
        MUST_SET(easy, CURLOPT_NOPROXY, "*");
    }
    set_method(self);
}

static bool was_not_sent(const mr_request_try *self, CURLcode code)
{
    long bytes = 0;

    (void)curl_easy_getinfo(self->easy, CURLINFO_REQUEST_SIZE, &bytes);
    return code == CURLE_COULDNT_RESOLVE_HOST || code == CURLE_COULDNT_RESOLVE_PROXY ||
           code == CURLE_COULDNT_CONNECT || code == CURLE_SSL_CONNECT_ERROR || bytes == 0;
}

static bool is_hopeless(CURLcode code)
{
    return code == CURLE_UNSUPPORTED_PROTOCOL || code == CURLE_URL_MALFORMAT ||
           code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE;
}

static void tell_failure(const mr_request_try *self, CURLcode code)
{
    mr_try_outcome *outcome = self->outcome;
    const char *why = self->failure[0] != '\0' ? self->failure : curl_easy_strerror(code);

    if (self->broken == MR_LIMIT) {
        why = "the answer is longer than there is room for";
    } else if (self->broken == MR_IO) {
        why = strerror(self->broken_errno);
    }
    (void)snprintf(outcome->reason, sizeof outcome->reason, "%s", why);
    if (self->broken != MR_OK || is_hopeless(code)) {
        outcome->end = MR_TRY_REFUSED;
        outcome->status = self->broken != MR_OK ? self->broken : MR_INVALID;
    } else {
        outcome->end = was_not_sent(self, code) ? MR_TRY_NOT_SENT : MR_TRY_UNCLEAR;
    }
}

static void perform(mr_request_try *self)
{
    mr_try_outcome *outcome = self->outcome;
    curl_off_t retry_after_s = 0;
    long status = 0;
    CURLcode code = curl_easy_perform(self->easy);

    if (code != CURLE_OK) {
        tell_failure(self, code);
        return;
    }
    (void)curl_easy_getinfo(self->easy, CURLINFO_RESPONSE_CODE, &status);
    (void)curl_easy_getinfo(self->easy, CURLINFO_RETRY_AFTER, &retry_after_s);
    outcome->end = MR_TRY_ANSWERED;
    outcome->http_status = (int)status;
    outcome->body_bytes = self->received;
    if (retry_after_s > 0 && retry_after_s < INT32_MAX) {
        outcome->retry_after_ms = (uint64_t)retry_after_s * 1000;
    }
}

mr_status mr_request_try_once(mr_request_handles *handles, const mr_request *request,
                              uint64_t timeout_ms, mr_try_outcome *ret_outcome, mr_err *err)
{
    mr_request_try self = {.request = request, .outcome = ret_outcome};
    mr_status status = MR_OK;

    *ret_outcome = (mr_try_outcome){.end = MR_TRY_NOT_SENT};
    for (size_t i = 0; i < request->wanted_count; i++) {
        request->wanted[i].value[0] = '\0';
    }
    set_headers(&self);
    if (request->sign != NULL) {
        status = request->sign(request->sign_ctx, request, &self, err);
    }
    if (status == MR_OK) {
        self.easy = take_handle(handles);
        MR_ASSERT(curl_easy_setopt(self.easy, CURLOPT_URL, request->url) == CURLE_OK);
        set_up(&self, handles, timeout_ms);
        perform(&self);
        give_handle(handles, self.easy);
    }
    curl_slist_free_all(self.headers);
    return status;
}
