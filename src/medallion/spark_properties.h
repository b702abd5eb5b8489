/* SPDX-License-Identifier: Apache-2.0 */
/* medallion/spark_properties.h - a file of Spark's properties, as spark-submit reads it. */
#ifndef MR_MEDALLION_SPARK_PROPERTIES_H
#define MR_MEDALLION_SPARK_PROPERTIES_H

#include "base/memory.h"
#include "base/property.h"

enum { mr_spark_properties_max = 256 };

typedef struct mr_spark_properties {
    mr_property items[mr_spark_properties_max];
    size_t count;
    mr_buffer text; /* what the items lie in */
} mr_spark_properties;

/* "name value", "name=value" or "name: value" a line; '#' begins a comment. path NULL: none. */
mr_status mr_spark_properties_read(const char *path, mr_spark_properties *ret_properties,
                                   mr_err *err);
void mr_spark_properties_free(mr_spark_properties *properties);

const char *mr_spark_property(const mr_spark_properties *properties,
                              const char *name); /* or NULL */

#endif
