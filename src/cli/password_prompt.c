/* SPDX-License-Identifier: Apache-2.0 */
/* cli/password_prompt.c - a password from a terminal or from standard input.
 *
 * The terminal's echo is off only while a line is read, and is put back whatever ends the reading:
 * a Ctrl-C is taken as a character meanwhile (ISIG off) and becomes MR_STOPPED.
 */
#define _DEFAULT_SOURCE /* explicit_bzero */
#include "cli/password_prompt.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/memory.h"

enum { interrupt_character = 3 };

/* The bytes up to a line's end, which is left off. false: nothing came, or too much. */
static bool read_line(int fd, char *line, size_t capacity)
{
    size_t used = 0;

    for (;;) {
        char byte = 0;
        ssize_t got = read(fd, &byte, 1);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0 || byte == '\n' || byte == interrupt_character) {
            line[used] = '\0';
            return byte != interrupt_character && (got > 0 || used > 0);
        }
        if (byte == '\r') {
            continue;
        }
        if (used + 1 == capacity) {
            return false;
        }
        line[used++] = byte;
    }
}

static mr_status ask(int terminal, const char *question, char *ret_password, mr_err *err)
{
    struct termios shown;
    struct termios hidden;

    if (tcgetattr(terminal, &shown) != 0) {
        return mr_fail_errno(err, errno, "ask for the password");
    }
    hidden = shown;
    hidden.c_lflag &= (tcflag_t) ~(ECHO | ISIG);
    (void)dprintf(terminal, "%s", question);
    if (tcsetattr(terminal, TCSAFLUSH, &hidden) != 0) {
        return mr_fail_errno(err, errno, "hide the password");
    }
    bool got = read_line(terminal, ret_password, mr_prompt_bytes_max);
    (void)tcsetattr(terminal, TCSAFLUSH, &shown); /* it took `hidden`, so it takes this */
    (void)dprintf(terminal, "\n");
    return got ? MR_OK : mr_fail(err, MR_STOPPED, "no password was given");
}

static mr_status ask_twice(int terminal, const char *user_name, char *ret_password, mr_err *err)
{
    char question[256];
    char again[mr_prompt_bytes_max];
    mr_status status;

    (void)snprintf(question, sizeof question, "Password of %s: ", user_name);
    status = ask(terminal, question, ret_password, err);
    if (status == MR_OK) {
        status = ask(terminal, "Once more: ", again, err);
    }
    if (status == MR_OK && strcmp(again, ret_password) != 0) {
        status = mr_fail(err, MR_INVALID, "the two passwords differ");
    }
    explicit_bzero(again, sizeof again);
    return status;
}

mr_status mr_password_read(bool from_stdin, const char *user_name,
                           char ret_password[static mr_prompt_bytes_max], mr_err *err)
{
    int terminal;
    mr_status status;

    if (from_stdin) {
        return read_line(STDIN_FILENO, ret_password, mr_prompt_bytes_max)
                   ? MR_OK
                   : mr_fail(err, MR_INVALID, "standard input holds no password on its first line");
    }
    terminal = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (terminal < 0) {
        return mr_fail(err, MR_UNAVAILABLE,
                       "no terminal to ask for the password on; --password-stdin reads it, --link "
                       "makes a sign-in link instead");
    }
    status = ask_twice(terminal, user_name, ret_password, err);
    (void)close(terminal);
    return status;
}
