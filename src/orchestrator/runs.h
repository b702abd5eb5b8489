/* SPDX-License-Identifier: Apache-2.0 */
/* orchestrator/runs.h - the history of runs and their tasks, in <data_folder>/runs.db.
 *
 * Every change is durable when its function returns. A handle belongs to one thread; several
 * processes may use one history: the scheduler, and commands that look, ask for runs or cancel.
 */
#ifndef MR_ORCHESTRATOR_RUNS_H
#define MR_ORCHESTRATOR_RUNS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/memory.h"
#include "base/status.h"
#include "base/zone.h"

enum {
    mr_run_id_bytes_max = 32,
    mr_run_reason_bytes_max = 256,
    mr_run_tasks_max = 8,
    mr_run_report_bytes_max = 262144,
    mr_run_note_bytes_max = 512,
    mr_run_key_bytes_max = 201, /* with its NUL */
};

typedef enum mr_run_kind {
    MR_RUN_SCHEDULED,
    MR_RUN_MANUAL,
    MR_RUN_CONTINUOUS,
    MR_RUN_BACKFILL,
} mr_run_kind;

/*   QUEUED --> RUNNING --> SUCCESS | FAILED | SKIPPED | CANCELLED | TIMED_OUT
 *      '--> CANCELLED                                                         */
typedef enum mr_run_state {
    MR_RUN_QUEUED,
    MR_RUN_RUNNING,
    MR_RUN_SUCCESS,
    MR_RUN_FAILED,
    MR_RUN_SKIPPED,
    MR_RUN_CANCELLED,
    MR_RUN_TIMED_OUT,
} mr_run_state;

/*   WAITING --> RUNNING --> SUCCESS | SKIPPED | FAILED | TIMED_OUT
 *      |           '<--> RETRYING
 *      '--> SKIPPED | PASSED_OVER | UPSTREAM_FAILED | CANCELLED               */
typedef enum mr_task_state {
    MR_TASK_WAITING,
    MR_TASK_RUNNING,
    MR_TASK_RETRYING, /* waits for its next attempt */
    MR_TASK_SUCCESS,
    MR_TASK_SKIPPED,         /* it had nothing to do; reason says why */
    MR_TASK_PASSED_OVER,     /* one it needs was skipped */
    MR_TASK_FAILED,          /* and was tried as often as it may be */
    MR_TASK_UPSTREAM_FAILED, /* one it needs has failed */
    MR_TASK_CANCELLED,
    MR_TASK_TIMED_OUT,
} mr_task_state;

typedef struct mr_run {
    char id[mr_run_id_bytes_max]; /* "20261123T064000012Z-7f3a": sorts by time */
    mr_run_kind kind;
    mr_run_state state;
    char target[12]; /* "all", "silver", "gold" */
    char date[12];   /* of a backfill: "2026-11-23"; else "" */
    bool full_refresh;
    bool cancel_asked;
    int64_t due_ms;            /* the instant of the schedule; else 0 */
    int64_t from_ms, until_ms; /* the interval of data it stands for; 0 = open */
    int64_t created_ms, started_ms, ended_ms;
    char reason[mr_run_reason_bytes_max];
    char key[mr_run_key_bytes_max]; /* of whoever asked, for what shall be done once; or "" */
} mr_run;

typedef struct mr_run_task {
    char name[32];
    mr_task_state state;
    int32_t attempts; /* begun so far */
    int32_t failures; /* of them; those that only lost their process are not counted */
    int64_t started_ms, ended_ms, next_ms;
    int32_t exit_status; /* of the last attempt; 128 + n: by signal n; -1: unknown */
    char reason[mr_run_reason_bytes_max];
} mr_run_task;

typedef struct mr_runs mr_runs;

/* `look`: makes no file; MR_NOT_FOUND where there is no history yet. */
mr_status mr_runs_open(const char *data_folder, bool look, mr_runs **ret_runs, mr_err *err);
void mr_runs_close(mr_runs *runs); /* NULL is fine */

/* Several changes as one. What is not committed is undone by mr_runs_rollback. */
mr_status mr_runs_begin(mr_runs *runs, mr_err *err);
mr_status mr_runs_commit(mr_runs *runs, mr_err *err);
void mr_runs_rollback(mr_runs *runs); /* also when there is nothing to undo */

/* Adds a queued run; gives it its id by created_ms. MR_EXISTS: its instant of the schedule has one.
 */
mr_status mr_runs_add(mr_runs *runs, mr_run *run, mr_err *err);
/* The same for what was asked for: where a run of its key waits, runs, went well or was skipped,
 * that is *run, and *ret_joined true. One that failed or was cancelled (or is asked to end) leaves
 * its key to the next. MR_EXISTS: the key's run is of another target or day. */
mr_status mr_runs_ask(mr_runs *runs, mr_run *run, bool *ret_joined, mr_err *err);
/* Makes it a backfill of a day, "2026-11-23", in the zone. MR_INVALID: that is no day. */
mr_status mr_run_set_day(mr_run *run, const mr_zone *zone, mr_text day, mr_err *err);
/* The one that runs, else the next in the queue: backfills come last. MR_NOT_FOUND leaves err. */
mr_status mr_runs_next(mr_runs *runs, mr_run *ret_run, mr_err *err);
/* By id, by a beginning of an id that is the only one, or "last". */
mr_status mr_runs_find(mr_runs *runs, const char *id, mr_run *ret_run, mr_err *err);
/* Newest first; visit returns false to end. */
mr_status mr_runs_list(mr_runs *runs, uint32_t count_max,
                       bool (*visit)(void *ctx, const mr_run *run), void *ctx, mr_err *err);
/* How many of a kind wait in the queue. */
mr_status mr_runs_queued(mr_runs *runs, mr_run_kind kind, uint32_t *ret_count, mr_err *err);
/* Its state, times and reason. cancel_asked is left as it is. */
mr_status mr_runs_save(mr_runs *runs, const mr_run *run, mr_err *err);
/* Asks for the end of a run that has not ended; MR_NOT_FOUND when it has. */
mr_status mr_runs_ask_cancel(mr_runs *runs, const char *id, mr_err *err);

/* Adds the task, or changes it. report: absent = leave what there is. */
mr_status mr_runs_save_task(mr_runs *runs, const char *run_id, const mr_run_task *task,
                            mr_text report, mr_err *err);
mr_status mr_runs_tasks(mr_runs *runs, const char *run_id,
                        mr_run_task ret_tasks[static mr_run_tasks_max], size_t *ret_count,
                        mr_err *err);
/* Appends the task's report, JSON, or nothing. */
mr_status mr_runs_report(mr_runs *runs, const char *run_id, const char *task, mr_buffer *out,
                         mr_err *err);

/* What the scheduler must remember. An unknown name reads as "". */
mr_status mr_runs_note(mr_runs *runs, const char *name, char ret_text[static mr_run_note_bytes_max],
                       mr_err *err);
mr_status mr_runs_set_note(mr_runs *runs, const char *name, const char *text, mr_err *err);

/* Forgets ended runs but the newest `keep`, of continuous ones and of all others each. `forgotten`
 * is told each id. */
mr_status mr_runs_prune(mr_runs *runs, uint32_t keep, void (*forgotten)(void *ctx, const char *id),
                        void *ctx, mr_err *err);

const char *mr_run_kind_name(mr_run_kind kind);
const char *mr_run_state_name(mr_run_state state);
const char *mr_task_state_name(mr_task_state state);
bool mr_run_has_ended(mr_run_state state);
bool mr_task_has_ended(mr_task_state state);

#endif
