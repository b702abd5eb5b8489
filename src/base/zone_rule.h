/* SPDX-License-Identifier: Apache-2.0 */
/* base/zone_rule.h - a zone's rule for the time to come: "CET-1CEST,M3.5.0,M10.5.0/3".
 *
 * The form of POSIX's TZ variable as TZif files carry it (RFC 9636 section 3.3.1). Only zone.c uses
 * it. Plain value.
 */
#ifndef MR_BASE_ZONE_RULE_H
#define MR_BASE_ZONE_RULE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

enum {
    mr_zone_offset_s_min = -25 * 3600 + 1, /* RFC 9636 section 3.2 */
    mr_zone_offset_s_max = 26 * 3600 - 1,
    mr_zone_rule_name_bytes_max = 16,
};

typedef enum mr_zone_day_kind {
    MR_ZONE_DAY_OF_MONTH, /* the week-th weekday of a month; week 5 is the last */
    MR_ZONE_DAY_OF_YEAR,  /* 0 to 365, 29 February counts */
    MR_ZONE_DAY_NOT_LEAP, /* 1 to 365, 29 February is left out */
} mr_zone_day_kind;

typedef struct mr_zone_day {
    mr_zone_day_kind kind;
    int32_t month, week, day;
    int32_t time_s; /* of the wall clock before the change; may lie on days before or after */
} mr_zone_day;

typedef struct mr_zone_rule {
    char standard_name[mr_zone_rule_name_bytes_max];
    char summer_name[mr_zone_rule_name_bytes_max]; /* "" where clocks never change */
    int32_t standard_s, summer_s;                  /* east of UTC is positive */
    mr_zone_day summer_begins, summer_ends;
} mr_zone_rule;

bool mr_zone_rule_parse(mr_text text, mr_zone_rule *ret_rule);
int32_t mr_zone_rule_offset_s(const mr_zone_rule *rule, int64_t instant_s);
const char *mr_zone_rule_abbreviation(const mr_zone_rule *rule, int64_t instant_s);
/* The next instant at which clocks may change; false where they never do. */
bool mr_zone_rule_next(const mr_zone_rule *rule, int64_t after_s, int64_t *ret_at_s);

#endif
