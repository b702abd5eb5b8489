// Below a list that is read page by page: how much of it is shown, and more.
import type { ComponentChildren } from "preact";
import { count } from "../lib/format";

interface Props {
  shown: number;
  total: number;
  what: string; // 'orders'
  busy: boolean;
  onMore: () => void;
  children?: ComponentChildren;
}

export function ListFoot({ shown, total, what, busy, onMore, children }: Props) {
  return (
    <footer class="list-foot">
      <span role="status">
        {shown < total ? `${count(shown)} of ${count(total)} ${what}` : `${count(total)} ${what}`}
        {children}
      </span>
      {shown < total && (
        <button type="button" class="button" disabled={busy} onClick={onMore}>
          Show more
        </button>
      )}
    </footer>
  );
}
