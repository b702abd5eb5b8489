/* SPDX-License-Identifier: Apache-2.0 */
/* cli/cmd_dlq.c - `millrace dlq list|show|retry|discard`: the dead letters and what became of them.
 *
 * The letters stand in their topic for good; whether one is open, retried or discarded is kept in
 * store/ops.h by its offset.
 * Not here: sending again (cli/dlq_retry.c).
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/dlq.h"
#include "cli/settings.h"
#include "cli/shop_print.h"
#include "stream/dead_letter.h"

enum { dlq_offsets_max = 4096 };

typedef struct listing {
    mr_dlq *dlq;
    bool open_only, full;
    uint64_t shown;
    mr_status status;
    mr_err err;
} listing;

const char *mr_letter_state_name(mr_letter_state state)
{
    static const char *const names[] = {[MR_LETTER_OPEN] = "open",
                                        [MR_LETTER_RETRIED] = "retried",
                                        [MR_LETTER_DISCARDED] = "discarded"};

    MR_ASSERT((unsigned)state < sizeof(names) / sizeof(names[0]));
    return names[state];
}

const char *mr_dlq_letter_name(const mr_dlq *dlq, mr_bus_position letter,
                               char buffer[static mr_dlq_name_bytes_max])
{
    if (letter.partition >= 0 && dlq->range_count > 1) {
        (void)snprintf(buffer, mr_dlq_name_bytes_max, "%" PRId32 ":%" PRId64, letter.partition,
                       letter.offset);
    } else {
        (void)snprintf(buffer, mr_dlq_name_bytes_max, "%" PRId64, letter.offset);
    }
    return buffer;
}

static mr_bus_position position_of(const mr_bus_message *message)
{
    return (mr_bus_position){message->partition, message->offset};
}

mr_status mr_dlq_visit_one(mr_dlq *dlq, mr_bus_position letter,
                           bool (*visit)(void *ctx, const mr_bus_message *message), void *ctx,
                           mr_err *err)
{
    int32_t partition = letter.partition >= 0 ? letter.partition : 0;
    mr_topic_range range = {.exists = false};
    mr_topic_walk walk = {.topic = dlq->topic,
                          .partition = partition,
                          .from_offset = letter.offset,
                          .to_offset = letter.offset + 1,
                          .visit = visit,
                          .ctx = ctx};

    if (letter.partition < 0 && dlq->range_count > 1) {
        return mr_fail(err, MR_INVALID,
                       "%s has %zu partitions: name the letter PARTITION:OFFSET, as `millrace dlq "
                       "list` does",
                       dlq->topic, dlq->range_count);
    }
    if ((size_t)partition < dlq->range_count) {
        range = dlq->ranges[partition];
    }
    if (range.first_offset == range.next_offset) {
        return mr_fail(err, MR_NOT_FOUND, "%s holds no dead letters%s", dlq->topic,
                       dlq->range_count > 1 ? " in this partition" : "");
    }
    if (letter.offset < range.first_offset || letter.offset >= range.next_offset) {
        return mr_fail(err, MR_NOT_FOUND,
                       "there is no dead letter at this offset; %s holds %" PRId64 " to %" PRId64,
                       dlq->topic, range.first_offset, range.next_offset - 1);
    }
    return mr_topic_visit(dlq->bus, &walk, err);
}

/* A visitor that has had enough of one partition wants no other. */
typedef struct visitor {
    bool (*visit)(void *ctx, const mr_bus_message *message);
    void *ctx;
    bool ended;
} visitor;

static bool visit_until_ended(void *ctx, const mr_bus_message *message)
{
    visitor *self = ctx;

    self->ended = !self->visit(self->ctx, message);
    return !self->ended;
}

mr_status mr_dlq_visit_all(mr_dlq *dlq, bool (*visit)(void *ctx, const mr_bus_message *message),
                           void *ctx, mr_err *err)
{
    visitor self = {visit, ctx, false};
    mr_status status = MR_OK;

    for (size_t i = 0; i < dlq->range_count && status == MR_OK && !self.ended; i++) {
        mr_topic_walk walk = {.topic = dlq->topic,
                              .partition = (int32_t)i,
                              .from_offset = dlq->ranges[i].first_offset,
                              .to_offset = dlq->ranges[i].next_offset,
                              .visit = visit_until_ended,
                              .ctx = &self};
        status = mr_topic_visit(dlq->bus, &walk, err);
    }
    return status;
}

/* --- list and show ---------------------------------------------------------------------------- */

