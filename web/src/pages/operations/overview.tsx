// How the platform is: what is wrong, each role, the way of an event with the books on it, topics with lag.
import { useState } from "preact/hooks";
import type { GroupState, RoleState, Status, TopicState } from "../../api/operations";
import { bytes, count, duration, exactMoney, instant, msBetween } from "../../lib/format";
import { usePolled } from "../../lib/polled";
import { AsOf } from "../../ui/as-of";
import { Icon } from "../../ui/icon";
import { Loaded, Skeleton } from "../../ui/states";
import { type Column, Table } from "../../ui/table";
import { Balances } from "./balances";
import { drawFlow, edgeSentence, type FlowEdge, rate } from "./flow";
import { FlowView } from "./flow-picture";
import { headline, type Problem, problemsOf } from "./problems";

const pause = 2000; // ms between looks

function ProblemList({ problems }: { problems: Problem[] }) {
  return (
    <section class="problems" aria-label="What needs attention">
      <h2 class={problems.some(({ grave }) => grave) ? "verdict bad" : "verdict good"}>
        <Icon name={problems.some(({ grave }) => grave) ? "warning" : "check"} /> {headline(problems)}
      </h2>
      {problems.length > 0 && (
        <ul>
          {problems.map((one) => (
            <li key={one.key} class={one.grave ? "grave" : undefined}>
              <p>{one.text}</p>
              <p class="small quiet">
                {one.way} {one.href && <a href={one.href}>{one.hrefLabel}</a>}{" "}
                {one.command && <code class="command">{one.command}</code>}
              </p>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function RoleCard({ state, at }: { state: RoleState; at: string }) {
  const up = msBetween(state.started_at, at);
  const facts: [string, string][] = [
    ["Events", count(state.events)],
    ["Memory", bytes(state.memory_bytes)],
    ["CPU", duration(state.cpu_seconds * 1000)],
    ["Errors", count(state.errors)],
    ...(state.restarts ? [["Restarts", count(state.restarts)] as [string, string]] : []),
  ];
  return (
    <li class={state.alive ? "role" : "role stopped"} aria-label={state.role}>
      <h3>
        <span class="lamp" aria-hidden="true" /> {state.role}
        <span class="small quiet">
          {state.alive ? (up === null ? "runs" : `up for ${duration(up)}`) : "does not run"}
        </span>
      </h3>
      <p class="tile-value">{rate(state.rate)}</p>
      <dl class="role-facts small">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <p class="small quiet clip" title={state.last_error ?? undefined}>
        {state.last_error
          ? `Last error${state.last_error_at ? `, ${instant(state.last_error_at)}` : ""}: ${state.last_error}`
          : `No error${state.address ? ` · ${state.address}` : ""}`}
      </p>
    </li>
  );
}

const roleOrder = ["gateway", "processor", "scheduler", "web", "up"];

function Roles({ status }: { status: Status }) {
  const place = (role: string) => (roleOrder.indexOf(role) + roleOrder.length) % roleOrder.length;
  const roles = [...status.roles].sort((one, other) => place(one.role) - place(other.role));
  return (
    <section id="roles" class="panel" aria-label="Roles">
      <header class="panel-head">
        <h2>Roles</h2>
        <span class="small quiet">{nextRun(status)}</span>
      </header>
      {roles.length > 0 ? (
        <ul class="roles">
          {roles.map((state) => (
            <RoleCard key={`${state.role} ${state.pid}`} state={state} at={status.taken_at} />
          ))}
        </ul>
      ) : (
        <p class="quiet">
          Nothing runs on this data folder. <code class="command">millrace up --detach</code>
        </p>
      )}
    </section>
  );
}

function nextRun({ schedule }: Status): string {
  if (!schedule.next_run_at) return "No run is planned";
  return `Next run ${schedule.text || instant(schedule.next_run_at)}`;
}

const edgeColumns: Column<FlowEdge>[] = [
  { key: "from", label: "From", cell: (edge) => edge.from },
  { key: "to", label: "To", cell: (edge) => edge.to },
  { key: "name", label: "What", cell: (edge) => edge.name },
  { key: "count", label: "Events", figure: true, cell: (edge) => (edge.count === null ? "–" : count(edge.count)) },
  { key: "behind", label: "Behind", figure: true, cell: (edge) => (edge.behind === null ? "–" : count(edge.behind)) },
];

function Flow({ status }: { status: Status }) {
  const [asTable, setAsTable] = useState(false);
  return (
    <section class="panel" aria-labelledby="flow-title">
      <header class="panel-head">
        <h2 id="flow-title">The path of an event</h2>
        <div class="panel-actions">
          <button
            type="button"
            class="button bare"
            aria-pressed={asTable}
            aria-label="The path of an event as a table"
            title="As a table"
            onClick={() => setAsTable(!asTable)}
          >
            <Icon name={asTable ? "chart" : "table"} />
          </button>
        </div>
      </header>
      {asTable ? (
        <Table
          caption="The path of an event"
          columns={edgeColumns}
          rows={drawFlow(status, 0).edges}
          rowKey={edgeSentence}
        />
      ) : (
        <FlowView status={status} />
      )}
    </section>
  );
}

function Books({ status }: { status: Status }) {
  const books = status.reconciliation;
  if (!books || books.balances.length === 0) {
    return (
      <section class="panel" id="books" aria-label="Reconciliation">
        <h2>Reconciliation</h2>
        <p class="quiet">
          The books are drawn up by each run of the pipeline: none has been yet.{" "}
          <a href="/operations/runs">Start one</a>
        </p>
      </section>
    );
  }
  const versions = [
    ["bronze", books.bronze_version],
    ["silver", books.silver_version],
    ["gold", books.gold_version],
  ]
    .filter(([, version]) => version !== null)
    .map(([name, version]) => `${name} ${version}`);
  return (
    <section class="panel" id="books" aria-label="Reconciliation">
      <header class="panel-head">
        <h2>Reconciliation</h2>
        <span class="small quiet">
          {books.at ? `drawn up ${instant(books.at)}` : ""}{" "}
          {versions.length > 0 && `at versions ${versions.join(", ")}`}
        </span>
      </header>
      <Balances balances={books.balances} caption="Balances" />
    </section>
  );
}

interface TopicRow extends TopicState {
  groups: GroupState[];
}

const topicColumns: Column<TopicRow>[] = [
  { key: "topic", label: "Topic", width: 18, cell: (row) => <span class="nowrap">{row.topic}</span> },
  { key: "partition", label: "Partition", figure: true, narrow: "hide", width: 3, cell: (row) => row.partition },
  { key: "first", label: "First", figure: true, narrow: "hide", width: 6, cell: (row) => count(row.first_offset) },
  { key: "next", label: "Next", figure: true, width: 8, cell: (row) => count(row.next_offset) },
  { key: "bytes", label: "Size", figure: true, narrow: "hide", width: 6, cell: (row) => bytes(row.bytes) },
  {
    key: "groups",
    label: "Lag of its readers",
    width: 24,
    cell: (row) =>
      row.groups.length === 0 ? (
        <span class="quiet">nobody reads it</span>
      ) : (
        <span class="lags">
          {row.groups.map(({ group, lag, next_offset }) => (
            <span key={group} class={lag > 0 ? "lag late" : "lag"} title={`${group} is at ${count(next_offset)}`}>
              {group} <strong>{count(lag)}</strong>
            </span>
          ))}
        </span>
      ),
  },
];

function Topics({ status }: { status: Status }) {
  const rows = status.topics.map((topic) => ({
    ...topic,
    groups: status.groups.filter((group) => group.topic === topic.topic && group.partition === topic.partition),
  }));
  return (
    <section class="panel" id="topics" aria-label="Topics">
      <h2>Topics</h2>
      {rows.length > 0 ? (
        <Table
          caption="Topics with their offsets and the lag of their readers"
          columns={topicColumns}
          rows={rows}
          rowKey={(row) => `${row.topic} ${row.partition}`}
        />
      ) : (
        <p class="quiet">
          The log has no topic yet: the first event makes it.{" "}
          <code class="command">millrace generate | millrace post -</code>
        </p>
      )}
    </section>
  );
}

function StoreFigures({ status: { store } }: { status: Status }) {
  if (!store) return null;
  const facts: [string, string][] = [
    ["Lines", count(store.lines)],
    ["Invoices", count(store.invoices)],
    ["Cancelled", count(store.cancelled_invoices)],
    ["Customers", count(store.customers)],
    ["Products", count(store.products)],
    ["Sales", exactMoney(store.sales)],
    ["Returns", exactMoney(store.cancelled)],
  ];
  return (
    <section class="panel" aria-label="Store">
      <h2>Store</h2>
      <dl class="facts-row">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt class="small quiet">{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function OverviewSkeleton() {
  return (
    <div class="page">
      <p class="verdict">
        <Skeleton width={20} />
      </p>
      <ul class="roles">
        {["gateway", "processor", "scheduler", "up"].map((name) => (
          <li key={name} class="role">
            <h3>{name}</h3>
            <p class="tile-value">
              <Skeleton width={6} />
            </p>
            <p>
              <Skeleton width={18} />
            </p>
          </li>
        ))}
      </ul>
      <div class="flow" />
    </div>
  );
}

export function Overview() {
  const status = usePolled<Status>("/ops/status", pause);
  return (
    <Loaded of={status} what="the state of the platform" skeleton={<OverviewSkeleton />}>
      {(known) => (
        <>
          <div class="page-head">
            <ProblemList problems={problemsOf(known)} />
            <AsOf at={known.taken_at} />
          </div>
          <Roles status={known} />
          <Flow status={known} />
          <div class="two">
            <Books status={known} />
            <div class="page">
              <Topics status={known} />
              <StoreFigures status={known} />
            </div>
          </div>
        </>
      )}
    </Loaded>
  );
}
