// Customers by number, name or country: the way to any of them.
import type { CustomerFound, CustomersFound } from "../../api/types";
import { count, money } from "../../lib/format";
import { usePages } from "../../lib/pages";
import { place, setQuery } from "../../lib/router";
import { AsOf } from "../../ui/as-of";
import { SearchBox } from "../../ui/controls";
import { PagedTable } from "../../ui/paged-table";
import { Empty, FilteredEmpty } from "../../ui/states";
import type { Column } from "../../ui/table";

const keyOf = (found: CustomerFound) => String(found.customer_id);

const allColumns: Column<CustomerFound>[] = [
  { key: "id", label: "Customer", width: 6, cell: (found) => found.customer_id },
  { key: "name", label: "Name", width: 16, narrow: "hide", cell: (found) => found.name },
  { key: "country", label: "Country", width: 14, cell: (found) => found.country },
  { key: "orders", label: "Orders", figure: true, width: 4, cell: (found) => count(found.orders) },
  { key: "spent", label: "Spent to date", figure: true, width: 10, cell: (found) => money(found.spent) },
];

export default function Customers() {
  const q = place.value.query.get("q") ?? "";
  const paged = usePages<CustomerFound, CustomersFound>("/customers", { q }, { keyOf });
  // Shops that send no names have no column of them.
  const named = paged.list?.items.some((found) => found.name) ?? true;
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
          <a class="button end" href="/sales/customers">
            By what they spent
          </a>
        </div>
        <PagedTable
          paged={paged}
          what={["customer", "customers"]}
          nothing={
            q ? (
              <FilteredEmpty title={`No customer matches “${q}”`} onClear={() => setQuery({ q: null })} />
            ) : (
              <Empty title="No customers yet: the first events will bring them" command="millrace post events.ndjson" />
            )
          }
          caption="Customers"
          columns={allColumns.filter(({ key }) => key !== "name" || named)}
          rowKey={keyOf}
          href={(found) => `/customers/${found.customer_id}`}
        />
      </section>
    </div>
  );
}
