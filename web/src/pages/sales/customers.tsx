// Who bought: how many, how many of them for the first time or again, the ten who spent most, segments.
import type { CustomerSold, Segment } from "../../api/sales";
import { toCsv } from "../../lib/csv";
import { forDrawing } from "../../lib/decimal";
import { count, day, money, percent, plural } from "../../lib/format";
import { setQuery } from "../../lib/router";
import { Bars } from "../../ui/bars";
import { Segments } from "../../ui/controls";
import { Count, Money } from "../../ui/figure";
import { Panel } from "../../ui/panel";
import type { Column } from "../../ui/table";
import { NothingHere } from "./nothing";
import { type DashboardPanel, fileName } from "./panel-props";
import { Explain, Stat } from "./parts";

const columns: Column<CustomerSold>[] = [
  {
    key: "customer_id",
    label: "Customer",
    cell: (row) => <a href={`/customers/${row.customer_id}`}>{row.customer_id}</a>,
    raw: (row) => row.customer_id,
  },
  { key: "name", label: "Name", narrow: "hide", cell: (row) => row.name ?? "", raw: (row) => row.name },
  { key: "country", label: "Country", cell: (row) => row.country ?? "", raw: (row) => row.country },
  { key: "spent", label: "Spent", figure: true, cell: (row) => money(row.spent), raw: (row) => row.spent },
  { key: "orders", label: "Orders", figure: true, cell: (row) => count(row.orders), raw: (row) => row.orders },
  {
    key: "last_order",
    label: "Last order",
    narrow: "hide",
    cell: (row) => <span class="nowrap">{day(row.last_order)}</span>,
    raw: (row) => row.last_order,
  },
];

const segmentColumns: Column<Segment>[] = [
  { key: "name", label: "Segment", cell: (row) => row.name, raw: (row) => row.name },
  {
    key: "customers",
    label: "Customers",
    figure: true,
    cell: (row) => count(row.customers),
    raw: (row) => row.customers,
  },
  { key: "spent", label: "Spent", figure: true, cell: (row) => money(row.spent), raw: (row) => row.spent },
  { key: "definition", label: "Who", cell: (row) => row.definition, raw: (row) => row.definition },
];

const nameOf = (row: CustomerSold) => row.name ?? `Customer ${row.customer_id}`;

function Counts({ data, metrics, search }: DashboardPanel) {
  const { total, new: fresh, returning, loyal, guests_sales } = data.customers;
  const of = (part: number) => (total > 0 ? percent(part / total, 0) : undefined);
  return (
    <dl class="stats">
      <Stat metric="customers" metrics={metrics} href={`/sales/customers${search}`}>
        <Count value={total} />
      </Stat>
      <Stat metric="new_customers" metrics={metrics} note={of(fresh)}>
        <Count value={fresh} />
      </Stat>
      <Stat metric="returning_customers" metrics={metrics} note={of(returning)}>
        <Count value={returning} />
      </Stat>
      <Stat metric="loyal_customers" metrics={metrics} note={of(loyal)}>
        <Count value={loyal} />
      </Stat>
      <Stat metric="guests_sales" metrics={metrics}>
        <Money value={guests_sales} places={0} />
      </Stat>
    </dl>
  );
}

function sentenceOf({ data }: DashboardPanel): string | undefined {
  const first = data.customers.top[0];
  if (!first) return undefined;
  const all = forDrawing(data.tiles.sales.value);
  const ten = data.customers.top.reduce((sum, row) => sum + forDrawing(row.spent), 0);
  return `${nameOf(first)} spent most, ${money(first.spent)} in ${plural(first.orders, "order")}. These ${data.customers.top.length} make ${percent(all > 0 ? ten / all : 0)} of sales.`;
}

function segmentsSentence(rows: Segment[]): string {
  const most = rows.reduce((best, row) => (forDrawing(row.spent) > forDrawing(best.spent) ? row : best));
  const all = rows.reduce((sum, row) => sum + forDrawing(row.spent), 0);
  return `${most.name} spent most: ${plural(most.customers, "customer")}, ${percent(all > 0 ? forDrawing(most.spent) / all : 0)} of what known customers spent.`;
}

const explained = ["customers", "new_customers", "returning_customers", "loyal_customers", "guests_sales", "segments"];

export function Customers(props: DashboardPanel & { show: "top" | "segments" }) {
  const { data, filters, metrics, search, toggle, show } = props;
  const { top, segments } = data.customers;
  const explain = (
    <Explain names={explained} metrics={metrics} asOf={data.as_of}>
      <p>
        Click a customer, or a segment, to see the page for them alone. Who is in a segment goes by all other filters.{" "}
        <a href={`/sales/customers${search}`}>All customers of these filters</a> are a page of their own.
      </p>
    </Explain>
  );
  const controls = (
    <Segments
      label="Customers"
      value={show}
      options={[
        { value: "top", label: "Top 10" },
        { value: "segments", label: "Segments" },
      ]}
      onChange={(next) => setQuery({ show: next === "top" ? null : next })}
    />
  );
  const shared = { title: "Customers", explain, controls };
  if (show === "segments") {
    return (
      <Panel
        {...shared}
        caption={segments.length > 0 ? segmentsSentence(segments) : undefined}
        columns={segmentColumns}
        rows={segments}
        rowKey={(row) => row.name}
        csv={{ name: fileName("segments", data), make: () => toCsv(segmentColumns, segments) }}
      >
        {() => (
          <>
            <Counts {...props} />
            <Bars
              label="Segments by what they spent: Enter filters"
              bars={segments.map((row) => ({
                key: row.name,
                name: row.name,
                detail: plural(row.customers, "customer"),
                size: forDrawing(row.spent),
                figure: money(row.spent),
                picked: filters.segment.includes(row.name),
                onPick: () => toggle("segment", row.name, row.name),
              }))}
            />
            <dl class="segment-words small">
              {segments.map((row) => (
                <div key={row.name}>
                  <dt>{row.name}</dt>
                  <dd class="quiet">{row.definition}.</dd>
                </div>
              ))}
            </dl>
          </>
        )}
      </Panel>
    );
  }
  return (
    <Panel
      {...shared}
      caption={sentenceOf(props)}
      columns={columns}
      rows={top}
      rowKey={(row) => String(row.customer_id)}
      csv={{ name: fileName("customers", data), make: () => toCsv(columns, top) }}
    >
      {() => (
        <>
          <Counts {...props} />
          {top.length === 0 ? (
            <NothingHere title="No known customer for these filters" />
          ) : (
            <Bars
              label="Customers by what they spent: Enter filters"
              bars={top.map((row) => ({
                key: String(row.customer_id),
                name: nameOf(row),
                detail: row.country ?? undefined,
                size: forDrawing(row.spent),
                figure: money(row.spent),
                note: plural(row.orders, "order"),
                picked: filters.customer.includes(String(row.customer_id)),
                onPick: () => toggle("customer", String(row.customer_id), nameOf(row)),
              }))}
            />
          )}
          <p class="small">
            <a href={`/sales/customers${search}`}>All customers</a>
          </p>
        </>
      )}
    </Panel>
  );
}
