/* SPDX-License-Identifier: Apache-2.0 */
/* medallion_fixture.h - files and folders of the room's tests. */
#ifndef MR_TEST_MEDALLION_FIXTURE_H
#define MR_TEST_MEDALLION_FIXTURE_H

#define _GNU_SOURCE /* nftw: include this first */

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/memory.h"

/* name may have one folder in front, which is made. */
static inline void put_file(const char *folder, const char *name, const char *content)
{
    char *path = mr_path_join(folder, name);
    char *slash = strrchr(path, '/');
    mr_err err;

    *slash = '\0';
    assert_int_equal(mr_folder_create(path, &err), MR_OK);
    *slash = '/';
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(content, file) >= 0);
    assert_int_equal(fclose(file), 0);
    free(path);
}

static inline int remove_entry(const char *path, const struct stat *info, int kind,
                               struct FTW *place)
{
    (void)info;
    (void)kind;
    (void)place;
    return remove(path);
}

static inline void remove_folder(const char *folder)
{
    assert_int_equal(nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS), 0);
}

#endif
