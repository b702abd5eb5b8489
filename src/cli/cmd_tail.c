/* SPDX-License-Identifier: Apache-2.0 */
/* cli/cmd_tail.c - `millrace tail`: prints a topic's records, one a line. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yyjson.h>

#include "base/civil.h"
#include "base/memory.h"
#include "cli/commands.h"
#include "cli/settings.h"
#include "stream/topic.h"

enum { tail_count_default = 10 };

typedef struct tail_options {
    const char *topic, *from, *count;
    bool follow;
} tail_options;

typedef struct tail {
    bool json;
    uint64_t left; /* records still to print */
    mr_buffer line;
    mr_topic_range range;
    bool failed; /* standard output is gone */
} tail;

/* --- Printing --------------------------------------------------------------------------------- */

static bool append_text(mr_buffer *line, mr_text text)
{
    if (text.data == NULL) {
        return mr_buffer_append_string(line, "null");
    }
    if (mr_utf8_valid(text)) {
        return mr_buffer_append_json_string(line, text);
    }
    char *hex = mr_alloc(2 * text.bytes + 1);
    mr_hex_encode(text.data, text.bytes, hex);
    bool appended = mr_buffer_printf(line, "{\"hex\":\"%s\"}", hex);
    free(hex);
    return appended;
}

/* A JSON value goes in as it is, on one line and with its digits; anything else as a string. */
static bool append_value(mr_buffer *line, mr_text value)
{
    size_t bytes = 0;
    yyjson_doc *document = yyjson_read(value.data, value.bytes, YYJSON_READ_NUMBER_AS_RAW);
    char *json = document == NULL ? NULL : yyjson_write(document, YYJSON_WRITE_NOFLAG, &bytes);
    bool appended = json != NULL ? mr_buffer_append(line, json, bytes) : append_text(line, value);

    free(json);
    yyjson_doc_free(document);
    return appended;
}

static bool append_envelope(mr_buffer *line, const mr_bus_message *message)
{
    char at[mr_civil_text_bytes_max];

    (void)mr_instant_format(message->append_ms, at);
    return mr_buffer_printf(line,
                            "{\"partition\":%" PRId32 ",\"offset\":%" PRId64
                            ",\"appended_at\":\"%s\",\"key\":",
                            message->partition, message->offset, at) &&
           append_text(line, message->key) && mr_buffer_append_string(line, ",\"value\":") &&
           append_value(line, message->value) && mr_buffer_append_string(line, "}");
}

static bool print_message(void *ctx, const mr_bus_message *message)
{
    tail *t = ctx;

    mr_buffer_clear(&t->line);
    bool made = t->json ? append_envelope(&t->line, message)
                        : mr_buffer_append_text(&t->line, message->value);
    MR_ASSERT(made && mr_buffer_append_string(&t->line, "\n")); /* a record has a largest size */
    t->failed = fwrite(t->line.data, 1, t->line.bytes, stdout) != t->line.bytes;
    t->left--;
    return t->left > 0 && !t->failed;
}

static void flush_messages(void *ctx)
{
    tail *t = ctx;

    t->failed = fflush(stdout) != 0 || t->failed;
}

/* --- Where to begin --------------------------------------------------------------------------- */

static bool parse_count(const tail_options *options, uint64_t *ret_count)
{
    *ret_count = UINT64_MAX;
    if (options->count != NULL) {
        return mr_parse_uint64(mr_text_of(options->count), UINT64_MAX, ret_count) && *ret_count > 0;
    }
    if (options->from == NULL && !options->follow) {
        *ret_count = tail_count_default;
    }
    return true;
}

/* Without --from: the last records, as many as are to be printed. */
static bool find_begin(const tail_options *options, const tail *t, int64_t *ret_offset)
{
    int64_t kept = t->range.next_offset - t->range.first_offset;
    int64_t last = kept < tail_count_default ? kept : tail_count_default;

    if (options->from == NULL) {
        if (options->count != NULL) {
            last = t->left < (uint64_t)kept ? (int64_t)t->left : kept;
        }
        *ret_offset = t->range.next_offset - (options->follow && options->count != NULL ? 0 : last);
        return true;
    }
    if (strcmp(options->from, "first") == 0) {
        *ret_offset = t->range.first_offset;
        return true;
    }
    if (strcmp(options->from, "last") == 0) {
        *ret_offset = t->range.next_offset - (kept > 0 ? 1 : 0);
        return true;
    }
    return mr_parse_int64(mr_text_of(options->from), ret_offset) && *ret_offset >= 0;
}

