/* SPDX-License-Identifier: Apache-2.0 */
/* medallion/spark_log.h - the logs of Spark's jobs: a file each, the last ones kept. */
#ifndef MR_MEDALLION_SPARK_LOG_H
#define MR_MEDALLION_SPARK_LOG_H

#include "base/status.h"

enum { mr_spark_logs_max = 10, mr_spark_log_line_bytes_max = 160 };

/* Makes the folder and an empty file in it, "<ms>-<pid>.log"; removes the oldest ones. *ret_path is
 * malloc'd. */
mr_status mr_spark_log_new(const char *folder, char **ret_path, mr_err *err);

/* What a person wants to see of it first: the last line that names an error, else the last line. */
void mr_spark_log_fault(const char *path, char ret_line[static mr_spark_log_line_bytes_max]);

#endif
