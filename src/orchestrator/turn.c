/* SPDX-License-Identifier: Apache-2.0 */
/* orchestrator/turn.c - an open file description lock on <data_folder>/runs/executor.lock; see
 * turn.h. It can be asked about without taking it. */
#define _GNU_SOURCE /* open file description locks */
#include "orchestrator/turn.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"

static const char lock_name[] = "runs/executor.lock";

mr_status mr_turn_take(const char *data_folder, int *ret_fd, mr_err *err)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    char *folder = mr_path_join(data_folder, "runs");
    char *path = mr_path_join(data_folder, lock_name);
    mr_status status = mr_folder_create(folder, err);
    int fd = -1;

    if (status == MR_OK) {
        fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        status = fd >= 0 ? MR_OK : mr_fail_errno(err, errno, "open %s", path);
    }
    if (status == MR_OK && fcntl(fd, F_OFD_SETLK, &lock) != 0) {
        status = errno == EAGAIN || errno == EACCES
                     ? mr_fail(err, MR_EXISTS, "another process carries runs out (%s)", path)
                     : mr_fail_errno(err, errno, "lock %s", path);
        (void)close(fd);
    }
    free(folder);
    free(path);
    if (status == MR_OK) {
        *ret_fd = fd;
    }
    return status;
}

bool mr_turn_is_taken(const char *data_folder)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    char *path = mr_path_join(data_folder, lock_name);
    const int fd = open(path, O_RDWR | O_CLOEXEC);
    const bool taken = fd >= 0 && fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;

    if (fd >= 0) {
        (void)close(fd);
    }
    free(path);
    return taken;
}
