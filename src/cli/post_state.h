/* SPDX-License-Identifier: Apache-2.0 */
/* cli/post_state.h - how far a file has been acknowledged, so that a run that was killed goes on.
 *
 * <FILE>.progress, one JSON object: what the file is (size, time, hash of its head), where it goes
 * and how it is read, and the byte up to which every line is acknowledged. Sending more again than
 * need be is harmless (events have identities); sending less is not: so the state never runs ahead.
 */
#ifndef MR_CLI_POST_STATE_H
#define MR_CLI_POST_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

typedef struct mr_post_identity {
    uint64_t file_bytes;
    int64_t changed_ns;
    uint64_t head_hash;
    uint64_t target_hash; /* of the URL and the options that change what is sent */
} mr_post_identity;

typedef struct mr_post_state {
    mr_post_identity identity;
    uint64_t offset; /* as mr_post_piece.end_offset */
    uint64_t line;
    uint64_t accepted;
    uint64_t refused;
    uint64_t rejects_bytes; /* of the rejects file at that moment */
} mr_post_state;

/* target: any text that names where and how. */
mr_status mr_post_identify(const char *path, const char *target, mr_post_identity *ret_identity,
                           mr_err *err);

/* MR_NOT_FOUND: there is none. MR_CORRUPT: it cannot be read. MR_INVALID: it is of another file, or
 * of this file before it changed, or of another target. */
mr_status mr_post_state_load(const char *path, const mr_post_identity *identity,
                             mr_post_state *ret_state, mr_err *err);
mr_status mr_post_state_save(const char *path, const mr_post_state *state, mr_err *err);
void mr_post_state_remove(const char *path);

#endif
