/* SPDX-License-Identifier: Apache-2.0 */
/* cli/snapshot_text.c - a snapshot as tables. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/snapshot_print.h"

#define PRINT(...) MR_ASSERT(mr_buffer_printf(__VA_ARGS__))

/* "3 min 2 s ago", "never" for 0. */
static const char *ago(int64_t now_ms, int64_t then_ms, char buffer[static mr_cli_text_bytes_max])
{
    char text[mr_cli_text_bytes_max];

    if (then_ms <= 0) {
        return "never";
    }
    (void)snprintf(buffer, mr_cli_text_bytes_max, "%.50s ago",
                   mr_cli_duration(now_ms > then_ms ? (uint64_t)(now_ms - then_ms) : 0, text));
    return buffer;
}

static void print_role(const mr_snapshot *snapshot, const mr_snapshot_role *role, mr_buffer *out)
{
    const mr_role_state *state = &role->state;
    const int64_t lived_ms = snapshot->taken_ms - state->started_ms;
    char uptime[mr_cli_text_bytes_max];
    char events[mr_cli_text_bytes_max];
    char rate[mr_cli_text_bytes_max];
    char errors[mr_cli_text_bytes_max];
    char memory[mr_cli_text_bytes_max];

    if (!state->alive) {
        PRINT(out, "  %-10s died      was process %d, last seen %s\n", state->role, state->pid,
              ago(snapshot->taken_ms, state->updated_ms, uptime));
        return;
    }
    PRINT(out, "  %-10s %7d  %-12s %13s %9s %8s %9s %7.1f s  %s\n", state->role, state->pid,
          mr_cli_duration(lived_ms > 0 ? (uint64_t)lived_ms : 0, uptime),
          mr_cli_count(state->events, events),
          mr_cli_count((uint64_t)(state->events_per_second + 0.5), rate),
          mr_cli_count(state->errors, errors), mr_cli_bytes(role->resident_bytes, memory),
          role->cpu_seconds, state->address);
}

static void print_roles(const mr_snapshot *snapshot, const char *begin_command, mr_buffer *out)
{
    char text[mr_cli_text_bytes_max];

    if (snapshot->role_count > 0) {
        PRINT(out, "  %-10s %7s  %-12s %13s %9s %8s %9s %9s  %s\n", "ROLE", "PROCESS", "UP FOR",
              "EVENTS", "EVENTS/S", "ERRORS", "MEMORY", "CPU", "ADDRESS");
    }
    for (size_t index = 0; index < snapshot->role_count; index++) {
        print_role(snapshot, &snapshot->roles[index], out);
    }
    for (size_t index = 0; index < snapshot->role_count; index++) {
        const mr_role_state *state = &snapshot->roles[index].state;

        if (state->last_error[0] != '\0') {
            PRINT(out, "  last error of %s, %s: %s\n", state->role,
                  ago(snapshot->taken_ms, state->last_error_ms, text), state->last_error);
        }
    }
    if (!mr_snapshot_anything_runs(snapshot) && !snapshot->roles_unknown) {
        PRINT(out, "  Nothing runs. To begin: %s\n", begin_command);
    }
}

static void print_log(const mr_snapshot *snapshot, mr_buffer *out)
{
    char first[mr_cli_text_bytes_max];
    char next[mr_cli_text_bytes_max];
    char bytes[mr_cli_text_bytes_max];
    char age[mr_cli_text_bytes_max];

    if (snapshot->topic_count == 0) {
        return;
    }
    PRINT(out, "\n  %-24s %4s %15s %15s %9s  %s\n", "TOPIC", "PART", "FIRST", "NEXT", "SIZE",
          "LAST APPEND");
    for (size_t index = 0; index < snapshot->topic_count; index++) {
        const mr_bus_topic_info *topic = &snapshot->topics[index];

        /* What a cluster does not tell is not "nothing". */
        const bool unknown = topic->bytes == 0 && topic->next_offset > 0;

        PRINT(out, "  %-24s %4" PRId32 " %15s %15s %9s  %s\n", topic->topic, topic->partition,
              mr_cli_count((uint64_t)topic->first_offset, first),
              mr_cli_count((uint64_t)topic->next_offset, next),
              unknown ? "-" : mr_cli_bytes(topic->bytes, bytes),
              unknown ? "-" : ago(snapshot->taken_ms, topic->last_append_ms, age));
    }
}

static void print_groups(const mr_snapshot *snapshot, mr_buffer *out)
{
    char next[mr_cli_text_bytes_max];
    char lag[mr_cli_text_bytes_max];
    char age[mr_cli_text_bytes_max];

    if (snapshot->group_count == 0) {
        return;
    }
    PRINT(out, "\n  %-12s %-24s %4s %15s %12s  %s\n", "CONSUMER", "OF TOPIC", "PART", "OFFSET",
          "LAG", "AS OF");
    for (size_t index = 0; index < snapshot->group_count; index++) {
        const mr_snapshot_group *group = &snapshot->groups[index];

        PRINT(out, "  %-12s %-24s %4" PRId32 " %15s %12s  %s\n", group->info.group,
              group->info.topic, group->info.partition,
              mr_cli_count((uint64_t)group->info.next_offset, next), mr_cli_count(group->lag, lag),
              ago(snapshot->taken_ms, group->info.published_ms, age));
    }
}

