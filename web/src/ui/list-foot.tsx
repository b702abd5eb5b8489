// Below a list that is read page by page: how much of it is shown, and more.
import type { ComponentChildren } from "preact";
import { count } from "../lib/format";

interface Props {
  shown: number;
  total: number | null; // null: not counted
  what: string; // 'orders'
  busy: boolean;
  onMore: () => void;
  children?: ComponentChildren;
}

export function ListFoot({ shown, total, what, busy, onMore, children }: Props) {
  const all = total !== null && shown >= total;
  return (
    <footer class="list-foot">
      <span role="status">
        {total === null
          ? `The first ${count(shown)} ${what}`
          : all
            ? `${count(total)} ${what}`
            : `${count(shown)} of ${count(total)} ${what}`}
        {children}
      </span>
      {!all && (
        <button type="button" class="button" disabled={busy} onClick={onMore}>
          Show more
        </button>
      )}
    </footer>
  );
}
