/* SPDX-License-Identifier: Apache-2.0 */
/* cli/post_state.c - reads and writes the progress file. Called by: cmd_post.c; one thread. */
#include "cli/post_state.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <yyjson.h>

#include "base/file.h"
#include "base/hash.h"

enum { state_version = 1, head_bytes_max = 65536, state_bytes_max = 4096 };

static mr_status hash_head(int fd, const char *path, uint64_t *ret_hash, mr_err *err)
{
    char *head = mr_alloc(head_bytes_max);
    size_t bytes = 0;
    mr_status status = MR_OK;

    while (bytes < head_bytes_max) {
        ssize_t got = pread(fd, head + bytes, head_bytes_max - bytes, (off_t)bytes);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            status = mr_fail_errno(err, errno, "read %s", path);
        }
        if (got <= 0) {
            break;
        }
        bytes += (size_t)got;
    }
    if (status == MR_OK) {
        *ret_hash = mr_hash64(head, bytes);
    }
    free(head);
    return status;
}

mr_status mr_post_identify(const char *path, const char *target, mr_post_identity *ret_identity,
                           mr_err *err)
{
    mr_post_identity identity = {.target_hash = mr_hash64(target, strlen(target))};
    struct stat info;
    mr_status status;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0) {
        return mr_fail_errno(err, errno, "open %s", path);
    }
    if (fstat(fd, &info) != 0) {
        status = mr_fail_errno(err, errno, "stat %s", path);
    } else {
        identity.file_bytes = (uint64_t)info.st_size;
        identity.changed_ns =
            (int64_t)info.st_mtim.tv_sec * 1000000000 + (int64_t)info.st_mtim.tv_nsec;
        status = hash_head(fd, path, &identity.head_hash, err);
    }
    (void)close(fd); /* only read from */
    if (status == MR_OK) {
        *ret_identity = identity;
    }
    return status;
}

static bool same_identity(const mr_post_identity *a, const mr_post_identity *b)
{
    return a->file_bytes == b->file_bytes && a->changed_ns == b->changed_ns &&
           a->head_hash == b->head_hash && a->target_hash == b->target_hash;
}

/* false when a member is missing or no number. */
static bool get_uint(yyjson_val *root, const char *name, uint64_t *ret_value)
{
    yyjson_val *value = yyjson_obj_get(root, name);

    if (!yyjson_is_uint(value)) {
        return false;
    }
    *ret_value = yyjson_get_uint(value);
    return true;
}

static bool parse_state(yyjson_val *root, mr_post_state *state)
{
    uint64_t version = 0;
    uint64_t changed_ns = 0;
    bool whole = get_uint(root, "version", &version) && version == state_version &&
                 get_uint(root, "file_bytes", &state->identity.file_bytes) &&
                 get_uint(root, "changed_ns", &changed_ns) &&
                 get_uint(root, "head_hash", &state->identity.head_hash) &&
                 get_uint(root, "target_hash", &state->identity.target_hash) &&
                 get_uint(root, "offset", &state->offset) && get_uint(root, "line", &state->line) &&
                 get_uint(root, "accepted", &state->accepted) &&
                 get_uint(root, "refused", &state->refused) &&
                 get_uint(root, "rejects_bytes", &state->rejects_bytes);

    state->identity.changed_ns = (int64_t)changed_ns;
    return whole;
}

mr_status mr_post_state_load(const char *path, const mr_post_identity *identity,
                             mr_post_state *ret_state, mr_err *err)
{
    mr_post_state state = {.offset = 0};
    mr_buffer text;
    yyjson_doc *document;
    bool whole;
    mr_status status;

    if (access(path, F_OK) != 0) {
        return mr_fail(err, MR_NOT_FOUND, "there is no %s", path);
    }
    mr_buffer_init(&text, state_bytes_max);
    status = mr_file_read(path, &text, err);
    if (status == MR_OK) {
        document = yyjson_read(text.data, text.bytes, 0);
        whole = document != NULL && parse_state(yyjson_doc_get_root(document), &state);
        yyjson_doc_free(document);
        if (!whole) {
            status = mr_fail(err, MR_CORRUPT, "%s is no progress file of this version", path);
        } else if (!same_identity(&state.identity, identity)) {
            status = mr_fail(err, MR_INVALID,
                             "%s is of another file, another server, or of this file before it was "
                             "changed",
                             path);
        } else {
            *ret_state = state;
        }
    }
    mr_buffer_free(&text);
    return status;
}

mr_status mr_post_state_save(const char *path, const mr_post_state *state, mr_err *err)
{
    const mr_post_identity *identity = &state->identity;
    mr_buffer text;
    mr_status status;

    mr_buffer_init(&text, state_bytes_max);
    (void)mr_buffer_printf(&text,
                           "{\"version\":%d,\"file_bytes\":%" PRIu64 ",\"changed_ns\":%" PRIu64
                           ",\"head_hash\":%" PRIu64 ",\"target_hash\":%" PRIu64
                           ",\"offset\":%" PRIu64 ",\"line\":%" PRIu64 ",\"accepted\":%" PRIu64
                           ",\"refused\":%" PRIu64 ",\"rejects_bytes\":%" PRIu64 "}\n",
                           state_version, identity->file_bytes, (uint64_t)identity->changed_ns,
                           identity->head_hash, identity->target_hash, state->offset, state->line,
                           state->accepted, state->refused, state->rejects_bytes);
    MR_ASSERT(!text.overflowed);
    status = mr_file_replace(path, mr_buffer_text(&text), err);
    mr_buffer_free(&text);
    return status;
}

void mr_post_state_remove(const char *path)
{
    (void)unlink(path); /* often there is none */
}
