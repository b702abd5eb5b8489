/* SPDX-License-Identifier: Apache-2.0 */
/* base/zone_test.c - zones: known changes, rules of the far future, and every zone of this system
 * against the C library's own reader.
 */
#define _GNU_SOURCE /* nftw, tm_gmtoff */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "base/zone.h"
#include "base/zone_rule.h"

static const int64_t hour_s = 3600;

static mr_zone *open_zone(const char *name)
{
    mr_zone *zone = NULL;
    mr_err err = {.message = ""};

    if (mr_zone_open(name, &zone, &err) != MR_OK) {
        fail_msg("%s", err.message);
    }
    return zone;
}

static mr_civil civil(const char *text)
{
    mr_civil parsed = {0};

    assert_true(mr_civil_parse(mr_text_of(text), &parsed));
    return parsed;
}

static void paris_changes_in_march_and_october(void **state)
{
    mr_zone *zone = open_zone("Europe/Paris");
    mr_zone_change change;
    char name[mr_zone_abbreviation_bytes_max];

    (void)state;
    assert_true(mr_zone_next_change(zone, civil("2026-01-01").seconds, &change));
    assert_int_equal(change.at_s, civil("2026-03-29 01:00").seconds);
    assert_int_equal(change.offset_before_s, hour_s);
    assert_int_equal(change.offset_after_s, 2 * hour_s);
    assert_true(mr_zone_next_change(zone, change.at_s, &change));
    assert_int_equal(change.at_s, civil("2026-10-25 01:00").seconds);
    mr_zone_abbreviation(zone, change.at_s, name);
    assert_string_equal(name, "CET");
    mr_zone_abbreviation(zone, change.at_s - 1, name);
    assert_string_equal(name, "CEST");
    mr_zone_close(zone);
}

static void a_skipped_time_is_the_instant_of_the_change(void **state)
{
    mr_zone *zone = open_zone("Europe/Paris");
    bool skipped = false;

    (void)state;
    assert_int_equal(mr_zone_instant(zone, civil("2026-03-29 02:30"), &skipped),
                     civil("2026-03-29 01:00").seconds);
    assert_true(skipped);
    assert_int_equal(mr_zone_instant(zone, civil("2026-03-29 03:00"), &skipped),
                     civil("2026-03-29 01:00").seconds);
    assert_false(skipped);
    assert_int_equal(mr_zone_instant(zone, civil("2026-03-29 01:59"), &skipped),
                     civil("2026-03-29 00:59").seconds);
    assert_false(skipped);
    mr_zone_close(zone);
}

static void a_time_shown_twice_is_the_first_of_the_two(void **state)
{
    mr_zone *zone = open_zone("Europe/Paris");
    bool skipped = true;

    (void)state;
    assert_int_equal(mr_zone_instant(zone, civil("2026-10-25 02:30"), &skipped),
                     civil("2026-10-25 00:30").seconds);
    assert_false(skipped);
    assert_int_equal(mr_zone_instant(zone, civil("2026-10-25 03:00"), NULL),
                     civil("2026-10-25 02:00").seconds);
    mr_zone_close(zone);
}

static void a_day_that_was_never_there(void **state)
{
    mr_zone *zone = open_zone("Pacific/Apia"); /* went from 29 to 31 December 2011 */
    bool skipped = false;

    (void)state;
    assert_int_equal(mr_zone_instant(zone, civil("2011-12-30 12:00"), &skipped),
                     civil("2011-12-30 10:00").seconds);
    assert_true(skipped);
    mr_zone_close(zone);
}

static void rules_hold_long_after_the_table_ends(void **state)
{
    mr_zone *zone = open_zone("Europe/Paris");

    (void)state;
    assert_int_equal(mr_zone_offset_s(zone, civil("2400-07-01").seconds), 2 * hour_s);
    assert_int_equal(mr_zone_offset_s(zone, civil("2400-12-01").seconds), hour_s);
    assert_int_equal(mr_zone_instant(zone, civil("2400-07-01 07:40"), NULL),
                     civil("2400-07-01 05:40").seconds);
    mr_zone_close(zone);
}

