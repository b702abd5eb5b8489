// Which table is made of which: a picture in layers; what is pointed at shows its sources and what it feeds.
import type { TargetedKeyboardEvent } from "preact";
import { useState } from "preact/hooks";
import type { Model } from "../../api/operations";
import { plural } from "../../lib/format";
import { useResource } from "../../lib/resource";
import { Icon } from "../../ui/icon";
import { Empty, Loaded } from "../../ui/states";
import { type Column, Table } from "../../ui/table";
import { useWidth } from "./flow-picture";
import { addressOfTable } from "./lake";
import { type Lineage as LineageLayout, layOutLineage, type Placed, reach } from "./lineage-layout";

const narrow = 640; // px: below it the picture shows too little at a time to begin with
const nodeHeight = 34;
const rowGap = 12;
const nodeWidth = { least: 148, most: 220 };
const columnGap = 56; // at least

interface Spot {
  layer: number;
  row: number;
}

interface Geometry {
  width: number;
  height: number;
  nodeWidth: number;
  at: (spot: Spot) => { x: number; y: number }; // left top
}

function geometryOf({ rows }: LineageLayout, room: number): Geometry {
  const layers = rows.length;
  const fitting = (room - 2 - (layers - 1) * columnGap) / layers;
  const wide = Math.max(nodeWidth.least, Math.min(nodeWidth.most, fitting));
  const width = Math.max(room, 2 + layers * wide + (layers - 1) * columnGap);
  const height = Math.max(...rows) * (nodeHeight + rowGap);
  const step = layers > 1 ? (width - 2 - wide) / (layers - 1) : 0;
  return {
    width,
    height,
    nodeWidth: wide,
    at: ({ layer, row }) => ({
      x: 1 + layer * step,
      y: (height - (rows[layer] ?? 1) * (nodeHeight + rowGap)) / 2 + row * (nodeHeight + rowGap) + rowGap / 2,
    }),
  };
}

// From one table to another, level through each layer in between.
function pathOf(from: Placed, to: Placed, { waypoints }: LineageLayout, geometry: Geometry): string {
  const spots: Spot[] = [
    ...waypoints.filter(({ source, layer }) => source === from.name && layer > from.layer && layer < to.layer),
    to,
  ];
  const start = geometry.at(from);
  let x = start.x + geometry.nodeWidth;
  let y = start.y + nodeHeight / 2;
  let path = `M${x} ${y}`;
  for (const spot of spots) {
    const end = geometry.at(spot);
    const bend = (end.x - x) / 2;
    const level = end.y + nodeHeight / 2;
    path += `C${x + bend} ${y} ${end.x - bend} ${level} ${end.x} ${level}`;
    x = end.x;
    y = level;
    if (spot !== to) {
      x += geometry.nodeWidth;
      path += `H${x}`;
    }
  }
  return path;
}

// To its first source or use, or the one above or below it.
function neighbour(placed: Placed[], of: Placed, key: string): Placed | undefined {
  const near = (candidates: Placed[]) => candidates.sort((one, other) => one.row - other.row)[0];
  if (key === "ArrowLeft") return near(placed.filter((one) => of.reads.includes(one.name)));
  if (key === "ArrowRight") return near(placed.filter((one) => one.reads.includes(of.name)));
  const by = key === "ArrowDown" ? 1 : key === "ArrowUp" ? -1 : 0;
  return by === 0 ? undefined : placed.find((one) => one.layer === of.layer && one.row === of.row + by);
}

function aboutNode(one: Placed, placed: Placed[]): string {
  const uses = placed.filter((other) => other.reads.includes(one.name)).length;
  const made = one.reads.length > 0 ? `made of ${one.reads.join(" and ")}` : "a source";
  return `${one.name}: ${made}; ${uses === 0 ? "nothing is made of it" : `${plural(uses, "table")} made of it`}`;
}

