/* SPDX-License-Identifier: Apache-2.0 */
/* bus/embedded.h - what the files of the embedded log share. Only bus_embedded.c and embedded_*.c
 * include it.
 *
 *   <folder>/<topic>.db      a topic: blocks of records, and marks   (embedded_topic.c)
 *   <folder>/<topic>.signal  wakes readers in other processes        (embedded_signal.c)
 *   <folder>/groups.db       the published progress of groups        (embedded_groups.c)
 *
 * A topic is a database of its own so that each has its own write lock. Every connection belongs to
 * one thread at a time: a producer's to its writer thread, a consumer's to whoever polls it.
 */
#ifndef MR_BUS_EMBEDDED_H
#define MR_BUS_EMBEDDED_H

#include <sqlite3.h>
#include <stdatomic.h>
#include <stdint.h>

#include "base/memory.h"
#include "base/status.h"
#include "bus/batch.h"
#include "bus/bus_backend.h"

enum {
    mr_embedded_name_bytes_max = 128,
    mr_embedded_busy_ms_max = 5000,     /* how long to wait for another writer's lock */
    mr_embedded_queue_bytes = 64 << 20, /* queue_bytes_max when the options say 0 */
    mr_embedded_transaction_bytes_max = 16
                                        << 20, /* records in one commit; one batch always passes */
    mr_embedded_merge_bytes_max = 64 << 10,    /* smaller batches share a block this large */
};

/* The state of an open bus. Constant after open. */
typedef struct mr_embedded {
    char *folder;
    uint64_t retention_ms;
    uint64_t retention_bytes;
    uint64_t queue_bytes_max;
} mr_embedded;

/* --- embedded_database.c: SQLite with our errors ------------------------------------------- */

typedef struct mr_embedded_schema {
    const char *what; /* "topic" */
    int32_t application_id;
    int32_t version;
    const char *prepare; /* before the first page is written: page size, WAL */
    const char *create;
    const char *connect; /* for every connection */
} mr_embedded_schema;

/* Opens <folder>/<file>, creating it when it is not there. Several processes may do so at once. */
mr_status mr_embedded_database_open(const char *folder, const char *file,
                                    const mr_embedded_schema *schema, sqlite3 **ret_db,
                                    mr_err *err);

