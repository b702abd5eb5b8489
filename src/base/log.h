/* SPDX-License-Identifier: Apache-2.0 */
/* base/log.h - the process's own log: one line an entry to standard error, text or JSON.
 *
 * The log sink is the one mutable global of the program. Entries are written whole (one write(2)),
 * from any thread. Rooms below cli return errors; only stage loops and roles log.
 */
#ifndef MR_BASE_LOG_H
#define MR_BASE_LOG_H

#include <stdbool.h>

typedef enum mr_log_level { MR_LOG_DEBUG, MR_LOG_INFO, MR_LOG_WARN, MR_LOG_ERROR } mr_log_level;

/* Call once at start, before threads. role ("gateway") stands in every line; borrowed for ever. */
void mr_log_configure(const char *role, mr_log_level level, bool json);
bool mr_log_level_parse(const char *name, mr_log_level *ret_level); /* debug info warn error */

/* 2026-11-22T12:00:00.123Z INFO gateway: <message> */
void mr_log(mr_log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define mr_log_debug(...) mr_log(MR_LOG_DEBUG, __VA_ARGS__)
#define mr_log_info(...)  mr_log(MR_LOG_INFO, __VA_ARGS__)
#define mr_log_warn(...)  mr_log(MR_LOG_WARN, __VA_ARGS__)
#define mr_log_error(...) mr_log(MR_LOG_ERROR, __VA_ARGS__)

#endif
