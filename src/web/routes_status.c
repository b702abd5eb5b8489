/* SPDX-License-Identifier: Apache-2.0 */
/* web/routes_status.c - the platform at this moment: roles, log, store, lake, letters, runs, the
 * way of events with what is on it, and the books of the last run. Many look at once: one look
 * answers all that waited for it.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "query/settings.h"
#include "query/snapshot.h"
#include "query/sql_lake.h"
#include "web/json.h"
#include "web/lake_slot.h"
#include "web/operations.h"
#include "web/parts.h"
#include "web/routes.h"
#include "web/shared_answer.h"

static void write_text(mr_buffer *out, const char *name, const char *text)
{
    const mr_text given = mr_text_of(text);

    mr_web_json_name(out, name);
    mr_web_json_text(out, given.bytes > 0 && mr_utf8_valid(given) ? given : MR_TEXT_ABSENT);
}

static void write_count(mr_buffer *out, const char *name, uint64_t count)
{
    mr_web_json_name(out, name);
    (void)mr_buffer_printf(out, "%" PRIu64, count);
}

static void write_signed(mr_buffer *out, const char *name, int64_t count)
{
    mr_web_json_name(out, name);
    if (count < 0) {
        mr_web_json_text(out, MR_TEXT_ABSENT);
    } else {
        mr_web_json_integer(out, count);
    }
}

static void write_instant(mr_buffer *out, const char *name, int64_t epoch_ms)
{
    mr_web_json_name(out, name);
    mr_web_json_instant(out, epoch_ms > 0 ? epoch_ms : 0);
}

/* --- Roles and log ---------------------------------------------------------------------------- */

/* The role that starts the others again; NULL: none runs. */
static const mr_role_state *find_supervisor(const mr_snapshot *snapshot)
{
    for (size_t index = 0; index < snapshot->role_count; index++) {
        const mr_role_state *state = &snapshot->roles[index].state;

        if (state->alive && strcmp(state->role, "up") == 0) {
            return state;
        }
    }
    return NULL;
}

static void write_role(const mr_snapshot_role *role, const mr_role_state *supervisor,
                       mr_buffer *out)
{
    const mr_role_state *state = &role->state;

    mr_web_json_next(out);
    (void)mr_buffer_append_string(out, "{");
    write_text(out, "role", state->role);
    (void)mr_buffer_printf(out, ",\"pid\":%d,\"alive\":%s", state->pid,
                           state->alive ? "true" : "false");
    write_instant(out, "started_at", state->started_ms);
    mr_web_json_name(out, "address");
    mr_web_json_text(out, mr_text_of(state->address));
    mr_web_json_name(out, "rate");
    mr_web_json_number(out, state->events_per_second);
    write_count(out, "events", state->events);
    write_count(out, "errors", state->errors);
    write_count(out, "memory_bytes", role->resident_bytes);
    mr_web_json_name(out, "cpu_seconds");
    mr_web_json_number(out, role->cpu_seconds);
    if (supervisor == NULL || supervisor == state) {
        (void)mr_buffer_append_string(out, ",\"restarts\":null");
    } else {
        write_count(out, "restarts", mr_role_restarts(supervisor, state->role));
    }
    write_text(out, "last_error", state->last_error);
    write_instant(out, "last_error_at", state->last_error_ms);
    (void)mr_buffer_append_string(out, "}");
}

static void write_log(const mr_snapshot *snapshot, mr_buffer *out)
{
    (void)mr_buffer_append_string(out, ",\"topics\":[");
    for (size_t index = 0; index < snapshot->topic_count; index++) {
        const mr_bus_topic_info *topic = &snapshot->topics[index];

        mr_web_json_next(out);
        (void)mr_buffer_append_string(out, "{");
        write_text(out, "topic", topic->topic);
        (void)mr_buffer_printf(
            out, ",\"partition\":%" PRId32 ",\"first_offset\":%" PRId64 ",\"next_offset\":%" PRId64,
            topic->partition, topic->first_offset, topic->next_offset);
        write_count(out, "bytes", topic->bytes);
        write_instant(out, "last_append_at", topic->last_append_ms);
        (void)mr_buffer_append_string(out, "}");
    }
    (void)mr_buffer_append_string(out, "],\"groups\":[");
    for (size_t index = 0; index < snapshot->group_count; index++) {
        const mr_snapshot_group *group = &snapshot->groups[index];

        mr_web_json_next(out);
        (void)mr_buffer_append_string(out, "{");
        write_text(out, "group", group->info.group);
        write_text(out, "topic", group->info.topic);
        (void)mr_buffer_printf(
            out, ",\"partition\":%" PRId32 ",\"next_offset\":%" PRId64 ",\"lag\":%" PRIu64,
            group->info.partition, group->info.next_offset, group->lag);
        write_instant(out, "published_at", group->info.published_ms);
        (void)mr_buffer_append_string(out, "}");
    }
    (void)mr_buffer_append_string(out, "]");
}

