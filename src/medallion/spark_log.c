/* SPDX-License-Identifier: Apache-2.0 */
/* medallion/spark_log.c - the logs of Spark's jobs. See spark_log.h. */
#include "medallion/spark_log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/civil.h"
#include "base/file.h"

enum { name_bytes_max = 64, line_bytes_max = 4096 };

static int is_log(const struct dirent *entry)
{
    const char *dot = strrchr(entry->d_name, '.');

    return dot != NULL && strcmp(dot, ".log") == 0;
}

/* Names begin with milliseconds of as many digits: their order is that of time. */
static void remove_oldest(const char *folder)
{
    struct dirent **entries = NULL;
    const int count = scandir(folder, &entries, is_log, alphasort);

    for (int i = 0; i < count; i++) {
        if (i + mr_spark_logs_max <= count) {
            char *path = mr_path_join(folder, entries[i]->d_name);
            (void)unlink(path); /* what stays is looked at the next time */
            free(path);
        }
        free(entries[i]);
    }
    free(entries);
}

mr_status mr_spark_log_new(const char *folder, char **ret_path, mr_err *err)
{
    char name[name_bytes_max];
    mr_status status = mr_folder_create(folder, err);

    if (status != MR_OK) {
        return status;
    }
    remove_oldest(folder);
    (void)snprintf(name, sizeof(name), "%lld-%d.log", (long long)mr_now_ms(), (int)getpid());
    char *path = mr_path_join(folder, name);
    const int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_EXCL, 0600);
    if (fd < 0) {
        status = mr_fail_errno(err, errno, "create %s", path);
        free(path);
        return status;
    }
    (void)close(fd);
    *ret_path = path;
    return MR_OK;
}

static bool names_error(const char *line)
{
    return line[0] != '\t' && (strstr(line, "Exception") != NULL || strstr(line, "rror") != NULL);
}

void mr_spark_log_fault(const char *path, char ret_line[static mr_spark_log_line_bytes_max])
{
    FILE *file = fopen(path, "re");
    char line[line_bytes_max];
    bool found = false;

    (void)snprintf(ret_line, mr_spark_log_line_bytes_max, "it says nothing");
    while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
        line[strcspn(line, "\r\n")] = '\0';
        const bool is_error = names_error(line);
        if (line[0] != '\0' && (is_error || !found)) {
            (void)snprintf(ret_line, mr_spark_log_line_bytes_max, "%.150s", line);
            found = is_error;
        }
    }
    if (file != NULL) {
        (void)fclose(file);
    }
}
