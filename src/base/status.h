/* SPDX-License-Identifier: Apache-2.0 */
/* base/status.h - what a fallible function returns, and the error it fills in.
 *
 * Every function that can fail returns mr_status and takes `mr_err *err` last. The caller owns err;
 * it is written only on failure and may be NULL. Outputs named ret_* are written only on success.
 */
#ifndef MR_BASE_STATUS_H
#define MR_BASE_STATUS_H

#include <stdnoreturn.h>

typedef enum mr_status {
    MR_OK = 0,
    MR_INVALID,         /* the input is wrong: it will be wrong again */
    MR_LIMIT,           /* a named limit was reached */
    MR_NOT_FOUND,       /* the thing asked for does not exist */
    MR_EXISTS,          /* it exists already, or another writer was first */
    MR_UNAVAILABLE,     /* a peer, lock or service is away for now */
    MR_FULL,            /* the disk (or quota) is full */
    MR_IO,              /* reading or writing failed */
    MR_CORRUPT,         /* stored bytes are not what was written */
    MR_UNKNOWN_OUTCOME, /* the request may or may not have taken effect: ask again by identity */
    MR_UNSUPPORTED,     /* valid, but not implemented by this backend or version */
    MR_STOPPED,         /* ended because the caller, or a signal, asked for it */
} mr_status;

/* What to do about an error; the stage loops act on this alone. */
typedef enum mr_action {
    MR_RETRY,  /* the same call may succeed later */
    MR_REJECT, /* never for this input: answer the sender, or dead-letter it */
    MR_HALT,   /* stop the role: going on could lose or double data */
} mr_action;

enum { mr_err_message_bytes_max = 512 };

typedef struct mr_err {
    mr_status status;
    mr_action action;
    char message[mr_err_message_bytes_max]; /* "append to ingestion-topic: disk is full" */
} mr_err;

/* Fills err (if not NULL) with status, its usual action and a formatted message (cut if too long).
 * Returns status, so that a failure is one line: return mr_fail(err, MR_IO, "...", ...). */
mr_status mr_fail(mr_err *err, mr_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts "<prefix>: " before the message already in err. Returns err's status (or status if NULL). */
mr_status mr_fail_in(mr_err *err, mr_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* As mr_fail, with ": <strerror(errno_value)>" appended; ENOSPC and EDQUOT become MR_FULL. */
mr_status mr_fail_errno(mr_err *err, int errno_value, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

mr_action mr_status_action(mr_status status);

/* A short stable name: "ok", "invalid", "disk full" ... Static storage. */
const char *mr_status_name(mr_status status);

/* Always on, in release builds too: the impossible happened, and going on could spoil data. */
noreturn void mr_assert_failed(const char *expression, const char *file, int line);
#define MR_ASSERT(expression) \
    ((expression) ? (void)0 : mr_assert_failed(#expression, __FILE__, __LINE__))

#endif
