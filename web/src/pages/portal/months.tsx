import { useMemo } from "preact/hooks";
import { address } from "../../api/client";
import type { Customer, CustomerMonth } from "../../api/types";
import { monthEnd } from "../../lib/dates";
import { count, money, month } from "../../lib/format";
import { useResource } from "../../lib/resource";
import { navigate, withQuery } from "../../lib/router";
import { ChartFrame } from "../../ui/chart-frame";
import { Loaded } from "../../ui/states";
import type { Column } from "../../ui/table";
import { figuresOf } from "./figures";
import { monthsOption, monthsSentence } from "./months-chart";

const height = 240;

const columns: Column<CustomerMonth>[] = [
  { key: "month", label: "Month", cell: (row) => month(row.month) },
  { key: "orders", label: "Orders", figure: true, cell: (row) => count(row.orders) },
  { key: "spent", label: "Spent", figure: true, cell: (row) => money(row.spent) },
  { key: "returns", label: "Returns", figure: true, cell: (row) => count(row.returns) },
  { key: "returned", label: "Returned", figure: true, cell: (row) => money(row.returned) },
];

function Explanation() {
  return (
    <p>
      Orders count in the month of their invoice, at the prices of their lines. Returns count in the month they were
      made, whichever order they take back, and are drawn below the line. Click a month to list its orders.
    </p>
  );
}

function MonthsChart({ customer, rows, path }: { customer: Customer; rows: CustomerMonth[]; path: string }) {
  const unfinished = customer.as_of.at?.slice(0, 7) ?? null;
  const build = useMemo(() => monthsOption(rows, unfinished), [rows, unfinished]);
  const showMonth = (at: number) => {
    const picked = rows[at];
    if (!picked) return;
    const home = { path: `/customers/${customer.customer_id}`, query: new URLSearchParams() };
    navigate(withQuery(home, { from: `${picked.month}-01`, to: monthEnd(picked.month) }));
  };
  return (
    <ChartFrame
      title="Spend by month"
      sentence={monthsSentence(rows)}
      build={build}
      height={height}
      legend={[
        { label: "Spent", tone: "sales" },
        { label: "Returned", tone: "returns" },
      ]}
      columns={columns}
      rows={rows}
      rowKey={(row) => row.month}
      csv={address(path, { format: "csv" })}
      explain={<Explanation />}
      onPick={({ index }) => showMonth(index)}
    />
  );
}

export function Months({ customer }: { customer: Customer }) {
  const path = `/customers/${customer.customer_id}/months`;
  const months = useResource<{ items: CustomerMonth[] }>(path, { stamp: figuresOf(customer), keepFormer: false });
  return (
    <Loaded of={months} what="the months" skeleton={<div style={{ height: `${height + 44}px` }} />}>
      {({ items }) => (items.length > 0 ? <MonthsChart customer={customer} rows={items} path={path} /> : null)}
    </Loaded>
  );
}
