/* SPDX-License-Identifier: Apache-2.0 */
/* cli/snapshot_json.c - a snapshot as one JSON object on one line. Amounts are strings: they are
 * exact, and a reader's floating point would spoil them.
 */
#include <inttypes.h>
#include <string.h>

#include "cli/snapshot_print.h"

#define PRINT(...) MR_ASSERT(mr_buffer_printf(__VA_ARGS__))

static void string(mr_buffer *out, const char *value)
{
    const mr_text given = mr_text_of(value);

    /* A message cut at its limit may end within a character. */
    MR_ASSERT(mr_utf8_valid(given) ? mr_buffer_append_json_string(out, given)
                                   : mr_buffer_append_string(out, "\"(not UTF-8)\""));
}

static void text(mr_buffer *out, const char *name, const char *value)
{
    PRINT(out, "\"%s\":", name);
    string(out, value);
}

static void role(const mr_snapshot_role *role_seen, mr_buffer *out)
{
    const mr_role_state *state = &role_seen->state;

    PRINT(out, "{");
    text(out, "role", state->role);
    PRINT(out, ",\"pid\":%d,\"alive\":%s,", state->pid, state->alive ? "true" : "false");
    text(out, "address", state->address);
    PRINT(out,
          ",\"started_ms\":%" PRId64 ",\"updated_ms\":%" PRId64 ",\"events\":%" PRIu64
          ",\"errors\":%" PRIu64 ",\"events_per_second\":%.1f,\"resident_bytes\":%" PRIu64
          ",\"cpu_seconds\":%.2f,",
          state->started_ms, state->updated_ms, state->events, state->errors,
          state->events_per_second, role_seen->resident_bytes, role_seen->cpu_seconds);
    text(out, "last_error", state->last_error);
    PRINT(out, ",\"last_error_ms\":%" PRId64 "}", state->last_error_ms);
}

static void topic(const mr_bus_topic_info *info, mr_buffer *out)
{
    PRINT(out, "{");
    text(out, "topic", info->topic);
    PRINT(out,
          ",\"partition\":%" PRId32 ",\"first_offset\":%" PRId64 ",\"next_offset\":%" PRId64
          ",\"bytes\":%" PRIu64 ",\"last_append_ms\":%" PRId64 "}",
          info->partition, info->first_offset, info->next_offset, info->bytes,
          info->last_append_ms);
}

static void group(const mr_snapshot_group *seen, mr_buffer *out)
{
    PRINT(out, "{");
    text(out, "group", seen->info.group);
    PRINT(out, ",");
    text(out, "topic", seen->info.topic);
    PRINT(out,
          ",\"partition\":%" PRId32 ",\"next_offset\":%" PRId64 ",\"lag\":%" PRIu64
          ",\"published_ms\":%" PRId64 "}",
          seen->info.partition, seen->info.next_offset, seen->lag, seen->info.published_ms);
}

static void store(const mr_snapshot *snapshot, mr_buffer *out)
{
    const mr_store_totals *totals = &snapshot->store;
    char sales[mr_amount_text_bytes_max];
    char cancelled[mr_amount_text_bytes_max];

    if (!snapshot->has_store) {
        PRINT(out, "\"store\":null");
        return;
    }
    (void)mr_amount_format(totals->sales, 2, sales);
    (void)mr_amount_format(totals->cancelled, 2, cancelled);
    PRINT(out,
          "\"store\":{\"lines\":%" PRIu64 ",\"invoices\":%" PRIu64
          ",\"cancelled_invoices\":%" PRIu64 ",\"customers\":%" PRIu64 ",\"products\":%" PRIu64
          ",\"countries\":%" PRIu64 ",\"sales\":%s,\"cancelled\":%s}",
          totals->lines, totals->invoices, totals->cancelled_invoices, totals->customers,
          totals->products, totals->countries, sales, cancelled);
}

