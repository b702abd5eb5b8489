/* SPDX-License-Identifier: Apache-2.0 */
/* store/store_postgres_queries.c - the PostgreSQL backend's statements by number; texts: store/sql.
 *
 * Not here: who runs them (store_postgres*.c), the schema (sql/postgres_*.sql).
 */
#include "store/store_postgres.h"

extern const char mr_embed_postgres_position_read_sql[];
extern const char mr_embed_postgres_position_move_sql[];
extern const char mr_embed_postgres_position_start_sql[];
extern const char mr_embed_postgres_position_set_sql[];
extern const char mr_embed_postgres_position_list_sql[];
extern const char mr_embed_postgres_line_insert_sql[];
extern const char mr_embed_postgres_line_known_sql[];
extern const char mr_embed_postgres_line_list_sql[];
extern const char mr_embed_postgres_country_load_sql[];
extern const char mr_embed_postgres_country_insert_sql[];
extern const char mr_embed_postgres_dimension_lock_sql[];
extern const char mr_embed_postgres_invoice_add_sql[];
extern const char mr_embed_postgres_invoice_read_sql[];
extern const char mr_embed_postgres_order_add_sql[];
extern const char mr_embed_postgres_order_list_sql[];
extern const char mr_embed_postgres_product_add_sql[];
extern const char mr_embed_postgres_product_load_sql[];
extern const char mr_embed_postgres_product_describe_sql[];
extern const char mr_embed_postgres_winner_load_sql[];
extern const char mr_embed_postgres_winner_put_sql[];
extern const char mr_embed_postgres_customer_add_sql[];
extern const char mr_embed_postgres_customer_move_sql[];
extern const char mr_embed_postgres_customer_read_sql[];
extern const char mr_embed_postgres_customer_top_sql[];
extern const char mr_embed_postgres_total_add_sql[];
extern const char mr_embed_postgres_total_read_sql[];
extern const char mr_embed_postgres_receipt_read_sql[];
extern const char mr_embed_postgres_position_moved_at_sql[];
extern const char mr_embed_postgres_customer_between_sql[];
extern const char mr_embed_postgres_customer_named_sql[];
extern const char mr_embed_postgres_item_list_sql[];
extern const char mr_embed_postgres_product_list_sql[];
extern const char mr_embed_postgres_own_invoice_read_sql[];
extern const char mr_embed_postgres_own_line_list_sql[];
extern const char mr_embed_postgres_return_list_sql[];
extern const char mr_embed_postgres_returned_from_list_sql[];

const mr_pg_query mr_pg_store_queries[MR_PG_QUERY_COUNT] = {
    [MR_PG_POSITION_READ] = {"position_read", mr_embed_postgres_position_read_sql},
    [MR_PG_POSITION_MOVE] = {"position_move", mr_embed_postgres_position_move_sql},
    [MR_PG_POSITION_START] = {"position_start", mr_embed_postgres_position_start_sql},
    [MR_PG_POSITION_SET] = {"position_set", mr_embed_postgres_position_set_sql},
    [MR_PG_POSITION_LIST] = {"position_list", mr_embed_postgres_position_list_sql},
    [MR_PG_LINE_INSERT] = {"line_insert", mr_embed_postgres_line_insert_sql},
    [MR_PG_LINE_KNOWN] = {"line_known", mr_embed_postgres_line_known_sql},
    [MR_PG_LINE_LIST] = {"line_list", mr_embed_postgres_line_list_sql},
    [MR_PG_COUNTRY_LOAD] = {"country_load", mr_embed_postgres_country_load_sql},
    [MR_PG_COUNTRY_INSERT] = {"country_insert", mr_embed_postgres_country_insert_sql},
    [MR_PG_DIMENSION_LOCK] = {"dimension_lock", mr_embed_postgres_dimension_lock_sql},
    [MR_PG_INVOICE_ADD] = {"invoice_add", mr_embed_postgres_invoice_add_sql},
    [MR_PG_INVOICE_READ] = {"invoice_read", mr_embed_postgres_invoice_read_sql},
    [MR_PG_ORDER_ADD] = {"order_add", mr_embed_postgres_order_add_sql},
    [MR_PG_ORDER_LIST] = {"order_list", mr_embed_postgres_order_list_sql},
    [MR_PG_PRODUCT_ADD] = {"product_add", mr_embed_postgres_product_add_sql},
    [MR_PG_PRODUCT_LOAD] = {"product_load", mr_embed_postgres_product_load_sql},
    [MR_PG_PRODUCT_DESCRIBE] = {"product_describe", mr_embed_postgres_product_describe_sql},
    [MR_PG_WINNER_LOAD] = {"winner_load", mr_embed_postgres_winner_load_sql},
    [MR_PG_WINNER_PUT] = {"winner_put", mr_embed_postgres_winner_put_sql},
    [MR_PG_CUSTOMER_ADD] = {"customer_add", mr_embed_postgres_customer_add_sql},
    [MR_PG_CUSTOMER_MOVE] = {"customer_move", mr_embed_postgres_customer_move_sql},
    [MR_PG_CUSTOMER_READ] = {"customer_read", mr_embed_postgres_customer_read_sql},
    [MR_PG_CUSTOMER_TOP] = {"customer_top", mr_embed_postgres_customer_top_sql},
    [MR_PG_TOTAL_ADD] = {"total_add", mr_embed_postgres_total_add_sql},
    [MR_PG_TOTAL_READ] = {"total_read", mr_embed_postgres_total_read_sql},
    [MR_PG_RECEIPT_READ] = {"receipt_read", mr_embed_postgres_receipt_read_sql},
    [MR_PG_POSITION_MOVED_AT] = {"position_moved_at", mr_embed_postgres_position_moved_at_sql},
    [MR_PG_CUSTOMER_BETWEEN] = {"customer_between", mr_embed_postgres_customer_between_sql},
    [MR_PG_CUSTOMER_NAMED] = {"customer_named", mr_embed_postgres_customer_named_sql},
    [MR_PG_ITEM_LIST] = {"item_list", mr_embed_postgres_item_list_sql},
    [MR_PG_PRODUCT_LIST] = {"product_list", mr_embed_postgres_product_list_sql},
    [MR_PG_OWN_INVOICE_READ] = {"own_invoice_read", mr_embed_postgres_own_invoice_read_sql},
    [MR_PG_OWN_LINE_LIST] = {"own_line_list", mr_embed_postgres_own_line_list_sql},
    [MR_PG_RETURN_LIST] = {"return_list", mr_embed_postgres_return_list_sql},
    [MR_PG_RETURNED_FROM_LIST] = {"returned_from_list", mr_embed_postgres_returned_from_list_sql},
};
