/* SPDX-License-Identifier: Apache-2.0 */
/* azure/storage_put.c - blobs are put whole, and whoever put them can be told.
 *
 * A put of MR_STORAGE_CREATE carries If-None-Match: * and a mark in the blob's metadata. The answer
 * that there is one already may be the echo of a first try whose answer was lost (by us, or by a
 * connection that libcurl opened anew), so the mark of the blob that is there decides:
 *
 *   put --201--> MR_OK          put --409, 412, no answer--> HEAD --our mark--> MR_OK
 *                                                              |----another--> MR_EXISTS
 *                                                              '----none, no answer--> unknown
 *
 * Called by:  the lake, from any thread.
 * Invariants: blocks become a blob by one request that lists them all; their ids are of one upload
 *             alone, so that two uploads of a name do not mix.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "azure/storage_call.h"
#include "azure/storage_sign.h"
#include "base/parallel.h"
#include "base/random.h"

enum {
    whole_bytes_max = 16 << 20, /* larger files go in blocks */
    block_bytes = 8 << 20,
    blocks_max = 50000,
    block_threads = 8,
    mark_bytes = 33,
    block_id_bytes = 39, /* before base64, the same for all of a blob: the mark and 7 digits */
    block_list_bytes_max = 8 << 20,
};

static const char mark_header[] = "x-ms-meta-millrace_put";

typedef struct putting {
    mr_storage *storage;
    const char *name;
    mr_storage_put_mode mode;
    char mark[mark_bytes];
    int fd;
    uint64_t bytes, bytes_a_block;
    int64_t modified_ms; /* as the answer says */
} putting;

static void begin(putting *self)
{
    uint8_t random[(mark_bytes - 1) / 2];

    mr_random_secret(random, sizeof random);
    mr_hex_encode(random, sizeof random, self->mark);
}

/* --- Whose is it? ----------------------------------------------------------------------------- */

static mr_status exists(const putting *self, mr_err *err)
{
    return mr_fail(err, MR_EXISTS, "create %s: there is one of that name already", self->name);
}

/* why: how the put ended. */
static mr_status settle(putting *self, mr_status why, mr_err *err)
{
    mr_storage_call call;
    mr_err looked = {.status = MR_OK};

    mr_storage_call_begin(&call, self->storage, "HEAD", self->name, NULL);
    const char *mark = mr_storage_call_want(&call, mark_header);
    const char *modified = mr_storage_call_want(&call, "Last-Modified");
    mr_status status = mr_storage_call_send(&call, &looked);
    bool found = status == MR_OK && call.result.status == 200;
    bool ours = found && strcmp(mark, self->mark) == 0;
    if (ours) {
        (void)mr_storage_date_parse(mr_text_of(modified), &self->modified_ms);
    }
    mr_storage_call_end(&call);
    if (ours) {
        return MR_OK;
    }
    if (found || (status == MR_OK && why == MR_EXISTS)) {
        return exists(self, err); /* also one that was there, and is gone by now */
    }
    if (status != MR_OK) {
        return mr_fail(err, MR_UNKNOWN_OUTCOME, "create %s: whether it is ours cannot be told: %s",
                       self->name, looked.message);
    }
    return why; /* nothing is there: err tells of the put */
}

/* The end of a put: its last answer, or that there was none. */
static mr_status finish(putting *self, const mr_storage_call *call, const char *modified,
                        mr_status sent, mr_err *err)
{
    int http_status = call->result.status;

    if (sent == MR_OK && http_status == 201) {
        (void)mr_storage_date_parse(mr_text_of(modified), &self->modified_ms);
        return MR_OK;
    }
    if (self->mode == MR_STORAGE_CREATE && sent == MR_UNKNOWN_OUTCOME) {
        return settle(self, sent, err);
    }
    bool taken = http_status == 409 || http_status == 412 ||
                 strcmp(mr_storage_call_code(call), "InvalidBlockList") == 0;
    if (sent == MR_OK && self->mode == MR_STORAGE_CREATE && taken) {
        return settle(self, MR_EXISTS, err);
    }
    return sent == MR_OK ? mr_storage_call_fail(call, "put", self->name, err) : sent;
}

/* --- In one request --------------------------------------------------------------------------- */

static void add_put_headers(putting *self, mr_storage_call *call)
{
    if (self->mode == MR_STORAGE_CREATE) {
        mr_storage_call_header(call, "If-None-Match", "*");
        mr_storage_call_header(call, mark_header, self->mark);
    }
}

static mr_status put_whole(putting *self, mr_text content, mr_err *err)
{
    mr_storage_call call;

    mr_storage_call_begin(&call, self->storage, "PUT", self->name, NULL);
    mr_storage_call_header(&call, "x-ms-blob-type", "BlockBlob");
    mr_storage_call_header(&call, "Content-Type", "application/octet-stream");
    add_put_headers(self, &call);
    const char *modified = mr_storage_call_want(&call, "Last-Modified");
    call.request.body = content;
    call.request.body_fd = self->fd;
    call.request.body_bytes = self->bytes;
    call.request.timeout_ms = mr_storage_timeout_ms(self->storage, content.bytes + self->bytes);
    mr_status status = mr_storage_call_send(&call, err);
    status = finish(self, &call, modified, status, err);
    mr_storage_call_end(&call);
    return status;
}