function Picture({ lineage }: { lineage: LineageLayout }) {
  const { placed } = lineage;
  const { ref, width } = useWidth();
  const [pointed, setPointed] = useState<string | null>(null);
  const [stop, setStop] = useState(placed[0]?.name ?? null); // what Tab comes to
  const geometry = width > 0 ? geometryOf(lineage, width) : null;
  const up = pointed ? reach(placed, pointed, "up") : null;
  const down = pointed ? reach(placed, pointed, "down") : null;
  const inSight = (name: string) => !pointed || name === pointed || up?.has(name) || down?.has(name);
  const lit = (from: string, to: string) =>
    pointed !== null &&
    ((up?.has(from) && (to === pointed || up.has(to))) || (down?.has(to) && (from === pointed || down.has(from))));
  const onKeyDown = (event: TargetedKeyboardEvent<HTMLAnchorElement>, one: Placed) => {
    const next = neighbour(placed, one, event.key);
    if (!next) return;
    event.preventDefault();
    setStop(next.name);
    document.getElementById(`lineage-${next.name}`)?.focus();
  };
  return (
    <div class="grid-room" ref={ref}>
      {geometry && (
        <svg
          class="lineage"
          role="group"
          aria-label="Which table is made of which; arrow keys move along it"
          viewBox={`0 0 ${geometry.width} ${geometry.height}`}
          width={geometry.width}
          height={geometry.height}
        >
          {/* biome-ignore lint/a11y/noAriaHiddenOnFocusable: lines take no focus; the tables say what they read */}
          <g aria-hidden="true">
            {placed.flatMap((to) =>
              to.reads.map((source) => {
                const from = placed.find((one) => one.name === source);
                const tone = lit(source, to.name) ? "lit" : pointed ? "dim" : "";
                return (
                  from && (
                    <path
                      key={`${source} ${to.name}`}
                      class={`lineage-edge ${tone}`}
                      d={pathOf(from, to, lineage, geometry)}
                    />
                  )
                );
              }),
            )}
          </g>
          {placed.map((one) => {
            const { x, y } = geometry.at(one);
            const layer = one.name.split(".")[0] ?? "";
            return (
              <a
                key={one.name}
                id={`lineage-${one.name}`}
                class={`lineage-node ${layer}${one.mode === "view" ? " view" : ""}${inSight(one.name) ? "" : " dim"}`}
                href={addressOfTable(one.name)}
                aria-label={aboutNode(one, placed)}
                tabIndex={one.name === stop ? 0 : -1}
                onPointerEnter={() => setPointed(one.name)}
                onPointerLeave={() => setPointed(null)}
                onFocus={() => {
                  setPointed(one.name);
                  setStop(one.name);
                }}
                onBlur={() => setPointed(null)}
                onKeyDown={(event) => onKeyDown(event, one)}
              >
                <title>{one.description}</title>
                <rect x={x} y={y} width={geometry.nodeWidth} height={nodeHeight} rx="6" />
                <text x={x + 10} y={y + nodeHeight / 2 + 4}>
                  {one.name}
                </text>
              </a>
            );
          })}
        </svg>
      )}
    </div>
  );
}

const columns: Column<Placed>[] = [
  {
    key: "name",
    label: "Table",
    cell: (one) => (
      <a class="path" href={addressOfTable(one.name)}>
        {one.name}
      </a>
    ),
  },
  { key: "reads", label: "Made of", cell: (one) => <span class="path">{one.reads.join(", ") || "a source"}</span> },
  { key: "mode", label: "How", narrow: "hide", cell: (one) => one.mode ?? "–" },
  { key: "description", label: "What it holds", narrow: "hide", cell: (one) => one.description },
];

export function Lineage() {
  const lineage = useResource<{ models: Model[] }>("/ops/lineage");
  const [asTable, setAsTable] = useState(() => window.innerWidth < narrow);
  return (
    <Loaded of={lineage} what="the lineage" skeleton={<div class="lineage-room" />}>
      {({ models }) => {
        const layout = layOutLineage(models);
        const { placed } = layout;
        if (placed.length === 0) return <Empty title="There are no models" />;
        return (
          <section class="panel" aria-labelledby="lineage-title">
            <header class="panel-head">
              <h2 id="lineage-title">Which table is made of which</h2>
              <div class="panel-actions">
                <button
                  type="button"
                  class="button bare"
                  aria-pressed={asTable}
                  aria-label="Lineage as a table"
                  title="As a table"
                  onClick={() => setAsTable(!asTable)}
                >
                  <Icon name={asTable ? "chart" : "table"} />
                </button>
              </div>
            </header>
            {asTable ? (
              <Table caption="Lineage" columns={columns} rows={placed} rowKey={(one) => one.name} />
            ) : (
              <Picture lineage={layout} />
            )}
          </section>
        );
      }}
    </Loaded>
  );
}
