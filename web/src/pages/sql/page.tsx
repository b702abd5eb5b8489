// Questions in SQL to the lake or the store: they only read. Ctrl Enter asks, Escape in the page stops.
import { useEffect, useRef, useState } from "preact/hooks";
import { type ApiError, call } from "../../api/client";
import type { SavedQuery, Schema, SqlResult, SqlRun, SqlSource } from "../../api/operations";
import { count, duration, plural } from "../../lib/format";
import { asApiError, useResource } from "../../lib/resource";
import { place } from "../../lib/router";
import { role } from "../../state/session";
import { Segments } from "../../ui/controls";
import { Icon } from "../../ui/icon";
import { SqlCsv } from "./csv-button";
import type { EditorHandle } from "./editor";
import { EditorBox } from "./editor-box";
import { Library } from "./library";
import { ResultChart } from "./result-chart";
import { ResultTable } from "./result-table";
import { SaveDialog } from "./saved";

const limits = [100, 1000, 10_000];
const draftKey = "millrace-sql";
const firstQuery = "SELECT * FROM gold.vw_TotalSales";

interface Asked {
  source: SqlSource;
  sql: string;
  from: number; // where it begins in the editor
}

type Answer =
  | { state: "none" }
  | { state: "running"; since: number }
  | { state: "done"; asked: Asked; result: SqlResult }
  | { state: "failed"; asked: Asked; error: ApiError }
  | { state: "stopped" };

// The query being written outlives a visit to another page; not the session of the browser.
function draft(): string {
  const wanted = place.peek().query.get("sql");
  if (wanted) return wanted;
  try {
    return sessionStorage.getItem(draftKey) ?? firstQuery;
  } catch {
    return firstQuery;
  }
}

function keepDraft(sql: string): void {
  try {
    sessionStorage.setItem(draftKey, sql);
  } catch {
    // then it is gone with the page
  }
}

// The character of the query that the engine points to.
function positionOf({ body }: ApiError): number | null {
  const position = typeof body === "object" && body !== null && "position" in body ? body.position : null;
  return typeof position === "number" ? position : null;
}

function useAsk(onEnd: () => void) {
  const [answer, setAnswer] = useState<Answer>({ state: "none" });
  const abort = useRef<AbortController | undefined>(undefined);
  useEffect(() => () => abort.current?.abort(), []);
  const ask = async (asked: Asked, limit: number) => {
    abort.current?.abort();
    const mine = new AbortController();
    abort.current = mine;
    setAnswer({ state: "running", since: Date.now() });
    try {
      const body = { source: asked.source, sql: asked.sql, limit };
      const result = await call<SqlResult>("/sql", { method: "POST", body, signal: mine.signal });
      setAnswer({ state: "done", asked, result });
    } catch (problem) {
      if (mine.signal.aborted) return;
      setAnswer({ state: "failed", asked, error: asApiError(problem) });
    }
    onEnd();
  };
  const stop = () => {
    abort.current?.abort();
    setAnswer({ state: "stopped" });
  };
  return { answer, ask, stop };
}

function Running({ since }: { since: number }) {
  const [now, setNow] = useState(since);
  useEffect(() => {
    const timer = window.setInterval(() => setNow(Date.now()), 100);
    return () => window.clearInterval(timer);
  }, [since]);
  return (
    <p class="quiet" role="status">
      Asking… <span aria-hidden="true">{duration(now - since)}</span>
    </p>
  );
}

function Failure({ error, sql }: { error: ApiError; sql: string }) {
  const position = positionOf(error);
  const before = position === null ? "" : sql.slice(0, position);
  const line = before.split("\n").length;
  return (
    <div class="failure" role="alert">
      <p>
        <Icon name="warning" /> {error.message}
      </p>
      {position !== null && (
        <p class="small">
          Line {line}, character {before.length - before.lastIndexOf("\n")}:{" "}
          <code>{sql.slice(position).split(/\s/)[0]}</code>
        </p>
      )}
      {error.requestId && <p class="small">For the log: {error.requestId}</p>}
    </div>
  );
}

type Show = "table" | "chart";

function Result({ asked, result }: { asked: Asked; result: SqlResult }) {
  const [show, setShow] = useState<Show>("table");
  const rows = result.rows.length;
  const words = result.truncated
    ? `First ${count(rows)} rows${result.rows_total === null ? "" : ` of ${count(result.rows_total)}`}`
    : plural(rows, "row");
  return (
    <section class="panel" aria-label="Answer">
      <header class="panel-head">
        <p role="status">
          <strong>{words}</strong> <span class="quiet">in {duration(result.ms)}</span>
        </p>
        <div class="panel-actions">
          <Segments
            label="Shown as"
            value={show}
            options={[
              { value: "table", label: "Table" },
              { value: "chart", label: "Chart" },
            ]}
            onChange={setShow}
          />
          <SqlCsv asked={asked} result={result} />
        </div>
      </header>
      {rows === 0 ? (
        <p class="quiet">
          No row answers this question. Its columns: {result.columns.map(({ name }) => name).join(", ")}
        </p>
      ) : show === "table" ? (
        <ResultTable result={result} />
      ) : (
        <ResultChart key={asked.sql} result={result} />
      )}
    </section>
  );
}

