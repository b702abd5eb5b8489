// What the values of filters are called, as far as answers have told.
import { signal } from "@preact/signals";
import type { Sales } from "../../api/sales";
import type { Field, Narrowing } from "./filters";

export const weekdays = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

export const hourName = (hour: number) => `${String(hour).padStart(2, "0")}:00`;

export const hourSpan = (hour: number) => `${hourName(hour)} – ${hourName(hour + 1)}`;

const known = signal<ReadonlyMap<string, string>>(new Map());

export function learn(entries: [field: Narrowing, value: string, label: string | null][]): void {
  const fresh = entries.filter(([field, value, label]) => label && known.peek().get(`${field} ${value}`) !== label);
  if (fresh.length === 0) return;
  const next = new Map(known.peek());
  for (const [field, value, label] of fresh) if (label) next.set(`${field} ${value}`, label);
  known.value = next;
}

export function learnFrom({ products, customers, cancellations }: Sales): void {
  learn([
    ...[...products.by_sales, ...products.by_quantity, ...cancellations.products].map(
      (row): [Field, string, string | null] => ["product", row.stock_code, row.description],
    ),
    ...[...customers.top, ...cancellations.customers].map((row): [Field, string, string | null] => [
      "customer",
      String(row.customer_id),
      row.name,
    ]),
  ]);
}

export function labelOf(field: Narrowing, value: string): string {
  const label = known.value.get(`${field} ${value}`);
  if (label) return label;
  if (field === "country") return value || "No country";
  if (field === "weekday") return weekdays[Number(value) - 1] ?? value;
  if (field === "hour") return hourSpan(Number(value));
  return field === "customer" ? `Customer ${value}` : value;
}
