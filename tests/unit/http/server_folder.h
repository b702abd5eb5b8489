/* SPDX-License-Identifier: Apache-2.0 */
/* unit/http/server_folder.h - the temporary data folder of a server that a test starts. */
#ifndef MR_UNIT_HTTP_SERVER_FOLDER_H
#define MR_UNIT_HTTP_SERVER_FOLDER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fts.h>
#include <stdio.h>
#include <stdlib.h>

enum { server_folder_bytes = 64 };

static inline void server_folder_make(const char *server, char ret_path[static server_folder_bytes])
{
    (void)snprintf(ret_path, server_folder_bytes, "/tmp/millrace-%s-XXXXXX", server);
    assert_non_null(mkdtemp(ret_path));
}

static inline void server_folder_remove(char *path)
{
    char *const roots[] = {path, NULL};
    FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
    FTSENT *entry;

    assert_non_null(walk);
    while ((entry = fts_read(walk)) != NULL) {
        if (entry->fts_info != FTS_D) { /* folders on the way back up */
            assert_int_equal(remove(entry->fts_accpath), 0);
        }
    }
    fts_close(walk);
}

#endif
