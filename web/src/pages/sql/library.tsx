// Beside the editor: the schema, examples, saved queries, and what was asked before.
import { useState } from "preact/hooks";
import type { SavedQuery, Schema, SqlRun, SqlSource } from "../../api/operations";
import { count, duration, instant } from "../../lib/format";
import type { Resource } from "../../lib/resource";
import { Icon } from "../../ui/icon";
import { Loaded, Skeleton } from "../../ui/states";
import { Tabs } from "../../ui/tabs";
import { examplesOf } from "./examples";
import { RemoveDialog } from "./saved";
import { SchemaTree } from "./schema-tree";

interface Props {
  source: SqlSource;
  schema: Resource<Schema>;
  saved: Resource<{ items: SavedQuery[] }>;
  history: Resource<{ items: SqlRun[] }>;
  onInsert: (text: string) => void;
  onOpen: (query: { source: SqlSource; sql: string }, saved: SavedQuery | null) => void;
}

type Side = "schema" | "examples" | "saved" | "history";

const sides: { value: Side; label: string }[] = [
  { value: "schema", label: "Tables" },
  { value: "examples", label: "Examples" },
  { value: "saved", label: "Saved" },
  { value: "history", label: "History" },
];

const skeleton = (
  <p>
    <Skeleton width={24} />
  </p>
);

function Examples({ schema, onOpen }: Pick<Props, "schema" | "onOpen">) {
  return (
    <Loaded of={schema} what="the examples" skeleton={skeleton}>
      {({ sources }) => (
        <ul class="queries">
          {examplesOf(sources.find(({ source }) => source === "lake")?.tables ?? []).map((example) => (
            <li key={example.name}>
              <button type="button" class="query" onClick={() => onOpen(example, null)}>
                {example.name}
                <span class="small quiet">{example.about}</span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </Loaded>
  );
}

function Saved({ saved, onOpen }: Pick<Props, "saved" | "onOpen">) {
  const [removing, setRemoving] = useState<SavedQuery | null>(null);
  return (
    <Loaded of={saved} what="your saved queries" skeleton={skeleton}>
      {({ items }) => (
        <>
          {items.length === 0 && <p class="small quiet">You have saved no query yet.</p>}
          <ul class="queries">
            {items.map((query) => (
              <li key={query.id} class="with-end">
                <button type="button" class="query" onClick={() => onOpen(query, query)}>
                  {query.name}
                  <span class="small quiet clip">{query.sql.replace(/\s+/g, " ")}</span>
                </button>
                <button
                  type="button"
                  class="button bare"
                  aria-label={`Remove ${query.name}`}
                  title="Remove"
                  onClick={() => setRemoving(query)}
                >
                  <Icon name="close" />
                </button>
              </li>
            ))}
          </ul>
          {removing && (
            <RemoveDialog
              query={removing}
              onClose={() => setRemoving(null)}
              onRemoved={() => {
                setRemoving(null);
                saved.reload();
              }}
            />
          )}
        </>
      )}
    </Loaded>
  );
}

function outcome(run: SqlRun): string {
  if (run.error) return `failed: ${run.error}`;
  const rows = run.rows === null ? "" : `${count(run.rows)} ${run.rows === 1 ? "row" : "rows"}`;
  return [rows, run.ms === null ? "" : duration(run.ms)].filter(Boolean).join(", ");
}

function History({ history, onOpen }: Pick<Props, "history" | "onOpen">) {
  return (
    <Loaded of={history} what="what you asked before" skeleton={skeleton}>
      {({ items }) => (
        <>
          {items.length === 0 && <p class="small quiet">What you ask will stand here.</p>}
          <ul class="queries">
            {items.map((run) => (
              <li key={`${run.at} ${run.sql}`}>
                <button type="button" class="query" onClick={() => onOpen(run, null)}>
                  <code class="clip">{run.sql.replace(/\s+/g, " ")}</code>
                  <span class={run.error ? "small problem clip" : "small quiet"}>
                    {instant(run.at)} · {run.source} · {outcome(run)}
                  </span>
                </button>
              </li>
            ))}
          </ul>
        </>
      )}
    </Loaded>
  );
}

export function Library(props: Props) {
  const [side, setSide] = useState<Side>("schema");
  const { schema, source, onInsert } = props;
  return (
    <aside class="library" aria-label="What can be asked">
      <Tabs label="What can be asked" value={side} tabs={sides} onChange={setSide}>
        <div class="library-body">
          {side === "schema" && (
            <Loaded of={schema} what="the tables" skeleton={skeleton}>
              {({ sources }) => (
                <SchemaTree
                  key={source}
                  tables={sources.find((one) => one.source === source)?.tables ?? []}
                  onInsert={onInsert}
                />
              )}
            </Loaded>
          )}
          {side === "examples" && <Examples {...props} />}
          {side === "saved" && <Saved {...props} />}
          {side === "history" && <History {...props} />}
        </div>
      </Tabs>
    </aside>
  );
}
