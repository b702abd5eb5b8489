/* SPDX-License-Identifier: Apache-2.0 */
/* cli/runs_ask.c - writes what is asked for into the history and wakes whoever carries it out, or
 * carries it out here; see runs_ask.h. */
#include "cli/runs_ask.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/civil.h"
#include "base/zone.h"
#include "cli/role_environment.h"
#include "cli/runs_print.h"
#include "cli/runs_settings.h"

enum {
    day_s = 86400,
    backfill_days_max = 3660,
    look_again_ms = 200, /* the history is a file of another process: it tells nobody */
    date_characters = 10,
};

static const char *data_folder_of(const mr_cli *cli)
{
    return mr_config_text(mr_cli_config(cli), "MILLRACE_DATA");
}

/* --- Until a run has ended -------------------------------------------------------------------- */

/* MR_EXISTS: a scheduler does that. */
static mr_status carry_out(mr_cli *cli, const char *id, mr_err *err)
{
    char **environment = mr_role_environment_create(mr_cli_config(cli));
    const mr_scheduler_options options = mr_runs_settings(cli, environment);
    const mr_status status = mr_scheduler_carry_out(&options, id, err);

    mr_role_environment_destroy(environment);
    return status;
}

/* Whoever carries runs out may go meanwhile: then it is done here. */
static mr_status wait_for(mr_cli *cli, mr_runs *runs, const char *id, mr_run *ret_run, mr_err *err)
{
    mr_status status = mr_runs_find(runs, id, ret_run, err);

    while (status == MR_OK && !mr_run_has_ended(ret_run->state)) {
        if (mr_scheduler_is_at_work(data_folder_of(cli))) {
            (void)poll(NULL, 0, look_again_ms);
        } else {
            status = carry_out(cli, id, err);
        }
        if (status == MR_OK || status == MR_EXISTS) {
            status = mr_runs_find(runs, id, ret_run, err);
        }
    }
    return status;
}

static int report(mr_cli *cli, mr_runs *runs, const mr_run *run)
{
    mr_err err;
    const bool well = run->state != MR_RUN_FAILED && run->state != MR_RUN_TIMED_OUT &&
                      run->state != MR_RUN_CANCELLED;

    if (mr_runs_print_whole(cli, runs, run, &err) != MR_OK) {
        return mr_cli_fail(cli, &err);
    }
    return well ? MR_EXIT_OK : MR_EXIT_FAILED;
}

/* Sees to it that the queue is worked off, up to a run of it. */
static int follow(mr_cli *cli, mr_runs *runs, const char *id, bool wait)
{
    mr_run run = {.id = ""};
    mr_err err;
    mr_status status = carry_out(cli, id, &err);

    if (status == MR_EXISTS) {
        mr_scheduler_wake(data_folder_of(cli));
        status = wait ? wait_for(cli, runs, id, &run, &err) : mr_runs_find(runs, id, &run, &err);
    } else if (status == MR_OK) {
        status = mr_runs_find(runs, id, &run, &err);
    }
    return status == MR_OK ? report(cli, runs, &run) : mr_cli_fail(cli, &err);
}

/* --- Trigger ---------------------------------------------------------------------------------- */

static mr_status set_day(const mr_cli *cli, mr_run *run, const char *day, mr_err *err)
{
    mr_zone *zone = NULL;
    mr_status status =
        mr_zone_open(mr_config_text(mr_cli_config(cli), "MILLRACE_TIMEZONE"), &zone, err);

    if (status == MR_OK) {
        status = mr_run_set_day(run, zone, mr_text_of(day), err);
    }
    mr_zone_close(zone);
    return status;
}

static mr_status make_run(const mr_cli *cli, const mr_runs_wanted *wanted, mr_run *ret_run,
                          mr_err *err)
{
    mr_run run = {
        .kind = MR_RUN_MANUAL, .full_refresh = wanted->full_refresh, .created_ms = mr_now_ms()};
    mr_dag dag;
    mr_status status;

    if (wanted->key != NULL && strlen(wanted->key) >= sizeof run.key) {
        return mr_fail(err, MR_INVALID, "--key takes at most %zu bytes", sizeof run.key - 1);
    }
    (void)snprintf(run.key, sizeof run.key, "%s", wanted->key != NULL ? wanted->key : "");
    (void)snprintf(run.target, sizeof run.target, "%.10s", wanted->target);
    status = mr_dag_make(&run, false, &dag, err);
    if (status == MR_OK && wanted->date != NULL) {
        status = set_day(cli, &run, wanted->date, err);
    }
    *ret_run = run;
    return status;
}