static void write_store(const mr_snapshot *snapshot, mr_buffer *out)
{
    const mr_store_totals *totals = &snapshot->store;

    mr_web_json_name(out, "store");
    if (!snapshot->has_store) {
        mr_web_json_text(out, MR_TEXT_ABSENT);
        return;
    }
    (void)mr_buffer_append_string(out, "{");
    write_count(out, "lines", totals->lines);
    write_count(out, "invoices", totals->invoices);
    write_count(out, "cancelled_invoices", totals->cancelled_invoices);
    write_count(out, "customers", totals->customers);
    write_count(out, "products", totals->products);
    write_count(out, "countries", totals->countries);
    mr_web_json_name(out, "sales");
    mr_web_json_amount(out, totals->sales);
    mr_web_json_name(out, "cancelled");
    mr_web_json_amount(out, totals->cancelled);
    (void)mr_buffer_append_string(out, "}");
}

/* --- Lake ------------------------------------------------------------------------------------- */

/* Rows of the three tables that events go through; -1: there is no such table yet. */
typedef struct lake_rows {
    int64_t bronze, silver, gold;
} lake_rows;

static bool take_instant(void *ctx, const mr_delta_entry *entry)
{
    *(int64_t *)ctx = entry->committed_ms;
    return false;
}

static void note_rows(const mr_sql_table *table, int64_t rows, lake_rows *ret)
{
    if (strcmp(table->layer, "bronze") == 0 && strcmp(table->name, "sales_events") == 0) {
        ret->bronze = rows;
    } else if (strcmp(table->name, "fact_sales") == 0) {
        *(strcmp(table->layer, "gold") == 0 ? &ret->gold : &ret->silver) = rows;
    }
}

static mr_status write_table(const mr_sql_table *table, lake_rows *ret, mr_buffer *out, mr_err *err)
{
    mr_delta_snapshot *snapshot = NULL;
    int64_t at_ms = 0;
    mr_status status = mr_delta_read(table->table, &snapshot, err);

    if (status == MR_OK) {
        status = mr_delta_history(table->table, take_instant, &at_ms, err);
    }
    if (status == MR_OK) {
        mr_web_json_next(out);
        (void)mr_buffer_printf(out, "{\"table\":\"%s.%s\"", table->layer, table->name);
        write_signed(out, "version", mr_delta_version(snapshot));
        write_signed(out, "rows", mr_delta_rows(snapshot));
        write_count(out, "files", mr_delta_file_count(snapshot));
        write_count(out, "bytes", mr_delta_bytes(snapshot));
        write_instant(out, "at", at_ms);
        (void)mr_buffer_append_string(out, "}");
        note_rows(table, mr_delta_rows(snapshot), ret);
    }
    mr_delta_snapshot_free(snapshot);
    return status;
}

static mr_status write_lake(mr_web_call *call, lake_rows *ret, mr_buffer *out, mr_err *err)
{
    mr_sql_lake *lake = NULL;
    mr_status status = mr_web_lake(call, &lake, err);

    (void)mr_buffer_append_string(out, ",\"lake\":[");
    for (size_t index = 0; status == MR_OK && index < lake->table_count; index++) {
        if (lake->tables[index].table != NULL) {
            status = write_table(&lake->tables[index], ret, out, err);
        }
    }
    (void)mr_buffer_append_string(out, "]");
    return status;
}

/* --- The way of events ------------------------------------------------------------------------ */

