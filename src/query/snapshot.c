/* SPDX-License-Identifier: Apache-2.0 */
/* query/snapshot.c - gathering the state of a data folder; see snapshot.h. */
#include "query/snapshot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/civil.h"
#include "base/file.h"
#include "base/metrics.h"
#include "orchestrator/cron.h"
#include "query/settings.h"
#include "store/ops.h"

static void add_problem(mr_snapshot *snapshot, const char *where, const mr_err *err)
{
    if (snapshot->problem_count < mr_snapshot_problems_max) {
        (void)snprintf(snapshot->problems[snapshot->problem_count], mr_err_message_bytes_max,
                       "%s: %.400s", where, err->message);
        snapshot->problem_count++;
    }
}

static bool exists_below(const char *folder, const char *name)
{
    char *path = mr_path_join(folder, name);
    const bool exists = access(path, F_OK) == 0;

    free(path);
    return exists;
}

/* --- Roles ------------------------------------------------------------------------------------ */

static bool add_role(void *ctx, const mr_role_state *state)
{
    mr_snapshot *snapshot = ctx;
    mr_snapshot_role *role = &snapshot->roles[snapshot->role_count];

    if (!state->alive && state->pid == 0) {
        return true; /* ran once and ended in good order */
    }
    role->state = *state;
    if (state->alive) {
        role->resident_bytes = mr_process_resident_bytes(state->pid);
        role->cpu_seconds = mr_process_cpu_seconds(state->pid);
    }
    snapshot->role_count++;
    return snapshot->role_count < mr_snapshot_roles_max;
}

static int by_name(const void *left, const void *right)
{
    const mr_snapshot_role *a = left;
    const mr_snapshot_role *b = right;

    return strcmp(a->state.role, b->state.role);
}

static void look_at_roles(mr_snapshot *snapshot)
{
    mr_err err;

    if (mr_role_list(snapshot->data_folder, add_role, snapshot, &err) != MR_OK) {
        snapshot->roles_unknown = true;
        add_problem(snapshot, "roles", &err);
    }
    qsort(snapshot->roles, snapshot->role_count, sizeof snapshot->roles[0], by_name);
}

/* --- The log ---------------------------------------------------------------------------------- */

static bool add_topic(void *ctx, const mr_bus_topic_info *info)
{
    mr_snapshot *snapshot = ctx;

    snapshot->topics[snapshot->topic_count++] = *info;
    return snapshot->topic_count < mr_snapshot_topics_max;
}

static uint64_t lag_of(const mr_snapshot *snapshot, const mr_bus_group_info *group)
{
    for (size_t index = 0; index < snapshot->topic_count; index++) {
        const mr_bus_topic_info *topic = &snapshot->topics[index];

        if (strcmp(topic->topic, group->topic) == 0 && topic->partition == group->partition) {
            return topic->next_offset > group->next_offset
                       ? (uint64_t)(topic->next_offset - group->next_offset)
                       : 0;
        }
    }
    return 0;
}

static bool add_group(void *ctx, const mr_bus_group_info *info)
{
    mr_snapshot *snapshot = ctx;

    snapshot->groups[snapshot->group_count++] =
        (mr_snapshot_group){.info = *info, .lag = lag_of(snapshot, info)};
    return snapshot->group_count < mr_snapshot_groups_max;
}

static void look_at_log(mr_snapshot *snapshot, const mr_config *config)
{
    const mr_bus_options options = mr_settings_bus(config);
    mr_bus *bus = NULL;
    mr_status status = MR_OK;
    mr_err err;

    if (!mr_settings_log_exists(config)) {
        return;
    }
    status = mr_bus_open(&options, &bus, &err);
    if (status == MR_OK) {
        status = mr_bus_topics(bus, add_topic, snapshot, &err);
    }
    if (status == MR_OK) {
        status = mr_bus_groups(bus, add_group, snapshot, &err);
    }
    if (status != MR_OK) {
        add_problem(snapshot, "log", &err);
    }
    mr_bus_close(bus);
}

/* --- The store -------------------------------------------------------------------------------- */

static void look_at_store(mr_snapshot *snapshot, const mr_config *config)
{
    const mr_store_options options = mr_settings_store(config, MR_STORE_READ);
    mr_store *store = NULL;
    mr_err err;
    mr_status status = mr_store_open(&options, &store, &err);

    if (status == MR_OK) {
        status = mr_store_read_totals(store, &snapshot->store, &err);
        snapshot->has_store = status == MR_OK;
    }
    if (status != MR_OK && status != MR_NOT_FOUND) {
        add_problem(snapshot, "store", &err);
    }
    mr_store_close(store);
}

/* --- Dead letters ----------------------------------------------------------------------------- */

/* Takes the letters of one partition that were dealt with off letters_open. */
static mr_status discount_settled(mr_snapshot *snapshot, mr_ops *ops,
                                  const mr_bus_topic_info *topic, uint64_t *looked_at, mr_err *err)
{
    for (int64_t offset = topic->next_offset - 1; offset >= topic->first_offset; offset--) {
        mr_letter_state state = MR_LETTER_OPEN;
        mr_status status = MR_OK;

        if (*looked_at >= mr_snapshot_letters_max) {
            snapshot->letters_open_at_most = true;
            return MR_OK;
        }
        status = mr_ops_letter_state(ops, topic->partition, offset, &state, err);
        if (status != MR_OK) {
            return status;
        }
        snapshot->letters_open -= state == MR_LETTER_OPEN ? 0 : 1;
        (*looked_at)++;
    }
    return MR_OK;
}

