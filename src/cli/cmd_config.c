/* SPDX-License-Identifier: Apache-2.0 */
/* cli/cmd_config.c - `millrace config show|check|reference`. */
#include <stdio.h>
#include <string.h>

#include "cli/cli_private.h"
#include "cli/commands.h"
#include "cli/reference.h"
#include "cli/settings.h"
#include "cli/settings_try.h"

enum { config_text_bytes_max = 1048576 };

static void append_json(mr_buffer *out, const char *text)
{
    if (text == NULL) {
        MR_ASSERT(mr_buffer_append_string(out, "null"));
    } else {
        MR_ASSERT(mr_buffer_append_json_string(out, mr_text_of(text)));
    }
}

static int print_buffer(mr_buffer *out)
{
    const bool written = fwrite(out->data, 1, out->bytes, stdout) == out->bytes;

    mr_buffer_free(out);
    return written ? MR_EXIT_OK : MR_EXIT_FAILED;
}

/* --- References ------------------------------------------------------------------------------- */

static void warn_unread(void *ctx, const char *name, const char *reference, bool changed, bool live,
                        const mr_err *err)
{
    size_t *failures = ctx;

    (void)changed;
    (void)live;
    if (err != NULL) {
        (void)fprintf(stderr, "millrace config: %s is %s: %s\n", name, reference, err->message);
        (*failures)++;
    }
}

/* How many could not be read; what is wrong with each is said. */
static size_t read_references(mr_cli *cli)
{
    size_t failures = 0;

    mr_secrets_read_all(cli->secrets, warn_unread, &failures);
    return failures;
}

/* --- show ------------------------------------------------------------------------------------- */

static void append_setting_json(const mr_config *config, const mr_setting *setting, mr_buffer *out)
{
    mr_buffer value;

    mr_buffer_init(&value, config_text_bytes_max);
    mr_config_shown(config, setting->name, &value);
    MR_ASSERT(mr_buffer_append(&value, "", 1));
    MR_ASSERT(mr_buffer_printf(out, "{\"name\":\"%s\",\"value\":", setting->name));
    append_json(out, mr_config_given(config, setting->name) != NULL ? value.data : NULL);
    MR_ASSERT(mr_buffer_append_string(out, ",\"source\":"));
    append_json(out, mr_config_source(config, setting->name));
    MR_ASSERT(mr_buffer_append_string(out, ",\"default\":"));
    append_json(out, setting->default_value);
    MR_ASSERT(mr_buffer_append_string(out, ",\"flag\":"));
    append_json(out, setting->flag);
    MR_ASSERT(mr_buffer_printf(out, ",\"secret\":%s}", setting->secret ? "true" : "false"));
    mr_buffer_free(&value);
}

static void append_properties_json(const mr_config *config, mr_buffer *out)
{
    size_t count = 0;

    (void)mr_config_properties(config, &count);
    for (size_t index = 0; index < count; index++) {
        MR_ASSERT(mr_buffer_printf(
            out, ",\n {\"name\":\"%s\",\"value\":", mr_config_property_name(config, index)));
        append_json(out, mr_config_property_shown(config, index));
        MR_ASSERT(mr_buffer_append_string(out, ",\"source\":"));
        append_json(out, mr_config_property_source(config, index));
        MR_ASSERT(mr_buffer_append_string(out, ",\"default\":null,\"flag\":null}"));
    }
}

static int show_json(const mr_config *config)
{
    mr_buffer out;

    mr_buffer_init(&out, config_text_bytes_max);
    for (size_t index = 0; index < mr_setting_count; index++) {
        MR_ASSERT(mr_buffer_append_string(&out, index == 0 ? "{\"settings\":[" : ",\n "));
        append_setting_json(config, &mr_settings[index], &out);
    }
    append_properties_json(config, &out);
    MR_ASSERT(mr_buffer_append_string(&out, "]}\n"));
    return print_buffer(&out);
}

static void show_properties(const mr_config *config)
{
    size_t count = 0;

    (void)mr_config_properties(config, &count);
    for (size_t index = 0; index < count; index++) {
        (void)printf("%s  %-36s %-24s %s\n", index == 0 ? "\nProperties of Kafka's client\n" : "",
                     mr_config_property_name(config, index),
                     mr_config_property_shown(config, index),
                     mr_config_property_source(config, index));
    }
}

