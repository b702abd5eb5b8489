/* SPDX-License-Identifier: Apache-2.0 */
/* orchestrator/cron.c - reading schedules and finding when they are due; see cron.h. */
#include "orchestrator/cron.h"

#include <string.h>

enum {
    minute_s = 60,
    hour_s = 3600,
    day_s = 86400,
    week_days = 7,
    epoch_weekday = 4, /* a Thursday */
    field_count = 5,
    days_looked_through = 41 * 366, /* a 29 February on a given weekday is at most 40 years away */
    changes_looked_through = 1000,
    year_max = 9998, /* a day of margin to what civil time can say */
};

/* --- Reading -------------------------------------------------------------------------------- */

typedef struct cron_field {
    const char *name;
    uint32_t least, most;
    const char *const *names; /* the first is `least` */
    size_t name_count;
} cron_field;

static const char *const month_names[] = {"jan", "feb", "mar", "apr", "may", "jun",
                                          "jul", "aug", "sep", "oct", "nov", "dec"};
static const char *const weekday_names[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

static const cron_field fields[field_count] = {
    {"minute", 0, 59, NULL, 0},
    {"hour", 0, 23, NULL, 0},
    {"day of the month", 1, 31, NULL, 0},
    {"month", 1, 12, month_names, sizeof month_names / sizeof month_names[0]},
    {"day of the week", 0, 7, weekday_names, sizeof weekday_names / sizeof weekday_names[0]},
};

static const struct {
    const char *name, *means;
} macros[] = {
    {"@yearly", "0 0 1 1 *"}, {"@annually", "0 0 1 1 *"}, {"@monthly", "0 0 1 * *"},
    {"@weekly", "0 0 * * 0"}, {"@daily", "0 0 * * *"},    {"@midnight", "0 0 * * *"},
    {"@hourly", "0 * * * *"},
};

static mr_status refuse(const cron_field *field, mr_text part, mr_err *err)
{
    return mr_fail(err, MR_INVALID,
                   "%s '%.*s': numbers from %u to %u%s, as *, a, a-b, a,b or with a step */n",
                   field->name, part.bytes < 40 ? (int)part.bytes : 40, part.data, field->least,
                   field->most, field->names != NULL ? " or names of three letters" : "");
}

static bool read_value(const cron_field *field, mr_text text, uint32_t *ret_value)
{
    uint64_t number = 0;

    for (size_t index = 0; index < field->name_count; index++) {
        if (mr_text_equal_ignoring_case(text, mr_text_of(field->names[index]))) {
            *ret_value = field->least + (uint32_t)index;
            return true;
        }
    }
    if (!mr_parse_uint64(text, field->most, &number) || number < field->least) {
        return false;
    }
    *ret_value = (uint32_t)number;
    return true;
}

/* Cuts what stands before `mark` off the front; false when there is no such mark. */
static bool cut_at(mr_text *rest, char mark, mr_text *ret_part)
{
    const char *at = rest->bytes > 0 ? memchr(rest->data, mark, rest->bytes) : NULL;

    if (at == NULL) {
        return false;
    }
    *ret_part = (mr_text){rest->data, (size_t)(at - rest->data)};
    *rest = (mr_text){at + 1, rest->bytes - ret_part->bytes - 1};
    return true;
}

/* "*", "a", "a-b", each also with "/n". */
static bool read_part(const cron_field *field, mr_text part, uint64_t *ret_bits)
{
    uint32_t from = field->least, to = field->most;
    uint64_t step = 1;
    mr_text range = part, low;
    const bool stepped = cut_at(&part, '/', &range);

    if (stepped && (!mr_parse_uint64(part, field->most, &step) || step == 0)) {
        return false;
    }
    part = range;
    if (mr_text_equal(range, MR_TEXT_LITERAL("*"))) {
        to = field->least == 0 && field->most == week_days ? week_days - 1 : field->most;
    } else if (cut_at(&part, '-', &low)) {
        if (!read_value(field, low, &from) || !read_value(field, part, &to) || from > to) {
            return false;
        }
    } else {
        if (!read_value(field, range, &from)) {
            return false;
        }
        to = stepped ? field->most : from;
    }
    for (uint64_t value = from; value <= to; value += step) {
        *ret_bits |= UINT64_C(1) << value;
    }
    return true;
}

static mr_status read_field(const cron_field *field, mr_text text, uint64_t *ret_bits, mr_err *err)
{
    mr_text rest = text, part;
    uint64_t bits = 0;

    while (cut_at(&rest, ',', &part)) {
        if (!read_part(field, part, &bits)) {
            return refuse(field, part, err);
        }
    }
    if (!read_part(field, rest, &bits)) {
        return refuse(field, rest, err);
    }
    *ret_bits = bits;
    return MR_OK;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* The next word; empty at the end. */
static mr_text next_word(mr_text *rest)
{
    size_t begin = 0, end;

    while (begin < rest->bytes && is_blank(rest->data[begin])) {
        begin++;
    }
    end = begin;
    while (end < rest->bytes && !is_blank(rest->data[end])) {
        end++;
    }
    const mr_text word = {rest->data + begin, end - begin};

    rest->data += end;
    rest->bytes -= end;
    return word;
}

static bool begins_with_star(mr_text text)
{
    return text.bytes > 0 && text.data[0] == '*';
}

static mr_status read_fields(mr_text text, mr_cron *ret_cron, mr_err *err)
{
    uint64_t bits[field_count] = {0};
    mr_text words[field_count];
    mr_text rest = text;

    for (size_t index = 0; index < field_count; index++) {
        mr_status status;

        words[index] = next_word(&rest);
        if (words[index].bytes == 0) {
            return mr_fail(err, MR_INVALID, "it has %zu fields of 5: minute hour day month weekday",
                           index);
        }
        status = read_field(&fields[index], words[index], &bits[index], err);
        if (status != MR_OK) {
            return status;
        }
    }
    if (next_word(&rest).bytes > 0) {
        return mr_fail(err, MR_INVALID, "it has more than 5 fields: minute hour day month weekday");
    }
    *ret_cron = (mr_cron){
        .minutes = bits[0],
        .hours = (uint32_t)bits[1],
        .days = (uint32_t)bits[2],
        .months = (uint32_t)bits[3],
        .weekdays = (uint32_t)((bits[4] | bits[4] >> week_days) & 0x7f),
        .any_day = begins_with_star(words[2]),
        .any_weekday = begins_with_star(words[4]),
        .every_hour = bits[1] == 0xffffff,
    };
    return MR_OK;
}

static mr_status read_macro(mr_text text, mr_cron *ret_cron, mr_err *err)
{
    for (size_t index = 0; index < sizeof macros / sizeof macros[0]; index++) {
        if (mr_text_equal_ignoring_case(text, mr_text_of(macros[index].name))) {
            return read_fields(mr_text_of(macros[index].means), ret_cron, err);
        }
    }
    return mr_fail(err, MR_INVALID,
                   "only @yearly, @monthly, @weekly, @daily and @hourly begin with '@'");
}

mr_status mr_cron_parse(mr_text text, mr_cron *ret_cron, mr_err *err)
{
    const mr_text trimmed = mr_text_trim(text);
    mr_cron cron = {0};
    mr_civil first;
    mr_status status = mr_text_starts_with(trimmed, "@") ? read_macro(trimmed, &cron, err)
                                                         : read_fields(trimmed, &cron, err);

    if (status == MR_OK && !mr_cron_next_local(&cron, (mr_civil){0}, &first)) {
        status = mr_fail(err, MR_INVALID, "no month has that day");
    }
    if (status != MR_OK) {
        return mr_fail_in(err, status, "schedule '%.*s'", text.bytes < 80 ? (int)text.bytes : 80,
                          text.data != NULL ? text.data : "");
    }
    *ret_cron = cron;
    return MR_OK;
}

/* --- The calendar --------------------------------------------------------------------------- */

static int64_t floor_to(int64_t seconds, int64_t unit)
{
    const int64_t rest = seconds % unit;

    return seconds - rest - (rest < 0 ? unit : 0);
}

static bool has_day(const mr_cron *cron, int64_t midnight_s)
{
    const mr_civil_parts parts = mr_civil_split((mr_civil){midnight_s});
    const int64_t weekday =
        ((midnight_s / day_s + epoch_weekday) % week_days + week_days) % week_days;
    const bool day = (cron->days >> parts.day & 1) != 0;
    const bool on_weekday = (cron->weekdays >> weekday & 1) != 0;

    if ((cron->months >> parts.month & 1) == 0) {
        return false;
    }
    return cron->any_day || cron->any_weekday ? day && on_weekday : day || on_weekday;
}

/* The first minute of a day at or after `second` of it. */
static bool next_of_day(const mr_cron *cron, int64_t second, int64_t *ret_second)
{
    for (int64_t hour = second / hour_s; hour < 24; hour++) {
        const int64_t minute = hour == second / hour_s ? second % hour_s / minute_s : 0;
        const uint64_t left = cron->minutes >> minute;

        if ((cron->hours >> hour & 1) != 0 && left != 0) {
            *ret_second = hour * hour_s + (minute + __builtin_ctzll(left)) * minute_s;
            return true;
        }
    }
    return false;
}

bool mr_cron_next_local(const mr_cron *cron, mr_civil from, mr_civil *ret_local)
{
    const int64_t start_s = floor_to(from.seconds + minute_s - 1, minute_s);
    int64_t midnight_s = floor_to(start_s, day_s);
    int64_t second = start_s - midnight_s;

    for (int32_t day = 0; day < days_looked_through; day++) {
        if (has_day(cron, midnight_s) && next_of_day(cron, second, &second)) {
            *ret_local = (mr_civil){midnight_s + second};
            return true;
        }
        midnight_s += day_s;
        second = 0;
    }
    return false;
}

/* --- Instants ------------------------------------------------------------------------------- */

/* Each time of the calendar is due once: at the first instant that shows it, or at the change that
 * skips it. */
static bool next_fixed(const mr_cron *cron, const mr_zone *zone, int64_t after_s,
                       int64_t *ret_due_s)
{
    mr_civil local = {floor_to(mr_zone_local(zone, after_s).seconds, minute_s) + minute_s};

    while (mr_cron_next_local(cron, local, &local)) {
        const int64_t due_s = mr_zone_instant(zone, local, NULL);

        if (due_s > after_s) {
            *ret_due_s = due_s;
            return true;
        }
        local.seconds += minute_s; /* it was due when clocks showed it for the first time */
    }
    return false;
}

/* Does a change skip times that no like hour stands in for? A whole hour's minutes come back in the
 * next one; not those of half an hour, nor of a whole day. */
static bool skips_one(const mr_cron *cron, const mr_zone_change *change)
{
    const int32_t skipped_s = change->offset_after_s - change->offset_before_s;
    mr_civil local;

    if (skipped_s <= 0 || (skipped_s % hour_s == 0 && skipped_s < day_s)) {
        return false;
    }
    return mr_cron_next_local(cron, (mr_civil){change->at_s + change->offset_before_s}, &local) &&
           local.seconds < change->at_s + change->offset_after_s;
}

/* Walks from change to change; between two, clocks run on evenly. */
static bool next_elapsed(const mr_cron *cron, const mr_zone *zone, int64_t after_s,
                         int64_t *ret_due_s)
{
    int64_t offset_s = mr_zone_offset_s(zone, after_s);
    mr_civil from = {floor_to(after_s + offset_s, minute_s) + minute_s};

    for (int32_t step = 0; step < changes_looked_through; step++) {
        mr_zone_change change;
        mr_civil local;
        const bool changes = mr_zone_next_change(zone, after_s, &change);

        if (!mr_cron_next_local(cron, from, &local)) {
            return false;
        }
        if (!changes || local.seconds - offset_s < change.at_s) {
            *ret_due_s = local.seconds - offset_s;
            return true;
        }
        if (skips_one(cron, &change)) {
            *ret_due_s = change.at_s;
            return true;
        }
        after_s = change.at_s;
        offset_s = change.offset_after_s;
        from = (mr_civil){after_s + offset_s};
    }
    return false;
}

bool mr_cron_next(const mr_cron *cron, const mr_zone *zone, int64_t after_s, int64_t *ret_due_s)
{
    const int32_t year = mr_civil_split((mr_civil){after_s}).year;

    if (year < 1 || year > year_max) {
        return false;
    }
    return cron->every_hour ? next_elapsed(cron, zone, after_s, ret_due_s)
                            : next_fixed(cron, zone, after_s, ret_due_s);
}
