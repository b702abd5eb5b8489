/* SPDX-License-Identifier: Apache-2.0 */
/* medallion/spark_properties.c - Spark's properties. See spark_properties.h. */
#include "medallion/spark_properties.h"

#include <string.h>

#include "base/file.h"

enum { properties_bytes_max = 1 << 20 };

static const char blanks[] = " \t\r";

/* Cuts the line, in place, into name and value. */
static bool cut(char *line, mr_property *ret_property)
{
    char *name = line + strspn(line, blanks);
    char *end = name + strcspn(name, " \t\r=:");
    char *value = end + strspn(end, " \t\r=:");
    size_t bytes = strlen(value);

    if (name[0] == '\0' || name[0] == '#' || value == end) {
        return false;
    }
    *end = '\0';
    while (bytes > 0 && strchr(blanks, value[bytes - 1]) != NULL) {
        value[--bytes] = '\0';
    }
    *ret_property = (mr_property){.name = name, .value = value};
    return true;
}

mr_status mr_spark_properties_read(const char *path, mr_spark_properties *ret_properties,
                                   mr_err *err)
{
    mr_spark_properties *to = ret_properties;
    mr_status status;
    char *rest = NULL;

    to->count = 0;
    mr_buffer_init(&to->text, properties_bytes_max);
    if (path == NULL) {
        return MR_OK;
    }
    status = mr_file_read(path, &to->text, err);
    if (status == MR_OK && !mr_buffer_append(&to->text, "", 1)) {
        status = mr_fail(err, MR_LIMIT, "%s is longer than %d bytes", path, properties_bytes_max);
    }
    if (status != MR_OK) {
        return status;
    }
    for (char *line = strtok_r(to->text.data, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        if (to->count == mr_spark_properties_max) {
            return mr_fail(err, MR_LIMIT, "%s has more than %d properties", path,
                           mr_spark_properties_max);
        }
        to->count += cut(line, &to->items[to->count]) ? 1 : 0;
    }
    return MR_OK;
}

void mr_spark_properties_free(mr_spark_properties *properties)
{
    mr_buffer_free(&properties->text);
}

const char *mr_spark_property(const mr_spark_properties *properties, const char *name)
{
    const char *found = NULL;

    for (size_t i = 0; i < properties->count; i++) {
        if (strcmp(properties->items[i].name, name) == 0) {
            found = properties->items[i].value; /* of two the last one counts */
        }
    }
    return found;
}
