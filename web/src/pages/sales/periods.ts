// Periods of a series, named and put into words.
import type { Compare, Grain, Period, Sales } from "../../api/sales";
import { forDrawing, isZero } from "../../lib/decimal";
import { day, money, month, percent } from "../../lib/format";

export const grainWords: Record<Grain, string> = { day: "day", week: "week", month: "month", quarter: "quarter" };

export const compareWords: Record<Compare, string> = {
  none: "",
  previous: "vs before",
  year: "vs last year",
};

// Whether all days compared with can have data; else a change would tell of the data, not of the shop.
export function isComparable({ compared, range }: Pick<Sales, "compared" | "range">): boolean {
  return compared !== null && range.first !== null && compared.from >= range.first;
}

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

// Within a sentence: on 9 Dec 2011 | in the week of 5 Dec 2011 | in Dec 2011
function when(row: Period, grain: Grain): string {
  const name = periodName(row.start, grain);
  return grain === "day" ? `on ${name}` : grain === "week" ? `in the ${name}` : `in ${name}`;
}

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

function spanSaid(first: Period, last: Period, grain: Grain): string {
  if (first === last) return when(first, grain);
  const name = (row: Period) => (grain === "week" ? day(row.start) : periodName(row.start, grain));
  return `by ${grain} from ${name(first)} to ${name(last)}`;
}

function extremesSaid(series: Period[], grain: Grain): string {
  const high = best(series, (a, b) => a > b);
  const low = best(
    series.filter((row) => !row.partial),
    (a, b) => a < b,
  );
  if (!high || series.length < 2) return "";
  const lowest = low && low !== high ? `, lowest ${when(low, grain)} (${money(low.sales)})` : "";
  return ` Highest ${when(high, grain)} (${money(high.sales)})${lowest}.`;
}

export function seriesSentence({ series, grain, range, total, change, compare }: Told): string {
  const first = series[0];
  const last = series.at(-1);
  if (!first || !last) return "Nothing was sold in these days.";
  const changed =
    change === null ? "" : ` ${change >= 0 ? "Up" : "Down"} ${percent(Math.abs(change))} ${compareWords[compare]}.`;
  const open = unfinished(last, range);
  const name = capital(grain === "week" ? `the ${periodName(last.start, grain)}` : periodName(last.start, grain));
  const told = open ? ` ${name} is ${open === "in part" ? "shown in part" : open}.` : "";
  const none = series.every((row) => isZero(row.returns)) ? " Nothing was returned." : "";
  return `Sales ${spanSaid(first, last, grain)}: ${money(total)}.${extremesSaid(series, grain)}${changed}${told}${none}`;
}
