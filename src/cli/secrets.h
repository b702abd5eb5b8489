/* SPDX-License-Identifier: Apache-2.0 */
/* cli/secrets.h - references in settings: read at the start, and again on a period while a role
 * runs.
 */
#ifndef MR_CLI_SECRETS_H
#define MR_CLI_SECRETS_H

#include "base/config.h"
#include "cli/cli.h"

typedef struct mr_secrets mr_secrets;

/* Reads nothing yet. config is borrowed, and changed by the functions below. */
mr_secrets *mr_secrets_open(mr_config *config);
void mr_secrets_close(mr_secrets *secrets); /* ends the watch; NULL is fine */

/* Reads what the settings refer to; err names setting and reference. */
mr_status mr_secrets_resolve(mr_secrets *secrets, mr_err *err);

/* The same, whatever becomes of each; told says it. */
void mr_secrets_read_all(mr_secrets *secrets, mr_config_told_fn told, void *ctx);

/* From now on, in a thread of its own, until the command ends: every MILLRACE_SECRETS_REFRESH the
 * references are read again. What has changed, and what could not be read (the value that it had is
 * kept), is logged. Nothing is started where no setting is a reference. */
void mr_cli_watch_secrets(mr_cli *cli);

#endif
