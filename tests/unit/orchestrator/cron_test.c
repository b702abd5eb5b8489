/* SPDX-License-Identifier: Apache-2.0 */
/* orchestrator/cron_test.c - what schedules mean, and when they are due around every change of
 * clocks of every zone, minute by minute, against the C library's wall clock.
 */
#define _GNU_SOURCE /* nftw */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "orchestrator/cron.h"

static mr_cron parse(const char *text)
{
    mr_cron cron = {0};
    mr_err err = {.message = ""};

    if (mr_cron_parse(mr_text_of(text), &cron, &err) != MR_OK) {
        fail_msg("%s", err.message);
    }
    return cron;
}

static mr_zone *open_zone(const char *name)
{
    mr_zone *zone = NULL;

    assert_int_equal(mr_zone_open(name, &zone, NULL), MR_OK);
    return zone;
}

static mr_civil civil(const char *text)
{
    mr_civil parsed = {0};

    assert_true(mr_civil_parse(mr_text_of(text), &parsed));
    return parsed;
}

/* Instants are written as UTC; the list ends with NULL. */
static void assert_due(const char *schedule, const char *zone_name, const char *after,
                       const char *const *expected)
{
    const mr_cron cron = parse(schedule);
    mr_zone *zone = open_zone(zone_name);
    int64_t at_s = civil(after).seconds;

    for (; *expected != NULL; expected++) {
        char text[mr_civil_text_bytes_max];

        assert_true(mr_cron_next(&cron, zone, at_s, &at_s));
        (void)mr_civil_format_iso((mr_civil){at_s}, text);
        text[strlen("yyyy-mm-dd hh:mm")] = '\0';
        assert_string_equal(text, *expected);
    }
    mr_zone_close(zone);
}

#define DUE(schedule, zone, after, ...) \
    assert_due(schedule, zone, after, (const char *const[]){__VA_ARGS__, NULL})

static void lists_ranges_steps_and_names(void **state)
{
    (void)state;
    DUE("*/20 8-9 * * *", "UTC", "2026-01-01 08:30", "2026-01-01 08:40", "2026-01-01 09:00",
        "2026-01-01 09:20", "2026-01-01 09:40", "2026-01-02 08:00");
    DUE("5,10-12 0 * * *", "UTC", "2026-01-01 00:05", "2026-01-01 00:10", "2026-01-01 00:11",
        "2026-01-01 00:12", "2026-01-02 00:05");
    DUE("0 0 1 jan,JUL *", "UTC", "2026-01-01", "2026-07-01 00:00", "2027-01-01 00:00");
    DUE("30 6 * * mon-fri", "UTC", "2026-11-20 07:00", "2026-11-23 06:30", "2026-11-24 06:30");
    DUE("0 0 * * 7", "UTC", "2026-11-23", "2026-11-29 00:00");
    DUE("0 0 * * 5-7", "UTC", "2026-11-23", "2026-11-27 00:00", "2026-11-28 00:00",
        "2026-11-29 00:00", "2026-12-04 00:00");
    DUE("10/25 0 * * *", "UTC", "2026-01-01", "2026-01-01 00:10", "2026-01-01 00:35",
        "2026-01-02 00:10");
    DUE("  0\t12  *  *  * ", "UTC", "2026-01-01", "2026-01-01 12:00");
    DUE("@Weekly", "UTC", "2026-11-23", "2026-11-29 00:00");
    DUE("@hourly", "UTC", "2026-11-23", "2026-11-23 01:00");
}

static void either_day_will_do_when_both_are_restricted(void **state)
{
    (void)state;
    DUE("0 0 13 * fri", "UTC", "2026-11-08", "2026-11-13 00:00", "2026-11-20 00:00",
        "2026-11-27 00:00", "2026-12-04 00:00", "2026-12-11 00:00", "2026-12-13 00:00");
    DUE("0 0 */10 * mon", "UTC", "2026-05-22", "2026-06-01 00:00", "2026-08-31 00:00");
}

static void leap_days_however_rare(void **state)
{
    (void)state;
    DUE("0 0 29 2 *", "UTC", "2096-03-01", "2104-02-29 00:00");
    DUE("0 0 29 2 */7", "UTC", "2005-01-01", "2032-02-29 00:00", "2060-02-29 00:00");
}

static void the_default_is_at_twenty_to_eight_in_paris_all_the_year(void **state)
{
    (void)state;
    DUE("40 7 * * *", "Europe/Paris", "2026-03-27 12:00", "2026-03-28 06:40", "2026-03-29 05:40",
        "2026-03-30 05:40");
    DUE("40 7 * * *", "Europe/Paris", "2026-10-24 12:00", "2026-10-25 06:40", "2026-10-26 06:40");
}

