/* SPDX-License-Identifier: Apache-2.0 */
/* base/zone.c - reads TZif files (RFC 9636); see zone.h.
 *
 *     "TZif" version ... counts   the first block, for 32-bit readers: skipped
 *     "TZif" version ... counts   times | types of times | types | names | leap seconds | flags
 *     \n rule \n                  what holds after the last time, as TZ of POSIX writes it
 *
 * Owns:       the zone's tables.
 * Threads:    any; nothing changes after mr_zone_parse.
 * Invariants: times ascend strictly; every type index is below type_count; offsets lie within
 *             RFC 9636's bounds, so a local time is at most 26 hours from the instant it names.
 * Not here:   the rule behind the table (zone_rule.c).
 */
#include "base/zone.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/zone_rule.h"

enum {
    header_bytes = 44,
    header_count_offset = 20,
    time_bytes = 8,
    time_bytes_of_first = 4,
    type_bytes = 6,
    leap_bytes = 12,
    leap_bytes_of_first = 8,
    times_max = 10000,
    types_max = 256,
    file_bytes_max = 1048576,
    path_bytes_max = 256,
    local_reach_s = 26 * 3600, /* farthest that a local time lies from its instant */
    rule_years = 4,            /* looked through for a change: a rule has one every year, or none */
};

static const char zone_folder[] = "/usr/share/zoneinfo";

typedef struct zone_type {
    int32_t offset_s;
    char abbreviation[mr_zone_abbreviation_bytes_max];
} zone_type;

struct mr_zone {
    char name[mr_zone_name_bytes_max];
    int64_t *times;
    uint8_t *time_types;
    size_t time_count;
    zone_type *types; /* the first holds before the first time */
    size_t type_count;
    bool has_rule;
    mr_zone_rule rule;
};

/* --- Reading -------------------------------------------------------------------------------- */

typedef struct zone_counts {
    uint32_t utc_flags, standard_flags, leaps, times, types, name_bytes;
} zone_counts;

