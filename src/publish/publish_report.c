/* SPDX-License-Identifier: Apache-2.0 */
/* publish/publish_report.c - what a publication did, as JSON, and its small words.
 *
 * Called by:  cli/cmd_publish.c; from any thread.
 */
#include <stdlib.h>

#include "publish/publish.h"

const char *mr_publish_way_name(mr_publish_way way)
{
    static const char *const names[] = {"nothing", "changes", "whole", "define", "drop"};

    return names[way];
}

void mr_publish_report_free(mr_publish_report *report)
{
    if (report != NULL) {
        free(report->items);
        free(report);
    }
}

bool mr_publish_report_changed(const mr_publish_report *report)
{
    for (size_t i = 0; i < report->count; i++) {
        if (report->items[i].way != MR_PUBLISH_NOTHING) {
            return true;
        }
    }
    return report->granted;
}

static void write_text(mr_buffer *out, const char *key, const char *value)
{
    (void)mr_buffer_printf(out, "\"%s\":", key);
    (void)mr_buffer_append_json_string(out, mr_text_of(value));
}

static void write_version(mr_buffer *out, const char *key, int64_t version)
{
    (void)mr_buffer_printf(out, version < 0 ? ",\"%s\":null" : ",\"%s\":%lld", key,
                           (long long)version);
}

static void write_item(const mr_publish_item *item, mr_buffer *out)
{
    (void)mr_buffer_append_string(out, "{");
    write_text(out, "name", item->name);
    (void)mr_buffer_append_string(out, ",");
    write_text(out, "way", mr_publish_way_name(item->way));
    (void)mr_buffer_append_string(out, ",");
    write_text(out, "reason", item->reason);
    write_version(out, "version_from", item->version_from);
    write_version(out, "version", item->version);
    write_version(out, "rows", item->rows);
    (void)mr_buffer_printf(out, ",\"files_read\":%llu,\"rows_put\":%llu,\"rows_removed\":%llu}",
                           (unsigned long long)item->files_read, (unsigned long long)item->rows_put,
                           (unsigned long long)item->rows_removed);
}

bool mr_publish_report_json(const mr_publish_report *report, mr_buffer *out)
{
    const bool changed = mr_publish_report_changed(report);

    (void)mr_buffer_append_string(out, "{");
    write_text(out, "status", report->dry_run ? "planned" : changed ? "done" : "skipped");
    (void)mr_buffer_append_string(out, ",");
    if (!changed) {
        write_text(out, "reason", "the schema has these versions already");
        (void)mr_buffer_append_string(out, ",");
    }
    write_text(out, "target", report->target);
    (void)mr_buffer_append_string(out, ",");
    write_text(out, "schema", report->schema);
    (void)mr_buffer_printf(out,
                           ",\"seconds\":%.6f,\"granted\":%s,\"rows_put\":%llu,"
                           "\"rows_removed\":%llu,\"tables\":[",
                           (double)report->us / 1e6, report->granted ? "true" : "false",
                           (unsigned long long)report->rows_put,
                           (unsigned long long)report->rows_removed);
    for (size_t i = 0; i < report->count; i++) {
        (void)mr_buffer_append_string(out, i == 0 ? "" : ",");
        write_item(&report->items[i], out);
    }
    (void)mr_buffer_append_string(out, "]}");
    return !out->overflowed;
}
