// The path of an event as nodes and arrows with places to draw them at: gateway, log, then store, feed and
// bronze side by side, bronze on to silver and gold. What the books say stands on the arrow it is about.
import type { Balance, FlowArrow, Status } from "../../api/operations";
import { isZero } from "../../lib/decimal";
import { bytes, count, money, plural } from "../../lib/format";

export interface FlowNode {
  name: string;
  label: string;
  detail: string;
  href: string | null;
  x: number; // of its middle
  y: number;
  alive: boolean; // the role that does it runs
}

// 'unknown': the books could not tell yet; null: nothing is counted here.
export type Verdict = "holds" | "broken" | "unknown" | null;

export interface FlowEdge {
  from: string;
  to: string;
  count: number | null;
  name: string;
  behind: number | null;
  verdict: Verdict;
  compares: boolean; // no way of events: two ends that must be equal
  balances: Balance[];
}

export interface FlowPicture {
  nodes: FlowNode[];
  edges: FlowEdge[];
  width: number;
  height: number;
  nodeWidth: number;
  upright: boolean; // top to bottom, on a phone
}

export const nodeHeight = 48;

interface Spot {
  column: number;
  row: number;
}

// Across: columns by the way, rows by the branch. Upright: the same turned, with branches beside each other.
const across: Record<string, Spot> = {
  gateway: { column: 0, row: 1.5 },
  log: { column: 1, row: 1.5 },
  letters: { column: 2, row: 0 },
  store: { column: 2, row: 1 },
  feed: { column: 2, row: 2 },
  bronze: { column: 2, row: 3 },
  silver: { column: 3, row: 3 },
  gold: { column: 4, row: 3 },
};

const upright: Record<string, Spot> = {
  gateway: { column: 1, row: 0 },
  log: { column: 1, row: 1 },
  letters: { column: 0, row: 1 },
  store: { column: 0, row: 2 },
  feed: { column: 1, row: 2 },
  bronze: { column: 2, row: 2 },
  silver: { column: 2, row: 3 },
  gold: { column: 2, row: 4 },
};

// Which arrow a balance is about. Names are those that the reconciliation gives.
export function edgeOfBalance(name: string): [string, string] | null {
  if (name.startsWith("log records")) return ["log", "bronze"];
  if (name.startsWith("bronze ") || name.startsWith("rows silver has read")) return ["bronze", "silver"];
  if (name.startsWith("store ")) return ["store", "silver"];
  if (name.startsWith("silver lines") || name.startsWith("gold.")) return ["silver", "gold"];
  return null;
}

export function verdictOf(balances: Balance[]): Verdict {
  if (balances.length === 0) return null;
  if (balances.some((one) => one.known && !one.holds)) return "broken";
  return balances.some((one) => one.known) ? "holds" : "unknown";
}

// By how much a balance does not hold, as people say it.
export function byHowMuch(balance: Balance): string {
  const { difference } = balance;
  if (difference === null || isZero(difference)) return "";
  return balance.money ? money(difference) : count(BigInt(difference.replace(/\.0*$/, "")));
}

function lakeRows(status: Status, layer: string, brief: boolean): string {
  const tables = status.lake.filter(({ table }) => table.startsWith(`${layer}.`));
  if (tables.length === 0) return "no table yet";
  const main = tables.find(({ table }) => /\.(sales_events|fact_sales)$/.test(table));
  if (!main) return plural(tables.length, "table");
  if (main.rows === null || main.version === null) return "no version yet";
  return `${plural(main.rows, "row")}${brief ? "" : `, version ${count(main.version)}`}`;
}

function details(status: Status, brief: boolean): Record<string, string> {
  const roleOf = (name: string) => status.roles.find(({ role }) => role === name);
  const appended = new Map<string, number>();
  for (const { topic, bytes: size } of status.topics) appended.set(topic, (appended.get(topic) ?? 0) + size);
  const gateway = roleOf("gateway");
  return {
    gateway: gateway?.alive ? `${rate(gateway.rate)} in` : "does not run",
    log: appended.size > 0 ? bytes([...appended.values()].reduce((sum, size) => sum + size, 0)) : "no topic yet",
    store: status.store ? plural(status.store.lines, "line") : "cannot be read",
    feed: status.topics.some(({ topic }) => topic.startsWith("processed")) ? "for readers" : "no topic yet",
    letters: status.letters.open > 0 ? `${count(status.letters.open)} open` : "none open",
    bronze: lakeRows(status, "bronze", brief),
    silver: lakeRows(status, "silver", brief),
    gold: lakeRows(status, "gold", brief),
  };
}

