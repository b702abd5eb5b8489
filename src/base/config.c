/* SPDX-License-Identifier: Apache-2.0 */
/* base/config.c - resolves settings from flags, the environment, .env and defaults.
 *
 * Owns:       copies of the values and of where each came from; the table is the caller's.
 * Invariants: a later source never wins over an earlier one (flag, environment, .env, default);
 *             a secret's value stands in no message.
 * Not here:   what a value may be and how it is shown (base/setting.c), .env lines
 *             (base/env_file.c), references (base/reference.c).
 */
#include "base/config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/setting.h"

enum {
    env_file_bytes_max = 1048576,
    source_bytes_max = mr_value_source_bytes_max,
    name_bytes_max = 96,
    properties_max = 256,
};

static const char name_prefix[] = "MILLRACE_";

extern char **environ;

/* How a property was given. */
typedef struct given_property {
    char *name;
    char *property; /* the same, as the library writes it */
    mr_value value;
    char shown[source_bytes_max]; /* of a reference */
} given_property;

struct mr_config {
    const mr_setting *settings;
    mr_value *values; /* values[i].given NULL: the default stands */
    bool *is_own;     /* values[i] was given by the setting's own name */
    size_t count;
    given_property *given; /* given[i] is how properties[i] came */
    mr_property *properties;
    size_t property_count;
};

static size_t find(const mr_config *config, mr_text name)
{
    for (size_t i = 0; i < config->count; i++) {
        if (mr_text_equal(name, mr_text_of(config->settings[i].name))) {
            return i;
        }
    }
    return config->count;
}

static size_t must_find(const mr_config *config, const char *name)
{
    size_t index = find(config, mr_text_of(name));

    MR_ASSERT(index < config->count);
    return index;
}

static void put(mr_config *config, size_t index, mr_text value, const char *source)
{
    mr_value_put(&config->values[index], value, config->settings[index].secret, source);
    config->is_own[index] = true;
}

/* Given by another's name, which never wins over the setting's own. */
static void put_also(mr_config *config, mr_text name, mr_text value, const char *source)
{
    char told[source_bytes_max];

    for (size_t i = 0; i < config->count; i++) {
        if (mr_text_equal(name, mr_text_of(config->settings[i].also)) && !config->is_own[i]) {
            (void)snprintf(told, sizeof told, "%s, %.*s", source, MR_TEXT_ARGS(name));
            put(config, i, value, told);
            config->is_own[i] = false;
        }
    }
}

/* --- Properties ------------------------------------------------------------------------------- */

/* The bytes in front of the '*' of the setting that takes any name; 0 when no setting does. */
static size_t property_prefix(const mr_config *config, const char **ret_name)
{
    for (size_t i = 0; i < config->count; i++) {
        const char *star = strchr(config->settings[i].name, '*');
        if (star != NULL) {
            *ret_name = config->settings[i].name;
            return (size_t)(star - config->settings[i].name);
        }
    }
    return 0;
}

static bool is_property(const mr_config *config, mr_text name, size_t *ret_prefix_bytes)
{
    const char *pattern = NULL;
    size_t bytes = property_prefix(config, &pattern);

    *ret_prefix_bytes = bytes;
    return bytes > 0 && name.bytes > bytes && name.bytes <= name_bytes_max &&
           memcmp(name.data, pattern, bytes) == 0 &&
           strspn(name.data + bytes, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") >= name.bytes - bytes;
}

static char *copy_text(mr_text text)
{
    char *copy = mr_alloc(text.bytes + 1);

    memcpy(copy, text.data, text.bytes);
    copy[text.bytes] = '\0';
    return copy;
}

/* SASL_MECHANISM -> sasl.mechanism */
static char *property_of(mr_text name)
{
    char *property = copy_text(name);

    for (char *at = property; *at != '\0'; at++) {
        *at = *at == '_' ? '.' : *at;
        *at = *at >= 'A' && *at <= 'Z' ? (char)(*at - 'A' + 'a') : *at;
    }
    return property;
}

static given_property *find_given(mr_config *config, mr_text name)
{
    for (size_t i = 0; i < config->property_count; i++) {
        if (mr_text_equal(name, mr_text_of(config->given[i].name))) {
            return &config->given[i];
        }
    }
    return NULL;
}

static bool is_secret_property(const char *property)
{
    static const char *const secrets[] = {"password", "secret", "key", "jaas", "token", "pem"};

    for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++) {
        if (strstr(property, secrets[i]) != NULL) {
            return true;
        }
    }
    return false;
}

