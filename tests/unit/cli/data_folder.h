/* SPDX-License-Identifier: Apache-2.0 */
/* cli/data_folder.h - a temporary data folder and settings that name it, for tests of commands.
 *
 * Include after cmocka.h, with _GNU_SOURCE defined (nftw).
 */
#ifndef MR_TESTS_CLI_DATA_FOLDER_H
#define MR_TESTS_CLI_DATA_FOLDER_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "cli/settings.h"

typedef struct fixture {
    char folder[64];
    char data[96]; /* MILLRACE_DATA: the folder itself */
    mr_config *config;
} fixture;

static inline int set_up(void **state)
{
    fixture *f = mr_alloc_zero(1, sizeof *f);

    (void)snprintf(f->folder, sizeof f->folder, "/tmp/millrace-cli-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    (void)snprintf(f->data, sizeof f->data, "%s", f->folder);
    assert_int_equal(mr_config_create(mr_settings, mr_setting_count, "/dev/null", &f->config, NULL),
                     MR_OK);
    assert_int_equal(mr_config_set(f->config, "MILLRACE_DATA", f->data, "test", NULL), MR_OK);
    *state = f;
    return 0;
}

static inline int remove_one(const char *path, const struct stat *info, int kind, struct FTW *place)
{
    (void)info;
    (void)kind;
    (void)place;
    return remove(path);
}

static inline int tear_down(void **state)
{
    fixture *f = *state;

    mr_config_destroy(f->config);
    (void)nftw(f->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    free(f);
    return 0;
}

#endif