static void count_open_letters(mr_snapshot *snapshot, const mr_store_options *store,
                               const char *topic_name)
{
    mr_ops *ops = NULL;
    uint64_t looked_at = 0;
    mr_err err;
    mr_status status = mr_ops_open_beside(store, &ops, &err);

    for (size_t index = 0; index < snapshot->topic_count && status == MR_OK; index++) {
        if (strcmp(snapshot->topics[index].topic, topic_name) == 0) {
            status = discount_settled(snapshot, ops, &snapshot->topics[index], &looked_at, &err);
        }
    }
    if (status != MR_OK && status != MR_NOT_FOUND) { /* nothing was ever settled */
        add_problem(snapshot, "dead letters", &err);
    }
    mr_ops_close(ops);
}

static void look_at_letters(mr_snapshot *snapshot, const mr_config *config)
{
    const mr_store_options store = mr_settings_store(config, MR_STORE_READ);
    const bool in_file = mr_text_starts_with(mr_text_of(store.url), "sqlite:");
    const char *topic_name = mr_settings_topic_dead_letter(config);

    for (size_t index = 0; index < snapshot->topic_count; index++) {
        const mr_bus_topic_info *topic = &snapshot->topics[index];

        if (strcmp(topic->topic, topic_name) == 0 && topic->next_offset > topic->first_offset) {
            snapshot->letters += (uint64_t)(topic->next_offset - topic->first_offset);
        }
    }
    snapshot->letters_open = snapshot->letters;
    if (snapshot->letters > 0 &&
        (!in_file || exists_below(snapshot->data_folder, "ops.db"))) { /* looking makes no file */
        count_open_letters(snapshot, &store, topic_name);
    }
}

/* --- Runs ------------------------------------------------------------------------------------- */

static void look_at_history(mr_snapshot *snapshot)
{
    mr_runs *runs = NULL;
    mr_err err;
    mr_status status = mr_runs_open(snapshot->data_folder, true, &runs, &err);

    if (status == MR_OK) {
        status = mr_runs_find(runs, "last", &snapshot->last_run, &err);
        snapshot->has_run = status == MR_OK;
    }
    if (status != MR_OK && status != MR_NOT_FOUND) {
        add_problem(snapshot, "runs", &err);
    }
    mr_runs_close(runs);
}

/* Opening a lake in a folder makes the folder; looking must not. */
static bool lake_exists(const mr_snapshot *snapshot, const mr_config *config)
{
    const char *url = mr_config_text(config, "MILLRACE_LAKE");
    const size_t scheme_bytes = strlen("file:");

    if (!mr_text_starts_with(mr_text_of(url), "file:")) {
        return true;
    }
    return url[scheme_bytes] == '\0' ? exists_below(snapshot->data_folder, "lake")
                                     : access(url + scheme_bytes, F_OK) == 0;
}

static void look_at_balances(mr_snapshot *snapshot, const mr_config *config)
{
    const mr_blobs_options lake = mr_settings_lake(config);
    mr_blobs *blobs = NULL;
    mr_err err;

    if (!lake_exists(snapshot, config)) {
        return;
    }
    mr_status status = mr_blobs_open(&lake, &blobs, &err);
    if (status == MR_OK) {
        status = mr_medallion_last_reconciliation(blobs, &snapshot->balances, &err);
        snapshot->has_balances = status == MR_OK;
    }
    if (status != MR_OK && status != MR_NOT_FOUND) {
        add_problem(snapshot, "reconciliation", &err);
    }
    mr_blobs_close(blobs);
}

static void look_at_schedule(mr_snapshot *snapshot, const mr_config *config)
{
    const char *schedule = mr_config_text(config, "MILLRACE_SCHEDULE");
    char local[mr_civil_text_bytes_max];
    mr_zone *zone = NULL;
    mr_cron cron;
    int64_t next_s = 0;
    mr_err err;

    if (strcmp(schedule, "off") == 0) {
        return;
    }
    if (mr_cron_parse(mr_text_of(schedule), &cron, &err) != MR_OK ||
        mr_zone_open(mr_config_text(config, "MILLRACE_TIMEZONE"), &zone, &err) != MR_OK) {
        add_problem(snapshot, "schedule", &err);
        return;
    }
    if (mr_cron_next(&cron, zone, snapshot->taken_ms / 1000, &next_s)) {
        snapshot->next_run_ms = next_s * 1000;
        (void)mr_civil_format_iso(mr_zone_local(zone, next_s), local);
        (void)snprintf(snapshot->next_run_text, sizeof snapshot->next_run_text, "%s %.40s", local,
                       mr_zone_name(zone));
    }
    mr_zone_close(zone);
}

/* --- All of it -------------------------------------------------------------------------------- */

mr_snapshot *mr_snapshot_take(const mr_config *config)
{
    mr_snapshot *snapshot = mr_alloc_zero(1, sizeof *snapshot);

    snapshot->data_folder = mr_config_text(config, "MILLRACE_DATA");
    snapshot->exists = access(snapshot->data_folder, F_OK) == 0;
    snapshot->taken_ms = mr_now_ms();
    if (snapshot->exists) {
        look_at_roles(snapshot);
        look_at_log(snapshot, config);
        look_at_store(snapshot, config);
        look_at_letters(snapshot, config);
        look_at_history(snapshot);
        look_at_balances(snapshot, config);
        look_at_schedule(snapshot, config);
    }
    return snapshot;
}

void mr_snapshot_destroy(mr_snapshot *snapshot)
{
    free(snapshot);
}

bool mr_snapshot_anything_runs(const mr_snapshot *snapshot)
{
    for (size_t index = 0; index < snapshot->role_count; index++) {
        if (snapshot->roles[index].state.alive) {
            return true;
        }
    }
    return false;
}
