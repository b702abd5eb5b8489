/* SPDX-License-Identifier: Apache-2.0 */
/* event/event_faults.c - what is wrong with an event, in the words of FastAPI's answers (pydantic
 * 2).
 *
 * Rules that pydantic has no type for are its "value_error". Not here: finding the faults
 * (event/event_json_read.c), the HTTP answer (gateway/).
 */
#include "event/event.h"

_Static_assert(mr_event_invoice_no_length_max == 32 && mr_event_stock_code_length_max == 32 &&
                   mr_event_description_length_max == 255 &&
                   mr_event_customer_name_length_max == 255 && mr_event_country_length_max == 64 &&
                   mr_event_key_length_max == 64 && mr_event_extra_bytes_max == 16384,
               "the messages below name these limits");

static const char *const fault_types[] = {
    [MR_FAULT_MISSING] = "missing",
    [MR_FAULT_STRING_TYPE] = "string_type",
    [MR_FAULT_STRING_TOO_SHORT] = "string_too_short",
    [MR_FAULT_STRING_TOO_LONG] = "string_too_long",
    [MR_FAULT_STRING_NUL] = "value_error",
    [MR_FAULT_INT_TYPE] = "int_type",
    [MR_FAULT_INT_PARSING] = "int_parsing",
    [MR_FAULT_INT_FROM_FLOAT] = "int_from_float",
    [MR_FAULT_INT_RANGE] = "int_parsing_size",
    [MR_FAULT_DECIMAL_TYPE] = "decimal_type",
    [MR_FAULT_DECIMAL_DIGITS] = "decimal_whole_digits",
    [MR_FAULT_DECIMAL_PLACES] = "decimal_max_places",
    [MR_FAULT_DUPLICATE] = "value_error",
    [MR_FAULT_TOO_LARGE] = "value_error",
    [MR_FAULT_DATE] = "datetime_parsing",
    [MR_FAULT_OBJECT_TYPE] = "model_attributes_type",
};

/* Kinds whose message depends on the field are NULL here. */
static const char *const fault_messages[] = {
    [MR_FAULT_MISSING] = "Field required",
    [MR_FAULT_STRING_TYPE] = "Input should be a valid string",
    [MR_FAULT_STRING_TOO_SHORT] = "String should have at least 1 character",
    [MR_FAULT_STRING_TOO_LONG] = NULL,
    [MR_FAULT_STRING_NUL] = "Value error, String should not contain U+0000",
    [MR_FAULT_INT_TYPE] = "Input should be a valid integer",
    [MR_FAULT_INT_PARSING] =
        "Input should be a valid integer, unable to parse string as an integer",
    [MR_FAULT_INT_FROM_FLOAT] =
        "Input should be a valid integer, got a number with a fractional part",
    [MR_FAULT_INT_RANGE] = NULL,
    [MR_FAULT_DECIMAL_TYPE] = "Decimal input should be a number",
    [MR_FAULT_DECIMAL_DIGITS] =
        "Decimal input should have no more than 14 digits before the decimal point",
    [MR_FAULT_DECIMAL_PLACES] = "Decimal input should have no more than 4 decimal places",
    [MR_FAULT_DUPLICATE] = "Value error, Field is given more than once",
    [MR_FAULT_TOO_LARGE] =
        "Value error, Unknown fields should have no more than 16384 bytes together",
    [MR_FAULT_DATE] =
        "Input should be a valid datetime, as dd/mm/yyyy HH:MM or ISO 8601 without a zone",
    [MR_FAULT_OBJECT_TYPE] = "Input should be a valid dictionary or object to extract fields from",
};

static const char *too_long_message(mr_event_field field)
{
    switch (field) {
    case MR_FIELD_DESCRIPTION:
    case MR_FIELD_CUSTOMER_NAME:
        return "String should have at most 255 characters";
    case MR_FIELD_COUNTRY:
    case MR_FIELD_EVENT_ID:
        return "String should have at most 64 characters";
    case MR_FIELD_INVOICE_NO:
    case MR_FIELD_STOCK_CODE:
    case MR_FIELD_QUANTITY:
    case MR_FIELD_INVOICE_DATE:
    case MR_FIELD_UNIT_PRICE:
    case MR_FIELD_CUSTOMER_ID:
    case MR_FIELD_COUNT:
    default:
        return "String should have at most 32 characters";
    }
}

const char *mr_fault_type(mr_event_fault fault)
{
    MR_ASSERT(fault.kind <= MR_FAULT_OBJECT_TYPE);
    return fault_types[fault.kind];
}

const char *mr_fault_message(mr_event_fault fault)
{
    MR_ASSERT(fault.kind <= MR_FAULT_OBJECT_TYPE);
    if (fault.kind == MR_FAULT_STRING_TOO_LONG) {
        return too_long_message(fault.field);
    }
    if (fault.kind == MR_FAULT_INT_RANGE) {
        return fault.field == MR_FIELD_QUANTITY
                   ? "Input should be an integer between -2147483648 and 2147483647"
                   : "Input should be an integer of at most 64 bits";
    }
    return fault_messages[fault.kind];
}

void mr_event_faults_describe(const mr_event_faults *faults, mr_buffer *out)
{
    if (faults->malformed) {
        (void)mr_buffer_append_string(out, faults->message); /* cut at the cap: it is for people */
        return;
    }
    for (uint32_t i = 0; i < faults->count; i++) {
        mr_event_fault fault = faults->items[i];

        if (i > 0) {
            (void)mr_buffer_append_string(out, "; ");
        }
        if (fault.kind != MR_FAULT_OBJECT_TYPE) {
            (void)mr_buffer_append_string(out, mr_event_field_name(fault.field));
            (void)mr_buffer_append_string(out, ": ");
        }
        (void)mr_buffer_append_string(out, mr_fault_message(fault));
    }
}
