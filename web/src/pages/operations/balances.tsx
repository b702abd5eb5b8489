// The books: each balance, whether it holds, and by how much it does not.
import type { Balance, ReportBalance } from "../../api/operations";
import { isZero, parseDecimal } from "../../lib/decimal";
import { count, exactMoney } from "../../lib/format";
import { type Column, Table } from "../../ui/table";
import { Mark } from "./mark";

export function figure(text: string | null, isMoney: boolean): string {
  if (text === null) return "–";
  if (isMoney) return exactMoney(text.replace(/(\.\d\d\d*?)0+$/, "$1"));
  const { units, scale } = parseDecimal(text);
  return count(units / 10n ** BigInt(scale));
}

export function BalanceMark({ known, holds }: { known: boolean; holds: boolean }) {
  const [state, word] = !known ? ["skipped", "not known yet"] : holds ? ["success", "holds"] : ["failed", "broken"];
  return (
    <span class="mark-word brief">
      <Mark state={state ?? ""} />
      <span class="word">{`\u00a0${word}`}</span>
    </span>
  );
}

// A report's figures are JSON numbers or text: as text again.
export function asBalances(kept: ReportBalance[]): Balance[] {
  const text = (value: number | string | null) => (value === null ? null : String(value));
  return kept.map((one) => ({
    ...one,
    left: text(one.left),
    right: text(one.right),
    difference: text(one.difference),
  }));
}

// Gold's tables each have a balance of their name, whose note says what is compared.
export function labelOf({ name, note }: Pick<Balance, "name" | "note">): string {
  return name.startsWith("gold.") && note.endsWith(` of ${name}`) ? note : name;
}

const columns: Column<Balance>[] = [
  { key: "holds", label: "State", width: 8, cell: (one) => <BalanceMark known={one.known} holds={one.holds} /> },
  {
    key: "name",
    label: "What must be equal",
    width: 40,
    cell: (one) => (
      <>
        {labelOf(one)}
        {one.note && labelOf(one) !== one.note && <span class="small quiet"> {one.note}</span>}
      </>
    ),
  },
  { key: "left", label: "Left", figure: true, narrow: "hide", width: 10, cell: (one) => figure(one.left, one.money) },
  {
    key: "right",
    label: "Right",
    figure: true,
    narrow: "hide",
    width: 10,
    cell: (one) => figure(one.right, one.money),
  },
  {
    key: "difference",
    label: "Difference",
    figure: true,
    width: 8,
    cell: (one) => (
      <span class={one.known && !one.holds ? "negative" : undefined}>
        {one.difference !== null && isZero(one.difference) ? "0" : figure(one.difference, one.money)}
      </span>
    ),
  },
];

export function Balances({ balances, caption }: { balances: Balance[]; caption: string }) {
  return <Table caption={caption} columns={columns} rows={balances} rowKey={(one) => one.name} />;
}
