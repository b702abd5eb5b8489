// Runs of the pipeline as a grid, task by run, and as a list; beside it the run that is open.
import type { TargetedKeyboardEvent } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Run } from "../../api/operations";
import type { Page } from "../../api/types";
import { duration, instant, msBetween } from "../../lib/format";
import { usePages } from "../../lib/pages";
import { useRepeat } from "../../lib/polled";
import { navigate, place, setQuery, withQuery } from "../../lib/router";
import { role } from "../../state/session";
import { Icon } from "../../ui/icon";
import { PagedTable } from "../../ui/paged-table";
import { Empty, FilteredEmpty } from "../../ui/states";
import type { Column } from "../../ui/table";
import { useBeside } from "./beside";
import { legend, lookOf, Mark, MarkWord } from "./mark";
import { RunPanel } from "./run";
import { TriggerDialog } from "./trigger";

const busyPause = 1500; // ms between looks while a run is under way
const idlePause = 10_000;

export const kindWords: Record<Run["kind"], string> = {
  scheduled: "by schedule",
  manual: "by hand",
  continuous: "continuous",
  backfill: "backfill",
};

const targetWords: Record<string, string> = { all: "silver and gold", silver: "silver", gold: "gold" };

export function isActive(run: { state: string }): boolean {
  return run.state === "running" || run.state === "queued";
}

export function took(run: { started_at: string | null; ended_at: string | null }): string {
  const ms = msBetween(run.started_at, run.ended_at);
  return ms === null ? "–" : duration(ms);
}

export function beganAt(run: Run): string {
  const at = run.started_at ?? run.created_at;
  return at ? instant(at) : "–";
}

export function aboutRun(run: Run): string {
  return `${targetWords[run.target] ?? run.target}${run.full_refresh ? ", full refresh" : ""}`;
}

const columns: Column<Run>[] = [
  { key: "began", label: "Began", width: 10, cell: (run) => <span class="nowrap">{beganAt(run)}</span> },
  { key: "state", label: "State", width: 8, cell: (run) => <MarkWord state={run.state} /> },
  {
    key: "kind",
    label: "Started",
    narrow: "hide",
    width: 8,
    cell: (run) => <span class="nowrap">{kindWords[run.kind] ?? run.kind}</span>,
  },
  {
    key: "target",
    label: "Makes",
    narrow: "hide",
    width: 12,
    cell: (run) => <span class="nowrap">{aboutRun(run)}</span>,
  },
  { key: "took", label: "Took", figure: true, width: 6, cell: took },
  { key: "reason", label: "Why", wide: true, narrow: "hide", width: 30, cell: (run) => run.reason ?? "" },
];

const home = "/operations/runs";
const barMax = 48; // px

function taskNames(runs: Run[]): string[] {
  const names = new Set<string>();
  for (const run of runs) for (const task of run.tasks) names.add(task.name);
  return [...names];
}

// Arrows move among the runs of the grid and their tasks, over cells in which there is nothing to open.
function moveInGrid(event: TargetedKeyboardEvent<HTMLTableElement>): void {
  const { rows } = event.currentTarget;
  const from = (event.target as Element).closest<HTMLTableCellElement>("th, td");
  const row = from?.closest("tr");
  if (!from || !row) return;
  const { rowIndex: at } = row;
  const moves: Record<string, [row: number, cell: number, down: number, right: number]> = {
    ArrowRight: [at, from.cellIndex + 1, 0, 1],
    ArrowLeft: [at, from.cellIndex - 1, 0, -1],
    ArrowDown: [at + 1, from.cellIndex, 1, 0],
    ArrowUp: [at - 1, from.cellIndex, -1, 0],
    Home: [at, 0, 0, 1],
    End: [at, row.cells.length - 1, 0, -1],
  };
  const move = moves[event.key];
  if (!move) return;
  event.preventDefault();
  let [down, right] = move;
  while (rows[down]?.cells[right] && !rows[down]?.cells[right]?.querySelector("a")) {
    down += move[2];
    right += move[3];
  }
  rows[down]?.cells[right]?.querySelector("a")?.focus();
}

// The run with what this task logged.
function logOf(run: Run, task: string): string {
  return withQuery({ path: `${home}/${run.id}`, query: place.value.query }, { task, show: "log" });
}

