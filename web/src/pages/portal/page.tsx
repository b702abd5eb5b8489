// A customer's own page: figures, months, orders. The customer sees their own, analysts anybody's.
import { withSearch } from "../../api/client";
import type { Customer } from "../../api/types";
import { useResource } from "../../lib/resource";
import { place } from "../../lib/router";
import { role } from "../../state/session";
import { AsOf } from "../../ui/as-of";
import { Loaded } from "../../ui/states";
import type { PageProps } from "../registry";
import { CustomerPicker } from "./customer-picker";
import { Figures, FiguresSkeleton } from "./figures";
import { Months } from "./months";
import { Orders } from "./orders";
import { Returned } from "./returned";

function Greeting({ id, customer }: { id: string; customer: Customer | undefined }) {
  const name = customer?.name ?? `Customer ${id}`;
  return (
    <header class="page-head">
      <h1>{role.value === "customer" ? `Hello, ${name}` : name}</h1>
      {customer && <p class="quiet">{customer.country}</p>}
      <div class="end">
        {role.value !== "customer" && <CustomerPicker />}
        <AsOf at={customer?.as_of.at ?? null} lag={customer?.as_of.lag ?? null} />
      </div>
    </header>
  );
}

export default function Portal({ params }: PageProps) {
  const id = params.customer ?? "";
  const url = withSearch(`/customers/${encodeURIComponent(id)}`);
  const customer = useResource<Customer>(url, { live: true, keepFormer: false });
  const returned = place.value.path.endsWith("/returned");
  return (
    <div class="page">
      <Loaded
        of={customer}
        what="this customer"
        missing={`There is no customer ${id} here`}
        skeleton={
          <div class="page">
            <Greeting id={id} customer={undefined} />
            <FiguresSkeleton />
          </div>
        }
      >
        {(known) => (
          <>
            <Greeting id={id} customer={known} />
            <Figures customer={known} />
            <Months customer={known} />
            {returned ? (
              <Returned customer={known} />
            ) : (
              <Orders key={id} customer={known} open={params.invoice ?? null} />
            )}
          </>
        )}
      </Loaded>
    </div>
  );
}
