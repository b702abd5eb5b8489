/* SPDX-License-Identifier: Apache-2.0 */
/* web/routes.h - the table of routes, with who may use each: the one place where rights stand.
 *
 * A handler is declared here, written in a routes_*.c, and named in a row of routes.c.
 */
#ifndef MR_WEB_ROUTES_H
#define MR_WEB_ROUTES_H

#include "web/call.h"

typedef enum mr_web_lane {
    MR_WEB_LANE_QUICK,   /* questions that are answered from indexes and caches */
    MR_WEB_LANE_LONG,    /* exports, documents, SQL: also whatever asks for format=csv */
    MR_WEB_LANE_SIGN_IN, /* password hashes: few at once, for their memory */
    MR_WEB_LANE_COUNT,
} mr_web_lane;

typedef struct mr_web_route {
    const char *method, *path; /* "GET", "/api/v1/invoices/{invoice_no}" */
    mr_user_role least;        /* MR_USER_NOBODY: no session is needed */
    mr_web_lane lane;
    mr_web_handler handler;
    const char *label; /* for metrics: "invoices" */
    uint32_t body_bytes_max;
} mr_web_route;

const mr_web_route *mr_web_routes(size_t *ret_count);
/* About the session itself, or as long as it: a program's key does not do. */
bool mr_web_route_is_of_session(const mr_web_route *route);

/* --- Session (routes_session.c) --------------------------------------------------------------- */
mr_status mr_web_session_get(mr_web_call *call, mr_err *err);
mr_status mr_web_session_post(mr_web_call *call, mr_err *err);
mr_status mr_web_session_link(mr_web_call *call, mr_err *err);
mr_status mr_web_session_delete(mr_web_call *call, mr_err *err);
mr_status mr_web_session_password(mr_web_call *call, mr_err *err);

/* --- Users and audit log (routes_users.c) ----------------------------------------------------- */
mr_status mr_web_users_get(mr_web_call *call, mr_err *err);
mr_status mr_web_audit_get(mr_web_call *call, mr_err *err);

/* --- The web itself (routes_system.c) ----------------------------------------------------------
 */
mr_status mr_web_ready_get(mr_web_call *call, mr_err *err);
mr_status mr_web_metrics_get(mr_web_call *call, mr_err *err);

/* --- Live figures (live.c) -------------------------------------------------------------------- */
mr_status mr_web_live_get(mr_web_call *call, mr_err *err);

/* --- Sales (routes_sales.c) ------------------------------------------------------------------- */
mr_status mr_web_sales_get(mr_web_call *call, mr_err *err);
mr_status mr_web_sales_panel_get(mr_web_call *call, mr_err *err);
mr_status mr_web_sales_invoices_get(mr_web_call *call, mr_err *err);
mr_status mr_web_sales_lines_get(mr_web_call *call, mr_err *err);
mr_status mr_web_sales_values_get(mr_web_call *call, mr_err *err);
mr_status mr_web_sales_metrics_get(mr_web_call *call, mr_err *err);

/* --- Customers (routes_customers.c) ----------------------------------------------------------- */
mr_status mr_web_customers_get(mr_web_call *call, mr_err *err);
mr_status mr_web_customer_get(mr_web_call *call, mr_err *err);
mr_status mr_web_customer_months_get(mr_web_call *call, mr_err *err);
mr_status mr_web_customer_orders_get(mr_web_call *call, mr_err *err);
mr_status mr_web_customer_items_get(mr_web_call *call, mr_err *err);

/* --- Invoices and events (routes_invoice.c) --------------------------------------------------- */
mr_status mr_web_invoice_get(mr_web_call *call, mr_err *err);
mr_status mr_web_invoice_pdf_get(mr_web_call *call, mr_err *err);
mr_status mr_web_event_get(mr_web_call *call, mr_err *err);
/* --- Operations (routes_status.c, routes_letters.c, routes_runs.c, routes_lake.c) ------------- */
mr_status mr_web_status_get(mr_web_call *call, mr_err *err);
mr_status mr_web_letters_get(mr_web_call *call, mr_err *err);
mr_status mr_web_letter_get(mr_web_call *call, mr_err *err);
mr_status mr_web_letter_retry(mr_web_call *call, mr_err *err);
mr_status mr_web_letter_discard(mr_web_call *call, mr_err *err);
mr_status mr_web_runs_get(mr_web_call *call, mr_err *err);
mr_status mr_web_runs_post(mr_web_call *call, mr_err *err);
mr_status mr_web_run_get(mr_web_call *call, mr_err *err);
mr_status mr_web_run_cancel(mr_web_call *call, mr_err *err);
mr_status mr_web_run_log_get(mr_web_call *call, mr_err *err);
mr_status mr_web_run_report_get(mr_web_call *call, mr_err *err);
mr_status mr_web_tables_get(mr_web_call *call, mr_err *err);
mr_status mr_web_table_get(mr_web_call *call, mr_err *err);
mr_status mr_web_table_history_get(mr_web_call *call, mr_err *err);
mr_status mr_web_table_files_get(mr_web_call *call, mr_err *err);
mr_status mr_web_quality_get(mr_web_call *call, mr_err *err);
mr_status mr_web_lineage_get(mr_web_call *call, mr_err *err);

/* --- SQL (routes_sql.c) ----------------------------------------------------------------------- */
mr_status mr_web_sql_post(mr_web_call *call, mr_err *err);
mr_status mr_web_sql_schema_get(mr_web_call *call, mr_err *err);
mr_status mr_web_sql_history_get(mr_web_call *call, mr_err *err);
mr_status mr_web_sql_saved_get(mr_web_call *call, mr_err *err);
mr_status mr_web_sql_saved_post(mr_web_call *call, mr_err *err);
mr_status mr_web_sql_saved_put(mr_web_call *call, mr_err *err);
mr_status mr_web_sql_saved_delete(mr_web_call *call, mr_err *err);

#endif
