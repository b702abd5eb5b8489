/* SPDX-License-Identifier: Apache-2.0 */
/* eject/package.c - the folder of an ejected installation: which files, and how they get there.
 *
 * Owns:       the folder under construction, beside the one that is asked for.
 * Called by:  cli/cmd_eject.c.
 * Invariants: (1) the folder appears whole: it is made beside its place, and renamed;
 *             (2) with `force` each file is replaced by a rename, others stay;
 *             (3) paths come from the tables below and the program's own tree, never from outside.
 */
#include "eject/package.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "eject/fill.h"
#include "eject/tree.h"

enum {
    content_bytes_max = 64 << 20,
    path_bytes_max = 1024,
    folder_mode = 0755, /* nothing in it is secret */
    file_mode = 0644,
    program_mode = 0755,
};

static const char readme_path[] = "src/eject/assets/README.md";

/* MR_PACKAGE_PARTS, and the folder of each. */
static const struct {
    const char *name, *folder;
} parts[] = {
    {"settings", "settings.env"},   {"terraform", "deploy/terraform/"},
    {"adf", "deploy/adf/"},         {"synapse", "deploy/synapse/"},
    {"powerbi", "deploy/powerbi/"}, {"airflow", "deploy/airflow/"},
    {"spark", "deploy/spark/"},     {"kubernetes", "deploy/kubernetes/"},
    {"docker", "deploy/docker/"},   {"systemd", "deploy/systemd/"},
    {"workflows", ".github/"},
};
enum { part_count = sizeof(parts) / sizeof(parts[0]) };

typedef struct package {
    const mr_package_options *options;
    const char *folder; /* that is written to */
    bool wanted[part_count];
    const char *prefix; /* of what a generator hands over: "deploy/synapse/" */
    mr_buffer content;
} package;

/* --- Which parts ------------------------------------------------------------------------------ */

static mr_status choose(package *p, mr_err *err)
{
    const char *rest = p->options->only;

    for (size_t i = 0; i < part_count; i++) {
        p->wanted[i] = rest == NULL;
    }
    while (rest != NULL && rest[0] != '\0') {
        const size_t bytes = strcspn(rest, ",");
        bool found = false;

        for (size_t i = 0; i < part_count; i++) {
            if (strlen(parts[i].name) == bytes && strncmp(parts[i].name, rest, bytes) == 0) {
                p->wanted[i] = found = true;
            }
        }
        if (!found) {
            return mr_fail(err, MR_INVALID, "there is no part '%.*s': " MR_PACKAGE_PARTS,
                           (int)bytes, rest);
        }
        rest += bytes + (rest[bytes] == ',');
    }
    return MR_OK;
}

static bool is_wanted(const package *p, const char *path)
{
    for (size_t i = 0; i < part_count; i++) {
        if (strncmp(path, parts[i].folder, strlen(parts[i].folder)) == 0) {
            return p->wanted[i];
        }
    }
    return false;
}

/* --- Files ------------------------------------------------------------------------------------ */

/* The folders above `path`, within the one that is written to. */
static mr_status make_folders(const char *path, size_t from, mr_err *err)
{
    char folder[path_bytes_max];

    for (const char *at = strchr(path + from, '/'); at != NULL; at = strchr(at + 1, '/')) {
        (void)snprintf(folder, sizeof(folder), "%.*s", (int)(at - path), path);
        if (mkdir(folder, folder_mode) != 0 && errno != EEXIST) {
            return mr_fail_errno(err, errno, "make %s", folder);
        }
    }
    return MR_OK;
}

static mr_status put_file(package *p, const char *path, mr_text content, bool executable,
                          mr_err *err)
{
    char full[path_bytes_max];
    mr_status status;

    if (snprintf(full, sizeof(full), "%s/%s", p->folder, path) >= (int)sizeof(full)) {
        return mr_fail(err, MR_LIMIT, "%s/%s is too long a path", p->folder, path);
    }
    status = make_folders(full, strlen(p->folder) + 1, err);
    if (status == MR_OK) {
        status = mr_file_replace(full, content, err);
    }
    if (status == MR_OK && chmod(full, executable ? program_mode : file_mode) != 0) {
        status = mr_fail_errno(err, errno, "%s: chmod", full);
    }
    if (status == MR_OK && p->options->written != NULL) {
        p->options->written(p->options->ctx, path, content.bytes);
    }
    return status;
}

