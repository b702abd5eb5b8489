/* SPDX-License-Identifier: Apache-2.0 */
/* web/routes.c - the table of routes and rights. Each stands in assets/web_openapi.json too; a test
 * compares, and another walks the table as each role.
 */
#include "web/routes.h"

/* clang-format off */
static const mr_web_route routes[] = {
    /* method, path, least role, lane, handler, label, most bytes of a body */

    /* --- Session --- */
    {"GET", "/api/v1/session", MR_USER_CUSTOMER, MR_WEB_LANE_QUICK, mr_web_session_get, "session", 0},
    {"POST", "/api/v1/session", MR_USER_NOBODY, MR_WEB_LANE_SIGN_IN, mr_web_session_post, "sign_in", 4096},
    {"DELETE", "/api/v1/session", MR_USER_CUSTOMER, MR_WEB_LANE_QUICK, mr_web_session_delete, "session", 0},
    {"POST", "/api/v1/session/link", MR_USER_NOBODY, MR_WEB_LANE_SIGN_IN, mr_web_session_link, "sign_in", 4096},
    {"PUT", "/api/v1/session/password", MR_USER_CUSTOMER, MR_WEB_LANE_SIGN_IN, mr_web_session_password, "password", 4096},

    /* --- The web itself --- */
    {"GET", "/ready", MR_USER_NOBODY, MR_WEB_LANE_QUICK, mr_web_ready_get, "ready", 0},
    {"GET", "/metrics", MR_USER_ANALYST, MR_WEB_LANE_QUICK, mr_web_metrics_get, "metrics", 0},

    {"GET", "/api/v1/live", MR_USER_CUSTOMER, MR_WEB_LANE_QUICK, mr_web_live_get, "live", 0},

    /* --- Users and audit log --- */
    {"GET", "/api/v1/users", MR_USER_OPERATOR, MR_WEB_LANE_QUICK, mr_web_users_get, "users", 0},
    {"GET", "/api/v1/audit", MR_USER_OPERATOR, MR_WEB_LANE_QUICK, mr_web_audit_get, "audit", 0},

    /* --- Customers and invoices --- */
    {"GET", "/api/v1/customers", MR_USER_ANALYST, MR_WEB_LANE_QUICK, mr_web_customers_get, "customers", 0},
    {"GET", "/api/v1/customers/{customer_id}", MR_USER_CUSTOMER, MR_WEB_LANE_QUICK, mr_web_customer_get, "customer", 0},
    {"GET", "/api/v1/customers/{customer_id}/months", MR_USER_CUSTOMER, MR_WEB_LANE_QUICK, mr_web_customer_months_get, "customer_months", 0},
    {"GET", "/api/v1/customers/{customer_id}/orders", MR_USER_CUSTOMER, MR_WEB_LANE_QUICK, mr_web_customer_orders_get, "customer_orders", 0},
    {"GET", "/api/v1/customers/{customer_id}/returned-items", MR_USER_CUSTOMER, MR_WEB_LANE_QUICK, mr_web_customer_items_get, "customer_returned_items", 0},
    {"GET", "/api/v1/invoices/{invoice_no}", MR_USER_CUSTOMER, MR_WEB_LANE_QUICK, mr_web_invoice_get, "invoice", 0},
    {"GET", "/api/v1/invoices/{invoice_no}/pdf", MR_USER_CUSTOMER, MR_WEB_LANE_LONG, mr_web_invoice_pdf_get, "invoice_pdf", 0},
    {"GET", "/api/v1/events/{event_id}", MR_USER_ANALYST, MR_WEB_LANE_QUICK, mr_web_event_get, "event", 0},

    /* --- Sales --- */
    {"GET", "/api/v1/sales", MR_USER_ANALYST, MR_WEB_LANE_QUICK, mr_web_sales_get, "sales", 0},
    {"GET", "/api/v1/sales/invoices", MR_USER_ANALYST, MR_WEB_LANE_QUICK, mr_web_sales_invoices_get, "sales_invoices", 0},
    {"GET", "/api/v1/sales/lines", MR_USER_ANALYST, MR_WEB_LANE_LONG, mr_web_sales_lines_get, "sales_lines", 0},
    {"GET", "/api/v1/sales/values", MR_USER_ANALYST, MR_WEB_LANE_QUICK, mr_web_sales_values_get, "sales_values", 0},
    {"GET", "/api/v1/sales/metrics", MR_USER_ANALYST, MR_WEB_LANE_QUICK, mr_web_sales_metrics_get, "sales_metrics", 0},
    {"GET", "/api/v1/sales/{panel}", MR_USER_ANALYST, MR_WEB_LANE_QUICK, mr_web_sales_panel_get, "sales_panel", 0},

    /* --- Operations --- */
    {"GET", "/api/v1/ops/status", MR_USER_OPERATOR, MR_WEB_LANE_QUICK, mr_web_status_get, "ops_status", 0},
    {"GET", "/api/v1/ops/letters", MR_USER_OPERATOR, MR_WEB_LANE_QUICK, mr_web_letters_get, "ops_letters", 0},
    {"GET", "/api/v1/ops/letters/{id}", MR_USER_OPERATOR, MR_WEB_LANE_QUICK, mr_web_letter_get, "ops_letter", 0},
    {"POST", "/api/v1/ops/letters/{id}/retry", MR_USER_OPERATOR, MR_WEB_LANE_LONG, mr_web_letter_retry, "ops_letter_retry", 4194304},
    {"POST", "/api/v1/ops/letters/{id}/discard", MR_USER_OPERATOR, MR_WEB_LANE_LONG, mr_web_letter_discard, "ops_letter_discard", 0},
    {"GET", "/api/v1/ops/runs", MR_USER_ANALYST, MR_WEB_LANE_QUICK, mr_web_runs_get, "ops_runs", 0},
    {"POST", "/api/v1/ops/runs", MR_USER_OPERATOR, MR_WEB_LANE_QUICK, mr_web_runs_post, "ops_run_trigger", 4096},
    {"GET", "/api/v1/ops/runs/{id}", MR_USER_ANALYST, MR_WEB_LANE_QUICK, mr_web_run_get, "ops_run", 0},
    {"POST", "/api/v1/ops/runs/{id}/cancel", MR_USER_OPERATOR, MR_WEB_LANE_QUICK, mr_web_run_cancel, "ops_run_cancel", 0},
    {"GET", "/api/v1/ops/runs/{id}/tasks/{task}/log", MR_USER_ANALYST, MR_WEB_LANE_QUICK, mr_web_run_log_get, "ops_run_log", 0},
    {"GET", "/api/v1/ops/runs/{id}/tasks/{task}/report", MR_USER_ANALYST, MR_WEB_LANE_QUICK, mr_web_run_report_get, "ops_run_report", 0},
    {"GET", "/api/v1/ops/tables", MR_USER_ANALYST, MR_WEB_LANE_QUICK, mr_web_tables_get, "ops_tables", 0},
    {"GET", "/api/v1/ops/tables/{layer}/{name}", MR_USER_ANALYST, MR_WEB_LANE_QUICK, mr_web_table_get, "ops_table", 0},
    {"GET", "/api/v1/ops/tables/{layer}/{name}/history", MR_USER_ANALYST, MR_WEB_LANE_QUICK, mr_web_table_history_get, "ops_table_history", 0},
    {"GET", "/api/v1/ops/tables/{layer}/{name}/files", MR_USER_ANALYST, MR_WEB_LANE_QUICK, mr_web_table_files_get, "ops_table_files", 0},
    {"GET", "/api/v1/ops/quality", MR_USER_ANALYST, MR_WEB_LANE_QUICK, mr_web_quality_get, "ops_quality", 0},
    {"GET", "/api/v1/ops/lineage", MR_USER_ANALYST, MR_WEB_LANE_QUICK, mr_web_lineage_get, "ops_lineage", 0},

    /* --- SQL --- */
    {"GET", "/api/v1/sql/schema", MR_USER_ANALYST, MR_WEB_LANE_QUICK, mr_web_sql_schema_get, "sql_schema", 0},
    {"POST", "/api/v1/sql", MR_USER_ANALYST, MR_WEB_LANE_LONG, mr_web_sql_post, "sql", 262144},
    {"GET", "/api/v1/sql/history", MR_USER_ANALYST, MR_WEB_LANE_QUICK, mr_web_sql_history_get, "sql_history", 0},
    {"GET", "/api/v1/sql/saved", MR_USER_ANALYST, MR_WEB_LANE_QUICK, mr_web_sql_saved_get, "sql_saved", 0},
    {"POST", "/api/v1/sql/saved", MR_USER_ANALYST, MR_WEB_LANE_QUICK, mr_web_sql_saved_post, "sql_saved", 262144},
    {"PUT", "/api/v1/sql/saved/{id}", MR_USER_ANALYST, MR_WEB_LANE_QUICK, mr_web_sql_saved_put, "sql_saved", 262144},
    {"DELETE", "/api/v1/sql/saved/{id}", MR_USER_ANALYST, MR_WEB_LANE_QUICK, mr_web_sql_saved_delete, "sql_saved", 0},
};
/* clang-format on */

const mr_web_route *mr_web_routes(size_t *ret_count)
{
    *ret_count = sizeof routes / sizeof routes[0];
    return routes;
}

bool mr_web_route_is_of_session(const mr_web_route *route)
{
    return route->handler == mr_web_session_get || route->handler == mr_web_session_delete ||
           route->handler == mr_web_session_password || route->handler == mr_web_live_get;
}
