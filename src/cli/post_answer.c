/* SPDX-License-Identifier: Apache-2.0 */
/* cli/post_answer.c - reads the answers' JSON, which is trusted to be nothing in particular.
 *
 * Called by: post_run.c; one thread.
 */
#include "cli/post_answer.h"

#include <stdlib.h>
#include <yyjson.h>

enum { shown_bytes_max = 300 };

struct mr_post_answer {
    yyjson_doc *document;
    uint64_t accepted;
    uint64_t refused;
    yyjson_arr_iter errors;
};

mr_post_answer *mr_post_answer_parse(mr_text body)
{
    yyjson_doc *document = yyjson_read(body.data, body.bytes, 0);
    yyjson_val *root = yyjson_doc_get_root(document);
    yyjson_val *accepted = yyjson_obj_get(root, "accepted");
    yyjson_val *refused = yyjson_obj_get(root, "refused");
    mr_post_answer *answer;

    if (!yyjson_is_uint(accepted) || !yyjson_is_uint(refused)) {
        yyjson_doc_free(document);
        return NULL;
    }
    answer = mr_alloc_zero(1, sizeof(*answer));
    answer->document = document;
    answer->accepted = yyjson_get_uint(accepted);
    answer->refused = yyjson_get_uint(refused);
    (void)yyjson_arr_iter_init(yyjson_obj_get(root, "errors"), &answer->errors); /* may be absent */
    return answer;
}

void mr_post_answer_free(mr_post_answer *answer)
{
    if (answer != NULL) {
        yyjson_doc_free(answer->document);
        free(answer);
    }
}

uint64_t mr_post_answer_accepted(const mr_post_answer *answer)
{
    return answer->accepted;
}

uint64_t mr_post_answer_refused(const mr_post_answer *answer)
{
    return answer->refused;
}

/* One entry of FastAPI's list: {"loc": ["body", "Quantity"], "msg": "Field required"}. */
static void describe_fault(yyjson_val *fault, mr_buffer *reason)
{
    yyjson_val *field = yyjson_arr_get_last(yyjson_obj_get(fault, "loc"));
    yyjson_val *message = yyjson_obj_get(fault, "msg");

    if (yyjson_is_str(field) && !yyjson_equals_str(field, "body")) {
        (void)mr_buffer_append_string(reason, yyjson_get_str(field));
        (void)mr_buffer_append_string(reason, ": ");
    }
    (void)mr_buffer_append_string(reason,
                                  yyjson_is_str(message) ? yyjson_get_str(message) : "refused");
}

static bool describe_detail(yyjson_val *detail, mr_buffer *reason)
{
    size_t index;
    size_t count;
    yyjson_val *fault;

    if (yyjson_is_str(detail)) {
        return mr_buffer_append_string(reason, yyjson_get_str(detail));
    }
    if (yyjson_arr_size(detail) == 0) {
        return false;
    }
    yyjson_arr_foreach(detail, index, count, fault)
    {
        if (index > 0) {
            (void)mr_buffer_append_string(reason, "; ");
        }
        describe_fault(fault, reason);
    }
    return true;
}

bool mr_post_answer_next(mr_post_answer *answer, uint64_t *ret_line, mr_buffer *reason)
{
    yyjson_val *error;

    while ((error = yyjson_arr_iter_next(&answer->errors)) != NULL) {
        yyjson_val *line = yyjson_obj_get(error, "line");
        if (!yyjson_is_uint(line)) {
            continue;
        }
        *ret_line = yyjson_get_uint(line);
        if (!describe_detail(yyjson_obj_get(error, "detail"), reason)) {
            (void)mr_buffer_append_string(reason, "refused without a reason");
        }
        return true;
    }
    return false;
}

void mr_post_answer_reason(mr_text body, mr_buffer *reason)
{
    yyjson_doc *document = yyjson_read(body.data, body.bytes, 0);
    yyjson_val *root = yyjson_doc_get_root(document);

    if (!describe_detail(yyjson_obj_get(root, "detail"), reason)) {
        body = mr_text_trim(body);
        body.bytes = body.bytes < shown_bytes_max ? body.bytes : shown_bytes_max;
        (void)mr_buffer_append_text(reason, body);
    }
    yyjson_doc_free(document);
}