static int show_text(const mr_config *config)
{
    for (size_t index = 0; index < mr_setting_count; index++) {
        const mr_setting *setting = &mr_settings[index];
        mr_buffer value;

        if (index == 0 || strcmp(setting->group, mr_settings[index - 1].group) != 0) {
            (void)printf("%s%s\n", index == 0 ? "" : "\n", setting->group);
        }
        mr_buffer_init(&value, config_text_bytes_max);
        mr_config_shown(config, setting->name, &value);
        (void)printf("  %-36s %-24.*s %s\n", setting->name, value.bytes > 0 ? (int)value.bytes : 1,
                     value.bytes > 0 ? value.data : "-", mr_config_source(config, setting->name));
        mr_buffer_free(&value);
    }
    show_properties(config);
    return MR_EXIT_OK;
}

/* --- check ------------------------------------------------------------------------------------ */

typedef struct check_report {
    bool json;
    size_t count;
    size_t failures;
} check_report;

static void print_trial(void *ctx, mr_trial_result result, const char *subject, const char *message)
{
    static const char *const words[] = {
        [MR_TRIAL_OK] = "ok", [MR_TRIAL_WARNING] = "warning", [MR_TRIAL_FAILED] = "FAILED"};
    static const char *const json_words[] = {
        [MR_TRIAL_OK] = "ok", [MR_TRIAL_WARNING] = "warning", [MR_TRIAL_FAILED] = "failed"};
    check_report *report = ctx;
    mr_buffer line;

    report->failures += result == MR_TRIAL_FAILED ? 1 : 0;
    if (!report->json) {
        (void)printf("%-8s %-26s %s\n", words[result], subject, message);
        return;
    }
    mr_buffer_init(&line, config_text_bytes_max);
    append_json(&line, message);
    (void)printf("%s{\"setting\":\"%s\",\"result\":\"%s\",\"message\":%.*s}",
                 report->count == 0 ? "" : ",\n ", subject, json_words[result], (int)line.bytes,
                 line.data);
    report->count++;
    mr_buffer_free(&line);
}

static int check(mr_cli *cli)
{
    check_report report = {.json = mr_cli_json(cli)};
    mr_err err;

    if (read_references(cli) > 0) {
        return MR_EXIT_FAILED;
    }
    if (mr_config_check(mr_cli_config(cli), &err) != MR_OK) {
        return mr_cli_fail(cli, &err);
    }
    if (report.json) {
        (void)printf("{\"checks\":[");
    }
    mr_settings_try(mr_cli_config(cli), print_trial, &report);
    if (report.json) {
        (void)printf("],\"ok\":%s}\n", report.failures == 0 ? "true" : "false");
    } else if (report.failures > 0) {
        (void)printf("\n%zu of these must be put right first\n", report.failures);
    }
    return report.failures == 0 ? MR_EXIT_OK : MR_EXIT_FAILED;
}

static int reference(bool env)
{
    mr_buffer out;

    mr_buffer_init(&out, mr_reference_bytes_max);
    if (env) {
        mr_reference_env(&out);
    } else {
        mr_reference_markdown(&out);
    }
    return print_buffer(&out);
}

int mr_cmd_config(mr_cli *cli, int argc, char **argv)
{
    bool env = false;
    const mr_cli_option options[] = {
        {.name = "--env", .help = "reference: as an .env file", .ret_switch = &env},
    };
    int argument_count = 0;
    char **arguments = NULL;
    int status = MR_EXIT_OK;

    if (!mr_cli_parse(cli, argc, argv, options, sizeof options / sizeof options[0], &argument_count,
                      &arguments, &status)) {
        return status;
    }
    if (argument_count != 1) {
        return mr_cli_usage(cli, "one of show, check, reference is needed");
    }
    if (strcmp(arguments[0], "show") == 0) {
        (void)read_references(cli); /* shown as not resolved */
        return mr_cli_json(cli) ? show_json(mr_cli_config(cli)) : show_text(mr_cli_config(cli));
    }
    if (strcmp(arguments[0], "check") == 0) {
        return check(cli);
    }
    if (strcmp(arguments[0], "reference") == 0) {
        return reference(env);
    }
    return mr_cli_usage(cli, "'%s' is not one of show, check, reference", arguments[0]);
}
