/* SPDX-License-Identifier: Apache-2.0 */
/* cli/convert_fields.h - numbers as spreadsheets write them: 17850.0, "1,234.50", 2,55. */
#ifndef MR_CLI_CONVERT_FIELDS_H
#define MR_CLI_CONVERT_FIELDS_H

#include "base/decimal.h"

typedef enum mr_convert_number {
    MR_CONVERT_OK = 0,
    MR_CONVERT_SYNTAX,   /* not a number */
    MR_CONVERT_FRACTION, /* 6.5 where an integer is due */
    MR_CONVERT_RANGE,    /* beyond 64 bits */
} mr_convert_number;

/* Blanks around it, a sign, and a fraction of zeros are taken: pandas writes ids as 17850.0. */
mr_convert_number mr_convert_integer(mr_text text, bool decimal_comma, int64_t *ret_value);

/* Exact. Also ".5", "+2.50" and thousands ("1,234.50", with a decimal comma "1.234,50"). */
mr_decimal_result mr_convert_price(mr_text text, bool decimal_comma, mr_price *ret_price);

#endif
