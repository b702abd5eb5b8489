/* SPDX-License-Identifier: Apache-2.0 */
/* base/zone_rule.c - when summer time begins and ends in a year, by a zone's rule. */
#include "base/zone_rule.h"

#include "base/civil.h"
#include "base/status.h"

enum {
    minute_s = 60,
    hour_s = 3600,
    day_s = 86400,
    week_days = 7,
    epoch_weekday = 4, /* a Thursday */
    default_change_s = 2 * hour_s,
    change_hours_max = 167,
    name_letters_min = 3,
    year_min = 1,
    year_max = 9999,
    turns_max = 6, /* of three years */
};

/* --- Reading -------------------------------------------------------------------------------- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static char first(mr_text rest)
{
    return rest.bytes > 0 ? rest.data[0] : '\0';
}

static void drop(mr_text *rest, size_t bytes)
{
    rest->data += bytes;
    rest->bytes -= bytes;
}

static bool take_char(mr_text *rest, char c)
{
    if (first(*rest) != c) {
        return false;
    }
    drop(rest, 1);
    return true;
}

static bool take_number(mr_text *rest, int32_t least, int32_t most, int32_t *ret_number)
{
    int32_t number = 0;

    if (!is_digit(first(*rest))) {
        return false;
    }
    while (is_digit(first(*rest)) && number <= most) {
        number = number * 10 + (first(*rest) - '0');
        drop(rest, 1);
    }
    *ret_number = number;
    return number >= least && number <= most;
}

/* "CEST" or "<+0530>" */
static bool take_name(mr_text *rest, char ret_name[static mr_zone_rule_name_bytes_max])
{
    const bool quoted = take_char(rest, '<');
    size_t bytes = 0;

    while (bytes < rest->bytes) {
        const char c = rest->data[bytes];
        const bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');

        if (!letter && !(quoted && (is_digit(c) || c == '+' || c == '-'))) {
            break;
        }
        bytes++;
    }
    if (bytes < name_letters_min || bytes >= mr_zone_rule_name_bytes_max) {
        return false;
    }
    memcpy(ret_name, rest->data, bytes);
    ret_name[bytes] = '\0';
    drop(rest, bytes);
    return !quoted || take_char(rest, '>');
}

/* "[+-]hh[:mm[:ss]]" */
static bool take_time(mr_text *rest, int32_t hours_max, int32_t *ret_s)
{
    const bool negative = take_char(rest, '-');
    int32_t hours = 0, minutes = 0, seconds = 0;

    if (!negative) {
        (void)take_char(rest, '+');
    }
    if (!take_number(rest, 0, hours_max, &hours) ||
        (take_char(rest, ':') && !take_number(rest, 0, 59, &minutes)) ||
        (take_char(rest, ':') && !take_number(rest, 0, 59, &seconds))) {
        return false;
    }
    *ret_s = (hours * hour_s + minutes * minute_s + seconds) * (negative ? -1 : 1);
    return true;
}

/* ",M3.5.0/2", ",J60", ",59/-1" */
static bool take_day(mr_text *rest, mr_zone_day *ret_day)
{
    mr_zone_day day = {.kind = MR_ZONE_DAY_OF_YEAR, .time_s = default_change_s};
    bool good = take_char(rest, ',');

    if (take_char(rest, 'M')) {
        day.kind = MR_ZONE_DAY_OF_MONTH;
        good = good && take_number(rest, 1, 12, &day.month) && take_char(rest, '.') &&
               take_number(rest, 1, 5, &day.week) && take_char(rest, '.') &&
               take_number(rest, 0, week_days - 1, &day.day);
    } else if (take_char(rest, 'J')) {
        day.kind = MR_ZONE_DAY_NOT_LEAP;
        good = good && take_number(rest, 1, 365, &day.day);
    } else {
        good = good && take_number(rest, 0, 365, &day.day);
    }
    if (good && take_char(rest, '/')) {
        good = take_time(rest, change_hours_max, &day.time_s);
    }
    *ret_day = day;
    return good;
}

bool mr_zone_rule_parse(mr_text text, mr_zone_rule *ret_rule)
{
    mr_zone_rule rule = {0};
    int32_t west_s = 0;

    if (!take_name(&text, rule.standard_name) || !take_time(&text, 24, &west_s)) {
        return false;
    }
    rule.standard_s = -west_s;
    rule.summer_s = rule.standard_s + hour_s;
    if (text.bytes == 0) {
        *ret_rule = rule;
        return true;
    }
    if (!take_name(&text, rule.summer_name)) {
        return false;
    }
    if (first(text) != ',') {
        if (!take_time(&text, 24, &west_s)) {
            return false;
        }
        rule.summer_s = -west_s;
    }
    if (!take_day(&text, &rule.summer_begins) || !take_day(&text, &rule.summer_ends) ||
        text.bytes > 0) {
        return false;
    }
    *ret_rule = rule;
    return true;
}

