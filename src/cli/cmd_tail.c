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

enum { tail_count_default = 10, tail_sorted_max = 10000 };

typedef struct tail_options {
    const char *topic, *from, *count, *partition;
    bool follow;
} tail_options;

/* A record kept until those of the other partitions are there, too. */
typedef struct kept_record {
    mr_bus_message message; /* its texts in `bytes` */
    char *bytes;
} kept_record;

typedef struct tail {
    bool json;
    uint64_t left; /* records still to print */
    mr_buffer line;
    mr_topic_range *ranges; /* of the topic's partitions */
    size_t range_count;
    mr_topic_span *spans; /* what is read of them */
    size_t span_count;
    kept_record *kept;
    size_t kept_count;
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

static bool is_offset(const char *from)
{
    return from != NULL && strcmp(from, "first") != 0 && strcmp(from, "last") != 0;
}

static bool parse_offset(const char *from, int64_t *ret_offset)
{
    return mr_parse_int64(mr_text_of(from), ret_offset) && *ret_offset >= 0;
}

/* Without --from: the last records, as many as are to be printed. */
static void find_begin(const tail_options *options, const tail *t, const mr_topic_range *range,
                       int64_t *ret_offset)
{
    int64_t kept = range->next_offset - range->first_offset;
    int64_t last = kept < tail_count_default ? kept : tail_count_default;

    if (options->from == NULL) {
        if (options->count != NULL) {
            last = t->left < (uint64_t)kept ? (int64_t)t->left : kept;
        }
        *ret_offset = range->next_offset - (options->follow && options->count != NULL ? 0 : last);
        return;
    }
    if (strcmp(options->from, "first") == 0) {
        *ret_offset = range->first_offset;
        return;
    }
    if (strcmp(options->from, "last") == 0) {
        *ret_offset = range->next_offset - (kept > 0 ? 1 : 0);
        return;
    }
    MR_ASSERT(parse_offset(options->from, ret_offset)); /* it was checked first of all */
}

static mr_status check_begin(const tail_options *options, const mr_topic_range *range,
                             int64_t offset, mr_err *err)
{
    if (offset >= range->first_offset && offset <= range->next_offset) {
        return MR_OK;
    }
    return mr_fail(err, MR_INVALID,
                   "offset %" PRId64 " is not in %s, which holds %" PRId64 " to %" PRId64, offset,
                   options->topic, range->first_offset, range->next_offset - 1);
}

static mr_status add_span(const tail_options *options, tail *t, size_t partition, mr_err *err)
{
    const mr_topic_range *range = &t->ranges[partition];
    mr_topic_span *span = &t->spans[t->span_count];

    span->partition = (int32_t)partition;
    span->to_offset = options->follow ? INT64_MAX : range->next_offset;
    find_begin(options, t, range, &span->from_offset);
    t->span_count++;
    return check_begin(options, range, span->from_offset, err);
}

static mr_status choose_spans(const tail_options *options, tail *t, mr_err *err)
{
    uint64_t only = 0;
    mr_status status = MR_OK;

    t->spans = mr_alloc_zero(t->range_count, sizeof(*t->spans));
    if (options->partition != NULL &&
        (!mr_parse_uint64(mr_text_of(options->partition), INT32_MAX, &only) ||
         only >= t->range_count)) {
        return mr_fail(err, MR_INVALID, "--partition is '%s'; %s has 0 to %zu", options->partition,
                       options->topic, t->range_count - 1);
    }
    if (is_offset(options->from) && options->partition == NULL && t->range_count > 1) {
        return mr_fail(err, MR_INVALID, "%s has %zu partitions: --from %s needs --partition too",
                       options->topic, t->range_count, options->from);
    }
    for (size_t i = 0; i < t->range_count && status == MR_OK; i++) {
        if (options->partition == NULL || i == only) {
            status = add_span(options, t, i, err);
        }
    }
    return status;
}

/* --- The last of several partitions ----------------------------------------------------------- */

static bool keep_message(void *ctx, const mr_bus_message *message)
{
    tail *t = ctx;
    kept_record *record = &t->kept[t->kept_count++];
    size_t key_bytes = message->key.bytes;

    record->bytes = mr_alloc(key_bytes + message->value.bytes + 1);
    record->message = *message;
    if (key_bytes > 0) {
        memcpy(record->bytes, message->key.data, key_bytes);
        record->message.key.data = record->bytes;
    }
    if (message->value.bytes > 0) {
        memcpy(record->bytes + key_bytes, message->value.data, message->value.bytes);
    }
    record->message.value.data = record->bytes + key_bytes;
    return true;
}

static int by_time(const void *left, const void *right)
{
    const mr_bus_message *a = &((const kept_record *)left)->message;
    const mr_bus_message *b = &((const kept_record *)right)->message;

    if (a->append_ms != b->append_ms) {
        return a->append_ms < b->append_ms ? -1 : 1;
    }
    if (a->partition != b->partition) {
        return a->partition < b->partition ? -1 : 1;
    }
    return a->offset < b->offset ? -1 : a->offset > b->offset;
}

/* Each partition's last ones, in the order of their time; the last of those are printed. */
static mr_status show_last(tail *t, mr_bus *bus, mr_topic_walk *walk, mr_err *err)
{
    size_t room = 0;

    for (size_t i = 0; i < t->span_count; i++) {
        room += (size_t)(t->spans[i].to_offset - t->spans[i].from_offset);
    }
    t->kept = mr_alloc_zero(room, sizeof(*t->kept));
    walk->visit = keep_message;
    walk->flush = NULL;
    mr_status status = mr_topic_visit(bus, walk, err);
    qsort(t->kept, t->kept_count, sizeof(*t->kept), by_time);
    size_t skipped = t->kept_count > t->left ? t->kept_count - (size_t)t->left : 0;
    for (size_t i = 0; i < t->kept_count; i++) {
        if (status == MR_OK && i >= skipped && !t->failed) {
            (void)print_message(t, &t->kept[i].message);
        }
        free(t->kept[i].bytes);
    }
    free(t->kept);
    flush_messages(t);
    return status;
}

/* --- The command ------------------------------------------------------------------------------ */

/* One of the topics that come into being with their first record. */
static bool is_ours(const mr_config *config, const char *topic)
{
    return strcmp(topic, mr_settings_topic_ingestion(config)) == 0 ||
           strcmp(topic, mr_settings_topic_processed(config)) == 0 ||
           strcmp(topic, mr_settings_topic_dead_letter(config)) == 0;
}

static mr_status show_spans(const tail_options *options, tail *t, mr_bus *bus, mr_err *err)
{
    mr_topic_walk walk = {.topic = options->topic,
                          .spans = t->spans,
                          .span_count = t->span_count,
                          .visit = print_message,
                          .flush = flush_messages,
                          .ctx = t};

    if (t->span_count < 2 || options->follow || options->from != NULL) {
        return mr_topic_visit(bus, &walk, err);
    }
    if (t->left > tail_sorted_max) {
        return mr_fail(
            err, MR_INVALID,
            "at most the last %d records of several partitions can be put in order; name "
            "one with --partition, or begin at --from first",
            tail_sorted_max);
    }
    return show_last(t, bus, &walk, err);
}

static int show(mr_cli *cli, const tail_options *options, tail *t, mr_bus *bus)
{
    mr_err err;
    mr_status status = mr_topic_read_ranges(bus, options->topic, &t->ranges, &t->range_count, &err);

    if (status == MR_OK && t->range_count == 0) {
        if (!is_ours(mr_cli_config(cli), options->topic)) {
            return mr_cli_fail_text(cli, "there is no topic %s; `millrace topic list` lists them",
                                    options->topic);
        }
        t->ranges = mr_alloc_zero(1, sizeof(*t->ranges)); /* it will have this one */
        t->range_count = 1;
    }
    if (status == MR_OK) {
        status = choose_spans(options, t, &err);
    }
    if (status == MR_OK) {
        status = show_spans(options, t, bus, &err);
    }
    if (status != MR_OK) {
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

    if (is_offset(options->from) && !parse_offset(options->from, &(int64_t){0})) {
        return mr_cli_usage(cli, "--from takes first, last or an offset, not '%s'", options->from);
    }
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
    free(t.ranges);
    free(t.spans);
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
        {.name = "--partition",
         .letter = 'p',
         .value_name = "N",
         .help = "only this partition; default: all of them",
         .ret_value = &given.partition},
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
