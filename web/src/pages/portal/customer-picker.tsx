// For analysts and operators: any customer by number or name.
import { get } from "../../api/client";
import type { CustomerFound } from "../../api/types";
import { money } from "../../lib/format";
import { navigate } from "../../lib/router";
import { Combobox } from "../../ui/combobox";

const shownMax = 10;

export function customerName(found: CustomerFound): string {
  return found.name ? `${found.customer_id} ${found.name}` : `Customer ${found.customer_id}`;
}

export function CustomerPicker() {
  return (
    <Combobox
      label="Go to a customer"
      placeholder="Go to a customer: number or name"
      clearOnPick
      find={async (text, signal) => {
        const { items } = await get<{ items: CustomerFound[] }>("/customers", { q: text, limit: shownMax }, signal);
        return items.map((found) => ({
          value: String(found.customer_id),
          label: customerName(found),
          detail: `${found.country}, ${money(found.spent)}`,
        }));
      }}
      onPick={({ value }) => navigate(`/customers/${value}`)}
    />
  );
}
