// Customers by number or name: the way to any of them. By number, and as they are searched for, they are those of the
// store, live; any other order is over gold's customers, all of them or those searched for.
import type { CustomerSold, Rows } from "../../api/sales";
import type { CustomerFound, CustomersFound } from "../../api/types";
import { count, day, money } from "../../lib/format";
import { usePages } from "../../lib/pages";
import { place, setQuery } from "../../lib/router";
import { AsOf } from "../../ui/as-of";
import { SearchBox } from "../../ui/controls";
import { PagedTable } from "../../ui/paged-table";
import { Empty, FilteredEmpty } from "../../ui/states";
import type { Column, Direction } from "../../ui/table";

type Row = CustomerFound | CustomerSold;

const keyOf = (row: Row) => String(row.customer_id);

const allColumns: Column<Row>[] = [
  { key: "id", label: "Customer", sort: "number", width: 6, cell: (row) => row.customer_id },
  { key: "name", label: "Name", sort: "name", width: 16, narrow: "hide", cell: (row) => row.name },
  { key: "country", label: "Country", width: 14, cell: (row) => row.country },
  { key: "orders", label: "Orders", sort: "orders", figure: true, width: 4, cell: (row) => count(row.orders) },
  {
    key: "last",
    label: "Last order",
    sort: "last_order",
    width: 10,
    narrow: "hide",
    cell: (row) => "last_order" in row && <span class="nowrap">{day(row.last_order)}</span>,
  },
  { key: "spent", label: "Spent to date", sort: "spent", figure: true, width: 10, cell: (row) => money(row.spent) },
];

const sorts = allColumns.map(({ sort }) => sort).filter(Boolean);

// What the address says; without it they stand by number, and those found as the store finds them.
function readOrder(query: URLSearchParams): { sort: string; direction: Direction } | null {
  const sort = query.get("sort");
  if (!sorts.includes(sort ?? "")) return null;
  return { sort: sort ?? "", direction: query.get("direction") === "asc" ? "asc" : "desc" };
}

function sortBy(sort: string, direction: Direction): void {
  const standing = sort === "number" && direction === "asc";
  setQuery({ sort: standing ? null : sort, direction: standing || direction === "desc" ? null : direction });
}

export default function Customers() {
  const q = place.value.query.get("q") ?? "";
  const order = readOrder(place.value.query);
  const [path, query] = order ? ["/sales/customers", { ...order, q }] : ["/customers", { q }];
  const paged = usePages<Row, CustomersFound | Rows<CustomerSold>>(path, query, { keyOf });
  // Shops that send no names have no column of them.
  const named = paged.list?.items.some((found) => found.name) ?? true;
  // The store does not tell when an order was the last.
  const columns = allColumns.filter(({ key }) => (key !== "name" || named) && (key !== "last" || order));
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
          columns={columns}
          above={
            order && (
              <p class="small quiet">In this order the figures are those of gold, as the pipeline last made it.</p>
            )
          }
          sort={order?.sort ?? (q ? undefined : "number")}
          direction={order?.direction ?? "asc"}
          onSort={sortBy}
          rowKey={keyOf}
          href={(found) => `/customers/${found.customer_id}`}
        />
      </section>
    </div>
  );
}
