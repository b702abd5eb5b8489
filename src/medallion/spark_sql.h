/* SPDX-License-Identifier: Apache-2.0 */
/* medallion/spark_sql.h - the runner's statements and the models' as Spark spells them.
 *
 * What differs, and is dealt with here:  "name" -> `name`;  'it''s' -> 'it\'s' (and \ -> \\);
 * layer.table -> `layer.table` AS table (a temporary view's name has one part).
 * What differs, and is a setting of the session (spark/job.py): the zone, overflows (ANSI),
 * decimals.
 */
#ifndef MR_MEDALLION_SPARK_SQL_H
#define MR_MEDALLION_SPARK_SQL_H

#include "base/memory.h"

/* Appends the statement; false when it did not fit. */
bool mr_spark_sql(const char *sql, mr_buffer *out);

#endif
