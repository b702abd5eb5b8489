/* SPDX-License-Identifier: Apache-2.0 */
/* web/files.h - the pages' files, in the program itself: made by scripts/embed_web.sh. */
#ifndef MR_WEB_FILES_H
#define MR_WEB_FILES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

typedef struct mr_web_embedded {
    const char *path; /* "/assets/app-3f2a9c1e.js" */
    const char *content_type;
    const char *etag; /* of its content, without quotes */
    bool immutable;   /* its name holds a hash of its content */
    mr_text plain;
    mr_text gzip; /* absent: no smaller */
} mr_web_embedded;

/* In the order of path's bytes. */
extern const mr_web_embedded mr_web_embedded_files[];
extern const size_t mr_web_embedded_count;

/* The file that a path of the browser means: itself, or the page for a path of the page's own.
 * NULL: there is none. */
const mr_web_embedded *mr_web_file_find(mr_text path);

#endif
