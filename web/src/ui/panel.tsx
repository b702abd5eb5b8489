// What surrounds a picture of figures: title, legend, the figures as a table, CSV of exactly what is shown, an
// explanation, full screen, and a sentence that says what is to be seen.
import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { type Csv, downloadCsv } from "../lib/csv";
import { Dialog } from "./dialog";
import { Icon } from "./icon";
import { type Column, Table } from "./table";

export interface LegendEntry {
  label: string;
  tone: "sales" | "returns" | "compare";
}

export interface PanelProps<Row> {
  title: string;
  caption?: string | undefined; // the sentence, shown below the title
  legend?: LegendEntry[];
  columns: Column<Row>[];
  rows: Row[];
  rowKey: (row: Row) => string;
  csv?: string | Csv | undefined; // where the server has it, or what it is made of
  explain?: ComponentChildren;
  controls?: ComponentChildren; // of the panel: grain, by revenue or quantity
}

// A minus sign stays with its figure where the line ends.
function unbroken(text: string): string {
  return text.replaceAll("\u2212", "\u2212\u2060");
}

function useFullScreen() {
  const [full, setFull] = useState(false);
  const section = useRef<HTMLElement>(null);
  useEffect(() => {
    const follow = () => setFull(document.fullscreenElement !== null && document.fullscreenElement === section.current);
    document.addEventListener("fullscreenchange", follow);
    return () => document.removeEventListener("fullscreenchange", follow);
  }, []);
  const toggle = () => {
    if (document.fullscreenElement) void document.exitFullscreen();
    else void section.current?.requestFullscreen();
  };
  return { full, section, toggle };
}

function CsvButton({ title, csv }: { title: string; csv: string | Csv }) {
  const shared = { class: "button bare", "aria-label": `${title} as CSV`, title: "CSV" };
  return typeof csv === "string" ? (
    <a {...shared} href={csv} download>
      <Icon name="download" />
    </a>
  ) : (
    <button {...shared} type="button" onClick={() => downloadCsv(csv)}>
      <Icon name="download" />
    </button>
  );
}

export function Panel<Row>({
  title,
  caption,
  legend = [],
  columns,
  rows,
  rowKey,
  csv,
  explain,
  controls,
  children,
}: PanelProps<Row> & { children: (full: boolean) => ComponentChildren }) {
  const [asTable, setAsTable] = useState(false);
  const [explaining, setExplaining] = useState(false);
  const { full, section, toggle } = useFullScreen();
  const id = useId();

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
          {csv && <CsvButton title={title} csv={csv} />}
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
            onClick={toggle}
          >
            <Icon name="full" />
          </button>
        </div>
      </header>
      {caption && <p class="panel-caption small quiet">{unbroken(caption)}</p>}
      {asTable ? (
        <div class="table-room" tabIndex={0} role="region" aria-label={`${title}: table`}>
          <Table caption={title} columns={columns} rows={rows} rowKey={rowKey} />
        </div>
      ) : (
        children(full)
      )}
      {explaining && (
        <Dialog title={title} onClose={() => setExplaining(false)}>
          {explain}
        </Dialog>
      )}
    </section>
  );
}
