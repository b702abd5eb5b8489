/* SPDX-License-Identifier: Apache-2.0 */
/* medallion/model.h - a model: one file of SQL that says what a table of silver or gold holds.
 *
 * The file is a plain SELECT behind a header of comment lines ("-- key: value"); docs/models.md has
 * the keys. Models are immutable once read and may be shared between threads.
 */
#ifndef MR_MEDALLION_MODEL_H
#define MR_MEDALLION_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "base/text.h"

enum {
    mr_model_bytes_max = 65536,
    mr_model_columns_max = 64,
    mr_model_names_max = 8, /* keys, columns of a group, of a partition, of a version */
    mr_model_checks_max = 32,
    mr_model_values_max = 16,
    mr_model_references_max = 32,
    mr_model_length_max = 2000,
};

typedef enum mr_model_mode {
    MR_MODEL_INSERT,  /* rows whose key the table has not got yet */
    MR_MODEL_MERGE,   /* a row a key, combined with the one there by each column's rule */
    MR_MODEL_REPLACE, /* whole groups, computed again when a row of theirs is new */
    MR_MODEL_PUBLISH, /* the files of another table, unchanged */
    MR_MODEL_VIEW,    /* not stored */
} mr_model_mode;

typedef enum mr_column_rule {
    MR_RULE_NONE,
    MR_RULE_SAME,   /* follows from the key */
    MR_RULE_SUM,    /* old and new together; a NULL adds nothing */
    MR_RULE_MIN,    /* of old and new; NULL loses */
    MR_RULE_MAX,    /* likewise */
    MR_RULE_LATEST, /* that of the row whose version columns are greater; NULL loses */
} mr_column_rule;

typedef struct mr_names {
    const char *names[mr_model_names_max];
    size_t count;
} mr_names;

typedef struct mr_model_column {
    const char *name;
    const char *type;    /* as lake/delta.h spells it */
    uint32_t length_max; /* of a string in characters, of a binary in bytes; 0: not said */
    const char *description;
    bool not_null;
    mr_column_rule rule;
    mr_names version; /* for MR_RULE_LATEST */
} mr_model_column;

typedef enum mr_check_kind {
    MR_CHECK_NOT_NULL,
    MR_CHECK_UNIQUE,
    MR_CHECK_RANGE,      /* values: least, greatest, as SQL literals */
    MR_CHECK_VALUES,     /* values: those allowed, as SQL literals */
    MR_CHECK_REFERENCES, /* every value stands in target's column target_column */
} mr_check_kind;

typedef struct mr_model_check {
    const char *text; /* as the header has it */
    mr_check_kind kind;
    mr_names columns;
    const char *values[mr_model_values_max];
    size_t value_count;
    const char *target, *target_column;
} mr_model_check;

/* Another table, made of this one: it has a row for all values of the columns `prune` here. */
typedef struct mr_model_index {
    const char *table; /* NULL = none */
    /* In that row: the least and the greatest value that `column` of this table has with it. NULL =
     * not told. */
    const char *column, *least, *greatest;
} mr_model_index;

typedef struct mr_model {
    const char *name;  /* "silver.fact_sales" */
    const char *layer; /* "silver", "gold" */
    const char *table; /* "fact_sales" */
    const char *description;
    mr_model_mode mode;
    const char *from; /* the driving source: its new rows make an increment. NULL for a view */
    mr_names keys, group, partition, order;
    mr_names lookup; /* other tables are held to rows that have these in common with new ones */
    mr_names prune;  /* columns that follow from the key and let files be passed over */
    mr_model_index index;
    const char *sum;     /* money whose sum each file tells; NULL = none */
    uint64_t file_bytes; /* size of the table's files; 0 = the lake's default */
    const mr_model_column *columns;
    size_t column_count;
    const mr_model_check *checks;
    size_t check_count;
    const char *references[mr_model_references_max]; /* tables of FROM and JOIN, each once */
    size_t reference_count;
    const char *sql;  /* the SELECT, without header and without a ';' behind it */
    const char *file; /* where it was read */
    int64_t hash;     /* of header and SELECT; never negative */
} mr_model;

/* Reads a model's text. MR_INVALID: err says "file:line: what is wrong". */
mr_status mr_model_parse(const char *file, mr_text text, mr_model **ret_model, mr_err *err);
void mr_model_free(mr_model *model); /* NULL is fine */

const mr_model_column *mr_model_find_column(const mr_model *model, const char *name); /* or NULL */
bool mr_names_has(const mr_names *names, const char *name);
const char *mr_model_mode_name(mr_model_mode mode);
const char *mr_check_kind_name(mr_check_kind kind);
/* "silver/fact_sales": the table's path in the lake. */
enum { mr_model_path_bytes_max = 160 };
void mr_model_path_of(const char *name, char path[static mr_model_path_bytes_max]);

#endif
