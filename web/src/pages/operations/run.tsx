// One run: its tasks against the clock, and of the chosen task its report or its log.
import { useState } from "preact/hooks";
import type { Run, RunTask } from "../../api/operations";
import { duration, instant, msBetween } from "../../lib/format";
import { usePolled } from "../../lib/polled";
import { place, setQuery } from "../../lib/router";
import { role } from "../../state/session";
import { Segments } from "../../ui/controls";
import { Loaded, Skeleton } from "../../ui/states";
import { BesidePanel } from "./beside";
import { lookOf, Mark, MarkWord } from "./mark";
import { Log } from "./run-log";
import { Report } from "./run-report";
import { aboutRun, beganAt, isActive, kindWords, took } from "./runs";
import { CancelDialog } from "./trigger";

const busyPause = 1000; // ms

function Facts({ run }: { run: Run }) {
  const facts: [string, string | null][] = [
    ["Started", `${kindWords[run.kind] ?? run.kind}${run.date ? `, for ${run.date}` : ""}`],
    ["Makes", aboutRun(run)],
    ["Due", run.due_at && instant(run.due_at)],
    ["Asked for", run.created_at && instant(run.created_at)],
    ["Began", run.started_at && instant(run.started_at)],
    ["Took", run.started_at ? took(run) : null],
    ["Why", run.reason],
  ];
  return (
    <dl class="facts">
      <dt>State</dt>
      <dd>
        <MarkWord state={run.state} />
        {run.cancel_asked && isActive(run) && <span class="quiet"> (asked to end)</span>}
      </dd>
      {facts
        .filter(([, value]) => value)
        .map(([name, value]) => (
          <>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </>
        ))}
    </dl>
  );
}

// Where a task's bar lies on the run's clock, in hundredths.
function barOf(run: Run, task: RunTask, now: string): { left: number; width: number } | null {
  const whole = msBetween(run.started_at, run.ended_at ?? now);
  const from = msBetween(run.started_at, task.started_at);
  const length = msBetween(task.started_at, task.ended_at ?? now);
  if (whole === null || from === null || length === null || whole <= 0) return null;
  const left = Math.min(99, Math.max(0, (from / whole) * 100));
  return { left, width: Math.max(1, Math.min(100 - left, (length / whole) * 100)) };
}

function Tasks({ run, chosen, choose }: { run: Run; chosen: string | null; choose: (name: string) => void }) {
  const now = new Date().toISOString();
  return (
    <ul class="tasks" aria-label="Tasks">
      {run.tasks.map((task) => {
        const bar = barOf(run, task, now);
        const ms = msBetween(task.started_at, task.ended_at);
        return (
          <li key={task.name}>
            <button
              type="button"
              class={task.name === chosen ? "task current" : "task"}
              aria-pressed={task.name === chosen}
              onClick={() => choose(task.name)}
            >
              <span class="task-name">
                <Mark state={task.state} /> {task.name}
                <span class="heard">, {lookOf(task.state).word}</span>
              </span>
              <span class="clock" aria-hidden="true">
                {bar && (
                  <span
                    class={`run-bar ${lookOf(task.state).tone}`}
                    style={{ insetInlineStart: `${bar.left}%`, inlineSize: `${bar.width}%` }}
                  />
                )}
              </span>
              <span class="figure small">{ms === null ? lookOf(task.state).word : duration(ms)}</span>
            </button>
            {(task.reason || task.attempts > 1) && (
              <p class="small quiet task-note">
                {task.attempts > 1 && `Attempt ${task.attempts}. `}
                {task.reason}
                {task.next_attempt_at && ` Next attempt ${instant(task.next_attempt_at)}.`}
                {task.exit_status ? ` It ended with status ${task.exit_status}.` : ""}
              </p>
            )}
          </li>
        );
      })}
    </ul>
  );
}

type Side = "report" | "log";

function TaskView({ run, task }: { run: Run; task: RunTask }) {
  const side: Side = place.value.query.get("show") === "log" ? "log" : "report";
  return (
    <section class="list" aria-label={`Task ${task.name}`}>
      <header class="panel-head">
        <h3>{task.name}</h3>
        <div class="panel-actions">
          <Segments
            label="Of this task"
            value={side}
            options={[
              { value: "report", label: "Report" },
              { value: "log", label: "Log" },
            ]}
            onChange={(show) => setQuery({ show: show === "report" ? null : show })}
          />
        </div>
      </header>
      {side === "log" ? (
        <Log key={task.name} run={run.id} task={task.name} follows={isActive(run)} />
      ) : (
        <Report key={`${task.name} ${task.ended_at}`} run={run.id} task={task} />
      )}
    </section>
  );
}

function Body({ run, onChanged }: { run: Run; onChanged: () => void }) {
  const [cancelling, setCancelling] = useState(false);
  const wanted = place.value.query.get("task");
  // The one asked for, else the one that runs or failed, else the last that did something.
  const chosen =
    run.tasks.find((task) => task.name === wanted) ??
    run.tasks.find((task) => /^(running|failed|timed.out|retrying)$/.test(task.state)) ??
    [...run.tasks].reverse().find((task) => task.state === "success") ??
    run.tasks[0];
  return (
    <div class="order-body">
      <Facts run={run} />
      {role.value === "operator" && isActive(run) && !run.cancel_asked && (
        <p>
          <button type="button" class="button" onClick={() => setCancelling(true)}>
            Cancel…
          </button>
        </p>
      )}
      <Tasks run={run} chosen={chosen?.name ?? null} choose={(task) => setQuery({ task })} />
      {chosen && <TaskView run={run} task={chosen} />}
      {cancelling && (
        <CancelDialog
          run={run}
          onClose={() => setCancelling(false)}
          onDone={() => {
            setCancelling(false);
            onChanged();
          }}
        />
      )}
    </div>
  );
}

export function RunPanel({ id, onClose, onChanged }: { id: string; onClose: () => void; onChanged: () => void }) {
  const [ended, setEnded] = useState(false);
  const run = usePolled<Run>(`/ops/runs/${encodeURIComponent(id)}`, ended ? 0 : busyPause, { keepFormer: false });
  if (run.data && !isActive(run.data) !== ended) setEnded(!isActive(run.data));
  const title = run.data ? `Run of ${beganAt(run.data)}` : "Run";
  return (
    <BesidePanel title={title} label="this run" opened={id} onClose={onClose}>
      <Loaded
        of={run}
        what="this run"
        missing="This run is no longer in the history"
        skeleton={<Skeleton width={36} />}
      >
        {(known) => (
          <Body
            run={known}
            onChanged={() => {
              run.reload();
              onChanged();
            }}
          />
        )}
      </Loaded>
    </BesidePanel>
  );
}
