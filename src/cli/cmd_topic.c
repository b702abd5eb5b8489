/* SPDX-License-Identifier: Apache-2.0 */
/* cli/cmd_topic.c - `millrace topic list|create|describe`: the topics of the log, whichever it is.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "cli/commands.h"
#include "cli/settings.h"

enum { topic_partitions_max = 10000, topic_replication_max = 32 };

typedef struct topic_request {
    mr_cli *cli;
    mr_bus *bus;
    const char *action, *name;
    int64_t partitions, replication; /* 0: as the settings say */
} topic_request;

/* --- list ------------------------------------------------------------------------------------- */

/* A topic, summed over its partitions as they come by. */
typedef struct topic_list {
    bool json;
    size_t count;
    char topic[sizeof((mr_bus_topic_info *)0)->topic];
    size_t partitions;
    int64_t records;
    uint64_t bytes;
} topic_list;

static void print_topic(topic_list *list)
{
    char records[mr_cli_text_bytes_max];
    char bytes[mr_cli_text_bytes_max];

    if (list->partitions == 0) {
        return;
    }
    if (list->json) {
        (void)printf("%s{\"topic\":\"%s\",\"partitions\":%zu,\"records\":%" PRId64
                     ",\"bytes\":%" PRIu64 "}",
                     list->count > 0 ? ",\n " : "", list->topic, list->partitions, list->records,
                     list->bytes);
    } else {
        if (list->count == 0) {
            (void)printf("%-32s %10s %16s %12s\n", "TOPIC", "PARTITIONS", "OFFSETS KEPT", "SIZE");
        }
        (void)printf("%-32s %10zu %16s %12s\n", list->topic, list->partitions,
                     mr_cli_count((uint64_t)list->records, records),
                     list->bytes > 0 ? mr_cli_bytes(list->bytes, bytes) : "-");
    }
    list->count++;
}

static bool add_partition(void *ctx, const mr_bus_topic_info *info)
{
    topic_list *list = ctx;

    if (list->partitions == 0 || strcmp(list->topic, info->topic) != 0) {
        print_topic(list);
        (void)snprintf(list->topic, sizeof list->topic, "%s", info->topic);
        list->partitions = 0;
        list->records = 0;
        list->bytes = 0;
    }
    list->partitions++;
    list->records += info->next_offset - info->first_offset;
    list->bytes += info->bytes;
    return true;
}

static mr_status list_topics(const topic_request *request, mr_err *err)
{
    topic_list list = {.json = mr_cli_json(request->cli)};

    if (list.json) {
        (void)printf("{\"topics\":[");
    }
    mr_status status = mr_bus_topics(request->bus, add_partition, &list, err);
    if (status != MR_OK) {
        return status;
    }
    print_topic(&list);
    if (list.json) {
        (void)printf("]}\n");
    } else if (list.count == 0) {
        (void)printf("no topics\n");
    }
    return MR_OK;
}

/* --- describe --------------------------------------------------------------------------------- */

typedef struct topic_groups {
    const char *topic;
    mr_bus_group_info *items;
    size_t count;
} topic_groups;

typedef struct description {
    bool json;
    size_t count;
    const topic_groups *groups;
} description;

static bool add_group(void *ctx, const mr_bus_group_info *info)
{
    topic_groups *groups = ctx;

    if (strcmp(info->topic, groups->topic) == 0) {
        groups->items = mr_realloc(groups->items, (groups->count + 1) * sizeof *groups->items);
        groups->items[groups->count++] = *info;
    }
    return true;
}

static int64_t lag_of(const mr_bus_topic_info *info, const mr_bus_group_info *group)
{
    return info->next_offset > group->next_offset ? info->next_offset - group->next_offset : 0;
}

static void describe_json(const description *d, const mr_bus_topic_info *info)
{
    const char *comma = "";

    (void)printf("%s{\"partition\":%" PRId32 ",\"first_offset\":%" PRId64
                 ",\"next_offset\":%" PRId64 ",\"bytes\":%" PRIu64 ",\"groups\":[",
                 d->count > 0 ? ",\n " : "", info->partition, info->first_offset, info->next_offset,
                 info->bytes);
    for (size_t i = 0; i < d->groups->count; i++) {
        const mr_bus_group_info *group = &d->groups->items[i];
        if (group->partition == info->partition) {
            (void)printf("%s{\"group\":\"%s\",\"next_offset\":%" PRId64 ",\"lag\":%" PRId64 "}",
                         comma, group->group, group->next_offset, lag_of(info, group));
            comma = ",";
        }
    }
    (void)printf("]}");
}

static void describe_text(const description *d, const mr_bus_topic_info *info)
{
    char first[mr_cli_text_bytes_max];
    char next[mr_cli_text_bytes_max];

    if (d->count == 0) {
        (void)printf("%-9s %15s %15s  %s\n", "PARTITION", "FIRST", "NEXT", "CONSUMERS (LAG)");
    }
    (void)printf("%-9" PRId32 " %15s %15s ", info->partition,
                 mr_cli_count((uint64_t)info->first_offset, first),
                 mr_cli_count((uint64_t)info->next_offset, next));
    for (size_t i = 0; i < d->groups->count; i++) {
        const mr_bus_group_info *group = &d->groups->items[i];
        char lag[mr_cli_text_bytes_max];
        if (group->partition == info->partition) {
            (void)printf(" %s (%s)", group->group,
                         mr_cli_count((uint64_t)lag_of(info, group), lag));
        }
    }
    (void)putchar('\n');
}

