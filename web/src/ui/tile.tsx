// One figure: its name with a definition, the value, what it opens, the change, a line of how it went.
import type { ComponentChildren } from "preact";
import { percent } from "../lib/format";
import { Term } from "./popover";
import { Skeleton } from "./states";

interface Props {
  name: string;
  definition: string;
  children: ComponentChildren; // the value: Money or Count
  href?: string; // what the figure is the sum of
  hrefLabel?: string;
  tone?: "sales" | "returns";
  change?: { rate: number | null; words: string; goodWhenUp?: boolean };
  spark?: number[];
  current?: boolean; // what it opens is open
  opens?: string; // id of the part of this page that shows it
  note?: string;
}

// A line of how it went, for eyes only: the figures are in the chart and its table.
function Spark({ values, tone }: { values: number[]; tone: string }) {
  if (values.length < 2) return null;
  const low = Math.min(...values);
  const range = Math.max(...values) - low || 1;
  const points = values.map(
    (value, at) => `${((at / (values.length - 1)) * 100).toFixed(2)},${(30 - ((value - low) / range) * 28).toFixed(2)}`,
  );
  return (
    <svg class={`spark ${tone}`} viewBox="0 0 100 32" preserveAspectRatio="none" aria-hidden="true">
      <polyline
        points={points.join(" ")}
        fill="none"
        stroke="currentColor"
        stroke-width="1.5"
        vector-effect="non-scaling-stroke"
      />
    </svg>
  );
}

function Change({ rate, words, goodWhenUp = true }: NonNullable<Props["change"]>) {
  if (rate === null) return <p class="change small quiet">nothing to compare with {words}</p>;
  const up = rate >= 0;
  const tone = rate === 0 ? "" : up === goodWhenUp ? " good" : " bad";
  return (
    <p class={`change small${tone}`}>
      <span aria-hidden="true">{rate === 0 ? "=" : up ? "▲" : "▼"}</span> {up ? "+" : ""}
      {percent(rate, Math.abs(rate) < 1 ? 1 : 0)} <span class="quiet">{words}</span>
    </p>
  );
}

// Brings that part of the page into view once the address has changed.
function show(id: string): void {
  requestAnimationFrame(() => {
    const part = document.getElementById(id);
    part?.focus({ preventScroll: true });
    part?.scrollIntoView({
      block: "start",
      behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth",
    });
  });
}

export function Tile({
  name,
  definition,
  children,
  href,
  hrefLabel,
  tone = "sales",
  change,
  spark,
  current,
  opens,
  note,
}: Props) {
  return (
    <div class={`tile${href ? " opens" : ""}${current ? " current" : ""}`}>
      <h2 class="tile-name small">
        <Term name={name} definition={definition} />
      </h2>
      <p class="tile-value">
        {href ? (
          <a
            href={href}
            class="tile-link"
            aria-current={current ? "true" : undefined}
            onClick={() => opens && show(opens)}
          >
            {children}
            <span class="heard">: {hrefLabel}</span>
          </a>
        ) : (
          children
        )}
      </p>
      {note && <p class="small quiet">{note}</p>}
      {change && <Change {...change} />}
      {spark && <Spark values={spark} tone={tone} />}
    </div>
  );
}

export function TileSkeleton({ name }: { name: string }) {
  return (
    <div class="tile">
      <h2 class="tile-name small">{name}</h2>
      <p class="tile-value">
        <Skeleton width={7} />
      </p>
    </div>
  );
}
