/* SPDX-License-Identifier: Apache-2.0 */
/* gateway/answers.c - the bodies of refusals, in FastAPI's shapes.
 *
 * Not here: the 201s (collector.c, batch_job.c) and what http answers by itself (413, 408, 404
 * ...).
 */
#include "gateway/answers.h"

#include <stdarg.h>
#include <stdio.h>

enum { answer_body_bytes_max = 16384 };

static void answer_with(mr_http_request *request, int status, const char *headers,
                        const mr_buffer *body)
{
    MR_ASSERT(!body->overflowed);
    mr_http_request_answer(request, &(mr_http_answer){
                                        .status = status,
                                        .headers = headers,
                                        .body = mr_buffer_text(body),
                                    });
}

static void refuse(mr_http_request *request, int status, const char *headers, const char *format,
                   va_list arguments) __attribute__((format(printf, 4, 0)));

static void refuse(mr_http_request *request, int status, const char *headers, const char *format,
                   va_list arguments)
{
    char text[mr_answer_text_bytes_max];
    int bytes = vsnprintf(text, sizeof text, format, arguments);
    mr_text message = {text, 0};
    mr_buffer body;

    MR_ASSERT(bytes >= 0);
    message.bytes = strlen(text);
    if (!mr_utf8_valid(message)) { /* cut within a character, or quoted from a client */
        message = MR_TEXT_LITERAL("The request was refused.");
    }
    mr_buffer_init(&body, answer_body_bytes_max);
    mr_buffer_append_string(&body, "{\"detail\":");
    mr_buffer_append_json_string(&body, message);
    mr_buffer_append(&body, "}", 1);
    answer_with(request, status, headers, &body);
    mr_buffer_free(&body);
}

void mr_answer_refuse(mr_http_request *request, int status, const char *headers, const char *format,
                      ...)
{
    va_list arguments;

    va_start(arguments, format);
    refuse(request, status, headers, format, arguments);
    va_end(arguments);
}

void mr_answer_unavailable(mr_http_request *request, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    refuse(request, 503, "Retry-After: 1\r\n", format, arguments);
    va_end(arguments);
}

/* --- Fields --------------------------------------------------------------------------------- */

/* Faults of the document as a whole have no field in their place. */
static bool is_about_document(mr_event_fault fault)
{
    return fault.kind == MR_FAULT_OBJECT_TYPE || fault.field >= MR_FIELD_COUNT;
}

static void write_item(mr_buffer *out, const char *type, const char *place, const char *name,
                       const char *message)
{
    mr_buffer_append_string(out, "{\"type\":");
    mr_buffer_append_json_string(out, mr_text_of(type));
    mr_buffer_append_string(out, ",\"loc\":[");
    mr_buffer_append_json_string(out, mr_text_of(place));
    if (name != NULL) {
        mr_buffer_append(out, ",", 1);
        mr_buffer_append_json_string(out, mr_text_of(name));
    }
    mr_buffer_append_string(out, "],\"msg\":");
    mr_buffer_append_json_string(out, mr_text_of(message));
    mr_buffer_append(out, "}", 1);
}

bool mr_answer_write_faults(mr_buffer *out, const mr_event_faults *faults)
{
    mr_buffer_append(out, "[", 1);
    if (faults->malformed) {
        write_item(out, "json_invalid", "body", NULL, faults->message);
    }
    for (uint32_t i = 0; i < faults->count; i++) {
        mr_event_fault fault = faults->items[i];
        if (i > 0) {
            mr_buffer_append(out, ",", 1);
        }
        write_item(out, mr_fault_type(fault), "body",
                   is_about_document(fault) ? NULL : mr_event_field_name(fault.field),
                   mr_fault_message(fault));
    }
    return mr_buffer_append(out, "]", 1) && !out->overflowed;
}

void mr_answer_faults(mr_http_request *request, const mr_event_faults *faults)
{
    mr_buffer body;

    if (faults->malformed) {
        mr_answer_refuse(request, 400, NULL, "%s", faults->message);
        return;
    }
    MR_ASSERT(faults->count > 0);
    if (faults->count == 1 && faults->items[0].kind == MR_FAULT_DATE) {
        mr_answer_refuse(request, 400, NULL, "%s: %s", mr_event_field_name(faults->items[0].field),
                         mr_fault_message(faults->items[0]));
        return;
    }
    mr_buffer_init(&body, answer_body_bytes_max);
    mr_buffer_append_string(&body, "{\"detail\":");
    mr_answer_write_faults(&body, faults);
    mr_buffer_append(&body, "}", 1);
    answer_with(request, 422, NULL, &body);
    mr_buffer_free(&body);
}

/* --- Headers and paths ------------------------------------------------------------------------ */

static void answer_place(mr_http_request *request, const char *place, const char *name,
                         const char *type, const char *message)
{
    mr_buffer body;

    mr_buffer_init(&body, answer_body_bytes_max);
    mr_buffer_append_string(&body, "{\"detail\":[");
    write_item(&body, type, place, name, message);
    mr_buffer_append_string(&body, "]}");
    answer_with(request, 422, NULL, &body);
    mr_buffer_free(&body);
}

void mr_answer_header_fault(mr_http_request *request, const char *name, const char *type,
                            const char *message)
{
    answer_place(request, "header", name, type, message);
}

void mr_answer_path_fault(mr_http_request *request, const char *name, const char *type,
                          const char *message)
{
    answer_place(request, "path", name, type, message);
}
