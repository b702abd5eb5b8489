/* SPDX-License-Identifier: Apache-2.0 */
/* cli/capture.h - what a piece of code writes to a standard stream, for tests of the command line.
 */
#ifndef MR_TESTS_CLI_CAPTURE_H
#define MR_TESTS_CLI_CAPTURE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { capture_bytes_max = 65536 };

typedef struct capture {
    FILE *stream;
    FILE *file;
    int saved_fd;
    char text[capture_bytes_max];
} capture;

/* Diverts the stream into a temporary file. End with capture_end; free the result. */
static inline capture *capture_begin(FILE *stream)
{
    capture *c = calloc(1, sizeof *c);

    if (c == NULL || fflush(stream) != 0) {
        abort();
    }
    c->stream = stream;
    c->file = tmpfile();
    c->saved_fd = dup(fileno(stream));
    if (c->file == NULL || c->saved_fd < 0 || dup2(fileno(c->file), fileno(stream)) < 0) {
        abort();
    }
    return c;
}

/* Restores the stream; c->text is what was written meanwhile. */
static inline const char *capture_end(capture *c)
{
    size_t bytes = 0;

    if (fflush(c->stream) != 0 || dup2(c->saved_fd, fileno(c->stream)) < 0) {
        abort();
    }
    (void)close(c->saved_fd);
    rewind(c->file);
    bytes = fread(c->text, 1, sizeof c->text - 1, c->file);
    c->text[bytes] = '\0';
    (void)fclose(c->file);
    return c->text;
}

#endif
