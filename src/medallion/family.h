/* SPDX-License-Identifier: Apache-2.0 */
/* medallion/family.h - a table made anew, and what is made of it: computed side by side.
 *
 * While the files of the head are being written, two threads compute and write the models that read
 * the head, and each other, and nothing else, from the rows in memory; and check the head's own
 * rows, and those that are to be published. All are committed in their turn, behind the head; if
 * that does not come to be, their files are removed.
 * Private to the room; called by one thread.
 */
#ifndef MR_MEDALLION_FAMILY_H
#define MR_MEDALLION_FAMILY_H

#include "medallion/task.h"

typedef struct mr_family_member {
    mr_task task;
    mr_model_report report;
    uint64_t us; /* that it took */
} mr_family_member;

typedef struct mr_family {
    mr_session *session;
    bool (*is_wanted)(void *ctx, const mr_model *model); /* of this run, and not yet done */
    void *ctx;
    const mr_model *head; /* what the members are made of */
    mr_family_member *members[mr_models_max];
    size_t count;
} mr_family;

/* For mr_task.beside; ctx: the family. What cannot be made is left for its turn; so is
 * all while members of another head are there. */
void mr_family_make(void *ctx, mr_task *head);
/* The model's, which the caller now owns; NULL: it is not among them. */
mr_family_member *mr_family_take(mr_family *family, const mr_model *model);
void mr_family_member_free(mr_family_member *member);
/* Removes what was written for those that are left. */
void mr_family_drop(mr_family *family);

#endif