static void a_skipped_time_is_due_once_after_the_gap(void **state)
{
    (void)state;
    DUE("30 2 * * *", "Europe/Paris", "2026-03-28 00:00", "2026-03-28 01:30", "2026-03-29 01:00",
        "2026-03-30 00:30");
    DUE("*/10 2 * * *", "Europe/Paris", "2026-03-28 02:00", "2026-03-29 01:00", "2026-03-30 00:00");
    /* 02:00 is skipped and falls on 03:00, which is due itself: once */
    DUE("0 2,3 * * *", "Europe/Paris", "2026-03-28 02:30", "2026-03-29 01:00", "2026-03-30 00:00");
    DUE("0 */2 * * *", "Europe/Paris", "2026-03-28 22:00", "2026-03-28 23:00", "2026-03-29 01:00",
        "2026-03-29 02:00");
    DUE("0 0 * * *", "Africa/Cairo", "2026-04-22 22:00", "2026-04-23 22:00", "2026-04-24 21:00");
    DUE("40 7 30 12 *", "Pacific/Apia", "2011-01-01", "2011-12-30 10:00", "2012-12-29 17:40");
}

static void a_time_shown_twice_is_due_at_the_first(void **state)
{
    (void)state;
    DUE("30 2 * * *", "Europe/Paris", "2026-10-24 00:00", "2026-10-24 00:30", "2026-10-25 00:30",
        "2026-10-26 01:30");
    DUE("*/30 2 * * *", "Europe/Paris", "2026-10-24 12:00", "2026-10-25 00:00", "2026-10-25 00:30",
        "2026-10-26 01:00");
    /* asked in the second of the two hours */
    DUE("30 2 * * *", "Europe/Paris", "2026-10-25 01:10", "2026-10-26 01:30");
}

static void every_hour_goes_by_what_has_elapsed(void **state)
{
    (void)state;
    DUE("0 * * * *", "Europe/Paris", "2026-10-24 23:30", "2026-10-25 00:00", "2026-10-25 01:00",
        "2026-10-25 02:00");
    DUE("0 * * * *", "Europe/Paris", "2026-03-28 23:30", "2026-03-29 00:00", "2026-03-29 01:00",
        "2026-03-29 02:00");
    DUE("*/15 * * * *", "Europe/Paris", "2026-03-29 00:30", "2026-03-29 00:45", "2026-03-29 01:00",
        "2026-03-29 01:15");
    DUE("30 * * * *", "Europe/Paris", "2026-03-29 00:00", "2026-03-29 00:30", "2026-03-29 01:30");
    /* Lord Howe moves by half an hour: 02:00 is skipped, and no full hour stands in for it */
    DUE("0 * * * *", "Australia/Lord_Howe", "2026-10-03 14:00", "2026-10-03 14:30",
        "2026-10-03 15:30", "2026-10-03 16:00");
}

static void what_makes_no_sense_is_refused_by_name(void **state)
{
    static const struct {
        const char *text, *said;
    } cases[] = {
        {"", "0 fields"},
        {"* * * *", "4 fields"},
        {"* * * * * *", "more than 5"},
        {"60 * * * *", "minute"},
        {"0 24 * * *", "hour"},
        {"0 0 0 * *", "day of the month"},
        {"0 0 32 * *", "month"},
        {"0 0 * 13 *", "month"},
        {"0 0 * * 8", "day of the week"},
        {"0 0 * * mo", "week"},
        {"5-1 * * * *", "minute"},
        {"*/0 * * * *", "minute"},
        {"1,,2 * * * *", "minute"},
        {"*/ * * * *", "minute"},
        {"- * * * *", "minute"},
        {"0 0 30 2 *", "no month"},
        {"0 0 31 4,6,9,11 *", "no month"},
        {"@reboot", "@daily"},
        {"@", "@daily"},
        {"-1 * * * *", "minute"},
        {"1/2/3 * * * *", "minute"},
        {"0 0 * * fri-mon", "week"},
        {"99999999999999999999 * * * *", "minute"},
    };
    mr_cron cron;

    (void)state;
    for (size_t index = 0; index < sizeof cases / sizeof cases[0]; index++) {
        mr_err err = {.message = ""};

        if (mr_cron_parse(mr_text_of(cases[index].text), &cron, &err) != MR_INVALID ||
            strstr(err.message, cases[index].said) == NULL) {
            fail_msg("'%s' said '%s', not '%s'", cases[index].text, err.message, cases[index].said);
        }
    }
}

/* --- Every zone, minute by minute ------------------------------------------------------------- */

typedef struct watched {
    const char *schedule;
    bool (*is_on)(const struct tm *local);
    bool every_hour;
} watched;

static bool half_past_two(const struct tm *local)
{
    return local->tm_hour == 2 && local->tm_min == 30;
}

static bool midnight(const struct tm *local)
{
    return local->tm_hour == 0 && local->tm_min == 0;
}

static bool even_hours(const struct tm *local)
{
    return local->tm_hour % 2 == 0 && local->tm_min == 0;
}

static bool by_night(const struct tm *local)
{
    return local->tm_hour <= 3 && local->tm_min % 10 == 0;
}

static bool quarters(const struct tm *local)
{
    return local->tm_min % 15 == 0;
}

static bool full_hours(const struct tm *local)
{
    return local->tm_min == 0;
}