static mr_status put_property(mr_config *config, mr_text name, size_t prefix_bytes, mr_text value,
                              const char *source, mr_err *err)
{
    given_property *given = find_given(config, name);

    if (given == NULL) {
        if (config->property_count == properties_max) {
            return mr_fail(err, MR_LIMIT, "%.*s (%s): more than %d properties are given",
                           MR_TEXT_ARGS(name), source, properties_max);
        }
        given = &config->given[config->property_count];
        given->name = copy_text(name);
        given->property =
            property_of((mr_text){name.data + prefix_bytes, name.bytes - prefix_bytes});
        config->properties[config->property_count++].name = given->property;
    }
    mr_value_put(&given->value, value, is_secret_property(given->property), source);
    config->properties[given - config->given].value = mr_value_text(&given->value);
    return MR_OK;
}

/* --- Names ------------------------------------------------------------------------------------ */

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Levenshtein's distance, in two rows. */
static size_t edit_distance(mr_text a, mr_text b)
{
    size_t row[name_bytes_max + 1];

    for (size_t j = 0; j <= b.bytes; j++) {
        row[j] = j;
    }
    for (size_t i = 1; i <= a.bytes; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b.bytes; j++) {
            size_t replaced = diagonal + (a.data[i - 1] != b.data[j - 1]);
            diagonal = row[j];
            row[j] = least(replaced, least(row[j], row[j - 1]) + 1);
        }
    }
    return row[b.bytes];
}

static mr_status fail_unknown(const mr_config *config, mr_text name, const char *source,
                              mr_err *err)
{
    const char *nearest = NULL;
    size_t distance_min = name_bytes_max;
    mr_text cut = {name.data, least(name.bytes, name_bytes_max)};

    for (size_t i = 0; i < config->count; i++) {
        size_t distance = edit_distance(cut, mr_text_of(config->settings[i].name));
        if (distance < distance_min) {
            distance_min = distance;
            nearest = config->settings[i].name;
        }
    }
    if (nearest == NULL) {
        return mr_fail(err, MR_INVALID, "%.*s (%s) is not a setting", MR_TEXT_ARGS(cut), source);
    }
    return mr_fail(err, MR_INVALID,
                   "%.*s (%s) is not a setting; did you mean %s? `millrace config show` lists them",
                   MR_TEXT_ARGS(cut), source, nearest);
}

/* An empty value counts as not given: that is how compose files pass on an unset variable. */
static mr_status take(mr_config *config, mr_text name, mr_text value, const char *source,
                      mr_err *err)
{
    size_t index = find(config, name);
    size_t prefix_bytes = 0;
    if (index == config->count && !mr_text_starts_with(name, name_prefix)) {
        if (value.bytes > 0) {
            put_also(config, name, value, source);
        }
        return MR_OK; /* not ours; the table also has names that others gave first */
    }
    if (index == config->count && is_property(config, name, &prefix_bytes)) {
        return value.bytes == 0 ? MR_OK
                                : put_property(config, name, prefix_bytes, value, source, err);
    }
    if (index == config->count) {
        return fail_unknown(config, name, source, err);
    }
    if (value.bytes > 0) {
        put(config, index, value, source);
    }
    return MR_OK;
}

static mr_status take_line(mr_config *config, mr_text line, char *unescaped, const char *source,
                           mr_err *err)
{
    mr_text name;
    mr_text value;
    mr_status status = mr_env_parse_line(line, unescaped, &name, &value, err);

    if (status == MR_NOT_FOUND) {
        return MR_OK;
    }
    if (status != MR_OK) {
        return mr_fail_in(err, status, "%s", source);
    }
    return take(config, name, value, source, err);
}

