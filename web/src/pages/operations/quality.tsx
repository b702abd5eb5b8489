// Checks of the models and the books of each run: first whether anything is broken, then every result.
import type { QualityResult } from "../../api/operations";
import type { Page } from "../../api/types";
import { count, instant, plural } from "../../lib/format";
import { usePages } from "../../lib/pages";
import { place, setQuery } from "../../lib/router";
import { Segments } from "../../ui/controls";
import { ListFoot } from "../../ui/list-foot";
import { Empty, ErrorState, FilteredEmpty, Stale } from "../../ui/states";
import { type Column, Table } from "../../ui/table";
import { figure, labelOf } from "./balances";
import { edgeOfBalance } from "./flow";
import { addressOfTable } from "./lake";
import { Mark } from "./mark";

type Kind = "all" | "check" | "balance";

const kinds: { value: Kind; label: string }[] = [
  { value: "all", label: "All" },
  { value: "check", label: "Checks" },
  { value: "balance", label: "Balances" },
];

const isMoney = (result: QualityResult) => result.name.includes("money") || result.name.startsWith("gold.");

function Outcome({ result }: { result: QualityResult }) {
  if (result.kind === "check")
    return (
      <>{result.broken_rows === null ? "–" : result.holds ? "no row breaks it" : plural(result.broken_rows, "row")}</>
    );
  if (result.left === null) return <span class="quiet">not known yet</span>;
  return (
    <span title={`${figure(result.left, isMoney(result))} and ${figure(result.right, isMoney(result))}`}>
      {result.holds ? figure(result.left, isMoney(result)) : `off by ${figure(result.difference, isMoney(result))}`}
    </span>
  );
}

const columns: Column<QualityResult>[] = [
  {
    key: "holds",
    label: "State",
    width: 8,
    cell: (one) => (
      <span class="mark-word">
        <Mark state={one.holds ? "success" : "failed"} />
        {"\u00a0"}
        {one.holds ? "holds" : "broken"}
      </span>
    ),
  },
  {
    key: "at",
    label: "Run of",
    narrow: "hide",
    width: 10,
    cell: (one) => <span class="nowrap">{instant(one.at)}</span>,
  },
  {
    key: "name",
    label: "What is checked",
    width: 44,
    cell: (one) => (
      <span class="check-name">
        {labelOf(one)}
        {one.note && labelOf(one) !== one.note && <span class="note small quiet">{one.note}</span>}
      </span>
    ),
  },
  {
    key: "model",
    label: "Table",
    narrow: "hide",
    width: 18,
    cell: (one) =>
      one.model ? <a href={addressOfTable(one.model)}>{one.model}</a> : <span class="quiet">the platform</span>,
  },
  { key: "outcome", label: "Outcome", figure: true, width: 12, cell: (one) => <Outcome result={one} /> },
];

interface RunRow {
  run: string;
  at: string;
  results: QualityResult[];
}

// Balances by run: one column a run, so that one that broke is seen with those before and after it.
function byRun(results: QualityResult[]): RunRow[] {
  const runs = new Map<string, RunRow>();
  for (const result of results) {
    const row = runs.get(result.run) ?? { run: result.run, at: result.at, results: [] };
    row.results.push(result);
    runs.set(result.run, row);
  }
  return [...runs.values()].reverse();
}

const way = ["log bronze", "bronze silver", "store silver", "silver gold"];

// Balances in the order in which events come by.
function alongTheWay(names: string[]): string[] {
  const at = (name: string) => way.indexOf(edgeOfBalance(name)?.join(" ") ?? "");
  return [...names].sort((one, other) => at(one) - at(other) || one.localeCompare(other));
}

const historyMax = 200; // results

function BookHistory() {
  const { list } = usePages<QualityResult, Page<QualityResult>>(
    "/ops/quality",
    { kind: "balance" },
    { keyOf: (one) => `${one.run} ${one.name}`, live: true },
  );
  const runs = byRun((list?.items ?? []).slice(0, historyMax));
  const names = alongTheWay([...new Set(runs.flatMap(({ results }) => results.map(({ name }) => name)))]);
  if (names.length === 0) return null;
  return (
    <section class="panel" aria-label="Reconciliation">
      <h2 id="books-title">Reconciliation, run by run</h2>
      <div class="grid-room" tabIndex={0} role="region" aria-label="Reconciliation, run by run">
        <table class="run-grid">
          <caption class="heard">Balances by run, the newest last</caption>
          <thead>
            <tr>
              <th scope="col">
                <span class="heard">Balance</span>
              </th>
              {runs.map(({ run, at }) => (
                <th key={run} scope="col" title={instant(at)}>
                  <span class="heard">{instant(at)}</span>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {names.map((name) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                {runs.map(({ run, at, results }) => {
                  const one = results.find((result) => result.name === name);
                  const state = !one ? "" : one.left === null ? "skipped" : one.holds ? "success" : "failed";
                  const word = { "": "not drawn up", skipped: "not known yet", success: "holds", failed: "broken" }[
                    state
                  ];
                  return (
                    <td
                      key={run}
                      title={`${instant(at)}: ${word}${one && !one.holds ? `, off by ${one.difference}` : ""}`}
                    >
                      {state && <Mark state={state} size={18} />}
                      <span class="heard">{word}</span>
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

export function Quality() {
  const { query } = place.value;
  const kind = kinds.find(({ value }) => value === query.get("kind"))?.value ?? "all";
  const broken = query.get("broken") === "true";
  const paged = usePages<QualityResult, Page<QualityResult>>(
    "/ops/quality",
    { kind, broken: broken || null },
    { keyOf: (one) => `${one.run} ${one.kind} ${one.model} ${one.name}`, live: true },
  );
  const { list, error } = paged;
  const filtered = broken || kind !== "all";
  return (
    <>
      <BookHistory />
      <section class="list" aria-label="Results">
        <div class="filters">
          <Segments
            label="Kind"
            value={kind}
            options={kinds}
            onChange={(next) => setQuery({ kind: next === "all" ? null : next })}
          />
          <label class="check">
            <input
              type="checkbox"
              checked={broken}
              onChange={(event) => setQuery({ broken: event.currentTarget.checked ? "true" : null })}
            />
            Only what is broken
          </label>
        </div>
        {error && list && <Stale onRetry={paged.reload}>This list may be out of date: {error.message}</Stale>}
        {error && !list ? (
          <ErrorState error={error} what="the checks" onRetry={paged.reload} />
        ) : list?.total === 0 ? (
          filtered ? (
            <FilteredEmpty
              title={broken ? "Nothing is broken" : "No result of this kind"}
              onClear={() => setQuery({ kind: null, broken: null })}
            />
          ) : (
            <Empty title="Nothing was checked yet: each run checks its tables" command="millrace runs trigger" />
          )
        ) : (
          <>
            <Table
              caption="Results of checks"
              columns={columns}
              rows={list?.items}
              rowKey={(one) => `${one.run} ${one.kind} ${one.model} ${one.name}`}
            />
            {list && (
              <ListFoot
                shown={list.items.length}
                total={list.total}
                what="results"
                busy={paged.loadingMore}
                onMore={paged.more}
              >
                {list.items.some(({ holds }) => !holds) && (
                  <>, {count(list.items.filter(({ holds }) => !holds).length)} of those shown are broken</>
                )}
              </ListFoot>
            )}
          </>
        )}
      </section>
    </>
  );
}
