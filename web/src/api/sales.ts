// What /api/v1/sales and what is below it answer. Money is a string of exact digits.

export type Grain = "day" | "week" | "month" | "quarter";
export type Compare = "none" | "previous" | "year";

export interface Days {
  from: string;
  to: string;
}

export interface SalesAsOf {
  gold_version: number | null;
  made_at: string | null;
  data_until: string | null; // shop date
  bronze_version: number | null;
  reconciled: boolean | null;
  reconciled_at: string | null;
  behind: number | null; // lines that are not in gold yet
}

export interface Tiled<Value> {
  value: Value;
  before: Value | null;
  change: number | null;
  spark: number[];
}

export interface Tiles {
  sales: Tiled<string>;
  orders: Tiled<number>;
  average_order: Tiled<string>;
  customers: Tiled<number>;
  items: Tiled<number>;
  cancelled_orders: Tiled<number>;
  cancellation_rate: Tiled<number>;
  returns: Tiled<string>;
}

interface Amounts {
  start: string;
  sales: string;
  returns: string;
  orders: number;
  items: number;
}

export interface Period extends Amounts {
  end: string;
  partial: boolean; // cut off by the range, or not over yet
  before: Amounts | null;
}

export interface ProductSold {
  stock_code: string;
  description: string | null;
  sales: string;
  quantity: number;
  orders: number;
  share: number;
}

export interface CustomerSold {
  customer_id: number;
  name: string | null;
  country: string | null;
  spent: string;
  orders: number;
  last_order: string;
}

export interface Segment {
  name: string;
  customers: number;
  spent: string;
  definition: string;
}

export interface ProductReturned {
  stock_code: string;
  description: string | null;
  quantity: number;
  amount: string;
}

export interface CustomerReturning {
  customer_id: number;
  name: string | null;
  orders: number;
  amount: string;
}

export interface CountrySold {
  country: string;
  sales: string;
  returns: string;
  orders: number;
  customers: number;
  share: number;
}

export interface HourSold {
  weekday: number; // Monday is 1
  hour: number;
  sales: string;
  orders: number;
}

export interface Sales {
  as_of: SalesAsOf;
  range: { from: string | null; to: string | null; first: string | null; last: string | null };
  grain: Grain;
  compared: Days | null;
  tiles: Tiles;
  series: Period[];
  products: { by_sales: ProductSold[]; by_quantity: ProductSold[] };
  customers: {
    total: number;
    new: number;
    returning: number;
    loyal: number;
    guests_sales: string;
    top: CustomerSold[];
    segments: Segment[];
  };
  cancellations: {
    orders: number;
    amount: string;
    rate: number;
    products: ProductReturned[];
    customers: CustomerReturning[];
  };
  countries: CountrySold[];
  hours: HourSold[];
}

export interface SalesInvoice {
  invoice_no: string;
  invoice_date: string;
  cancelled: boolean;
  customer_id: number | null;
  country: string;
  lines: number;
  items: number;
  amount: string;
}

export interface SalesLine {
  event_id: string;
  invoice_no: string;
  invoice_date: string;
  customer_id: number | null;
  country: string;
  stock_code: string;
  description: string | null;
  quantity: number;
  unit_price: string;
  amount: string;
}

// A page of rows: not every list is counted and summed.
export interface Rows<Item> {
  items: Item[];
  total?: number;
  sum?: string;
  next: string | null;
}

export interface FilterValue {
  value: string;
  label: string;
  sales: string;
}

export interface Metric {
  name: string;
  label: string;
  definition: string;
  sql: string;
}