int mr_runs_trigger(mr_cli *cli, const mr_runs_wanted *wanted, bool wait)
{
    mr_run run;
    mr_runs *runs = NULL;
    bool joined = false;
    int exit_status;
    mr_err err;
    mr_status status = make_run(cli, wanted, &run, &err);

    if (status == MR_INVALID) {
        return mr_cli_usage(cli, "%s", err.message);
    }
    if (status == MR_OK) {
        status = mr_runs_open(data_folder_of(cli), false, &runs, &err);
    }
    if (status == MR_OK) {
        status = mr_runs_ask(runs, &run, &joined, &err);
    }
    exit_status = status == MR_OK ? follow(cli, runs, run.id, wait) : mr_cli_fail(cli, &err);
    mr_runs_close(runs);
    return exit_status;
}

/* --- Backfill --------------------------------------------------------------------------------- */

static bool parse_day(const char *text, mr_civil *ret_day)
{
    return strlen(text) == date_characters && mr_civil_parse(mr_text_of(text), ret_day) &&
           ret_day->seconds % day_s == 0;
}

/* The days' runs, all or none. */
static mr_status add_days(mr_runs *runs, const mr_zone *zone, mr_civil from, mr_civil to,
                          char ret_last_id[static mr_run_id_bytes_max], mr_err *err)
{
    mr_status status = mr_runs_begin(runs, err);
    mr_run run = {.target = "all", .created_ms = mr_now_ms()};

    for (mr_civil day = from; day.seconds <= to.seconds && status == MR_OK; day.seconds += day_s) {
        char text[mr_civil_text_bytes_max];

        (void)mr_civil_format_iso(day, text);
        text[date_characters] = '\0';
        status = mr_run_set_day(&run, zone, mr_text_of(text), err);
        if (status == MR_OK) {
            status = mr_runs_add(runs, &run, err);
        }
    }
    if (status == MR_OK) {
        status = mr_runs_commit(runs, err);
    }
    mr_runs_rollback(runs);
    memcpy(ret_last_id, run.id, sizeof run.id);
    return status;
}

int mr_runs_backfill(mr_cli *cli, const char *from_text, const char *to_text, bool wait)
{
    mr_civil from = {0}, to = {0};
    char last_id[mr_run_id_bytes_max] = "";
    mr_runs *runs = NULL;
    mr_zone *zone = NULL;
    int exit_status = MR_EXIT_FAILED;
    mr_status status;
    mr_err err;

    if (!parse_day(from_text, &from) || !parse_day(to_text, &to) || from.seconds > to.seconds) {
        return mr_cli_usage(cli, "backfill takes the first and the last day, like 2026-11-01 "
                                 "2026-11-30");
    }
    if ((to.seconds - from.seconds) / day_s >= backfill_days_max) {
        return mr_cli_usage(cli, "backfill takes at most %d days at once", backfill_days_max);
    }
    status = mr_zone_open(mr_config_text(mr_cli_config(cli), "MILLRACE_TIMEZONE"), &zone, &err);
    if (status == MR_OK) {
        status = mr_runs_open(data_folder_of(cli), false, &runs, &err);
    }
    if (status == MR_OK) {
        status = add_days(runs, zone, from, to, last_id, &err);
    }
    exit_status = status == MR_OK ? follow(cli, runs, last_id, wait) : mr_cli_fail(cli, &err);
    mr_runs_close(runs);
    mr_zone_close(zone);
    return exit_status;
}

/* --- Cancel ----------------------------------------------------------------------------------- */

/* With nobody at work a run is ended by whoever takes it up: here, if it still can be. */
static mr_status end_here(mr_cli *cli, const char *id, mr_err *err)
{
    const mr_status status = carry_out(cli, id, err);

    return status == MR_EXISTS ? MR_OK : status;
}

int mr_runs_cancel(mr_cli *cli, const char *id)
{
    mr_runs *runs = NULL;
    mr_run run = {.id = ""};
    int exit_status = MR_EXIT_OK;
    mr_err err;
    mr_status status = mr_runs_open(data_folder_of(cli), true, &runs, &err);

    if (status == MR_OK) {
        status = mr_runs_find(runs, id, &run, &err);
    }
    if (status == MR_OK) {
        status = mr_runs_ask_cancel(runs, run.id, &err);
    }
    if (status == MR_OK) {
        mr_scheduler_wake(data_folder_of(cli));
        if (!mr_scheduler_is_at_work(data_folder_of(cli))) {
            status = end_here(cli, run.id, &err);
        }
    }
    if (status == MR_OK) {
        status = mr_runs_find(runs, run.id, &run, &err);
    }
    if (status == MR_OK) {
        status = mr_runs_print_whole(cli, runs, &run, &err);
    }
    exit_status = status == MR_OK ? MR_EXIT_OK : mr_cli_fail(cli, &err);
    mr_runs_close(runs);
    return exit_status;
}
