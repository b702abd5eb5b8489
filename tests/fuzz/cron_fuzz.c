/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz/cron_fuzz.c - any text as a schedule, any bytes as a zone.
 *
 * Input: 4 bytes for the instant, the schedule up to a NUL, and the zone's file behind it (none:
 * UTC). Whatever is taken must go on in time: each instant after the one before, and on a minute
 * that the schedule has, or at a change of the zone's clocks.
 */
#include <stdlib.h>
#include <string.h>

#include "orchestrator/cron.h"

enum { head_bytes = 4, instants = 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static bool is_at_change(const mr_zone *zone, int64_t at_s)
{
    mr_zone_change change;

    return mr_zone_next_change(zone, at_s - 1, &change) && change.at_s == at_s;
}

static void walk(const mr_cron *cron, const mr_zone *zone, int64_t from_s)
{
    int64_t at_s = from_s;

    for (int count = 0; count < instants; count++) {
        const int64_t before_s = at_s;
        mr_civil local, shown;

        if (!mr_cron_next(cron, zone, at_s, &at_s)) {
            return;
        }
        shown = mr_zone_local(zone, at_s);
        MR_ASSERT(at_s > before_s);
        MR_ASSERT((mr_cron_next_local(cron, shown, &local) && local.seconds == shown.seconds) ||
                  is_at_change(zone, at_s));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    const char *text = (const char *)data + head_bytes;
    const char *end;
    uint32_t instant = 0;
    mr_zone *zone = NULL;
    mr_text file;
    mr_cron cron;
    mr_status status;

    if (bytes <= head_bytes) {
        return 0;
    }
    memcpy(&instant, data, head_bytes);
    end = memchr(text, '\0', bytes - head_bytes);
    if (end == NULL) {
        end = text + bytes - head_bytes;
    }
    file = (mr_text){end + 1, end < (const char *)data + bytes
                                  ? (size_t)((const char *)data + bytes - end - 1)
                                  : 0};
    status = file.bytes > 0 ? mr_zone_parse("fuzz", file, &zone, NULL)
                            : mr_zone_open("UTC", &zone, NULL);
    if (status == MR_OK &&
        mr_cron_parse((mr_text){text, (size_t)(end - text)}, &cron, NULL) == MR_OK) {
        walk(&cron, zone, instant);
    }
    mr_zone_close(zone);
    return 0;
}
