// Above both lists of the portal: which of them, and what is listed.
import type { ComponentChildren } from "preact";
import { place } from "../../lib/router";

export function ListHead({ customer, children }: { customer: number; children?: ComponentChildren }) {
  const home = `/customers/${customer}`;
  const returned = place.value.path === `${home}/returned`;
  return (
    <header class="list-head" id="list" tabIndex={-1}>
      <nav class="tabs" aria-label="Lists">
        <a href={home} aria-current={returned ? undefined : "page"}>
          Orders
        </a>
        <a href={`${home}/returned`} aria-current={returned ? "page" : undefined}>
          Returned items
        </a>
      </nav>
      {children}
    </header>
  );
}