export function rate(value: number): string {
  return `${value < 10 && value > 0 ? value.toFixed(1) : count(Math.round(value))}/s`;
}

const labels: Record<string, { label: string; href: string | null; role: string }> = {
  gateway: { label: "Gateway", href: "#roles", role: "gateway" },
  log: { label: "Log", href: "#topics", role: "" },
  store: { label: "Store", href: "/customers", role: "processor" },
  feed: { label: "Feed", href: "#topics", role: "processor" },
  letters: { label: "Dead letters", href: "/operations/letters", role: "" },
  bronze: { label: "Bronze", href: "/operations/lake/bronze/sales_events", role: "processor" },
  silver: { label: "Silver", href: "/operations/lake/silver/fact_sales", role: "" },
  gold: { label: "Gold", href: "/operations/lake/gold/fact_sales", role: "" },
};

export function drawFlow(status: Status, width: number): FlowPicture {
  const turned = width < 760;
  const spots = turned ? upright : across;
  const nodeWidth = turned ? Math.min(112, (width - 24) / 3) : Math.min(176, (width - 4 * 84) / 5);
  const rowHeight = turned ? 104 : 80;
  const columns = turned ? 3 : 5;
  const rows = turned ? 5 : 4;
  const step = (width - nodeWidth - 2) / (columns - 1);
  const said = details(status, turned);
  const runs = (role: string) => role === "" || status.roles.some((one) => one.role === role && one.alive);
  const nodes = Object.entries(spots).map(([name, { column, row }]) => ({
    name,
    label: labels[name]?.label ?? name,
    detail: said[name] ?? "",
    href: labels[name]?.href ?? null,
    x: 1 + nodeWidth / 2 + column * step,
    y: 1 + nodeHeight / 2 + row * rowHeight,
    alive: runs(labels[name]?.role ?? ""),
  }));
  return {
    nodes,
    edges: edgesOf(status),
    width,
    height: 22 + nodeHeight + (rows - 1) * rowHeight, // a mark may stand below the last arrow
    nodeWidth,
    upright: turned,
  };
}

function edgesOf(status: Status): FlowEdge[] {
  const balances = status.reconciliation?.balances ?? [];
  const about = (from: string, to: string) =>
    balances.filter(({ name }) => {
      const edge = edgeOfBalance(name);
      return edge?.[0] === from && edge[1] === to;
    });
  const edge = ({ from, to, count: counted, name, behind }: FlowArrow): FlowEdge => {
    const mine = about(from, to);
    return { from, to, count: counted, name, behind, compares: false, balances: mine, verdict: verdictOf(mine) };
  };
  const drawn = status.flow.filter(({ from, to }) => from in labels && to in labels).map(edge);
  const compared = about("store", "silver");
  if (compared.length > 0)
    drawn.push({
      from: "store",
      to: "silver",
      count: null,
      name: "store and silver hold the same",
      behind: null,
      compares: true,
      balances: compared,
      verdict: verdictOf(compared),
    });
  return drawn;
}

const verdictWords: Record<Exclude<Verdict, null>, string> = {
  holds: "the books balance",
  broken: "the books do not balance",
  unknown: "the books cannot tell yet",
};

// One arrow as a sentence, for those who do not see it and for its tooltip.
export function edgeSentence(edge: FlowEdge): string {
  const from = labels[edge.from]?.label ?? edge.from;
  const to = labels[edge.to]?.label ?? edge.to;
  const parts = [
    edge.compares ? edge.name : `${edge.count === null ? "unknown" : count(edge.count)} ${edge.name}`,
    edge.behind ? `${count(edge.behind)} behind` : "",
    edge.verdict ? verdictWords[edge.verdict] : "",
    ...edge.balances.filter((one) => one.known && !one.holds).map((one) => `${one.name}: off by ${byHowMuch(one)}`),
  ];
  return `${from} to ${to}: ${parts.filter(Boolean).join(", ")}`;
}
