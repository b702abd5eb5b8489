// What several panels have: small figures in a row, and the explanation behind a panel.
import type { ComponentChildren } from "preact";
import type { Metric, SalesAsOf } from "../../api/sales";
import { dayTime, instant, plural } from "../../lib/format";
import { Term } from "../../ui/popover";
import { versionName } from "./fresh";
import { metricName, metricWords } from "./words";

interface StatProps {
  metric: string;
  metrics: Map<string, Metric>;
  children: ComponentChildren;
  note?: string | undefined;
  href?: string;
}

export function Stat({ metric, metrics, children, note, href }: StatProps) {
  return (
    <div class="stat">
      <dt class="small quiet">
        <Term name={metricName(metric)} definition={metricWords(metric, metrics)} />
      </dt>
      <dd>
        {href ? <a href={href}>{children}</a> : children}
        {note && <span class="small quiet"> {note}</span>}
      </dd>
    </div>
  );
}

function Freshness({ asOf }: { asOf: SalesAsOf }) {
  return (
    <p class="small quiet">
      Gold {versionName(asOf.gold_version)}
      {asOf.made_at && `, made at ${instant(asOf.made_at)}`}
      {asOf.data_until && `, with data until ${dayTime(asOf.data_until)}`}.
      {asOf.behind ? ` ${plural(asOf.behind, "line")} not in it yet.` : ""}
    </p>
  );
}

interface ExplainProps {
  names: string[]; // of metrics
  metrics: Map<string, Metric>;
  asOf: SalesAsOf;
  children?: ComponentChildren;
}

// Definition, SQL and freshness of what a panel shows.
export function Explain({ names, metrics, asOf, children }: ExplainProps) {
  return (
    <>
      {children}
      <dl class="definitions">
        {names.map((name) => (
          <div key={name}>
            <dt>{metricName(name)}</dt>
            <dd>
              {metricWords(name, metrics)}
              {metrics.get(name)?.sql && (
                <details>
                  <summary class="small">SQL</summary>
                  <pre class="code" tabIndex={0}>
                    {metrics.get(name)?.sql}
                  </pre>
                </details>
              )}
            </dd>
          </div>
        ))}
      </dl>
      <Freshness asOf={asOf} />
    </>
  );
}
