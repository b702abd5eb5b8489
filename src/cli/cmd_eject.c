/* SPDX-License-Identifier: Apache-2.0 */
/* cli/cmd_eject.c - `millrace eject DIR`: what deploys this installation elsewhere, in a folder.
 *
 * Not here: the files (eject/). What leaves is decided here: settings as they were given, where
 * they are no secret and have none in them.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/reference.h"
#include "base/setting.h"
#include "cli/commands.h"
#include "cli/settings.h"
#include "eject/package.h"

enum {
    text_bytes_max = 65536,
    name_bytes_max = 256,
    settings_max = 512,
};

/* What is of this machine alone. */
static const char *const local_settings[] = {
    "MILLRACE_DATA",  "MILLRACE_GATEWAY", "MILLRACE_WEB",     "MILLRACE_URL",
    "MILLRACE_ROLES", "MILLRACE_MODELS",  "MILLRACE_API_KEY",
};

typedef struct ejection {
    const mr_config *config;
    mr_package_setting settings[settings_max];
    size_t setting_count;
    char account[name_bytes_max], container[name_bytes_max], folder[name_bytes_max];
    char vault[name_bytes_max], host[name_bytes_max], database[name_bytes_max];
} ejection;

/* --- Settings --------------------------------------------------------------------------------- */

static bool is_local(const char *name)
{
    for (size_t i = 0; i < sizeof(local_settings) / sizeof(local_settings[0]); i++) {
        if (strcmp(local_settings[i], name) == 0) {
            return true;
        }
    }
    return false;
}

/* The words behind keyvault://, up to the next slash. */
static void note_vault(ejection *e, const char *given)
{
    static const char scheme[] = "keyvault://";
    const char *at = strstr(given, scheme);

    if (at != NULL && e->vault[0] == '\0') {
        at += sizeof(scheme) - 1;
        (void)snprintf(e->vault, sizeof(e->vault), "%.*s", (int)strcspn(at, "/"), at);
    }
}

/* A reference leaves as it is; of other values those that a mask does not change. */
static const char *what_may_leave(const mr_setting *setting, const char *given)
{
    const char *reference = NULL;
    mr_buffer shown;

    if (mr_reference_of(given, setting->secret, &reference)) {
        return given;
    }
    mr_buffer_init(&shown, text_bytes_max);
    mr_setting_show(setting, mr_text_of(given), &shown);
    const bool same = mr_text_equal(mr_buffer_text(&shown), mr_text_of(given));
    mr_buffer_free(&shown);
    return same ? given : NULL;
}

static void add_setting(ejection *e, const char *name, const char *value)
{
    if (e->setting_count < settings_max) {
        e->settings[e->setting_count++] = (mr_package_setting){.name = name, .value = value};
    }
}

static void list_settings(ejection *e)
{
    size_t property_count = 0;

    for (size_t i = 0; i < mr_setting_count; i++) {
        const mr_setting *setting = &mr_settings[i];
        const bool is_pattern = strchr(setting->name, '*') != NULL;

        if (is_pattern || is_local(setting->name) ||
            strcmp(mr_config_source(e->config, setting->name), "default") == 0) {
            continue;
        }
        const char *given = mr_config_given(e->config, setting->name);
        if (given != NULL && strchr(given, '\n') == NULL) {
            note_vault(e, given);
            add_setting(e, setting->name, what_may_leave(setting, given));
        }
    }
    (void)mr_config_properties(e->config, &property_count);
    for (size_t i = 0; i < property_count; i++) {
        const char *given = mr_config_property_given(e->config, i);
        const char *shown = mr_config_property_shown(e->config, i);
        const char *reference = NULL;
        const bool leaves = mr_reference_of(given, true, &reference) || strcmp(given, shown) == 0;

        note_vault(e, given);
        add_setting(e, mr_config_property_name(e->config, i), leaves ? given : NULL);
    }
}

/* --- Names ------------------------------------------------------------------------------------ */

/* "abfss://container@account.dfs.core.windows.net/folder" */
static void name_lake(ejection *e, mr_eject_settings *names)
{
    const char *url = mr_config_text(e->config, "MILLRACE_LAKE");

    if (url == NULL || sscanf(url, "abfss://%255[^@/]@%255[^./]", e->container, e->account) != 2) {
        return;
    }
    const char *path = strchr(url + strlen("abfss://"), '/');
    (void)snprintf(e->folder, sizeof(e->folder), "%s", path != NULL ? path + 1 : "");
    const size_t bytes = strlen(e->folder);
    if (bytes > 0 && e->folder[bytes - 1] == '/') {
        e->folder[bytes - 1] = '\0';
    }
    names->account = e->account;
    names->container = e->container;
    names->folder = e->folder;
}

