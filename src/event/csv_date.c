/* SPDX-License-Identifier: Apache-2.0 */
/* event/csv_date.c - dates as people and spreadsheets write them into CSV files.
 *
 * Called by: csv_profile.c to weigh them, cli/convert_fields.c to take them; any thread, no state.
 * Not here:  the wire's forms (base/civil.c).
 */
#include "event/csv_date.h"

/* Takes up to digits_max digits off *text; returns how many there were. */
static size_t take_number(mr_text *text, size_t digits_max, int32_t *ret_number)
{
    size_t digits = 0;
    int32_t number = 0;

    while (digits < text->bytes && digits < digits_max) {
        char c = text->data[digits];
        if (c < '0' || c > '9') {
            break;
        }
        number = number * 10 + (c - '0');
        digits++;
    }
    text->data += digits;
    text->bytes -= digits;
    *ret_number = number;
    return digits;
}

static bool take_mark(mr_text *text, char mark)
{
    if (text->bytes == 0 || text->data[0] != mark) {
        return false;
    }
    text->data++;
    text->bytes--;
    return true;
}

/* ".000": shop time has no fraction, so only zeros may stand there. */
static bool take_fraction(mr_text *text, mr_csv_date *date)
{
    int32_t fraction = 0;

    if (!take_mark(text, '.')) {
        return true;
    }
    date->has_fraction = true;
    return take_number(text, 9, &fraction) > 0 && fraction == 0;
}

static bool take_half_of_day(mr_text *text, mr_csv_date *date)
{
    bool afternoon;

    (void)take_mark(text, ' '); /* "8:26PM" and "8:26 PM" are both met */
    if (text->bytes == 0) {
        return true;
    }
    afternoon = mr_text_equal_ignoring_case(*text, MR_TEXT_LITERAL("PM"));
    if (!afternoon && !mr_text_equal_ignoring_case(*text, MR_TEXT_LITERAL("AM"))) {
        return false;
    }
    if (date->hour < 1 || date->hour > 12) {
        return false;
    }
    date->hour = (uint8_t)(date->hour % 12 + (afternoon ? 12 : 0));
    date->twelve_hours = true;
    text->bytes = 0;
    return true;
}

static bool scan_time(mr_text text, mr_csv_date *date)
{
    int32_t hour;
    int32_t minute;
    int32_t second = 0;

    if (take_number(&text, 2, &hour) == 0 || !take_mark(&text, ':') ||
        take_number(&text, 2, &minute) != 2) {
        return false;
    }
    if (take_mark(&text, ':')) {
        date->has_seconds = true;
        if (take_number(&text, 2, &second) != 2 || !take_fraction(&text, date)) {
            return false;
        }
    }
    date->has_time = true;
    date->hour = (uint8_t)hour;
    date->minute = (uint8_t)minute;
    date->second_of_minute = (uint8_t)second;
    return take_half_of_day(&text, date);
}

bool mr_csv_date_scan(mr_text text, mr_csv_date *ret_date)
{
    mr_csv_date date = {0};
    size_t first = take_number(&text, 4, &date.first);
    size_t second;
    size_t third;

    if ((first != 1 && first != 2 && first != 4) || text.bytes == 0) {
        return false;
    }
    date.separator = text.data[0];
    if (date.separator != '-' && date.separator != '/' && date.separator != '.') {
        return false;
    }
    (void)take_mark(&text, date.separator); /* seen just now */
    date.year_first = first == 4;
    second = take_number(&text, 2, &date.second);
    if (second == 0 || !take_mark(&text, date.separator)) {
        return false;
    }
    third = take_number(&text, 4, &date.third);
    date.two_digit_year = !date.year_first && third == 2;
    if (date.year_first ? third == 0 || third > 2 : third != 2 && third != 4) {
        return false;
    }
    if (!date.year_first && date.first > 12 && date.second > 12) {
        return false;
    }
    if (text.bytes > 0) {
        if (!take_mark(&text, ' ') && !take_mark(&text, 'T')) {
            return false;
        }
        if (!scan_time(text, &date)) {
            return false;
        }
    }
    *ret_date = date;
    return true;
}

/* Two-digit years: 69..99 are of the last century, as POSIX's %y has it. */
static int32_t full_year(const mr_csv_date *date)
{
    if (!date->two_digit_year) {
        return date->third;
    }
    return date->third < 69 ? 2000 + date->third : 1900 + date->third;
}

bool mr_csv_date_resolve(const mr_csv_date *date, mr_csv_date_order order, mr_civil *ret_civil)
{
    bool month_first = order == MR_CSV_ORDER_MDY;
    int32_t year = date->year_first ? date->first : full_year(date);
    int32_t month = date->second;
    int32_t day = date->third;

    if (!date->year_first) {
        month = month_first ? date->first : date->second;
        day = month_first ? date->second : date->first;
    }
    mr_civil_parts parts = {
        .year = year,
        .month = (uint8_t)month,
        .day = (uint8_t)day,
        .hour = date->hour,
        .minute = date->minute,
        .second = date->second_of_minute,
    };
    return mr_civil_make(parts, ret_civil);
}
