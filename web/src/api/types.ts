// What the API answers. Money is a string of exact digits; days and instants are text.
// Generated from the server's own document by scripts/web.sh check; here they get the app's names.

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

export type CustomerFound = Schemas["CustomerFound"];
export interface CustomersFound {
  items: CustomerFound[];
  next: string | null;
}
export type Customer = Schemas["Customer"];
export type CustomerMonth = Schemas["CustomerMonth"];
export type Order = Schemas["CustomerOrder"];
export type Orders = Schemas["CustomerOrders"];
export type ReturnedItem = Schemas["ReturnedItem"];
export type ReturnedItems = Schemas["ReturnedItems"];
export type InvoiceLine = Schemas["InvoiceLine"];
export type Invoice = Schemas["Invoice"];
export type ReceivedEvent = Schemas["ReceivedEvent"];
