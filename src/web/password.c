/* SPDX-License-Identifier: Apache-2.0 */
/* web/password.c - passwords as argon2id hashes. The only file that knows libsodium. */
#include "web/password.h"

#include <sodium.h>

#include "base/memory.h"

_Static_assert(crypto_pwhash_STRBYTES == mr_password_hash_bytes_max, "the store keeps it whole");

/* Of a random text nobody knows, at the same cost as every other. */
static const char hash_of_nobody[] = "$argon2id$v=19$m=65536,t=2,p=1$agGE/ZPqZdDTDH21yT0CdA$"
                                     "/s5gEpDz4QLYB5iSWmP6v6HA5+fMbMi4AEW3xopx+KM";

mr_status mr_password_check(mr_text password, const char *user_name, mr_err *err)
{
    if (password.bytes > mr_password_bytes_max) {
        return mr_fail(err, MR_INVALID, "a password has at most %d bytes", mr_password_bytes_max);
    }
    if (!mr_utf8_valid(password)) {
        return mr_fail(err, MR_INVALID, "a password is UTF-8 text");
    }
    if (mr_utf8_length(password) < mr_password_length_min) {
        return mr_fail(err, MR_INVALID, "a password has at least %d characters",
                       mr_password_length_min);
    }
    if (mr_text_equal_ignoring_case(password, mr_text_of(user_name))) {
        return mr_fail(err, MR_INVALID, "a password is not the user's name");
    }
    return MR_OK;
}

mr_status mr_password_hash(mr_text password, char ret_hash[static mr_password_hash_bytes_max],
                           mr_err *err)
{
    MR_ASSERT(sodium_init() >= 0);
    if (crypto_pwhash_str(ret_hash, password.data, password.bytes,
                          crypto_pwhash_OPSLIMIT_INTERACTIVE,
                          crypto_pwhash_MEMLIMIT_INTERACTIVE) != 0) {
        return mr_fail(err, MR_UNAVAILABLE, "no memory to hash a password (64 MiB)");
    }
    return MR_OK;
}

bool mr_password_matches(mr_text password, const char *hash)
{
    bool known = hash[0] != '\0';

    MR_ASSERT(sodium_init() >= 0);
    bool matches =
        crypto_pwhash_str_verify(known ? hash : hash_of_nobody, password.data, password.bytes) == 0;
    return matches && known;
}
