// The ten products that sold most, by revenue or by pieces.
import type { ProductSold } from "../../api/sales";
import { toCsv } from "../../lib/csv";
import { forDrawing } from "../../lib/decimal";
import { count, money, percent, plural } from "../../lib/format";
import { setQuery } from "../../lib/router";
import { Bars } from "../../ui/bars";
import { Segments } from "../../ui/controls";
import { Panel } from "../../ui/panel";
import type { Column } from "../../ui/table";
import { NothingHere } from "./nothing";
import { type DashboardPanel, fileName } from "./panel-props";
import { Explain } from "./parts";

type By = "sales" | "quantity";

const columns: Column<ProductSold>[] = [
  { key: "stock_code", label: "Code", cell: (row) => row.stock_code, raw: (row) => row.stock_code },
  { key: "description", label: "Product", cell: (row) => row.description ?? "", raw: (row) => row.description },
  { key: "sales", label: "Sales", figure: true, cell: (row) => money(row.sales), raw: (row) => row.sales },
  { key: "quantity", label: "Pieces", figure: true, cell: (row) => count(row.quantity), raw: (row) => row.quantity },
  { key: "orders", label: "Orders", figure: true, cell: (row) => count(row.orders), raw: (row) => row.orders },
  { key: "share", label: "Share of sales", figure: true, cell: (row) => percent(row.share), raw: (row) => row.share },
];

const nameOf = (row: ProductSold) => row.description || "No description";

function sentenceOf(rows: ProductSold[], by: By): string | undefined {
  const first = rows[0];
  if (!first) return undefined;
  const together = rows.reduce((sum, row) => sum + row.share, 0);
  const most = by === "sales" ? `for ${money(first.sales)}` : plural(first.quantity, "piece");
  return `${nameOf(first)} sold most, ${most}. These ${rows.length} make ${percent(together)} of sales.`;
}

export function Products({ data, filters, metrics, search, toggle, by }: DashboardPanel & { by: By }) {
  const rows = by === "sales" ? data.products.by_sales : data.products.by_quantity;
  return (
    <Panel
      title={rows.length > 1 ? `Top ${rows.length} products` : "Top products"}
      caption={sentenceOf(rows, by)}
      columns={columns}
      rows={rows}
      rowKey={(row) => row.stock_code}
      csv={{ name: fileName(`products-by-${by}`, data), make: () => toCsv(columns, rows) }}
      explain={
        <Explain names={["sales", "items", "share"]} metrics={metrics} asOf={data.as_of}>
          <p>
            Click a product to see the page for it alone.{" "}
            <a href={`/sales/products${search}`}>All products of these filters</a> are a page of their own.
          </p>
        </Explain>
      }
      controls={
        <Segments
          label="By"
          value={by}
          options={[
            { value: "sales", label: "Revenue" },
            { value: "quantity", label: "Quantity" },
          ]}
          onChange={(next) => setQuery({ by: next === "sales" ? null : next })}
        />
      }
    >
      {() =>
        rows.length === 0 ? (
          <NothingHere />
        ) : (
          <>
            <Bars
              label={`Products by ${by === "sales" ? "revenue" : "quantity"}: Enter filters`}
              bars={rows.map((row) => ({
                key: row.stock_code,
                name: nameOf(row),
                detail: row.stock_code,
                size: by === "sales" ? forDrawing(row.sales) : row.quantity,
                figure: by === "sales" ? money(row.sales) : count(row.quantity),
                note: percent(row.share),
                picked: filters.product.includes(row.stock_code),
                onPick: () => toggle("product", row.stock_code, nameOf(row)),
              }))}
            />
            <p class="small">
              <a href={`/sales/products${search}`}>All products</a>
            </p>
          </>
        )
      }
    </Panel>
  );
}
