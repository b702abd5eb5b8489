/* SPDX-License-Identifier: Apache-2.0 */
/* cli/password_prompt.h - a password from a person (without showing it) or from standard input;
 * never from an argument, which every process of the machine can read.
 */
#ifndef MR_CLI_PASSWORD_PROMPT_H
#define MR_CLI_PASSWORD_PROMPT_H

#include <stdbool.h>

#include "base/status.h"

enum { mr_prompt_bytes_max = 1024 };

/* from_stdin: the first line of standard input. Else asks twice on the terminal; MR_INVALID: the
 * two differ, MR_UNAVAILABLE: there is no terminal. ret_password ends with a NUL; wipe it. */
mr_status mr_password_read(bool from_stdin, const char *user_name,
                           char ret_password[static mr_prompt_bytes_max], mr_err *err);

#endif
