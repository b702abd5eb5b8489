/* SPDX-License-Identifier: Apache-2.0 */
/* stream/amend.c - sets fields of a JSON document and reads it as an event.
 *
 * Numbers keep their digits: they are never read into a double.
 */
#include "stream/amend.h"

#include <stdlib.h>
#include <yyjson.h>

mr_status mr_amendment_parse(const char *text, mr_amendment *ret_amendment, mr_err *err)
{
    const char *equals = strchr(text, '=');
    size_t name_bytes = equals == NULL ? 0 : (size_t)(equals - text);

    if (name_bytes == 0) {
        return mr_fail(err, MR_INVALID, "'%s': Field=Value is expected, as in Quantity=5", text);
    }
    for (int field = 0; field < MR_FIELD_COUNT; field++) {
        mr_text name = mr_text_of(mr_event_field_name((mr_event_field)field));
        if (mr_text_equal(name, (mr_text){text, name_bytes})) {
            *ret_amendment = (mr_amendment){name, mr_text_of(equals + 1)};
            return MR_OK;
        }
    }
    return mr_fail(err, MR_INVALID,
                   "'%.*s' is not a field of an event; the fields are InvoiceNo, StockCode, "
                   "Description, Quantity, InvoiceDate, UnitPrice, CustomerID, customerName, "
                   "Country, EventID",
                   (int)name_bytes, text);
}

static bool is_numeric(mr_text field)
{
    return mr_text_equal(field, MR_TEXT_LITERAL("Quantity")) ||
           mr_text_equal(field, MR_TEXT_LITERAL("UnitPrice")) ||
           mr_text_equal(field, MR_TEXT_LITERAL("CustomerID"));
}

/* A number goes in as its digits; whether they are one, the event's parser tells. */
static bool looks_numeric(mr_text value)
{
    for (size_t i = 0; i < value.bytes; i++) {
        if (memchr("0123456789+-.eE", value.data[i], 15) == NULL) {
            return false;
        }
    }
    return value.bytes > 0;
}

static void set_field(yyjson_mut_doc *document, const mr_amendment *amendment)
{
    yyjson_mut_val *root = yyjson_mut_doc_get_root(document);
    yyjson_mut_val *key = yyjson_mut_strn(document, amendment->field.data, amendment->field.bytes);
    yyjson_mut_val *value;

    if (mr_text_equal(amendment->value, MR_TEXT_LITERAL("null"))) {
        value = yyjson_mut_null(document);
    } else if (is_numeric(amendment->field) && looks_numeric(amendment->value)) {
        value = yyjson_mut_rawn(document, amendment->value.data, amendment->value.bytes);
    } else {
        value = yyjson_mut_strn(document, amendment->value.data, amendment->value.bytes);
    }
    /* The other spelling of a field would stand beside it as a duplicate. */
    if (mr_text_equal(amendment->field, MR_TEXT_LITERAL("customerName"))) {
        (void)yyjson_mut_obj_remove_key(root, "CustomerName");
    }
    MR_ASSERT(key != NULL && value != NULL && yyjson_mut_obj_put(root, key, value));
}

static mr_status edit(mr_text payload, const mr_amendment *amendments, size_t count,
                      mr_buffer *scratch, mr_err *err)
{
    yyjson_doc *document = yyjson_read(payload.data, payload.bytes, YYJSON_READ_NUMBER_AS_RAW);

    if (!yyjson_is_obj(yyjson_doc_get_root(document))) {
        yyjson_doc_free(document);
        return mr_fail(err, MR_INVALID,
                       "the payload is not a JSON object: its fields cannot be set");
    }
    yyjson_mut_doc *mutable_document = yyjson_doc_mut_copy(document, NULL);
    yyjson_doc_free(document);
    MR_ASSERT(mutable_document != NULL);
    for (size_t i = 0; i < count; i++) {
        set_field(mutable_document, &amendments[i]);
    }
    size_t bytes = 0;
    char *json = yyjson_mut_write(mutable_document, YYJSON_WRITE_NOFLAG, &bytes);
    yyjson_mut_doc_free(mutable_document);
    bool written = json != NULL && mr_buffer_append(scratch, json, bytes);
    free(json);
    return written ? MR_OK : mr_fail(err, MR_INVALID, "the payload cannot be written as JSON");
}

static mr_status read_event(mr_event_parser *parser, mr_buffer *scratch, mr_event *ret_event,
                            mr_err *err)
{
    mr_event_faults faults;
    size_t bytes = scratch->bytes;

    if (mr_buffer_reserve(scratch, mr_json_padding_bytes) == NULL) {
        return mr_fail(err, MR_LIMIT, "the payload has %zu bytes; at most %d are allowed", bytes,
                       mr_event_json_bytes_max);
    }
    if (mr_event_parse(parser, scratch->data, bytes, ret_event, &faults) == MR_OK) {
        return MR_OK;
    }
    mr_buffer reason;
    mr_buffer_init(&reason, mr_err_message_bytes_max);
    mr_event_faults_describe(&faults, &reason);
    mr_status status = mr_fail(err, MR_INVALID, "it is still refused: %.*s",
                               MR_TEXT_ARGS(mr_buffer_text(&reason)));
    mr_buffer_free(&reason);
    return status;
}

mr_status mr_amend(mr_text payload, const mr_amendment *amendments, size_t count,
                   mr_event_parser *parser, mr_buffer *scratch, mr_buffer *ret_json,
                   mr_event *ret_event, mr_err *err)
{
    mr_status status = MR_OK;

    mr_buffer_clear(scratch);
    if (count > 0) {
        status = edit(payload, amendments, count, scratch, err);
    } else if (!mr_buffer_append_text(scratch, payload)) {
        status = mr_fail(err, MR_LIMIT, "the payload has %zu bytes, which no event may have",
                         payload.bytes);
    }
    if (status == MR_OK) {
        status = read_event(parser, scratch, ret_event, err);
    }
    if (status == MR_OK && !mr_event_write_json(ret_event, ret_json)) {
        status = mr_fail(err, MR_LIMIT, "the event is too large to be written");
    }
    return status;
}
