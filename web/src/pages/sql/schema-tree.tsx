// What can be asked: tables and views by layer, each opening to its columns (WAI-ARIA tree, flat with levels).
// Enter or a click puts the name into the query; arrows move, open and close.
import type { TargetedKeyboardEvent } from "preact";
import { useRef, useState } from "preact/hooks";
import type { SchemaTable } from "../../api/operations";
import { count } from "../../lib/format";
import { Icon } from "../../ui/icon";

interface Item {
  id: string;
  level: 1 | 2 | 3;
  label: string;
  aside: string;
  description: string | null;
  insert: string | null; // what it puts into the query; a layer opens instead
  open: boolean | null; // null: a leaf
  view: boolean;
}

const layers = ["gold", "silver", "bronze", "ops"];
const noLayer = "tables";

const layerOf = ({ name }: SchemaTable) => (name.includes(".") ? (name.split(".")[0] ?? "") : noLayer);
const placeOf = (layer: string) => (layers.indexOf(layer) + layers.length + 1) % (layers.length + 1);

// Whether something has these words, and by its own name or only by a column's.
function hits(table: SchemaTable, words: string): "name" | "column" | null {
  if (words === "" || `${table.name} ${table.description ?? ""}`.toLowerCase().includes(words)) return "name";
  return table.columns.some(({ name }) => name.toLowerCase().includes(words)) ? "column" : null;
}

export function itemsOf(tables: SchemaTable[], open: ReadonlySet<string>, words: string): Item[] {
  const found = tables.filter((table) => hits(table, words) !== null);
  const names = [...new Set(found.map(layerOf))].sort((one, other) => placeOf(one) - placeOf(other));
  const items: Item[] = [];
  for (const layer of names) {
    const inside = found.filter((table) => layerOf(table) === layer);
    const layerOpen = open.has(layer) || words !== "";
    const about = { level: 1 as const, description: null, insert: null, view: false };
    items.push({ ...about, id: layer, label: layer, aside: count(inside.length), open: layerOpen });
    for (const table of layerOpen ? inside : []) {
      const tableOpen = open.has(table.name) || hits(table, words) === "column";
      items.push({
        id: table.name,
        level: 2,
        label: table.name.slice(table.name.indexOf(".") + 1),
        aside: table.kind === "view" ? "view" : table.rows === null ? "" : count(table.rows),
        description: table.description,
        insert: table.name,
        open: tableOpen,
        view: table.kind === "view",
      });
      for (const column of tableOpen ? table.columns : [])
        items.push({
          id: `${table.name} ${column.name}`,
          level: 3,
          label: column.name,
          aside: column.type.toLowerCase(),
          description: column.description,
          insert: column.name,
          open: null,
          view: false,
        });
    }
  }
  return items;
}

interface Props {
  tables: SchemaTable[];
  onInsert: (text: string) => void;
}

export function SchemaTree({ tables, onInsert }: Props) {
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set(["gold", noLayer]));
  const [stop, setStop] = useState<string | null>(null);
  const [find, setFind] = useState("");
  const root = useRef<HTMLDivElement>(null);
  const words = find.trim().toLowerCase();
  const items = itemsOf(tables, open, words);
  const stopAt = items.some(({ id }) => id === stop) ? stop : items[0]?.id;
  const turn = (id: string, to: boolean) => {
    const next = new Set(open);
    if (to) next.add(id);
    else next.delete(id);
    setOpen(next);
  };
  const focus = (at: number) => {
    const item = items[at];
    if (!item) return;
    setStop(item.id);
    root.current?.querySelectorAll<HTMLElement>('[role="treeitem"]')[at]?.focus();
  };

  const onKeyDown = (event: TargetedKeyboardEvent<HTMLDivElement>) => {
    const at = items.findIndex(({ id }) => id === stopAt);
    const item = items[at];
    if (!item) return;
    const parent = () => {
      let before = at;
      while (before > 0 && (items[before]?.level ?? 1) >= item.level) before -= 1;
      return before;
    };
    const acts: Record<string, () => void> = {
      ArrowDown: () => focus(at + 1),
      ArrowUp: () => focus(at - 1),
      Home: () => focus(0),
      End: () => focus(items.length - 1),
      ArrowRight: () => (item.open === false ? turn(item.id, true) : item.open && focus(at + 1)),
      ArrowLeft: () => (item.open ? turn(item.id, false) : focus(parent())),
      Enter: () => (item.insert ? onInsert(item.insert) : turn(item.id, !item.open)),
      " ": () => item.open !== null && turn(item.id, !item.open),
    };
    const act = acts[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  };

  return (
    <div class="schema">
      <label class="search-box">
        <span class="heard">Search tables and columns</span>
        <Icon name="search" />
        <input
          class="input"
          type="search"
          placeholder="Search tables and columns"
          data-search
          value={find}
          onInput={(event) => setFind(event.currentTarget.value)}
        />
      </label>
      {items.length === 0 && <p class="small quiet">{words ? "Nothing has this name" : "No tables yet"}</p>}
      <div role="tree" aria-label="Tables" ref={root} onKeyDown={onKeyDown}>
        {items.map((item) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the tree has the keys
          <div
            key={item.id}
            role="treeitem"
            class={`branch level-${item.level}`}
            aria-level={item.level}
            aria-expanded={item.open ?? undefined}
            aria-selected={false}
            tabIndex={item.id === stopAt ? 0 : -1}
            title={item.description ?? undefined}
            onFocus={() => setStop(item.id)}
            onClick={() => (item.insert ? onInsert(item.insert) : turn(item.id, !item.open))}
          >
            {item.open !== null && (
              // biome-ignore lint/a11y/noStaticElementInteractions: arrow keys do the same
              // biome-ignore lint/a11y/useKeyWithClickEvents: arrow keys do the same
              <span
                class="fold"
                onClick={(event) => {
                  event.stopPropagation();
                  turn(item.id, !item.open);
                }}
              >
                <Icon name={item.open ? "down" : "right"} />
              </span>
            )}
            <span class={item.view ? "view" : undefined}>{item.label} </span>
            <span class="small quiet">{item.aside}</span>
            {item.level === 3 && item.description && <span class="small quiet note">{item.description}</span>}
          </div>
        ))}
      </div>
    </div>
  );
}
