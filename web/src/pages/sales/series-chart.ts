// Sales over time: bars while they are few, a line beyond. What was returned lies below the line, the period
// compared with lies behind in grey, what is not over yet is drawn dashed and says so.
import type { Grain, Period } from "../../api/sales";
import type { BuildOption } from "../../charts/chart";
import { frame, type Palette, stripes, tooltipContent } from "../../charts/palette";
import { forDrawing, isZero } from "../../lib/decimal";
import { count, day, money, percent, plural, shortMoney } from "../../lib/format";
import { axisName, periodName, unfinished } from "./periods";

const barsMax = 62;

interface Shown {
  series: Period[];
  grain: Grain;
  range: { from: string | null; last: string | null };
}

function changeText(row: Period): string {
  const before = row.before ? forDrawing(row.before.sales) : 0;
  if (before === 0) return "";
  const rate = forDrawing(row.sales) / before - 1;
  return ` (${rate >= 0 ? "+" : ""}${percent(rate)})`;
}

function tooltip({ grain, range }: Shown, row: Period): HTMLElement {
  const open = unfinished(row, range);
  const rows: [string, string][] = [
    ["Sales", money(row.sales)],
    ["Orders", count(row.orders)],
    ["Items", count(row.items)],
  ];
  if (!isZero(row.returns)) rows.push(["Returns", money(row.returns)]);
  if (row.before) {
    const from = grain === "month" || grain === "quarter" ? periodName(row.before.start, grain) : day(row.before.start);
    rows.push([`Sales then, ${from}`, `${money(row.before.sales)}${changeText(row)}`]);
  }
  return tooltipContent(periodName(row.start, grain) + (open ? `, ${open}` : ""), rows);
}

const dashed = (colour: string, palette: Palette) => ({
  color: palette.page,
  borderColor: colour,
  borderWidth: 1.5,
  borderType: "dashed" as const,
});

// Direct labels: the highest, and where there is room what is not over yet.
function labelOf(shown: Shown, row: Period, highest: Period | undefined, wide: boolean): string {
  const value = shortMoney(forDrawing(row.sales));
  const open = unfinished(row, shown.range);
  if (wide && open) return `${value}\n${open}`;
  return row === highest && shown.series.length > 2 ? value : "";
}

function highestOf(series: Period[]): Period | undefined {
  return series.reduce<Period | undefined>(
    (best, row) => (!best || forDrawing(row.sales) > forDrawing(best.sales) ? row : best),
    undefined,
  );
}

// What most items share stands at the series: a style of its own costs each item several times its drawing.
// Series have ids: by those a chart knows its former drawing again and changes it, instead of making a new one.
function barSeries(shown: Shown, palette: Palette, compared: boolean, boxWidth: number) {
  const { series, range } = shown;
  const highest = highestOf(series);
  const wide = boxWidth / series.length > 56;
  const width = series.length > 40 ? "70%" : "52%";
  const sales = {
    id: "sales bars",
    name: "Sales",
    type: "bar",
    stack: "now",
    barWidth: width,
    barMaxWidth: 56,
    z: 3,
    itemStyle: { color: palette.accent, borderRadius: [2, 2, 0, 0] },
    label: {
      show: false,
      position: "top" as const,
      color: palette.text,
      fontFamily: palette.font,
      fontSize: 12,
      lineHeight: 15,
    },
    data: series.map((row) => {
      const label = labelOf(shown, row, highest, wide);
      return {
        value: forDrawing(row.sales),
        ...(unfinished(row, range) && { itemStyle: dashed(palette.accent, palette) }),
        ...(label && { label: { show: true, formatter: () => label } }),
      };
    }),
  };
  const clear = { ...stripes(palette), color: "transparent" };
  const returns = {
    id: "returns bars",
    name: "Returns",
    type: "bar",
    stack: "now",
    barWidth: width,
    barMaxWidth: 56,
    z: 3,
    itemStyle: { color: palette.returns, decal: stripes(palette), borderRadius: [0, 0, 2, 2] },
    data: series.map((row) => ({
      value: forDrawing(row.returns),
      ...(unfinished(row, range) && { itemStyle: { ...dashed(palette.returns, palette), decal: clear } }),
    })),
  };
  const before = {
    id: "before bars",
    name: "Before",
    type: "bar",
    xAxisIndex: 1, // an axis of its own: it lies behind, not beside
    barWidth: "82%",
    barMaxWidth: 88,
    z: 1,
    silent: true,
    itemStyle: { color: palette.line, borderColor: palette.compare, borderWidth: 1 },
    data: series.map((row) => (row.before ? forDrawing(row.before.sales) : null)),
  };
  return compared ? [sales, returns, before] : [sales, returns];
}

