// All customers, those who spent most first; found by number, name or country.
import type { CustomerFound, Page } from "../../api/types";
import { count, money } from "../../lib/format";
import { usePages } from "../../lib/pages";
import { place, setQuery } from "../../lib/router";
import { AsOf } from "../../ui/as-of";
import { SearchBox } from "../../ui/controls";
import { ListFoot } from "../../ui/list-foot";
import { Empty, ErrorState, FilteredEmpty } from "../../ui/states";
import { type Column, Table } from "../../ui/table";

const allColumns: Column<CustomerFound>[] = [
  { key: "id", label: "Customer", width: 6, cell: (found) => found.customer_id },
  {
    key: "name",
    label: "Name",
    width: 16,
    narrow: "hide",
    cell: (found) => found.name,
  },
  { key: "country", label: "Country", width: 14, cell: (found) => found.country },
  { key: "orders", label: "Orders", figure: true, width: 4, cell: (found) => count(found.orders) },
  { key: "spent", label: "Spent to date", figure: true, width: 10, cell: (found) => money(found.spent) },
];

export default function Customers() {
  const q = place.value.query.get("q") ?? "";
  const keyOf = (found: CustomerFound) => String(found.customer_id);
  const { list, error, loadingMore, more, reload, arrived } = usePages<CustomerFound, Page<CustomerFound>>(
    "/customers",
    { q },
    { keyOf, live: true },
  );
  // Shops that send no names have no column of them.
  const columns = allColumns.filter(({ key }) => key !== "name" || list?.items.some((found) => found.name));
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
        {error && !list ? (
          <ErrorState error={error} what="the customers" onRetry={reload} />
        ) : list?.total === 0 ? (
          q ? (
            <FilteredEmpty title={`No customer matches “${q}”`} onClear={() => setQuery({ q: null })} />
          ) : (
            <Empty title="No customers yet: the first events will bring them" command="millrace post events.ndjson" />
          )
        ) : (
          <>
            <Table
              caption="Customers"
              columns={columns}
              rows={list?.items}
              rowKey={keyOf}
              href={(found) => `/customers/${found.customer_id}`}
              arrived={arrived}
            />
            {list && (
              <ListFoot
                shown={list.items.length}
                total={list.total}
                what="customers"
                busy={loadingMore}
                onMore={more}
              />
            )}
          </>
        )}
      </section>
    </div>
  );
}
