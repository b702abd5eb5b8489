// The dashboard's one request: asked anew when the filters change (the older question is aborted), and quietly
// when gold has a new version. The former picture stays until the next is there.
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { type ApiError, get, withSearch } from "../../api/client";
import type { Metric, Sales } from "../../api/sales";
import { keep, recall } from "../../lib/kept";
import { asApiError } from "../../lib/resource";
import { live } from "../../state/live";
import { type Filters, salesQuery } from "./filters";

const renewAfter = 150; // ms

export interface SalesState {
  data: Sales | undefined;
  of: string; // the question that it answers
  error: ApiError | null;
  waiting: boolean; // for other filters: what is shown is of the former ones
  reload: () => void;
}

export function useSales(filters: Filters): SalesState {
  const url = withSearch("/sales", salesQuery(filters));
  const [state, setState] = useState<{ url: string; data: Sales | undefined; error: ApiError | null }>(() => ({
    url,
    data: recall<Sales>(url),
    error: null,
  }));
  const [turn, setTurn] = useState(0);
  const reload = () => setTurn((before) => before + 1);

  // A layout effect: the question leaves before the page is painted.
  useLayoutEffect(() => {
    const abort = new AbortController();
    const known = recall<Sales>(url);
    const renew = () =>
      void get<Sales>(url, {}, abort.signal).then(
        (data) => {
          keep(url, data);
          setState({ url, data, error: null });
        },
        (problem) => {
          if (!abort.signal.aborted) setState((before) => ({ ...before, error: asApiError(problem) }));
        },
      );
    // What is known is painted first; whether it still holds is asked after that.
    const shown = known && url !== state.url;
    if (shown) setState({ url, data: known, error: null });
    const timer = shown ? window.setTimeout(renew, renewAfter) : 0;
    if (!shown) renew();
    return () => {
      window.clearTimeout(timer);
      abort.abort();
    };
  }, [url, turn]);

  useNewGold(state.data?.as_of.gold_version ?? null, state, reload);
  return { data: state.data, of: state.url, error: state.error, waiting: state.url !== url, reload };
}

const againAfter = 500; // ms, doubled with every vain question
const againMax = 30_000;

// Calls `act` when the stream tells of another version of gold than the one shown; again, ever more rarely,
// while the answers are still of the former one: the server needs a moment to take a version up.
function useNewGold(shown: number | null, answer: object, act: () => void): void {
  const asked = useRef({ version: -1, times: 0 });
  const told = live.value.totals?.gold_version ?? null;
  useEffect(() => {
    if (told === null || shown === null || told === shown) return;
    if (asked.current.version !== told) asked.current = { version: told, times: 0 };
    const { times } = asked.current;
    const wait = times === 0 ? 0 : Math.min(againMax, againAfter * 2 ** (times - 1));
    const timer = window.setTimeout(() => {
      asked.current.times += 1;
      act();
    }, wait);
    return () => window.clearTimeout(timer);
  }, [told, shown, answer]);
}

// Every metric's definition and SQL, asked for once.
export function useMetrics(): Map<string, Metric> {
  const key = "/sales/metrics";
  const [metrics, setMetrics] = useState(() => recall<Map<string, Metric>>(key) ?? new Map<string, Metric>());
  useEffect(() => {
    if (metrics.size > 0) return;
    const abort = new AbortController();
    get<{ items: Metric[] }>(key, {}, abort.signal).then(
      ({ items }) => {
        const known = new Map(items.map((metric) => [metric.name, metric]));
        keep(key, known);
        setMetrics(known);
      },
      () => undefined, // definitions are in the app, too
    );
    return () => abort.abort();
  }, []);
  return metrics;
}
