/* SPDX-License-Identifier: Apache-2.0 */
/* The files of deploy/synapse and deploy/powerbi are those that the generators write with the
 * default settings. EJECT_WRITE=1 writes them instead of comparing.
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/file.h"
#include "eject/eject.h"

typedef struct folder {
    const char *path; /* "<source>/deploy/synapse" */
    bool write;
    size_t files;
} folder;

static mr_status compare(void *ctx, const char *path, mr_text content, mr_err *err)
{
    folder *f = ctx;
    char *whole = mr_path_join(f->path, path);
    mr_buffer kept;
    mr_status status = MR_OK;

    f->files++;
    mr_buffer_init(&kept, 1 << 20);
    if (f->write) {
        char parent[1024];

        (void)snprintf(parent, sizeof parent, "%s", whole);
        *strrchr(parent, '/') = '\0';
        status = mr_folder_create(parent, err);
        if (status == MR_OK) {
            FILE *file = fopen(whole, "w");
            assert_non_null(file);
            assert_int_equal(fwrite(content.data, 1, content.bytes, file), content.bytes);
            assert_int_equal(fclose(file), 0);
        }
    } else {
        status = mr_file_read(whole, &kept, err);
        if (status == MR_OK && !mr_text_equal(mr_buffer_text(&kept), content)) {
            status = mr_fail(err, MR_CORRUPT, "%s is not what is generated: EJECT_WRITE=1 %s",
                             whole, "build/test/tests/eject_deploy_test");
        }
    }
    mr_buffer_free(&kept);
    free(whole);
    return status;
}

static size_t count_files(const char *path)
{
    DIR *dir = opendir(path);
    size_t count = 0;

    assert_non_null(dir);
    for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            char *whole = mr_path_join(path, entry->d_name);
            struct stat found;

            assert_int_equal(stat(whole, &found), 0);
            count += S_ISDIR(found.st_mode) ? count_files(whole) : 1;
            free(whole);
        }
    }
    assert_int_equal(closedir(dir), 0);
    return count;
}

typedef mr_status (*generator)(const mr_models *models, const mr_metrics *metrics,
                               const mr_eject_settings *settings, const mr_eject_sink *sink,
                               mr_err *err);

static void check_folder(generator write, const char *path)
{
    folder f = {.path = path, .write = getenv("EJECT_WRITE") != NULL};
    const mr_eject_sink sink = {.put = compare, .ctx = &f};
    mr_models *models = NULL;
    mr_metrics *metrics = mr_metrics_load();
    mr_err err = {.message = ""};

    assert_int_equal(mr_models_load(NULL, &models, &err), MR_OK);
    if (write(models, metrics, &mr_eject_defaults, &sink, &err) != MR_OK) {
        fail_msg("%s", err.message);
    }
    assert_true(f.files > 0);
    assert_int_equal(count_files(path), f.files); /* nothing is left over */
    mr_models_free(models);
    mr_metrics_free(metrics);
}

static void test_synapse_is_as_generated(void **state)
{
    (void)state;
    check_folder(mr_synapse_write, MR_SOURCE_DIR "/deploy/synapse");
}

static void test_powerbi_is_as_generated(void **state)
{
    (void)state;
    check_folder(mr_powerbi_write, MR_SOURCE_DIR "/deploy/powerbi");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_synapse_is_as_generated),
        cmocka_unit_test(test_powerbi_is_as_generated),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
