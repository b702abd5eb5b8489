/* SPDX-License-Identifier: Apache-2.0 */
/* web/call.c - what a handler may ask of its call, and how it answers. Parameters are in input.c.
 */
#include "web/call.h"

#include <stdio.h>
#include <string.h>

#include "base/civil.h"
#include "store/store_portal.h"
#include "web/answers.h"
#include "web/state.h"

/* --- Who asks --------------------------------------------------------------------------------- */

const mr_user *mr_web_call_user(const mr_web_call *call)
{
    return call->has_user ? &call->session.user : NULL;
}

mr_status mr_web_call_may_see(mr_web_call *call, int64_t customer_id, mr_err *err)
{
    const mr_user *user = mr_web_call_user(call);

    MR_ASSERT(user != NULL);
    if (user->role != MR_USER_CUSTOMER || user->customer_id == customer_id) {
        return MR_OK;
    }
    mr_buffer_clear(&call->scratch);
    (void)mr_buffer_printf(&call->scratch, "customer %lld", (long long)customer_id);
    mr_status st = mr_web_call_audit(call, "access.refused", call->route->path,
                                     mr_buffer_text(&call->scratch), err);
    return st != MR_OK ? st : mr_fail(err, MR_NOT_FOUND, "Not Found");
}

mr_status mr_web_call_audit(mr_web_call *call, const char *action, const char *target,
                            mr_text detail, mr_err *err)
{
    const mr_audit_entry entry = {
        .user = mr_text_of(call->has_user ? call->session.user.name : ""),
        .address = mr_text_of(call->address),
        .action = mr_text_of(action),
        .target = mr_text_of(target),
        .detail = detail,
    };
    mr_ops *ops = NULL;
    mr_status st = mr_web_call_ops(call, &ops, err);

    return st != MR_OK ? st : mr_ops_audit_add(ops, &entry, err);
}

/* --- The answer ------------------------------------------------------------------------------- */

mr_buffer *mr_web_call_out(mr_web_call *call)
{
    return &call->out;
}

void mr_web_call_set_status(mr_web_call *call, int status)
{
    call->status = status;
}

void mr_web_call_set_content_type(mr_web_call *call, const char *content_type)
{
    call->content_type = content_type;
}

static bool is_header_text(const char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < ' ' || *text == 0x7f) {
            return false;
        }
    }
    return true;
}

void mr_web_call_add_header(mr_web_call *call, const char *name, const char *value)
{
    MR_ASSERT(is_header_text(name) && is_header_text(value));
    MR_ASSERT(mr_buffer_printf(&call->headers, "%s: %s\r\n", name, value));
    MR_ASSERT(call->headers.bytes < call->headers.bytes_max);
}

/* Does the list of If-None-Match name the tag? Weak or strong makes no difference here. */
static bool names_tag(mr_text list, mr_text tag)
{
    if (mr_text_equal(list, MR_TEXT_LITERAL("*"))) {
        return true;
    }
    for (size_t at = 0; at + tag.bytes <= list.bytes; at++) {
        if (memcmp(list.data + at, tag.data, tag.bytes) == 0) {
            return true; /* it begins and ends with a quote, which no tag holds within */
        }
    }
    return false;
}

bool mr_web_call_fresh(mr_web_call *call, const char *version)
{
    int bytes = snprintf(call->etag, sizeof call->etag, "\"%s\"", version);

    MR_ASSERT(bytes > 2 && (size_t)bytes < sizeof call->etag);
    MR_ASSERT(strchr(version, '"') == NULL);
    mr_web_call_add_header(call, "ETag", call->etag);
    mr_web_call_add_header(call, "Cache-Control", "private, no-cache");
    call->unchanged =
        names_tag(mr_http_request_header(call->request, "If-None-Match"), mr_text_of(call->etag));
    return call->unchanged;
}

bool mr_web_call_known(mr_web_call *call, const char *version)
{
    const mr_text path = mr_http_request_path(call->request);
    const mr_text query = mr_http_request_query_text(call->request);
    const mr_user *user = mr_web_call_user(call);

    if (mr_web_call_fresh(call, version)) {
        return true;
    }
    MR_ASSERT(user != NULL && call->key.bytes == 0);
    (void)mr_buffer_printf(&call->key, "%s\n%d %lld\n%zu\n%.*s%.*s", version, (int)user->role,
                           (long long)user->customer_id, path.bytes, MR_TEXT_ARGS(path),
                           MR_TEXT_ARGS(query));
    if (mr_web_answers_find(mr_web_call_part(call, MR_WEB_PART_ANSWERS), mr_buffer_text(&call->key),
                            &call->out)) {
        mr_buffer_clear(&call->key); /* it is kept already */
        return true;
    }
    return false;
}

void mr_web_call_keep(mr_web_call *call)
{
    if (call->key.bytes > 0 && !call->key.overflowed && call->status == 200 && !call->streamed &&
        call->content_type == NULL) {
        mr_web_answers_keep(mr_web_call_part(call, MR_WEB_PART_ANSWERS), mr_buffer_text(&call->key),
                            mr_buffer_text(&call->out));
    }
}

