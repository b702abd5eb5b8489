// Rows of data: sortable heads, a head that stays, one tab stop for all rows (arrows move, Enter opens).
import type { ComponentChildren, TargetedFocusEvent, TargetedKeyboardEvent } from "preact";
import { useRef } from "preact/hooks";
import type { Cell } from "../lib/csv";
import { Skeleton } from "./states";

export type Direction = "asc" | "desc";

export interface Column<Row> {
  key: string;
  label: string;
  figure?: boolean; // aligned at the end
  wide?: boolean; // takes the room that is left, and is cut where it is too long
  narrow?: "hide"; // left out on a phone
  sort?: string; // the API's word; sortable when given
  width?: number; // of its skeleton, in characters
  cell: (row: Row) => ComponentChildren;
  raw?: (row: Row) => Cell; // exact, for CSV
}

export interface TableProps<Row> {
  caption: string; // for ears
  columns: Column<Row>[];
  rows: Row[] | undefined; // undefined: a skeleton of `skeletonRows`
  rowKey: (row: Row) => string;
  href?: (row: Row) => string; // the first column's text is the link, the whole row its target
  selected?: string | null; // key of the row that is open
  arrived?: ReadonlySet<string>; // keys of rows that have just come
  sort?: string;
  direction?: Direction;
  onSort?: (sort: string, direction: Direction) => void;
  skeletonRows?: number;
  foot?: ComponentChildren;
}

function classOf<Row>(column: Column<Row>): string | undefined {
  const names = [column.figure && "figure", column.wide && "wide", column.narrow === "hide" && "narrow-hide"].filter(
    Boolean,
  );
  return names.length > 0 ? names.join(" ") : undefined;
}

function Head<Row>({
  column,
  sort,
  direction,
  onSort,
}: { column: Column<Row> } & Pick<TableProps<Row>, "sort" | "direction" | "onSort">) {
  const { sort: by } = column;
  if (!by || !onSort) {
    return (
      <th scope="col" class={classOf(column)}>
        {column.label}
      </th>
    );
  }
  const sorted = sort === by;
  const next: Direction = sorted && direction === "desc" ? "asc" : "desc";
  return (
    <th
      scope="col"
      class={classOf(column)}
      aria-sort={sorted ? (direction === "asc" ? "ascending" : "descending") : undefined}
    >
      <button type="button" class="sort" onClick={() => onSort(by, next)}>
        {column.label}
        <span class="sort-mark" aria-hidden="true">
          {sorted ? (direction === "asc" ? "↑" : "↓") : ""}
        </span>
      </button>
    </th>
  );
}

// Arrows move among the rows' links.
function moveAmongRows(event: TargetedKeyboardEvent<HTMLTableSectionElement>): void {
  const links = [...event.currentTarget.querySelectorAll<HTMLAnchorElement>("a.row-link")];
  const at = links.indexOf(document.activeElement as HTMLAnchorElement);
  if (at < 0) return;
  const steps: Record<string, number> = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: links.length - 1 };
  const to = steps[event.key];
  if (to === undefined) return;
  event.preventDefault();
  links[Math.max(0, Math.min(to, links.length - 1))]?.focus();
}

export function Table<Row>(props: TableProps<Row>) {
  const { caption, columns, rows, rowKey, href, selected, arrived, skeletonRows = 8, foot } = props;
  const body = useRef<HTMLTableSectionElement>(null);
  const chosen = rows?.findIndex((row) => rowKey(row) === selected) ?? -1;
  // The row that Tab comes to: the open one, else the first; afterwards the one last focused.
  const onFocus = (event: TargetedFocusEvent<HTMLTableSectionElement>) => {
    const link = (event.target as Element).closest("a.row-link");
    if (!link) return;
    for (const other of body.current?.querySelectorAll("a.row-link") ?? [])
      other.setAttribute("tabindex", other === link ? "0" : "-1");
  };
  const tabIndexOf = (at: number) => (at === Math.max(chosen, 0) ? 0 : -1);

  return (
    <table class="table">
      <caption class="heard">{caption}</caption>
      <thead>
        <tr>
          {columns.map((column) => (
            <Head
              key={column.key}
              column={column}
              sort={props.sort}
              direction={props.direction}
              onSort={props.onSort}
            />
          ))}
        </tr>
      </thead>
      <tbody ref={body} onKeyDown={moveAmongRows} onFocusCapture={onFocus}>
        {rows === undefined
          ? Array.from({ length: skeletonRows }, (_, at) => (
              <tr key={at}>
                {columns.map((column) => (
                  <td key={column.key} class={classOf(column)}>
                    <Skeleton width={column.width ?? 8} />
                  </td>
                ))}
              </tr>
            ))
          : rows.map((row, at) => {
              const key = rowKey(row);
              const classes = [href && "opens", key === selected && "current", arrived?.has(key) && "arrived"]
                .filter(Boolean)
                .join(" ");
              return (
                <tr key={key} class={classes || undefined}>
                  {columns.map((column, index) => (
                    <td key={column.key} class={classOf(column)}>
                      {index === 0 && href ? (
                        <a
                          class="row-link"
                          href={href(row)}
                          tabIndex={tabIndexOf(at)}
                          aria-current={key === selected ? "true" : undefined}
                        >
                          {column.cell(row)}
                        </a>
                      ) : (
                        column.cell(row)
                      )}
                    </td>
                  ))}
                </tr>
              );
            })}
      </tbody>
      {foot && <tfoot>{foot}</tfoot>}
    </table>
  );
}