/* What the buffer holds, which is emptied. */
static mr_status put_content(package *p, const char *path, bool executable, mr_err *err)
{
    mr_status status = p->content.overflowed
                           ? mr_fail(err, MR_LIMIT, "%s is too large", path)
                           : put_file(p, path, mr_buffer_text(&p->content), executable, err);

    mr_buffer_clear(&p->content);
    return status;
}

/* Files that are an example here, and the installation's own beside it. */
static const struct {
    const char *example, *own;
} owns[] = {
    {"deploy/terraform/environments/dev.tfvars", "deploy/terraform/environments/this.tfvars"},
    {"deploy/terraform/environments/dev.backend.hcl",
     "deploy/terraform/environments/this.backend.hcl"},
    {"deploy/docker/.env.example", "deploy/docker/.env"},
};

static mr_status put_own(package *p, const mr_tree_file *file, mr_err *err)
{
    for (size_t i = 0; i < sizeof(owns) / sizeof(owns[0]); i++) {
        if (strcmp(file->path, owns[i].example) == 0) {
            mr_fill_own(file->path, file->content, &p->options->installation, &p->content);
            return put_content(p, owns[i].own, false, err);
        }
    }
    return MR_OK;
}

static mr_status put_tree(package *p, mr_err *err)
{
    mr_status status = MR_OK;

    for (size_t i = 0; i < mr_tree_file_count && status == MR_OK; i++) {
        const mr_tree_file *file = &mr_tree_files[i];
        const bool readme = strcmp(file->path, readme_path) == 0;

        if (!readme && !is_wanted(p, file->path)) {
            continue;
        }
        mr_fill_file(file->path, file->content, &p->options->installation, &p->content);
        status = put_content(p, readme ? "README.md" : file->path, file->executable, err);
        if (status == MR_OK) {
            status = put_own(p, file, err);
        }
    }
    return status;
}

/* --- What is made ----------------------------------------------------------------------------- */

static mr_status put_settings(package *p, mr_err *err)
{
    const mr_installation *installation = &p->options->installation;
    mr_status status = MR_OK;

    if (is_wanted(p, "settings.env")) {
        mr_fill_env(installation, &p->content);
        status = put_content(p, "settings.env", false, err);
    }
    if (status == MR_OK && is_wanted(p, "deploy/kubernetes/")) {
        mr_fill_values(installation, &p->content);
        status = put_content(p, "deploy/kubernetes/millrace/examples/this.yaml", false, err);
    }
    if (status == MR_OK && is_wanted(p, "deploy/airflow/")) {
        (void)mr_buffer_printf(&p->content, "MILLRACE_DAG_SCHEDULE='%s'\nMILLRACE_TIMEZONE='%s'\n",
                               installation->schedule != NULL ? installation->schedule : "",
                               installation->timezone != NULL ? installation->timezone : "UTC");
        status = put_content(p, "deploy/airflow/airflow.env", false, err);
    }
    return status;
}

static mr_status put_models(package *p, mr_err *err)
{
    char path[path_bytes_max];
    mr_buffer order;
    mr_status status = MR_OK;

    if (!is_wanted(p, "deploy/spark/")) {
        return MR_OK;
    }
    mr_buffer_init(&order, content_bytes_max);
    for (size_t i = 0; i < mr_models_count(p->options->models) && status == MR_OK; i++) {
        const mr_model *model = mr_models_at(p->options->models, i);

        (void)snprintf(path, sizeof(path), "deploy/spark/models/%s/%s.sql", model->layer,
                       model->table);
        mr_fill_model(model, &p->content);
        status = put_content(p, path, false, err);
        (void)mr_buffer_printf(&order, "%s/%s.sql\n", model->layer, model->table);
    }
    if (status == MR_OK) {
        status = put_file(p, "deploy/spark/models/order.txt", mr_buffer_text(&order), false, err);
    }
    mr_buffer_free(&order);
    return status;
}

