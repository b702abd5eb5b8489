/* SPDX-License-Identifier: Apache-2.0 */
/* base/secret.h - a secret that may change while the program runs: readers take a copy of what it
 * is now, and hear by its generation that it has changed.
 *
 * Threads: any. Copies are the reader's; they are wiped when they are let go, as are the cell's
 * own.
 */
#ifndef MR_BASE_SECRET_H
#define MR_BASE_SECRET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

enum { mr_secret_bytes_max = 65536 };

typedef struct mr_secret mr_secret;

/* The value is copied; an absent one is a secret that is not set. */
mr_secret *mr_secret_create(mr_text value);
void mr_secret_destroy(mr_secret *secret); /* NULL is fine */

/* false: it was that already. Else the generation grows, and what it was is kept as the previous
 * value, replaced at now_ms (mr_now_ms). */
bool mr_secret_set(mr_secret *secret, mr_text value, int64_t now_ms);

/* 1 and more; 0 of NULL. One atomic read. */
uint64_t mr_secret_generation(const mr_secret *secret);

/* The value now, with a NUL behind it, or NULL when there is none (or no cell). Give it to
 * mr_secret_wipe. */
char *mr_secret_copy(const mr_secret *secret);
/* The same of the value before, if it was replaced at since_ms or later. */
char *mr_secret_copy_previous(const mr_secret *secret, int64_t since_ms);

/* Overwrites the text and frees it; NULL is fine. */
void mr_secret_wipe(char *copy);

/* In a time that does not depend on where they differ. */
bool mr_secret_equal(mr_text a, mr_text b);

#endif
