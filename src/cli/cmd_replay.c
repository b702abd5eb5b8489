/* SPDX-License-Identifier: Apache-2.0 */
/* cli/cmd_replay.c - `millrace replay`: sends the store sink back to an earlier offset.
 *
 * Holds the processor's lock meanwhile: a running one would move the position under our hands.
 * Only the store can be sent back: it keeps an event once. The feed appends, so replaying it would
 * put every event into its topic a second time.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/role.h"
#include "cli/commands.h"
#include "cli/settings.h"
#include "store/store.h"
#include "stream/topic.h"

/* One partition sent back. */
typedef struct replay_part {
    int32_t partition;
    int64_t was_at, from;
    mr_topic_range range;
} replay_part;

typedef struct replay_request {
    const mr_config *config;
    int64_t from_offset; /* negative: the oldest record kept */
    int64_t partition;   /* negative: all */
    replay_part *parts;
    size_t count;
} replay_request;

static mr_status choose_offset(const replay_request *request, replay_part *part, mr_err *err)
{
    part->from = request->from_offset < 0 ? part->range.first_offset : request->from_offset;
    if (part->from < part->range.first_offset || part->from > part->range.next_offset) {
        return mr_fail(err, MR_INVALID,
                       "offset %" PRId64 " is not in %s, which holds %" PRId64 " to %" PRId64,
                       part->from, mr_settings_topic_ingestion(request->config),
                       part->range.first_offset, part->range.next_offset - 1);
    }
    return MR_OK;
}

static mr_status choose_parts(replay_request *request, const mr_topic_range *ranges, size_t count,
                              mr_err *err)
{
    const char *topic = mr_settings_topic_ingestion(request->config);
    mr_status status = MR_OK;

    if (request->partition >= (int64_t)count) {
        return mr_fail(err, MR_INVALID, "%s has no partition %" PRId64, topic, request->partition);
    }
    if (request->from_offset >= 0 && request->partition < 0 && count > 1) {
        return mr_fail(err, MR_INVALID, "%s has %zu partitions: --from needs --partition, too",
                       topic, count);
    }
    request->parts = mr_alloc_zero(count, sizeof(*request->parts));
    for (size_t i = 0; i < count && status == MR_OK; i++) {
        if (request->partition < 0 || request->partition == (int64_t)i) {
            replay_part *part = &request->parts[request->count++];
            *part = (replay_part){.partition = (int32_t)i, .range = ranges[i]};
            status = choose_offset(request, part, err);
        }
    }
    return status;
}

static mr_status choose(replay_request *request, mr_err *err)
{
    static const mr_topic_range none = {.exists = false}; /* not written to yet */
    mr_topic_range *ranges = NULL;
    size_t count = 0;
    mr_bus *bus = NULL;
    mr_status status = mr_settings_open_log(request->config, &bus, err);

    if (status == MR_OK) {
        status = mr_topic_read_ranges(bus, mr_settings_topic_ingestion(request->config), &ranges,
                                      &count, err);
    }
    if (status == MR_OK) {
        status = choose_parts(request, count > 0 ? ranges : &none, count > 0 ? count : 1, err);
    }
    free(ranges);
    mr_bus_close(bus);
    return status;
}

static mr_status reposition_one(const replay_request *request, mr_store *store, replay_part *part,
                                mr_err *err)
{
    mr_store_source source = {.group = "store",
                              .topic = mr_settings_topic_ingestion(request->config),
                              .partition = part->partition};
    mr_status status = mr_store_position(store, &source, &part->was_at, err);

    if (status == MR_OK && part->from > part->was_at) {
        if (request->from_offset < 0) { /* nothing of it was taken: there is nothing to send back */
            part->from = part->was_at;
            return MR_OK;
        }
        status = mr_fail(err, MR_INVALID,
                         "the store stands at offset %" PRId64 ": going on at %" PRId64
                         " would leave events out; choose an earlier offset",
                         part->was_at, part->from);
    }
    return status == MR_OK ? mr_store_reposition(store, &source, part->from, err) : status;
}

static mr_status reposition(replay_request *request, mr_err *err)
{
    mr_store_options options = mr_settings_store(request->config, MR_STORE_WRITE);
    mr_store *store = NULL;
    mr_status status = mr_store_open(&options, &store, err);

    for (size_t i = 0; i < request->count && status == MR_OK; i++) {
        status = reposition_one(request, store, &request->parts[i], err);
    }
    mr_store_close(store);
    return status;
}

