/* SPDX-License-Identifier: Apache-2.0 */
/* base/status.c - errors: a status, what to do about it, and a message that never fails to be made.
 *
 * Invariants: an error is filled without allocation; a message too long is cut, never lost.
 */
#define _GNU_SOURCE /* strerror_r that returns the text */
#include "base/status.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const status_names[] = {
    [MR_OK] = "ok",
    [MR_INVALID] = "invalid",
    [MR_LIMIT] = "limit reached",
    [MR_NOT_FOUND] = "not found",
    [MR_EXISTS] = "exists",
    [MR_UNAVAILABLE] = "unavailable",
    [MR_FULL] = "disk full",
    [MR_IO] = "input/output error",
    [MR_CORRUPT] = "corrupt",
    [MR_UNKNOWN_OUTCOME] = "unknown outcome",
    [MR_UNSUPPORTED] = "unsupported",
    [MR_STOPPED] = "stopped",
};

static const mr_action status_actions[] = {
    [MR_OK] = MR_RETRY,           [MR_INVALID] = MR_REJECT,
    [MR_LIMIT] = MR_REJECT,       [MR_NOT_FOUND] = MR_REJECT,
    [MR_EXISTS] = MR_REJECT,      [MR_UNAVAILABLE] = MR_RETRY,
    [MR_FULL] = MR_RETRY,         [MR_IO] = MR_RETRY,
    [MR_CORRUPT] = MR_HALT,       [MR_UNKNOWN_OUTCOME] = MR_RETRY,
    [MR_UNSUPPORTED] = MR_REJECT, [MR_STOPPED] = MR_HALT,
};

mr_action mr_status_action(mr_status status)
{
    MR_ASSERT((unsigned)status < sizeof(status_actions) / sizeof(status_actions[0]));
    return status_actions[status];
}

const char *mr_status_name(mr_status status)
{
    MR_ASSERT((unsigned)status < sizeof(status_names) / sizeof(status_names[0]));
    return status_names[status];
}

static void fill(mr_err *err, mr_status status, const char *format, va_list arguments)
    __attribute__((format(printf, 3, 0)));

static void fill(mr_err *err, mr_status status, const char *format, va_list arguments)
{
    /* Arguments may point into err->message itself, so the text is made elsewhere first. */
    char message[mr_err_message_bytes_max];

    (void)vsnprintf(message, sizeof(message), format, arguments);
    memcpy(err->message, message, sizeof(message));
    err->status = status;
    err->action = mr_status_action(status);
}

mr_status mr_fail(mr_err *err, mr_status status, const char *format, ...)
{
    MR_ASSERT(status != MR_OK);
    if (err != NULL) {
        va_list arguments;

        va_start(arguments, format);
        fill(err, status, format, arguments);
        va_end(arguments);
    }
    return status;
}

mr_status mr_fail_in(mr_err *err, mr_status status, const char *format, ...)
{
    char prefix[mr_err_message_bytes_max];
    char message[mr_err_message_bytes_max];
    va_list arguments;

    if (err == NULL) {
        return status;
    }
    va_start(arguments, format);
    (void)vsnprintf(prefix, sizeof(prefix), format, arguments);
    va_end(arguments);
    memcpy(message, err->message, sizeof(message));
    size_t used = strnlen(prefix, sizeof(prefix));
    (void)snprintf(err->message, sizeof(err->message), "%s", prefix);
    (void)snprintf(err->message + used, sizeof(err->message) - used, ": %s", message);
    return err->status;
}

mr_status mr_fail_errno(mr_err *err, int errno_value, const char *format, ...)
{
    mr_status status = errno_value == ENOSPC || errno_value == EDQUOT ? MR_FULL : MR_IO;

    if (err != NULL) {
        char reason[128];
        va_list arguments;

        va_start(arguments, format);
        fill(err, status, format, arguments);
        va_end(arguments);
        size_t used = strnlen(err->message, sizeof(err->message));
        (void)snprintf(err->message + used, sizeof(err->message) - used, ": %s",
                       strerror_r(errno_value, reason, sizeof(reason)));
    }
    return status;
}

noreturn void mr_assert_failed(const char *expression, const char *file, int line)
{
    (void)fprintf(stderr, "millrace: %s:%d: impossible state: %s; stopping to protect data\n", file,
                  line, expression);
    abort();
}
