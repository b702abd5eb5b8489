/* SPDX-License-Identifier: Apache-2.0 */
/* cli/cmd_lake.c - `millrace lake list|history|describe|optimize|vacuum`: the tables of the lake.
 *
 * Not here: what the actions do (cli/lake_look.c, cli/lake_upkeep.c).
 */
#include <stdio.h>

#include "cli/commands.h"
#include "cli/lake_tables.h"

enum { history_limit = 50 };

typedef enum lake_table_need { NO_TABLE, ONE_TABLE, ANY_TABLE } lake_table_need;

static const struct {
    const char *name;
    lake_table_need need;
} actions[] = {
    {"list", NO_TABLE},      {"history", ONE_TABLE}, {"describe", ONE_TABLE},
    {"optimize", ANY_TABLE}, {"vacuum", ANY_TABLE},
};

typedef struct lake_request {
    mr_lake lake;
    const char *action, *name; /* name NULL: all tables */
    uint64_t limit;
    mr_lake_upkeep upkeep;
} lake_request;

static bool is_action(const lake_request *request, const char *name)
{
    return strcmp(request->action, name) == 0;
}

static mr_status act(lake_request *request, mr_err *err)
{
    const char *path = NULL;
    mr_status status = mr_lake_open(&request->lake, err);

    if (status == MR_OK && request->name != NULL) {
        status = mr_lake_find(&request->lake, request->name, &path, err);
    }
    if (status != MR_OK) {
        return status;
    }
    if (is_action(request, "list")) {
        return mr_lake_list(&request->lake, err);
    }
    if (is_action(request, "history")) {
        return mr_lake_history(&request->lake, path, request->limit, err);
    }
    if (is_action(request, "describe")) {
        return mr_lake_describe(&request->lake, path, err);
    }
    if (is_action(request, "optimize")) {
        return mr_lake_optimize(&request->lake, path, err);
    }
    return mr_lake_vacuum(&request->lake, path, &request->upkeep, err);
}

static bool check_action(lake_request *request, int argument_count, char **arguments)
{
    mr_cli *cli = request->lake.cli;

    request->action = argument_count > 0 ? arguments[0] : "list";
    request->name = argument_count > 1 ? arguments[1] : NULL;
    for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++) {
        if (!is_action(request, actions[i].name)) {
            continue;
        }
        if (actions[i].need == NO_TABLE && argument_count > 1) {
            (void)mr_cli_usage(cli, "%s takes no table", request->action);
            return false;
        }
        if (argument_count > 2 || (actions[i].need == ONE_TABLE && argument_count != 2)) {
            (void)mr_cli_usage(cli, "%s takes one table", request->action);
            return false;
        }
        return true;
    }
    (void)mr_cli_usage(cli, "list, history, describe, optimize or vacuum, not '%s'",
                       request->action);
    return false;
}

static bool check_options(lake_request *request, const char *limit, const char *retention)
{
    mr_cli *cli = request->lake.cli;
    bool for_vacuum = retention != NULL || request->upkeep.force || request->upkeep.dry_run;

    if (for_vacuum && !is_action(request, "vacuum")) {
        (void)mr_cli_usage(cli, "--retention, --dry-run and --force are for vacuum");
        return false;
    }
    if (limit != NULL &&
        (!is_action(request, "history") ||
         !mr_parse_uint64(mr_text_of(limit), UINT64_MAX, &request->limit) || request->limit == 0)) {
        (void)mr_cli_usage(cli, "--limit is for history, and a number from 1");
        return false;
    }
    request->upkeep.retention_ms =
        mr_config_duration_ms(mr_cli_config(cli), "MILLRACE_LAKE_RETENTION");
    if (retention != NULL &&
        !mr_parse_duration_ms(mr_text_of(retention), &request->upkeep.retention_ms)) {
        (void)mr_cli_usage(cli, "--retention is '%s': a time as 7d or 36h", retention);
        return false;
    }
    return true;
}

int mr_cmd_lake(mr_cli *cli, int argc, char **argv)
{
    lake_request request = {.lake = {.cli = cli}, .limit = history_limit};
    const char *limit = NULL;
    const char *retention = NULL;
    const mr_cli_option options[] = {
        {.name = "--limit",
         .value_name = "N",
         .help = "history: at most this many versions (50)",
         .ret_value = &limit},
        {.name = "--retention",
         .value_name = "TIME",
         .help = "vacuum: keep what was needed within it; default: MILLRACE_LAKE_RETENTION",
         .ret_value = &retention},
        {.name = "--dry-run",
         .help = "vacuum: only say what would be removed",
         .ret_switch = &request.upkeep.dry_run},
        {.name = "--force",
         .help = "vacuum: allow less than 7 days; nobody may be writing or reading old versions",
         .ret_switch = &request.upkeep.force},
    };
    int argument_count = 0;
    char **arguments = NULL;
    int exit_status = MR_EXIT_OK;
    mr_err err;

    if (!mr_cli_parse(cli, argc, argv, options, sizeof options / sizeof options[0], &argument_count,
                      &arguments, &exit_status)) {
        return exit_status;
    }
    if (!check_action(&request, argument_count, arguments) ||
        !check_options(&request, limit, retention)) {
        return MR_EXIT_USAGE;
    }
    mr_status status = act(&request, &err);
    mr_lake_close(&request.lake);
    return status == MR_OK ? MR_EXIT_OK : mr_cli_fail(cli, &err);
}
