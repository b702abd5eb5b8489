/* SPDX-License-Identifier: Apache-2.0 */
/* query/sales_metrics.c - every metric's one line and its SQL, over all of gold.fact_sales; filters
 * go into WHERE. A test runs each against the engine's own figure.
 */
#include "query/sales_values.h"

#define FROM_ORDERS  " FROM gold.fact_sales WHERE InvoiceNo NOT LIKE 'C%'"
#define FROM_RETURNS " FROM gold.fact_sales WHERE InvoiceNo LIKE 'C%'"
#define ORDERS_BY                                                          \
    " FROM (SELECT CustomerID, count(DISTINCT InvoiceNo) AS n" FROM_ORDERS \
    " AND CustomerID IS NOT NULL GROUP BY CustomerID)"

const mr_sales_metric mr_sales_metrics[] = {
    {"sales", "Sales", "Amount of all lines of orders, guests included; cancellations apart",
     "SELECT coalesce(sum(Amount), 0)" FROM_ORDERS},
    {"returns", "Returns", "Amount of the lines of cancelled orders: negative",
     "SELECT coalesce(sum(Amount), 0)" FROM_RETURNS},
    {"orders", "Orders", "Invoices that are not cancellations",
     "SELECT count(DISTINCT InvoiceNo)" FROM_ORDERS},
    {"average_order", "Average order", "Sales divided by orders, rounded to four places",
     "SELECT CAST(sum(Amount) / nullif(count(DISTINCT InvoiceNo), 0) AS DECIMAL(38, "
     "4))" FROM_ORDERS},
    {"customers", "Customers", "Customers with an order or a return; guests have no number",
     "SELECT count(DISTINCT CustomerID) FROM gold.fact_sales"},
    {"new_customers", "New customers", "Customers who ordered, the first time ever in the range",
     "SELECT count(DISTINCT CustomerID)" FROM_ORDERS},
    {"returning_customers", "Returning customers",
     "Customers who ordered in the range and had ordered before it; here the range is all there is",
     "SELECT count(*) FROM (SELECT CustomerID, min(InvoiceDate) AS first_order" FROM_ORDERS
     " AND CustomerID IS NOT NULL GROUP BY CustomerID)"
     " WHERE first_order < (SELECT min(InvoiceDate) FROM gold.fact_sales)"},
    {"loyal_customers", "Loyal customers",
     "Customers with more than one order; cancellations do not count",
     "SELECT count(*)" ORDERS_BY " WHERE n > 1"},
    {"items", "Items", "Pieces on the lines of orders",
     "SELECT CAST(coalesce(sum(Quantity), 0) AS BIGINT)" FROM_ORDERS},
    {"cancelled_orders", "Cancelled orders", "Invoices whose number begins with C",
     "SELECT count(DISTINCT InvoiceNo)" FROM_RETURNS},
    {"cancellation_rate", "Cancelled",
     "Cancelled orders divided by orders and cancelled orders together, 0 to 1",
     "SELECT count(DISTINCT CASE WHEN InvoiceNo LIKE 'C%' THEN InvoiceNo END)"
     " / count(DISTINCT InvoiceNo) FROM gold.fact_sales"},
    {"guests_sales", "Guests", "Sales of orders without a customer number",
     "SELECT coalesce(sum(Amount), 0)" FROM_ORDERS " AND CustomerID IS NULL"},
};

const size_t mr_sales_metric_count = sizeof mr_sales_metrics / sizeof mr_sales_metrics[0];
