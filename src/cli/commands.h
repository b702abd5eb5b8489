/* SPDX-License-Identifier: Apache-2.0 */
/* cli/commands.h - the commands: each is a file, cmd_<name>.c, and a line of the table commands.c.
 */
#ifndef MR_CLI_COMMANDS_H
#define MR_CLI_COMMANDS_H

#include "cli/cli.h"

int mr_cmd_config(mr_cli *cli, int argc, char **argv);
int mr_cmd_convert(mr_cli *cli, int argc, char **argv);
int mr_cmd_customer(mr_cli *cli, int argc, char **argv);
int mr_cmd_dlq(mr_cli *cli, int argc, char **argv);
int mr_cmd_down(mr_cli *cli, int argc, char **argv);
int mr_cmd_eject(mr_cli *cli, int argc, char **argv);
int mr_cmd_gateway(mr_cli *cli, int argc, char **argv);
int mr_cmd_generate(mr_cli *cli, int argc, char **argv);
int mr_cmd_invoice(mr_cli *cli, int argc, char **argv);
int mr_cmd_sql(mr_cli *cli, int argc, char **argv);
int mr_cmd_lineage(mr_cli *cli, int argc, char **argv);
int mr_cmd_metrics(mr_cli *cli, int argc, char **argv);
int mr_cmd_migrate_store(mr_cli *cli, int argc, char **argv);
int mr_cmd_key(mr_cli *cli, int argc, char **argv);
int mr_cmd_lake(mr_cli *cli, int argc, char **argv);
int mr_cmd_post(mr_cli *cli, int argc, char **argv);
int mr_cmd_processor(mr_cli *cli, int argc, char **argv);
int mr_cmd_publish(mr_cli *cli, int argc, char **argv);
int mr_cmd_replay(mr_cli *cli, int argc, char **argv);
int mr_cmd_runs(mr_cli *cli, int argc, char **argv);
int mr_cmd_scheduler(mr_cli *cli, int argc, char **argv);
int mr_cmd_run(mr_cli *cli, int argc, char **argv);
int mr_cmd_status(mr_cli *cli, int argc, char **argv);
int mr_cmd_tail(mr_cli *cli, int argc, char **argv);
int mr_cmd_topic(mr_cli *cli, int argc, char **argv);
int mr_cmd_up(mr_cli *cli, int argc, char **argv);
int mr_cmd_user(mr_cli *cli, int argc, char **argv);
int mr_cmd_web(mr_cli *cli, int argc, char **argv);
int mr_cmd_version(mr_cli *cli, int argc, char **argv);

/* The whole program: finds the command named by argv[1] and runs it. Returns the exit status. */
int mr_cli_main(int argc, char **argv);

#endif
