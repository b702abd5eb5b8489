// Places the tables of a lineage in layers, each right of all that it is made of, with few crossings.
import type { Model } from "../../api/operations";

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

export function layOutLineage(models: Model[]): Placed[] {
  const byName = new Map(models.map((model) => [model.name, model]));
  const layers: string[][] = [];
  for (const [name, depth] of depthsOf(models)) {
    while (layers.length <= depth) layers.push([]);
    layers[depth]?.push(name);
  }
  const neighbours = new Map<string, string[]>();
  const meet = (one: string, other: string) => neighbours.set(one, [...(neighbours.get(one) ?? []), other]);
  for (const model of models)
    for (const source of model.reads) {
      meet(model.name, source);
      meet(source, model.name);
    }
  order(layers, neighbours);
  return layers.flatMap((names, layer) =>
    names.map((name, row) => {
      const model = byName.get(name);
      return {
        name,
        mode: model?.mode ?? null,
        description: model?.description ?? "Every event that arrived, as it came.",
        reads: model?.reads ?? [],
        layer,
        row,
      };
    }),
  );
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