/* Where gold is published, else the store: host and database of a URL, never its password. */
static void name_database(ejection *e, mr_eject_settings *names)
{
    const char *given = mr_config_given(e->config, "MILLRACE_PUBLISH");
    const char *host = mr_config_text(e->config, "POSTGRES_HOST");
    const char *database = mr_config_text(e->config, "POSTGRES_DB");

    if (given == NULL) {
        given = mr_config_given(e->config, "MILLRACE_STORE");
    }
    const char *behind = given == NULL ? NULL : strstr(given, "://");
    if (behind != NULL && strncmp(given, "postgres", 8) == 0) {
        behind += 3;
        const char *at = strrchr(behind, '@');
        behind = at != NULL ? at + 1 : behind;
        (void)snprintf(e->host, sizeof(e->host), "%.*s", (int)strcspn(behind, "/?"), behind);
        const char *slash = strchr(behind, '/');
        (void)snprintf(e->database, sizeof(e->database), "%.*s",
                       slash != NULL ? (int)strcspn(slash + 1, "?") : 0,
                       slash != NULL ? slash + 1 : "");
    } else {
        (void)snprintf(e->host, sizeof(e->host), "%s", host != NULL ? host : "");
        (void)snprintf(e->database, sizeof(e->database), "%s", database != NULL ? database : "");
    }
    names->postgres_host = e->host[0] != '\0' ? e->host : names->postgres_host;
    names->postgres_database = e->database[0] != '\0' ? e->database : names->postgres_database;
}

static mr_installation installation_of(ejection *e)
{
    mr_installation installation = {.names = mr_eject_defaults,
                                    .web_url = mr_config_text(e->config, "MILLRACE_WEB_URL"),
                                    .schedule = mr_config_text(e->config, "MILLRACE_SCHEDULE"),
                                    .timezone = mr_config_text(e->config, "MILLRACE_TIMEZONE"),
                                    .shop = mr_config_text(e->config, "MILLRACE_WEB_SHOP")};

    list_settings(e);
    name_lake(e, &installation.names);
    name_database(e, &installation.names);
    installation.vault = e->vault[0] != '\0' ? e->vault : NULL;
    installation.settings = e->settings;
    installation.setting_count = e->setting_count;
    return installation;
}

/* --- The command ------------------------------------------------------------------------------ */

typedef struct listing {
    mr_buffer json; /* of the files */
    uint64_t files, bytes;
} listing;

static void note_written(void *ctx, const char *path, uint64_t bytes)
{
    listing *list = ctx;

    (void)mr_buffer_append_string(&list->json, list->files == 0 ? "{\"path\":" : ",{\"path\":");
    (void)mr_buffer_append_json_string(&list->json, mr_text_of(path));
    (void)mr_buffer_printf(&list->json, ",\"bytes\":%" PRIu64 "}", bytes);
    list->files++;
    list->bytes += bytes;
}

static void print_listing(const mr_cli *cli, const char *folder, const listing *list)
{
    char files[mr_cli_text_bytes_max], bytes[mr_cli_text_bytes_max];

    if (mr_cli_json(cli)) {
        mr_buffer out;
        mr_buffer_init(&out, text_bytes_max);
        (void)mr_buffer_append_json_string(&out, mr_text_of(folder));
        (void)printf("{\"folder\":%.*s,\"files\":[%.*s]}\n", (int)out.bytes, out.data,
                     (int)list->json.bytes, list->json.bytes > 0 ? list->json.data : "");
        mr_buffer_free(&out);
        return;
    }
    (void)printf("%s files, %s, in %s; begin with its README.md.\n",
                 mr_cli_count(list->files, files), mr_cli_bytes(list->bytes, bytes), folder);
}

static int eject(const mr_cli *cli, mr_package_options *options)
{
    ejection *e = mr_alloc_zero(1, sizeof(*e));
    listing list = {.files = 0};
    mr_models *models = NULL;
    mr_metrics *metrics = NULL;
    mr_err err;

    e->config = mr_cli_config(cli);
    mr_buffer_init(&list.json, 16 << 20);
    mr_status status = mr_models_load(mr_config_text(e->config, "MILLRACE_MODELS"), &models, &err);
    if (status == MR_OK) {
        metrics = mr_metrics_load();
        options->models = models;
        options->metrics = metrics;
        options->installation = installation_of(e);
        options->written = note_written;
        options->ctx = &list;
        status = mr_package_write(options, &err);
    }
    if (status == MR_OK) {
        print_listing(cli, options->folder, &list);
    }
    mr_metrics_free(metrics);
    mr_models_free(models);
    mr_buffer_free(&list.json);
    free(e);
    if (status == MR_INVALID) {
        return mr_cli_usage(cli, "%s", err.message);
    }
    return status == MR_OK ? MR_EXIT_OK : mr_cli_fail(cli, &err);
}

int mr_cmd_eject(mr_cli *cli, int argc, char **argv)
{
    mr_package_options options = {.folder = NULL};
    const mr_cli_option cli_options[] = {
        {.name = "--force",
         .help = "also into a folder that holds something; files of these names are replaced",
         .ret_switch = &options.force},
        {.name = "--only",
         .value_name = "PART,...",
         .help = MR_PACKAGE_PARTS,
         .ret_value = &options.only},
    };
    int argument_count = 0;
    char **arguments = NULL;
    int exit_status = MR_EXIT_OK;

    if (!mr_cli_parse(cli, argc, argv, cli_options, sizeof(cli_options) / sizeof(cli_options[0]),
                      &argument_count, &arguments, &exit_status)) {
        return exit_status;
    }
    if (argument_count != 1) {
        return mr_cli_usage(cli, "one folder to write to");
    }
    options.folder = arguments[0];
    return eject(cli, &options);
}
