// One order or return: its lines, total, what refers to it, the invoice as PDF.
import { useEffect, useRef, useState } from "preact/hooks";
import type { Invoice, InvoiceLine } from "../../api/types";
import { count, day, dayTime, exactMoney, money, plural } from "../../lib/format";
import { useResource } from "../../lib/resource";
import { role } from "../../state/session";
import { Icon } from "../../ui/icon";
import { Loaded, Skeleton } from "../../ui/states";
import { type Column, Table } from "../../ui/table";
import { EventDialog } from "./event-dialog";

function lineColumns(onEvent: ((id: string) => void) | null): Column<InvoiceLine>[] {
  return [
    {
      key: "product",
      label: "Product",
      cell: (line) => (
        <>
          {line.description || "No description"}
          <br />
          {onEvent ? (
            <button
              type="button"
              class="link small"
              aria-label={`Event of ${line.stock_code}`}
              onClick={() => onEvent(line.event_id)}
            >
              {line.stock_code}
            </button>
          ) : (
            <span class="small quiet">{line.stock_code}</span>
          )}
          <span class="small quiet narrow-only">
            {" "}
            {count(line.quantity)} × {exactMoney(line.unit_price)}
          </span>
        </>
      ),
    },
    { key: "quantity", label: "Quantity", figure: true, narrow: "hide", cell: (line) => count(line.quantity) },
    { key: "price", label: "Unit price", figure: true, narrow: "hide", cell: (line) => exactMoney(line.unit_price) },
    { key: "amount", label: "Amount", figure: true, cell: (line) => exactMoney(line.amount) },
  ];
}

// Links to other orders stay beside the list where there is one.
type Address = (number: string) => string;

function Related({ invoice, to }: { invoice: Invoice; to: Address }) {
  if (invoice.returned_from.length > 0) {
    return (
      <section class="related">
        <h3>Returned from</h3>
        <ul>
          {invoice.returned_from.map((order) => (
            <li key={order.invoice_no}>
              <a href={to(order.invoice_no)}>Order {order.invoice_no}</a>{" "}
              <span class="quiet">{day(order.invoice_date)}</span>
            </li>
          ))}
        </ul>
      </section>
    );
  }
  if (invoice.returns.length === 0) return null;
  return (
    <section class="related">
      <h3>Returned later, of the same products</h3>
      <ul>
        {invoice.returns.map((back) => (
          <li key={back.invoice_no}>
            <a href={to(back.invoice_no)}>Return {back.invoice_no}</a>{" "}
            <span class="quiet">{day(back.invoice_date)}</span>{" "}
            <span class="negative figure">{money(back.amount)}</span>
            <br />
            <span class="small quiet">{back.stock_codes.join(", ")}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

interface ViewProps {
  to: Address;
  apart?: boolean; // not beside its customer's list
}

function Body({ invoice, to, apart }: ViewProps & { invoice: Invoice }) {
  const [event, setEvent] = useState<string | null>(null);
  const onEvent = role.value === "customer" ? null : setEvent;
  return (
    <>
      <p class="quiet">
        {dayTime(invoice.invoice_date)} · {plural(invoice.lines_count, "line")} · {plural(invoice.items, "item")} ·{" "}
        {invoice.country}
        {apart && invoice.customer_id !== null && (
          <>
            {" "}
            · <a href={`/customers/${invoice.customer_id}`}>Customer {invoice.customer_id}</a>
          </>
        )}
      </p>
      <p>
        <a class="button" href={invoice.pdf} target="_blank" rel="noreferrer">
          <Icon name="document" /> {invoice.cancelled ? "Credit note (PDF)" : "Invoice (PDF)"}
        </a>
      </p>
      <Related invoice={invoice} to={to} />
      <Table
        caption={`Lines of ${invoice.invoice_no}`}
        columns={lineColumns(onEvent)}
        rows={invoice.lines}
        rowKey={(line) => line.event_id}
        foot={
          <tr>
            <td>Total</td>
            <td class="figure narrow-hide">{count(invoice.items)}</td>
            <td class="narrow-hide" />
            <td class="figure">{exactMoney(invoice.total)}</td>
          </tr>
        }
      />
      {event && <EventDialog id={event} onClose={() => setEvent(null)} />}
    </>
  );
}

export function OrderView({ number, ...view }: ViewProps & { number: string }) {
  const invoice = useResource<Invoice>(`/invoices/${encodeURIComponent(number)}`, { keepFormer: false });
  return (
    <Loaded
      of={invoice}
      what={`order ${number}`}
      missing={`There is no order ${number} here`}
      skeleton={
        <p>
          <Skeleton width={36} />
        </p>
      }
    >
      {(known) => <Body invoice={known} {...view} />}
    </Loaded>
  );
}

export function orderTitle(number: string): string {
  return /^c/i.test(number) ? `Return ${number}` : `Order ${number}`;
}

interface PanelProps {
  number: string;
  customer: number;
  suffix: string; // the list's filters, kept in the address
  onClose: () => void;
}

export function OrderPanel({ number, customer, suffix, onClose }: PanelProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    const title = heading.current;
    if (!title) return;
    title.focus({ preventScroll: true });
    if (title.getBoundingClientRect().top > window.innerHeight / 2) document.getElementById("list")?.scrollIntoView();
    else if (title.getBoundingClientRect().top < 0) title.scrollIntoView();
  }, [number]);
  return (
    <section class="order" aria-label={orderTitle(number)}>
      <button type="button" class="button back" onClick={onClose}>
        <Icon name="left" /> Back to the list
      </button>
      <header class="order-head">
        <h2 ref={heading} tabIndex={-1}>
          {orderTitle(number)}
        </h2>
        <button type="button" class="button bare close" aria-label="Close this order" onClick={onClose}>
          <Icon name="close" />
        </button>
      </header>
      <OrderView number={number} to={(other) => `/customers/${customer}/orders/${other}${suffix}`} />
    </section>
  );
}
