/* SPDX-License-Identifier: Apache-2.0 */
/* azure/storage.c - blobs read, looked for, listed, copied and deleted; see storage.h.
 *
 * Called by:  the lake, from any thread.
 * Not here:   putting blobs (storage_put.c), signing (storage_sign.c), the listing's XML
 *             (storage_list.c).
 */
#include "azure/storage.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>

#include "azure/storage_call.h"
#include "azure/storage_sign.h"

enum {
    page_names_max = 5000,
    page_bytes_max = 32 << 20,
    copy_looks_max = 600, /* a second apart: a copy that is not done at once */
};

/* --- Reading ---------------------------------------------------------------------------------- */

mr_status mr_storage_get(mr_storage *storage, const char *name, mr_buffer *out, mr_err *err)
{
    mr_storage_call call;
    size_t before = out->bytes;

    mr_storage_call_begin(&call, storage, "GET", name, NULL);
    call.request.answer = out;
    call.request.answer_of_success = true;
    mr_status status = mr_storage_call_send(&call, err);
    if (status == MR_OK && call.result.status != 200) {
        status = mr_storage_call_fail(&call, "read", name, err);
    }
    if (status != MR_OK) {
        out->bytes = before;
        out->overflowed = false;
    }
    mr_storage_call_end(&call);
    return status;
}

mr_status mr_storage_get_range(mr_storage *storage, const char *name, uint64_t offset,
                               uint64_t bytes, int fd, mr_err *err)
{
    char range[64];
    mr_storage_call call;

    MR_ASSERT(bytes > 0);
    (void)snprintf(range, sizeof range, "bytes=%" PRIu64 "-%" PRIu64, offset, offset + bytes - 1);
    mr_storage_call_begin(&call, storage, "GET", name, NULL);
    mr_storage_call_header(&call, "Range", range);
    call.request.answer_fd = fd;
    call.request.answer_offset = offset;
    call.request.answer_bytes_max = bytes;
    call.request.timeout_ms = mr_storage_timeout_ms(storage, bytes);
    mr_status status = mr_storage_call_send(&call, err);
    if (status == MR_OK && call.result.status != 206 && call.result.status != 416) {
        status = mr_storage_call_fail(&call, "read", name, err);
    } else if (status == MR_OK && call.result.body_bytes != bytes) {
        status = mr_fail(err, MR_CORRUPT, "read %s: it does not have the bytes %s", name, range);
    }
    mr_storage_call_end(&call);
    return status;
}

mr_status mr_storage_find(mr_storage *storage, const char *name, mr_storage_blob *ret_blob,
                          mr_err *err)
{
    mr_storage_call call;
    mr_storage_blob blob = {.name = name};

    mr_storage_call_begin(&call, storage, "HEAD", name, NULL);
    const char *bytes = mr_storage_call_want(&call, "Content-Length");
    const char *modified = mr_storage_call_want(&call, "Last-Modified");
    const char *type = mr_storage_call_want(&call, "x-ms-resource-type");
    mr_status status = mr_storage_call_send(&call, err);
    if (status == MR_OK && strcmp(type, "directory") == 0) {
        status = mr_fail(err, MR_NOT_FOUND, "look for %s: it is a directory", name);
    } else if (status == MR_OK && call.result.status != 200) {
        status = mr_storage_call_fail(&call, "look for", name, err);
    } else if (status == MR_OK &&
               (!mr_parse_uint64(mr_text_of(bytes), UINT64_MAX, &blob.bytes) ||
                !mr_storage_date_parse(mr_text_of(modified), &blob.modified_ms))) {
        status = mr_fail(err, MR_IO, "look for %s: the answer has no length or no date", name);
    }
    mr_storage_call_end(&call);
    if (status == MR_OK) {
        *ret_blob = blob;
    }
    return status;
}

/* --- Deleting and copying --------------------------------------------------------------------- */

mr_status mr_storage_delete(mr_storage *storage, const char *name, mr_err *err)
{
    mr_storage_call call;

    mr_storage_call_begin(&call, storage, "DELETE", name, NULL);
    mr_status status = mr_storage_call_send(&call, err);
    if (status == MR_OK && call.result.status != 202 && call.result.status != 404) {
        status = mr_storage_call_fail(&call, "delete", name, err);
    }
    mr_storage_call_end(&call);
    return status;
}