static uint32_t read_uint32(const char *data)
{
    const unsigned char *bytes = (const unsigned char *)data;

    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static int64_t read_int64(const char *data)
{
    return (int64_t)((uint64_t)read_uint32(data) << 32 | read_uint32(data + 4));
}

/* Cuts `bytes` off the front; false when there are fewer. */
static bool cut(mr_text *rest, uint64_t bytes, mr_text *ret_part)
{
    if (rest->bytes < bytes) {
        return false;
    }
    *ret_part = (mr_text){rest->data, (size_t)bytes};
    rest->data += bytes;
    rest->bytes -= (size_t)bytes;
    return true;
}

static bool cut_header(mr_text *rest, zone_counts *ret_counts)
{
    mr_text header;
    const char *counts;

    if (!cut(rest, header_bytes, &header) || memcmp(header.data, "TZif", 4) != 0 ||
        header.data[4] < '2') {
        return false;
    }
    counts = header.data + header_count_offset;
    *ret_counts = (zone_counts){
        .utc_flags = read_uint32(counts),
        .standard_flags = read_uint32(counts + 4),
        .leaps = read_uint32(counts + 8),
        .times = read_uint32(counts + 12),
        .types = read_uint32(counts + 16),
        .name_bytes = read_uint32(counts + 20),
    };
    return true;
}

static bool skip_first_block(mr_text *rest)
{
    zone_counts counts;
    mr_text skipped;

    return cut_header(rest, &counts) &&
           cut(rest,
               (uint64_t)counts.times * (time_bytes_of_first + 1) +
                   (uint64_t)counts.types * type_bytes + counts.name_bytes +
                   (uint64_t)counts.leaps * leap_bytes_of_first + counts.standard_flags +
                   counts.utc_flags,
               &skipped);
}

static bool take_times(mr_zone *zone, mr_text times, mr_text indexes)
{
    zone->time_count = indexes.bytes;
    zone->times = mr_alloc_zero(zone->time_count + 1, sizeof *zone->times);
    zone->time_types = mr_alloc_zero(zone->time_count + 1, 1);
    for (size_t index = 0; index < zone->time_count; index++) {
        zone->times[index] = read_int64(times.data + index * time_bytes);
        zone->time_types[index] = (uint8_t)indexes.data[index];
        if (zone->time_types[index] >= zone->type_count ||
            (index > 0 && zone->times[index] <= zone->times[index - 1])) {
            return false;
        }
    }
    return true;
}

static bool take_types(mr_zone *zone, mr_text types, mr_text names)
{
    zone->type_count = types.bytes / type_bytes;
    zone->types = mr_alloc_zero(zone->type_count, sizeof *zone->types);
    for (size_t index = 0; index < zone->type_count; index++) {
        const char *from = types.data + index * type_bytes;
        const int32_t offset_s = (int32_t)read_uint32(from);
        const size_t name = (unsigned char)from[5];

        if (offset_s < mr_zone_offset_s_min || offset_s > mr_zone_offset_s_max ||
            name >= names.bytes) {
            return false;
        }
        zone->types[index].offset_s = offset_s;
        (void)snprintf(zone->types[index].abbreviation, mr_zone_abbreviation_bytes_max, "%.*s",
                       (int)strnlen(names.data + name, names.bytes - name), names.data + name);
    }
    return true;
}

static bool take_rule(mr_zone *zone, mr_text rest)
{
    const char *end;

    if (rest.bytes < 2 || rest.data[0] != '\n') {
        return false;
    }
    end = memchr(rest.data + 1, '\n', rest.bytes - 1);
    if (end == NULL) {
        return false;
    }
    zone->has_rule = end > rest.data + 1;
    return !zone->has_rule ||
           mr_zone_rule_parse((mr_text){rest.data + 1, (size_t)(end - rest.data - 1)}, &zone->rule);
}

/* The second block and the rule. */
static const char *take(mr_zone *zone, mr_text rest)
{
    zone_counts counts;
    mr_text times, indexes, types, names, flags;

    if (!skip_first_block(&rest) || !cut_header(&rest, &counts) || counts.times > times_max ||
        counts.types == 0 || counts.types > types_max) {
        return "it is no TZif file of version 2 or later";
    }
    if (counts.leaps > 0) {
        return "it counts leap seconds, as this system's clock does not";
    }
    if (!cut(&rest, (uint64_t)counts.times * time_bytes, &times) ||
        !cut(&rest, counts.times, &indexes) ||
        !cut(&rest, (uint64_t)counts.types * type_bytes, &types) ||
        !cut(&rest, counts.name_bytes, &names) ||
        !cut(&rest, (uint64_t)counts.standard_flags + counts.utc_flags, &flags)) {
        return "it is cut short";
    }
    if (!take_types(zone, types, names) || !take_times(zone, times, indexes)) {
        return "its tables contradict each other";
    }
    return take_rule(zone, rest) ? NULL : "its rule for the time to come cannot be read";
}

mr_status mr_zone_parse(const char *name, mr_text file, mr_zone **ret_zone, mr_err *err)
{
    mr_zone *zone = mr_alloc_zero(1, sizeof *zone);
    const char *fault;

    (void)snprintf(zone->name, sizeof zone->name, "%s", name);
    fault = take(zone, file);
    if (fault != NULL) {
        mr_zone_close(zone);
        return mr_fail(err, MR_CORRUPT, "time zone %s: %s", name, fault);
    }
    *ret_zone = zone;
    return MR_OK;
}

/* A name, not a path that leads elsewhere. */
static bool is_name(const char *name)
{
    const size_t bytes = strlen(name);

    if (bytes == 0 || bytes >= mr_zone_name_bytes_max || name[0] == '/') {
        return false;
    }
    for (size_t index = 0; index < bytes; index++) {
        const char c = name[index];

        if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
              c == '_' || c == '+' || c == '-' || c == '/')) {
            return false;
        }
    }
    return true;
}

static mr_zone *make_utc(const char *name)
{
    mr_zone *zone = mr_alloc_zero(1, sizeof *zone);

    (void)snprintf(zone->name, sizeof zone->name, "%s", name);
    zone->type_count = 1;
    zone->types = mr_alloc_zero(1, sizeof *zone->types);
    (void)snprintf(zone->types[0].abbreviation, mr_zone_abbreviation_bytes_max, "UTC");
    return zone;
}

