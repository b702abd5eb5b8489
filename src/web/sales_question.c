/* SPDX-License-Identifier: Apache-2.0 */
/* web/sales_question.c - see sales_question.h. */
#include "web/sales_question.h"

#include <stdio.h>

#include "query/sales_rfm.h"

enum { day_s = 86400, message_bytes_max = 160 };

static mr_status read_day(mr_web_call *call, const char *name, bool *ret_given, int32_t *ret_day,
                          mr_err *err)
{
    mr_civil day = {0};
    const mr_status status = mr_web_query_day(call, name, ret_given, &day, err);

    *ret_day = (int32_t)(day.seconds / day_s - (day.seconds % day_s < 0));
    return status;
}

static mr_status read_days(mr_web_call *call, mr_sales_question *question, mr_err *err)
{
    mr_status status = read_day(call, "from", &question->has_from, &question->from, err);

    if (status == MR_OK) {
        status = read_day(call, "to", &question->has_to, &question->to, err);
    }
    if (status == MR_OK && question->has_from && question->has_to &&
        question->from > question->to) {
        status = mr_web_call_fault(call, "query", "to", "value_error", "to is before from", err);
    }
    return status;
}

static mr_status read_texts(mr_web_call *call, const char *name, const mr_text **ret_texts,
                            size_t *ret_count, mr_err *err)
{
    return mr_web_query_texts(call, name, mr_web_sales_filter_bytes_max, mr_web_sales_filters_max,
                              ret_texts, ret_count, err);
}

static mr_status read_customers(mr_web_call *call, mr_web_sales_question *ret, mr_err *err)
{
    const mr_text *texts = NULL;
    size_t count = 0;
    mr_status status = read_texts(call, "customer", &texts, &count, err);

    for (size_t index = 0; status == MR_OK && index < count; index++) {
        if (!mr_parse_int64(texts[index], &ret->customers[index])) {
            status = mr_web_call_fault(call, "query", "customer", "int_parsing",
                                       "Input should be the number of a customer", err);
        }
    }
    ret->question.customers = ret->customers;
    ret->question.customer_count = count;
    return status;
}

/* Numbers of a range as bits, the least first. */
static mr_status read_numbers(mr_web_call *call, const char *name, int64_t least, int64_t most,
                              uint32_t *ret_bits, mr_err *err)
{
    const mr_text *texts = NULL;
    size_t count = 0;
    uint32_t bits = 0;
    char message[message_bytes_max];
    mr_status status = read_texts(call, name, &texts, &count, err);

    for (size_t index = 0; status == MR_OK && index < count; index++) {
        int64_t number = 0;

        if (mr_parse_int64(texts[index], &number) && number >= least && number <= most) {
            bits |= UINT32_C(1) << (number - least);
            continue;
        }
        (void)snprintf(message, sizeof message, "Input should be a number from %d to %d",
                       (int)least, (int)most);
        status = mr_web_call_fault(call, "query", name, "int_parsing", message, err);
    }
    *ret_bits = bits;
    return status;
}

static mr_status read_segments(mr_web_call *call, uint8_t *ret_bits, mr_err *err)
{
    const mr_text *texts = NULL;
    size_t count = 0;
    uint8_t bits = 0;
    mr_status status = read_texts(call, "segment", &texts, &count, err);

    for (size_t index = 0; status == MR_OK && index < count; index++) {
        size_t number = 0;

        while (number < mr_sales_rfm_count &&
               !mr_text_equal(texts[index], mr_text_of(mr_sales_rfms[number].name))) {
            number++;
        }
        if (number == mr_sales_rfm_count) {
            status = mr_web_call_fault(call, "query", "segment", "enum",
                                       "Input should be the name of a segment of customers", err);
        } else {
            bits = (uint8_t)(bits | 1U << number);
        }
    }
    *ret_bits = bits;
    return status;
}

static mr_status read_words(mr_web_call *call, mr_sales_question *question, mr_err *err)
{
    size_t compare = 0, grain = 0;
    mr_status status = mr_web_query_word(call, "compare", "none|previous|year", 0, &compare, err);

    if (status == MR_OK) {
        status = mr_web_query_word(call, "grain", "auto|day|week|month|quarter", 0, &grain, err);
    }
    question->compare = (mr_sales_compare)compare;
    question->grain = (mr_sales_grain)grain;
    return status;
}

mr_status mr_web_read_sales_question(mr_web_call *call, mr_web_sales_question *ret, mr_err *err)
{
    mr_sales_question *question = &ret->question;
    uint32_t weekdays = 0;
    mr_status status = read_days(call, question, err);

    if (status == MR_OK) {
        status = read_texts(call, "country", &question->countries, &question->country_count, err);
    }
    if (status == MR_OK) {
        status = read_texts(call, "product", &question->products, &question->product_count, err);
    }
    if (status == MR_OK) {
        status = read_customers(call, ret, err);
    }
    if (status == MR_OK) {
        status = read_numbers(call, "weekday", 1, 7, &weekdays, err);
        question->weekdays = (uint8_t)weekdays;
    }
    if (status == MR_OK) {
        status = read_numbers(call, "hour", 0, 23, &question->hours, err);
    }
    if (status == MR_OK) {
        status = read_segments(call, &question->segments, err);
    }
    return status == MR_OK ? read_words(call, question, err) : status;
}
