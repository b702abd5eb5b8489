/* SPDX-License-Identifier: Apache-2.0 */
/* base/zone.h - time zones by their IANA names: which wall-clock time an instant has, and back.
 *
 * Reads the system's time zone database (TZif, RFC 9636) rather than TZ and localtime, which belong
 * to the whole process. Rules for the time after a file's last change are honoured, so instants far
 * ahead are right. A zone never changes once opened: any number of threads may use it.
 */
#ifndef MR_BASE_ZONE_H
#define MR_BASE_ZONE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/civil.h"
#include "base/status.h"
#include "base/text.h"

enum { mr_zone_name_bytes_max = 64, mr_zone_abbreviation_bytes_max = 16 };

typedef struct mr_zone mr_zone;

/* MR_NOT_FOUND: no zone has that name, or the system has no zones. "UTC" is always there. */
mr_status mr_zone_open(const char *name, mr_zone **ret_zone, mr_err *err);
/* From the bytes of a TZif file. */
mr_status mr_zone_parse(const char *name, mr_text file, mr_zone **ret_zone, mr_err *err);
void mr_zone_close(mr_zone *zone); /* NULL is fine */
const char *mr_zone_name(const mr_zone *zone);

/* Instants are seconds since the epoch, of the years 1 to 9999. */
int32_t mr_zone_offset_s(const mr_zone *zone, int64_t instant_s); /* east of UTC is positive */
mr_civil mr_zone_local(const mr_zone *zone, int64_t instant_s);
/* "CEST" */
void mr_zone_abbreviation(const mr_zone *zone, int64_t instant_s,
                          char ret_text[static mr_zone_abbreviation_bytes_max]);

/* A moment at which clocks are put forward or back. */
typedef struct mr_zone_change {
    int64_t at_s;
    int32_t offset_before_s, offset_after_s;
} mr_zone_change;

/* The first change after an instant; false when there is none any more. */
bool mr_zone_next_change(const mr_zone *zone, int64_t after_s, mr_zone_change *ret_change);

/* The first instant whose wall clock shows `local`; where clocks skip it, the instant at which they
 * do (*ret_skipped, which may be NULL). */
int64_t mr_zone_instant(const mr_zone *zone, mr_civil local, bool *ret_skipped);

#endif