function lineSeries(shown: Shown, palette: Palette, compared: boolean) {
  const { series, range } = shown;
  const last = series.length - 1;
  const lastRow = series[last];
  const open = lastRow ? unfinished(lastRow, range) !== null : false;
  const line = (name: string, colour: string, data: (number | null)[], more: object = {}) => ({
    id: `${name} line`,
    name,
    type: "line",
    showSymbol: false,
    sampling: "lttb" as const,
    z: 3,
    lineStyle: { color: colour, width: 1.75 },
    itemStyle: { color: colour },
    data,
    ...more,
  });
  const sales = series.map((row) => forDrawing(row.sales));
  const whole = open ? sales.map((value, at) => (at === last ? null : value)) : sales;
  const tail = sales.map((value, at) => (at >= last - 1 ? value : null));
  const returns = series.map((row) => forDrawing(row.returns));
  const before = series.map((row) => (row.before ? forDrawing(row.before.sales) : null));
  return [
    line("Sales", palette.accent, whole, { areaStyle: { color: palette.accent, opacity: 0.1 } }),
    ...(open
      ? [
          line("Not over yet", palette.accent, tail, {
            lineStyle: { color: palette.accent, width: 1.75, type: "dashed" },
          }),
        ]
      : []),
    line("Returns", palette.returns, returns, { areaStyle: { color: palette.returns, opacity: 0.15 } }),
    ...(compared
      ? [
          line("Before", palette.compare, before, {
            z: 1,
            xAxisIndex: 1,
            lineStyle: { color: palette.compare, width: 1.5 },
          }),
        ]
      : []),
  ];
}

export function seriesOption(shown: Shown): BuildOption {
  const { series, grain } = shown;
  return (palette, width) => {
    const { categoryAxis, valueAxis, tooltip: box, ...rest } = frame(palette);
    const compared = series.some((row) => row.before !== null);
    const names = series.map((row) => axisName(row.start, grain));
    const bars = series.length <= barsMax && width / series.length > 7;
    return {
      ...rest,
      // Room for the longest labels: to look for what they need takes as long as to draw them.
      grid: { left: 56, right: 8, top: 36, bottom: 28 },
      xAxis: [
        {
          ...categoryAxis,
          axisLine: { ...categoryAxis.axisLine, onZero: true },
          axisLabel: { ...categoryAxis.axisLabel, margin: 10, hideOverlap: false },
          data: names,
        },
        ...(compared ? [{ type: "category", show: false, data: names }] : []),
      ],
      yAxis: { ...valueAxis, axisLabel: { ...valueAxis.axisLabel, formatter: shortMoney } },
      tooltip: {
        ...box,
        axisPointer: bars ? box.axisPointer : { type: "line", lineStyle: { color: palette.edge } },
        formatter: (points: { dataIndex: number }[]) => {
          const row = series[points[0]?.dataIndex ?? 0];
          return row ? tooltip(shown, row) : "";
        },
      },
      series: bars ? barSeries(shown, palette, compared, width) : lineSeries(shown, palette, compared),
    };
  };
}

export function periodSaid(row: Period, grain: Grain): string {
  return `${periodName(row.start, grain)}: ${money(row.sales)}, ${plural(row.orders, "order")}`;
}
