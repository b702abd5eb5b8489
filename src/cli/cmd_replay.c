/* SPDX-License-Identifier: Apache-2.0 */
/* cli/cmd_replay.c - `millrace replay`: sends the store sink back to an earlier offset.
 *
 * Holds the processor's lock meanwhile: a running one would move the position under our hands.
 * Only the store can be sent back: it keeps an event once. The feed appends, so replaying it would
 * put every event into its topic a second time.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/role.h"
#include "cli/commands.h"
#include "cli/settings.h"
#include "store/store.h"
#include "stream/topic.h"

typedef struct replay_result {
    int64_t was_at, from;
    mr_topic_range range;
} replay_result;

/* from_offset negative: the oldest record kept. */
static mr_status choose_offset(const mr_config *config, int64_t from_offset, replay_result *result,
                               mr_err *err)
{
    const char *topic = mr_settings_topic_ingestion(config);
    mr_bus *bus = NULL;
    mr_status status = mr_settings_open_log(config, &bus, err);

    if (status == MR_OK) {
        status = mr_topic_read_range(bus, topic, 0, &result->range, err);
    }
    mr_bus_close(bus);
    if (status != MR_OK) {
        return status;
    }
    result->from = from_offset < 0 ? result->range.first_offset : from_offset;
    if (result->from < result->range.first_offset || result->from > result->range.next_offset) {
        return mr_fail(
            err, MR_INVALID, "offset %" PRId64 " is not in %s, which holds %" PRId64 " to %" PRId64,
            result->from, topic, result->range.first_offset, result->range.next_offset - 1);
    }
    return MR_OK;
}

static mr_status reposition(const mr_config *config, replay_result *result, mr_err *err)
{
    mr_store_options options = mr_settings_store(config, MR_STORE_WRITE);
    mr_store_source source = {
        .group = "store", .topic = mr_settings_topic_ingestion(config), .partition = 0};
    mr_store *store = NULL;
    mr_status status = mr_store_open(&options, &store, err);

    if (status == MR_OK) {
        status = mr_store_position(store, &source, &result->was_at, err);
    }
    if (status == MR_OK && result->from > result->was_at) {
        status = mr_fail(err, MR_INVALID,
                         "the store stands at offset %" PRId64 ": going on at %" PRId64
                         " would leave events out; choose an earlier offset",
                         result->was_at, result->from);
    }
    if (status == MR_OK) {
        status = mr_store_reposition(store, &source, result->from, err);
    }
    mr_store_close(store);
    return status;
}

static mr_status replay(const mr_config *config, int64_t from_offset, replay_result *result,
                        mr_err *err)
{
    mr_role *role = NULL;
    mr_status status = mr_settings_require_log(config, err);

    if (status != MR_OK) {
        return status;
    }
    status = mr_role_open(mr_config_text(config, "MILLRACE_DATA"), "processor", &role, err);
    if (status != MR_OK) {
        return status == MR_EXISTS ? mr_fail_in(err, status, "stop the processor first") : status;
    }
    status = choose_offset(config, from_offset, result, err);
    if (status == MR_OK) {
        status = reposition(config, result, err);
    }
    mr_role_close(role);
    return status;
}

static void print_result(const mr_cli *cli, const replay_result *result)
{
    char count[mr_cli_text_bytes_max];
    int64_t records = result->range.next_offset - result->from;

    if (mr_cli_json(cli)) {
        (void)printf("{\"sink\":\"store\",\"was_at\":%" PRId64 ",\"from\":%" PRId64
                     ",\"records\":%" PRId64 "}\n",
                     result->was_at, result->from, records);
        return;
    }
    (void)printf("the store goes on at offset %" PRId64 " (it stood at %" PRId64
                 "): %s records are delivered again once the processor runs\n",
                 result->from, result->was_at, mr_cli_count((uint64_t)records, count));
}

int mr_cmd_replay(mr_cli *cli, int argc, char **argv)
{
    const char *from = NULL;
    const char *sink = "store";
    const mr_cli_option options[] = {
        {.name = "--from",
         .value_name = "OFFSET",
         .help = "where to begin; default: the oldest record kept",
         .ret_value = &from},
        {.name = "--sink", .value_name = "NAME", .help = "which sink: store", .ret_value = &sink},
    };
    int argument_count = 0;
    char **arguments = NULL;
    int exit_status = MR_EXIT_OK;
    int64_t from_offset = -1;
    replay_result result = {0};
    mr_err err;

    if (!mr_cli_parse(cli, argc, argv, options, sizeof(options) / sizeof(options[0]),
                      &argument_count, &arguments, &exit_status)) {
        return exit_status;
    }
    if (argument_count > 0) {
        return mr_cli_usage(cli, "takes no argument, not '%s'", arguments[0]);
    }
    if (from != NULL && (!mr_parse_int64(mr_text_of(from), &from_offset) || from_offset < 0)) {
        return mr_cli_usage(cli, "--from takes an offset, not '%s'", from);
    }
    if (strcmp(sink, "store") != 0) {
        return mr_cli_usage(cli, "sink '%s' cannot be replayed: only the store keeps an event once",
                            sink);
    }
    if (replay(mr_cli_config(cli), from_offset, &result, &err) != MR_OK) {
        return mr_cli_fail(cli, &err);
    }
    print_result(cli, &result);
    return MR_EXIT_OK;
}
