// The rows behind a figure: orders, cancelled orders, lines, products, customers; an order opens beside them,
// and from its lines the raw event with its receipt.
import type { ComponentChildren, TargetedSubmitEvent } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { address, type Query } from "../../api/client";
import type { CustomerSold, ProductSold, Rows as RowPage, SalesInvoice, SalesLine } from "../../api/sales";
import { count, day, dayTime, exactMoney, money, percent } from "../../lib/format";
import { useLate } from "../../lib/late";
import { usePages } from "../../lib/pages";
import { navigate, place, setQuery } from "../../lib/router";
import { Icon } from "../../ui/icon";
import { ListFoot } from "../../ui/list-foot";
import { PageTabs } from "../../ui/page-tabs";
import { ErrorState, Stale } from "../../ui/states";
import { type Column, type Direction, Table } from "../../ui/table";
import { EventDialog } from "../portal/event-dialog";
import { OrderView, orderTitle } from "../portal/order";
import { type Filters, filterSearch, rowsQuery } from "./filters";
import { NothingHere } from "./nothing";

const lists = ["orders", "returns", "lines", "products", "customers"] as const;
export type ListName = (typeof lists)[number];

export function isList(name: string): name is ListName {
  return (lists as readonly string[]).includes(name);
}

const names: Record<ListName, string> = {
  orders: "Orders",
  returns: "Cancelled orders",
  lines: "Lines",
  products: "Products",
  customers: "Customers",
};

const negative = (amount: string) => (
  <span class={amount.startsWith("-") ? "negative" : undefined}>{money(amount)}</span>
);

function customerCell(id: number | null) {
  return id === null ? (
    <span class="quiet">guest</span>
  ) : (
    <a class="above" href={`/customers/${id}`}>
      {id}
    </a>
  );
}

const invoiceColumns: Column<SalesInvoice>[] = [
  { key: "number", label: "No.", width: 7, cell: (row) => row.invoice_no },
  {
    key: "date",
    label: "Date",
    sort: "date",
    width: 16,
    cell: (row) => <span class="nowrap">{dayTime(row.invoice_date)}</span>,
  },
  { key: "customer", label: "Customer", narrow: "hide", width: 6, cell: (row) => customerCell(row.customer_id) },
  { key: "country", label: "Country", narrow: "hide", width: 14, cell: (row) => row.country },
  { key: "lines", label: "Lines", figure: true, narrow: "hide", width: 3, cell: (row) => count(row.lines) },
  {
    key: "items",
    label: "Items",
    sort: "items",
    figure: true,
    narrow: "hide",
    width: 4,
    cell: (row) => count(row.items),
  },
  { key: "amount", label: "Amount", sort: "amount", figure: true, width: 9, cell: (row) => negative(row.amount) },
];

function lineColumns(onEvent: (id: string) => void): Column<SalesLine>[] {
  return [
    { key: "invoice", label: "Order", width: 7, cell: (row) => row.invoice_no },
    {
      key: "date",
      label: "Date",
      width: 16,
      narrow: "hide",
      cell: (row) => <span class="nowrap">{dayTime(row.invoice_date)}</span>,
    },
    { key: "customer", label: "Customer", narrow: "hide", width: 6, cell: (row) => customerCell(row.customer_id) },
    {
      key: "product",
      label: "Product",
      wide: true,
      width: 30,
      cell: (row) => (
        <>
          {row.description || "No description"} <span class="quiet small">{row.stock_code}</span>
        </>
      ),
    },
    { key: "quantity", label: "Quantity", figure: true, width: 4, cell: (row) => count(row.quantity) },
    {
      key: "price",
      label: "Unit price",
      figure: true,
      narrow: "hide",
      width: 6,
      cell: (row) => exactMoney(row.unit_price),
    },
    { key: "amount", label: "Amount", figure: true, width: 8, cell: (row) => negative(row.amount) },
    {
      key: "event",
      label: "Event",
      narrow: "hide",
      width: 4,
      cell: (row) => (
        <button
          type="button"
          class="link small above"
          aria-label={`Raw event of ${row.stock_code} on ${row.invoice_no}`}
          onClick={() => onEvent(row.event_id)}
        >
          raw
        </button>
      ),
    },
  ];
}

