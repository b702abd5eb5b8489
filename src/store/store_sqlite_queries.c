/* SPDX-License-Identifier: Apache-2.0 */
/* store/store_sqlite_queries.c - the SQLite backend's statements by number; texts: store/sql.
 *
 * Not here: who runs them (store_sqlite*.c), the schema (sql/sqlite_*.sql).
 */
#include "store/store_sqlite.h"

extern const char mr_embed_position_read_sql[];
extern const char mr_embed_position_move_sql[];
extern const char mr_embed_position_start_sql[];
extern const char mr_embed_position_set_sql[];
extern const char mr_embed_position_list_sql[];
extern const char mr_embed_line_insert_sql[];
extern const char mr_embed_line_content_sql[];
extern const char mr_embed_line_list_sql[];
extern const char mr_embed_country_load_sql[];
extern const char mr_embed_country_insert_sql[];
extern const char mr_embed_customer_load_sql[];
extern const char mr_embed_customer_insert_sql[];
extern const char mr_embed_customer_update_sql[];
extern const char mr_embed_customer_read_sql[];
extern const char mr_embed_customer_sums_sql[];
extern const char mr_embed_customer_spend_sql[];
extern const char mr_embed_product_load_sql[];
extern const char mr_embed_product_insert_sql[];
extern const char mr_embed_product_update_sql[];
extern const char mr_embed_invoice_load_sql[];
extern const char mr_embed_invoice_insert_sql[];
extern const char mr_embed_invoice_update_sql[];
extern const char mr_embed_invoice_read_sql[];
extern const char mr_embed_order_load_sql[];
extern const char mr_embed_order_insert_sql[];
extern const char mr_embed_order_update_sql[];
extern const char mr_embed_order_list_sql[];
extern const char mr_embed_receipt_read_sql[];
extern const char mr_embed_total_read_sql[];
extern const char mr_embed_total_update_sql[];
extern const char mr_embed_position_moved_at_sql[];
extern const char mr_embed_customer_between_sql[];
extern const char mr_embed_customer_named_sql[];
extern const char mr_embed_item_list_sql[];
extern const char mr_embed_product_list_sql[];
extern const char mr_embed_own_invoice_read_sql[];
extern const char mr_embed_own_line_list_sql[];
extern const char mr_embed_return_list_sql[];
extern const char mr_embed_returned_from_list_sql[];

const mr_sqlite_query mr_store_queries[MR_QUERY_COUNT] = {
    [MR_QUERY_DATA_VERSION] = {"data_version", "PRAGMA data_version"},
    [MR_QUERY_POSITION_READ] = {"position_read", mr_embed_position_read_sql},
    [MR_QUERY_POSITION_MOVE] = {"position_move", mr_embed_position_move_sql},
    [MR_QUERY_POSITION_START] = {"position_start", mr_embed_position_start_sql},
    [MR_QUERY_POSITION_SET] = {"position_set", mr_embed_position_set_sql},
    [MR_QUERY_POSITION_LIST] = {"position_list", mr_embed_position_list_sql},
    [MR_QUERY_LINE_INSERT] = {"line_insert", mr_embed_line_insert_sql},
    [MR_QUERY_LINE_CONTENT] = {"line_content", mr_embed_line_content_sql},
    [MR_QUERY_LINE_LIST] = {"line_list", mr_embed_line_list_sql},
    [MR_QUERY_COUNTRY_LOAD] = {"country_load", mr_embed_country_load_sql},
    [MR_QUERY_COUNTRY_INSERT] = {"country_insert", mr_embed_country_insert_sql},
    [MR_QUERY_CUSTOMER_LOAD] = {"customer_load", mr_embed_customer_load_sql},
    [MR_QUERY_CUSTOMER_INSERT] = {"customer_insert", mr_embed_customer_insert_sql},
    [MR_QUERY_CUSTOMER_UPDATE] = {"customer_update", mr_embed_customer_update_sql},
    [MR_QUERY_CUSTOMER_READ] = {"customer_read", mr_embed_customer_read_sql},
    [MR_QUERY_CUSTOMER_SUMS] = {"customer_sums", mr_embed_customer_sums_sql},
    [MR_QUERY_CUSTOMER_SPEND] = {"customer_spend", mr_embed_customer_spend_sql},
    [MR_QUERY_PRODUCT_LOAD] = {"product_load", mr_embed_product_load_sql},
    [MR_QUERY_PRODUCT_INSERT] = {"product_insert", mr_embed_product_insert_sql},
    [MR_QUERY_PRODUCT_UPDATE] = {"product_update", mr_embed_product_update_sql},
    [MR_QUERY_INVOICE_LOAD] = {"invoice_load", mr_embed_invoice_load_sql},
    [MR_QUERY_INVOICE_INSERT] = {"invoice_insert", mr_embed_invoice_insert_sql},
    [MR_QUERY_INVOICE_UPDATE] = {"invoice_update", mr_embed_invoice_update_sql},
    [MR_QUERY_INVOICE_READ] = {"invoice_read", mr_embed_invoice_read_sql},
    [MR_QUERY_ORDER_LOAD] = {"order_load", mr_embed_order_load_sql},
    [MR_QUERY_ORDER_INSERT] = {"order_insert", mr_embed_order_insert_sql},
    [MR_QUERY_ORDER_UPDATE] = {"order_update", mr_embed_order_update_sql},
    [MR_QUERY_ORDER_LIST] = {"order_list", mr_embed_order_list_sql},
    [MR_QUERY_RECEIPT_READ] = {"receipt_read", mr_embed_receipt_read_sql},
    [MR_QUERY_TOTAL_READ] = {"total_read", mr_embed_total_read_sql},
    [MR_QUERY_TOTAL_UPDATE] = {"total_update", mr_embed_total_update_sql},
    [MR_QUERY_POSITION_MOVED_AT] = {"position_moved_at", mr_embed_position_moved_at_sql},
    [MR_QUERY_CUSTOMER_BETWEEN] = {"customer_between", mr_embed_customer_between_sql},
    [MR_QUERY_CUSTOMER_NAMED] = {"customer_named", mr_embed_customer_named_sql},
    [MR_QUERY_ITEM_LIST] = {"item_list", mr_embed_item_list_sql},
    [MR_QUERY_PRODUCT_LIST] = {"product_list", mr_embed_product_list_sql},
    [MR_QUERY_OWN_INVOICE_READ] = {"own_invoice_read", mr_embed_own_invoice_read_sql},
    [MR_QUERY_OWN_LINE_LIST] = {"own_line_list", mr_embed_own_line_list_sql},
    [MR_QUERY_RETURN_LIST] = {"return_list", mr_embed_return_list_sql},
    [MR_QUERY_RETURNED_FROM_LIST] = {"returned_from_list", mr_embed_returned_from_list_sql},
};