static mr_status take_lines(mr_config *config, const char *path, mr_text content, char *unescaped,
                            mr_err *err)
{
    mr_status status = MR_OK;
    unsigned number = 0;

    while (content.bytes > 0 && status == MR_OK) {
        char source[source_bytes_max];
        const char *end = memchr(content.data, '\n', content.bytes);
        size_t bytes = end == NULL ? content.bytes : (size_t)(end - content.data);

        number++;
        (void)snprintf(source, sizeof(source), "%.100s:%u", path, number);
        status = take_line(config, (mr_text){content.data, bytes}, unescaped, source, err);
        bytes += end != NULL;
        content = (mr_text){content.data + bytes, content.bytes - bytes};
    }
    return status;
}

static mr_status take_file(mr_config *config, const char *path, mr_err *err)
{
    mr_buffer content;
    const char *shown = path != NULL ? path : ".env";

    mr_buffer_init(&content, env_file_bytes_max);
    mr_status status = mr_file_read(shown, &content, err);
    if (status == MR_OK) {
        char *unescaped = mr_alloc(content.bytes + 1);
        status = take_lines(config, shown, mr_buffer_text(&content), unescaped, err);
        free(unescaped);
    } else if (status == MR_NOT_FOUND) {
        status = MR_OK;
    }
    mr_buffer_free(&content);
    return status;
}

static mr_status take_environment(mr_config *config, mr_err *err)
{
    for (char **entry = environ; entry != NULL && *entry != NULL; entry++) {
        const char *equals = strchr(*entry, '=');
        if (equals == NULL) {
            continue;
        }
        mr_text name = {*entry, (size_t)(equals - *entry)};
        mr_status status = take(config, name, mr_text_of(equals + 1), "environment", err);
        if (status != MR_OK) {
            return status;
        }
    }
    return MR_OK;
}

mr_status mr_config_create(const mr_setting *settings, size_t count, const char *env_file,
                           mr_config **ret_config, mr_err *err)
{
    mr_config *config = mr_alloc_zero(1, sizeof(*config));

    config->settings = settings;
    config->count = count;
    config->values = mr_alloc_zero(count, sizeof(*config->values));
    config->is_own = mr_alloc_zero(count, sizeof(*config->is_own));
    config->given = mr_alloc_zero(properties_max, sizeof(*config->given));
    config->properties = mr_alloc_zero(properties_max, sizeof(*config->properties));
    for (size_t i = 0; i < count; i++) {
        MR_ASSERT(strlen(settings[i].name) <= name_bytes_max);
        (void)snprintf(config->values[i].source, source_bytes_max, "default");
    }
    mr_status status = take_file(config, env_file, err);
    if (status == MR_OK) {
        status = take_environment(config, err);
    }
    if (status != MR_OK) {
        mr_config_destroy(config);
        return status;
    }
    *ret_config = config;
    return MR_OK;
}

void mr_config_destroy(mr_config *config)
{
    if (config == NULL) {
        return;
    }
    for (size_t i = 0; i < config->count; i++) {
        mr_value_free(&config->values[i]);
    }
    for (size_t i = 0; i < config->property_count; i++) {
        free(config->given[i].name);
        free(config->given[i].property);
        mr_value_free(&config->given[i].value);
    }
    free(config->given);
    free(config->properties);
    free(config->values);
    free(config->is_own);
    free(config);
}

/* The setting whose flag the argument is; *ret_value points behind "=", or is NULL. */
static size_t find_flag(const mr_config *config, const char *argument, const char **ret_value)
{
    for (size_t i = 0; i < config->count; i++) {
        const char *flag = config->settings[i].flag;
        size_t bytes = flag != NULL ? strlen(flag) : 0;
        if (bytes > 0 && strncmp(argument, flag, bytes) == 0 &&
            (argument[bytes] == '\0' || argument[bytes] == '=')) {
            *ret_value = argument[bytes] == '=' ? argument + bytes + 1 : NULL;
            return i;
        }
    }
    return config->count;
}

