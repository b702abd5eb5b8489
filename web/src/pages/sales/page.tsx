// The sales dashboard, and the lists of rows behind its figures: all of one address, one set of filters.
import { useEffect, useMemo, useRef } from "preact/hooks";
import { useLate } from "../../lib/late";
import { type Changes, place, setQuery } from "../../lib/router";
import { FiguresOf } from "../../ui/figure";
import { Empty, ErrorState, NotFound, Stale } from "../../ui/states";
import type { PageProps } from "../registry";
import { Dashboard, DashboardSkeleton, readViews } from "./dashboard";
import { useMetrics, useSales } from "./data";
import { FilterBar } from "./filter-bar";
import { filterSearch, type Narrowing, readFilters, toggled } from "./filters";
import { BooksWarning, Fresh } from "./fresh";
import { learn, learnFrom } from "./labels";
import { isList, Rows } from "./rows";

export default function SalesPage({ params }: PageProps) {
  const { query } = place.value;
  const filters = readFilters(query);
  const { data, of, error, waiting, reload } = useSales(filters);
  const metrics = useMetrics();
  const busy = waiting && !error;
  const late = useLate(busy);
  const list = params.list;
  useEffect(() => {
    if (data) learnFrom(data);
  }, [data]);

  const change = (changes: Changes) => setQuery(changes, { step: true });
  const toggle = (field: Narrowing, value: string, label: string) => {
    learn([[field, value, label]]);
    change({ [field]: toggled(readFilters(place.peek().query)[field], value) });
  };
  // The panels are those of the answer: they are not gone through while the next one is awaited.
  const search = filterSearch(query);
  const { by, show, returned } = readViews(query);
  const asked = useRef({ filters, search });
  if (!waiting) asked.current = { filters, search };
  // So is the bar, for as long as the answer is not late: what it shows changes with the figures, in one frame. A frame
  // of its own before that is drawn while the server reckons, on the same processors.
  const told = busy && !late ? asked.current.filters : filters;
  const board = useMemo(
    () =>
      data && (
        <FiguresOf.Provider value={of}>
          <Dashboard
            data={data}
            {...asked.current}
            metrics={metrics}
            {...{ by, show, returned }}
            toggle={toggle}
            change={change}
          />
        </FiguresOf.Provider>
      ),
    [data, of, metrics, by, show, returned],
  );

  if (list !== undefined && !isList(list)) return <NotFound />;
  return (
    <div class="page sales-page">
      <header class="page-head">
        <h1>{list === undefined ? "Sales" : <a href={`/sales${search}`}>Sales</a>}</h1>
        {data && <Fresh asOf={data.as_of} />}
      </header>
      <FilterBar filters={told} asked={filters} data={data} toggle={toggle} change={change} />
      {data && <BooksWarning asOf={data.as_of} />}
      {error && data && (
        <Stale onRetry={reload}>
          {waiting ? "These figures are still those of the former filters" : "These figures may be out of date"}:{" "}
          {error.message}
        </Stale>
      )}
      {list !== undefined ? (
        <Rows list={list} invoice={params.invoice ?? null} filters={filters} search={search} />
      ) : data ? (
        data.range.first === null ? (
          <Empty title="Nothing sold yet: gold is made of what has arrived" command="millrace run all" />
        ) : (
          <div class={late ? "dashboard waiting" : "dashboard"} aria-busy={busy}>
            {board}
          </div>
        )
      ) : error ? (
        <ErrorState error={error} what="the sales" onRetry={reload} />
      ) : (
        <DashboardSkeleton />
      )}
    </div>
  );
}
