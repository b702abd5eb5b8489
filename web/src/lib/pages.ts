// A list that is read page by page (keyset cursors): what is loaded, and more on demand. Live changes and
// reloads ask for as many rows as are shown.
import { useEffect, useRef, useState } from "preact/hooks";
import { type ApiError, get, type Query, withSearch } from "../api/client";
import { asApiError, useLiveChange } from "./resource";

export interface Listed<Item> {
  items: Item[];
  total?: number; // not every list is counted
  next: string | null;
}

export interface Paged<List> {
  list: List | undefined; // of the present filters, or of the former ones while those load
  error: ApiError | null;
  refreshing: boolean;
  loadingMore: boolean;
  arrived: ReadonlySet<string>; // keys of what live changes have brought
  more: () => void;
  reload: () => void;
}

const pageSize = 50;
const pageSizeMax = 200;
const none: ReadonlySet<string> = new Set();

interface Options<Item> {
  keyOf: (item: Item) => string;
  live?: boolean;
  stamp?: string; // asks anew when this is another
}

export function usePages<Item, List extends Listed<Item>>(
  path: string,
  query: Query,
  { keyOf, live = false, stamp = "" }: Options<Item>,
): Paged<List> {
  const url = withSearch(path, { ...query, limit: pageSize });
  // Of another path it is another thing altogether, and not shown while this one loads.
  const [kept, setKept] = useState<{ path: string; list: List }>();
  const list = kept?.path === path ? kept.list : undefined;
  const [error, setError] = useState<ApiError | null>(null);
  const [busy, setBusy] = useState<"first" | "more" | null>("first");
  const [arrived, setArrived] = useState(none);
  const former = useRef<{ url: string; keys: ReadonlySet<string> } | null>(null);
  const abort = useRef<AbortController | undefined>(undefined);

  const load = async (limit: number) => {
    abort.current?.abort();
    const mine = new AbortController();
    abort.current = mine;
    setBusy("first");
    try {
      const fresh = await get<List>(path, { ...query, limit }, mine.signal);
      const keys = new Set(fresh.items.map(keyOf));
      const before = former.current;
      setArrived(before?.url === url ? new Set([...keys].filter((key) => !before.keys.has(key))) : none);
      former.current = { url, keys };
      setKept({ path, list: fresh });
      setError(null);
      setBusy(null);
    } catch (problem) {
      if (mine.signal.aborted) return;
      setError(asApiError(problem));
      setBusy(null);
    }
  };

  const more = async () => {
    if (!list?.next || busy) return;
    const mine = new AbortController();
    abort.current = mine;
    setBusy("more");
    try {
      const page = await get<List>(path, { ...query, limit: pageSize, after: list.next }, mine.signal);
      const items = [...list.items, ...page.items];
      former.current = { url, keys: new Set(items.map(keyOf)) };
      setKept({ path, list: { ...page, items } });
      setBusy(null);
    } catch (problem) {
      if (mine.signal.aborted) return;
      setError(asApiError(problem));
      setBusy(null);
    }
  };

  useEffect(() => {
    void load(pageSize);
    return () => abort.current?.abort();
  }, [url]);

  const reload = () => void load(Math.min(pageSizeMax, Math.max(pageSize, list?.items.length ?? 0)));
  const stamped = useRef(stamp);
  useEffect(() => {
    if (stamped.current !== stamp) reload();
    stamped.current = stamp;
  }, [stamp]);
  // Someone who has read on beyond what one answer holds is not thrown back by live rows.
  useLiveChange(reload, live && (list?.items.length ?? 0) <= pageSizeMax);

  return {
    list,
    error,
    refreshing: busy === "first" && list !== undefined,
    loadingMore: busy === "more",
    arrived,
    more: () => void more(),
    reload,
  };
}
