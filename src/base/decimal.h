/* SPDX-License-Identifier: Apache-2.0 */
/* base/decimal.h - exact money. No double ever touches an amount.
 *
 * A price is decimal(18,4): 18 digits, 4 of them behind the point, held as an integer of
 * ten-thousandths. An amount is a sum of quantity times price: 128 bits hold 10^11 lines of the
 * largest quantity at the largest price.
 */
#ifndef MR_BASE_DECIMAL_H
#define MR_BASE_DECIMAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

enum { mr_price_scale = 4, mr_price_unit = 10000, mr_amount_text_bytes_max = 48 };

typedef struct mr_price {
    int64_t scaled; /* ten-thousandths; |scaled| < 10^18 */
} mr_price;

typedef struct mr_amount {
    __int128 scaled; /* ten-thousandths */
} mr_amount;

typedef enum mr_decimal_result {
    MR_DECIMAL_OK = 0,
    MR_DECIMAL_SYNTAX,    /* not a number */
    MR_DECIMAL_TOO_LARGE, /* more than 14 digits before the point */
    MR_DECIMAL_TOO_FINE,  /* a digit other than 0 behind the 4th decimal */
} mr_decimal_result;

/* Reads a JSON number's digits (RFC 8259 section 6: -12.50, 1e3, 2.5E-2) exactly. */
mr_decimal_result mr_price_parse(mr_text text, mr_price *ret_price);

/* Shortest exact form: "2.55", "-0.001", "6". Writes a NUL; returns bytes without it. */
size_t mr_price_format(mr_price price, char buffer[static mr_amount_text_bytes_max]);

static inline mr_amount mr_amount_of(int32_t quantity, mr_price price)
{
    return (mr_amount){(__int128)quantity * price.scaled};
}

static inline mr_amount mr_amount_add(mr_amount a, mr_amount b)
{
    return (mr_amount){a.scaled + b.scaled};
}

/* Shortest exact form with at least decimals_min (0..4) decimals: "143711.17", "-11252.44". */
size_t mr_amount_format(mr_amount amount, int decimals_min,
                        char buffer[static mr_amount_text_bytes_max]);
bool mr_amount_parse(mr_text text, mr_amount *ret_amount);

#endif
