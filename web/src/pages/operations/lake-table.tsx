// One table of the lake: what its columns mean, its versions, its files, the SQL that makes it.
import type { ComponentChildren } from "preact";
import { withSearch } from "../../api/client";
import type { LakeColumn, LakeFile, LakeTableShown, LakeVersion } from "../../api/operations";
import type { Page } from "../../api/types";
import { bytes, count, instant } from "../../lib/format";
import { usePages } from "../../lib/pages";
import { useResource } from "../../lib/resource";
import { place, setQuery } from "../../lib/router";
import { ListFoot } from "../../ui/list-foot";
import { ErrorState, Loaded, Skeleton } from "../../ui/states";
import { type Column, Table } from "../../ui/table";
import { Tabs } from "../../ui/tabs";
import { BesidePanel } from "./beside";
import { addressOfTable } from "./lake";

const columnColumns: Column<LakeColumn>[] = [
  {
    key: "name",
    label: "Column",
    cell: (one) => (
      <>
        <strong>{one.name}</strong>
        {one.partition && <span class="small quiet"> partition</span>}
        {one.description && <span class="note small quiet">{one.description}</span>}
      </>
    ),
  },
  {
    key: "type",
    label: "Type",
    cell: (one) => (
      <>
        <code>{one.type}</code>
        {one.nullable && <span class="note small quiet">may be null</span>}
      </>
    ),
  },
];

const known = (n: number | null) => (n === null ? "?" : count(n));

const signed = (added: number | null, removed: number | null) => (
  <span class="nowrap">
    +{known(added)} {"\u2212"}
    {known(removed)}
  </span>
);

const versionColumns: Column<LakeVersion>[] = [
  { key: "version", label: "Version", figure: true, cell: (one) => count(one.version) },
  { key: "at", label: "When", cell: (one) => (one.at ? instant(one.at) : "–") },
  { key: "operation", label: "What", cell: (one) => one.operation.toLowerCase() },
  { key: "rows", label: "Rows", figure: true, cell: (one) => signed(one.rows_added, one.rows_removed) },
  {
    key: "files",
    label: "Files",
    figure: true,
    narrow: "hide",
    cell: (one) => signed(one.files_added, one.files_removed),
  },
];

const fileColumns: Column<LakeFile>[] = [
  {
    key: "path",
    label: "File",
    cell: (one) => <code class="path">{one.path}</code>,
  },
  { key: "rows", label: "Rows", figure: true, cell: (one) => (one.rows === null ? "–" : count(one.rows)) },
  { key: "bytes", label: "Size", figure: true, cell: (one) => bytes(one.bytes) },
];

interface ListProps<Row> {
  path: string;
  what: string;
  columns: Column<Row>[];
  keyOf: (row: Row) => string;
}

function PagedTable<Row>({ path, what, columns, keyOf }: ListProps<Row>) {
  const { list, error, loadingMore, more, reload } = usePages<Row, Page<Row>>(path, {}, { keyOf });
  if (error && !list) return <ErrorState error={error} what={`the ${what}`} onRetry={reload} />;
  return (
    <>
      <Table caption={what} columns={columns} rows={list?.items} rowKey={keyOf} skeletonRows={4} />
      {list && <ListFoot shown={list.items.length} total={list.total} what={what} busy={loadingMore} onMore={more} />}
    </>
  );
}

function Definition({ table }: { table: LakeTableShown }) {
  const { model, properties } = table;
  return (
    <>
      {model ? (
        <>
          <p>
            Made of{" "}
            {model.reads.map((name, at) => (
              <>
                {at > 0 && ", "}
                <a href={addressOfTable(name)}>{name}</a>
              </>
            ))}
            {model.mode !== "view" && <span class="quiet"> by {model.mode}</span>}
          </p>
          <pre class="code" tabIndex={0}>
            {model.sql}
          </pre>
          {model.checks.length > 0 && (
            <>
              <h3>Checked at each run</h3>
              <ul class="plain small">
                {model.checks.map((check) => (
                  <li key={check}>
                    <code>{check}</code>
                  </li>
                ))}
              </ul>
            </>
          )}
        </>
      ) : (
        <p class="quiet">The platform writes it itself: no model makes it.</p>
      )}
      {Object.keys(properties).length > 0 && (
        <>
          <h3>Properties</h3>
          <dl class="facts small">
            {Object.entries(properties).map(([name, value]) => (
              <>
                <dt>{name}</dt>
                <dd>{value}</dd>
              </>
            ))}
          </dl>
        </>
      )}
    </>
  );
}

const sides = [
  { value: "columns", label: "Columns" },
  { value: "history", label: "History" },
  { value: "files", label: "Files" },
  { value: "definition", label: "Made by" },
];

function Sides({ table }: { table: LakeTableShown }) {
  const wanted = place.value.query.get("show");
  const offered = table.kind === "view" ? sides.filter(({ value }) => /columns|definition/.test(value)) : sides;
  const side = offered.find(({ value }) => value === wanted)?.value ?? "columns";
  const path = `/ops/tables/${table.table.replace(".", "/")}`;
  const shown: Record<string, () => ComponentChildren> = {
    columns: () => <Table caption="Columns" columns={columnColumns} rows={table.columns} rowKey={(one) => one.name} />,
    history: () => (
      <PagedTable
        key="history" // each list is its own: rows of one are none of the other
        path={`${path}/history`}
        what="versions"
        columns={versionColumns}
        keyOf={(one) => String(one.version)}
      />
    ),
    files: () => (
      <PagedTable key="files" path={`${path}/files`} what="files" columns={fileColumns} keyOf={(one) => one.path} />
    ),
    definition: () => <Definition table={table} />,
  };
  return (
    <Tabs
      label={`Of ${table.table}`}
      value={side}
      tabs={offered}
      onChange={(show) => setQuery({ show: show === "columns" ? null : show })}
    >
      <div class="order-body">{shown[side]?.()}</div>
    </Tabs>
  );
}

export function TablePanel({ table, onClose }: { table: string; onClose: () => void }) {
  const shown = useResource<LakeTableShown>(`/ops/tables/${table.replace(".", "/")}`, { keepFormer: false });
  return (
    <BesidePanel title={table} label={table} opened={table} onClose={onClose}>
      <Loaded of={shown} what={table} missing={`There is no table ${table}`} skeleton={<Skeleton width={36} />}>
        {(known) => (
          <div class="order-body">
            {known.description && <p>{known.description}</p>}
            <p class="quiet small">
              {known.kind === "view"
                ? "A view: computed when it is asked"
                : `Version ${known.version ?? "–"}, ${known.rows === null ? "–" : count(known.rows)} rows in ${known.files === null ? "–" : count(known.files)} files, ${bytes(known.bytes ?? 0)}`}
            </p>
            <p class="panel-buttons">
              <a class="button" href={withSearch("/sql", { sql: `SELECT * FROM ${known.table} LIMIT 100` })}>
                Ask it in SQL
              </a>
            </p>
            <Sides table={known} />
          </div>
        )}
      </Loaded>
    </BesidePanel>
  );
}
