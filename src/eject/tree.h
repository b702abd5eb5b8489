/* SPDX-License-Identifier: Apache-2.0 */
/* eject/tree.h - the files of deploy/ as they are in the repository, within the program
 * (scripts/embed_tree.sh). Static; any thread.
 */
#ifndef MR_EJECT_TREE_H
#define MR_EJECT_TREE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

typedef struct mr_tree_file {
    const char *path; /* "deploy/terraform/main.tf" */
    mr_text content;
    bool executable;
} mr_tree_file;

extern const mr_tree_file mr_tree_files[]; /* by path */
extern const size_t mr_tree_file_count;

#endif
