/* SPDX-License-Identifier: Apache-2.0 */
/* store/store_copy.h - the whole content of one store into another, empty one, of any kind.
 *
 * Positions come along, so a processor that is started on the copy goes on exactly where the copy
 * was made. The source is read as of one moment: whoever writes to it may go on, and what is
 * written after that moment comes to the copy from the log. API keys and the fate of dead letters
 * come too.
 */
#ifndef MR_STORE_STORE_COPY_H
#define MR_STORE_STORE_COPY_H

#include "store/store.h"

typedef struct mr_store_copied {
    mr_store_totals totals; /* of the copy, as it stands in its tables */
    uint64_t rows;          /* in all tables */
    uint64_t keys, letters; /* of ops.h */
} mr_store_copied;

/* Called every few thousand rows. checking: the copy is being read back. */
typedef void (*mr_store_copy_progress)(void *ctx, uint64_t rows, uint64_t rows_expected,
                                       bool checking);

/* from and to: mode is set here. MR_EXISTS: `to` holds something, other than the same keys and
 * letters. It is one transaction: the store is empty again after a failure, at most keys and
 * letters are there already, and the next try leaves them so. Then all is read back and compared
 * row by row (by checksums that do not depend on order); MR_CORRUPT when it differs. progress may
 * be NULL. */
mr_status mr_store_copy(const mr_store_options *from, const mr_store_options *to,
                        mr_store_copy_progress progress, void *ctx, mr_store_copied *ret_copied,
                        mr_err *err);

#endif
