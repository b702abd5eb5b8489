/* SPDX-License-Identifier: Apache-2.0 */
/* eject/fill.c - an installation's names and settings, in the languages of what deploys it.
 *
 * Owns:       nothing.
 * Called by:  package.c.
 * Invariants: the names that are replaced stand in deploy/ exactly as they do here;
 *             tests/integration/test_eject.py fails where one is not found any more.
 */
#include "eject/fill.h"

#include <stdio.h>
#include <string.h>

#include "eject/writer.h"

enum { pairs_max = 12, value_bytes_max = 512 };

typedef struct pair {
    const char *from;
    char to[value_bytes_max];
} pair;

typedef struct pairs {
    pair items[pairs_max];
    size_t count;
} pairs;

/* Zones as Windows calls them, which Data Factory asks for. */
static const struct {
    const char *zone, *windows;
} zones[] = {
    {"Europe/Paris", "Romance Standard Time"},
    {"Europe/Madrid", "Romance Standard Time"},
    {"Europe/Brussels", "Romance Standard Time"},
    {"Europe/Berlin", "W. Europe Standard Time"},
    {"Europe/Amsterdam", "W. Europe Standard Time"},
    {"Europe/Rome", "W. Europe Standard Time"},
    {"Europe/Vienna", "W. Europe Standard Time"},
    {"Europe/Zurich", "W. Europe Standard Time"},
    {"Europe/London", "GMT Standard Time"},
    {"Europe/Dublin", "GMT Standard Time"},
    {"Europe/Lisbon", "GMT Standard Time"},
    {"Europe/Warsaw", "Central European Standard Time"},
    {"America/New_York", "Eastern Standard Time"},
    {"America/Chicago", "Central Standard Time"},
    {"America/Los_Angeles", "Pacific Standard Time"},
    {"UTC", "UTC"},
};

/* `from` becomes before, value and behind in one. */
static void add_pair(pairs *list, const char *from, const char *before, const char *value,
                     const char *behind)
{
    pair *item = &list->items[list->count++];

    MR_ASSERT(list->count <= pairs_max);
    item->from = from;
    (void)snprintf(item->to, sizeof(item->to), "%s%s%s", before, value, behind);
}

/* "40 7 * * *" has a minute and an hour; other schedules have no such trigger. */
static bool daily_at(const char *schedule, mr_text *ret_minute, mr_text *ret_hour)
{
    uint64_t number = 0;

    if (schedule == NULL) {
        return false;
    }
    *ret_minute = (mr_text){schedule, strcspn(schedule, " ")};
    const char *hour = schedule + ret_minute->bytes + (schedule[ret_minute->bytes] == ' ');
    *ret_hour = (mr_text){hour, strcspn(hour, " ")};
    return strcmp(hour + ret_hour->bytes, " * * *") == 0 &&
           mr_parse_uint64(*ret_minute, 59, &number) && mr_parse_uint64(*ret_hour, 23, &number);
}

static void list_schedule(const mr_installation *installation, pairs *list)
{
    mr_text minute, hour;
    char number[16];

    for (size_t i = 0; installation->timezone != NULL && i < sizeof(zones) / sizeof(zones[0]);
         i++) {
        if (strcmp(zones[i].zone, installation->timezone) == 0) {
            add_pair(list, "\"timeZone\": \"Romance Standard Time\"", "\"timeZone\": \"",
                     zones[i].windows, "\"");
        }
    }
    if (daily_at(installation->schedule, &minute, &hour)) {
        (void)snprintf(number, sizeof(number), "%.*s", MR_TEXT_ARGS(minute));
        add_pair(list, "\"minutes\": [40]", "\"minutes\": [", number, "]");
        (void)snprintf(number, sizeof(number), "%.*s", MR_TEXT_ARGS(hour));
        add_pair(list, "\"hours\": [7]", "\"hours\": [", number, "]");
    }
}

static void list_factory(const mr_installation *installation, pairs *list)
{
    const mr_eject_settings *names = &installation->names;

    if (installation->web_url != NULL) {
        add_pair(list, "https://millrace-dev-web.example.com", "", installation->web_url, "");
    }
    if (installation->vault != NULL) {
        add_pair(list, "millrace-dev-shop1.vault.azure.net", "", installation->vault,
                 ".vault.azure.net");
    }
    if (names->account != mr_eject_defaults.account) {
        add_pair(list, "millracedevshop1.dfs.core.windows.net", "", names->account,
                 ".dfs.core.windows.net");
        add_pair(list, "\"value\": \"lake\"", "\"value\": \"", names->container, "\"");
    }
    if (names->folder[0] != '\0') {
        add_pair(list, "\"value\": \"\"", "\"value\": \"", names->folder, "/\"");
    }
    list_schedule(installation, list);
}

static void list_docker(const mr_installation *installation, pairs *list)
{
    if (installation->schedule != NULL) {
        add_pair(list, "MILLRACE_SCHEDULE=40 7 * * *", "MILLRACE_SCHEDULE=", installation->schedule,
                 "");
    }
    if (installation->timezone != NULL) {
        add_pair(list, "MILLRACE_TIMEZONE=Europe/Paris",
                 "MILLRACE_TIMEZONE=", installation->timezone, "");
    }
}

