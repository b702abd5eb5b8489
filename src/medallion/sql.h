/* SPDX-License-Identifier: Apache-2.0 */
/* medallion/sql.h - pieces of the runner's statements, of what every engine takes (engine.h).
 *
 * A piece that does not fit marks the buffer as overflowed; who runs the statement looks.
 */
#ifndef MR_MEDALLION_SQL_H
#define MR_MEDALLION_SQL_H

#include "base/memory.h"
#include "medallion/model.h"

void mr_sql_name(mr_buffer *out, const char *name);
/* "a"."k1" IS NOT DISTINCT FROM "b"."k1" AND ... */
void mr_sql_equal(mr_buffer *out, const mr_names *names, const char *left, const char *right);
/* left."k1", left."k2" */
void mr_sql_names(mr_buffer *out, const mr_names *names, const char *left);
/* The model's columns of `left` (NULL: of whatever has them). */
void mr_sql_columns(mr_buffer *out, const mr_model *model, const char *left);
/* Likewise, cast to their types. */
void mr_sql_cast_columns(mr_buffer *out, const mr_model *model);
const char *mr_sql_type(const char *delta_type);

#endif