mr_status mr_config_apply_flag(mr_config *config, int argc, char *const *argv, int *ret_used,
                               mr_err *err)
{
    const char *value = NULL;
    char source[source_bytes_max];
    size_t index = argc > 0 ? find_flag(config, argv[0], &value) : config->count;
    int used = 1;

    if (index == config->count) {
        *ret_used = 0;
        return MR_OK;
    }
    const mr_setting *setting = &config->settings[index];
    if (value == NULL && setting->kind == MR_SETTING_FLAG) {
        value = "on";
    } else if (value == NULL) {
        if (argc < 2) {
            return mr_fail(err, MR_INVALID, "%s needs a value: %s", setting->flag, setting->help);
        }
        value = argv[1];
        used = 2;
    }
    if (*value == '\0') {
        /* Not taken as 'not set', like an empty variable: a script's mistake must not fall through
         * to the default folder or address. */
        return mr_fail(err, MR_INVALID, "%s needs a value: %s", setting->flag, setting->help);
    }
    (void)snprintf(source, sizeof(source), "flag %s", setting->flag);
    put(config, index, mr_text_of(value), source);
    *ret_used = used;
    return MR_OK;
}

mr_status mr_config_set(mr_config *config, const char *name, const char *value, const char *source,
                        mr_err *err)
{
    size_t index = find(config, mr_text_of(name));
    size_t prefix_bytes = 0;

    if (index == config->count && is_property(config, mr_text_of(name), &prefix_bytes)) {
        return put_property(config, mr_text_of(name), prefix_bytes, mr_text_of(value), source, err);
    }
    if (index == config->count) {
        return fail_unknown(config, mr_text_of(name), source, err);
    }
    put(config, index, mr_text_of(value), source);
    return MR_OK;
}

/* NULL: unset, or a reference that has not been read. */
static const char *value_at(const mr_config *config, size_t index)
{
    const mr_value *value = &config->values[index];

    return value->given != NULL ? mr_value_text(value) : config->settings[index].default_value;
}

/* --- References ------------------------------------------------------------------------------- */

/* The settings' values, then the properties'. */
static mr_value *referring(mr_config *config, size_t index, const char **ret_name, bool *ret_live)
{
    if (index < config->count) {
        *ret_name = config->settings[index].name;
        *ret_live = config->settings[index].live;
        return &config->values[index];
    }
    *ret_name = config->given[index - config->count].name;
    *ret_live = strcmp(config->given[index - config->count].property, "sasl.password") == 0;
    return &config->given[index - config->count].value;
}

static mr_status read_value(mr_config *config, size_t index, const mr_reference_reader *reader,
                            bool *ret_changed, mr_err *err)
{
    bool live = false;
    const char *name = NULL;
    mr_value *value = referring(config, index, &name, &live);
    const bool is_first = value->read == NULL;
    mr_status st = mr_value_read(value, reader, name, ret_changed, err);

    if (is_first && index >= config->count) {
        config->properties[index - config->count].value = mr_value_text(value);
    }
    return st;
}

mr_status mr_config_resolve(mr_config *config, const mr_reference_reader *reader, mr_err *err)
{
    for (int remote = 0; remote <= 1; remote++) {
        for (size_t i = 0; i < config->count + config->property_count; i++) {
            const char *name = NULL;
            bool live = false, changed = false;
            const mr_value *value = referring(config, i, &name, &live);

            if (value->reference == NULL || mr_reference_is_remote(value->reference) != remote) {
                continue;
            }
            mr_status st = read_value(config, i, reader, &changed, err);
            if (st != MR_OK) {
                return mr_fail_in(err, st, "%s (%s) is %s", name, value->source, value->given);
            }
        }
    }
    return MR_OK;
}

void mr_config_refresh(mr_config *config, const mr_reference_reader *reader, mr_config_told_fn told,
                       void *ctx)
{
    for (size_t i = 0; i < config->count + config->property_count; i++) {
        const char *name = NULL;
        bool live = false, changed = false;
        const mr_value *value = referring(config, i, &name, &live);
        mr_err failure;

        if (value->reference != NULL) {
            mr_status st = read_value(config, i, reader, &changed, &failure);
            told(ctx, name, value->given, changed, live, st == MR_OK ? NULL : &failure);
        }
    }
}

size_t mr_config_reference_count(const mr_config *config)
{
    size_t count = 0;

    for (size_t i = 0; i < config->count; i++) {
        count += config->values[i].reference != NULL;
    }
    for (size_t i = 0; i < config->property_count; i++) {
        count += config->given[i].value.reference != NULL;
    }
    return count;
}