mr_status mr_storage_put(mr_storage *storage, const char *name, mr_text content,
                         mr_storage_put_mode mode, mr_err *err)
{
    putting self = {.storage = storage, .name = name, .mode = mode, .fd = -1};

    begin(&self);
    return put_whole(&self, content, err);
}

/* --- In blocks -------------------------------------------------------------------------------- */

static void block_id(const putting *self, size_t index, mr_buffer *out)
{
    char id[block_id_bytes + 1];

    MR_ASSERT(index < blocks_max);
    (void)snprintf(id, sizeof id, "%s%07u", self->mark, (unsigned)(index % blocks_max));
    mr_storage_encode_base64((mr_text){id, block_id_bytes}, out);
}

static mr_status put_block(void *ctx, size_t index, mr_err *err)
{
    putting *self = ctx;
    mr_storage_call call;
    mr_buffer query;
    mr_buffer id;
    uint64_t offset = (uint64_t)index * self->bytes_a_block;
    uint64_t left = self->bytes - offset;

    mr_buffer_init(&id, 128);
    mr_buffer_init(&query, 512);
    block_id(self, index, &id);
    (void)mr_buffer_append_string(&query, "comp=block&blockid=");
    mr_storage_encode(mr_buffer_text(&id), false, &query);
    (void)mr_buffer_append(&query, "", 1);
    mr_storage_call_begin(&call, self->storage, "PUT", self->name, query.data);
    call.request.body_fd = self->fd;
    call.request.body_offset = offset;
    call.request.body_bytes = left < self->bytes_a_block ? left : self->bytes_a_block;
    call.request.timeout_ms = mr_storage_timeout_ms(self->storage, call.request.body_bytes);
    mr_status status = mr_storage_call_send(&call, err);
    if (status == MR_OK && call.result.status != 201) {
        status = mr_storage_call_fail(&call, "put a block of", self->name, err);
    } else if (status == MR_UNKNOWN_OUTCOME) { /* a block alone is nothing */
        status = err != NULL ? mr_fail(err, MR_UNAVAILABLE, "%s", err->message) : MR_UNAVAILABLE;
    }
    mr_storage_call_end(&call);
    mr_buffer_free(&query);
    mr_buffer_free(&id);
    return status;
}

static mr_status put_block_list(putting *self, size_t count, mr_err *err)
{
    mr_storage_call call;
    mr_buffer list;

    mr_buffer_init(&list, block_list_bytes_max);
    (void)mr_buffer_append_string(&list, "<?xml version=\"1.0\" encoding=\"utf-8\"?><BlockList>");
    for (size_t i = 0; i < count; i++) {
        (void)mr_buffer_append_string(&list, "<Uncommitted>");
        block_id(self, i, &list);
        (void)mr_buffer_append_string(&list, "</Uncommitted>");
    }
    (void)mr_buffer_append_string(&list, "</BlockList>");
    MR_ASSERT(!list.overflowed);
    mr_storage_call_begin(&call, self->storage, "PUT", self->name, "comp=blocklist");
    mr_storage_call_header(&call, "Content-Type", "application/xml");
    mr_storage_call_header(&call, "x-ms-blob-content-type", "application/octet-stream");
    add_put_headers(self, &call);
    const char *modified = mr_storage_call_want(&call, "Last-Modified");
    call.request.body = mr_buffer_text(&list);
    mr_status status = mr_storage_call_send(&call, err);
    status = finish(self, &call, modified, status, err);
    mr_storage_call_end(&call);
    mr_buffer_free(&list);
    return status;
}

static mr_status put_blocks(putting *self, mr_err *err)
{
    self->bytes_a_block = block_bytes;
    if (self->bytes / blocks_max >= self->bytes_a_block) {
        self->bytes_a_block = self->bytes / blocks_max + 1;
    }
    size_t count = (size_t)((self->bytes + self->bytes_a_block - 1) / self->bytes_a_block);
    mr_status status = mr_parallel(count, block_threads, put_block, self, err);

    return status == MR_OK ? put_block_list(self, count, err) : status;
}

mr_status mr_storage_put_file(mr_storage *storage, const char *name, int fd, uint64_t bytes,
                              mr_storage_put_mode mode, mr_storage_blob *ret_blob, mr_err *err)
{
    putting self = {.storage = storage, .name = name, .mode = mode, .fd = fd, .bytes = bytes};
    mr_status status;

    begin(&self);
    if (bytes <= whole_bytes_max) {
        status = put_whole(&self, (mr_text){"", 0}, err);
    } else {
        status = put_blocks(&self, err);
    }
    if (status == MR_OK) {
        *ret_blob = (mr_storage_blob){name, bytes, self.modified_ms};
    }
    return status;
}
