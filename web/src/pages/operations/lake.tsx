// The tables of the lake, and beside them the one that is open: columns, versions, files, how it is made.
import { useState } from "preact/hooks";
import type { LakeTable } from "../../api/operations";
import { bytes, count, instant, plural } from "../../lib/format";
import { useResource } from "../../lib/resource";
import { place, setQuery, withQuery } from "../../lib/router";
import { SearchBox } from "../../ui/controls";
import { Empty, FilteredEmpty, Loaded } from "../../ui/states";
import { type Column, Table } from "../../ui/table";
import { useBeside } from "./beside";
import { TablePanel } from "./lake-table";

const home = "/operations/lake";
const layers = ["bronze", "silver", "gold", "ops"];

const dash = <span class="quiet">–</span>;

const columns: Column<LakeTable>[] = [
  { key: "table", label: "Table", width: 22, cell: ({ table }) => table },
  {
    key: "version",
    label: "Version",
    figure: true,
    width: 4,
    cell: ({ table, version, kind }) =>
      kind === "view" ? (
        <span class="quiet">view</span>
      ) : version === null ? (
        dash
      ) : (
        <a class="above" href={historyOf(table)} aria-label={`Version ${count(version)} of ${table}: all versions`}>
          {count(version)}
        </a>
      ),
  },
  { key: "rows", label: "Rows", figure: true, width: 8, cell: ({ rows }) => (rows === null ? dash : count(rows)) },
  {
    key: "files",
    label: "Files",
    figure: true,
    narrow: "hide",
    width: 4,
    cell: ({ files }) => (files === null ? dash : count(files)),
  },
  {
    key: "bytes",
    label: "Size",
    figure: true,
    narrow: "hide",
    width: 6,
    cell: (one) => (one.bytes === null ? dash : bytes(one.bytes)),
  },
  {
    key: "at",
    label: "Changed",
    narrow: "hide",
    width: 9,
    cell: ({ at }) => (at ? <span class="nowrap">{instant(at)}</span> : dash),
  },
  {
    key: "description",
    label: "What it holds",
    wide: true,
    narrow: "hide",
    width: 40,
    cell: ({ description }) => <span title={description ?? ""}>{description}</span>,
  },
];

export function addressOfTable(table: string): string {
  return `${home}/${table.replace(".", "/")}`;
}

function historyOf(table: string): string {
  return withQuery({ path: addressOfTable(table), query: place.value.query }, { show: "history" });
}

function layerOf(table: string): number {
  const at = layers.indexOf(table.split(".")[0] ?? "");
  return at < 0 ? layers.length : at;
}

// By the way of the data, then tables before views, then by name.
export function inOrder(tables: LakeTable[]): LakeTable[] {
  return [...tables].sort(
    (one, other) =>
      layerOf(one.table) - layerOf(other.table) ||
      Number(one.kind === "view") - Number(other.kind === "view") ||
      one.table.localeCompare(other.table),
  );
}

function totals(tables: LakeTable[]): string {
  const sum = (of: (table: LakeTable) => number | null) => tables.reduce((all, table) => all + (of(table) ?? 0), 0);
  return `${plural(tables.length, "table")} and views, ${plural(
    sum(({ files }) => files),
    "file",
  )}, ${bytes(sum((one) => one.bytes))}`;
}

export function Lake({ open }: { open: string | null }) {
  const tables = useResource<{ items: LakeTable[] }>("/ops/tables", { live: true });
  const [typed, setTyped] = useState(place.value.query.get("q") ?? "");
  const { close, suffix } = useBeside(home, open);
  const find = (text: string) => {
    setTyped(text);
    setQuery({ q: text || null });
  };
  const words = typed.toLowerCase();
  const shown = (items: LakeTable[]) =>
    inOrder(items).filter(({ table, description }) => `${table} ${description ?? ""}`.toLowerCase().includes(words));
  return (
    <div class={open ? "beside open" : "beside"}>
      <section class="list" aria-label="Tables">
        <div class="filters">
          <SearchBox label="Search tables" value={typed} onChange={find} />
        </div>
        <Loaded
          of={tables}
          what="the tables"
          skeleton={<Table caption="Tables" columns={columns} rows={undefined} rowKey={() => ""} />}
        >
          {({ items }) =>
            items.length === 0 ? (
              <Empty
                title="The lake is empty: the first events make bronze"
                command="millrace generate | millrace post -"
              />
            ) : shown(items).length === 0 ? (
              <FilteredEmpty title={`No table matches “${typed}”`} onClear={() => find("")} />
            ) : (
              <>
                <Table
                  caption="Tables of the lake"
                  columns={columns}
                  rows={shown(items)}
                  rowKey={({ table }) => table}
                  href={({ table }) => addressOfTable(table) + suffix}
                  selected={open}
                />
                <footer class="list-foot">
                  <span>{totals(shown(items))}</span>
                </footer>
              </>
            )
          }
        </Loaded>
      </section>
      {open && <TablePanel key={open} table={open} onClose={close} />}
    </div>
  );
}
