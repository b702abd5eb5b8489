/* SPDX-License-Identifier: Apache-2.0 */
/* medallion/quality_last.c - the balances of the last run, from the log of ops/quality.
 *
 * A commit of a run carries its balances as JSON in its operationMetrics (quality.c). So looking
 * costs a few small files, and no engine.
 */
#include <stdio.h>
#include <yyjson.h>

#include "medallion/quality.h"

static const char quality_path[] = "ops/quality";
enum { entries_max = 64 }; /* newest first: between two runs there are optimizes at most */

typedef struct search {
    mr_kept_reconciliation kept;
    size_t entries;
    bool found;
} search;

static void copy_text(yyjson_val *object, const char *key, char *out, size_t bytes)
{
    yyjson_val *value = yyjson_obj_get(object, key);
    const char *text = yyjson_is_raw(value) ? yyjson_get_raw(value) : yyjson_get_str(value);

    (void)snprintf(out, bytes, "%s", text == NULL ? "" : text);
}

/* Numbers are read as their digits: amounts are exact. */
static int64_t integer_of(yyjson_val *object, const char *key, int64_t otherwise)
{
    yyjson_val *value = yyjson_obj_get(object, key);
    const char *text = yyjson_is_raw(value) ? yyjson_get_raw(value) : yyjson_get_str(value);
    int64_t number = otherwise;

    return text != NULL && mr_parse_int64(mr_text_of(text), &number) ? number : otherwise;
}

static void read_balance(yyjson_val *object, mr_kept_balance *balance)
{
    copy_text(object, "name", balance->name, sizeof(balance->name));
    balance->known = yyjson_is_true(yyjson_obj_get(object, "known"));
    balance->holds = yyjson_is_true(yyjson_obj_get(object, "holds"));
    copy_text(object, "left", balance->left, sizeof(balance->left));
    copy_text(object, "right", balance->right, sizeof(balance->right));
    copy_text(object, "difference", balance->difference, sizeof(balance->difference));
    copy_text(object, "note", balance->note, sizeof(balance->note));
}

static bool read_balances(const char *json, mr_kept_reconciliation *kept)
{
    yyjson_doc *document = yyjson_read(json, strlen(json), YYJSON_READ_NUMBER_AS_RAW);
    yyjson_val *root = yyjson_doc_get_root(document);
    yyjson_val *balances = yyjson_obj_get(root, "balances");
    const bool whole =
        yyjson_is_arr(balances) && yyjson_arr_size(balances) <= (size_t)mr_balances_max;

    if (whole) {
        kept->holds = yyjson_is_true(yyjson_obj_get(root, "holds"));
        kept->bronze_version = integer_of(root, "bronze_version", -1);
        kept->silver_version = integer_of(root, "silver_version", -1);
        kept->gold_version = integer_of(root, "gold_version", -1);
        for (kept->count = 0; kept->count < yyjson_arr_size(balances); kept->count++) {
            read_balance(yyjson_arr_get(balances, kept->count), &kept->balances[kept->count]);
        }
    }
    yyjson_doc_free(document);
    return whole;
}

static bool visit_entry(void *ctx, const mr_delta_entry *entry)
{
    search *s = ctx;
    yyjson_doc *metrics = NULL;

    if (entry->info != NULL) {
        metrics = yyjson_read(entry->info, strlen(entry->info), YYJSON_READ_NUMBER_AS_RAW);
    }
    yyjson_val *root = yyjson_doc_get_root(metrics);
    const char *json = yyjson_get_str(yyjson_obj_get(root, mr_quality_info_key));
    if (json != NULL && read_balances(json, &s->kept)) {
        copy_text(root, "run", s->kept.run, sizeof(s->kept.run));
        s->kept.started_ms = integer_of(root, "startedMs", 0);
        s->found = true;
    }
    yyjson_doc_free(metrics);
    s->entries++;
    return !s->found && s->entries < entries_max;
}

mr_status mr_medallion_last_reconciliation(mr_blobs *blobs, mr_kept_reconciliation *ret_kept,
                                           mr_err *err)
{
    search s = {.found = false};
    mr_delta_table *table = mr_delta_table_create(blobs, quality_path);
    mr_status status = mr_delta_history(table, visit_entry, &s, err);

    mr_delta_table_destroy(table);
    if (status != MR_OK) {
        return status;
    }
    if (!s.found) {
        return mr_fail(err, MR_NOT_FOUND, "no run has kept its balances yet");
    }
    *ret_kept = s.kept;
    return MR_OK;
}
