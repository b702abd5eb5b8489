// The first row. Each figure opens the list whose sum it is.
import type { Customer } from "../../api/types";
import { plural } from "../../lib/format";
import { place } from "../../lib/router";
import { words } from "../../lib/words";
import { Count, Money } from "../../ui/figure";
import { Tile, TileSkeleton } from "../../ui/tile";

const names = { spent: "Spent to date", returned: "Returned", net: "Net", orders: "Orders" };

// Changes with whatever the customer's lists hold: they ask anew only then, not whenever the shop sells.
export function figuresOf({ lines, spent, returned }: Customer): string {
  return `${lines} ${spent} ${returned}`;
}

export function Figures({ customer }: { customer: Customer }) {
  const home = `/customers/${customer.customer_id}`;
  const { path, query } = place.value;
  const kind = path === `${home}/returned` ? null : (query.get("kind") ?? "all");
  return (
    <div class="tiles">
      <Tile
        name={names.spent}
        definition={words.spent}
        href={`${home}?kind=orders`}
        hrefLabel={`show the ${plural(customer.orders, "order")} that it is the sum of`}
        current={kind === "orders"}
        opens="list"
      >
        <Money value={customer.spent} />
      </Tile>
      <Tile
        name={names.returned}
        definition={words.returned}
        href={`${home}?kind=returns`}
        hrefLabel={`show the ${plural(customer.returns, "return")} that it is the sum of`}
        current={kind === "returns"}
        opens="list"
        tone="returns"
        note={plural(customer.returns, "return")}
      >
        <Money value={customer.returned} />
      </Tile>
      <Tile
        name={names.net}
        definition={words.net}
        href={home}
        hrefLabel="show orders and returns together"
        current={kind === "all"}
        opens="list"
      >
        <Money value={customer.net} />
      </Tile>
      <Tile
        name={names.orders}
        definition={words.orders}
        href={`${home}?kind=orders`}
        hrefLabel="show them"
        opens="list"
      >
        <Count value={customer.orders} />
      </Tile>
    </div>
  );
}

export function FiguresSkeleton() {
  return (
    <div class="tiles">
      {Object.values(names).map((name) => (
        <TileSkeleton key={name} name={name} />
      ))}
    </div>
  );
}