/* Fills err from SQLite's error `code`; the format names the object and the operation. */
mr_status mr_embedded_fail(mr_err *err, sqlite3 *db, int code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

mr_status mr_embedded_exec(sqlite3 *db, const char *sql, const char *name, mr_err *err);
mr_status mr_embedded_prepare(sqlite3 *db, const char *sql, const char *name,
                              sqlite3_stmt **ret_statement, mr_err *err);

/* Steps a statement that gives one row, with one integer, or none (then *ret_found is false). */
mr_status mr_embedded_read_integer(sqlite3_stmt *statement, const char *name, bool *ret_found,
                                   int64_t *ret_value, mr_err *err);
/* Steps a statement that gives no row, and resets it. */
mr_status mr_embedded_run(sqlite3_stmt *statement, const char *name, mr_err *err);

/* Transactions: begin takes the write lock; finish commits when st is MR_OK, else rolls back. */
mr_status mr_embedded_begin(sqlite3 *db, const char *name, mr_err *err);
mr_status mr_embedded_finish(sqlite3 *db, mr_status st, const char *name, mr_err *err);

/* --- embedded_signal.c: wake-ups across processes ------------------------------------------ */

typedef struct mr_embedded_signal_page mr_embedded_signal_page;

mr_status mr_embedded_signal_open(const char *folder, const char *topic,
                                  mr_embedded_signal_page **ret_signal, mr_err *err);
void mr_embedded_signal_close(mr_embedded_signal_page *signal); /* NULL is fine */

uint32_t mr_embedded_signal_load(mr_embedded_signal_page *signal);
/* Wakes every waiter. From any thread, and from a signal handler. */
void mr_embedded_signal_raise(mr_embedded_signal_page *signal);
/* Returns when the signal is no longer `seen`, after timeout_us, or for no reason. */
void mr_embedded_signal_wait(mr_embedded_signal_page *signal, uint32_t seen, int64_t timeout_us);

/* --- embedded_topic.c: a topic's file ------------------------------------------------------ */

typedef struct mr_embedded_topic {
    char name[mr_embedded_name_bytes_max];
    sqlite3 *db;
    mr_embedded_signal_page *signal;
    sqlite3_stmt *bounds;
} mr_embedded_topic;

typedef struct mr_embedded_bounds {
    int64_t first_offset;
    int64_t next_offset;
} mr_embedded_bounds;

mr_status mr_embedded_topic_open(const mr_embedded *log, const char *name,
                                 mr_embedded_topic *ret_topic, mr_err *err);
bool mr_embedded_topic_exists(const mr_embedded *log, const char *name);
void mr_embedded_topic_close(mr_embedded_topic *topic); /* half-open, or zeroed, is fine */
mr_status mr_embedded_topic_bounds(mr_embedded_topic *topic, mr_embedded_bounds *ret_bounds,
                                   mr_err *err);
/* Bytes of the pages in use (free pages are reused before the file grows). */
mr_status mr_embedded_topic_bytes(mr_embedded_topic *topic, uint64_t *ret_bytes, mr_err *err);

mr_status mr_embedded_mark_read(void *state, const char *target_topic, const char *group,
                                const char *topic, int32_t partition, int64_t *ret_next_offset,
                                mr_err *err);
mr_status mr_embedded_topics(void *state, const char *only, mr_bus_topic_fn visit, void *ctx,
                             mr_err *err);
mr_status mr_embedded_topic_create(void *state, const char *name, int32_t partitions,
                                   int32_t replication, mr_err *err);

/* --- embedded_block.c: the form of a stored block ------------------------------------------ */

typedef struct mr_embedded_block {
    uint32_t records_bytes; /* uncompressed */
    uint32_t count;
    bool compressed;
    const char *body; /* borrowed from the payload */
    size_t body_bytes;
} mr_embedded_block;

/* Replaces what `out` holds with the stored form of `count` records. */
void mr_embedded_block_encode(mr_text records, size_t count, mr_buffer *out);
/* Checks the payload's frame and checksum. NULL, or what is wrong with it. */
const char *mr_embedded_block_open(const void *payload, size_t bytes, mr_embedded_block *ret_block);
/* Writes block->records_bytes bytes. NULL, or what is wrong. */
const char *mr_embedded_block_decode(const mr_embedded_block *block, char *ret_records);

/* --- embedded_append.c: the transaction that appends --------------------------------------- */

typedef struct mr_embedded_appender mr_embedded_appender;

mr_status mr_embedded_appender_open(const mr_embedded *log, const char *topic,
                                    mr_embedded_appender **ret_appender, mr_err *err);
void mr_embedded_appender_close(mr_embedded_appender *appender); /* NULL is fine */
/* Commits a list of batches: all are durable, or none is. A batch whose mark stands elsewhere is
 * left out and has `refused` set. */
mr_status mr_embedded_appender_commit(mr_embedded_appender *appender, mr_bus_batch *first,
                                      mr_err *err);
/* Moves the write-ahead log into the database when it has grown. Call when nobody waits. */
void mr_embedded_appender_checkpoint(mr_embedded_appender *appender);

/* --- embedded_writer.c, embedded_reader.c, embedded_retention.c: slots of the backend ------- */

mr_status mr_embedded_producer_open(void *state, const char *topic, void **ret_producer,
                                    mr_err *err);
void mr_embedded_producer_close(void *state);
mr_status mr_embedded_append(void *state, mr_bus_batch *batch, const mr_bus_mark *mark,
                             mr_err *err);
mr_status mr_embedded_submit(void *state, mr_bus_batch *batch, mr_bus_done_fn done, void *ctx,
                             mr_err *err);
uint64_t mr_embedded_queued_bytes(const void *state);

mr_status mr_embedded_consumer_open(void *state, const mr_bus_consumer_options *options,
                                    void **ret_consumer, mr_err *err);
void mr_embedded_consumer_close(void *state);
mr_status mr_embedded_poll(void *state, uint32_t timeout_ms, const mr_bus_message **ret_messages,
                           size_t *ret_count, mr_err *err);
mr_status mr_embedded_seek(void *state, int32_t partition, int64_t offset, mr_err *err);
mr_status mr_embedded_position(void *state, int32_t partition, int64_t *ret_offset, mr_err *err);
void mr_embedded_wake(void *state);
mr_status mr_embedded_publish(void *state, int32_t partition, int64_t next_offset, mr_err *err);

mr_status mr_embedded_retain(void *state, const char *name, uint64_t *ret_removed, mr_err *err);

/* --- embedded_groups.c: published progress ------------------------------------------------- */

typedef struct mr_embedded_groups mr_embedded_groups;

mr_status mr_embedded_groups_open(const mr_embedded *log, mr_embedded_groups **ret_groups,
                                  mr_err *err);
void mr_embedded_groups_close(mr_embedded_groups *groups); /* NULL is fine */
mr_status mr_embedded_groups_publish(mr_embedded_groups *groups, const char *group,
                                     const char *topic, int64_t next_offset, mr_err *err);
/* The least any group of the topic has published; INT64_MAX when none has. */
mr_status mr_embedded_groups_floor(const mr_embedded *log, const char *topic, int64_t *ret_offset,
                                   mr_err *err);
mr_status mr_embedded_groups_visit(void *state, mr_bus_group_fn visit, void *ctx, mr_err *err);

#endif
