// What the figures of the dashboard are called, and what they mean: one line each. The server's own words
// (GET /sales/metrics) take their place as soon as they are there.
import type { Metric } from "../../api/sales";

const words: Record<string, [name: string, definition: string]> = {
  sales: ["Sales", "The amount of all lines of orders that are not cancellations."],
  orders: ["Orders", "Invoices that are not cancellations."],
  average_order: ["Average order", "Sales divided by orders."],
  customers: ["Customers", "Different customers with an order or a return; guests are not counted."],
  items: ["Items", "Pieces on the lines of orders."],
  cancelled_orders: ["Cancelled orders", "Invoices that take back an earlier order, whole or in part."],
  cancellation_rate: ["Cancellation rate", "Cancelled orders as a part of all invoices."],
  returns: ["Returns", "The amount of the lines of cancelled orders. Below zero."],
  new_customers: ["New", "Customers whose first order ever is in these days."],
  returning_customers: ["Returning", "Customers with an order in these days and one before them."],
  loyal_customers: ["Loyal", "Customers with at least two orders in these days."],
  guests_sales: ["Guests", "Sales on lines without a customer."],
  segments: ["Segments", "Customers by how lately, how often and for how much they ordered."],
  share: ["Share", "A part of all sales of these days and filters."],
};

export function metricName(name: string): string {
  return words[name]?.[0] ?? name;
}

export function metricWords(name: string, metrics: Map<string, Metric>): string {
  return metrics.get(name)?.definition ?? words[name]?.[1] ?? "";
}