static mr_status check_begin(const tail_options *options, const tail *t, int64_t offset,
                             mr_err *err)
{
    if (offset >= t->range.first_offset && offset <= t->range.next_offset) {
        return MR_OK;
    }
    return mr_fail(err, MR_INVALID,
                   "offset %" PRId64 " is not in %s, which holds %" PRId64 " to %" PRId64, offset,
                   options->topic, t->range.first_offset, t->range.next_offset - 1);
}

/* One of the topics that come into being with their first record. */
static bool is_ours(const mr_config *config, const char *topic)
{
    return strcmp(topic, mr_settings_topic_ingestion(config)) == 0 ||
           strcmp(topic, mr_settings_topic_processed(config)) == 0 ||
           strcmp(topic, mr_settings_topic_dead_letter(config)) == 0;
}

static int show(mr_cli *cli, const tail_options *options, tail *t, mr_bus *bus)
{
    mr_topic_walk walk = {.topic = options->topic,
                          .to_offset = INT64_MAX,
                          .visit = print_message,
                          .flush = flush_messages,
                          .ctx = t};
    mr_err err;

    if (mr_topic_read_range(bus, options->topic, 0, &t->range, &err) != MR_OK) {
        return mr_cli_fail(cli, &err);
    }
    if (!t->range.exists && !is_ours(mr_cli_config(cli), options->topic)) {
        return mr_cli_fail_text(cli, "there is no topic %s; `millrace status` lists them",
                                options->topic);
    }
    if (!find_begin(options, t, &walk.from_offset)) {
        return mr_cli_usage(cli, "--from takes first, last or an offset, not '%s'", options->from);
    }
    if (!options->follow) {
        walk.to_offset = t->range.next_offset;
    }
    if (check_begin(options, t, walk.from_offset, &err) != MR_OK ||
        mr_topic_visit(bus, &walk, &err) != MR_OK) {
        return mr_cli_fail(cli, &err);
    }
    return t->failed ? mr_cli_fail_text(cli, "cannot write to standard output") : MR_EXIT_OK;
}

static int open_and_show(mr_cli *cli, tail_options *options)
{
    const mr_config *config = mr_cli_config(cli);
    tail t = {.json = mr_cli_json(cli)};
    mr_bus *bus = NULL;
    mr_err err;

    if (!parse_count(options, &t.left)) {
        return mr_cli_usage(cli, "--count takes a number above 0, not '%s'", options->count);
    }
    if (options->topic == NULL) {
        options->topic = mr_settings_topic_ingestion(config);
    }
    if (mr_settings_open_log(config, &bus, &err) != MR_OK) {
        return mr_cli_fail(cli, &err);
    }
    /* A record of control characters takes six bytes for one. */
    mr_buffer_init(&t.line, 8 * (size_t)mr_bus_record_bytes_max);
    int exit_status = show(cli, options, &t, bus);
    mr_buffer_free(&t.line);
    mr_bus_close(bus);
    return exit_status;
}

int mr_cmd_tail(mr_cli *cli, int argc, char **argv)
{
    tail_options given = {0};
    const mr_cli_option options[] = {
        {.name = "--topic",
         .value_name = "TOPIC",
         .help = "which topic; default: the ingestion topic",
         .ret_value = &given.topic},
        {.name = "--from",
         .value_name = "WHERE",
         .help = "first, last or an offset; default: the last 10 records",
         .ret_value = &given.from},
        {.name = "--count",
         .letter = 'n',
         .value_name = "N",
         .help = "print at most N records",
         .ret_value = &given.count},
        {.name = "--follow",
         .letter = 'f',
         .help = "wait for more records",
         .ret_switch = &given.follow},
    };
    int argument_count = 0;
    char **arguments = NULL;
    int exit_status = MR_EXIT_OK;

    if (!mr_cli_parse(cli, argc, argv, options, sizeof(options) / sizeof(options[0]),
                      &argument_count, &arguments, &exit_status)) {
        return exit_status;
    }
    if (argument_count > 1 || (argument_count == 1 && given.topic != NULL)) {
        return mr_cli_usage(cli, "one topic can be shown, not also '%s'",
                            arguments[argument_count - 1]);
    }
    if (argument_count == 1) {
        given.topic = arguments[0];
    }
    return open_and_show(cli, &given);
}