static bool describe_partition(void *ctx, const mr_bus_topic_info *info)
{
    description *d = ctx;

    if (d->json) {
        describe_json(d, info);
    } else {
        describe_text(d, info);
    }
    d->count++;
    return true;
}

static mr_status describe_topic(const topic_request *request, mr_err *err)
{
    topic_groups groups = {.topic = request->name};
    description d = {.json = mr_cli_json(request->cli), .groups = &groups};
    mr_status status = mr_bus_groups(request->bus, add_group, &groups, err);

    if (status == MR_OK && d.json) {
        (void)printf("{\"topic\":\"%s\",\"partitions\":[", request->name);
    }
    if (status == MR_OK) {
        status = mr_bus_topic_partitions(request->bus, request->name, describe_partition, &d, err);
    }
    if (d.json) {
        (void)printf("]}\n");
    }
    if (status == MR_OK && d.count == 0) {
        status = mr_fail(err, MR_NOT_FOUND,
                         "there is no topic %s; `millrace topic list` lists them", request->name);
    }
    free(groups.items);
    return status;
}

/* --- create ----------------------------------------------------------------------------------- */

static bool count_partition(void *ctx, const mr_bus_topic_info *info)
{
    (void)info; /* that there is one more */
    *(size_t *)ctx += 1;
    return true;
}

static mr_status create_topic(const topic_request *request, mr_err *err)
{
    size_t count = 0;
    mr_status status =
        mr_bus_topic_create(request->bus, request->name, (int32_t)request->partitions,
                            (int32_t)request->replication, err);

    if (status == MR_OK) {
        status = mr_bus_topic_partitions(request->bus, request->name, count_partition, &count, err);
    }
    if (status != MR_OK) {
        return status;
    }
    if (mr_cli_json(request->cli)) {
        (void)printf("{\"topic\":\"%s\",\"partitions\":%zu}\n", request->name, count);
    } else {
        (void)printf("topic %s made, with %zu partition%s\n", request->name, count,
                     count == 1 ? "" : "s");
    }
    return MR_OK;
}

/* --- The command ------------------------------------------------------------------------------ */

static int run(topic_request *request)
{
    const mr_bus_options options = mr_settings_bus(mr_cli_config(request->cli));
    mr_err err;
    mr_status status = mr_bus_open(&options, &request->bus, &err);

    if (status == MR_OK && strcmp(request->action, "list") == 0) {
        status = list_topics(request, &err);
    } else if (status == MR_OK && strcmp(request->action, "create") == 0) {
        status = create_topic(request, &err);
    } else if (status == MR_OK) {
        status = describe_topic(request, &err);
    }
    mr_bus_close(request->bus);
    return status == MR_OK ? MR_EXIT_OK : mr_cli_fail(request->cli, &err);
}

static bool parse_number(mr_cli *cli, const char *option, const char *text, int64_t most,
                         int64_t *ret_number)
{
    if (text == NULL) {
        return true;
    }
    if (!mr_parse_int64(mr_text_of(text), ret_number) || *ret_number < 1 || *ret_number > most) {
        (void)mr_cli_usage(cli, "%s is '%s': 1 to %" PRId64, option, text, most);
        return false;
    }
    return true;
}

static bool check(topic_request *request, int argument_count, char **arguments, bool sized)
{
    static const char *const actions[] = {"list", "create", "describe"};
    mr_cli *cli = request->cli;
    bool known = false;

    request->action = argument_count > 0 ? arguments[0] : "list";
    request->name = argument_count > 1 ? arguments[1] : NULL;
    for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++) {
        known = known || strcmp(request->action, actions[i]) == 0;
    }
    bool listing = strcmp(request->action, "list") == 0;
    if (!known) {
        (void)mr_cli_usage(cli, "list, create or describe, not '%s'", request->action);
    } else if (listing && argument_count > 1) {
        (void)mr_cli_usage(cli, "list takes no name; use describe");
    } else if (!listing && argument_count != 2) {
        (void)mr_cli_usage(cli, "%s needs the name of one topic", request->action);
    } else if (sized && strcmp(request->action, "create") != 0) {
        (void)mr_cli_usage(cli, "--partitions and --replication are for create");
    } else {
        return true;
    }
    return false;
}

int mr_cmd_topic(mr_cli *cli, int argc, char **argv)
{
    topic_request request = {.cli = cli};
    const char *partitions = NULL;
    const char *replication = NULL;
    const mr_cli_option options[] = {
        {.name = "--partitions",
         .value_name = "N",
         .help = "create: how many; default: MILLRACE_KAFKA_PARTITIONS",
         .ret_value = &partitions},
        {.name = "--replication",
         .value_name = "N",
         .help = "create: copies of each; default: MILLRACE_KAFKA_REPLICATION",
         .ret_value = &replication},
    };
    int argument_count = 0;
    char **arguments = NULL;
    int exit_status = MR_EXIT_OK;

    if (!mr_cli_parse(cli, argc, argv, options, sizeof options / sizeof options[0], &argument_count,
                      &arguments, &exit_status)) {
        return exit_status;
    }
    if (!check(&request, argument_count, arguments, partitions != NULL || replication != NULL) ||
        !parse_number(cli, "--partitions", partitions, topic_partitions_max, &request.partitions) ||
        !parse_number(cli, "--replication", replication, topic_replication_max,
                      &request.replication)) {
        return MR_EXIT_USAGE;
    }
    return run(&request);
}