/* --- Years ---------------------------------------------------------------------------------- */

/* Midnight of the first of a month, as if in UTC. */
static int64_t month_begins(int32_t year, int32_t month)
{
    mr_civil civil = {0};

    MR_ASSERT(
        mr_civil_make((mr_civil_parts){.year = year, .month = (uint8_t)month, .day = 1}, &civil));
    return civil.seconds;
}

static int32_t weekday_of(int64_t midnight_s)
{
    const int64_t days = midnight_s / day_s;

    return (int32_t)(((days + epoch_weekday) % week_days + week_days) % week_days);
}

static bool is_leap(int32_t year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* The wall clock's time of a change, before it. */
static int64_t local_of(const mr_zone_day *day, int32_t year)
{
    int64_t midnight_s = month_begins(year, 1);

    if (day->kind == MR_ZONE_DAY_OF_YEAR) {
        midnight_s += (int64_t)day->day * day_s;
    } else if (day->kind == MR_ZONE_DAY_NOT_LEAP) {
        const int32_t skipped = is_leap(year) && day->day >= 60 ? 1 : 0;

        midnight_s += (int64_t)(day->day - 1 + skipped) * day_s;
    } else {
        const int64_t month_s = month_begins(year, day->month);
        const int64_t next_s =
            day->month == 12 ? month_s + 31 * (int64_t)day_s : month_begins(year, day->month + 1);
        const int32_t ahead = (day->day - weekday_of(month_s) + week_days) % week_days;

        midnight_s = month_s + (int64_t)(ahead + (day->week - 1) * week_days) * day_s;
        if (midnight_s >= next_s) {
            midnight_s -= (int64_t)week_days * day_s;
        }
    }
    return midnight_s + day->time_s;
}

typedef struct turn {
    int64_t at_s;
    bool to_summer;
} turn;

static int32_t year_of(int64_t instant_s)
{
    return mr_civil_split((mr_civil){instant_s}).year;
}

/* The changes of the year before an instant's, of that year and of the next, in order. Where summer
 * ends as the next one begins, the beginning comes last: it lasts all year. */
static size_t list_turns(const mr_zone_rule *rule, int64_t instant_s, turn turns[static turns_max])
{
    const int32_t year = year_of(instant_s);
    size_t count = 0;

    for (int32_t y = year - 1; y <= year + 1; y++) {
        if (y < year_min || y > year_max) {
            continue;
        }
        turns[count++] = (turn){local_of(&rule->summer_begins, y) - rule->standard_s, true};
        turns[count++] = (turn){local_of(&rule->summer_ends, y) - rule->summer_s, false};
    }
    for (size_t i = 1; i < count; i++) {
        for (size_t j = i; j > 0; j--) {
            const turn left = turns[j - 1], right = turns[j];

            if (left.at_s < right.at_s || (left.at_s == right.at_s && right.to_summer)) {
                break;
            }
            turns[j - 1] = right;
            turns[j] = left;
        }
    }
    return count;
}

static bool is_summer(const mr_zone_rule *rule, int64_t instant_s)
{
    turn turns[turns_max];
    size_t count;
    bool summer;

    if (rule->summer_name[0] == '\0') {
        return false;
    }
    count = list_turns(rule, instant_s, turns);
    summer = count > 0 && !turns[0].to_summer;
    for (size_t index = 0; index < count && turns[index].at_s <= instant_s; index++) {
        summer = turns[index].to_summer;
    }
    return summer;
}

int32_t mr_zone_rule_offset_s(const mr_zone_rule *rule, int64_t instant_s)
{
    return is_summer(rule, instant_s) ? rule->summer_s : rule->standard_s;
}

const char *mr_zone_rule_abbreviation(const mr_zone_rule *rule, int64_t instant_s)
{
    return is_summer(rule, instant_s) ? rule->summer_name : rule->standard_name;
}

bool mr_zone_rule_next(const mr_zone_rule *rule, int64_t after_s, int64_t *ret_at_s)
{
    turn turns[turns_max];
    size_t count;

    if (rule->summer_name[0] == '\0') {
        return false;
    }
    count = list_turns(rule, after_s, turns);
    for (size_t index = 0; index < count; index++) {
        if (turns[index].at_s > after_s) {
            *ret_at_s = turns[index].at_s;
            return true;
        }
    }
    return false;
}
