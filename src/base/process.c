/* SPDX-License-Identifier: Apache-2.0 */
/* base/process.c - memory, CPU time, start and open files of a process, from /proc; pages given
 * back; a thread's rank. */
#define _GNU_SOURCE /* gettid, MADV_DONTNEED */
#include "base/process.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/metrics.h"

enum { proc_bytes_max = 4096, behind_nice = 5 };

/* The head of a file of /proc, behind a NUL. */
static bool read_head(const char *path, char text[static proc_bytes_max])
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0) {
        return false;
    }
    ssize_t got = read(fd, text, proc_bytes_max - 1);
    (void)close(fd); /* only read from */
    text[got > 0 ? got : 0] = '\0';
    return got > 0;
}

/* Field `number` of /proc/<pid>/stat, as proc(5) counts them; only for those behind the name. */
static bool read_stat(int pid, int number, double *ret_value)
{
    char path[64];
    char text[proc_bytes_max];

    (void)snprintf(path, sizeof(path), "/proc/%d/stat", pid);
    if (!read_head(path, text)) {
        return false;
    }
    const char *at = strrchr(text, ')'); /* the name, field 2, may hold blanks and brackets */
    for (int field = 2; at != NULL && field < number; field++) {
        at = strchr(at + 1, ' ');
    }
    if (at == NULL) {
        return false;
    }
    *ret_value = strtod(at + 1, NULL);
    return true;
}

static double ticks_per_second(void)
{
    long ticks = sysconf(_SC_CLK_TCK);

    return ticks > 0 ? (double)ticks : 100.0;
}

uint64_t mr_process_resident_bytes(int pid)
{
    double pages;
    long page_bytes = sysconf(_SC_PAGESIZE);

    return page_bytes > 0 && read_stat(pid, 24, &pages) ? (uint64_t)pages * (uint64_t)page_bytes
                                                        : 0;
}

double mr_process_cpu_seconds(int pid)
{
    double user;
    double system_time;

    if (!read_stat(pid, 14, &user) || !read_stat(pid, 15, &system_time)) {
        return 0;
    }
    return (user + system_time) / ticks_per_second();
}

double mr_process_start_seconds(int pid)
{
    char text[proc_bytes_max];
    double start_ticks;
    FILE *file = fopen("/proc/stat", "re");
    double boot_seconds = 0;

    if (file == NULL) {
        return 0;
    }
    while (boot_seconds <= 0 && fgets(text, sizeof(text), file) != NULL) {
        if (strncmp(text, "btime ", 6) == 0) {
            boot_seconds = strtod(text + 6, NULL);
        }
    }
    (void)fclose(file); /* only read from */
    if (boot_seconds <= 0 || !read_stat(pid, 22, &start_ticks)) {
        return 0;
    }
    return boot_seconds + start_ticks / ticks_per_second();
}

uint64_t mr_process_open_files(void)
{
    DIR *folder = opendir("/proc/self/fd");
    uint64_t count = 0;

    if (folder == NULL) {
        return 0;
    }
    for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        count += entry->d_name[0] != '.';
    }
    (void)closedir(folder);           /* only read from */
    return count > 0 ? count - 1 : 0; /* not the one that looks */
}

/* Of /proc/self/smaps: a mapping's first line, such as "7f58ea417000-7f58ea555000 r-xp 00025000
 * fe:00 1234 /usr/lib/libc.so.6". Whether it is a file's, private, and never written to as it
 * stands. */
static bool is_code(const char *line, uintptr_t *ret_begin, uintptr_t *ret_end)
{
    char *rest = NULL;

    *ret_begin = strtoul(line, &rest, 16);
    *ret_end = *rest == '-' ? strtoul(rest + 1, &rest, 16) : 0;
    if (*ret_end == 0 || strlen(rest) < sizeof(" r-xp ") - 1) {
        return false;
    }
    const char *rights = rest + 1;
    rest += sizeof(" r-xp ") - 1;
    (void)strtoul(rest, &rest, 16); /* its place in the file; then the device, then the inode */
    const char *inode = *rest == ' ' ? strchr(rest + 1, ' ') : NULL;
    return inode != NULL && strtoul(inode, NULL, 10) != 0 && rights[0] == 'r' && rights[1] == '-' &&
           rights[3] == 'p';
}

void mr_process_release_code(void)
{
    static const char anonymous[] = "Anonymous:";
    char line[proc_bytes_max];
    FILE *file = fopen("/proc/self/smaps", "re");
    uintptr_t begin = 0;
    uintptr_t end = 0;
    bool code = false;

    while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
        if (line[0] < 'A' || line[0] > 'Z') { /* its own lines follow: "Rss: ..." */
            code = is_code(line, &begin, &end);
        } else if (code && strncmp(line, anonymous, sizeof(anonymous) - 1) == 0 &&
                   strtoul(line + sizeof(anonymous) - 1, NULL, 10) == 0) {
            /* Not a page of it differs from the file (relocated tables, patched code), so nothing
             * can be lost. Refused, it stays as it is. */
            (void)madvise((void *)begin, end - begin, MADV_DONTNEED);
        }
    }
    if (file != NULL) {
        (void)fclose(file); /* only read from */
    }
}

void mr_thread_give_way(void)
{
    (void)setpriority(PRIO_PROCESS, (id_t)gettid(), behind_nice); /* anybody may; else no harm */
}
