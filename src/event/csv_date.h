/* SPDX-License-Identifier: Apache-2.0 */
/* event/csv_date.h - a date of a CSV file, read before anyone knows which number is the month. */
#ifndef MR_EVENT_CSV_DATE_H
#define MR_EVENT_CSV_DATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/civil.h"

/* Of dates that do not begin with a four-digit year. */
typedef enum mr_csv_date_order {
    MR_CSV_ORDER_UNNEEDED, /* every date reads the same either way */
    MR_CSV_ORDER_DMY,
    MR_CSV_ORDER_MDY,
    MR_CSV_ORDER_OPEN,  /* dates fit both orders, and none decides */
    MR_CSV_ORDER_MIXED, /* some dates fit only the one order, some only the other */
} mr_csv_date_order;

/* A date as it stands in a file, before the order of day and month is known. */
typedef struct mr_csv_date {
    int32_t first, second, third; /* year, month, day if year_first; else day and month, year */
    uint8_t hour, minute, second_of_minute;
    bool year_first, has_time, has_seconds, has_fraction, two_digit_year, twelve_hours;
    char separator; /* '-' '/' '.' */
} mr_csv_date;

/* 1/12/2010 8:26, 01.12.10 08:26:00, 2010-12-01T08:26:00.000, 12/1/2010 8:26 PM. A fraction other
 * than zero and a zone are refused, as on the wire. */
bool mr_csv_date_scan(mr_text text, mr_csv_date *ret_date);
/* false for a date that does not exist in that order. */
bool mr_csv_date_resolve(const mr_csv_date *date, mr_csv_date_order order, mr_civil *ret_civil);

#endif
