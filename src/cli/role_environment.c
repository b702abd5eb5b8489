/* SPDX-License-Identifier: Apache-2.0 */
/* cli/role_environment.c - settings as environment variables; see role_environment.h. */
#define _GNU_SOURCE /* environ */
#include "cli/role_environment.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/settings.h"

enum { variable_bytes_max = 1048576 };

static const char notify_variable[] = "NOTIFY_SOCKET=";
static const char settings_prefix[] = "MILLRACE_";
static const char property_prefix[] = "MILLRACE_KAFKA_";

typedef struct variables {
    char **list; /* ends with NULL */
    size_t count;
} variables;

static void add(variables *v, char *variable)
{
    v->list = mr_realloc(v->list, (v->count + 2) * sizeof *v->list);
    v->list[v->count++] = variable;
    v->list[v->count] = NULL;
}

static void add_value(variables *v, const char *prefix, const char *name, const char *value)
{
    mr_buffer variable;

    mr_buffer_init(&variable, variable_bytes_max);
    MR_ASSERT(mr_buffer_append_string(&variable, prefix));
    MR_ASSERT(mr_buffer_append_string(&variable, name));
    MR_ASSERT(mr_buffer_append_string(&variable, "="));
    MR_ASSERT(mr_buffer_append(&variable, value, strlen(value) + 1));
    add(v, variable.data);
}

/* "sasl.mechanism" goes as MILLRACE_KAFKA_SASL_MECHANISM. */
static void add_property(variables *v, const mr_property *property)
{
    char *name = mr_copy_string(property->name);

    for (char *letter = name; *letter != '\0'; letter++) {
        *letter = *letter == '.' ? '_' : (char)toupper((unsigned char)*letter);
    }
    add_value(v, property_prefix, name, property->value);
    free(name);
}

char **mr_role_environment_create(const mr_config *config)
{
    variables v = {0};
    size_t property_count = 0;
    const mr_property *properties = mr_config_properties(config, &property_count);

    for (char **variable = environ; variable != NULL && *variable != NULL; variable++) {
        if (strncmp(*variable, settings_prefix, sizeof settings_prefix - 1) != 0 &&
            strncmp(*variable, notify_variable, sizeof notify_variable - 1) != 0) {
            add(&v, mr_copy_string(*variable));
        }
    }
    for (size_t index = 0; index < mr_setting_count; index++) {
        const char *name = mr_settings[index].name;
        const char *value = strchr(name, '*') == NULL ? mr_config_text(config, name) : NULL;

        if (value != NULL) {
            add_value(&v, "", name, value);
        }
    }
    for (size_t index = 0; index < property_count; index++) {
        add_property(&v, &properties[index]);
    }
    return v.list;
}

void mr_role_environment_destroy(char **environment)
{
    for (char **variable = environment; variable != NULL && *variable != NULL; variable++) {
        free(*variable);
    }
    free(environment);
}
