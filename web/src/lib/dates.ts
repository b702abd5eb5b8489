// Days as "2011-12-09": counted in UTC, for shop dates have no zone.

export interface Range {
  from: string | null;
  to: string | null;
}

export function addDays(text: string, days: number): string {
  const date = new Date(`${text}T00:00:00Z`);
  date.setUTCDate(date.getUTCDate() + days);
  return date.toISOString().slice(0, 10);
}

// The day after the one `n` months earlier: twelve months back from 9 Dec 2011 is 10 Dec 2010.
export function monthsBack(text: string, n: number): string {
  const [year = 0, month = 1, date = 1] = text.split("-").map(Number);
  const first = new Date(Date.UTC(year, month - 1 - n, 1));
  const length = new Date(Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + 1, 0)).getUTCDate();
  first.setUTCDate(Math.min(date, length));
  return addDays(first.toISOString().slice(0, 10), 1);
}

export interface Preset {
  label: string;
  range: Range;
}

// Ranges that end at the last day with data; 'all' is no range at all.
export function presets(first: string | null, last: string | null): Preset[] {
  const all: Preset = { label: "All dates", range: { from: null, to: null } };
  if (!first || !last) return [all];
  const to = last.slice(0, 10);
  const since = (label: string, from: string): Preset => ({ label, range: { from, to } });
  const year = to.slice(0, 4);
  return [
    all,
    since("Last 7 days", addDays(to, -6)),
    since("Last 30 days", addDays(to, -29)),
    since("Last 3 months", monthsBack(to, 3)),
    since("Last 12 months", monthsBack(to, 12)),
    since(`Year ${year}`, `${year}-01-01`),
  ];
}

// The last day of "2011-11".
export function monthEnd(month: string): string {
  const [year = 0, number = 1] = month.split("-").map(Number);
  return new Date(Date.UTC(year, number, 0)).toISOString().slice(0, 10);
}