static bool sundays(const struct tm *local)
{
    return local->tm_wday == 0 && local->tm_hour == 1 && local->tm_min == 45;
}

static const watched watched_schedules[] = {
    {"30 2 * * *", half_past_two, false}, {"0 0 * * *", midnight, false},
    {"0 */2 * * *", even_hours, false},   {"*/10 0-3 * * *", by_night, false},
    {"*/15 * * * *", quarters, true},     {"0 * * * *", full_hours, true},
    {"45 1 * * sun", sundays, false},
};

enum { window_minutes = 2 * 3 * 60, shown_max = window_minutes + 2 };

static size_t changes_watched, zones_watched;

/* The wall clock as one number. */
static int64_t shown_at(int64_t instant_s, struct tm *ret_local)
{
    const time_t instant = (time_t)instant_s;

    assert_non_null(localtime_r(&instant, ret_local));
    return instant_s + ret_local->tm_gmtoff;
}

static bool was_shown(const int64_t *shown, size_t count, int64_t local_s)
{
    for (size_t index = 0; index < count; index++) {
        if (shown[index] == local_s) {
            return true;
        }
    }
    return false;
}

/* Is one of the minutes that clocks jump over on the schedule, by rule? */
static bool jumps_over_one(const watched *w, const int64_t *shown, size_t count, int64_t local_s)
{
    const int64_t jump_s = local_s - shown[count - 1] - 60;

    if (jump_s <= 0 || (w->every_hour && jump_s % 3600 == 0 && jump_s < 86400)) {
        return false;
    }
    for (int64_t s = shown[count - 1] + 60; s < local_s; s += 60) {
        const time_t as_utc = (time_t)s;
        struct tm parts;

        assert_non_null(gmtime_r(&as_utc, &parts));
        if (w->is_on(&parts) && !was_shown(shown, count, s)) {
            return true;
        }
    }
    return false;
}

/* By definition, one minute after the other. */
static void compare(const watched *w, const mr_zone *zone, int64_t from_s)
{
    const mr_cron cron = parse(w->schedule);
    int64_t shown[shown_max];
    int64_t due_s = 0;
    struct tm local;
    size_t count = 0;

    shown[count++] = shown_at(from_s, &local);
    assert_true(mr_cron_next(&cron, zone, from_s, &due_s));
    for (int64_t at_s = from_s + 60; at_s < from_s + window_minutes * 60; at_s += 60) {
        const int64_t local_s = shown_at(at_s, &local);
        const bool first = w->every_hour || !was_shown(shown, count, local_s);
        const bool expected =
            (w->is_on(&local) && first) || jumps_over_one(w, shown, count, local_s);

        if (expected != (due_s == at_s)) {
            fail_msg("%s in %s at %lld (%02d:%02d): %s, next is %lld", w->schedule,
                     mr_zone_name(zone), (long long)at_s, local.tm_hour, local.tm_min,
                     expected ? "missed" : "due without cause", (long long)due_s);
        }
        if (expected) {
            assert_true(mr_cron_next(&cron, zone, at_s, &due_s));
        }
        shown[count++] = local_s;
    }
}

static int watch_zone(const char *path, const struct stat *info, int kind, struct FTW *place)
{
    const char *name = path + strlen("/usr/share/zoneinfo/");
    mr_zone_change change = {.at_s = 1167609600}; /* 2007 */
    mr_zone *zone = NULL;

    (void)info;
    (void)place;
    if (kind != FTW_F || strncmp(name, "right/", 6) == 0 || strncmp(name, "posix/", 6) == 0 ||
        strchr(name, '.') != NULL || mr_zone_open(name, &zone, NULL) != MR_OK) {
        return 0;
    }
    (void)setenv("TZ", name, 1);
    tzset();
    while (mr_zone_next_change(zone, change.at_s, &change) && change.at_s < 1798761600) {
        const watched *w = &watched_schedules[changes_watched % (sizeof watched_schedules /
                                                                 sizeof watched_schedules[0])];

        compare(w, zone, change.at_s - window_minutes * 30);
        changes_watched++;
    }
    mr_zone_close(zone);
    zones_watched++;
    return 0;
}

static void around_every_change_of_every_zone(void **state)
{
    (void)state;
    assert_int_equal(nftw("/usr/share/zoneinfo", watch_zone, 8, FTW_PHYS), 0);
    assert_true(zones_watched > 300);
    assert_true(changes_watched > 5000);
    (void)unsetenv("TZ");
    tzset();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_ranges_steps_and_names),
        cmocka_unit_test(either_day_will_do_when_both_are_restricted),
        cmocka_unit_test(leap_days_however_rare),
        cmocka_unit_test(the_default_is_at_twenty_to_eight_in_paris_all_the_year),
        cmocka_unit_test(a_skipped_time_is_due_once_after_the_gap),
        cmocka_unit_test(a_time_shown_twice_is_due_at_the_first),
        cmocka_unit_test(every_hour_goes_by_what_has_elapsed),
        cmocka_unit_test(what_makes_no_sense_is_refused_by_name),
        cmocka_unit_test(around_every_change_of_every_zone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