static void replace_all(mr_text content, const pairs *list, mr_buffer *out)
{
    size_t from = 0;

    for (size_t at = 0; at < content.bytes;) {
        const pair *found = NULL;

        for (size_t i = 0; found == NULL && i < list->count; i++) {
            const size_t bytes = strlen(list->items[i].from);
            if (content.bytes - at >= bytes &&
                memcmp(content.data + at, list->items[i].from, bytes) == 0) {
                found = &list->items[i];
            }
        }
        if (found == NULL) {
            at++;
            continue;
        }
        (void)mr_buffer_append(out, content.data + from, at - from);
        (void)mr_buffer_append_string(out, found->to);
        at += strlen(found->from);
        from = at;
    }
    (void)mr_buffer_append(out, content.data + from, content.bytes - from);
}

void mr_fill_file(const char *path, mr_text content, const mr_installation *installation,
                  mr_buffer *out)
{
    pairs list = {.count = 0};

    if (mr_text_starts_with(mr_text_of(path), "deploy/adf/")) {
        list_factory(installation, &list);
    } else if (mr_text_starts_with(mr_text_of(path), "deploy/docker/")) {
        list_docker(installation, &list);
    }
    replace_all(content, &list, out);
}

/* --- Of the settings alone -------------------------------------------------------------------- */

/* In single quotes a value is taken as it is; one that has such a quote stands in double ones. */
static void put_env_value(const char *value, mr_buffer *out)
{
    const char quote = strchr(value, '\'') == NULL ? '\'' : '"';

    (void)mr_buffer_printf(out, "%c", quote);
    for (; *value != '\0'; value++) {
        const bool escaped = quote == '"' && (*value == '"' || *value == '\\');
        (void)mr_buffer_printf(out, escaped ? "\\%c" : "%c", *value);
    }
    (void)mr_buffer_printf(out, "%c\n", quote);
}

void mr_fill_env(const mr_installation *installation, mr_buffer *out)
{
    (void)mr_buffer_append_string(
        out,
        "# Settings of the installation, as millrace reads them from .env. Secrets are not in\n"
        "# it: each is a reference (docs/configuration.md), or yours to set.\n");
    for (size_t i = 0; i < installation->setting_count; i++) {
        const mr_package_setting *setting = &installation->settings[i];

        if (setting->value == NULL) {
            (void)mr_buffer_printf(out, "# %s= has a secret: set it, or a reference to one\n",
                                   setting->name);
        } else {
            (void)mr_buffer_printf(out, "%s=", setting->name);
            put_env_value(setting->value, out);
        }
    }
}

static void put_variable(const char *name, const char *value, mr_buffer *out)
{
    if (value != NULL) {
        (void)mr_buffer_printf(out, "\n%s = ", name);
        mr_put_hcl(out, value);
        (void)mr_buffer_append_string(out, "\n");
    }
}

static void fill_tfvars(mr_text example, const mr_installation *installation, mr_buffer *out)
{
    pairs list = {.count = 0};

    add_pair(&list, "# A place to try things in: the smallest of everything, one copy of the data.",
             "# Sizes are the smallest; the installation's own follow at the end.", "", "");
    replace_all(example, &list, out);
    put_variable("schedule", installation->schedule, out);
    put_variable("timezone", installation->timezone, out);
    put_variable("shop", installation->shop, out);
    put_variable("web_url", installation->web_url, out);
}

void mr_fill_own(const char *path, mr_text example, const mr_installation *installation,
                 mr_buffer *out)
{
    pairs list = {.count = 0};

    if (strstr(path, ".tfvars") != NULL) {
        fill_tfvars(example, installation, out);
    } else if (strstr(path, ".hcl") != NULL) {
        add_pair(&list, "dev.tfstate", "this.tfstate", "", "");
        replace_all(example, &list, out);
    } else {
        mr_fill_file(path, example, installation, out);
    }
}

/* What the chart takes of it: a lake that is a folder of that machine is a volume there. */
static bool goes_into_values(const mr_package_setting *setting)
{
    return setting->value != NULL && (strcmp(setting->name, "MILLRACE_LAKE") != 0 ||
                                      strncmp(setting->value, "abfss:", 6) == 0);
}

void mr_fill_values(const mr_installation *installation, mr_buffer *out)
{
    size_t count = 0;

    (void)mr_buffer_append_string(
        out, "# The installation's settings. Secrets are not in it: they come from existingSecret, "
             "or are references.\n");
    for (size_t i = 0; i < installation->setting_count; i++) {
        const mr_package_setting *setting = &installation->settings[i];

        if (setting->value == NULL) {
            (void)mr_buffer_printf(out, "# %s has a secret\n", setting->name);
        }
        if (goes_into_values(setting) && strcmp(setting->name, "MILLRACE_LAKE") == 0) {
            (void)mr_buffer_append_string(out, "lake:\n  existingClaim: \"\"\n");
        }
        count += goes_into_values(setting);
    }
    (void)mr_buffer_append_string(out, count == 0 ? "settings: {}\n" : "settings:\n");
    for (size_t i = 0; i < installation->setting_count; i++) {
        if (goes_into_values(&installation->settings[i])) {
            (void)mr_buffer_printf(out, "  %s: ", installation->settings[i].name);
            mr_put_json(out, installation->settings[i].value);
            (void)mr_buffer_append_string(out, "\n");
        }
    }
}

void mr_fill_model(const mr_model *model, mr_buffer *out)
{
    (void)mr_buffer_printf(out, "-- %s (%s)\n-- %s\n", model->name, mr_model_mode_name(model->mode),
                           model->description != NULL ? model->description : "");
    for (size_t i = 0; i < model->keys.count; i++) {
        (void)mr_buffer_printf(out, "%s%s%s", i == 0 ? "-- keys: " : " ", model->keys.names[i],
                               i + 1 == model->keys.count ? "\n" : "");
    }
    (void)mr_buffer_append_string(out, model->sql);
    (void)mr_buffer_append_string(out, "\n");
}
