// Every line that a customer sent back.
import { address } from "../../api/client";
import type { Customer, ReturnedItem, ReturnedItems } from "../../api/types";
import { count, day, exactMoney, money } from "../../lib/format";
import { usePages } from "../../lib/pages";
import { Icon } from "../../ui/icon";
import { PagedTable } from "../../ui/paged-table";
import { Empty } from "../../ui/states";
import type { Column } from "../../ui/table";
import { figuresOf } from "./figures";
import { ListHead } from "./list-head";

const columns: Column<ReturnedItem>[] = [
  { key: "product", label: "Product", width: 24, cell: (item) => item.description || "No description" },
  { key: "code", label: "Code", narrow: "hide", width: 6, cell: (item) => item.stock_code },
  { key: "date", label: "Returned on", narrow: "hide", width: 11, cell: (item) => day(item.invoice_date) },
  { key: "return", label: "Return", narrow: "hide", width: 7, cell: (item) => item.invoice_no },
  { key: "quantity", label: "Quantity", figure: true, width: 4, cell: (item) => count(item.quantity) },
  {
    key: "amount",
    label: "Amount",
    figure: true,
    width: 8,
    cell: (item) => <span class="negative">{exactMoney(item.amount)}</span>,
  },
];

export function Returned({ customer }: { customer: Customer }) {
  const home = `/customers/${customer.customer_id}`;
  const path = `${home}/returned-items`;
  const keyOf = (item: ReturnedItem) => item.event_id;
  const paged = usePages<ReturnedItem, ReturnedItems>(path, {}, { keyOf, stamp: figuresOf(customer) });
  return (
    <section class="list" aria-label="Returned items">
      <ListHead customer={customer.customer_id}>
        <div class="filters">
          <a class="button end" href={address(path, { format: "csv" })} download>
            <Icon name="download" /> CSV
          </a>
        </div>
      </ListHead>
      <PagedTable
        paged={paged}
        what={["returned item", "returned items"]}
        nothing={<Empty title="Nothing was returned" />}
        caption="Returned items"
        columns={columns}
        rowKey={keyOf}
        href={(item) => `${home}/orders/${item.invoice_no}`}
      >
        , together <strong>{money(paged.list?.sum ?? "0")}</strong>
      </PagedTable>
    </section>
  );
}
