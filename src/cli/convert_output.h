/* SPDX-License-Identifier: Apache-2.0 */
/* cli/convert_output.h - where convert and generate write events to: a file or standard output. */
#ifndef MR_CLI_CONVERT_OUTPUT_H
#define MR_CLI_CONVERT_OUTPUT_H

#include "base/memory.h"

enum { mr_convert_output_flush_bytes = 262144 };

typedef struct mr_convert_output {
    const char *name; /* for messages */
    int fd;
    mr_buffer buffer; /* append lines here, then call mr_convert_output_step */
    uint64_t bytes;   /* written */
} mr_convert_output;

/* path: NULL or "-" is standard output. An existing file is replaced. */
mr_status mr_convert_output_open(const char *path, mr_convert_output *ret_output, mr_err *err);

mr_status mr_convert_output_flush(mr_convert_output *output, mr_err *err);

/* After each line; writes when enough has come together. */
static inline mr_status mr_convert_output_step(mr_convert_output *output, mr_err *err)
{
    return output->buffer.bytes < mr_convert_output_flush_bytes
               ? MR_OK
               : mr_convert_output_flush(output, err);
}

/* Flush first: close reports nothing. Twice is fine. */
void mr_convert_output_close(mr_convert_output *output);

#endif
