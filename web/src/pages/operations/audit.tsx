// What was done, by whom, from where: newest first, read on by cursor.
import { useEffect, useState } from "preact/hooks";
import { type ApiError, get } from "../../api/client";
import type { AuditEntry } from "../../api/operations";
import { instant, plural } from "../../lib/format";
import { asApiError } from "../../lib/resource";
import { place, setQuery } from "../../lib/router";
import { SearchBox } from "../../ui/controls";
import { Empty, ErrorState, FilteredEmpty, Stale } from "../../ui/states";
import { type Column, Table } from "../../ui/table";

const columns: Column<AuditEntry>[] = [
  { key: "at", label: "When", width: 12, cell: (entry) => <span class="nowrap">{instant(entry.at)}</span> },
  {
    key: "user",
    label: "Who",
    width: 10,
    cell: (entry) => <span class={entry.user ? "nowrap" : "nowrap quiet"}>{entry.user || "nobody known"}</span>,
  },
  { key: "action", label: "What", width: 12, cell: (entry) => <code>{entry.action}</code> },
  { key: "target", label: "To what", narrow: "hide", width: 14, cell: (entry) => entry.target },
  {
    key: "address",
    label: "From",
    narrow: "hide",
    width: 10,
    cell: (entry) => <span class="nowrap">{entry.address || "command line"}</span>,
  },
  {
    key: "detail",
    label: "Detail",
    wide: true,
    narrow: "hide",
    width: 30,
    cell: (entry) => <span title={entry.detail}>{entry.detail}</span>,
  },
];

function useAudit() {
  const [items, setItems] = useState<AuditEntry[]>();
  const [next, setNext] = useState<string | null>(null);
  const [error, setError] = useState<ApiError | null>(null);
  const [busy, setBusy] = useState(false);
  const load = async (after: string | null) => {
    setBusy(true);
    try {
      const page = await get<{ items: AuditEntry[]; next: string | null }>("/audit", { limit: 100, after });
      setItems((before) => [...(after === null ? [] : (before ?? [])), ...page.items]);
      setNext(page.next);
      setError(null);
    } catch (problem) {
      setError(asApiError(problem));
    }
    setBusy(false);
  };
  useEffect(() => void load(null), []);
  return { items, next, error, busy, more: () => void load(next), reload: () => void load(null) };
}

// Of what is loaded: the log is read in order, and searched by eye and word.
function matches(entry: AuditEntry, words: string): boolean {
  const text = [entry.user, entry.address, entry.action, entry.target, entry.detail].join(" ").toLowerCase();
  return words
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

export function Audit() {
  const { items, next, error, busy, more, reload } = useAudit();
  const q = place.value.query.get("q") ?? "";
  const shown = items?.filter((entry) => matches(entry, q));
  if (error && !items) return <ErrorState error={error} what="the audit log" onRetry={reload} />;
  if (items?.length === 0) return <Empty title="Nothing is recorded yet" />;
  return (
    <section class="list" aria-label="Audit log">
      <div class="filters">
        <SearchBox label="Search what is shown" value={q} onChange={(text) => setQuery({ q: text || null })} />
      </div>
      {error && <Stale onRetry={reload}>This list may be out of date: {error.message}</Stale>}
      {shown?.length === 0 && items ? (
        <FilteredEmpty title="No entry shown has these words" onClear={() => setQuery({ q: null })} />
      ) : (
        <Table caption="Audit log" columns={columns} rows={shown} rowKey={(entry) => String(entry.id)} />
      )}
      {items && (
        <footer class="list-foot">
          <span role="status">
            {plural(shown?.length ?? 0, "entry", "entries")}
            {next && ", older ones not shown"}
          </span>
          {next && (
            <button type="button" class="button" disabled={busy} onClick={more}>
              Show more
            </button>
          )}
        </footer>
      )}
    </section>
  );
}
