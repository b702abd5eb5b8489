// The rows of a list that is read page by page and how much of it is shown; or what there is instead.
import type { ComponentChildren } from "preact";
import type { Listed, Paged } from "../lib/pages";
import { ListFoot } from "./list-foot";
import { ErrorState, Stale } from "./states";
import { Table, type TableProps } from "./table";

interface Props<Row> extends Omit<TableProps<Row>, "rows" | "arrived" | "skeletonRows" | "foot"> {
  paged: Paged<Listed<Row>>;
  what: [one: string, many: string];
  nothing: ComponentChildren; // where there is no row
  above?: ComponentChildren; // of the table, once there are rows
  children?: ComponentChildren; // of the foot: a sum
}

export function PagedTable<Row>({ paged, what: [one, many], nothing, above, children, ...table }: Props<Row>) {
  const { list, error, reload } = paged;
  if (error && !list) return <ErrorState error={error} what={`the ${many}`} onRetry={reload} />;
  const total = list && (list.total ?? (list.next === null ? list.items.length : null));
  return (
    <>
      {error && <Stale onRetry={reload}>This list may be out of date: {error.message}</Stale>}
      {list?.items.length === 0 ? (
        nothing
      ) : (
        <>
          {list && above}
          <Table {...table} rows={list?.items} arrived={paged.arrived} />
          {list && total !== undefined && (
            <ListFoot
              shown={list.items.length}
              total={total}
              what={total === 1 ? one : many}
              busy={paged.loadingMore}
              onMore={paged.more}
            >
              {children}
            </ListFoot>
          )}
        </>
      )}
    </>
  );
}
