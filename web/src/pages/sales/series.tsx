// Sales over time: a period is picked by a click, a stretch of them by a drag (or by keys), the way back is
// beside the title.
import { useMemo } from "preact/hooks";
import type { Grain, Period } from "../../api/sales";
import { toCsv } from "../../lib/csv";
import { count, day, money } from "../../lib/format";
import { ChartRoom } from "../../ui/chart-frame";
import { Segments } from "../../ui/controls";
import { Icon } from "../../ui/icon";
import { type LegendEntry, Panel } from "../../ui/panel";
import { FilteredEmpty } from "../../ui/states";
import type { Column } from "../../ui/table";
import { cleared } from "./filters";
import { type DashboardPanel, fileName } from "./panel-props";
import { Explain } from "./parts";
import { isComparable, periodName, seriesSentence, unfinished } from "./periods";
import { periodSaid, seriesOption } from "./series-chart";

const height = 288;

const grains: { value: Grain; label: string }[] = [
  { value: "day", label: "Day" },
  { value: "week", label: "Week" },
  { value: "month", label: "Month" },
  { value: "quarter", label: "Quarter" },
];

function columnsOf(
  grain: Grain,
  compared: boolean,
  range: { from: string | null; last: string | null },
): Column<Period>[] {
  const columns: Column<Period>[] = [
    {
      key: "start",
      label: grains.find(({ value }) => value === grain)?.label ?? "Period",
      cell: (row) => {
        const open = unfinished(row, range);
        return (
          <span class="nowrap">
            {periodName(row.start, grain)}
            {open && <span class="quiet">, {open}</span>}
          </span>
        );
      },
      raw: (row) => row.start,
    },
    { key: "end", label: "Until", narrow: "hide", cell: (row) => day(row.end), raw: (row) => row.end },
    { key: "sales", label: "Sales", figure: true, cell: (row) => money(row.sales), raw: (row) => row.sales },
    { key: "orders", label: "Orders", figure: true, cell: (row) => count(row.orders), raw: (row) => row.orders },
    {
      key: "items",
      label: "Items",
      figure: true,
      narrow: "hide",
      cell: (row) => count(row.items),
      raw: (row) => row.items,
    },
    { key: "returns", label: "Returns", figure: true, cell: (row) => money(row.returns), raw: (row) => row.returns },
  ];
  if (!compared) return columns;
  return [
    ...columns,
    {
      key: "before_start",
      label: "Compared with",
      narrow: "hide",
      cell: (row) => (row.before ? day(row.before.start) : ""),
      raw: (row) => row.before?.start ?? null,
    },
    {
      key: "before_sales",
      label: "Sales then",
      figure: true,
      cell: (row) => (row.before ? money(row.before.sales) : ""),
      raw: (row) => row.before?.sales ?? null,
    },
  ];
}

export function SalesOverTime({ data, filters, metrics, change }: DashboardPanel) {
  const { series, range, compared, tiles } = data;
  const grain = data.grain;
  const build = useMemo(() => seriesOption({ series, grain, range }), [series, grain, range]);
  const columns = useMemo(() => columnsOf(grain, compared !== null, range), [grain, compared, range]);
  const sentence = seriesSentence({
    series,
    grain,
    range,
    total: tiles.sales.value,
    change: isComparable(data) ? tiles.sales.change : null,
    compare: filters.compare,
  });
  const legend: LegendEntry[] = [
    { label: "Sales", tone: "sales" },
    { label: "Returns", tone: "returns" },
    ...(compared ? [{ label: `${day(compared.from)} – ${day(compared.to)}`, tone: "compare" as const }] : []),
  ];
  const onRange = (first: number, last: number) => {
    const from = series[first]?.start;
    const to = series[last]?.end;
    if (!from || !to) return;
    change({
      from: range.from && from < range.from ? range.from : from,
      to: range.to && to > range.to ? range.to : to,
    });
  };
  const zoomed = filters.from !== null || filters.to !== null;

  return (
    <Panel
      title="Sales over time"
      caption={sentence}
      legend={legend}
      columns={columns}
      rows={series}
      rowKey={(row) => row.start}
      csv={{ name: fileName(`by-${grain}`, data), make: () => toCsv(columns, series) }}
      explain={
        <Explain names={["sales", "returns", "orders", "items"]} metrics={metrics} asOf={data.as_of}>
          <p>
            Click a {grain} to see it alone; drag over several to zoom in. With the keyboard: arrows move, Shift with an
            arrow takes more, Enter shows them. What is not over yet, or cut off by the dates, is drawn dashed.
          </p>
        </Explain>
      }
      controls={
        <>
          {zoomed && (
            <button type="button" class="button bare" onClick={() => change({ from: null, to: null })}>
              <Icon name="left" /> All dates
            </button>
          )}
          <Segments label="Grain" value={grain} options={grains} onChange={(next) => change({ grain: next })} />
        </>
      }
    >
      {(full) =>
        series.length === 0 ? (
          <FilteredEmpty title="Nothing was sold in these days" onClear={() => change(cleared)} />
        ) : (
          <ChartRoom
            build={build}
            sentence={sentence}
            height={full ? Math.max(height, window.innerHeight - 180) : height}
            picks={{
              label: `Sales by ${grain}: arrows move, Shift with arrows takes more, Enter filters`,
              count: series.length,
              nameOf: (index) => {
                const row = series[index];
                return row ? periodSaid(row, grain) : "";
              },
              onRange,
            }}
          />
        )
      }
    </Panel>
  );
}
