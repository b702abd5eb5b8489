// What a task did: each table with rows, files and seconds, its checks, and the books at its end.
import { useEffect, useState } from "preact/hooks";
import { type ApiError, getText } from "../../api/client";
import type { ModelReport, RunTask, TaskReport } from "../../api/operations";
import { bytes, count, duration, plural } from "../../lib/format";
import { asApiError } from "../../lib/resource";
import { ErrorState, Skeleton } from "../../ui/states";
import { type Column, Table } from "../../ui/table";
import { asBalances, Balances } from "./balances";
import { Mark } from "./mark";

// The figures of its balances are JSON numbers with more digits than a double keeps: read as text.
export function readReport(json: string): TaskReport {
  return JSON.parse(json.replace(/("(?:left|right|difference)":\s*)(-?\d[\d.]*)/g, '$1"$2"')) as TaskReport;
}

const states: Record<string, { mark: string; word: string }> = {
  done: { mark: "success", word: "done" },
  skipped: { mark: "skipped", word: "nothing to do" },
  failed: { mark: "failed", word: "failed" },
  blocked: { mark: "upstream_failed", word: "blocked" },
};

function addressOf(model: string): string {
  const [layer, table] = model.split(".");
  return `/operations/lake/${layer}/${table}`;
}

function Checks({ checks }: Pick<ModelReport, "checks">) {
  const broken = checks.filter(({ rows }) => rows > 0);
  if (broken.length === 0) return null;
  return (
    <ul class="small checks">
      {broken.map((check) => (
        <li key={check.check} class="problem">
          {check.check}: {plural(check.rows, "row")}
          {check.sample && `, like ${check.sample}`}
        </li>
      ))}
    </ul>
  );
}

const columns: Column<ModelReport>[] = [
  {
    key: "model",
    label: "Table",
    cell: (one) => (
      <>
        <span class="mark-word">
          <Mark state={states[one.state]?.mark ?? one.state} />
          {"\u00a0"}
          <a href={addressOf(one.model)}>{one.model}</a>
        </span>
        <span class="heard">, {states[one.state]?.word ?? one.state}</span>
        {one.full && <span class="small quiet"> made anew</span>}
        {one.message && <span class="note small quiet">{one.message}</span>}
        <Checks checks={one.checks} />
      </>
    ),
  },
  { key: "new", label: "New", figure: true, cell: (one) => count(one.rows_new) },
  { key: "changed", label: "Changed", figure: true, narrow: "hide", cell: (one) => count(one.rows_changed) },
  { key: "rows", label: "Rows", figure: true, narrow: "hide", cell: (one) => count(one.rows) },
  {
    key: "files",
    label: "Files",
    figure: true,
    narrow: "hide",
    cell: (one) => (
      <span title={`${bytes(one.bytes_added)} written`}>
        +{count(one.files_added)} {"\u2212"}
        {count(one.files_removed)}
      </span>
    ),
  },
  { key: "seconds", label: "Took", figure: true, cell: (one) => duration(one.seconds * 1000) },
];

function summary(report: TaskReport): string {
  const parts = [
    `${count(report.done)} done`,
    report.skipped > 0 ? `${count(report.skipped)} with nothing to do` : "",
    report.failed > 0 ? `${count(report.failed)} failed` : "",
    report.blocked > 0 ? `${count(report.blocked)} blocked` : "",
  ];
  const checks = report.models.reduce((sum, model) => sum + model.checks.length, 0);
  return `${parts.filter(Boolean).join(", ")} in ${duration(report.seconds * 1000)}; ${plural(checks, "check")}`;
}

export function Report({ run, task }: { run: string; task: RunTask }) {
  const [report, setReport] = useState<TaskReport | null>();
  const [error, setError] = useState<ApiError | null>(null);
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    const abort = new AbortController();
    const path = `/ops/runs/${encodeURIComponent(run)}/tasks/${encodeURIComponent(task.name)}/report`;
    getText(path, {}, abort.signal).then(
      (text) => {
        setReport(readReport(text));
        setError(null);
      },
      (problem) => {
        if (abort.signal.aborted) return;
        const failure = asApiError(problem);
        if (failure.status === 404) setReport(null);
        else setError(failure);
      },
    );
    return () => abort.abort();
  }, [run, task.name, turn]);
  if (error) return <ErrorState error={error} what="the report" onRetry={() => setTurn(turn + 1)} />;
  if (report === undefined) return <Skeleton width={40} />;
  if (report === null) {
    return (
      <p class="quiet">
        {task.ended_at
          ? "This task has no report: it makes no table, or ended before one."
          : "The report comes at the end of the task."}
      </p>
    );
  }
  return (
    <>
      <p class="small quiet">{summary(report)}</p>
      <Table caption={`Tables of ${task.name}`} columns={columns} rows={report.models} rowKey={(one) => one.model} />
      {report.reconciliation && (
        <>
          <h3>The books at its end</h3>
          <Balances balances={asBalances(report.reconciliation.balances)} caption={`Balances after ${task.name}`} />
        </>
      )}
    </>
  );
}
