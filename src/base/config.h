/* SPDX-License-Identifier: Apache-2.0 */
/* base/config.h - settings: flag, else environment, else .env, else default; each knows its source.
 *
 * The table of settings belongs to the caller (cli/settings.c); this file only resolves and checks.
 */
#ifndef MR_BASE_CONFIG_H
#define MR_BASE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/memory.h"
#include "base/property.h"
#include "base/reference.h"
#include "base/status.h"

typedef enum mr_setting_kind {
    MR_SETTING_TEXT,
    MR_SETTING_INTEGER,  /* within [min, max] */
    MR_SETTING_BYTES,    /* "64KiB"; within [min, max] bytes */
    MR_SETTING_DURATION, /* "5s"; within [min, max] milliseconds */
    MR_SETTING_FLAG,     /* on off true false yes no 1 0 */
    MR_SETTING_CHOICE,   /* one of `choices` */
    MR_SETTING_ADDRESS,  /* host:port */
} mr_setting_kind;

typedef struct mr_setting {
    const char *name; /* environment name: "MILLRACE_DATA"; "MILLRACE_KAFKA_*" (at most one such):
                       * any name that begins so is a property for a library */
    const char *flag; /* "--data", or NULL */
    mr_setting_kind kind;
    const char *default_value; /* text as a user would write it; NULL means unset */
    int64_t min, max;          /* for INTEGER, BYTES, DURATION */
    const char *choices;       /* for CHOICE: "debug|info|warn|error" */
    const char *group;         /* heading in help and the reference */
    const char *help;          /* one line */
    bool secret;               /* masked wherever it is shown */
    bool live;                 /* a new value of a reference is taken without a restart */
    const char *also;          /* another's name for it, taken where its own is not given */
} mr_setting;

typedef struct mr_config mr_config;

/* settings is borrowed for the config's life. Reads the environment and `.env` (path from
 * env_file; NULL = "./.env"; absent is fine). Names MILLRACE_* that no setting has are an error
 * that suggests the nearest. */
mr_status mr_config_create(const mr_setting *settings, size_t count, const char *env_file,
                           mr_config **ret_config, mr_err *err);
void mr_config_destroy(mr_config *config);

/* Applies "--data=x" or "--data" "x" of a command line. *ret_used: arguments consumed (0 = not a
 * setting's flag, left to the command). */
mr_status mr_config_apply_flag(mr_config *config, int argc, char *const *argv, int *ret_used,
                               mr_err *err);
mr_status mr_config_set(mr_config *config, const char *name, const char *value, const char *source,
                        mr_err *err);

/* Reads what references refer to: first those of this machine, then the remote ones, whose reader
 * may want settings itself. The message names setting, source and reference. reader is borrowed for
 * the call. */
mr_status mr_config_resolve(mr_config *config, const mr_reference_reader *reader, mr_err *err);

/* What became of one reference. err is NULL when it was read. */
typedef void (*mr_config_told_fn)(void *ctx, const char *name, const char *reference, bool changed,
                                  bool live, const mr_err *err);

/* Reads them all again, whatever becomes of each. Only cells change: texts stay what they were, but
 * for those that had not been read before. One thread at a time; others may read meanwhile once
 * mr_config_resolve has been MR_OK. */
void mr_config_refresh(mr_config *config, const mr_reference_reader *reader, mr_config_told_fn told,
                       void *ctx);
size_t mr_config_reference_count(const mr_config *config);

/* Checks every value that was given or read; the message names setting, value, source and what is
 * allowed. */
mr_status mr_config_check(const mr_config *config, mr_err *err);

/* Values; name must be in the table (asserted) and the config checked. Borrowed. */
const char *mr_config_text(const mr_config *config, const char *name); /* NULL if unset */
/* The same as it is now; NULL if it was not given (a default is not in a cell). */
const mr_secret *mr_config_secret(const mr_config *config, const char *name);
/* As it was given: the reference, not what it refers to. NULL if unset. */
const char *mr_config_given(const mr_config *config, const char *name);
int64_t mr_config_integer(const mr_config *config, const char *name);
uint64_t mr_config_bytes(const mr_config *config, const char *name);
uint64_t mr_config_duration_ms(const mr_config *config, const char *name);
bool mr_config_flag(const mr_config *config, const char *name);

/* What was given under the name that ends in '*': MILLRACE_KAFKA_SASL_MECHANISM as
 * "sasl.mechanism". Borrowed. */
const mr_property *mr_config_properties(const mr_config *config, size_t *ret_count);
/* The name a property was given by, and its source; for messages and `config show`. */
const char *mr_config_property_name(const mr_config *config, size_t index);
const char *mr_config_property_source(const mr_config *config, size_t index);
/* As mr_config_secret, of the property by its own name: "sasl.password". */
const mr_secret *mr_config_property_secret(const mr_config *config, const char *property);
/* As mr_config_given. */
const char *mr_config_property_given(const mr_config *config, size_t index);
/* The value as it may be shown: masked where the name speaks of a password, a secret or a key. */
const char *mr_config_property_shown(const mr_config *config, size_t index);

/* "flag --data", "environment", ".env:3", "default" */
const char *mr_config_source(const mr_config *config, const char *name);
/* The value as it may be shown: secrets masked, passwords inside URLs masked; of a reference,
 * itself and whether it was read. Into out. */
void mr_config_shown(const mr_config *config, const char *name, mr_buffer *out);

/* One .env line: NAME=value, optional `export `, quotes single or double, # comments.
 * ret_name is a slice of line, ret_value of unescaped (at least line bytes). MR_NOT_FOUND: not an
 * assignment (blank or comment), err untouched. MR_INVALID: err says what is wrong with the line.
 */
mr_status mr_env_parse_line(mr_text line, char *unescaped, mr_text *ret_name, mr_text *ret_value,
                            mr_err *err);

#endif