static void print_json(const mr_bus_message *message, const char *state, bool is_letter)
{
    (void)printf("{\"partition\":%" PRId32 ",\"offset\":%" PRId64 ",\"state\":\"%s\",",
                 message->partition, message->offset, state);
    if (is_letter) { /* an envelope is a JSON object: its members follow */
        (void)fwrite(message->value.data + 1, 1, message->value.bytes - 1, stdout);
        (void)putchar('\n');
    } else {
        (void)printf("\"code\":null}\n");
    }
}

static void print_row(const mr_dlq *dlq, const mr_bus_message *message, const char *state,
                      const mr_dead_letter *letter)
{
    char name[mr_dlq_name_bytes_max];

    (void)mr_dlq_letter_name(dlq, position_of(message), name);
    if (letter == NULL) {
        (void)printf("%-8s %-9s (not a dead letter)\n", name, state);
        return;
    }
    (void)printf("%-8s %-9s %-9s %.*s/%" PRId32 ":%-8" PRId64 " %.*s  ", name, state,
                 mr_letter_code_name(letter->code), MR_TEXT_ARGS(letter->origin_topic),
                 letter->origin_partition, letter->origin_offset, MR_TEXT_ARGS(letter->at));
    mr_shop_print_text(letter->reason);
    (void)putchar('\n');
}

static void print_full(const mr_dlq *dlq, const mr_bus_message *message, const char *state,
                       const mr_dead_letter *letter)
{
    char name[mr_dlq_name_bytes_max];

    if (letter == NULL) {
        print_row(dlq, message, state, letter);
        return;
    }
    (void)printf("offset   %s\nstate    %s\ncode     %s\nreason   ",
                 mr_dlq_letter_name(dlq, position_of(message), name), state,
                 mr_letter_code_name(letter->code));
    mr_shop_print_text(letter->reason);
    (void)printf("\nsink     %.*s\norigin   %.*s/%" PRId32 ", offset %" PRId64
                 "\nat       %.*s\npayload  ",
                 MR_TEXT_ARGS(letter->sink), MR_TEXT_ARGS(letter->origin_topic),
                 letter->origin_partition, letter->origin_offset, MR_TEXT_ARGS(letter->at));
    if (letter->payload.data == NULL) {
        (void)printf("(%" PRIu64 " bytes, too many to be kept here; they lie at the origin)",
                     letter->payload_bytes);
    }
    mr_shop_print_text(letter->payload);
    (void)putchar('\n');
}

static bool print_letter(void *ctx, const mr_bus_message *message)
{
    listing *list = ctx;
    mr_letter_state state = MR_LETTER_OPEN;
    mr_dead_letter letter;

    list->status = mr_ops_letter_state(list->dlq->ops, message->partition, message->offset, &state,
                                       &list->err);
    if (list->status != MR_OK) {
        return false;
    }
    if (list->open_only && state != MR_LETTER_OPEN) {
        return true;
    }
    bool is_letter = mr_dead_letter_read(message->value, &letter, NULL) == MR_OK;
    if (mr_cli_json(list->dlq->cli)) {
        print_json(message, mr_letter_state_name(state), is_letter);
    } else if (list->full) {
        print_full(list->dlq, message, mr_letter_state_name(state), is_letter ? &letter : NULL);
    } else {
        if (list->shown == 0) {
            (void)printf("%-8s %-9s %-9s %-26s %-25s %s\n", "OFFSET", "STATE", "CODE", "ORIGIN",
                         "AT", "REASON");
        }
        print_row(list->dlq, message, mr_letter_state_name(state), is_letter ? &letter : NULL);
    }
    if (is_letter) {
        mr_dead_letter_close(&letter);
    }
    list->shown++;
    return true;
}

static int list_letters(mr_dlq *dlq, bool open_only)
{
    listing list = {.dlq = dlq, .open_only = open_only};
    mr_status status = mr_dlq_visit_all(dlq, print_letter, &list, &list.err);

    if (status != MR_OK || list.status != MR_OK) {
        return mr_cli_fail(dlq->cli, &list.err);
    }
    if (list.shown == 0 && !mr_cli_json(dlq->cli)) {
        (void)printf("no %sdead letters\n", open_only ? "open " : "");
    }
    return MR_EXIT_OK;
}

static int show_letters(mr_dlq *dlq)
{
    for (size_t i = 0; i < dlq->letter_count; i++) {
        listing list = {.dlq = dlq, .full = true};
        mr_status status = mr_dlq_visit_one(dlq, dlq->letters[i], print_letter, &list, &list.err);

        if (status != MR_OK || list.status != MR_OK) {
            return mr_cli_fail(dlq->cli, &list.err);
        }
    }
    return MR_EXIT_OK;
}

