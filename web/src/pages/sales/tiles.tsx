// The first row: each figure with its change, how it went, and the rows that it is made of.
import type { Compare, Metric, Tiled, Tiles as TileValues } from "../../api/sales";
import { count, exactMoney, money, percent } from "../../lib/format";
import { Count, Money } from "../../ui/figure";
import { Tile, TileSkeleton } from "../../ui/tile";
import { compareWords } from "./periods";
import { metricName, metricWords } from "./words";

type Name = keyof TileValues;

interface Row {
  name: Name;
  kind: "money" | "pence" | "count" | "rate";
  list: string; // what it opens
  opens: string; // for ears
  down?: boolean; // less is better
}

const rows: Row[] = [
  { name: "sales", kind: "money", list: "orders", opens: "show the orders that it is the sum of" },
  { name: "orders", kind: "count", list: "orders", opens: "show them" },
  { name: "average_order", kind: "pence", list: "orders", opens: "show the orders that it is the average of" },
  { name: "customers", kind: "count", list: "customers", opens: "show them" },
  { name: "items", kind: "count", list: "products", opens: "show the products that it is the sum of" },
  { name: "cancelled_orders", kind: "count", list: "returns", opens: "show them", down: true },
  { name: "cancellation_rate", kind: "rate", list: "returns", opens: "show the cancelled orders", down: true },
  {
    name: "returns",
    kind: "money",
    list: "returns",
    opens: "show the cancelled orders that it is the sum of",
    down: true,
  },
];

const isReturns = ({ down }: Row) => down === true;

function written(kind: Row["kind"], value: string | number): string {
  if (kind === "rate") return percent(Number(value), 2);
  return kind === "count" ? count(Number(value)) : kind === "pence" ? money(String(value)) : exactMoney(String(value));
}

function Value({ kind, value }: { kind: Row["kind"]; value: string | number }) {
  if (kind === "rate") return <span>{percent(Number(value))}</span>;
  return kind === "count" ? (
    <Count value={Number(value)} />
  ) : (
    <Money value={String(value)} places={kind === "pence" ? 2 : 0} />
  );
}

interface Props {
  tiles: TileValues;
  compare: Compare; // none: no changes are told
  metrics: Map<string, Metric>;
  search: string;
}

export function Tiles({ tiles, compare, metrics, search }: Props) {
  return (
    <div class="tiles sales-tiles">
      {rows.map((row) => {
        const { value, before, change, spark } = tiles[row.name] as Tiled<string | number>;
        const exact = `Exactly ${written(row.kind, value)}${before === null ? "" : `; before, ${written(row.kind, before)}`}.`;
        // What is returned is below zero: more of it is a fall of the number.
        const rate = change !== null && row.name === "returns" ? -change : change;
        return (
          <Tile
            key={row.name}
            name={metricName(row.name)}
            definition={`${metricWords(row.name, metrics)} ${exact}`}
            href={`/sales/${row.list}${search}`}
            hrefLabel={row.opens}
            tone={isReturns(row) ? "returns" : "sales"}
            {...(compare === "none" ? {} : { change: { rate, words: compareWords[compare], goodWhenUp: !row.down } })}
            spark={spark}
          >
            <Value kind={row.kind} value={value} />
          </Tile>
        );
      })}
    </div>
  );
}

export function TilesSkeleton() {
  return (
    <div class="tiles sales-tiles">
      {rows.map((row) => (
        <TileSkeleton key={row.name} name={metricName(row.name)} />
      ))}
    </div>
  );
}