static void print_store(const mr_snapshot *snapshot, mr_buffer *out)
{
    const mr_store_totals *totals = &snapshot->store;
    char lines[mr_cli_text_bytes_max];
    char invoices[mr_cli_text_bytes_max];
    char cancelled[mr_cli_text_bytes_max];
    char customers[mr_cli_text_bytes_max];
    char amount[mr_cli_text_bytes_max];

    if (!snapshot->has_store) {
        return;
    }
    PRINT(out, "\n  STORE  lines %s, invoices %s, cancellations %s, customers %s\n",
          mr_cli_count(totals->lines, lines), mr_cli_count(totals->invoices, invoices),
          mr_cli_count(totals->cancelled_invoices, cancelled),
          mr_cli_count(totals->customers, customers));
    PRINT(out, "         sales %s", mr_cli_amount(totals->sales, amount));
    PRINT(out, ", cancelled %s\n", mr_cli_amount(totals->cancelled, amount));
}

static bool scheduler_runs(const mr_snapshot *snapshot)
{
    for (size_t index = 0; index < snapshot->role_count; index++) {
        const mr_role_state *state = &snapshot->roles[index].state;

        if (state->alive && strcmp(state->role, "scheduler") == 0) {
            return true;
        }
    }
    return false;
}

static void print_runs(const mr_snapshot *snapshot, mr_buffer *out)
{
    const mr_run *run = &snapshot->last_run;
    const bool scheduled = scheduler_runs(snapshot);
    char age[mr_cli_text_bytes_max];

    if (!scheduled && !snapshot->has_run) {
        return;
    }
    PRINT(out, "\n  RUNS   last: ");
    if (snapshot->has_run) {
        PRINT(out, "%s, %s, %s%s%s\n", mr_run_kind_name(run->kind), mr_run_state_name(run->state),
              ago(snapshot->taken_ms, run->ended_ms != 0 ? run->ended_ms : run->created_ms, age),
              run->reason[0] != '\0' ? ": " : "", run->reason);
    } else {
        PRINT(out, "none yet\n");
    }
    PRINT(out, "         next: %s%s\n",
          snapshot->next_run_ms != 0 ? snapshot->next_run_text : "none by a schedule",
          scheduled ? "" : " (but no scheduler runs)");
}

/* "3", "none yet" for a table that there was not. */
static const char *version_text(int64_t version, char buffer[static mr_cli_text_bytes_max])
{
    (void)snprintf(buffer, mr_cli_text_bytes_max, version < 0 ? "none yet" : "%" PRId64, version);
    return buffer;
}

static void print_balances(const mr_snapshot *snapshot, mr_buffer *out)
{
    const mr_kept_reconciliation *kept = &snapshot->balances;
    size_t known = 0;
    size_t broken = 0;
    char age[mr_cli_text_bytes_max];
    char bronze[mr_cli_text_bytes_max];
    char silver[mr_cli_text_bytes_max];
    char gold[mr_cli_text_bytes_max];

    if (!snapshot->has_balances) {
        return;
    }
    for (size_t index = 0; index < kept->count; index++) {
        known += kept->balances[index].known;
        broken += !kept->balances[index].holds;
    }
    PRINT(out, "\n  BOOKS  %s: %zu of %zu balances hold",
          kept->holds ? "reconciled" : "DO NOT BALANCE", known - broken, kept->count);
    if (known < kept->count) {
        PRINT(out, ", %zu could not be told", kept->count - known);
    }
    PRINT(out, "; run of %s\n", ago(snapshot->taken_ms, kept->started_ms, age));
    PRINT(out, "         versions: bronze %s, silver %s, gold %s\n",
          version_text(kept->bronze_version, bronze), version_text(kept->silver_version, silver),
          version_text(kept->gold_version, gold));
    for (size_t index = 0; index < kept->count; index++) {
        const mr_kept_balance *balance = &kept->balances[index];

        if (!balance->holds) {
            PRINT(out, "         BROKEN  %s: %s and %s, difference %s%s%s\n", balance->name,
                  balance->left, balance->right, balance->difference,
                  balance->note[0] != '\0' ? "; " : "", balance->note);
        }
    }
}

static void print_letters(const mr_snapshot *snapshot, mr_buffer *out)
{
    char open[mr_cli_text_bytes_max];
    char all[mr_cli_text_bytes_max];

    if (snapshot->letters == 0) {
        return;
    }
    PRINT(out, "\n  DEAD LETTERS  %s%s open of %s%s\n",
          snapshot->letters_open_at_most ? "at most " : "",
          mr_cli_count(snapshot->letters_open, open), mr_cli_count(snapshot->letters, all),
          snapshot->letters_open > 0 ? "; millrace dlq list shows why" : "");
}

void mr_snapshot_print_text(const mr_snapshot *snapshot, const char *begin_command, mr_buffer *out)
{
    if (!snapshot->exists) {
        PRINT(out, "%s does not exist yet. To begin: %s\n", snapshot->data_folder, begin_command);
        return;
    }
    PRINT(out, "millrace in %s\n\n", snapshot->data_folder);
    print_roles(snapshot, begin_command, out);
    print_log(snapshot, out);
    print_groups(snapshot, out);
    print_store(snapshot, out);
    print_runs(snapshot, out);
    print_balances(snapshot, out);
    print_letters(snapshot, out);
    for (size_t index = 0; index < snapshot->problem_count; index++) {
        PRINT(out, "%s  PROBLEM  %s\n", index == 0 ? "\n" : "", snapshot->problems[index]);
    }
}