/* --- discard ---------------------------------------------------------------------------------- */

static bool discard_letter(void *ctx, const mr_bus_message *message)
{
    listing *list = ctx;

    list->status = mr_ops_letter_mark(list->dlq->ops, message->partition, message->offset,
                                      MR_LETTER_DISCARDED, &list->err);
    return false;
}

static int discard_letters(mr_dlq *dlq)
{
    for (size_t i = 0; i < dlq->letter_count; i++) {
        listing list = {.dlq = dlq};
        mr_status status = mr_dlq_visit_one(dlq, dlq->letters[i], discard_letter, &list, &list.err);

        if (status != MR_OK || list.status != MR_OK) {
            char name[mr_dlq_name_bytes_max];
            return mr_cli_fail_text(dlq->cli, "dead letter %s: %s",
                                    mr_dlq_letter_name(dlq, dlq->letters[i], name),
                                    list.err.message);
        }
    }
    if (mr_cli_json(dlq->cli)) {
        (void)printf("{\"discarded\":%zu}\n", dlq->letter_count);
    } else {
        (void)printf("%zu dead letter%s discarded\n", dlq->letter_count,
                     dlq->letter_count == 1 ? "" : "s");
    }
    return MR_EXIT_OK;
}

/* --- Arguments -------------------------------------------------------------------------------- */

typedef struct dlq_arguments {
    const char *action;
    bool all, open_only, again;
    mr_bus_position *letters;
    size_t letter_count;
    mr_amendment amendments[mr_amendments_max];
    size_t amendment_count;
} dlq_arguments;

/* Takes every --set out of argv (the common parser keeps only the last of an option). */
static bool take_amendments(int *argc, char **argv, const char **ret_sets, size_t *ret_count)
{
    int kept = 1;

    *ret_count = 0;
    for (int i = 1; i < *argc; i++) {
        bool joined = strncmp(argv[i], "--set=", 6) == 0;
        bool apart = strcmp(argv[i], "--set") == 0 && i + 1 < *argc;
        if (!joined && !apart) {
            argv[kept++] = argv[i];
            continue;
        }
        if (*ret_count == mr_amendments_max) {
            return false;
        }
        i += apart;
        ret_sets[(*ret_count)++] = joined ? argv[i] + 6 : argv[i];
    }
    argv[kept] = NULL;
    *argc = kept;
    return true;
}

/* OFFSET, or PARTITION:OFFSET. */
static bool parse_letter(const char *text, mr_bus_position *ret_letter)
{
    mr_text offset = mr_text_of(text);
    const char *colon = strchr(text, ':');
    int64_t partition = -1;

    if (colon != NULL) {
        mr_text number = {text, (size_t)(colon - text)};
        offset = mr_text_of(colon + 1);
        if (!mr_parse_int64(number, &partition) || partition < 0 || partition > INT32_MAX) {
            return false;
        }
    }
    ret_letter->partition = (int32_t)partition;
    return mr_parse_int64(offset, &ret_letter->offset) && ret_letter->offset >= 0 &&
           ret_letter->offset < INT64_MAX;
}

static bool parse_letters(mr_cli *cli, dlq_arguments *given, char **arguments, int count)
{
    if (count > dlq_offsets_max) {
        (void)mr_cli_usage(cli, "at most %d offsets can be given", dlq_offsets_max);
        return false;
    }
    given->letters = mr_alloc_zero((size_t)count, sizeof(*given->letters));
    for (int i = 0; i < count; i++) {
        if (!parse_letter(arguments[i], &given->letters[given->letter_count++])) {
            (void)mr_cli_usage(cli, "'%s' is not an offset; `millrace dlq list` shows them",
                               arguments[i]);
            return false;
        }
    }
    return true;
}

