// An invoice by itself: also those of guests, who have no page of their own.
import { OrderView, orderTitle } from "../portal/order";
import type { PageProps } from "../registry";

export default function InvoicePage({ params }: PageProps) {
  const number = params.invoice ?? "";
  return (
    <div class="page narrow">
      <header class="page-head">
        <h1>{orderTitle(number)}</h1>
      </header>
      <div class="order-body">
        <OrderView number={number} to={(other) => `/invoices/${other}`} apart />
      </div>
    </div>
  );
}
