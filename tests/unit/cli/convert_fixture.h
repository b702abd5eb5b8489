/* SPDX-License-Identifier: Apache-2.0 */
/* cli/convert_fixture.h - a folder for files, and commands run as from a shell. */
#ifndef MR_TESTS_CLI_CONVERT_FIXTURE_H
#define MR_TESTS_CLI_CONVERT_FIXTURE_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/capture.h"
#include "cli/cli_private.h"

enum { fixture_path_bytes_max = 128, fixture_file_bytes_max = 33554432, fixture_words_max = 16 };

typedef struct files {
    char folder[64];
    char *paths[8];
    size_t used;
} files;

static inline int files_set_up(void **state)
{
    files *f = calloc(1, sizeof(*f));

    if (f == NULL) {
        return -1;
    }
    (void)snprintf(f->folder, sizeof(f->folder), "/tmp/millrace-convert-XXXXXX");
    *state = f;
    return mkdtemp(f->folder) == NULL ? -1 : 0;
}

static inline int files_tear_down(void **state)
{
    files *f = *state;
    DIR *folder = opendir(f->folder);
    struct dirent *entry;
    char path[fixture_path_bytes_max + 256];

    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        (void)snprintf(path, sizeof(path), "%s/%s", f->folder, entry->d_name);
        (void)unlink(path);
    }
    (void)closedir(folder);
    (void)rmdir(f->folder);
    for (size_t i = 0; i < 8; i++) {
        free(f->paths[i]);
    }
    free(f);
    return 0;
}

/* The path of a file of the folder; good for eight calls. */
static inline const char *files_path(files *f, const char *name)
{
    char **path = &f->paths[f->used++ % 8];

    free(*path);
    *path = mr_path_join(f->folder, name);
    return *path;
}

static inline const char *files_write_bytes(files *f, const char *name, const void *data,
                                            size_t bytes)
{
    const char *path = files_path(f, name);
    FILE *file = fopen(path, "wb");

    if (file == NULL || fwrite(data, 1, bytes, file) != bytes || fclose(file) != 0) {
        abort();
    }
    return path;
}

static inline const char *files_write(files *f, const char *name, const char *text)
{
    return files_write_bytes(f, name, text, strlen(text));
}

/* The content with a NUL behind it; free it. NULL: there is no such file. */
static inline char *files_read(const char *path)
{
    mr_buffer content;

    mr_buffer_init(&content, fixture_file_bytes_max);
    if (mr_file_read(path, &content, NULL) != MR_OK || !mr_buffer_append(&content, "", 1)) {
        mr_buffer_free(&content);
        return NULL;
    }
    return content.data;
}

/* What became of a command. Texts are cut at capture_bytes_max. */
typedef struct ran {
    int exit_status;
    char *out;
    char *err;
} ran;

static inline ran run_words(int (*run)(mr_cli *cli, int argc, char **argv),
                            const char *const *words, int count)
{
    static const mr_command command = {
        .name = "test", .summary = "test", .usage = "test [options] FILE"};
    mr_cli cli = {.command = &command};
    char *argv[fixture_words_max + 1] = {NULL};
    capture *out = capture_begin(stdout);
    capture *err = capture_begin(stderr);
    ran result;

    for (int i = 0; i < count && i < fixture_words_max; i++) {
        argv[i] = mr_copy_string(words[i]);
    }
    /* mr_cli_parse reorders argv. */
    char *given[fixture_words_max + 1];
    memcpy(given, argv, sizeof(given));
    result.exit_status = run(&cli, count, argv);
    mr_secrets_close(cli.secrets);
    mr_config_destroy(cli.config);
    result.err = mr_copy_string(capture_end(err));
    result.out = mr_copy_string(capture_end(out));
    free(err);
    free(out);
    for (int i = 0; i < count && i < fixture_words_max; i++) {
        free(given[i]);
    }
    return result;
}

#define RUN(command, ...)                                            \
    run_words((command), (const char *const[]){"test", __VA_ARGS__}, \
              (int)(sizeof((const char *const[]){"test", __VA_ARGS__}) / sizeof(const char *)))

static inline void ran_free(ran *result)
{
    free(result->out);
    free(result->err);
}

static inline size_t count_of(const char *text, const char *part)
{
    size_t count = 0;

    while ((text = strstr(text, part)) != NULL) {
        count++;
        text += strlen(part);
    }
    return count;
}

#endif