static bool check_arguments(mr_cli *cli, const dlq_arguments *given)
{
    const char *action = given->action;
    bool listing_all = strcmp(action, "list") == 0;
    bool retrying = strcmp(action, "retry") == 0;

    if (!listing_all && !retrying && strcmp(action, "show") != 0 &&
        strcmp(action, "discard") != 0) {
        (void)mr_cli_usage(cli, "list, show, retry or discard, not '%s'", action);
    } else if (listing_all && given->letter_count > 0) {
        (void)mr_cli_usage(cli, "list takes no offset; use show");
    } else if (!listing_all && given->letter_count == 0 && !(retrying && given->all)) {
        (void)mr_cli_usage(cli, "%s needs the offset of a dead letter%s", action,
                           retrying ? ", or --all" : "");
    } else if (given->all && (!retrying || given->letter_count > 0)) {
        (void)mr_cli_usage(cli, "--all is for retry, without offsets");
    } else if (given->amendment_count > 0 && !retrying) {
        (void)mr_cli_usage(cli, "--set is for retry");
    } else if (given->again && (!retrying || given->all)) {
        (void)mr_cli_usage(cli, "--again is for retry with offsets");
    } else if (given->open_only && !listing_all) {
        (void)mr_cli_usage(cli, "--open is for list");
    } else {
        return true;
    }
    return false;
}

/* --- The command ------------------------------------------------------------------------------ */

static int run_action(mr_dlq *dlq, const dlq_arguments *given)
{
    if (strcmp(given->action, "list") == 0) {
        return list_letters(dlq, given->open_only);
    }
    if (strcmp(given->action, "show") == 0) {
        return show_letters(dlq);
    }
    if (strcmp(given->action, "discard") == 0) {
        return discard_letters(dlq);
    }
    return mr_dlq_retry(dlq);
}

static int open_and_run(mr_cli *cli, const dlq_arguments *given)
{
    const mr_config *config = mr_cli_config(cli);
    const mr_store_options store = mr_settings_store(config, MR_STORE_WRITE);
    mr_dlq dlq = {.cli = cli,
                  .topic = mr_settings_topic_dead_letter(config),
                  .topic_ingestion = mr_settings_topic_ingestion(config),
                  .letters = given->letters,
                  .letter_count = given->letter_count,
                  .amendments = given->amendments,
                  .amendment_count = given->amendment_count,
                  .again = given->again};
    mr_err err;
    mr_status status = mr_settings_open_log(config, &dlq.bus, &err);

    if (status == MR_OK) {
        status = mr_ops_open_beside(&store, &dlq.ops, &err);
    }
    if (status == MR_OK) {
        status = mr_topic_read_ranges(dlq.bus, dlq.topic, &dlq.ranges, &dlq.range_count, &err);
    }
    int exit_status = status == MR_OK ? run_action(&dlq, given) : mr_cli_fail(cli, &err);
    free(dlq.ranges);
    mr_ops_close(dlq.ops);
    mr_bus_close(dlq.bus);
    return exit_status;
}

static bool parse_amendments(mr_cli *cli, dlq_arguments *given, const char *const *sets,
                             size_t count)
{
    for (size_t i = 0; i < count; i++) {
        mr_err err;
        if (mr_amendment_parse(sets[i], &given->amendments[i], &err) != MR_OK) {
            (void)mr_cli_usage(cli, "--set %s", err.message);
            return false;
        }
    }
    given->amendment_count = count;
    return true;
}

int mr_cmd_dlq(mr_cli *cli, int argc, char **argv)
{
    dlq_arguments given = {.action = "list"};
    const char *sets[mr_amendments_max];
    const char *set = NULL;
    const mr_cli_option options[] = {
        {.name = "--all", .help = "retry every open dead letter", .ret_switch = &given.all},
        {.name = "--open", .help = "list only those that are open", .ret_switch = &given.open_only},
        {.name = "--again",
         .help = "retry letters that were retried or discarded before, too",
         .ret_switch = &given.again},
        {.name = "--set",
         .value_name = "FIELD=VALUE",
         .help = "correct a field before the retry; may be given again",
         .ret_value = &set},
    };
    size_t set_count = 0;
    int argument_count = 0;
    char **arguments = NULL;
    int exit_status = MR_EXIT_OK;
    bool few_sets = take_amendments(&argc, argv, sets, &set_count);

    if (!mr_cli_parse(cli, argc, argv, options, sizeof(options) / sizeof(options[0]),
                      &argument_count, &arguments, &exit_status)) {
        return exit_status;
    }
    if (!few_sets) {
        return mr_cli_usage(cli, "--set can be given %d times at most", mr_amendments_max);
    }
    if (argument_count > 0) {
        given.action = arguments[0];
    }
    exit_status = MR_EXIT_USAGE;
    if (parse_amendments(cli, &given, sets, set_count) &&
        parse_letters(cli, &given, arguments + 1, argument_count > 0 ? argument_count - 1 : 0) &&
        check_arguments(cli, &given)) {
        exit_status = open_and_run(cli, &given);
    }
    free(given.letters);
    return exit_status;
}
