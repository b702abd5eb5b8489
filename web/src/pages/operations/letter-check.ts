// Checks a dead letter's payload before it is sent again: is it JSON, and does it keep the contract. The
// gateway decides; this says at once what it would refuse.

export interface Check {
  field: string | null; // null: the whole text
  text: string;
  line?: number; // where the text is not JSON, from 1
}

type Rule = (value: unknown) => string | null;

const characters = (text: string) => [...text].length;

const text =
  (most: number, least = 1): Rule =>
  (value) =>
    typeof value !== "string"
      ? "must be text"
      : characters(value) < least || characters(value) > most
        ? `must have ${least} to ${most} characters`
        : null;

const optional =
  (rule: Rule): Rule =>
  (value) =>
    value === null || value === undefined ? null : rule(value);

const integer: Rule = (value) =>
  typeof value === "number" && Number.isInteger(value) ? null : "must be a whole number";

const invoiceNo: Rule = (value) => (integer(value) === null ? null : text(32)(value));

const quantity: Rule = (value) => integer(value) ?? (Math.abs(value as number) > 2_147_483_647 ? "is too large" : null);

const customer: Rule = (value) => (typeof value === "string" && /^\d+$/.test(value) ? null : integer(value));

const price: Rule = (value) => (typeof value === "number" ? null : "must be a number");

const shopDate = /^(\d{1,2})\/(\d{1,2})\/(\d{4}) (\d{1,2}):(\d{2})(?::(\d{2}))?$/;
const isoDate = /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.0+)?)?)?$/;

const date: Rule = (value) => {
  if (typeof value !== "string") return "must be text";
  const shop = shopDate.exec(value);
  const iso = shop ? null : isoDate.exec(value);
  const parts = shop ?? iso;
  if (!parts) return "must be like 09/12/2011 12:50 or 2011-12-09T12:50:00";
  const [year, month, day] = (shop ? [parts[3], parts[2], parts[1]] : [parts[1], parts[2], parts[3]]).map(Number) as [
    number,
    number,
    number,
  ];
  const [hour, minute, second] = [parts[4], parts[5], parts[6]].map((part) => Number(part ?? 0)) as [
    number,
    number,
    number,
  ];
  const known = new Date(Date.UTC(year, month - 1, day));
  if (known.getUTCMonth() !== month - 1 || known.getUTCDate() !== day) return "is a day that does not exist";
  return hour > 23 || minute > 59 || second > 59 ? "is a time that does not exist" : null;
};

const required: Record<string, Rule> = {
  InvoiceNo: invoiceNo,
  StockCode: text(32),
  Quantity: quantity,
  InvoiceDate: date,
  UnitPrice: price,
  Country: text(64),
};

const others: Record<string, Rule> = {
  Description: optional(text(255, 0)),
  CustomerID: optional(customer),
  customerName: optional(text(255, 0)),
  CustomerName: optional(text(255, 0)),
  EventID: optional(text(64)),
};

// Where V8, SpiderMonkey or JavaScriptCore say that a text stops being JSON.
function lineOf(payload: string, message: string): number | undefined {
  const line = /line (\d+)/.exec(message);
  if (line) return Number(line[1]);
  const position = /position (\d+)/.exec(message);
  if (!position) return undefined;
  return payload.slice(0, Number(position[1])).split("\n").length;
}

export function readPayload(payload: string): Record<string, unknown> | Check {
  let value: unknown;
  try {
    value = JSON.parse(payload);
  } catch (problem) {
    const message = problem instanceof Error ? problem.message : String(problem);
    const line = lineOf(payload, message);
    return { field: null, text: `This is not JSON: ${message}`, ...(line === undefined ? {} : { line }) };
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return { field: null, text: "An event is one JSON object, in braces." };
  return value as Record<string, unknown>;
}

function isCheck(read: Record<string, unknown> | Check): read is Check {
  return "text" in read && "field" in read && read.field === null && typeof read.text === "string";
}

export function checkPayload(payload: string): Check[] {
  const read = readPayload(payload);
  if (isCheck(read)) return [read];
  const found: Check[] = [];
  for (const [field, rule] of Object.entries(required)) {
    const problem = field in read ? rule(read[field]) : "is missing";
    if (problem) found.push({ field, text: `${field} ${problem}` });
  }
  for (const [field, rule] of Object.entries(others)) {
    const problem = field in read ? rule(read[field]) : null;
    if (problem) found.push({ field, text: `${field} ${problem}` });
  }
  return found;
}

// Indented where it is JSON, for reading. Numbers keep their digits: the text is laid out, not parsed and written.
export function layOut(payload: string): string {
  if (isCheck(readPayload(payload))) return payload;
  let out = "";
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < payload.length; at++) {
    const char = payload[at] ?? "";
    if (quoted) {
      out += char;
      if (char === "\\") out += payload[++at] ?? "";
      else if (char === '"') quoted = false;
    } else if (char === '"') {
      quoted = true;
      out += char;
    } else if (/\s/.test(char)) continue;
    else if (char === "{" || char === "[") {
      const next = payload.slice(at + 1).trimStart()[0];
      if (next === "}" || next === "]") {
        out += char + next;
        at = payload.indexOf(next, at + 1);
      } else out += `${char}\n${"  ".repeat(++depth)}`;
    } else if (char === "}" || char === "]") out += `\n${"  ".repeat(--depth)}${char}`;
    else if (char === ",") out += `,\n${"  ".repeat(depth)}`;
    else out += char === ":" ? ": " : char;
  }
  return out;
}

// Which fields differ from what arrived: 'Quantity 7 → 8'.
export function changesOf(before: string, after: string): string[] {
  const [old, now] = [readPayload(before), readPayload(after)];
  if (isCheck(now)) return [];
  const was = isCheck(old) ? {} : old;
  const names = [...new Set([...Object.keys(was), ...Object.keys(now)])];
  return names
    .filter((name) => JSON.stringify(was[name]) !== JSON.stringify(now[name]))
    .map((name) => {
      const from = name in was ? JSON.stringify(was[name]) : "absent";
      return `${name} ${from} → ${name in now ? JSON.stringify(now[name]) : "absent"}`;
    });
}

// The payload with one field set, its other text as it stands.
export function withField(payload: string, field: string, value: string): string {
  const read = readPayload(payload);
  if (isCheck(read)) return payload;
  const written = JSON.stringify(value);
  if (field in read) {
    const pattern = new RegExp(`("${field}"\\s*:\\s*)("(?:[^"\\\\]|\\\\.)*"|[^,}\\s]+)`);
    return payload.replace(pattern, (_, head: string) => head + written);
  }
  return payload.replace(/\s*\}\s*$/, `,\n  "${field}": ${written}\n}`);
}

// An identity that the shop cannot have given to another line: the old one with a number behind.
export function freshEventId(payload: string, offset: number): string {
  const read = readPayload(payload);
  const old = !isCheck(read) && typeof read.EventID === "string" ? read.EventID.slice(0, 40) : "line";
  return `${old}-again-${offset}`;
}
