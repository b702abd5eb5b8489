/* SPDX-License-Identifier: Apache-2.0 */
/* event/event_json_extra.c - unknown fields, kept as JSON: numbers by their digits, nesting whole.
 *
 * yyjson lays a document's values out flat, each container before its children, so that one pass
 * without recursion writes any value; the depth is bounded by mr_json_depth_max all the same, for
 * the readers behind us. An unknown field that stands twice is kept twice.
 */
#include "event/event_parser.h"

typedef struct open_container {
    size_t values_left; /* an object's keys and values both count */
    bool is_object;
} open_container;

typedef struct nesting_stack {
    open_container open[mr_json_depth_max];
    size_t depth;
} nesting_stack;

static mr_text value_text(yyjson_val *value)
{
    if (yyjson_is_raw(value)) {
        return (mr_text){yyjson_get_raw(value), yyjson_get_len(value)};
    }
    return (mr_text){yyjson_get_str(value), yyjson_get_len(value)};
}

static bool write_scalar(mr_buffer *out, yyjson_val *value)
{
    if (yyjson_is_str(value)) {
        return mr_buffer_append_json_string(out, value_text(value));
    }
    if (yyjson_is_raw(value)) {
        return mr_buffer_append_text(out, value_text(value));
    }
    if (yyjson_is_null(value)) {
        return mr_buffer_append(out, "null", 4);
    }
    return yyjson_is_true(value) ? mr_buffer_append(out, "true", 4)
                                 : mr_buffer_append(out, "false", 5);
}

static mr_extra_result open_value(mr_buffer *out, nesting_stack *nesting, yyjson_val *value)
{
    bool is_object = yyjson_is_obj(value);
    size_t count = unsafe_yyjson_get_len(value);

    if (count == 0) {
        return mr_buffer_append(out, is_object ? "{}" : "[]", 2) ? MR_EXTRA_OK : MR_EXTRA_TOO_LARGE;
    }
    if (nesting->depth == mr_json_depth_max) {
        return MR_EXTRA_TOO_DEEP;
    }
    nesting->open[nesting->depth++] = (open_container){is_object ? 2 * count : count, is_object};
    return mr_buffer_append(out, is_object ? "{" : "[", 1) ? MR_EXTRA_OK : MR_EXTRA_TOO_LARGE;
}

/* Writes what stands between a value and the next one: closing brackets, or a separator. */
static bool end_value(mr_buffer *out, nesting_stack *nesting)
{
    while (nesting->depth > 0) {
        open_container *inner = &nesting->open[nesting->depth - 1];

        inner->values_left--;
        if (inner->values_left > 0) {
            bool behind_key = inner->is_object && inner->values_left % 2 == 1;
            return mr_buffer_append(out, behind_key ? ":" : ",", 1);
        }
        if (!mr_buffer_append(out, inner->is_object ? "}" : "]", 1)) {
            return false;
        }
        nesting->depth--;
    }
    return true;
}

static mr_extra_result write_value(mr_buffer *out, yyjson_val *value)
{
    nesting_stack nesting = {.depth = 0};

    do {
        bool opened = false;

        if (yyjson_is_ctn(value)) {
            mr_extra_result result = open_value(out, &nesting, value);
            if (result != MR_EXTRA_OK) {
                return result;
            }
            opened = unsafe_yyjson_get_len(value) > 0;
        } else if (!write_scalar(out, value)) {
            return MR_EXTRA_TOO_LARGE;
        }
        if (!opened && !end_value(out, &nesting)) {
            return MR_EXTRA_TOO_LARGE;
        }
        value++;
    } while (nesting.depth > 0);
    return MR_EXTRA_OK;
}

mr_extra_result mr_event_extra_add(mr_event_parser *parser, yyjson_val *key, yyjson_val *value)
{
    mr_buffer *out = &parser->scratch;

    if (!mr_buffer_append(out, out->bytes == 0 ? "{" : ",", 1) ||
        !mr_buffer_append_json_string(out, value_text(key)) || !mr_buffer_append(out, ":", 1)) {
        return MR_EXTRA_TOO_LARGE;
    }
    return write_value(out, value);
}
