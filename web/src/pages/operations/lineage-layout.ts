// Places the tables of a lineage in layers, each right of all that it is made of, with few crossings.
import type { Model } from "../../api/operations";

// Where the lines of one table pass a layer that they do not end in.
export interface Waypoint {
  source: string;
  layer: number;
  row: number;
}

export interface Lineage {
  placed: Placed[];
  waypoints: Waypoint[];
  rows: number[]; // of each layer, waypoints among them
}

export interface Placed {
  name: string;
  mode: string | null; // null: no model makes it
  description: string;
  reads: string[];
  layer: number;
  row: number;
}

// How far from the sources each is: one more than the farthest of what it reads.
export function depthsOf(models: Model[]): Map<string, number> {
  const reads = new Map(models.map((model) => [model.name, model.reads]));
  const depths = new Map<string, number>();
  const visit = (name: string, below: ReadonlySet<string>): number => {
    const known = depths.get(name);
    if (known !== undefined) return known;
    if (below.has(name)) return 0; // a circle; the platform refuses those
    const inner = new Set(below).add(name);
    const sources = reads.get(name) ?? [];
    const depth = sources.length === 0 ? 0 : 1 + Math.max(...sources.map((source) => visit(source, inner)));
    depths.set(name, depth);
    return depth;
  };
  for (const model of models) visit(model.name, new Set());
  return depths;
}

const rounds = 4;

// Rows within each layer, ordered by the middle of their neighbours, left to right and back.
function order(layers: string[][], neighbours: Map<string, string[]>): void {
  const rowOf = new Map<string, number>();
  const note = () => {
    for (const layer of layers)
      for (const [row, name] of layer.entries()) rowOf.set(name, row / Math.max(1, layer.length - 1));
  };
  note();
  for (let round = 0; round < rounds; round++) {
    for (const layer of round % 2 === 0 ? layers : [...layers].reverse()) {
      const middle = (name: string) => {
        const rows = (neighbours.get(name) ?? []).map((other) => rowOf.get(other) ?? 0);
        return rows.length === 0 ? (rowOf.get(name) ?? 0) : rows.reduce((sum, row) => sum + row, 0) / rows.length;
      };
      const middles = new Map(layer.map((name) => [name, middle(name)]));
      layer.sort((one, other) => (middles.get(one) ?? 0) - (middles.get(other) ?? 0) || one.localeCompare(other));
      note();
    }
  }
}

const mark = "\u0000"; // no name of a table holds it
const passing = (source: string, layer: number) => `${source}${mark}${layer}`;

// Each layer's tables, and a waypoint in every layer that a line passes; with who is next to whom.
function layersOf(models: Model[]): { layers: string[][]; neighbours: Map<string, string[]> } {
  const depths = depthsOf(models);
  const layers: string[][] = [];
  const put = (name: string, layer: number) => {
    while (layers.length <= layer) layers.push([]);
    if (!layers[layer]?.includes(name)) layers[layer]?.push(name);
  };
  const neighbours = new Map<string, string[]>();
  const meet = (one: string, other: string) => {
    neighbours.set(one, [...(neighbours.get(one) ?? []), other]);
    neighbours.set(other, [...(neighbours.get(other) ?? []), one]);
  };
  for (const [name, depth] of depths) put(name, depth);
  for (const model of models) {
    for (const source of model.reads) {
      let from = source;
      const end = depths.get(model.name) ?? 0;
      for (let layer = (depths.get(source) ?? 0) + 1; layer < end; layer++) {
        const by = passing(source, layer);
        put(by, layer);
        meet(from, by);
        from = by;
      }
      meet(from, model.name);
    }
  }
  return { layers, neighbours };
}

export function layOutLineage(models: Model[]): Lineage {
  const byName = new Map(models.map((model) => [model.name, model]));
  const { layers, neighbours } = layersOf(models);
  order(layers, neighbours);
  const lineage: Lineage = { placed: [], waypoints: [], rows: layers.map(({ length }) => length) };
  for (const [layer, names] of layers.entries()) {
    for (const [row, name] of names.entries()) {
      const [source = ""] = name.split(mark);
      if (name.includes(mark)) lineage.waypoints.push({ source, layer, row });
      else lineage.placed.push(placedOf(name, byName.get(name), layer, row));
    }
  }
  return lineage;
}

function placedOf(name: string, model: Model | undefined, layer: number, row: number): Placed {
  return {
    name,
    mode: model?.mode ?? null,
    description: model?.description ?? "Every event that arrived, as it came.",
    reads: model?.reads ?? [],
    layer,
    row,
  };
}

// All that `name` is made of, or all that is made of it.
export function reach(placed: Placed[], name: string, way: "up" | "down"): Set<string> {
  const next = (of: string) =>
    way === "up"
      ? (placed.find((one) => one.name === of)?.reads ?? [])
      : placed.filter((one) => one.reads.includes(of)).map((one) => one.name);
  const found = new Set<string>();
  const visit = (of: string) => {
    for (const other of next(of)) {
      if (found.has(other)) continue;
      found.add(other);
      visit(other);
    }
  };
  visit(name);
  return found;
}