static mr_status put_generated(void *ctx, const char *path, mr_text content, mr_err *err)
{
    package *p = ctx;
    char full[path_bytes_max];

    (void)snprintf(full, sizeof(full), "%s%s", p->prefix, path);
    return put_file(p, full, content, false, err);
}

static mr_status put_warehouse(package *p, mr_err *err)
{
    const mr_package_options *options = p->options;
    const mr_eject_sink sink = {.put = put_generated, .ctx = p};
    mr_status status = MR_OK;

    if (is_wanted(p, "deploy/synapse/")) {
        p->prefix = "deploy/synapse/";
        status = mr_synapse_write(options->models, options->metrics, &options->installation.names,
                                  &sink, err);
    }
    if (status == MR_OK && is_wanted(p, "deploy/powerbi/")) {
        p->prefix = "deploy/powerbi/";
        status = mr_powerbi_write(options->models, options->metrics, &options->installation.names,
                                  &sink, err);
    }
    return status;
}

static mr_status put_all(package *p, mr_err *err)
{
    mr_status status = put_tree(p, err);

    if (status == MR_OK) {
        status = put_settings(p, err);
    }
    if (status == MR_OK) {
        status = put_models(p, err);
    }
    return status == MR_OK ? put_warehouse(p, err) : status;
}

/* --- The folder ------------------------------------------------------------------------------- */

typedef enum folder_state { FOLDER_MISSING, FOLDER_EMPTY, FOLDER_USED } folder_state;

static mr_status look_at(const char *folder, folder_state *ret_state, mr_err *err)
{
    DIR *listing = opendir(folder);
    const struct dirent *entry;

    *ret_state = listing == NULL ? FOLDER_MISSING : FOLDER_EMPTY;
    if (listing == NULL) {
        return errno == ENOENT ? MR_OK : mr_fail_errno(err, errno, "look into %s", folder);
    }
    while ((entry = readdir(listing)) != NULL) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            *ret_state = FOLDER_USED;
        }
    }
    (void)closedir(listing);
    return MR_OK;
}

/* Removes what was made beside the folder's place; the folder is ours alone. */
static void remove_folder(int parent, const char *name)
{
    const int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *listing = fd < 0 ? NULL : fdopendir(fd);
    const struct dirent *entry;

    while (listing != NULL && (entry = readdir(listing)) != NULL) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
            unlinkat(fd, entry->d_name, 0) != 0) {
            remove_folder(fd, entry->d_name);
        }
    }
    if (listing != NULL) {
        (void)closedir(listing);
    }
    (void)unlinkat(parent, name, AT_REMOVEDIR);
}

/* Beside its place, then renamed onto it: an empty folder gives way. */
static mr_status write_beside(package *p, mr_err *err)
{
    char beside[path_bytes_max];
    const char *folder = p->options->folder;
    mr_status status;

    if (snprintf(beside, sizeof(beside), "%s.ejecting-XXXXXX", folder) >= (int)sizeof(beside)) {
        return mr_fail(err, MR_LIMIT, "%s is too long a path", folder);
    }
    if (mkdtemp(beside) == NULL) {
        return mr_fail_errno(err, errno, "make a folder beside %s", folder);
    }
    p->folder = beside;
    status = put_all(p, err);
    if (status == MR_OK && (chmod(beside, folder_mode) != 0 || rename(beside, folder) != 0)) {
        status = mr_fail_errno(err, errno, "rename to %s", folder);
    }
    if (status != MR_OK) {
        remove_folder(AT_FDCWD, beside);
    }
    p->folder = folder;
    return status;
}

mr_status mr_package_write(const mr_package_options *options, mr_err *err)
{
    package p = {.options = options, .folder = options->folder};
    folder_state state = FOLDER_MISSING;
    mr_status status = choose(&p, err);

    if (status == MR_OK) {
        status = look_at(options->folder, &state, err);
    }
    if (status == MR_OK && state == FOLDER_USED && !options->force) {
        return mr_fail(err, MR_EXISTS, "%s is not empty: --force replaces files of these names",
                       options->folder);
    }
    mr_buffer_init(&p.content, content_bytes_max);
    if (status == MR_OK) {
        status = state == FOLDER_USED ? put_all(&p, err) : write_beside(&p, err);
    }
    mr_buffer_free(&p.content);
    return status;
}
