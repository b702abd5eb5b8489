// Periods of a series, named and put into words.
import type { Compare, Grain, Period } from "../../api/sales";
import { forDrawing, isZero } from "../../lib/decimal";
import { day, money, month, percent } from "../../lib/format";

export const grainWords: Record<Grain, string> = { day: "day", week: "week", month: "month", quarter: "quarter" };

export const compareWords: Record<Compare, string> = {
  none: "",
  previous: "vs the days before",
  year: "vs a year earlier",
};

// 9 Dec 2011 | week of 5 Dec 2011 | Dec 2011 | Q4 2011
export function periodName(start: string, grain: Grain): string {
  if (grain === "month") return month(start.slice(0, 7));
  if (grain === "quarter") return `Q${Math.ceil(Number(start.slice(5, 7)) / 3)} ${start.slice(0, 4)}`;
  return grain === "week" ? `week of ${day(start)}` : day(start);
}

// On the axis: without what its neighbours say as well.
export function axisName(start: string, grain: Grain): string {
  const name = grain === "week" ? day(start) : periodName(start, grain);
  return grain === "day" || grain === "week" ? name.slice(0, -5) : name;
}

// Why a period is not whole; null when it is.
export function unfinished(period: Period, range: { from: string | null; last: string | null }): string | null {
  if (!period.partial) return null;
  if (range.last && period.end > range.last) return "not over yet";
  return "in part";
}

function best(series: Period[], better: (a: number, b: number) => boolean): Period | undefined {
  return series.reduce<Period | undefined>(
    (found, row) => (!found || better(forDrawing(row.sales), forDrawing(found.sales)) ? row : found),
    undefined,
  );
}

interface Told {
  series: Period[];
  grain: Grain;
  range: { from: string | null; last: string | null };
  total: string;
  change: number | null;
  compare: Compare;
}

export function seriesSentence({ series, grain, range, total, change, compare }: Told): string {
  const first = series[0];
  const last = series.at(-1);
  if (!first || !last) return "Nothing was sold in these days.";
  const name = (row: Period) => periodName(row.start, grain);
  const whole = series.filter((row) => !row.partial);
  const high = best(series, (a, b) => a > b) ?? first;
  const low = best(whole, (a, b) => a < b);
  const span = first === last ? `in ${name(first)}` : `by ${grain} from ${name(first)} to ${name(last)}`;
  const said = [`Sales ${span}: ${money(total)}.`];
  if (series.length > 1) {
    said.push(`Highest in ${name(high)} (${money(high.sales)})`);
    if (low && low !== high) said.push(`, lowest in ${name(low)} (${money(low.sales)})`);
    said.push(".");
  }
  if (change !== null)
    said.push(` ${change >= 0 ? "Up" : "Down"} ${percent(Math.abs(change))} ${compareWords[compare]}.`);
  const open = unfinished(last, range);
  if (open) said.push(` ${name(last)} is ${open === "in part" ? "shown in part" : open}.`);
  if (series.every((row) => isZero(row.returns))) said.push(" Nothing was returned.");
  return said
    .join(" ")
    .replace(/ ([,.])/g, "$1")
    .replace(/ {2,}/g, " ");
}