mr_status mr_web_call_stream(mr_web_call *call, const char *content_type, const char *file_name,
                             mr_err *err)
{
    char disposition[256];

    (void)err;
    MR_ASSERT(!call->streamed && call->out.bytes == 0);
    call->content_type = content_type;
    call->streamed = true;
    call->deadline_us = mr_monotonic_us() + (int64_t)mr_web_stream_ms_max * 1000;
    if (file_name != NULL) {
        MR_ASSERT(strpbrk(file_name, "\"\\/") == NULL);
        int bytes =
            snprintf(disposition, sizeof disposition, "attachment; filename=\"%s\"", file_name);
        MR_ASSERT(bytes > 0 && (size_t)bytes < sizeof disposition);
        mr_web_call_add_header(call, "Content-Disposition", disposition);
    }
    return MR_OK;
}

/* The head stands from the first piece on. */
static void set_head(mr_web_call *call)
{
    if (call->head.status == 0) {
        MR_ASSERT(mr_buffer_append(&call->headers, "", 1));
        call->head = (mr_http_answer){
            .status = call->status,
            .content_type = call->content_type,
            .headers = call->headers.data,
        };
        mr_http_pump_set_head(call->pump, &call->head);
    }
}

mr_status mr_web_call_write(mr_web_call *call, mr_text text, mr_err *err)
{
    MR_ASSERT(call->streamed);
    if (!mr_buffer_append_text(&call->out, text)) {
        return mr_fail(err, MR_LIMIT, "a piece of the answer is larger than %d bytes",
                       mr_web_answer_bytes_max);
    }
    if (call->out.bytes < mr_web_piece_bytes) {
        return MR_OK;
    }
    set_head(call);
    if (mr_http_request_is_head(call->request)) {
        mr_buffer_clear(&call->out);
        return mr_fail(err, MR_STOPPED, "a HEAD has no body");
    }
    return mr_http_pump_send(call->pump, &call->out, call->deadline_us, err);
}

/* --- Time ------------------------------------------------------------------------------------- */

int64_t mr_web_call_came_us(const mr_web_call *call)
{
    return call->came_us;
}

int64_t mr_web_call_deadline_us(const mr_web_call *call)
{
    return call->deadline_us;
}

uint32_t mr_web_call_left_ms(const mr_web_call *call)
{
    int64_t left_ms = (call->deadline_us - mr_monotonic_us()) / 1000;

    return left_ms < 1 ? 1 : (uint32_t)left_ms;
}

bool mr_web_call_is_over(const mr_web_call *call)
{
    return atomic_load_explicit(&call->gone, memory_order_relaxed) ||
           mr_monotonic_us() >= call->deadline_us;
}

/* --- What handlers work with ------------------------------------------------------------------ */

const mr_web_options *mr_web_call_options(const mr_web_call *call)
{
    return &call->web->options;
}

static bool call_is_over(const void *ctx)
{
    return mr_web_call_is_over(ctx);
}

mr_status mr_web_call_store(mr_web_call *call, mr_store **ret_store, mr_err *err)
{
    mr_web_worker *worker = call->worker;

    if (worker->store == NULL) {
        mr_store_options options = call->web->options.store;
        options.mode = MR_STORE_READ;
        options.timeout_ms = call->web->options.query_timeout_ms;
        mr_status st = mr_store_open(&options, &worker->store, err);
        if (st != MR_OK) {
            return st;
        }
    }
    mr_store_set_limit(worker->store, &(mr_store_limit){.is_over = call_is_over, .ctx = call});
    *ret_store = worker->store;
    return MR_OK;
}

void mr_web_call_drop_store(mr_web_call *call)
{
    mr_store_close(call->worker->store);
    call->worker->store = NULL;
}

mr_status mr_web_call_ops(mr_web_call *call, mr_ops **ret_ops, mr_err *err)
{
    mr_web_worker *worker = call->worker;

    if (worker->ops == NULL) {
        mr_store_options options = call->web->options.store;
        options.mode = MR_STORE_WRITE;
        mr_status st = mr_ops_open_beside(&options, &worker->ops, err);
        if (st != MR_OK) {
            return st;
        }
    }
    *ret_ops = worker->ops;
    return MR_OK;
}

void *mr_web_call_slot(const mr_web_call *call, mr_web_slot slot)
{
    return call->worker->slots[slot].value;
}

void mr_web_call_set_slot(mr_web_call *call, mr_web_slot slot, void *value,
                          void (*destroy)(void *value))
{
    mr_web_worker *worker = call->worker;

    if (worker->slots[slot].value != NULL) {
        worker->slots[slot].destroy(worker->slots[slot].value);
    }
    worker->slots[slot].value = value;
    worker->slots[slot].destroy = destroy;
}

void *mr_web_call_part(const mr_web_call *call, size_t part)
{
    MR_ASSERT(part < MR_WEB_PART_COUNT);
    return call->web->parts[part];
}
