/* SPDX-License-Identifier: Apache-2.0 */
/* medallion/report.c - a run's report as JSON, and its small words. */
#include <stdlib.h>

#include "medallion/medallion.h"

const char *mr_model_state_name(mr_model_state state)
{
    static const char *const names[] = {"done", "skipped", "failed", "blocked"};

    return names[state];
}

void mr_run_report_free(mr_run_report *report)
{
    if (report != NULL) {
        free(report->models);
        free(report);
    }
}

const char *mr_run_report_status(const mr_run_report *report)
{
    if (!report->ok) {
        return "failed";
    }
    return report->done == 0 ? "skipped" : "done";
}

static void write_text(mr_buffer *out, const char *key, const char *value)
{
    (void)mr_buffer_printf(out, "\"%s\":", key);
    (void)mr_buffer_append_json_string(out, mr_text_of(value));
}

static void write_checks(const mr_model_report *report, mr_buffer *out)
{
    (void)mr_buffer_append_string(out, ",\"checks\":[");
    for (size_t i = 0; i < report->check_count; i++) {
        const mr_check_result *check = &report->checks[i];
        (void)mr_buffer_append_string(out, i == 0 ? "{" : ",{");
        write_text(out, "check", check->check);
        (void)mr_buffer_printf(out, ",\"rows\":%lld,", (long long)check->rows);
        write_text(out, "sample", check->sample);
        (void)mr_buffer_append_string(out, "}");
    }
    (void)mr_buffer_append_string(out, "]");
}

static void write_model(const mr_model_report *report, mr_buffer *out)
{
    (void)mr_buffer_append_string(out, "{");
    write_text(out, "model", report->model->name);
    (void)mr_buffer_append_string(out, ",");
    write_text(out, "mode", mr_model_mode_name(report->model->mode));
    (void)mr_buffer_append_string(out, ",");
    write_text(out, "state", mr_model_state_name(report->state));
    (void)mr_buffer_append_string(out, ",");
    write_text(out, "message", report->message);
    (void)mr_buffer_printf(
        out,
        ",\"full\":%s,\"rows_read\":%lld,\"rows_new\":%lld,\"rows_changed\":%lld,"
        "\"rows_known\":%lld,\"rows\":%lld,\"files_added\":%llu,\"files_removed\":%llu,"
        "\"bytes_added\":%llu,\"version_from\":%lld,\"version_to\":%lld,\"version\":%lld,"
        "\"seconds\":%.6f",
        report->full ? "true" : "false", (long long)report->rows_read, (long long)report->rows_new,
        (long long)report->rows_changed, (long long)report->rows_known, (long long)report->rows,
        (unsigned long long)report->files_added, (unsigned long long)report->files_removed,
        (unsigned long long)report->bytes_added, (long long)report->version_from,
        (long long)report->version_to, (long long)report->version, (double)report->us / 1e6);
    write_checks(report, out);
    (void)mr_buffer_append_string(out, "}");
}

static void write_amount(mr_buffer *out, const char *key, const mr_balance *balance,
                         mr_amount amount)
{
    char text[mr_amount_text_bytes_max];

    (void)mr_amount_format(amount, balance->money ? 2 : 0, text);
    (void)mr_buffer_printf(out, ",\"%s\":%s", key, balance->known ? text : "null");
}

bool mr_reconciliation_json(const mr_reconciliation *reconciliation, mr_buffer *out)
{
    (void)mr_buffer_printf(
        out,
        "{\"holds\":%s,\"bronze_version\":%lld,\"silver_version\":%lld,"
        "\"gold_version\":%lld,\"balances\":[",
        reconciliation->holds ? "true" : "false", (long long)reconciliation->bronze_version,
        (long long)reconciliation->silver_version, (long long)reconciliation->gold_version);
    for (size_t i = 0; i < reconciliation->count; i++) {
        const mr_balance *balance = &reconciliation->balances[i];
        (void)mr_buffer_append_string(out, i == 0 ? "{" : ",{");
        write_text(out, "name", balance->name);
        (void)mr_buffer_printf(out, ",\"known\":%s,\"money\":%s,\"holds\":%s",
                               balance->known ? "true" : "false", balance->money ? "true" : "false",
                               balance->holds ? "true" : "false");
        write_amount(out, "left", balance, balance->left);
        write_amount(out, "right", balance, balance->right);
        write_amount(out, "difference", balance, balance->difference);
        (void)mr_buffer_append_string(out, ",");
        write_text(out, "note", balance->note);
        (void)mr_buffer_append_string(out, "}");
    }
    (void)mr_buffer_append_string(out, "]}");
    return !out->overflowed;
}

bool mr_run_report_json(const mr_run_report *report, mr_buffer *out)
{
    (void)mr_buffer_append_string(out, "{");
    write_text(out, "run", report->id);
    (void)mr_buffer_append_string(out, ",");
    write_text(out, "status", mr_run_report_status(report));
    (void)mr_buffer_append_string(out, ",");
    write_text(out, "engine", report->engine);
    if (report->ok && report->done == 0) {
        (void)mr_buffer_append_string(out, ",");
        write_text(out, "reason",
                   report->model_count > 0 ? report->models[0].message : "no model was asked for");
    }
    (void)mr_buffer_printf(out,
                           ",\"started_ms\":%lld,\"seconds\":%.6f,\"done\":%zu,\"skipped\":%zu,"
                           "\"failed\":%zu,\"blocked\":%zu,\"models\":[",
                           (long long)report->started_ms, (double)report->us / 1e6, report->done,
                           report->skipped, report->failed, report->blocked);
    for (size_t i = 0; i < report->model_count; i++) {
        (void)mr_buffer_append_string(out, i == 0 ? "" : ",");
        write_model(&report->models[i], out);
    }
    (void)mr_buffer_append_string(out, "],\"reconciliation\":");
    (void)mr_reconciliation_json(&report->reconciliation, out);
    (void)mr_buffer_append_string(out, "}");
    return !out->overflowed;
}