static void utc_needs_no_file_and_never_changes(void **state)
{
    mr_zone *zone = open_zone("UTC");
    mr_zone_change change;

    (void)state;
    assert_false(mr_zone_next_change(zone, 0, &change));
    assert_int_equal(mr_zone_local(zone, 1234567).seconds, 1234567);
    assert_string_equal(mr_zone_name(zone), "UTC");
    mr_zone_close(zone);
}

static void unknown_names_are_refused_with_what_would_do(void **state)
{
    static const char *const names[] = {"Europe/Pariss",     "",        "../../../etc/passwd",
                                        "/etc/localtime",    "a b",     "Europe",
                                        "Europe/./../Paris", "zone.tab"};

    (void)state;
    for (size_t index = 0; index < sizeof names / sizeof names[0]; index++) {
        mr_zone *zone = NULL;
        mr_err err = {.message = ""};

        assert_int_not_equal(mr_zone_open(names[index], &zone, &err), MR_OK);
        assert_null(zone);
        assert_true(strlen(err.message) > 10);
    }
}

static int32_t rule_offset(const char *text, const char *instant)
{
    mr_zone_rule rule;

    assert_true(mr_zone_rule_parse(mr_text_of(text), &rule));
    return mr_zone_rule_offset_s(&rule, civil(instant).seconds);
}

static void rules_of_every_form_are_read(void **state)
{
    (void)state;
    assert_int_equal(rule_offset("<+0530>-5:30", "2030-01-01"), 5 * 3600 + 1800);
    assert_int_equal(rule_offset("EST5EDT,M3.2.0,M11.1.0", "2030-07-01"), -4 * 3600);
    assert_int_equal(rule_offset("EST5EDT,M3.2.0,M11.1.0", "2030-12-01"), -5 * 3600);
    /* the south: summer lies over the new year */
    assert_int_equal(rule_offset("AEST-10AEDT,M10.1.0,M4.1.0/3", "2030-01-01"), 11 * 3600);
    assert_int_equal(rule_offset("AEST-10AEDT,M10.1.0,M4.1.0/3", "2030-07-01"), 10 * 3600);
    /* negative summer time, and summer time all the year */
    assert_int_equal(rule_offset("IST-1GMT0,M10.5.0,M3.5.0/1", "2030-12-01"), 0);
    assert_int_equal(rule_offset("EST5EDT,0/0,J365/25", "2030-12-31 23:59"), -4 * 3600);
    assert_int_equal(rule_offset("EST5EDT,0/0,J365/25", "2031-01-01 05:00"), -4 * 3600);
    /* 1 March is day 60 when 29 February is not counted */
    assert_int_equal(rule_offset("AAA0BBB,J60/0,J300/0", "2028-02-29 23:59"), 0);
    assert_int_equal(rule_offset("AAA0BBB,J60/0,J300/0", "2028-03-01"), 3600);
    assert_int_equal(rule_offset("AAA0BBB,59/0,J300/0", "2028-02-29"), 3600);
    /* on the Sunday after the last Thursday: times beyond a day */
    assert_int_equal(rule_offset("EET-2EEST,M3.4.4/50,M10.4.4/50", "2030-03-30 00:01"), 3 * 3600);
}

static void broken_rules_are_refused(void **state)
{
    static const char *const texts[] = {"",
                                        "A0",
                                        "AAA",
                                        "AAA0BBB",
                                        "AAA0BBB,M3.2.0",
                                        "AAA99",
                                        "<AAA0",
                                        "AAA0BBB,M13.1.0,M1.1.0",
                                        "AAA0BBB,M3.6.0,M1.1.0",
                                        "AAA0x",
                                        "AAA0BBB,J0,J5",
                                        "AAA0BBB,0/200,J5",
                                        "AAA0BBB,0/1,J5/1x"};
    mr_zone_rule rule;

    (void)state;
    for (size_t index = 0; index < sizeof texts / sizeof texts[0]; index++) {
        if (mr_zone_rule_parse(mr_text_of(texts[index]), &rule)) {
            fail_msg("'%s' was taken", texts[index]);
        }
    }
}

