/* SPDX-License-Identifier: Apache-2.0 */
/* olap/olap_library.h - DuckDB's library, loaded when the first database is opened.
 *
 * The program is not linked with it: most roles and commands never open a database, and each would
 * pay for the library's pages and relocations. So this room calls through a table,
 * mr_duckdb.connect() for duckdb_connect(); a direct call does not link. What is used stands in the
 * one list below, each function typed as it is declared.
 *
 * Threads: any may load. The table is written once, before the first database exists, and only
 * read from then on, by those who hold a database or what was made from one.
 */
#ifndef MR_OLAP_OLAP_LIBRARY_H
#define MR_OLAP_OLAP_LIBRARY_H

#include <duckdb.h>

#include "base/status.h"

/* In the library since 1.5; the header that is packaged is older. */
duckdb_state duckdb_appender_clear(duckdb_appender appender);

/* Names of the functions without "duckdb_", sorted. */
/* clang-format off */
#define MR_DUCKDB_FUNCTIONS(F) \
    F(append_data_chunk) F(appender_clear) F(appender_column_count) F(appender_column_type) \
    F(appender_create) F(appender_destroy) F(appender_error_data) F(appender_flush) \
    F(array_type_array_size) F(array_type_child_type) F(array_vector_get_child) \
    F(bind_add_result_column) F(bind_get_extra_info) F(bind_set_cardinality) F(close) \
    F(column_count) F(column_logical_type) F(column_name) F(connect) F(create_bignum) \
    F(create_bit) F(create_config) F(create_data_chunk) F(create_date) F(create_decimal_type) \
    F(create_double) F(create_float) F(create_interval) F(create_logical_type) \
    F(create_table_function) F(create_time) F(create_time_ns) F(create_time_tz_value) \
    F(create_timestamp) F(create_timestamp_ms) F(create_timestamp_ns) F(create_timestamp_s) \
    F(data_chunk_get_size) F(data_chunk_get_vector) F(data_chunk_reset) F(data_chunk_set_size) \
    F(decimal_internal_type) F(decimal_scale) F(decimal_width) F(destroy_config) \
    F(destroy_data_chunk) F(destroy_error_data) F(destroy_extracted) F(destroy_logical_type) \
    F(destroy_pending) F(destroy_prepare) F(destroy_result) F(destroy_table_function) F(destroy_value) F(disconnect) \
    F(enum_dictionary_value) F(enum_internal_type) F(error_data_error_type) F(error_data_message) \
    F(execute_pending) F(execute_prepared) F(extract_statements) \
    F(extract_statements_error) F(fetch_chunk) F(free) F(function_get_extra_info) \
    F(function_get_init_data) F(get_type_id) F(get_varchar) F(init_get_extra_info) \
    F(init_set_init_data) F(init_set_max_threads) F(interrupt) F(is_finite_timestamp) \
    F(list_type_child_type) F(list_vector_get_child) F(logical_type_get_alias) \
    F(map_type_key_type) F(map_type_value_type) F(nparams) F(open_ext) F(pending_error) \
    F(pending_execute_task) F(pending_prepared) F(pending_prepared_streaming) F(prepare_error) \
    F(prepare_extracted_statement) F(prepared_statement_type) F(register_table_function) \
    F(result_error) F(result_error_type) F(set_config) \
    F(struct_type_child_count) F(struct_type_child_name) F(struct_type_child_type) \
    F(struct_vector_get_child) F(table_function_set_bind) F(table_function_set_extra_info) \
    F(table_function_set_function) F(table_function_set_init) F(table_function_set_name) \
    F(union_type_member_count) F(union_type_member_name) F(union_type_member_type) \
    F(validity_row_is_valid) F(vector_assign_string_element_len) \
    F(vector_ensure_validity_writable) F(vector_get_data) F(vector_get_validity) F(vector_size)
/* clang-format on */

typedef struct mr_duckdb_table {
#define MR_DUCKDB_MEMBER(name) __typeof__(duckdb_##name) *(name);
    MR_DUCKDB_FUNCTIONS(MR_DUCKDB_MEMBER)
#undef MR_DUCKDB_MEMBER
} mr_duckdb_table;

/* All NULL until mr_olap_library_load has succeeded. */
extern mr_duckdb_table mr_duckdb;

/* Fills mr_duckdb unless that was done before; a failure is tried again by the next call. Looked
 * for as the loader does: LD_LIBRARY_PATH, the program's own RUNPATH, the system's folders.
 * MR_IO when there is no such library, MR_UNSUPPORTED when it lacks a function: both named. */
mr_status mr_olap_library_load(mr_err *err);

/* The same from a library of that name or path, into a table of the caller's. It stays loaded. */
mr_status mr_olap_library_load_file(const char *file, mr_duckdb_table *ret_table, mr_err *err);

#endif