mr_status mr_zone_open(const char *name, mr_zone **ret_zone, mr_err *err)
{
    char path[path_bytes_max];
    mr_buffer file;
    mr_status status;

    if (strcmp(name, "UTC") == 0 || strcmp(name, "Etc/UTC") == 0) {
        *ret_zone = make_utc(name);
        return MR_OK;
    }
    if (access(zone_folder, R_OK) != 0) {
        return mr_fail(err, MR_NOT_FOUND,
                       "time zone %.64s: this system has no %s; install the package tzdata, or use "
                       "UTC",
                       name, zone_folder);
    }
    (void)snprintf(path, sizeof path, "%s/%.64s", zone_folder, name);
    if (!is_name(name) || access(path, R_OK) != 0) {
        return mr_fail(err, MR_NOT_FOUND,
                       "time zone '%.64s' is unknown: names are like Europe/Paris, and lie in %s",
                       name, zone_folder);
    }
    mr_buffer_init(&file, file_bytes_max);
    status = mr_file_read(path, &file, err);
    if (status == MR_OK) {
        status = mr_zone_parse(name, mr_buffer_text(&file), ret_zone, err);
    }
    mr_buffer_free(&file);
    return status;
}

void mr_zone_close(mr_zone *zone)
{
    if (zone != NULL) {
        free(zone->times);
        free(zone->time_types);
        free(zone->types);
        free(zone);
    }
}

const char *mr_zone_name(const mr_zone *zone)
{
    return zone->name;
}

/* --- Instants ------------------------------------------------------------------------------- */

/* Times at or before the instant. */
static size_t times_until(const mr_zone *zone, int64_t instant_s)
{
    size_t low = 0;
    size_t high = zone->time_count;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;

        if (zone->times[middle] <= instant_s) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* The type that holds at an instant, or NULL where the rule does. */
static const zone_type *type_at(const mr_zone *zone, int64_t instant_s)
{
    const size_t until = times_until(zone, instant_s);

    if (until == zone->time_count && zone->has_rule) {
        return NULL;
    }
    return &zone->types[until == 0 ? 0 : zone->time_types[until - 1]];
}

int32_t mr_zone_offset_s(const mr_zone *zone, int64_t instant_s)
{
    const zone_type *type = type_at(zone, instant_s);

    return type != NULL ? type->offset_s : mr_zone_rule_offset_s(&zone->rule, instant_s);
}

void mr_zone_abbreviation(const mr_zone *zone, int64_t instant_s,
                          char ret_text[static mr_zone_abbreviation_bytes_max])
{
    const zone_type *type = type_at(zone, instant_s);

    (void)snprintf(ret_text, mr_zone_abbreviation_bytes_max, "%s",
                   type != NULL ? type->abbreviation
                                : mr_zone_rule_abbreviation(&zone->rule, instant_s));
}

mr_civil mr_zone_local(const mr_zone *zone, int64_t instant_s)
{
    return (mr_civil){instant_s + mr_zone_offset_s(zone, instant_s)};
}

/* false where nothing changes at the instant but a name. */
static bool change_at(const mr_zone *zone, int64_t at_s, mr_zone_change *ret_change)
{
    const mr_zone_change change = {.at_s = at_s,
                                   .offset_before_s = mr_zone_offset_s(zone, at_s - 1),
                                   .offset_after_s = mr_zone_offset_s(zone, at_s)};

    if (change.offset_before_s == change.offset_after_s) {
        return false;
    }
    *ret_change = change;
    return true;
}

bool mr_zone_next_change(const mr_zone *zone, int64_t after_s, mr_zone_change *ret_change)
{
    int64_t at_s = after_s;

    for (size_t index = times_until(zone, after_s); index < zone->time_count; index++) {
        at_s = zone->times[index];
        if (change_at(zone, at_s, ret_change)) {
            return true;
        }
    }
    for (int step = 0; step < 2 * rule_years && zone->has_rule; step++) {
        if (!mr_zone_rule_next(&zone->rule, at_s, &at_s)) {
            return false;
        }
        if (change_at(zone, at_s, ret_change)) {
            return true;
        }
    }
    return false;
}

int64_t mr_zone_instant(const mr_zone *zone, mr_civil local, bool *ret_skipped)
{
    int64_t from_s = local.seconds - local_reach_s;
    const int64_t until_s = local.seconds + local_reach_s;
    mr_zone_change change;
    bool skipped = false;
    int64_t instant_s;

    for (;;) {
        const bool changes = mr_zone_next_change(zone, from_s, &change) && change.at_s <= until_s;

        instant_s = local.seconds - mr_zone_offset_s(zone, from_s);
        if (!changes || instant_s < change.at_s) {
            break;
        }
        if (local.seconds - change.offset_after_s < change.at_s) {
            instant_s = change.at_s;
            skipped = true;
            break;
        }
        from_s = change.at_s;
    }
    if (ret_skipped != NULL) {
        *ret_skipped = skipped;
    }
    return instant_s;
}
