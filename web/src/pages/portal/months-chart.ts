// Spent by month as bars, what was returned below the line. The month that is not over is drawn dashed.

import type { CustomerMonth } from "../../api/types";
import type { BuildOption } from "../../charts/chart";
import { frame, type Palette, stripes, tooltipContent } from "../../charts/palette";
import { forDrawing, isZero } from "../../lib/decimal";
import { money, month, plural, shortMoney } from "../../lib/format";

const dashed = (colour: string, palette: Palette) => ({
  color: palette.page,
  borderColor: colour,
  borderWidth: 1.5,
  borderType: "dashed" as const,
});

function tooltip(row: CustomerMonth, unfinished: boolean): HTMLElement {
  const rows: [string, string][] = [[`Spent, ${plural(row.orders, "order")}`, money(row.spent)]];
  if (row.returns > 0) rows.push([`Returned, ${plural(row.returns, "return")}`, money(row.returned)]);
  return tooltipContent(month(row.month) + (unfinished ? ", not over yet" : ""), rows);
}

export function monthsOption(rows: CustomerMonth[], unfinished: string | null): BuildOption {
  return (palette) => {
    const { categoryAxis, valueAxis, tooltip: box, ...rest } = frame(palette);
    const isOpen = (row: CustomerMonth) => row.month === unfinished;
    return {
      ...rest,
      xAxis: {
        ...categoryAxis,
        axisLine: { ...categoryAxis.axisLine, onZero: true },
        axisLabel: { ...categoryAxis.axisLabel },
        data: rows.map((row) => month(row.month)),
        offset: 0,
      },
      yAxis: { ...valueAxis, axisLabel: { ...valueAxis.axisLabel, formatter: shortMoney } },
      tooltip: {
        ...box,
        formatter: (points: { dataIndex: number }[]) => {
          const row = rows[points[0]?.dataIndex ?? 0];
          return row ? tooltip(row, isOpen(row)) : "";
        },
      },
      series: [
        {
          name: "Spent",
          type: "bar",
          stack: "month",
          barMaxWidth: 44,
          barCategoryGap: "28%",
          cursor: "pointer",
          data: rows.map((row) => ({
            value: forDrawing(row.spent),
            itemStyle: isOpen(row)
              ? dashed(palette.accent, palette)
              : { color: palette.accent, borderRadius: [2, 2, 0, 0] },
          })),
        },
        {
          name: "Returned",
          type: "bar",
          stack: "month",
          barMaxWidth: 44,
          cursor: "pointer",
          data: rows.map((row) => ({
            value: isZero(row.returned) ? 0 : forDrawing(row.returned),
            itemStyle: isOpen(row)
              ? dashed(palette.returns, palette)
              : { color: palette.returns, decal: stripes(palette), borderRadius: [0, 0, 2, 2] },
          })),
        },
      ],
    };
  };
}

// The chart in words.
export function monthsSentence(rows: CustomerMonth[]): string {
  const first = rows[0];
  const last = rows.at(-1);
  if (!first || !last) return "No orders yet.";
  const most = rows.reduce((best, row) => (forDrawing(row.spent) > forDrawing(best.spent) ? row : best), first);
  const returning = rows.filter((row) => row.returns > 0).length;
  return (
    `Spend by month from ${month(first.month)} to ${month(last.month)}. ` +
    `Most in ${month(most.month)}: ${money(most.spent)}. ` +
    `Returns in ${returning} of ${plural(rows.length, "month")}.`
  );
}
