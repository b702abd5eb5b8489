/* SPDX-License-Identifier: Apache-2.0 */
/* cli/sql_session.h - what `millrace sql` does with each statement, however it came in. */
#ifndef MR_CLI_SQL_SESSION_H
#define MR_CLI_SQL_SESSION_H

#include <stdatomic.h>

#include "cli/cli.h"
#include "cli/sql_output.h"
#include "query/sql_catalog.h"

typedef struct mr_sql_session {
    const mr_cli *cli;
    mr_sql_lake *lake;
    mr_sql_output *output;
    mr_sql_format format;
    uint64_t limit;
    atomic_bool busy; /* a statement is under way: a signal stops it instead of the process */
} mr_sql_session;

/* Runs one statement, or a command (\d, \d TABLE), and prints its rows. Their number, and the
 * time, go to standard error. */
mr_status mr_sql_session_run(mr_sql_session *session, mr_text statement, mr_err *err);
/* Each statement of a text, until one fails. */
mr_status mr_sql_session_run_all(mr_sql_session *session, mr_text text, mr_err *err);

/* Reads statements from a terminal until its end or \q. */
void mr_sql_shell(mr_sql_session *session);

#endif
