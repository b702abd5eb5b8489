// What the figures of the dashboard are called, and what they mean: one line each. The server's own words
// (GET /sales/metrics) take their place as soon as they are there.
import type { Metric } from "../../api/sales";

const words: Record<string, [name: string, definition: string]> = {
  sales: ["Sales", "Amount of all lines of orders, guests included; cancellations apart"],
  orders: ["Orders", "Invoices that are not cancellations"],
  average_order: ["Average order", "Sales divided by orders, rounded to four places"],
  customers: ["Customers", "Customers with an order or a return; guests have no number"],
  items: ["Items", "Pieces on the lines of orders"],
  cancelled_orders: ["Cancelled orders", "Invoices whose number begins with C"],
  cancellation_rate: ["Cancellation rate", "Cancelled orders divided by orders and cancelled orders together, 0 to 1"],
  returns: ["Returns", "Amount of the lines of cancelled orders: negative"],
  new_customers: ["New", "Customers who ordered, the first time ever in the range"],
  returning_customers: ["Returning", "Customers who ordered in the range and had ordered before it"],
  loyal_customers: ["Loyal", "Customers with more than one order; cancellations do not count"],
  guests_sales: ["Guests", "Sales of orders without a customer number"],
  segments: ["Segments", "Customers by how lately, how often and for how much they ordered"],
  share: ["Share", "A part of all sales of these days and filters"],
};

export function metricName(name: string): string {
  return words[name]?.[0] ?? name;
}

export function metricWords(name: string, metrics: Map<string, Metric>): string {
  const said = metrics.get(name)?.definition ?? words[name]?.[1] ?? "";
  return said.endsWith(".") ? said : `${said}.`;
}
