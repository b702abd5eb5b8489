/* SPDX-License-Identifier: Apache-2.0 */
/* web/password.h - passwords as argon2id hashes (libsodium, its "interactive" cost: 64 MiB of
 * memory and some tenths of a second each). Callers bound how many are made at once.
 */
#ifndef MR_WEB_PASSWORD_H
#define MR_WEB_PASSWORD_H

#include "base/status.h"
#include "base/text.h"
#include "store/ops_access.h"

enum { mr_password_length_min = 10, mr_password_bytes_max = 512 };

/* MR_INVALID, with the reason for people: too short, too long, not UTF-8, or the user's name. */
mr_status mr_password_check(mr_text password, const char *user_name, mr_err *err);

mr_status mr_password_hash(mr_text password, char ret_hash[static mr_password_hash_bytes_max],
                           mr_err *err);

/* In the same time whether or not it matches; a hash of "" stands for a user who does not exist or
 * has no password: false, after as long. */
bool mr_password_matches(mr_text password, const char *hash);

#endif
