/* SPDX-License-Identifier: Apache-2.0 */
/* base/reference.h - a setting's value that says where the value is.
 *
 *   keyvault://vault/secret[/version]   in any setting
 *   file:/path, env:NAME                in a setting that is secret
 *   ref:file:/path, ref:env:NAME, ref:keyvault://...   in any setting
 *
 * So `file:` in front of a lake's folder stays a folder: only a secret, which is never a path, is
 * read from a file without `ref:`. What a reference yields is taken as it is, never as a reference.
 */
#ifndef MR_BASE_REFERENCE_H
#define MR_BASE_REFERENCE_H

#include <stdbool.h>

#include "base/memory.h"
#include "base/secret.h"
#include "base/status.h"

enum { mr_reference_value_bytes_max = mr_secret_bytes_max };

/* false: the value is no reference, it stands for itself. *ret_reference: without "ref:". */
bool mr_reference_of(const char *value, bool is_secret, const char **ret_reference);

/* Is it read from elsewhere than this machine? */
bool mr_reference_is_remote(const char *reference);

/* Reads one that is remote, for a setting. Appends the value; err says what failed, never it. */
typedef mr_status (*mr_reference_read_fn)(void *ctx, const char *setting, const char *reference,
                                          mr_buffer *out, mr_err *err);

typedef struct mr_reference_reader {
    mr_reference_read_fn read; /* NULL: remote ones cannot be read here */
    void *ctx;
} mr_reference_reader;

/* Appends the value, and a NUL. A file's last line end is left out. */
mr_status mr_reference_read(const mr_reference_reader *reader, const char *setting,
                            const char *reference, mr_buffer *out, mr_err *err);

/* --- A value, given or referred to ------------------------------------------------------------ */

enum { mr_value_source_bytes_max = 160 };

/* Fields may be read; they change only through these functions. */
typedef struct mr_value {
    char *given;           /* as the user wrote it; NULL: not at all */
    const char *reference; /* within given; NULL: it is the value */
    char *read;            /* what the reference yielded first; NULL: it has not been read */
    mr_secret *cell;       /* the value as it is now; NULL: none was given */
    char source[mr_value_source_bytes_max];
} mr_value;

void mr_value_put(mr_value *value, mr_text given, bool is_secret, const char *source);
void mr_value_free(mr_value *value);

/* What stands for the setting, for as long as the process lives; NULL: not given, or not read. */
const char *mr_value_text(const mr_value *value);

/* Reads the reference; *ret_changed: the cell has another value than before. */
mr_status mr_value_read(mr_value *value, const mr_reference_reader *reader, const char *setting,
                        bool *ret_changed, mr_err *err);

#endif
