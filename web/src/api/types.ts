// What the API answers. Money is a string of exact digits; days and instants are text.

import type { components } from "./openapi";

type Schemas = components["schemas"];

export type Session = Schemas["Session"];
export type Role = Session["user"]["role"];
export type Totals = Schemas["LiveTotals"];

export interface Page<Item> {
  items: Item[];
  total: number;
  next: string | null;
}

export interface CustomerFound {
  customer_id: number;
  name: string | null;
  country: string;
  spent: string;
  orders: number;
}

export interface Customer {
  customer_id: number;
  name: string | null;
  country: string;
  spent: string;
  returned: string;
  net: string;
  orders: number;
  returns: number;
  lines: number;
  first_order: string | null;
  last_order: string | null;
  as_of: { at: string; lag: number };
}

export interface CustomerMonth {
  month: string;
  spent: string;
  returned: string;
  orders: number;
  returns: number;
}

export interface Order {
  invoice_no: string;
  invoice_date: string;
  cancelled: boolean;
  lines: number;
  items: number;
  amount: string;
  products: string[];
  more: number;
}

export interface Orders extends Page<Order> {
  sum: string;
}

export interface ReturnedItem {
  stock_code: string;
  description: string;
  quantity: number;
  amount: string;
  invoice_no: string;
  invoice_date: string;
}

export interface ReturnedItems extends Page<ReturnedItem> {
  sum: string;
}

export interface InvoiceLine {
  event_id: string;
  stock_code: string;
  description: string;
  quantity: number;
  unit_price: string;
  amount: string;
}

export interface Invoice {
  invoice_no: string;
  invoice_date: string;
  cancelled: boolean;
  customer_id: number | null;
  customer_name: string | null;
  country: string;
  lines_count: number;
  items: number;
  total: string;
  lines: InvoiceLine[];
  returns: { invoice_no: string; invoice_date: string; amount: string; stock_codes: string[] }[];
  returned_from: { invoice_no: string; invoice_date: string }[];
  pdf: string;
}

export interface RawEvent {
  event: Record<string, unknown>;
  receipt: { partition: number; offset: number; ingested_at: string; invoice_no: string };
}
