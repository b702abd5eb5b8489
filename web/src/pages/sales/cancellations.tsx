// Cancelled orders and returns: how many, how much, of which products and whose.
import type { CustomerReturning, ProductReturned } from "../../api/sales";
import { toCsv } from "../../lib/csv";
import { forDrawing } from "../../lib/decimal";
import { count, money, percent, plural } from "../../lib/format";
import { setQuery } from "../../lib/router";
import { Bars } from "../../ui/bars";
import { Segments } from "../../ui/controls";
import { Count, Money } from "../../ui/figure";
import { Panel } from "../../ui/panel";
import type { Column } from "../../ui/table";
import { NothingHere } from "./nothing";
import { type DashboardPanel, fileName } from "./panel-props";
import { Explain, Stat } from "./parts";

const productColumns: Column<ProductReturned>[] = [
  { key: "stock_code", label: "Code", cell: (row) => row.stock_code, raw: (row) => row.stock_code },
  { key: "description", label: "Product", cell: (row) => row.description ?? "", raw: (row) => row.description },
  { key: "quantity", label: "Pieces", figure: true, cell: (row) => count(row.quantity), raw: (row) => row.quantity },
  { key: "amount", label: "Returned", figure: true, cell: (row) => money(row.amount), raw: (row) => row.amount },
];

const customerColumns: Column<CustomerReturning>[] = [
  {
    key: "customer_id",
    label: "Customer",
    cell: (row) => <a href={`/customers/${row.customer_id}`}>{row.customer_id}</a>,
    raw: (row) => row.customer_id,
  },
  { key: "name", label: "Name", narrow: "hide", cell: (row) => row.name ?? "", raw: (row) => row.name },
  { key: "orders", label: "Cancelled", figure: true, cell: (row) => count(row.orders), raw: (row) => row.orders },
  { key: "amount", label: "Returned", figure: true, cell: (row) => money(row.amount), raw: (row) => row.amount },
];

function Counts({ data, metrics, search }: DashboardPanel) {
  const { orders, amount, rate } = data.cancellations;
  return (
    <dl class="stats">
      <Stat metric="cancelled_orders" metrics={metrics} href={`/sales/returns${search}`}>
        <Count value={orders} />
      </Stat>
      <Stat metric="cancellation_rate" metrics={metrics}>
        {percent(rate)}
      </Stat>
      <Stat metric="returns" metrics={metrics}>
        <span class="negative">
          <Money value={amount} places={0} />
        </span>
      </Stat>
    </dl>
  );
}

export function Cancellations(props: DashboardPanel & { of: "products" | "customers" }) {
  const { data, filters, metrics, search, toggle, of } = props;
  const { orders, amount, rate, products, customers } = data.cancellations;
  const most = products[0];
  const caption =
    orders > 0
      ? `${plural(orders, "order")} of ${count(orders + data.tiles.orders.value)} invoices cancelled (${percent(rate)}), ${money(amount)}.${most ? ` Most of it ${most.description ?? most.stock_code} (${money(most.amount)}).` : ""}`
      : undefined;
  const shared = {
    title: "Cancelled orders and returns",
    caption,
    explain: (
      <Explain names={["cancelled_orders", "cancellation_rate", "returns"]} metrics={metrics} asOf={data.as_of}>
        <p>
          A cancelled order counts on the day it was made, whichever order it takes back.{" "}
          <a href={`/sales/returns${search}`}>All cancelled orders of these filters</a>.
        </p>
      </Explain>
    ),
    controls: (
      <Segments
        label="Of"
        value={of}
        options={[
          { value: "products", label: "Products" },
          { value: "customers", label: "Customers" },
        ]}
        onChange={(next) => setQuery({ returned: next === "products" ? null : next })}
      />
    ),
  };
  const all = (
    <p class="small">
      <a href={`/sales/returns${search}`}>All cancelled orders</a>
    </p>
  );
  const empty = <NothingHere title="Nothing was returned for these filters" />;
  if (of === "customers") {
    return (
      <Panel
        {...shared}
        columns={customerColumns}
        rows={customers}
        rowKey={(row) => String(row.customer_id)}
        csv={{ name: fileName("returns-by-customer", data), make: () => toCsv(customerColumns, customers) }}
      >
        {() => (
          <>
            <Counts {...props} />
            {customers.length === 0 ? (
              empty
            ) : (
              <Bars
                label="Customers by what they returned: Enter filters"
                tone="returns"
                bars={customers.map((row) => ({
                  key: String(row.customer_id),
                  name: row.name ?? `Customer ${row.customer_id}`,
                  detail: plural(row.orders, "cancelled order"),
                  size: forDrawing(row.amount),
                  figure: money(row.amount),
                  picked: filters.customer.includes(String(row.customer_id)),
                  onPick: () => toggle("customer", String(row.customer_id), row.name ?? `Customer ${row.customer_id}`),
                }))}
              />
            )}
            {all}
          </>
        )}
      </Panel>
    );
  }
  return (
    <Panel
      {...shared}
      columns={productColumns}
      rows={products}
      rowKey={(row) => row.stock_code}
      csv={{ name: fileName("returns-by-product", data), make: () => toCsv(productColumns, products) }}
    >
      {() => (
        <>
          <Counts {...props} />
          {products.length === 0 ? (
            empty
          ) : (
            <Bars
              label="Products by what was returned: Enter filters"
              tone="returns"
              bars={products.map((row) => ({
                key: row.stock_code,
                name: row.description || "No description",
                detail: row.stock_code,
                size: forDrawing(row.amount),
                figure: money(row.amount),
                picked: filters.product.includes(row.stock_code),
                onPick: () => toggle("product", row.stock_code, row.description || row.stock_code),
              }))}
            />
          )}
          {all}
        </>
      )}
    </Panel>
  );
}
