// The orders and returns of a customer, and beside them the one that is open.
import { useEffect } from "preact/hooks";
import { address } from "../../api/client";
import type { Customer, Order, Orders as OrderList } from "../../api/types";
import { count, day, money } from "../../lib/format";
import { usePages } from "../../lib/pages";
import { navigate, place, setQuery } from "../../lib/router";
import { SearchBox, Segments } from "../../ui/controls";
import { DateRange } from "../../ui/date-range";
import { Icon } from "../../ui/icon";
import { ListFoot } from "../../ui/list-foot";
import { Empty, ErrorState, FilteredEmpty, Stale } from "../../ui/states";
import { type Column, type Direction, Table } from "../../ui/table";
import { figuresOf } from "./figures";
import { ListHead } from "./list-head";
import { OrderPanel } from "./order";

type Kind = "all" | "orders" | "returns";

const kinds: { value: Kind; label: string }[] = [
  { value: "all", label: "All" },
  { value: "orders", label: "Orders" },
  { value: "returns", label: "Returns" },
];

const columns: Column<Order>[] = [
  {
    key: "number",
    label: "No.",
    sort: "number",
    width: 7,
    cell: (order) => (
      <>
        {order.invoice_no}
        {order.cancelled && (
          <span class="tag">
            <Icon name="returned" /> Return
          </span>
        )}
      </>
    ),
  },
  {
    key: "date",
    label: "Date",
    sort: "date",
    width: 11,
    cell: (order) => <span class="nowrap">{day(order.invoice_date)}</span>,
  },
  {
    key: "items",
    label: "Items",
    sort: "items",
    figure: true,
    narrow: "hide",
    width: 4,
    cell: (order) => count(order.items),
  },
  {
    key: "products",
    label: "Products",
    wide: true,
    narrow: "hide",
    width: 40,
    cell: ({ products, more }) =>
      [...products.map((product) => product.trim()), ...(more > 0 ? [`+${count(more)}`] : [])].join(", "),
  },
  {
    key: "amount",
    label: "Amount",
    sort: "amount",
    figure: true,
    width: 9,
    cell: ({ amount }) => <span class={amount.startsWith("-") ? "negative" : undefined}>{money(amount)}</span>,
  },
];

interface Filters {
  kind: Kind;
  q: string;
  from: string | null;
  to: string | null;
  sort: string;
  direction: Direction;
}

function readFilters(query: URLSearchParams): Filters {
  const kind = query.get("kind");
  return {
    kind: kind === "orders" || kind === "returns" ? kind : "all",
    q: query.get("q") ?? "",
    from: query.get("from"),
    to: query.get("to"),
    sort: query.get("sort") ?? "date",
    direction: query.get("direction") === "asc" ? "asc" : "desc",
  };
}

function sumName(kind: Kind): string {
  return kind === "orders" ? "spent" : kind === "returns" ? "returned" : "net";
}

function Nothing({ customer, filters }: { customer: Customer; filters: Filters }) {
  if (customer.orders + customer.returns === 0) return <Empty title="No orders yet" />;
  if (filters.kind === "returns" && customer.returns === 0) return <Empty title="Nothing was returned" />;
  return <FilteredEmpty title="No order matches these filters" onClear={() => setQuery(clear)} />;
}

const clear = { kind: null, q: null, from: null, to: null };

export function Orders({ customer, open }: { customer: Customer; open: string | null }) {
  const home = `/customers/${customer.customer_id}`;
  const filters = readFilters(place.value.query);
  const path = `${home}/orders`;
  const paged = usePages<Order, OrderList>(
    path,
    { ...filters },
    { keyOf: (order) => order.invoice_no, stamp: figuresOf(customer) },
  );
  const { list, error } = paged;
  const search = place.value.query.toString();
  const suffix = search ? `?${search}` : "";
  const close = () => {
    navigate(home + suffix);
    requestAnimationFrame(() => document.querySelector<HTMLElement>(`.row-link[href*="/orders/${open}"]`)?.focus());
  };

  useEffect(() => {
    if (!open) return;
    const onKey = (event: KeyboardEvent) => {
      if (event.key === "Escape" && !event.defaultPrevented && !document.querySelector("dialog[open]")) close();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  });

  return (
    <div class={open ? "beside open" : "beside"}>
      <section class="list" aria-label="Orders">
        <ListHead customer={customer.customer_id}>
          <div class="filters">
            <SearchBox
              label="Search number, product or code"
              value={filters.q}
              onChange={(q) => setQuery({ q: q || null })}
            />
            <Segments
              label="Which"
              value={filters.kind}
              options={kinds}
              onChange={(kind) => setQuery({ kind: kind === "all" ? null : kind })}
            />
            <DateRange
              label="Dates"
              value={{ from: filters.from, to: filters.to }}
              first={customer.first_order}
              last={customer.last_order}
              onChange={({ from, to }) => setQuery({ from, to })}
            />
            <a class="button end" href={address(path, { ...filters, format: "csv" })} download>
              <Icon name="download" /> CSV
            </a>
          </div>
        </ListHead>
        {error && list && <Stale onRetry={paged.reload}>This list may be out of date: {error.message}</Stale>}
        {error && !list ? (
          <ErrorState error={error} what="the orders" onRetry={paged.reload} />
        ) : list?.total === 0 ? (
          <Nothing customer={customer} filters={filters} />
        ) : (
          <>
            <Table
              caption="Orders and returns"
              columns={columns}
              rows={list?.items}
              rowKey={(order) => order.invoice_no}
              href={(order) => `${home}/orders/${order.invoice_no}${suffix}`}
              selected={open}
              arrived={paged.arrived}
              sort={filters.sort}
              direction={filters.direction}
              onSort={(sort, direction) =>
                setQuery({ sort: sort === "date" ? null : sort, direction: direction === "desc" ? null : direction })
              }
            />
            {list && (
              <ListFoot
                shown={list.items.length}
                total={list.total}
                what={filters.kind === "all" ? "orders and returns" : filters.kind}
                busy={paged.loadingMore}
                onMore={paged.more}
              >
                , {sumName(filters.kind)} <strong>{money(list.sum)}</strong>
              </ListFoot>
            )}
          </>
        )}
      </section>
      {open && <OrderPanel key={open} number={open} customer={customer.customer_id} onClose={close} suffix={suffix} />}
    </div>
  );
}