/* A copy that goes on behind the answer. */
static mr_status await_copy(mr_storage *storage, const char *to, mr_err *err)
{
    for (int look = 0; look < copy_looks_max; look++) {
        mr_storage_call call;
        mr_storage_call_begin(&call, storage, "HEAD", to, NULL);
        const char *state = mr_storage_call_want(&call, "x-ms-copy-status");
        mr_status status = mr_storage_call_send(&call, err);
        bool pending = status == MR_OK && strcmp(state, "pending") == 0;
        if (status == MR_OK && !pending && strcmp(state, "success") != 0) {
            status = mr_fail(err, MR_UNAVAILABLE, "copy to %s: it ended as '%.40s'", to, state);
        }
        mr_storage_call_end(&call);
        if (!pending) {
            return status;
        }
        (void)poll(NULL, 0, 1000);
    }
    return mr_fail(err, MR_UNAVAILABLE, "copy to %s: it is still not done", to);
}

static mr_status judge_copy(mr_storage_call *call, const char *from, const char *to,
                            const char *state, mr_err *err)
{
    const char *code = mr_storage_call_code(call);

    switch (call->result.status) {
    case 202:
        return strcmp(state, "pending") == 0 ? await_copy(call->storage, to, err) : MR_OK;
    case 404:
        return mr_storage_call_fail(call, "copy", from, err);
    case 409:
    case 412:
        if (strcmp(code, "BlobAlreadyExists") == 0 || call->result.status == 412) {
            return mr_fail(err, MR_EXISTS, "copy to %s: there is one of that name already", to);
        }
        return mr_fail(err, MR_UNSUPPORTED, "copy %s: the service answers 409 %s", from, code);
    case 400:
    case 403:
    case 501:
        return mr_fail(err, MR_UNSUPPORTED, "copy %s: the service answers %d %s", from,
                       call->result.status, code);
    default:
        return mr_storage_call_fail(call, "copy", from, err);
    }
}

mr_status mr_storage_copy(mr_storage *storage, const char *from, const char *to, mr_err *err)
{
    mr_storage_call call;
    mr_storage_call source; /* for its URL, with the signature it needs */

    mr_storage_call_begin(&source, storage, "GET", from, NULL);
    mr_storage_call_begin(&call, storage, "PUT", to, NULL);
    mr_storage_call_header(&call, "If-None-Match", "*");
    mr_storage_call_header(&call, "x-ms-copy-source",
                           source.request.url != NULL ? source.request.url : "");
    const char *state = mr_storage_call_want(&call, "x-ms-copy-status");
    mr_status status = mr_storage_call_send(&call, err);
    if (status == MR_OK) {
        status = judge_copy(&call, from, to, state, err);
    }
    mr_storage_call_end(&call);
    mr_storage_call_end(&source);
    return status;
}

/* --- Listing ---------------------------------------------------------------------------------- */

static mr_status get_page(mr_storage *storage, const char *prefix, bool delimited,
                          const mr_buffer *marker, mr_buffer *out, bool *ret_none, mr_err *err)
{
    mr_storage_call call;
    mr_buffer query;

    mr_buffer_init(&query, 16 << 10);
    (void)mr_buffer_printf(&query,
                           "restype=container&comp=list&maxresults=%d&prefix=", page_names_max);
    mr_storage_encode(mr_text_of(prefix), false, &query);
    (void)mr_buffer_append_string(&query, delimited ? "&delimiter=%2F" : "");
    if (marker->bytes > 0) {
        (void)mr_buffer_append_string(&query, "&marker=");
        mr_storage_encode(mr_buffer_text(marker), false, &query);
    }
    (void)mr_buffer_append(&query, "", 1);
    mr_storage_call_begin(&call, storage, "GET", NULL, query.data);
    call.request.answer = out;
    call.request.answer_of_success = true;
    mr_status status = mr_storage_call_send(&call, err);
    if (status == MR_OK && call.result.status == 404) {
        *ret_none = true; /* no container */
    } else if (status == MR_OK && call.result.status != 200) {
        status = mr_storage_call_fail(&call, "list", prefix, err);
    }
    mr_storage_call_end(&call);
    mr_buffer_free(&query);
    return status;
}

mr_status mr_storage_list(mr_storage *storage, const char *prefix, bool delimited,
                          bool (*visit)(void *ctx, const mr_storage_blob *blob), void *ctx,
                          mr_err *err)
{
    mr_buffer page;
    mr_buffer marker;
    bool ended = false;
    bool none = false;
    mr_status status;

    mr_buffer_init(&page, page_bytes_max);
    mr_buffer_init(&marker, 16 << 10);
    do {
        mr_buffer_clear(&page);
        status = get_page(storage, prefix, delimited, &marker, &page, &none, err);
        mr_buffer_clear(&marker);
        if (status == MR_OK && !none) {
            status = mr_storage_list_parse(mr_buffer_text(&page), visit, ctx, &ended, &marker, err);
            if (status != MR_OK) {
                (void)mr_fail_in(err, status, "list %s/%s", storage->endpoint, storage->container);
            }
        }
    } while (status == MR_OK && !ended && marker.bytes > 0);
    mr_buffer_free(&marker);
    mr_buffer_free(&page);
    return status;
}