typedef struct arrow {
    const char *from, *to, *name;
    int64_t count, behind; /* -1: unknown */
} arrow;

static int64_t next_of(const mr_snapshot *snapshot, const char *topic)
{
    int64_t next = 0;

    for (size_t index = 0; index < snapshot->topic_count; index++) {
        next += strcmp(snapshot->topics[index].topic, topic) == 0
                    ? snapshot->topics[index].next_offset
                    : 0;
    }
    return next;
}

/* A sink's arrow: what it has taken of the topic, and what it has yet to take. */
static void measure_sink(const mr_snapshot *snapshot, const char *topic, arrow *sink)
{
    for (size_t index = 0; index < snapshot->group_count; index++) {
        const mr_snapshot_group *group = &snapshot->groups[index];

        if (strcmp(group->info.group, sink->to) == 0 && strcmp(group->info.topic, topic) == 0) {
            sink->count = (sink->count < 0 ? 0 : sink->count) + group->info.next_offset;
            sink->behind = (sink->behind < 0 ? 0 : sink->behind) + (int64_t)group->lag;
        }
    }
}

static void write_arrow(const arrow *one, mr_buffer *out)
{
    mr_web_json_next(out);
    (void)mr_buffer_printf(out, "{\"from\":\"%s\",\"to\":\"%s\"", one->from, one->to);
    write_signed(out, "count", one->count);
    write_text(out, "name", one->name);
    write_signed(out, "behind", one->behind);
    (void)mr_buffer_append_string(out, "}");
}

static void write_flow(mr_web_call *call, const mr_snapshot *snapshot, const lake_rows *rows,
                       mr_buffer *out)
{
    const char *topic = mr_web_call_options(call)->topic_ingestion;
    const int64_t taken = next_of(snapshot, topic);
    arrow arrows[] = {
        {"gateway", "log", "events accepted", taken, -1},
        {"log", "store", "records taken by the store", -1, -1},
        {"log", "feed", "records taken by the feed", -1, -1},
        {"log", "bronze", "records taken by bronze", -1, -1},
        {"log", "letters", "dead letters", (int64_t)snapshot->letters, -1},
        {"bronze", "silver", "lines, each once", rows->silver, -1},
        {"silver", "gold", "lines published", rows->gold,
         rows->silver >= 0 && rows->gold >= 0 && rows->silver >= rows->gold
             ? rows->silver - rows->gold
             : -1},
    };

    for (size_t index = 1; index <= 3; index++) {
        measure_sink(snapshot, topic, &arrows[index]);
    }
    (void)mr_buffer_append_string(out, ",\"flow\":[");
    for (size_t index = 0; index < sizeof arrows / sizeof arrows[0]; index++) {
        write_arrow(&arrows[index], out);
    }
    (void)mr_buffer_append_string(out, "]");
}

/* --- Books ------------------------------------------------------------------------------------ */

static void write_balance(const mr_kept_balance *balance, mr_buffer *out)
{
    mr_web_json_next(out);
    (void)mr_buffer_append_string(out, "{");
    mr_web_json_name(out, "name");
    mr_web_json_text(out, mr_text_of(balance->name));
    /* Counts are whole numbers; amounts have places. */
    (void)mr_buffer_printf(
        out, ",\"known\":%s,\"money\":%s,\"holds\":%s", balance->known ? "true" : "false",
        strchr(balance->left, '.') != NULL || strstr(balance->name, "money") != NULL ? "true"
                                                                                     : "false",
        balance->holds ? "true" : "false");
    write_text(out, "left", balance->left);
    write_text(out, "right", balance->right);
    write_text(out, "difference", balance->difference);
    mr_web_json_name(out, "note");
    mr_web_json_text(out, mr_text_of(balance->note));
    (void)mr_buffer_append_string(out, "}");
}

