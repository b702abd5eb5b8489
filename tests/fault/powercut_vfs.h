/* SPDX-License-Identifier: Apache-2.0 */
/* fault/powercut_vfs.h - a SQLite VFS that can lose its power, its disk space and its disk.
 *
 * Wraps the default VFS and becomes the default itself. It remembers every write, truncation,
 * creation and deletion that was not yet synced. A power cut keeps, drops or tears each of them (at
 * sectors of 512 bytes), by a seeded generator, and ends the process: what lies on the disk then is
 * what a machine could find after its power came back. Nothing is really synced, which makes it
 * fast.
 *
 * Assumed of the disk: a write changes no byte outside its range (SQLite's "powersafe overwrite"),
 * and a sync covers all earlier writes of its file. A folder is synced when SQLite does so: at the
 * first sync of a new journal or WAL, and at a deletion that asks for it.
 */
#ifndef MR_FAULT_POWERCUT_VFS_H
#define MR_FAULT_POWERCUT_VFS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdnoreturn.h>

enum { powercut_exit_status = 99 };

typedef struct powercut powercut;

typedef struct powercut_options {
    uint64_t seed;
    uint64_t cut_at;  /* the power goes at this operation, counted from 1; 0: never by itself */
    bool cut_at_sync; /* wait for the next sync: everything is written, nothing is safe */
    bool skip_sleep;  /* waiting for a lock takes hardly any time: time-outs come at once */
    bool ignore_sync; /* a lying disk: syncs do nothing, and the power cut may take all */
} powercut_options;

powercut *powercut_install(const powercut_options *options);
void powercut_uninstall(powercut *cut); /* after every database is closed */

/* Writes, truncations, syncs and deletions so far. */
uint64_t powercut_operations(powercut *cut);

/* While full, a write that makes its file longer fails with SQLITE_FULL. */
void powercut_set_full(powercut *cut, bool full);

/* The disk becomes full when `after` more operations are done; powercut_set_full ends it. */
void powercut_full_after(powercut *cut, uint64_t after);

/* The operation that comes `after` others from now on fails with an I/O error, once. */
void powercut_fail_after(powercut *cut, uint64_t after);

noreturn void powercut_now(powercut *cut);

#endif