export default function Sql() {
  const [source, setSource] = useState<SqlSource>("lake");
  const [limit, setLimit] = useState(1000);
  const [begin] = useState(draft);
  const [text, setText] = useState(begin);
  const [saving, setSaving] = useState(false);
  const [opened, setOpened] = useState<SavedQuery | null>(null);
  const editor = useRef<EditorHandle | undefined>(undefined);
  const schema = useResource<Schema>("/sql/schema");
  const saved = useResource<{ items: SavedQuery[] }>("/sql/saved");
  const history = useResource<{ items: SqlRun[] }>("/sql/history?limit=100");
  const { answer, ask, stop } = useAsk(history.reload);
  const running = answer.state === "running";
  const sources = schema.data?.sources ?? [];
  const tables = sources.find((one) => one.source === source)?.tables ?? [];

  const change = (next: string) => {
    setText(next);
    keepDraft(next);
  };
  const run = () => {
    const whole = editor.current?.text() ?? text;
    const part = editor.current?.selected() ?? "";
    const sql = part.trim() === "" ? whole : part;
    if (sql.trim() === "") return;
    editor.current?.mark(null);
    void ask({ source, sql, from: part.trim() === "" ? 0 : whole.indexOf(part) }, limit);
  };
  useEffect(() => {
    if (answer.state !== "failed") return;
    const { error, asked } = answer;
    const position = positionOf(error);
    editor.current?.mark(position === null ? null : asked.from + position);
  }, [answer]);
  useEffect(() => {
    if (!running) return;
    const onKey = (event: KeyboardEvent) => {
      if (event.key === "Escape" && !document.querySelector("dialog[open]")) stop();
    };
    document.addEventListener("keydown", onKey, true);
    return () => document.removeEventListener("keydown", onKey, true);
  }, [running]);

  return (
    <div class="page sql">
      <header class="page-head">
        <h1>SQL</h1>
        <p class="quiet small">Questions only read. What stands in the lake is of the last run; the store is of now.</p>
      </header>
      <div class="sql-rooms">
        <Library
          source={source}
          schema={schema}
          saved={saved}
          history={history}
          onInsert={(name) => editor.current?.insert(name)}
          onOpen={(query, mine) => {
            setSource(query.source);
            editor.current?.setText(query.sql);
            setOpened(mine);
            editor.current?.focus();
          }}
        />
        <div class="ask">
          <div class="filters">
            {role.value === "operator" && (
              <Segments
                label="Asked of"
                value={source}
                options={[
                  { value: "lake", label: "Lake" },
                  { value: "store", label: "Store" },
                ]}
                onChange={setSource}
              />
            )}
            {opened && <span class="small quiet clip">{opened.name}</span>}
            <span class="end">
              <label class="pick">
                <span class="small quiet">At most </span>
                <select
                  class="select"
                  value={String(limit)}
                  onChange={(event) => setLimit(Number(event.currentTarget.value))}
                >
                  {limits.map((rows) => (
                    <option key={rows} value={String(rows)}>
                      {count(rows)} rows
                    </option>
                  ))}
                </select>
              </label>
            </span>
          </div>
          <EditorBox
            text={begin}
            tables={tables}
            onRun={run}
            onChange={change}
            onReady={(handle) => (editor.current = handle)}
          />
          <p class="panel-buttons">
            {running ? (
              <button type="button" class="button" title="Escape" onClick={stop}>
                <Icon name="close" /> Stop
              </button>
            ) : (
              <button type="button" class="button main" title="Ctrl Enter" onClick={run} disabled={text.trim() === ""}>
                <Icon name="right" /> Run
              </button>
            )}
            <button type="button" class="button" disabled={text.trim() === ""} onClick={() => setSaving(true)}>
              Save…
            </button>
            <span class="small quiet keys-hint">
              <kbd>Ctrl</kbd> <kbd>Enter</kbd> runs, <kbd>Ctrl</kbd> <kbd>Space</kbd> completes, <kbd>Esc</kbd> leaves
            </span>
          </p>
          {answer.state === "running" && <Running since={answer.since} />}
          {answer.state === "stopped" && (
            <p class="quiet" role="status">
              Stopped
            </p>
          )}
          {answer.state === "failed" && <Failure error={answer.error} sql={answer.asked.sql} />}
          {answer.state === "done" && <Result asked={answer.asked} result={answer.result} />}
          {answer.state === "none" && (
            <p class="quiet">Run the query, pick an example, or put a table’s name in by clicking it.</p>
          )}
        </div>
      </div>
      {saving && (
        <SaveDialog
          source={source}
          sql={text}
          known={opened}
          onClose={() => setSaving(false)}
          onSaved={(query) => {
            setSaving(false);
            setOpened(query);
            saved.reload();
          }}
        />
      )}
    </div>
  );
}
