/* SPDX-License-Identifier: Apache-2.0 */
/* cli/role_environment.h - the environment of a process of this program that shall see the same
 * settings, wherever they came from here. */
#ifndef MR_CLI_ROLE_ENVIRONMENT_H
#define MR_CLI_ROLE_ENVIRONMENT_H

#include "base/config.h"

/* Ours, with the settings as they are resolved in place of whatever they were, and without
 * NOTIFY_SOCKET. Ends with NULL. */
char **mr_role_environment_create(const mr_config *config);
void mr_role_environment_destroy(char **environment); /* NULL is fine */

#endif