/* --- Values ----------------------------------------------------------------------------------- */

mr_status mr_config_check(const mr_config *config, mr_err *err)
{
    for (size_t i = 0; i < config->count; i++) {
        const char *value = value_at(config, i);
        const mr_setting *setting = &config->settings[i];
        char allowed[mr_setting_allowed_bytes_max];

        if (value == NULL || mr_setting_accepts(setting, mr_text_of(value))) {
            continue;
        }
        mr_setting_allowed(setting, allowed);
        bool hidden = setting->secret || config->values[i].reference != NULL;
        return mr_fail(err, MR_INVALID, "%s is '%.100s' (%s): %s", setting->name,
                       hidden ? "****" : value, config->values[i].source, allowed);
    }
    return MR_OK;
}

const char *mr_config_text(const mr_config *config, const char *name)
{
    return value_at(config, must_find(config, name));
}

const mr_secret *mr_config_secret(const mr_config *config, const char *name)
{
    return config->values[must_find(config, name)].cell;
}

const char *mr_config_given(const mr_config *config, const char *name)
{
    size_t index = must_find(config, name);
    const char *given = config->values[index].given;

    return given != NULL ? given : config->settings[index].default_value;
}

static int64_t number_of(const mr_config *config, const char *name, mr_setting_kind kind)
{
    size_t index = must_find(config, name);
    const char *value = value_at(config, index);
    int64_t number = 0;

    MR_ASSERT(config->settings[index].kind == kind);
    if (value != NULL) {
        MR_ASSERT(mr_setting_number(&config->settings[index], mr_text_of(value), &number));
    }
    return number;
}

int64_t mr_config_integer(const mr_config *config, const char *name)
{
    return number_of(config, name, MR_SETTING_INTEGER);
}

uint64_t mr_config_bytes(const mr_config *config, const char *name)
{
    return (uint64_t)number_of(config, name, MR_SETTING_BYTES);
}

uint64_t mr_config_duration_ms(const mr_config *config, const char *name)
{
    return (uint64_t)number_of(config, name, MR_SETTING_DURATION);
}

bool mr_config_flag(const mr_config *config, const char *name)
{
    return number_of(config, name, MR_SETTING_FLAG) != 0;
}

const char *mr_config_source(const mr_config *config, const char *name)
{
    return config->values[must_find(config, name)].source;
}

void mr_config_shown(const mr_config *config, const char *name, mr_buffer *out)
{
    size_t index = must_find(config, name);
    const char *value = value_at(config, index);
    const mr_value *given = &config->values[index];

    if (given->reference != NULL) {
        (void)mr_buffer_printf(out, "%s (%s)", given->given,
                               given->read != NULL ? "resolved" : "not resolved");
    } else if (value != NULL) {
        mr_setting_show(&config->settings[index], mr_text_of(value), out);
    }
}

const mr_property *mr_config_properties(const mr_config *config, size_t *ret_count)
{
    *ret_count = config->property_count;
    return config->properties;
}

const char *mr_config_property_name(const mr_config *config, size_t index)
{
    MR_ASSERT(index < config->property_count);
    return config->given[index].name;
}

const char *mr_config_property_source(const mr_config *config, size_t index)
{
    MR_ASSERT(index < config->property_count);
    return config->given[index].value.source;
}

const mr_secret *mr_config_property_secret(const mr_config *config, const char *property)
{
    for (size_t i = 0; i < config->property_count; i++) {
        if (strcmp(config->given[i].property, property) == 0) {
            return config->given[i].value.cell;
        }
    }
    return NULL;
}

const char *mr_config_property_given(const mr_config *config, size_t index)
{
    MR_ASSERT(index < config->property_count);
    return config->given[index].value.given;
}

const char *mr_config_property_shown(const mr_config *config, size_t index)
{
    MR_ASSERT(index < config->property_count);
    given_property *given = &config->given[index];

    if (given->value.reference != NULL) {
        (void)snprintf(given->shown, sizeof given->shown, "%s (%s)", given->value.given,
                       given->value.read != NULL ? "resolved" : "not resolved");
        return given->shown;
    }
    return is_secret_property(given->property) ? "****" : given->value.given;
}
