/* SPDX-License-Identifier: Apache-2.0 */
/* cli/convert_output.c - gathers lines and writes them in large pieces.
 *
 * Owns:      the descriptor (unless it is standard output) and the buffer.
 * Called by: cmd_convert.c, cmd_generate.c; one thread.
 */
#include "cli/convert_output.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/file.h"
#include "event/event.h"

/* Room for a whole event behind the threshold, however its characters are escaped. */
enum { line_bytes_max = 6 * mr_event_json_bytes_max };

mr_status mr_convert_output_open(const char *path, mr_convert_output *ret_output, mr_err *err)
{
    mr_convert_output output = {.name = "standard output", .fd = STDOUT_FILENO};

    if (path != NULL && strcmp(path, "-") != 0) {
        output.name = path;
        output.fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        if (output.fd < 0) {
            return mr_fail_errno(err, errno, "open %s for writing", path);
        }
    }
    mr_buffer_init(&output.buffer, mr_convert_output_flush_bytes + line_bytes_max);
    *ret_output = output;
    return MR_OK;
}

mr_status mr_convert_output_flush(mr_convert_output *output, mr_err *err)
{
    mr_status status = MR_OK;

    MR_ASSERT(!output->buffer.overflowed);
    if (output->buffer.bytes > 0) {
        status = mr_write_all(output->fd, output->buffer.data, output->buffer.bytes, err);
    }
    if (status != MR_OK) {
        return mr_fail_in(err, status, "%s", output->name);
    }
    output->bytes += output->buffer.bytes;
    mr_buffer_clear(&output->buffer);
    return MR_OK;
}

void mr_convert_output_close(mr_convert_output *output)
{
    if (output->fd >= 0 && output->fd != STDOUT_FILENO) {
        (void)close(output->fd);
    }
    output->fd = -1;
    mr_buffer_free(&output->buffer);
}
