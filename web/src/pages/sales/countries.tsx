// Sales by country: the seven largest, and all others together, which open on demand.
import { useState } from "preact/hooks";
import type { CountrySold } from "../../api/sales";
import { categoriesMax } from "../../charts/palette";
import { toCsv } from "../../lib/csv";
import { forDrawing, unitsAt, writeUnits } from "../../lib/decimal";
import { count, money, percent, plural } from "../../lib/format";
import { type Bar, Bars } from "../../ui/bars";
import { Panel } from "../../ui/panel";
import type { Column } from "../../ui/table";
import { NothingHere } from "./nothing";
import { type DashboardPanel, fileName } from "./panel-props";
import { Explain } from "./parts";

const columns: Column<CountrySold>[] = [
  { key: "country", label: "Country", cell: (row) => countryName(row.country), raw: (row) => row.country },
  { key: "sales", label: "Sales", figure: true, cell: (row) => money(row.sales), raw: (row) => row.sales },
  { key: "share", label: "Share", figure: true, cell: (row) => percent(row.share), raw: (row) => row.share },
  { key: "orders", label: "Orders", figure: true, cell: (row) => count(row.orders), raw: (row) => row.orders },
  {
    key: "customers",
    label: "Customers",
    figure: true,
    narrow: "hide",
    cell: (row) => count(row.customers),
    raw: (row) => row.customers,
  },
  {
    key: "returns",
    label: "Returns",
    figure: true,
    narrow: "hide",
    cell: (row) => money(row.returns),
    raw: (row) => row.returns,
  },
];

export function countryName(country: string): string {
  return country || "No country";
}

// The sum of exact amounts, as exact.
function sum(amounts: string[]): string {
  const places = 4;
  const units = amounts.reduce((total, amount) => total + unitsAt(amount, places), 0n);
  return writeUnits(units, places).replaceAll(",", "").replace("\u2212", "-");
}

function othersBar(rows: CountrySold[]): Bar {
  const sales = sum(rows.map((row) => row.sales));
  return {
    key: "",
    name: `${plural(rows.length, "other country", "other countries")}`,
    size: forDrawing(sales),
    figure: money(sales),
    note: percent(rows.reduce((total, row) => total + row.share, 0)),
  };
}

export function Countries({ data, filters, metrics, toggle }: DashboardPanel) {
  const [all, setAll] = useState(false);
  const rows = data.countries;
  const collapsed = !all && rows.length > categoriesMax + 1;
  const shown = collapsed ? rows.slice(0, categoriesMax) : rows;
  const [first, second] = rows;
  const caption =
    first &&
    `${countryName(first.country)} has ${percent(first.share)} of sales${second ? `; then ${countryName(second.country)}, ${percent(second.share)}` : ""}. ${plural(rows.length, "country", "countries")}.`;
  const bars: Bar[] = shown.map((row) => ({
    key: row.country || "no country",
    name: countryName(row.country),
    size: forDrawing(row.sales),
    figure: money(row.sales),
    note: percent(row.share),
    picked: filters.country.includes(row.country),
    onPick: () => toggle("country", row.country, countryName(row.country)),
  }));
  return (
    <Panel
      title="By country"
      caption={caption}
      columns={columns}
      rows={rows}
      rowKey={(row) => row.country}
      csv={{ name: fileName("countries", data), make: () => toCsv(columns, rows) }}
      explain={
        <Explain names={["sales", "share", "orders", "customers", "returns"]} metrics={metrics} asOf={data.as_of}>
          <p>The country is that of the invoice. Click one to see the page for it alone.</p>
        </Explain>
      }
    >
      {() =>
        rows.length === 0 ? (
          <NothingHere />
        ) : (
          <>
            <Bars
              label="Countries by sales: Enter filters"
              bars={collapsed ? [...bars, othersBar(rows.slice(categoriesMax))] : bars}
            />
            {rows.length > categoriesMax + 1 && (
              <p class="small">
                <button type="button" class="link" aria-expanded={all} onClick={() => setAll(!all)}>
                  {all ? "Fewer countries" : `All ${count(rows.length)} countries`}
                </button>
              </p>
            )}
          </>
        )
      }
    </Panel>
  );
}
