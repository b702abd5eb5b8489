/* SPDX-License-Identifier: Apache-2.0 */
/* base/civil.c - the Gregorian calendar, its text forms, and the clocks.
 *
 * Days are counted from 1 March of year 0, so that a leap day is the last of its year: 400 years
 * are 146,097 days, and the months from March on have the lengths (153 * month + 2) / 5 sums up.
 */
#include "base/civil.h"

#include <time.h>

#include "base/status.h"

enum {
    days_of_era = 146097,
    years_of_era = 400,
    days_before_1970 = 719468, /* from 0000-03-01 */
    seconds_of_day = 86400,
    year_max = 9999,
};

static int64_t days_from_date(int64_t year, int64_t month, int64_t day)
{
    year -= month <= 2;
    int64_t era = year / years_of_era;
    int64_t year_of_era = year - era * years_of_era;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

    return era * days_of_era + day_of_era - days_before_1970;
}

static uint8_t month_days(int32_t year, uint8_t month)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

    return (uint8_t)(days[month - 1] + (month == 2 && leap));
}

bool mr_civil_make(mr_civil_parts parts, mr_civil *ret_civil)
{
    if (parts.year < 1 || parts.year > year_max || parts.month < 1 || parts.month > 12 ||
        parts.day < 1 || parts.day > month_days(parts.year, parts.month) || parts.hour > 23 ||
        parts.minute > 59 || parts.second > 59) {
        return false;
    }
    ret_civil->seconds = days_from_date(parts.year, parts.month, parts.day) * seconds_of_day +
                         (int64_t)parts.hour * 3600 + (int64_t)parts.minute * 60 + parts.second;
    return true;
}

mr_civil_parts mr_civil_split(mr_civil civil)
{
    int64_t days = civil.seconds / seconds_of_day;
    int64_t second = civil.seconds % seconds_of_day;

    if (second < 0) {
        second += seconds_of_day;
        days--;
    }
    days += days_before_1970;
    int64_t era = (days >= 0 ? days : days - (days_of_era - 1)) / days_of_era;
    int64_t day_of_era = days - era * days_of_era;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month = (5 * day_of_year + 2) / 153; /* 0 = March */
    int64_t day = day_of_year - (153 * month + 2) / 5 + 1;

    month += month < 10 ? 3 : -9;
    return (mr_civil_parts){
        .year = (int32_t)(era * years_of_era + year_of_era + (month <= 2)),
        .month = (uint8_t)month,
        .day = (uint8_t)day,
        .hour = (uint8_t)(second / 3600),
        .minute = (uint8_t)(second / 60 % 60),
        .second = (uint8_t)(second % 60),
    };
}

/* Reads digits_min to digits_max digits at *at; false when there are fewer. */
static bool read_number(mr_text text, size_t *at, size_t digits_min, size_t digits_max,
                        int32_t *ret_value)
{
    int32_t value = 0;
    size_t digits = 0;

    while (digits < digits_max && *at + digits < text.bytes) {
        unsigned digit = (unsigned)(unsigned char)text.data[*at + digits] - '0';
        if (digit > 9) {
            break;
        }
        value = value * 10 + (int32_t)digit;
        digits++;
    }
    if (digits < digits_min) {
        return false;
    }
    *at += digits;
    *ret_value = value;
    return true;
}

static bool read_byte(mr_text text, size_t *at, size_t digits_min, uint8_t *ret_value)
{
    int32_t value;

    if (!read_number(text, at, digits_min, 2, &value)) {
        return false;
    }
    *ret_value = (uint8_t)value;
    return true;
}

static bool read_char(mr_text text, size_t *at, char expected)
{
    if (*at >= text.bytes || text.data[*at] != expected) {
        return false;
    }
    (*at)++;
    return true;
}

/* ".000": a fraction is only taken when it is zero. */
static bool read_zero_fraction(mr_text text, size_t *at)
{
    size_t start = *at;

    while (*at < text.bytes && text.data[*at] == '0') {
        (*at)++;
    }
    return *at > start;
}

/* "HH:MM", "HH:MM:SS", and with a fraction where that is allowed; must reach the end of text. */
static bool read_time(mr_text text, size_t at, size_t hour_digits_min, bool fraction,
                      mr_civil_parts *parts)
{
    if (!read_byte(text, &at, hour_digits_min, &parts->hour) || !read_char(text, &at, ':') ||
        !read_byte(text, &at, 2, &parts->minute)) {
        return false;
    }
    if (at == text.bytes) {
        return true;
    }
    if (!read_char(text, &at, ':') || !read_byte(text, &at, 2, &parts->second)) {
        return false;
    }
    if (fraction && read_char(text, &at, '.') && !read_zero_fraction(text, &at)) {
        return false;
    }
    return at == text.bytes;
}

