/* SPDX-License-Identifier: Apache-2.0 */
/* cli/format.c - numbers as people read them, words as a shell reads them. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

/* Copies text into buffer with a comma between each three digits of its leading run of digits. */
static void group_digits(const char *text, char *buffer)
{
    const size_t sign = text[0] == '-' ? 1 : 0;
    const size_t digits = strspn(text + sign, "0123456789");
    size_t used = 0;

    MR_ASSERT(strlen(text) + digits / 3 < mr_cli_text_bytes_max);
    for (size_t index = 0; text[index] != '\0'; index++) {
        const size_t position = index - sign; /* wraps for the sign, which is no digit */

        if (index > sign && position < digits && (digits - position) % 3 == 0) {
            buffer[used++] = ',';
        }
        buffer[used++] = text[index];
    }
    buffer[used] = '\0';
}

const char *mr_cli_count(uint64_t value, char buffer[static mr_cli_text_bytes_max])
{
    char digits[32];

    (void)snprintf(digits, sizeof digits, "%" PRIu64, value);
    group_digits(digits, buffer);
    return buffer;
}

const char *mr_cli_amount(mr_amount amount, char buffer[static mr_cli_text_bytes_max])
{
    char digits[mr_amount_text_bytes_max];

    (void)mr_amount_format(amount, 2, digits);
    group_digits(digits, buffer);
    return buffer;
}

const char *mr_cli_bytes(uint64_t bytes, char buffer[static mr_cli_text_bytes_max])
{
    static const char *const units[] = {"kB", "MB", "GB", "TB", "PB", "EB"};
    double value = (double)bytes / 1000.0;
    size_t unit = 0;

    if (bytes < 1000) {
        (void)snprintf(buffer, mr_cli_text_bytes_max, "%" PRIu64 " B", bytes);
        return buffer;
    }
    while (value >= 999.5 && unit + 1 < sizeof units / sizeof units[0]) {
        value /= 1000.0;
        unit++;
    }
    (void)snprintf(buffer, mr_cli_text_bytes_max, value < 9.95 ? "%.1f %s" : "%.0f %s", value,
                   units[unit]);
    return buffer;
}

const char *mr_cli_duration(uint64_t ms, char buffer[static mr_cli_text_bytes_max])
{
    const uint64_t seconds = ms / 1000;
    const uint64_t minutes = seconds / 60;
    const uint64_t hours = minutes / 60;

    if (ms < 1000) {
        (void)snprintf(buffer, mr_cli_text_bytes_max, "%" PRIu64 " ms", ms);
    } else if (seconds < 10) {
        (void)snprintf(buffer, mr_cli_text_bytes_max, "%" PRIu64 ".%" PRIu64 " s", seconds,
                       ms % 1000 / 100);
    } else if (minutes < 1) {
        (void)snprintf(buffer, mr_cli_text_bytes_max, "%" PRIu64 " s", seconds);
    } else if (hours < 1) {
        (void)snprintf(buffer, mr_cli_text_bytes_max, "%" PRIu64 " min %" PRIu64 " s", minutes,
                       seconds % 60);
    } else if (hours < 24) {
        (void)snprintf(buffer, mr_cli_text_bytes_max, "%" PRIu64 " h %" PRIu64 " min", hours,
                       minutes % 60);
    } else {
        (void)snprintf(buffer, mr_cli_text_bytes_max, "%" PRIu64 " d %" PRIu64 " h", hours / 24,
                       hours % 24);
    }
    return buffer;
}

void mr_cli_append_shell_word(mr_buffer *out, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "%+,-./:=@_";

    if (word[0] != '\0' && word[strspn(word, plain)] == '\0') {
        MR_ASSERT(mr_buffer_append_string(out, word));
        return;
    }
    MR_ASSERT(mr_buffer_append_string(out, "'"));
    for (; *word != '\0'; word++) {
        const bool quote = *word == '\'';

        MR_ASSERT(mr_buffer_append(out, quote ? "'\\''" : word, quote ? 4 : 1));
    }
    MR_ASSERT(mr_buffer_append_string(out, "'"));
}

void mr_cli_append_data_flag(mr_buffer *out, const mr_config *config)
{
    if (strncmp(mr_config_source(config, "MILLRACE_DATA"), "flag", 4) == 0) {
        MR_ASSERT(mr_buffer_append_string(out, " --data "));
        mr_cli_append_shell_word(out, mr_config_text(config, "MILLRACE_DATA"));
    }
}
