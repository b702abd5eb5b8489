// Data of one address for a page: what was there stays shown while newer is fetched, outdated requests
// are aborted, and live totals make it ask again.
import { useEffect, useRef, useState } from "preact/hooks";
import { ApiError, get } from "../api/client";
import { live } from "../state/live";
import { keep, recall } from "./kept";

export interface Resource<T> {
  data: T | undefined;
  error: ApiError | null;
  loading: boolean; // nothing to show yet
  refreshing: boolean; // shown, and being asked for anew
  reload: () => void;
}

export function asApiError(problem: unknown): ApiError {
  return problem instanceof ApiError
    ? problem
    : new ApiError(0, problem instanceof Error ? problem.message : String(problem));
}

// Live totals come twice a second at most; lists and figures follow no faster than this.
const liveGap = 1000;

// Calls `act` when the live totals have changed, at most once in `liveGap`.
export function useLiveChange(act: () => void, on = true): void {
  const latest = useRef(act);
  latest.current = act;
  useEffect(() => {
    if (!on) return;
    let timer = 0;
    let seen = live.peek().version;
    const stop = live.subscribe(({ version }) => {
      if (version === seen) return;
      const first = seen === 0; // the totals that a stream begins with are no change
      seen = version;
      if (!first && timer === 0) {
        timer = window.setTimeout(() => {
          timer = 0;
          latest.current();
        }, liveGap);
      }
    });
    return () => {
      stop();
      window.clearTimeout(timer);
    };
  }, [on]);
}

interface Options {
  live?: boolean;
  stamp?: string; // asks anew when this is another
  // While another address loads, the former one's data stays (filters); not so for another thing altogether.
  keepFormer?: boolean;
}

// `url` is a path below /api/v1 with its query (see `address`), null for nothing to ask.
export function useResource<T>(
  url: string | null,
  { live: follows = false, stamp = "", keepFormer = true }: Options = {},
): Resource<T> {
  const [state, setState] = useState<{ url: string | null; data: T | undefined; error: ApiError | null }>(() => ({
    url,
    data: url === null ? undefined : recall<T>(url),
    error: null,
  }));
  const [turn, setTurn] = useState(0);
  const [busy, setBusy] = useState(url !== null);

  useEffect(() => {
    if (url === null) return;
    const abort = new AbortController();
    setBusy(true);
    setState((before) => ({
      url,
      data: recall<T>(url) ?? (before.url === url || keepFormer ? before.data : undefined),
      error: before.url === url ? before.error : null, // until the answer says better
    }));
    get<T>(url, {}, abort.signal).then(
      (data) => {
        keep(url, data);
        setState({ url, data, error: null });
        setBusy(false);
      },
      (problem) => {
        if (abort.signal.aborted) return;
        setState((before) => ({ ...before, error: asApiError(problem) }));
        setBusy(false);
      },
    );
    return () => abort.abort();
  }, [url, turn, stamp, keepFormer]);

  const reload = () => setTurn((before) => before + 1);
  useLiveChange(reload, follows && url !== null);
  const data = url === null ? undefined : state.data;
  return {
    data,
    error: state.error,
    loading: data === undefined && state.error === null,
    refreshing: busy && data !== undefined,
    reload,
  };
}
