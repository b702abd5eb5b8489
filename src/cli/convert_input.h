/* SPDX-License-Identifier: Apache-2.0 */
/* cli/convert_input.h - a file that can be read twice, whatever it came from.
 *
 * A regular file is read where it lies; a pipe (or "-", standard input) is first copied into an
 * unlinked file of TMPDIR (else /var/tmp), so that memory stays flat.
 */
#ifndef MR_CLI_CONVERT_INPUT_H
#define MR_CLI_CONVERT_INPUT_H

#include <stdint.h>

#include "base/status.h"
#include "base/text.h"

typedef struct mr_convert_input {
    int fd; /* -1: closed */
    uint64_t bytes;
    int64_t changed_ns; /* time of the last change, to notice one under way */
} mr_convert_input;

/* path: "-" is standard input. head: bytes of it that somebody has read already. */
mr_status mr_convert_input_open(const char *path, mr_text head, mr_convert_input *ret_input,
                                mr_err *err);
void mr_convert_input_close(mr_convert_input *input);

mr_status mr_convert_input_rewind(mr_convert_input *input, mr_err *err);

/* MR_IO when the file is not what it was when it was opened. */
mr_status mr_convert_input_unchanged(const mr_convert_input *input, mr_err *err);

/* An mr_csv_read_fn; ctx is the mr_convert_input. */
mr_status mr_convert_input_read(void *ctx, char *buffer, size_t capacity, size_t *ret_bytes,
                                mr_err *err);

#endif