const productColumns: Column<ProductSold>[] = [
  { key: "code", label: "Code", width: 6, cell: (row) => row.stock_code },
  { key: "name", label: "Product", wide: true, width: 30, cell: (row) => row.description ?? "" },
  { key: "quantity", label: "Pieces", figure: true, sort: "quantity", width: 5, cell: (row) => count(row.quantity) },
  { key: "orders", label: "Orders", figure: true, narrow: "hide", width: 4, cell: (row) => count(row.orders) },
  { key: "share", label: "Share", figure: true, narrow: "hide", width: 4, cell: (row) => percent(row.share, 2) },
  { key: "sales", label: "Sales", figure: true, sort: "sales", width: 9, cell: (row) => money(row.sales) },
];

const customerColumns: Column<CustomerSold>[] = [
  { key: "id", label: "Customer", sort: "number", width: 6, cell: (row) => row.customer_id },
  { key: "name", label: "Name", sort: "name", narrow: "hide", width: 16, cell: (row) => row.name ?? "" },
  { key: "country", label: "Country", width: 12, cell: (row) => row.country ?? "" },
  { key: "orders", label: "Orders", sort: "orders", figure: true, width: 4, cell: (row) => count(row.orders) },
  {
    key: "last",
    label: "Last order",
    sort: "last_order",
    narrow: "hide",
    width: 10,
    cell: (row) => <span class="nowrap">{day(row.last_order)}</span>,
  },
  { key: "spent", label: "Spent", sort: "spent", figure: true, width: 9, cell: (row) => money(row.spent) },
];

// The way to an order whose number is known, whoever's it is.
function NumberBox({ to }: { to: (number: string) => string }) {
  const go = (event: TargetedSubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const number = String(new FormData(event.currentTarget).get("number") ?? "").trim();
    if (number) navigate(to(number));
  };
  return (
    <form onSubmit={go}>
      <label class="search-box">
        <span class="heard">Go to an order: number</span>
        <Icon name="search" />
        <input
          class="input"
          type="search"
          name="number"
          placeholder="Go to an order: number"
          enterkeyhint="go"
          data-search
        />
      </label>
    </form>
  );
}

interface ListProps<Row> {
  name: ListName;
  path: string;
  query: Query;
  columns: Column<Row>[];
  keyOf: (row: Row) => string;
  href: (row: Row) => string;
  open?: string | null;
  sort?: string;
  direction?: Direction;
  onSort?: (sort: string, direction: Direction) => void;
  finder?: ComponentChildren; // the way to one of them
}

function List<Row>({ name, path, query, columns, keyOf, href, open, finder, ...sorting }: ListProps<Row>) {
  const { list, error, loadingMore, refreshing, more, reload, arrived } = usePages<Row, RowPage<Row>>(path, query, {
    keyOf,
  });
  const late = useLate(refreshing);
  if (error && !list) return <ErrorState error={error} what={`the ${names[name].toLowerCase()}`} onRetry={reload} />;
  if (list?.items.length === 0) return <NothingHere />;
  return (
    <div class={late ? "list waiting" : "list"}>
      {error && list && <Stale onRetry={reload}>This list may be out of date: {error.message}</Stale>}
      <div class="filters">
        {finder}
        <a class="button end" href={address(path, { ...query, format: "csv" })} download>
          <Icon name="download" /> CSV
        </a>
      </div>
      <Table
        caption={names[name]}
        columns={columns}
        rows={list?.items}
        rowKey={keyOf}
        href={href}
        selected={open ?? null}
        arrived={arrived}
        {...sorting}
      />
      {list && (
        <ListFoot
          shown={list.items.length}
          total={list.total ?? (list.next === null ? list.items.length : null)}
          what={names[name].toLowerCase()}
          busy={loadingMore}
          onMore={more}
        >
          {list.sum !== undefined && (
            <>
              , together <strong>{exactMoney(list.sum)}</strong>
            </>
          )}
        </ListFoot>
      )}
    </div>
  );
}

