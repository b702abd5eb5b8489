/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz/convert_fuzz.c - any bytes as a CSV file: found out, then converted.
 *
 * The first byte picks the options. What comes out as an event must be taken by the parser of the
 * wire as the same event; two runs over the same bytes must find the same.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cli/convert_stream.h"
#include "event/event_json.h"

enum { json_bytes_max = 1048576, path_bytes_max = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

/* The gateway takes what convert writes, and understands it as it was meant. */
static void check_event(mr_event_parser *parser, const mr_event *event, mr_buffer *json)
{
    mr_event parsed;
    mr_event expected = *event;
    mr_event_faults faults;
    size_t written;

    mr_buffer_clear(json);
    MR_ASSERT(mr_event_write_json(event, json));
    written = json->bytes;
    MR_ASSERT(memchr(json->data, '\n', written) == NULL);
    MR_ASSERT(mr_buffer_reserve(json, mr_json_padding_bytes) != NULL);
    MR_ASSERT(mr_event_parse(parser, json->data, written, &parsed, &faults) == MR_OK);
    mr_event_identify(&expected);
    MR_ASSERT(memcmp(&parsed.id, &expected.id, sizeof(parsed.id)) == 0);
    MR_ASSERT(parsed.content_hash == expected.content_hash);
}

static void convert_file(const mr_convert_options *options, mr_event_parser *parser,
                         mr_buffer *json)
{
    mr_convert_stream *stream = NULL;
    mr_convert_line line;
    mr_err err;
    uint64_t last_line = 1;
    uint64_t records = 0;
    mr_status status = mr_convert_open(options, &stream, &err);

    if (status != MR_OK) {
        MR_ASSERT(status == MR_INVALID || status == MR_UNSUPPORTED);
        return;
    }
    while ((status = mr_convert_next(stream, &line, &err)) != MR_NOT_FOUND) {
        MR_ASSERT(status == MR_OK || status == MR_INVALID);
        MR_ASSERT(line.number > last_line && line.number <= mr_convert_profile(stream)->lines);
        last_line = line.number;
        if (status == MR_OK) {
            records++;
            check_event(parser, &line.event, json);
        } else {
            MR_ASSERT(line.reason.bytes > 0);
        }
    }
    MR_ASSERT(records <= mr_convert_profile(stream)->records);
    mr_convert_close(stream);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    static const mr_csv_date_order orders[] = {MR_CSV_ORDER_UNNEEDED, MR_CSV_ORDER_DMY,
                                               MR_CSV_ORDER_MDY, MR_CSV_ORDER_UNNEEDED};
    char path[path_bytes_max];
    mr_event_parser *parser;
    mr_buffer json;
    int fd;

    if (bytes == 0) {
        return 0;
    }
    fd = (int)syscall(SYS_memfd_create, "csv", 0u);
    MR_ASSERT(fd >= 0);
    MR_ASSERT(write(fd, data + 1, bytes - 1) == (ssize_t)(bytes - 1));
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    parser = mr_event_parser_create();
    mr_buffer_init(&json, json_bytes_max);
    mr_convert_options options = {
        .path = path,
        .order = orders[data[0] & 3],
        .event_ids = (data[0] & 4) != 0,
        .synthesize_names = (data[0] & 8) != 0,
    };
    convert_file(&options, parser, &json);
    mr_buffer_free(&json);
    mr_event_parser_destroy(parser);
    (void)close(fd);
    return 0;
}
