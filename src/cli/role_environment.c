/* SPDX-License-Identifier: Apache-2.0 */
/* cli/role_environment.c - settings as environment variables; see role_environment.h. */
#define _GNU_SOURCE /* environ */
#include "cli/role_environment.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/settings.h"

enum { variable_bytes_max = 1048576 };

static const char notify_variable[] = "NOTIFY_SOCKET=";
static const char settings_prefix[] = "MILLRACE_";

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

static void add_value(variables *v, const char *name, const char *value)
{
    mr_buffer variable;

    mr_buffer_init(&variable, variable_bytes_max);
    MR_ASSERT(mr_buffer_append_string(&variable, name));
    MR_ASSERT(mr_buffer_append_string(&variable, "="));
    MR_ASSERT(mr_buffer_append(&variable, value, strlen(value) + 1));
    add(v, variable.data);
}

char **mr_role_environment_create(const mr_config *config)
{
    variables v = {0};
    size_t property_count = 0;

    (void)mr_config_properties(config, &property_count);
    for (char **variable = environ; variable != NULL && *variable != NULL; variable++) {
        if (strncmp(*variable, settings_prefix, sizeof settings_prefix - 1) != 0 &&
            strncmp(*variable, notify_variable, sizeof notify_variable - 1) != 0) {
            add(&v, mr_copy_string(*variable));
        }
    }
    for (size_t index = 0; index < mr_setting_count; index++) {
        const char *name = mr_settings[index].name;
        const char *value = strchr(name, '*') == NULL ? mr_config_given(config, name) : NULL;

        if (value != NULL) {
            add_value(&v, name, value);
        }
    }
    for (size_t index = 0; index < property_count; index++) {
        add_value(&v, mr_config_property_name(config, index),
                  mr_config_property_given(config, index));
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