function Beside({
  number,
  list,
  search,
  onClose,
}: {
  number: string;
  list: ListName;
  search: string;
  onClose: () => void;
}) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus({ preventScroll: window.innerWidth > 1000 }), [number]);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key === "Escape" && !event.defaultPrevented && !document.querySelector("dialog[open]")) onClose();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  });
  return (
    <section class="order" aria-label={orderTitle(number)}>
      <button type="button" class="link back" onClick={onClose}>
        <Icon name="left" /> {names[list]}
      </button>
      <header class="order-head">
        <h2 ref={heading} tabIndex={-1}>
          {orderTitle(number)}
        </h2>
        <button type="button" class="button bare close" aria-label="Close this order" onClick={onClose}>
          <Icon name="close" />
        </button>
      </header>
      <OrderView number={number} to={(other) => `/sales/${list}/${other}${search}`} />
    </section>
  );
}

interface Props {
  list: ListName;
  invoice: string | null;
  filters: Filters;
  search: string;
}

function Listed({ list, invoice, filters, onEvent }: Omit<Props, "search"> & { onEvent: (id: string) => void }) {
  const { query } = place.value;
  const sort = query.get("sort") ?? "date";
  const direction: Direction = query.get("direction") === "asc" ? "asc" : "desc";
  const onSort = (by: string, to: Direction) =>
    setQuery({ sort: by === "date" ? null : by, direction: to === "desc" ? null : to });
  const base = rowsQuery(filters);
  const here = place.value.query.toString();
  const suffix = here ? `?${here}` : "";
  const to = (number: string) => `/sales/${list}/${encodeURIComponent(number)}${suffix}`;
  const beside = (row: { invoice_no: string }) => to(row.invoice_no);
  const sorted = { sort, direction, onSort };
  if (list === "lines") {
    return (
      <List<SalesLine>
        name={list}
        path="/sales/lines"
        query={{ ...base, kind: query.get("kind") }}
        columns={lineColumns(onEvent)}
        keyOf={(row) => row.event_id}
        href={beside}
      />
    );
  }
  if (list === "products") {
    const by = query.get("by") === "quantity" ? "quantity" : "sales";
    return (
      <List<ProductSold>
        name={list}
        path="/sales/products"
        query={{ ...base, by }}
        columns={productColumns}
        keyOf={(row) => row.stock_code}
        href={(row) => `/sales/lines${filterSearch(query, { product: row.stock_code })}`}
        sort={by}
        direction="desc"
        onSort={(next) => setQuery({ by: next === "sales" ? null : next })}
      />
    );
  }
  if (list === "customers") {
    const by = query.get("sort") ?? "spent";
    return (
      <List<CustomerSold>
        name={list}
        path="/sales/customers"
        query={{ ...base, sort: by, direction }}
        columns={customerColumns}
        sort={by}
        direction={direction}
        onSort={(next, to) => setQuery({ sort: next === "spent" ? null : next, direction: to === "desc" ? null : to })}
        keyOf={(row) => String(row.customer_id)}
        href={(row) => `/sales/orders${filterSearch(query, { customer: String(row.customer_id) })}`}
      />
    );
  }
  return (
    <List<SalesInvoice>
      key={list}
      name={list}
      path="/sales/invoices"
      query={{ ...base, kind: list, sort, direction }}
      columns={invoiceColumns}
      keyOf={(row) => row.invoice_no}
      href={beside}
      open={invoice}
      finder={<NumberBox to={to} />}
      {...sorted}
    />
  );
}

export function Rows(props: Props) {
  const { list, invoice, search } = props;
  const [event, setEvent] = useState<string | null>(null);
  const here = place.value.query.toString();
  const suffix = here ? `?${here}` : "";
  const close = () => navigate(`/sales/${list}${suffix}`);
  return (
    <div class={invoice ? "beside open" : "beside"}>
      <section class="list" aria-label={names[list]}>
        <PageTabs
          label="Rows"
          pages={lists.map((name) => ({ href: `/sales/${name}${search}`, label: names[name], current: name === list }))}
        />
        <Listed list={list} invoice={invoice} filters={props.filters} onEvent={setEvent} />
      </section>
      {invoice && <Beside key={invoice} number={invoice} list={list} search={suffix} onClose={close} />}
      {event && <EventDialog id={event} onClose={() => setEvent(null)} />}
    </div>
  );
}
