/* SPDX-License-Identifier: Apache-2.0 */
/* orchestrator/planner.c - from instants to runs; see planner.h.
 *
 * Invariants: the note "planned" ("<seconds> <zone> <schedule>") and the runs for the instants up
 *             to it are one transaction; besides, the history refuses a second run for an instant.
 */
#include "orchestrator/planner.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { instants_looked_at_max = 1000000 };

static const char note_name[] = "planned";

/* The instants that are due: all are counted, the newest kept. */
typedef struct due_list {
    int64_t at_s[mr_planner_runs_max]; /* a ring */
    uint32_t count;
} due_list;

/* "<zone> <schedule>": what the memory is about. */
static void describe(const mr_planner_options *options, char text[static mr_run_note_bytes_max])
{
    (void)snprintf(text, mr_run_note_bytes_max, "%s %.400s", mr_zone_name(options->zone),
                   options->schedule);
}

/* Up to which instant runs are planned. Afresh where there is no memory, or of another schedule, or
 * one that lies in a future that cannot be. */
static mr_status read_planned(const mr_planner_options *options, int64_t now_s, int64_t *ret_s,
                              mr_err *err)
{
    char note[mr_run_note_bytes_max], about[mr_run_note_bytes_max];
    mr_status status = mr_runs_note(options->runs, note_name, note, err);
    const size_t bytes = strcspn(note, " ");
    int64_t planned_s = 0;

    if (status != MR_OK) {
        return status;
    }
    describe(options, about);
    if (note[bytes] == ' ' && strcmp(note + bytes + 1, about) == 0 &&
        mr_parse_int64((mr_text){note, bytes}, &planned_s) &&
        planned_s - now_s <= mr_planner_ahead_ms / 1000) {
        *ret_s = planned_s;
    } else {
        *ret_s = now_s;
    }
    return MR_OK;
}

static mr_status write_planned(const mr_planner_options *options, int64_t planned_s, mr_err *err)
{
    char note[mr_run_note_bytes_max], about[mr_run_note_bytes_max];

    describe(options, about);
    (void)snprintf(note, sizeof note, "%" PRId64 " %.480s", planned_s, about);
    return mr_runs_set_note(options->runs, note_name, note, err);
}

/* Returns the first instant after now, 0 for none. */
static int64_t find_due(const mr_planner_options *options, int64_t planned_s, int64_t now_s,
                        due_list *ret_due)
{
    int64_t at_s = planned_s;

    for (uint32_t looked = 0; looked < instants_looked_at_max; looked++) {
        if (!mr_cron_next(options->cron, options->zone, at_s, &at_s)) {
            return 0;
        }
        if (at_s > now_s) {
            return at_s;
        }
        ret_due->at_s[ret_due->count++ % mr_planner_runs_max] = at_s;
    }
    return at_s; /* so many were missed that the rest does not matter: planned up to here */
}

static mr_status queue_run(const mr_planner_options *options, int64_t from_s, int64_t due_s,
                           int64_t now_ms, uint32_t missed, mr_plan *plan, mr_err *err)
{
    mr_run run = {
        .kind = MR_RUN_SCHEDULED,
        .target = "all",
        .due_ms = due_s * 1000,
        .from_ms = from_s * 1000,
        .until_ms = due_s * 1000,
        .created_ms = now_ms,
    };
    mr_status status;

    if (missed > 0) {
        (void)snprintf(run.reason, sizeof run.reason,
                       "stands for %" PRIu32 " earlier instant%s that passed meanwhile", missed,
                       missed == 1 ? "" : "s");
    }
    status = mr_runs_add(options->runs, &run, err);
    if (status == MR_EXISTS) {
        return MR_OK; /* planned before the clock was set back */
    }
    plan->queued += status == MR_OK ? 1 : 0;
    return status;
}

/* One run for the latest; none where one waits already: it will do the work of both. */
static mr_status queue_latest(const mr_planner_options *options, const due_list *due,
                              int64_t planned_s, int64_t now_ms, mr_plan *plan, mr_err *err)
{
    const int64_t latest_s = due->at_s[(due->count - 1) % mr_planner_runs_max];
    uint32_t waiting = 0;
    mr_status status = mr_runs_queued(options->runs, MR_RUN_SCHEDULED, &waiting, err);

    if (status != MR_OK) {
        return status;
    }
    plan->missed += due->count - (waiting > 0 ? 0 : 1);
    return waiting > 0 ? MR_OK
                       : queue_run(options, planned_s, latest_s, now_ms, due->count - 1, plan, err);
}

static mr_status queue_each(const mr_planner_options *options, const due_list *due,
                            int64_t planned_s, int64_t now_ms, int64_t oldest_ms, mr_plan *plan,
                            mr_err *err)
{
    const uint32_t kept = due->count < mr_planner_runs_max ? due->count : mr_planner_runs_max;
    int64_t from_s = planned_s;

    for (uint32_t index = due->count - kept; index < due->count; index++) {
        const int64_t at_s = due->at_s[index % mr_planner_runs_max];

        if (at_s * 1000 >= oldest_ms) {
            const mr_status status = queue_run(options, from_s, at_s, now_ms, 0, plan, err);

            if (status != MR_OK) {
                return status;
            }
        }
        from_s = at_s;
    }
    plan->missed += due->count - plan->queued;
    return MR_OK;
}

static mr_status queue_due(const mr_planner_options *options, const due_list *due,
                           int64_t planned_s, int64_t now_ms, mr_plan *plan, mr_err *err)
{
    if (due->count == 0) {
        return MR_OK;
    }
    switch (options->catch_up) {
    case MR_CATCH_UP_ALL:
        return queue_each(options, due, planned_s, now_ms, INT64_MIN, plan, err);
    case MR_CATCH_UP_NONE:
        return queue_each(options, due, planned_s, now_ms, now_ms - mr_planner_late_ms, plan, err);
    case MR_CATCH_UP_LATEST:
    default:
        return queue_latest(options, due, planned_s, now_ms, plan, err);
    }
}

mr_status mr_planner_step(const mr_planner_options *options, int64_t now_ms, mr_plan *ret_plan,
                          mr_err *err)
{
    const int64_t now_s = now_ms / 1000;
    due_list due = {.count = 0};
    mr_plan plan = {0};
    int64_t planned_s = now_s, next_s = 0;
    mr_status status = mr_runs_begin(options->runs, err);

    if (status == MR_OK) {
        status = read_planned(options, now_s, &planned_s, err);
    }
    if (status == MR_OK) {
        next_s = find_due(options, planned_s, now_s, &due);
        status = queue_due(options, &due, planned_s, now_ms, &plan, err);
    }
    if (status == MR_OK) {
        status = write_planned(options, planned_s > now_s ? planned_s : now_s, err);
    }
    if (status == MR_OK) {
        status = mr_runs_commit(options->runs, err);
    }
    mr_runs_rollback(options->runs);
    if (status == MR_OK) {
        plan.next_ms = next_s * 1000;
        *ret_plan = plan;
    }
    return status;
}
