// How figures and dates are written, everywhere: £1,234.56, −£11,252.44, 12,345, 4.1%, 9 Dec 2011.
import { signal } from "@preact/signals";
import { parseDecimal, unitsAt, writeUnits } from "./decimal";

// ISO code of the shop's currency, as the server says in the session.
export const currency = signal("GBP");

const symbols = new Map<string, string>();

function symbol(): string {
  const code = currency.value;
  let known = symbols.get(code);
  if (known === undefined) {
    const parts = new Intl.NumberFormat("en-GB", {
      style: "currency",
      currency: code,
      currencyDisplay: "narrowSymbol",
    });
    known = parts.formatToParts(0).find((part) => part.type === "currency")?.value ?? code;
    symbols.set(code, known);
  }
  return known;
}

// To the penny (or `places`), rounded half away from zero.
export function money(text: string, places = 2): string {
  return writeUnits(unitsAt(text, places), places, symbol());
}

// Every digit that there is, at least pence: what a rounded figure's tooltip says.
export function exactMoney(text: string): string {
  const { scale } = parseDecimal(text);
  return money(text, Math.max(scale, 2));
}

// For axes: £1.2m, £340k, £95.
export function shortMoney(amount: number): string {
  const size = Math.abs(amount);
  const sign = amount < 0 ? "\u2212" : "";
  const [divided, unit] =
    size >= 1e9 ? [size / 1e9, "bn"] : size >= 1e6 ? [size / 1e6, "m"] : size >= 1e3 ? [size / 1e3, "k"] : [size, ""];
  return `${sign}${symbol()}${Number(divided.toPrecision(3))}${unit}`;
}

export function count(n: number | bigint): string {
  return writeUnits(BigInt(n), 0);
}

export function plural(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}

// A rate 0..1.
export function percent(rate: number, places = 1): string {
  return `${rate < 0 ? "\u2212" : ""}${Math.abs(rate * 100).toFixed(places)}%`;
}

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

function monthName(number: string | undefined): string {
  return months[Number(number) - 1] ?? "?";
}

// "2011-12-09" or "2011-12-09T12:50:00": 9 Dec 2011. Shop dates have no zone, so none is applied.
export function day(text: string): string {
  const [year, month, date] = text.slice(0, 10).split("-");
  return `${Number(date)} ${monthName(month)} ${year}`;
}

// 9 Dec 2011, 12:50
export function dayTime(text: string): string {
  return `${day(text)}, ${text.slice(11, 16)}`;
}

// "2011-12": Dec 2011
export function month(text: string): string {
  const [year, number] = text.split("-");
  return `${monthName(number)} ${year}`;
}

const clock = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });

// An instant (RFC 3339), in the reader's own zone: 14:22:13, with the day when it is another one.
export function instant(text: string, now = new Date()): string {
  const at = new Date(text);
  const time = clock.format(at);
  if (at.toDateString() === now.toDateString()) return time;
  return `${at.getDate()} ${months[at.getMonth()]} ${at.getFullYear()}, ${time}`;
}

export function bytes(n: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let size = n;
  let unit = 0;
  while (size >= 1000 && unit < units.length - 1) {
    size /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? size : size.toPrecision(3)} ${units[unit]}`;
}

// How long something took: 802 ms, 12.3 s, 4 min 5 s, 3 h 2 min, 5 days.
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`;
  const seconds = ms / 1000;
  if (seconds < 60) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
  const pair = (whole: number, unit: string, rest: number, smaller: string) =>
    `${whole} ${unit}${rest > 0 ? ` ${rest} ${smaller}` : ""}`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return pair(minutes, "min", Math.floor(seconds % 60), "s");
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return pair(hours, "h", minutes % 60, "min");
  return `${Math.floor(hours / 24)} days`;
}

// From one instant to another; null where one of them is not known.
export function msBetween(from: string | null, to: string | null): number | null {
  return from && to ? new Date(to).getTime() - new Date(from).getTime() : null;
}
