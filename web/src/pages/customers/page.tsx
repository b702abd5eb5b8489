// Customers by number, name or country: the way to any of them.
import { withSearch } from "../../api/client";
import type { CustomerFound } from "../../api/types";
import { count, money, plural } from "../../lib/format";
import { useResource } from "../../lib/resource";
import { place, setQuery } from "../../lib/router";
import { AsOf } from "../../ui/as-of";
import { SearchBox } from "../../ui/controls";
import { Empty, FilteredEmpty, Loaded } from "../../ui/states";
import { type Column, Table } from "../../ui/table";

const shownMax = 100;

const allColumns: Column<CustomerFound>[] = [
  { key: "id", label: "Customer", width: 6, cell: (found) => found.customer_id },
  { key: "name", label: "Name", width: 16, narrow: "hide", cell: (found) => found.name },
  { key: "country", label: "Country", width: 14, cell: (found) => found.country },
  { key: "orders", label: "Orders", figure: true, width: 4, cell: (found) => count(found.orders) },
  { key: "spent", label: "Spent to date", figure: true, width: 10, cell: (found) => money(found.spent) },
];

function Found({ items }: { items: CustomerFound[] }) {
  // Shops that send no names have no column of them.
  const columns = allColumns.filter(({ key }) => key !== "name" || items.some((found) => found.name));
  return (
    <>
      <Table
        caption="Customers"
        columns={columns}
        rows={items}
        rowKey={(found) => String(found.customer_id)}
        href={(found) => `/customers/${found.customer_id}`}
      />
      <p class="list-foot" role="status">
        {items.length < shownMax
          ? plural(items.length, "customer")
          : `The first ${count(shownMax)}: type to find any other`}
      </p>
    </>
  );
}

export default function Customers() {
  const q = place.value.query.get("q") ?? "";
  const found = useResource<{ items: CustomerFound[] }>(withSearch("/customers", { q, limit: shownMax }));
  return (
    <div class="page">
      <header class="page-head">
        <h1>Customers</h1>
        <div class="end">
          <AsOf at={null} />
        </div>
      </header>
      <section class="list" aria-label="Customers">
        <div class="filters">
          <SearchBox label="Customer number or name" value={q} onChange={(text) => setQuery({ q: text || null })} />
        </div>
        <Loaded
          of={found}
          what="the customers"
          skeleton={<Table caption="Customers" columns={allColumns} rows={undefined} rowKey={String} />}
        >
          {({ items }) =>
            items.length > 0 ? (
              <Found items={items} />
            ) : q ? (
              <FilteredEmpty title={`No customer matches “${q}”`} onClear={() => setQuery({ q: null })} />
            ) : (
              <Empty title="No customers yet: the first events will bring them" command="millrace post events.ndjson" />
            )
          }
        </Loaded>
      </section>
    </div>
  );
}