static bool parse_wire(mr_text text, mr_civil_parts *parts)
{
    size_t at = 0;

    /* One-digit hours are what spreadsheets write. */
    return read_byte(text, &at, 1, &parts->day) && read_char(text, &at, '/') &&
           read_byte(text, &at, 1, &parts->month) && read_char(text, &at, '/') &&
           read_number(text, &at, 4, 4, &parts->year) && read_char(text, &at, ' ') &&
           read_time(text, at, 1, false, parts);
}

static bool parse_iso(mr_text text, mr_civil_parts *parts)
{
    size_t at = 0;

    if (!read_number(text, &at, 4, 4, &parts->year) || !read_char(text, &at, '-') ||
        !read_byte(text, &at, 2, &parts->month) || !read_char(text, &at, '-') ||
        !read_byte(text, &at, 2, &parts->day)) {
        return false;
    }
    if (at == text.bytes) {
        return true;
    }
    return (read_char(text, &at, 'T') || read_char(text, &at, ' ')) &&
           read_time(text, at, 2, true, parts);
}

bool mr_civil_parse(mr_text text, mr_civil *ret_civil)
{
    mr_civil_parts parts = {0};
    bool iso = text.bytes > 4 && text.data[4] == '-';

    return (iso ? parse_iso(text, &parts) : parse_wire(text, &parts)) &&
           mr_civil_make(parts, ret_civil);
}

static char *write_two(char *place, unsigned value)
{
    place[0] = (char)('0' + value / 10);
    place[1] = (char)('0' + value % 10);
    return place + 2;
}

static char *write_two_and(char *place, unsigned value, char separator)
{
    place = write_two(place, value);
    *place = separator;
    return place + 1;
}

static char *write_year(char *place, int32_t year)
{
    MR_ASSERT(year >= 0 && year <= year_max);
    return write_two(write_two(place, (unsigned)year / 100), (unsigned)year % 100);
}

static char *write_day_first(char *place, const mr_civil_parts *parts, char separator)
{
    place = write_two_and(place, parts->day, separator);
    place = write_two_and(place, parts->month, separator);
    place = write_year(place, parts->year);
    *place++ = ' ';
    place = write_two_and(place, parts->hour, ':');
    return write_two(place, parts->minute);
}

static char *write_iso(char *place, const mr_civil_parts *parts, char between)
{
    place = write_year(place, parts->year);
    *place++ = '-';
    place = write_two_and(place, parts->month, '-');
    place = write_two_and(place, parts->day, between);
    place = write_two_and(place, parts->hour, ':');
    place = write_two_and(place, parts->minute, ':');
    return write_two(place, parts->second);
}

static size_t finish(char *buffer, char *end)
{
    *end = '\0';
    return (size_t)(end - buffer);
}

size_t mr_civil_format_wire(mr_civil civil, char buffer[static mr_civil_text_bytes_max])
{
    mr_civil_parts parts = mr_civil_split(civil);
    char *end = write_day_first(buffer, &parts, '/');

    if (parts.second != 0) {
        *end++ = ':';
        end = write_two(end, parts.second);
    }
    return finish(buffer, end);
}

size_t mr_civil_format_answer(mr_civil civil, char buffer[static mr_civil_text_bytes_max])
{
    mr_civil_parts parts = mr_civil_split(civil);
    char *end = write_day_first(buffer, &parts, '-');

    *end++ = ':';
    return finish(buffer, write_two(end, parts.second));
}

size_t mr_civil_format_iso(mr_civil civil, char buffer[static mr_civil_text_bytes_max])
{
    mr_civil_parts parts = mr_civil_split(civil);

    return finish(buffer, write_iso(buffer, &parts, ' '));
}

int64_t mr_now_ms(void)
{
    struct timespec now;

    MR_ASSERT(clock_gettime(CLOCK_REALTIME, &now) == 0);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t mr_monotonic_us(void)
{
    struct timespec now;

    MR_ASSERT(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

size_t mr_instant_format(int64_t epoch_ms, char buffer[static mr_civil_text_bytes_max])
{
    int64_t millisecond = epoch_ms % 1000;
    int64_t seconds = epoch_ms / 1000;

    if (millisecond < 0) {
        millisecond += 1000;
        seconds--;
    }
    mr_civil_parts parts = mr_civil_split((mr_civil){seconds});
    char *end = write_iso(buffer, &parts, 'T');
    *end++ = '.';
    *end++ = (char)('0' + millisecond / 100);
    end = write_two(end, (unsigned)(millisecond % 100));
    *end++ = 'Z';
    return finish(buffer, end);
}
