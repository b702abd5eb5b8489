/* SPDX-License-Identifier: Apache-2.0 */
/* cli/reference.c - docs/configuration.md and .env.example; a unit test keeps both up to date. */
#include "cli/reference.h"

#include <inttypes.h>
#include <string.h>

#include "cli/settings.h"

typedef struct value_unit {
    const char *name;
    int64_t size;
} value_unit;

static const value_unit byte_units[] = {{"TiB", INT64_C(1) << 40},
                                        {"GiB", INT64_C(1) << 30},
                                        {"MiB", INT64_C(1) << 20},
                                        {"KiB", INT64_C(1) << 10},
                                        {"", 1}};
static const value_unit duration_units[] = {
    {"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}};

static void append(mr_buffer *out, const char *text)
{
    MR_ASSERT(mr_buffer_append_string(out, text));
}

/* The value in the largest unit that divides it; the smallest unit is 1 and divides all. */
static void append_exact(mr_buffer *out, int64_t value, const value_unit *unit)
{
    if (value == 0) {
        append(out, "0");
        return;
    }
    while (value % unit->size != 0) {
        unit++;
    }
    MR_ASSERT(mr_buffer_printf(out, "%" PRId64 "%s", value / unit->size, unit->name));
}

static void append_range(mr_buffer *out, const mr_setting *setting, const value_unit *units)
{
    append_exact(out, setting->min, units);
    append(out, " to ");
    append_exact(out, setting->max, units);
}

static void append_choices(mr_buffer *out, const char *choices)
{
    for (const char *letter = choices; *letter != '\0'; letter++) {
        MR_ASSERT(*letter == '|' ? mr_buffer_append_string(out, ", ")
                                 : mr_buffer_append(out, letter, 1));
    }
}

static void append_allowed(mr_buffer *out, const mr_setting *setting)
{
    static const value_unit one[] = {{"", 1}};

    switch (setting->kind) {
    case MR_SETTING_TEXT:
        append(out, "text");
        break;
    case MR_SETTING_INTEGER:
        append_range(out, setting, one);
        break;
    case MR_SETTING_BYTES:
        append_range(out, setting, byte_units);
        break;
    case MR_SETTING_DURATION:
        append_range(out, setting, duration_units);
        break;
    case MR_SETTING_FLAG:
        append(out, "on, off");
        break;
    case MR_SETTING_CHOICE:
        append_choices(out, setting->choices);
        break;
    case MR_SETTING_ADDRESS:
        append(out, "host:port");
        break;
    }
}

static bool begins_group(size_t index)
{
    return index == 0 || strcmp(mr_settings[index].group, mr_settings[index - 1].group) != 0;
}

static void append_row(mr_buffer *out, const mr_setting *setting)
{
    MR_ASSERT(mr_buffer_printf(out, "| `%s`", setting->name));
    if (setting->flag != NULL) {
        MR_ASSERT(mr_buffer_printf(out, " `%s`", setting->flag));
    }
    append(out, " | ");
    if (setting->default_value != NULL) {
        MR_ASSERT(mr_buffer_printf(out, "`%s`", setting->default_value));
    } else {
        append(out, "not set");
    }
    append(out, " | ");
    append_allowed(out, setting);
    MR_ASSERT(mr_buffer_printf(out, " | %s%s", setting->help,
                               setting->secret ? " Secret: masked wherever it is shown." : ""));
    if (setting->also != NULL) {
        MR_ASSERT(mr_buffer_printf(out, " Where it is not set, `%s` is taken.", setting->also));
    }
    append(out, setting->live ? " Live. |\n" : " |\n");
}

static const char references[] =
    "\n## References: values kept elsewhere\n\n"
    "Wherever a setting is given, its value may say where the value is:\n\n"
    "| Written | What is read | In |\n| --- | --- | --- |\n"
    "| `keyvault://vault/secret`, `keyvault://vault/secret/version` | a secret of Azure Key Vault "
    "([azure](azure.md#key-vault)) | any setting |\n"
    "| `keyvault://host:port/secret` | the same, of a vault of another cloud or an emulator | any "
    "setting |\n"
    "| `file:/path` | a file, without its last line end | a setting marked Secret, a password or "
    "key of `MILLRACE_KAFKA_*` |\n"
    "| `env:NAME` | an environment variable | the same |\n"
    "| `ref:file:/path`, `ref:env:NAME` | the same as without `ref:` | any setting |\n\n"
    "`file:` alone is a reference in secrets only, for elsewhere it is a place: "
    "`MILLRACE_LAKE=file:/srv/lake`\nis the lake's folder, `MILLRACE_STORE=ref:file:/run/secrets/"
    "store` a file that holds the store's URL.\nWhat is read is taken as it stands: it is never a "
    "reference itself.\n\n"
    "A command that uses settings reads its references when it starts; one that cannot be read "
    "ends it with\na message that names setting and reference, never a value. Running roles read "
    "them again every\n`MILLRACE_SECRETS_REFRESH`. A new value is logged as such, without it; "
    "where one cannot be read the\nvalue stays what it was, and the log says so once. Settings "
    "marked Live take a new value without a\nrestart; others take it when the role starts again. "
    "`config show` shows the reference and whether it\nwas resolved. What is read into a setting "
    "that is no secret (an address, a topic's name) may be "
    "named in\nmessages, as any value of it may: do not let one refer to a password.\n\n"
    "What Live means for each: keys of the gateway are taken at once, the one before for "
    "`MILLRACE_GATEWAY_KEY_GRACE`\nmore; a password of PostgreSQL (also within `MILLRACE_STORE`) "
    "and "
    "`MILLRACE_KAFKA_SASL_PASSWORD` at the\nnext connection; secrets of Azure at the next token or "
    "signature.\n";

void mr_reference_markdown(mr_buffer *out)
{
    append(
        out,
        "<!-- Made by `millrace config reference` from src/cli/settings.c. Do not edit. -->\n"
        "# Configuration\n\n"
        "A setting is taken from the first of these that has it:\n\n"
        "1. its flag, on any command: `--data /srv/millrace` or `--data=/srv/millrace`;\n"
        "2. the environment: `MILLRACE_DATA=/srv/millrace`;\n"
        "3. the file `.env` in the current folder, or the one named by `--env-file`;\n"
        "4. its default.\n\n"
        "An empty variable counts as not set; a flag needs a value. A `MILLRACE_` name that is\n"
        "not listed here is refused, with the nearest that is. `millrace config show` prints each\n"
        "value and where it came from; `millrace config check` also tries what the settings\n"
        "name.\n\n"
        "Sizes are written `64KiB`, `16MiB`, `2GiB` (powers of 1024) or as a number of bytes;\n"
        "durations `250ms`, `5s`, `2m`, `1h`, `7d`, or as a number of seconds.\n");
    append(out, references);
    for (size_t index = 0; index < mr_setting_count; index++) {
        if (begins_group(index)) {
            MR_ASSERT(mr_buffer_printf(out,
                                       "\n## %s\n\n| Setting | Default | Values | Meaning |\n"
                                       "| --- | --- | --- | --- |\n",
                                       mr_settings[index].group));
        }
        append_row(out, &mr_settings[index]);
    }
}

void mr_reference_env(mr_buffer *out)
{
    append(out,
           "# Settings of millrace, each with its default. Copy to .env and change what you need.\n"
           "# Made by `millrace config reference --env`; explained in docs/configuration.md.\n");
    for (size_t index = 0; index < mr_setting_count; index++) {
        const mr_setting *setting = &mr_settings[index];

        if (begins_group(index)) {
            MR_ASSERT(mr_buffer_printf(out, "\n# --- %s ---\n", setting->group));
        }
        if (strchr(setting->name, '*') != NULL) { /* a family of names, none of them a default */
            MR_ASSERT(mr_buffer_printf(out, "\n# %s: %s\n", setting->name, setting->help));
            continue;
        }
        MR_ASSERT(mr_buffer_printf(out, "\n# %s\n#%s=%s\n", setting->help, setting->name,
                                   setting->default_value != NULL ? setting->default_value : ""));
    }
}
