/* SPDX-License-Identifier: Apache-2.0 */
/* lake/delta_path.h - a data file's path as the log writes it, and a value as a folder's name. */
#ifndef MR_LAKE_DELTA_PATH_H
#define MR_LAKE_DELTA_PATH_H

#include "base/memory.h"

/* The name Hive gave to null. */
#define MR_DELTA_HIVE_NULL "__HIVE_DEFAULT_PARTITION__"

/* RFC 2396 as Delta uses it: what may not stand in a path of a URI as %XX. */
bool mr_delta_path_encode(const char *path, mr_buffer *out);

/* The inverse, appended without a NUL. false: a '%' without two hex digits, a NUL, or no room. */
bool mr_delta_path_decode(mr_text encoded, mr_buffer *out);

/* Relative, below the table: no scheme, no '/' in front, no empty, . or .. parts. */
bool mr_delta_path_is_local(const char *path);

/* "column=value" as a folder, percent-encoded as Hive does; value NULL: null. */
bool mr_delta_hive_append(const char *column, const char *value, mr_buffer *out);

#endif
