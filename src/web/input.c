/* SPDX-License-Identifier: Apache-2.0 */
/* web/input.c - the parameters of a call, each read as what it must be.
 *
 * Invariants: MR_INVALID comes with a member in call->faults that names the parameter, so that the
 *             answer says what to mend; the value itself is never quoted back.
 */
#include <stdio.h>
#include <string.h>

#include "web/json.h"
#include "web/state.h"

enum { fault_text_bytes_max = 256 };

/* --- Faults ----------------------------------------------------------------------------------- */

mr_status mr_web_call_fault(mr_web_call *call, const char *place, const char *name,
                            const char *type, const char *message, mr_err *err)
{
    mr_buffer *out = &call->faults;

    if (out->bytes > 0) {
        (void)mr_buffer_append(out, ",", 1);
    }
    (void)mr_buffer_append_string(out, "{\"type\":");
    (void)mr_buffer_append_json_string(out, mr_text_of(type));
    (void)mr_buffer_append_string(out, ",\"loc\":[");
    (void)mr_buffer_append_json_string(out, mr_text_of(place));
    if (name != NULL) {
        (void)mr_buffer_append(out, ",", 1);
        (void)mr_buffer_append_json_string(out, mr_text_of(name));
    }
    (void)mr_buffer_append_string(out, "],\"msg\":");
    (void)mr_buffer_append_json_string(out, mr_text_of(message));
    (void)mr_buffer_append(out, "}", 1);
    return mr_fail(err, MR_INVALID, "%s: %s", name != NULL ? name : place, message);
}

static mr_status fault_integer(mr_web_call *call, const char *place, const char *name,
                               int64_t least, int64_t most, mr_err *err)
{
    char message[fault_text_bytes_max];

    (void)snprintf(message, sizeof message, "Input should be an integer from %lld to %lld",
                   (long long)least, (long long)most);
    return mr_web_call_fault(call, place, name, "int_parsing", message, err);
}

static mr_status fault_long(mr_web_call *call, const char *place, const char *name,
                            size_t bytes_max, mr_err *err)
{
    char message[fault_text_bytes_max];

    (void)snprintf(message, sizeof message, "Input should have at most %zu bytes", bytes_max);
    return mr_web_call_fault(call, place, name, "string_too_long", message, err);
}

/* --- Path ------------------------------------------------------------------------------------- */

mr_text mr_web_call_path(const mr_web_call *call, size_t index)
{
    return mr_http_request_parameter(call->request, index);
}

mr_status mr_web_call_path_integer(mr_web_call *call, size_t index, const char *name, int64_t least,
                                   int64_t most, int64_t *ret_value, mr_err *err)
{
    int64_t value = 0;

    if (!mr_parse_int64(mr_web_call_path(call, index), &value) || value < least || value > most) {
        return fault_integer(call, "path", name, least, most, err);
    }
    *ret_value = value;
    return MR_OK;
}

/* --- Query ------------------------------------------------------------------------------------ */

/* The nth occurrence, into the arena. *ret_text absent: there are not so many. */
static mr_status query_nth(mr_web_call *call, const char *name, size_t nth, size_t bytes_max,
                           mr_text *ret_text, mr_err *err)
{
    mr_text text = MR_TEXT_ABSENT;

    mr_buffer_clear(&call->scratch);
    if (!mr_http_request_query_nth(call->request, name, nth, &call->scratch)) {
        *ret_text = MR_TEXT_ABSENT;
        return MR_OK;
    }
    if (call->scratch.bytes > bytes_max) {
        return fault_long(call, "query", name, bytes_max, err);
    }
    if (!mr_arena_copy(call->arena, mr_buffer_text(&call->scratch), &text)) {
        return mr_fail(err, MR_LIMIT, "The parameters are larger than a request may have.");
    }
    *ret_text = text;
    return MR_OK;
}

mr_status mr_web_query_text(mr_web_call *call, const char *name, size_t bytes_max,
                            mr_text *ret_text, mr_err *err)
{
    mr_text text = MR_TEXT_ABSENT;
    mr_text second = MR_TEXT_ABSENT;
    mr_status st = query_nth(call, name, 0, bytes_max, &text, err);

    if (st == MR_OK) {
        st = query_nth(call, name, 1, bytes_max, &second, err);
    }
    if (st == MR_OK && second.data != NULL) {
        return mr_web_call_fault(call, "query", name, "value_error", "Input is given twice", err);
    }
    if (st == MR_OK) {
        *ret_text = text;
    }
    return st;
}

mr_status mr_web_query_texts(mr_web_call *call, const char *name, size_t bytes_max,
                             size_t count_max, const mr_text **ret_texts, size_t *ret_count,
                             mr_err *err)
{
    mr_text *texts = mr_arena_take(call->arena, (count_max + 1) * sizeof *texts);
    size_t count = 0;

    if (texts == NULL) {
        return mr_fail(err, MR_LIMIT, "The parameters are larger than a request may have.");
    }
    for (;; count++) {
        mr_status st = query_nth(call, name, count, bytes_max, &texts[count], err);
        if (st != MR_OK) {
            return st;
        }
        if (texts[count].data == NULL) {
            break;
        }
        if (count == count_max) {
            return mr_web_call_fault(call, "query", name, "too_long", "Input is given too often",
                                     err);
        }
    }
    *ret_texts = texts;
    *ret_count = count;
    return MR_OK;
}