static mr_status replay(replay_request *request, mr_err *err)
{
    mr_role *role = NULL;
    mr_status status = mr_settings_require_log(request->config, err);

    if (status != MR_OK) {
        return status;
    }
    status =
        mr_role_open(mr_config_text(request->config, "MILLRACE_DATA"), "processor", &role, err);
    if (status != MR_OK) {
        return status == MR_EXISTS ? mr_fail_in(err, status, "stop the processor first") : status;
    }
    status = choose(request, err);
    if (status == MR_OK) {
        status = reposition(request, err);
    }
    mr_role_close(role);
    return status;
}

static int64_t records_of(const replay_part *part)
{
    return part->range.next_offset - part->from;
}

static void print_json(const replay_request *request)
{
    const replay_part *first = &request->parts[0];
    int64_t records = 0;

    (void)printf("{\"sink\":\"store\",");
    if (request->count == 1) {
        (void)printf("\"partition\":%" PRId32 ",\"was_at\":%" PRId64 ",\"from\":%" PRId64
                     ",\"records\":%" PRId64 "}\n",
                     first->partition, first->was_at, first->from, records_of(first));
        return;
    }
    (void)printf("\"partitions\":[");
    for (size_t i = 0; i < request->count; i++) {
        const replay_part *part = &request->parts[i];
        records += records_of(part);
        (void)printf("%s{\"partition\":%" PRId32 ",\"was_at\":%" PRId64 ",\"from\":%" PRId64
                     ",\"records\":%" PRId64 "}",
                     i > 0 ? "," : "", part->partition, part->was_at, part->from, records_of(part));
    }
    (void)printf("],\"records\":%" PRId64 "}\n", records);
}

static void print_result(const mr_cli *cli, const replay_request *request)
{
    char count[mr_cli_text_bytes_max];

    if (mr_cli_json(cli)) {
        print_json(request);
        return;
    }
    for (size_t i = 0; i < request->count; i++) {
        const replay_part *part = &request->parts[i];
        if (request->count > 1) {
            (void)printf("partition %" PRId32 ": ", part->partition);
        }
        (void)printf("the store goes on at offset %" PRId64 " (it stood at %" PRId64
                     "): %s records are delivered again once the processor runs\n",
                     part->from, part->was_at, mr_cli_count((uint64_t)records_of(part), count));
    }
}

int mr_cmd_replay(mr_cli *cli, int argc, char **argv)
{
    const char *from = NULL;
    const char *partition = NULL;
    const char *sink = "store";
    const mr_cli_option options[] = {
        {.name = "--from",
         .value_name = "OFFSET",
         .help = "where to begin; default: the oldest record kept",
         .ret_value = &from},
        {.name = "--partition",
         .letter = 'p',
         .value_name = "N",
         .help = "only this partition; default: all of them",
         .ret_value = &partition},
        {.name = "--sink", .value_name = "NAME", .help = "which sink: store", .ret_value = &sink},
    };
    int argument_count = 0;
    char **arguments = NULL;
    int exit_status = MR_EXIT_OK;
    replay_request request = {.from_offset = -1, .partition = -1};
    mr_err err;

    if (!mr_cli_parse(cli, argc, argv, options, sizeof(options) / sizeof(options[0]),
                      &argument_count, &arguments, &exit_status)) {
        return exit_status;
    }
    if (argument_count > 0) {
        return mr_cli_usage(cli, "takes no argument, not '%s'", arguments[0]);
    }
    if (from != NULL &&
        (!mr_parse_int64(mr_text_of(from), &request.from_offset) || request.from_offset < 0)) {
        return mr_cli_usage(cli, "--from takes an offset, not '%s'", from);
    }
    if (partition != NULL &&
        (!mr_parse_int64(mr_text_of(partition), &request.partition) || request.partition < 0)) {
        return mr_cli_usage(cli, "--partition takes a number, not '%s'", partition);
    }
    if (strcmp(sink, "store") != 0) {
        return mr_cli_usage(cli, "sink '%s' cannot be replayed: only the store keeps an event once",
                            sink);
    }
    request.config = mr_cli_config(cli);
    int exit_code = replay(&request, &err) == MR_OK ? MR_EXIT_OK : mr_cli_fail(cli, &err);
    if (exit_code == MR_EXIT_OK) {
        print_result(cli, &request);
    }
    free(request.parts);
    return exit_code;
}
