// The sales dashboard, and the lists of rows behind its figures: all of one address, one set of filters.
import { useEffect } from "preact/hooks";
import { type Changes, place, setQuery } from "../../lib/router";
import { Empty, ErrorState, NotFound, Stale } from "../../ui/states";
import type { PageProps } from "../registry";
import { Dashboard, DashboardSkeleton } from "./dashboard";
import { markFilter, useMetrics, useSales } from "./data";
import { FilterBar } from "./filter-bar";
import { type Field, filterSearch, readFilters, toggled } from "./filters";
import { BooksWarning, Fresh } from "./fresh";
import { learn, learnFrom } from "./labels";
import { isList, Rows } from "./rows";

export default function SalesPage({ params }: PageProps) {
  const { query } = place.value;
  const filters = readFilters(query);
  const { data, error, waiting, reload } = useSales(filters);
  const metrics = useMetrics();
  const list = params.list;
  useEffect(() => {
    if (data) learnFrom(data);
  }, [data]);

  const change = (changes: Changes) => {
    markFilter();
    setQuery(changes, { step: true });
  };
  const toggle = (field: Field, value: string, label: string) => {
    learn([[field, value, label]]);
    change({ [field]: toggled(filters[field], value) });
  };
  const onDays = (from: string, to: string) => change({ from, to });

  if (list !== undefined && !isList(list)) return <NotFound />;
  const search = filterSearch(query);
  return (
    <div class="page sales-page">
      <header class="page-head">
        <h1>{list === undefined ? "Sales" : <a href={`/sales${search}`}>Sales</a>}</h1>
        {data && <Fresh asOf={data.as_of} />}
      </header>
      <FilterBar filters={filters} data={data} toggle={toggle} change={change} />
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
          <Dashboard
            data={data}
            filters={filters}
            metrics={metrics}
            search={search}
            toggle={toggle}
            onDays={onDays}
            waiting={waiting && !error}
          />
        )
      ) : error ? (
        <ErrorState error={error} what="the sales" onRetry={reload} />
      ) : (
        <DashboardSkeleton />
      )}
    </div>
  );
}
