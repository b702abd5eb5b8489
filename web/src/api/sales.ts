// What /api/v1/sales and what is below it answer, as the server's own document has it.
import type { components } from "./openapi";

type Schemas = components["schemas"];

export type Grain = "day" | "week" | "month" | "quarter";
export type Compare = "none" | "previous" | "year";

export type Sales = Omit<Schemas["Sales"], "grain"> & { grain: Grain }; // an answer has settled on one
export type SalesAsOf = Sales["as_of"];
export type Tiles = Sales["tiles"];
export type Period = Schemas["SalesPeriod"];
export type ProductSold = Schemas["SalesProduct"];
export type CustomerSold = Schemas["SalesCustomer"];
export type Segment = Schemas["SalesSegment"];
export type ProductReturned = Schemas["ReturnedProduct"];
export type CustomerReturning = Schemas["CancellingCustomer"];
export type CountrySold = Schemas["SalesCountry"];
export type HourSold = Schemas["SalesHour"];
export type SalesInvoice = Schemas["SalesInvoice"];
export type SalesLine = Schemas["SalesLine"];
export type FilterValue = Schemas["SalesValue"];
export type Metric = Schemas["SalesMetric"];

export interface Tiled<Value> {
  value: Value;
  before: Value | null;
  change: number | null;
  spark: number[];
}

// A page of rows: not every list is counted and summed.
export interface Rows<Item> {
  items: Item[];
  total?: number;
  sum?: string;
  next: string | null;
}
