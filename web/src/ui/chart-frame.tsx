// A chart with what belongs to it: title, legend, its figures as a table, CSV of exactly what is shown, an
// explanation, full screen, and a sentence for those who do not see it.
import type { ComponentChildren, ComponentType } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import type { BuildOption, ChartProps, Picked } from "../charts/chart";
import { Dialog } from "./dialog";
import { Icon } from "./icon";
import { type Column, Table } from "./table";

let Chart: ComponentType<ChartProps> | undefined;

// The charts' library comes with the first chart that is shown.
function useChart(): ComponentType<ChartProps> | undefined {
  const [, redraw] = useState(0);
  useEffect(() => {
    if (Chart) return;
    let gone = false;
    import("../charts/chart").then((module) => {
      Chart = module.default;
      if (!gone) redraw(1);
    });
    return () => {
      gone = true;
    };
  }, []);
  return Chart;
}

export interface LegendEntry {
  label: string;
  tone: "sales" | "returns" | "compare";
}

interface Props<Row> {
  title: string;
  sentence: string;
  build: BuildOption;
  height?: number;
  legend?: LegendEntry[];
  columns: Column<Row>[];
  rows: Row[];
  rowKey: (row: Row) => string;
  csv?: string; // address
  explain?: ComponentChildren;
  controls?: ComponentChildren; // of the panel: grain, by revenue or quantity
  onPick?: (picked: Picked) => void;
}

export function ChartFrame<Row>(props: Props<Row>) {
  const {
    title,
    sentence,
    build,
    height = 280,
    legend = [],
    columns,
    rows,
    rowKey,
    csv,
    explain,
    controls,
    onPick,
  } = props;
  const [asTable, setAsTable] = useState(false);
  const [explaining, setExplaining] = useState(false);
  const [full, setFull] = useState(false);
  const Loaded = useChart();
  const section = useRef<HTMLElement>(null);
  const id = useId();

  useEffect(() => {
    const follow = () => setFull(document.fullscreenElement !== null && document.fullscreenElement === section.current);
    document.addEventListener("fullscreenchange", follow);
    return () => document.removeEventListener("fullscreenchange", follow);
  }, []);
  const toggleFull = () => {
    if (document.fullscreenElement) void document.exitFullscreen();
    else void section.current?.requestFullscreen();
  };
  const room = full ? Math.max(height, window.innerHeight - 160) : height;

  return (
    <section class={full ? "panel full" : "panel"} aria-labelledby={id} ref={section}>
      <header class="panel-head">
        <h2 id={id}>{title}</h2>
        {legend.length > 0 && !asTable && (
          <ul class="legend small">
            {legend.map((entry) => (
              <li key={entry.label}>
                <span class={`swatch ${entry.tone}`} aria-hidden="true" /> {entry.label}
              </li>
            ))}
          </ul>
        )}
        <div class="panel-actions">
          {controls}
          <button
            type="button"
            class="button bare"
            aria-pressed={asTable}
            aria-label={`${title} as a table`}
            title="As a table"
            onClick={() => setAsTable(!asTable)}
          >
            <Icon name={asTable ? "chart" : "table"} />
          </button>
          {csv && (
            <a class="button bare" href={csv} download aria-label={`${title} as CSV`} title="CSV">
              <Icon name="download" />
            </a>
          )}
          {explain && (
            <button
              type="button"
              class="button bare"
              aria-label={`${title}: explain`}
              title="Explain"
              onClick={() => setExplaining(true)}
            >
              <Icon name="info" />
            </button>
          )}
          <button
            type="button"
            class="button bare"
            aria-pressed={full}
            aria-label={`${title}: full screen`}
            title="Full screen"
            onClick={toggleFull}
          >
            <Icon name="full" />
          </button>
        </div>
      </header>
      {asTable ? (
        <div class="table-room" tabIndex={0} role="region" aria-label={`${title}: table`}>
          <Table caption={title} columns={columns} rows={rows} rowKey={rowKey} />
        </div>
      ) : Loaded ? (
        <Loaded build={build} sentence={sentence} height={room} onPick={onPick} />
      ) : (
        <div style={{ height: `${room}px` }} aria-busy="true" />
      )}
      {explaining && (
        <Dialog title={title} onClose={() => setExplaining(false)}>
          {explain}
        </Dialog>
      )}
    </section>
  );
}