static void a_file_cut_anywhere_is_refused(void **state)
{
    mr_buffer file;
    mr_zone *zone = NULL;

    (void)state;
    mr_buffer_init(&file, 1048576);
    assert_int_equal(mr_file_read("/usr/share/zoneinfo/Europe/Paris", &file, NULL), MR_OK);
    for (size_t bytes = 0; bytes < file.bytes; bytes++) {
        assert_int_equal(mr_zone_parse("cut", (mr_text){file.data, bytes}, &zone, NULL),
                         MR_CORRUPT);
    }
    assert_int_equal(mr_zone_parse("whole", mr_buffer_text(&file), &zone, NULL), MR_OK);
    mr_zone_close(zone);
    mr_buffer_free(&file);
}

/* --- Every zone of the system ----------------------------------------------------------------- */

static const char zone_folder[] = "/usr/share/zoneinfo/";
static size_t zones_compared;

/* The C library's reader is another one than ours: whatever the hour, they must agree. */
static void compare_with_libc(const mr_zone *zone, const char *name)
{
    const int64_t until_s = 4102444800; /* 2100 */

    (void)setenv("TZ", name, 1);
    tzset();
    for (int64_t instant_s = -2208988800; instant_s < until_s; instant_s += 86400 * 11 + 5417) {
        const time_t instant = (time_t)instant_s;
        struct tm local;

        assert_non_null(localtime_r(&instant, &local));
        if (local.tm_gmtoff != mr_zone_offset_s(zone, instant_s)) {
            fail_msg("%s at %lld: %d, libc says %ld", name, (long long)instant_s,
                     mr_zone_offset_s(zone, instant_s), local.tm_gmtoff);
        }
    }
    mr_zone_change change = {.at_s = -2208988800};

    while (change.at_s < until_s && mr_zone_next_change(zone, change.at_s, &change)) {
        const time_t before = (time_t)change.at_s - 1, after = (time_t)change.at_s;
        struct tm local_before, local_after;

        assert_non_null(localtime_r(&before, &local_before));
        assert_non_null(localtime_r(&after, &local_after));
        assert_int_equal(local_before.tm_gmtoff, change.offset_before_s);
        assert_int_equal(local_after.tm_gmtoff, change.offset_after_s);
    }
}

static int visit_zone(const char *path, const struct stat *info, int kind, struct FTW *place)
{
    const char *name = path + strlen(zone_folder);
    mr_zone *zone = NULL;

    (void)info;
    (void)place;
    if (kind != FTW_F || strncmp(name, "right/", 6) == 0 || strncmp(name, "posix/", 6) == 0 ||
        strchr(name, '.') != NULL || mr_zone_open(name, &zone, NULL) != MR_OK) {
        return 0;
    }
    compare_with_libc(zone, name);
    mr_zone_close(zone);
    zones_compared++;
    return 0;
}

static void every_zone_agrees_with_the_c_library(void **state)
{
    (void)state;
    assert_int_equal(nftw("/usr/share/zoneinfo", visit_zone, 8, FTW_PHYS), 0);
    assert_true(zones_compared > 300);
    (void)unsetenv("TZ");
    tzset();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paris_changes_in_march_and_october),
        cmocka_unit_test(a_skipped_time_is_the_instant_of_the_change),
        cmocka_unit_test(a_time_shown_twice_is_the_first_of_the_two),
        cmocka_unit_test(a_day_that_was_never_there),
        cmocka_unit_test(rules_hold_long_after_the_table_ends),
        cmocka_unit_test(utc_needs_no_file_and_never_changes),
        cmocka_unit_test(unknown_names_are_refused_with_what_would_do),
        cmocka_unit_test(rules_of_every_form_are_read),
        cmocka_unit_test(broken_rules_are_refused),
        cmocka_unit_test(a_file_cut_anywhere_is_refused),
        cmocka_unit_test(every_zone_agrees_with_the_c_library),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