static void runs(const mr_snapshot *snapshot, mr_buffer *out)
{
    const mr_run *run = &snapshot->last_run;

    PRINT(out, ",\"runs\":{\"next_ms\":%" PRId64 ",\"last\":", snapshot->next_run_ms);
    if (snapshot->has_run) {
        PRINT(out,
              "{\"id\":\"%s\",\"kind\":\"%s\",\"state\":\"%s\",\"started_ms\":%" PRId64
              ",\"ended_ms\":%" PRId64 ",",
              run->id, mr_run_kind_name(run->kind), mr_run_state_name(run->state), run->started_ms,
              run->ended_ms);
        text(out, "reason", run->reason);
        PRINT(out, "}}");
    } else {
        PRINT(out, "null}");
    }
}

static void separate(mr_buffer *out, size_t index)
{
    if (index > 0) {
        PRINT(out, ",");
    }
}

/* Digits as they were kept; "" where the balance could not be told. */
static void digits(mr_buffer *out, const char *name, const char *value)
{
    PRINT(out, ",\"%s\":%s", name, value[0] != '\0' ? value : "null");
}

static void balances(const mr_snapshot *snapshot, mr_buffer *out)
{
    const mr_kept_reconciliation *kept = &snapshot->balances;

    if (!snapshot->has_balances) {
        PRINT(out, ",\"reconciliation\":null");
        return;
    }
    PRINT(out, ",\"reconciliation\":{");
    text(out, "run", kept->run);
    PRINT(out,
          ",\"started_ms\":%" PRId64 ",\"holds\":%s,\"bronze_version\":%" PRId64
          ",\"silver_version\":%" PRId64 ",\"gold_version\":%" PRId64 ",\"balances\":[",
          kept->started_ms, kept->holds ? "true" : "false", kept->bronze_version,
          kept->silver_version, kept->gold_version);
    for (size_t index = 0; index < kept->count; index++) {
        const mr_kept_balance *balance = &kept->balances[index];

        separate(out, index);
        PRINT(out, "{");
        text(out, "name", balance->name);
        PRINT(out, ",\"known\":%s,\"holds\":%s", balance->known ? "true" : "false",
              balance->holds ? "true" : "false");
        digits(out, "left", balance->left);
        digits(out, "right", balance->right);
        digits(out, "difference", balance->difference);
        PRINT(out, ",");
        text(out, "note", balance->note);
        PRINT(out, "}");
    }
    PRINT(out, "]}");
}

static void lists(const mr_snapshot *snapshot, mr_buffer *out)
{
    PRINT(out, "\"roles\":[");
    for (size_t index = 0; index < snapshot->role_count; index++) {
        separate(out, index);
        role(&snapshot->roles[index], out);
    }
    PRINT(out, "],\"topics\":[");
    for (size_t index = 0; index < snapshot->topic_count; index++) {
        separate(out, index);
        topic(&snapshot->topics[index], out);
    }
    PRINT(out, "],\"consumers\":[");
    for (size_t index = 0; index < snapshot->group_count; index++) {
        separate(out, index);
        group(&snapshot->groups[index], out);
    }
    PRINT(out, "],");
}

void mr_snapshot_print_json(const mr_snapshot *snapshot, mr_buffer *out)
{
    PRINT(out, "{");
    text(out, "data", snapshot->data_folder);
    PRINT(out, ",\"exists\":%s,\"taken_ms\":%" PRId64 ",", snapshot->exists ? "true" : "false",
          snapshot->taken_ms);
    lists(snapshot, out);
    store(snapshot, out);
    PRINT(out,
          ",\"dead_letters\":{\"kept\":%" PRIu64 ",\"open\":%" PRIu64
          ",\"open_is_upper_bound\":%s}",
          snapshot->letters, snapshot->letters_open,
          snapshot->letters_open_at_most ? "true" : "false");
    runs(snapshot, out);
    balances(snapshot, out);
    PRINT(out, ",\"problems\":[");
    for (size_t index = 0; index < snapshot->problem_count; index++) {
        separate(out, index);
        string(out, snapshot->problems[index]);
    }
    PRINT(out, "]}\n");
}