function Grid({ runs, open, addressOf }: { runs: Run[]; open: string | null; addressOf: (id: string) => string }) {
  const room = useRef<HTMLDivElement>(null);
  const shown = [...runs].reverse(); // time goes to the right
  const newest = shown.at(-1)?.id;
  useLayoutEffect(() => {
    if (room.current) room.current.scrollLeft = room.current.scrollWidth;
  }, [newest, open === null]);
  const longest = Math.max(1, ...shown.map((run) => msBetween(run.started_at, run.ended_at) ?? 0));
  const barOf = (run: Run) =>
    Math.max(4, Math.round((Math.sqrt(msBetween(run.started_at, run.ended_at) ?? 0) / Math.sqrt(longest)) * barMax));
  return (
    <div class="grid-room" ref={room}>
      <table class="run-grid" onKeyDown={moveInGrid}>
        <caption class="heard">Tasks by run, the newest run last</caption>
        <thead>
          <tr>
            <th scope="col">
              <span class="heard">Task</span>
            </th>
            {shown.map((run) => (
              <th key={run.id} scope="col" class={run.id === open ? "current" : undefined}>
                <a
                  href={addressOf(run.id)}
                  tabIndex={run.id === (open ?? newest) ? 0 : -1}
                  title={`${beganAt(run)}: ${lookOf(run.state).word}, took ${took(run)}`}
                  aria-label={`Run of ${beganAt(run)}, ${kindWords[run.kind] ?? run.kind}: ${lookOf(run.state).word}`}
                  aria-current={run.id === open ? "true" : undefined}
                >
                  <span class={`run-bar ${lookOf(run.state).tone}`} style={{ height: `${barOf(run)}px` }} />
                </a>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          <tr>
            <th scope="row">run</th>
            {shown.map((run) => (
              <td key={run.id} class={run.id === open ? "current" : undefined} title={lookOf(run.state).word}>
                <Mark state={run.state} size={18} />
                <span class="heard">{lookOf(run.state).word}</span>
              </td>
            ))}
          </tr>
          {taskNames(shown).map((name) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              {shown.map((run) => {
                const task = run.tasks.find((one) => one.name === name);
                const word = task ? lookOf(task.state).word : "not part of it";
                return (
                  <td
                    key={run.id}
                    class={run.id === open ? "current" : undefined}
                    title={`${word}${task?.reason ? `: ${task.reason}` : ""}`}
                  >
                    {task ? (
                      <a
                        href={logOf(run, name)}
                        tabIndex={-1}
                        aria-label={`Log of ${name} in the run of ${beganAt(run)}: ${word}`}
                      >
                        <Mark state={task.state} size={18} />
                      </a>
                    ) : (
                      <span class="heard">{word}</span>
                    )}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Legend() {
  return (
    <ul class="legend small" aria-label="What the marks mean">
      {legend.map((state) => (
        <li key={state}>
          <MarkWord state={state} />
        </li>
      ))}
    </ul>
  );
}

export function Runs({ open }: { open: string | null }) {
  const state = place.value.query.get("state") ?? "";
  const paged = usePages<Run, Page<Run>>("/ops/runs", { state }, { keyOf: (run) => run.id });
  const { list } = paged;
  const { addressOf, close } = useBeside(home, open);
  const [triggering, setTriggering] = useState(false);
  const active = list?.items.some(isActive) ?? false;
  useRepeat(
    paged.reload,
    active ? busyPause : idlePause,
    list !== undefined && !paged.refreshing && !paged.loadingMore,
  );
  const operator = role.value === "operator";
  return (
    <div class={open ? "beside open" : "beside"}>
      <section class="list" aria-label="Runs">
        <div class="filters">
          <label class="pick">
            <span class="heard">State</span>
            <select
              class="select"
              value={state}
              onChange={(event) => setQuery({ state: event.currentTarget.value || null })}
            >
              <option value="">All runs</option>
              {["running", "queued", "success", "failed", "skipped", "cancelled", "timed_out"].map((one) => (
                <option key={one} value={one}>
                  {lookOf(one).word}
                </option>
              ))}
            </select>
          </label>
          {operator && (
            <span class="end">
              <button type="button" class="button main" onClick={() => setTriggering(true)}>
                <Icon name="right" /> Start a run…
              </button>
            </span>
          )}
        </div>
        <PagedTable
          paged={paged}
          what={["run", "runs"]}
          nothing={
            state ? (
              <FilteredEmpty title="No run is in this state" onClear={() => setQuery({ state: null })} />
            ) : (
              <Empty
                title="No run yet: the schedule or a first one by hand will make silver and gold"
                command="millrace runs trigger"
              />
            )
          }
          above={
            <>
              {list && <Grid runs={list.items} open={open} addressOf={addressOf} />}
              <Legend />
            </>
          }
          caption="Runs"
          columns={columns}
          rowKey={(run) => run.id}
          href={(run) => addressOf(run.id)}
          selected={open}
        />
      </section>
      {open && <RunPanel key={open} id={open} onClose={close} onChanged={paged.reload} />}
      {triggering && (
        <TriggerDialog
          onClose={() => setTriggering(false)}
          onStarted={(run) => {
            setTriggering(false);
            paged.reload();
            navigate(`${home}/${run.id}`);
          }}
        />
      )}
    </div>
  );
}