static void write_reconciliation(const mr_snapshot *snapshot, mr_buffer *out)
{
    const mr_kept_reconciliation *kept = &snapshot->balances;

    mr_web_json_name(out, "reconciliation");
    if (!snapshot->has_balances) {
        mr_web_json_text(out, MR_TEXT_ABSENT);
        return;
    }
    (void)mr_buffer_append_string(out, "{");
    write_text(out, "run", kept->run);
    mr_web_json_name(out, "holds");
    mr_web_json_flag(out, kept->holds);
    write_instant(out, "at", kept->started_ms);
    write_signed(out, "bronze_version", kept->bronze_version);
    write_signed(out, "silver_version", kept->silver_version);
    write_signed(out, "gold_version", kept->gold_version);
    (void)mr_buffer_append_string(out, ",\"balances\":[");
    for (size_t index = 0; index < kept->count; index++) {
        write_balance(&kept->balances[index], out);
    }
    (void)mr_buffer_append_string(out, "]}");
}

static void write_schedule(const mr_snapshot *snapshot, mr_buffer *out)
{
    const mr_run *run = &snapshot->last_run;

    (void)mr_buffer_append_string(out, ",\"schedule\":{");
    write_instant(out, "next_run_at", snapshot->next_run_ms);
    mr_web_json_name(out, "text");
    mr_web_json_text(out, mr_text_of(snapshot->next_run_text));
    mr_web_json_name(out, "last");
    if (!snapshot->has_run) {
        (void)mr_buffer_append_string(out, "null}");
        return;
    }
    (void)mr_buffer_append_string(out, "{");
    write_text(out, "id", run->id);
    write_text(out, "kind", mr_run_kind_name(run->kind));
    write_text(out, "state", mr_run_state_name(run->state));
    write_text(out, "target", run->target);
    write_instant(out, "started_at", run->started_ms);
    write_instant(out, "ended_at", run->ended_ms);
    write_text(out, "reason", run->reason);
    (void)mr_buffer_append_string(out, "}}");
}

static void write_problems(const mr_snapshot *snapshot, mr_buffer *out)
{
    (void)mr_buffer_append_string(out, ",\"problems\":[");
    for (size_t index = 0; index < snapshot->problem_count; index++) {
        const mr_text problem = mr_text_of(snapshot->problems[index]);

        mr_web_json_next(out);
        mr_web_json_text(out, mr_utf8_valid(problem) ? problem : MR_TEXT_LITERAL("(not UTF-8)"));
    }
    (void)mr_buffer_append_string(out, "]");
}

/* As mr_shared_ask.make. */
static mr_status look(void *ctx, mr_buffer *out, mr_err *err)
{
    mr_web_call *call = ctx;
    mr_snapshot *snapshot = mr_snapshot_take(mr_web_call_options(call)->config);
    lake_rows rows = {-1, -1, -1};
    mr_status status;

    (void)mr_buffer_append_string(out, "{");
    write_instant(out, "taken_at", snapshot->taken_ms);
    (void)mr_buffer_append_string(out, ",\"roles\":[");
    for (size_t index = 0; index < snapshot->role_count; index++) {
        write_role(&snapshot->roles[index], find_supervisor(snapshot), out);
    }
    (void)mr_buffer_append_string(out, "]");
    write_log(snapshot, out);
    write_store(snapshot, out);
    status = write_lake(call, &rows, out, err);
    (void)mr_buffer_printf(
        out, ",\"letters\":{\"total\":%" PRIu64 ",\"open\":%" PRIu64 ",\"at_most\":%s}",
        snapshot->letters, snapshot->letters_open,
        snapshot->letters_open_at_most ? "true" : "false");
    write_schedule(snapshot, out);
    write_flow(call, snapshot, &rows, out);
    write_reconciliation(snapshot, out);
    write_problems(snapshot, out);
    (void)mr_buffer_append_string(out, "}");
    mr_snapshot_destroy(snapshot);
    return status;
}

mr_status mr_web_status_get(mr_web_call *call, mr_err *err)
{
    const mr_shared_ask ask = {.came_us = mr_web_call_came_us(call),
                               .deadline_us = mr_web_call_deadline_us(call),
                               .make = look,
                               .ctx = call};

    if (mr_web_call_options(call)->config == NULL) {
        return mr_fail(err, MR_NOT_FOUND, "this web knows of no platform");
    }
    return mr_shared_answer_get(mr_web_call_part(call, MR_WEB_PART_STATUS), &ask,
                                mr_web_call_out(call), err);
}
