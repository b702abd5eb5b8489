/* SPDX-License-Identifier: Apache-2.0 */
/* orchestrator/task_report.c - reads the report of a task; see task_report.h. */
#include "orchestrator/task_report.h"

#include <stdio.h>
#include <string.h>
#include <yyjson.h>

static bool is_status(yyjson_val *root, const char *status)
{
    const char *text = yyjson_get_str(yyjson_obj_get(root, "status"));

    return text != NULL && strcmp(text, status) == 0;
}

/* A text, or an object with the text as its "message". */
static const char *text_of(yyjson_val *root, const char *name)
{
    yyjson_val *value = yyjson_obj_get(root, name);

    return yyjson_get_str(yyjson_is_obj(value) ? yyjson_obj_get(value, "message") : value);
}

/* Of a run of models, the first that failed: "gold.fact_sales: check unique: 3 rows". */
static void find_failed_model(yyjson_val *root, char ret_reason[static mr_run_reason_bytes_max])
{
    yyjson_val *models = yyjson_obj_get(root, "models");
    yyjson_val *model;
    size_t index, count;

    yyjson_arr_foreach(models, index, count, model)
    {
        const char *state = yyjson_get_str(yyjson_obj_get(model, "state"));
        const char *name = text_of(model, "model"), *message = text_of(model, "message");

        if (state != NULL && strcmp(state, "failed") == 0 && name != NULL) {
            (void)snprintf(ret_reason, mr_run_reason_bytes_max, "%.60s: %.180s", name,
                           message != NULL ? message : "failed");
            return;
        }
    }
}

void mr_task_report_read(mr_text report, mr_task_verdict *ret_verdict)
{
    yyjson_doc *document =
        report.bytes > 0 ? yyjson_read(report.data, report.bytes, YYJSON_READ_NOFLAG) : NULL;
    yyjson_val *root = yyjson_doc_get_root(document);
    mr_task_verdict verdict = {.complete = yyjson_is_obj(root)};
    const char *reason = text_of(root, "reason");

    if (reason == NULL) {
        reason = text_of(root, "error");
    }
    if (verdict.complete) {
        verdict.skipped = is_status(root, "skipped");
        verdict.failed = is_status(root, "failed");
        (void)snprintf(verdict.reason, sizeof verdict.reason, "%.250s",
                       reason != NULL ? reason : "");
        if (verdict.failed && reason == NULL) {
            find_failed_model(root, verdict.reason);
        }
    }
    yyjson_doc_free(document);
    *ret_verdict = verdict;
}