mr_status mr_web_query_integer(mr_web_call *call, const char *name, int64_t least, int64_t most,
                               int64_t otherwise, int64_t *ret_value, mr_err *err)
{
    mr_text text = MR_TEXT_ABSENT;
    int64_t value = otherwise;
    mr_status st = mr_web_query_text(call, name, mr_civil_text_bytes_max, &text, err);

    if (st != MR_OK) {
        return st;
    }
    if (text.data != NULL && (!mr_parse_int64(text, &value) || value < least || value > most)) {
        return fault_integer(call, "query", name, least, most, err);
    }
    *ret_value = value;
    return MR_OK;
}

mr_status mr_web_query_day(mr_web_call *call, const char *name, bool *ret_given, mr_civil *ret_day,
                           mr_err *err)
{
    mr_text text = MR_TEXT_ABSENT;
    mr_civil day = {0};
    mr_status st = mr_web_query_text(call, name, mr_civil_text_bytes_max, &text, err);

    if (st != MR_OK) {
        return st;
    }
    if (text.data != NULL &&
        (text.bytes != 10 || text.data[4] != '-' || !mr_civil_parse(text, &day))) {
        return mr_web_call_fault(call, "query", name, "date_from_datetime_parsing",
                                 "Input should be a day such as 2011-12-09", err);
    }
    *ret_given = text.data != NULL;
    *ret_day = day;
    return MR_OK;
}

/* The index of a word in "one|two"; false when it is none. */
static bool word_index(const char *words, mr_text word, size_t *ret_index)
{
    for (size_t index = 0;; index++) {
        size_t bytes = strcspn(words, "|");
        if (mr_text_equal(word, (mr_text){words, bytes})) {
            *ret_index = index;
            return true;
        }
        if (words[bytes] == '\0') {
            return false;
        }
        words += bytes + 1;
    }
}

mr_status mr_web_query_word(mr_web_call *call, const char *name, const char *words,
                            size_t otherwise, size_t *ret_index, mr_err *err)
{
    char message[fault_text_bytes_max];
    mr_text text = MR_TEXT_ABSENT;
    mr_status st = mr_web_query_text(call, name, fault_text_bytes_max, &text, err);

    if (st != MR_OK) {
        return st;
    }
    if (text.data == NULL) {
        *ret_index = otherwise;
        return MR_OK;
    }
    if (!word_index(words, text, ret_index)) {
        (void)snprintf(message, sizeof message, "Input should be one of %s", words);
        return mr_web_call_fault(call, "query", name, "enum", message, err);
    }
    return MR_OK;
}

/* --- Body ------------------------------------------------------------------------------------- */

bool mr_web_call_has_body(const mr_web_call *call)
{
    size_t bytes = 0;

    return mr_http_request_body(call->request, &bytes) != NULL && bytes > 0;
}

/* The member, or NULL where it is absent or null. */
static mr_status member(mr_web_call *call, const char *name, yyjson_val **ret_value, mr_err *err)
{
    if (call->json == NULL) {
        size_t bytes = 0;
        char *body = mr_http_request_body(call->request, &bytes);
        call->json = yyjson_read(body, bytes, 0);
    }
    yyjson_val *root = yyjson_doc_get_root(call->json);
    if (!yyjson_is_obj(root)) {
        return mr_web_call_fault(call, "body", NULL, "json_invalid",
                                 "Input should be a JSON object", err);
    }
    yyjson_val *value = yyjson_obj_get(root, name);
    *ret_value = yyjson_is_null(value) ? NULL : value;
    return MR_OK;
}

mr_status mr_web_body_text(mr_web_call *call, const char *name, bool needed, size_t bytes_max,
                           mr_text *ret_text, mr_err *err)
{
    yyjson_val *value = NULL;
    mr_status st = member(call, name, &value, err);

    if (st != MR_OK) {
        return st;
    }
    if (value == NULL) {
        *ret_text = MR_TEXT_ABSENT;
        return needed ? mr_web_call_fault(call, "body", name, "missing", "Field required", err)
                      : MR_OK;
    }
    if (!yyjson_is_str(value)) {
        return mr_web_call_fault(call, "body", name, "string_type", "Input should be a string",
                                 err);
    }
    if (yyjson_get_len(value) > bytes_max) {
        return fault_long(call, "body", name, bytes_max, err);
    }
    *ret_text = (mr_text){yyjson_get_str(value), yyjson_get_len(value)};
    return MR_OK;
}

mr_status mr_web_body_integer(mr_web_call *call, const char *name, int64_t least, int64_t most,
                              int64_t otherwise, int64_t *ret_value, mr_err *err)
{
    yyjson_val *value = NULL;
    mr_status st = member(call, name, &value, err);

    if (st != MR_OK) {
        return st;
    }
    if (value == NULL) {
        *ret_value = otherwise;
        return MR_OK;
    }
    bool fits = yyjson_is_sint(value) ||
                (yyjson_is_uint(value) && yyjson_get_uint(value) <= (uint64_t)INT64_MAX);
    int64_t number = fits ? yyjson_get_sint(value) : 0;
    if (!fits || number < least || number > most) {
        return fault_integer(call, "body", name, least, most, err);
    }
    *ret_value = number;
    return MR_OK;
}

mr_status mr_web_body_flag(mr_web_call *call, const char *name, bool otherwise, bool *ret_value,
                           mr_err *err)
{
    yyjson_val *value = NULL;
    mr_status st = member(call, name, &value, err);

    if (st != MR_OK) {
        return st;
    }
    if (value != NULL && !yyjson_is_bool(value)) {
        return mr_web_call_fault(call, "body", name, "bool_type", "Input should be true or false",
                                 err);
    }
    *ret_value = value == NULL ? otherwise : yyjson_get_bool(value);
    return MR_OK;
}
