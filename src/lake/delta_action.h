/* SPDX-License-Identifier: Apache-2.0 */
/* lake/delta_action.h - the lines of a Delta log: from JSON and to JSON.
 *
 * Private to the room. yyjson stays inside delta_json.c and delta_schema.c.
 */
#ifndef MR_LAKE_DELTA_ACTION_H
#define MR_LAKE_DELTA_ACTION_H

#include "lake/delta.h"

enum {
    mr_delta_reader_version = 1,
    mr_delta_writer_version = 2,
    mr_delta_reader_version_max = 2, /* 2 asks for column mapping, which a table need not use */
    mr_delta_meta_bytes_max = 64 << 20,
    mr_delta_properties_max = 1024,
};

/* What a metaData action says; immutable, shared by snapshots. One thread. */
typedef struct mr_delta_meta {
    uint32_t references;
    mr_arena *arena; /* holds everything below */
    mr_delta_schema schema;
    const char *id;
    const char **keys, **values; /* the table's properties */
    size_t property_count;
    const char *json;       /* the object as it stood in the log */
    bool checks_invariants; /* delta.invariants on a column: we must not write */
} mr_delta_meta;

/* What a protocol action says. */
typedef struct mr_delta_protocol {
    int reader_version, writer_version;
} mr_delta_protocol;

typedef enum mr_delta_action_kind {
    MR_DELTA_OTHER, /* one we need not know */
    MR_DELTA_ADD,
    MR_DELTA_REMOVE,
    MR_DELTA_TXN,
    MR_DELTA_METADATA,
    MR_DELTA_PROTOCOL,
    MR_DELTA_COMMIT_INFO,
} mr_delta_action_kind;

typedef struct mr_delta_action {
    mr_delta_action_kind kind;
    mr_delta_file file;         /* ADD; REMOVE: modified_ms is when, rows as far as it says */
    mr_delta_txn txn;           /* TXN */
    mr_delta_meta *meta;        /* METADATA: the reader's; take a reference to keep it */
    mr_delta_protocol protocol; /* PROTOCOL */
    struct {
        int64_t timestamp_ms;                          /* -1: it does not say */
        const char *operation, *metrics, *transaction; /* "" or NULL */
    } info;                                            /* COMMIT_INFO */
} mr_delta_action;

typedef struct mr_delta_reader mr_delta_reader;

mr_delta_reader *mr_delta_reader_create(void);
void mr_delta_reader_destroy(mr_delta_reader *reader); /* NULL is fine */

/* Reads one line. meta (may be NULL) says how the partition columns are called. The action is good
 * until the next call. MR_CORRUPT: not an action; MR_UNSUPPORTED: one that asks for what we do not
 * know, by name. */
mr_status mr_delta_read_action(mr_delta_reader *reader, mr_text line, const mr_delta_meta *meta,
                               mr_delta_action *ret_action, mr_err *err);

/* --- delta_schema.c --- */

/* From a metaData object's JSON text. */
mr_status mr_delta_meta_parse(mr_text json, mr_delta_meta **ret_meta, mr_err *err);
mr_delta_meta *mr_delta_meta_share(mr_delta_meta *meta);
void mr_delta_meta_release(mr_delta_meta *meta);                                /* NULL is fine */
const char *mr_delta_meta_property(const mr_delta_meta *meta, const char *key); /* or NULL */
/* "interval 30 days"; otherwise is returned where the property is missing or says nothing known. */
uint64_t mr_delta_meta_interval_ms(const mr_delta_meta *meta, const char *key, uint64_t otherwise);

/* MR_INVALID: a name or a type that Delta does not have, or a column twice. */
mr_status mr_delta_schema_check(const mr_delta_schema *schema, mr_err *err);
bool mr_delta_schema_equal(const mr_delta_schema *a, const mr_delta_schema *b);
bool mr_delta_schema_is_partition(const mr_delta_schema *schema, const char *column);
/* A type's name for the engine: "DECIMAL(18,4)"; type must have passed the check. */
bool mr_delta_type_sql(const char *type, mr_buffer *out);

typedef struct mr_delta_meta_write {
    const mr_delta_schema *schema;
    const mr_delta_meta *old;      /* its id and properties stay; NULL: a new table */
    const char *const *properties; /* key, value, ..., NULL; NULL = none */
} mr_delta_meta_write;

bool mr_delta_write_meta(const mr_delta_meta_write *meta, mr_buffer *out);

/* --- delta_json_write.c: each appends one line; false: no room. --- */

typedef struct mr_delta_info_write {
    const char *operation, *metrics, *transaction;
    bool blind_append;
} mr_delta_info_write;

bool mr_delta_write_info(const mr_delta_info_write *info, mr_buffer *out);
bool mr_delta_write_protocol(mr_buffer *out);
bool mr_delta_write_txn(const mr_delta_txn *txn, mr_buffer *out);
bool mr_delta_write_add(const mr_delta_file *file, const mr_delta_schema *schema, mr_buffer *out);
bool mr_delta_write_remove(const mr_delta_file *file, const mr_delta_schema *schema, int64_t at_ms,
                           bool data_change, mr_buffer *out);
/* Of a checkpoint: a file that is gone. */
bool mr_delta_write_tombstone(const mr_delta_file *file, mr_buffer *out);
/* operationMetrics is a map of texts for others: makes the values of a JSON object texts. */
mr_status mr_delta_write_metrics(const char *json, mr_buffer *out, mr_err *err);

#endif
