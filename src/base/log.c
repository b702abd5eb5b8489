/* SPDX-License-Identifier: Apache-2.0 */
/* base/log.c - one line an entry to standard error, written whole.
 *
 * Owns:       the sink, the one mutable global; set before threads start, read only afterwards.
 * Invariants: an entry is one line, whatever its message holds: no one can forge a second one.
 */
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/civil.h"
#include "base/memory.h"

enum { log_message_bytes_max = 2048 };

static struct {
    const char *role;
    mr_log_level level;
    bool json;
} sink = {.role = "millrace", .level = MR_LOG_INFO};

static const char *const level_names[] = {"debug", "info", "warn", "error"};
static const char *const level_titles[] = {"DEBUG", "INFO", "WARN", "ERROR"};

void mr_log_configure(const char *role, mr_log_level level, bool json)
{
    sink.role = role;
    sink.level = level;
    sink.json = json;
}

bool mr_log_level_parse(const char *name, mr_log_level *ret_level)
{
    for (size_t i = 0; i < sizeof(level_names) / sizeof(level_names[0]); i++) {
        if (strcmp(name, level_names[i]) == 0) {
            *ret_level = (mr_log_level)i;
            return true;
        }
    }
    return false;
}

static void write_line(const char *line, size_t bytes)
{
    while (bytes > 0) {
        ssize_t written = write(STDERR_FILENO, line, bytes);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            return; /* there is no other place to complain to */
        }
        line += written;
        bytes -= (size_t)written;
    }
}

void mr_log(mr_log_level level, const char *format, ...)
{
    char message[log_message_bytes_max];
    char line_bytes[6 * log_message_bytes_max + 256];
    char instant[mr_civil_text_bytes_max];
    mr_buffer line = {.data = line_bytes, .capacity = sizeof(line_bytes)};
    va_list arguments;
    int saved_errno = errno;

    if (level < sink.level) {
        return;
    }
    /* The cap equals the stack's bytes, so that the buffer never asks for more. */
    line.bytes_max = sizeof(line_bytes);
    va_start(arguments, format);
    (void)vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);
    (void)mr_instant_format(mr_now_ms(), instant);
    if (sink.json) {
        (void)mr_buffer_printf(
            &line, "{\"at\":\"%s\",\"level\":\"%s\",\"role\":\"%.64s\",\"message\":", instant,
            level_names[level], sink.role);
        (void)mr_buffer_append_json_string(&line, mr_text_of(message));
        (void)mr_buffer_append_string(&line, "}\n");
    } else {
        for (char *c = message; *c != '\0'; c++) {
            *c = (unsigned char)*c < ' ' ? ' ' : *c;
        }
        (void)mr_buffer_printf(&line, "%s %-5s %.64s: %s\n", instant, level_titles[level],
                               sink.role, message);
    }
    write_line(line.data, line.bytes);
    errno = saved_errno;
}
