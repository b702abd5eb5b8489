// Events that no sink could take, each with its reason; beside the list the one that is open.

import type { Letter, LetterState } from "../../api/operations";
import type { Page } from "../../api/types";
import { instant } from "../../lib/format";
import { usePageKeys } from "../../lib/page-keys";
import { usePages } from "../../lib/pages";
import { navigate, place, setQuery } from "../../lib/router";
import { SearchBox, Segments } from "../../ui/controls";
import { PagedTable } from "../../ui/paged-table";
import { Empty, FilteredEmpty } from "../../ui/states";
import type { Column } from "../../ui/table";
import { useBeside } from "./beside";
import { LetterPanel } from "./letter";
import { Mark } from "./mark";

type Which = LetterState | "all";

const states: { value: Which; label: string }[] = [
  { value: "open", label: "Open" },
  { value: "retried", label: "Sent again" },
  { value: "discarded", label: "Discarded" },
  { value: "all", label: "All" },
];

export const codeWords: Record<Letter["code"], string> = {
  conflict: "Conflict",
  malformed: "Not JSON",
  invalid: "Breaks the contract",
};

const stateLooks: Record<LetterState, { mark: string; word: string }> = {
  open: { mark: "waiting", word: "Open" },
  retried: { mark: "success", word: "Sent again" },
  discarded: { mark: "cancelled", word: "Discarded" },
};

export function LetterStateWord({ state }: { state: LetterState }) {
  const { mark, word } = stateLooks[state];
  return (
    <span class="mark-word">
      <Mark state={mark} />
      {"\u00a0"}
      {word}
    </span>
  );
}

const columns: Column<Letter>[] = [
  { key: "id", label: "Letter", width: 5, cell: (letter) => letter.id },
  { key: "at", label: "Refused", width: 9, cell: (letter) => <span class="nowrap">{instant(letter.at)}</span> },
  { key: "code", label: "Why", narrow: "hide", width: 12, cell: (letter) => codeWords[letter.code] ?? letter.code },
  {
    key: "reason",
    label: "Reason",
    wide: true,
    width: 50,
    cell: (letter) => <span title={letter.reason}>{letter.reason}</span>,
  },
  {
    key: "state",
    label: "State",
    narrow: "hide",
    width: 9,
    cell: (letter) => <LetterStateWord state={letter.state} />,
  },
];

function readFilters(query: URLSearchParams): { state: Which; code: string; q: string } {
  const state = states.find(({ value }) => value === query.get("state"))?.value ?? "open";
  const code = query.get("code") ?? "";
  return { state, code: code in codeWords ? code : "", q: query.get("q") ?? "" };
}

export function Letters({ open }: { open: string | null }) {
  const filters = readFilters(place.value.query);
  const paged = usePages<Letter, Page<Letter>>("/ops/letters", filters, { keyOf: (letter) => letter.id, live: true });
  const { addressOf, close } = useBeside("/operations/letters", open);
  const step = (by: number) => {
    const items = paged.list?.items ?? [];
    const at = items.findIndex((letter) => letter.id === open);
    const next = items[at < 0 ? 0 : at + by];
    if (next) navigate(addressOf(next.id), { replace: open !== null });
  };
  usePageKeys([
    { key: "j", meaning: "Next dead letter", act: () => step(1) },
    { key: "k", meaning: "Former dead letter", act: () => step(-1) },
  ]);
  const filtered = filters.q !== "" || filters.code !== "" || filters.state !== "open";
  return (
    <div class={open ? "beside open" : "beside"}>
      <section class="list" aria-label="Dead letters">
        <div class="filters">
          <Segments
            label="State"
            value={filters.state}
            options={states}
            onChange={(state) => setQuery({ state: state === "open" ? null : state })}
          />
          <label class="pick">
            <span class="heard">Why it was refused</span>
            <select
              class="select"
              value={filters.code}
              onChange={(event) => setQuery({ code: event.currentTarget.value || null })}
            >
              <option value="">Any reason</option>
              {Object.entries(codeWords).map(([code, word]) => (
                <option key={code} value={code}>
                  {word}
                </option>
              ))}
            </select>
          </label>
          <SearchBox label="Search reason or payload" value={filters.q} onChange={(q) => setQuery({ q: q || null })} />
        </div>
        <PagedTable
          paged={paged}
          what={["dead letter", "dead letters"]}
          nothing={
            filtered ? (
              <FilteredEmpty
                title="No dead letter matches these filters"
                onClear={() => setQuery({ state: null, code: null, q: null })}
              />
            ) : (
              <Empty title="No open dead letter: every event that arrived was taken" />
            )
          }
          caption="Dead letters"
          columns={columns}
          rowKey={(letter) => letter.id}
          href={(letter) => addressOf(letter.id)}
          selected={open}
        />
      </section>
      {open && <LetterPanel key={open} id={open} onClose={close} onStep={step} onChanged={paged.reload} />}
    </div>
  );
}
