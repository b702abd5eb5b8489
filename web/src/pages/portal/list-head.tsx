// Above both lists of the portal: which of them, and what is listed.
import type { ComponentChildren } from "preact";
import { place } from "../../lib/router";
import { PageTabs } from "../../ui/page-tabs";

export function ListHead({ customer, children }: { customer: number; children?: ComponentChildren }) {
  const home = `/customers/${customer}`;
  const returned = place.value.path === `${home}/returned`;
  return (
    <header class="list-head" id="list" tabIndex={-1}>
      <PageTabs
        label="Lists"
        pages={[
          { href: home, label: "Orders", current: !returned },
          { href: `${home}/returned`, label: "Returned items", current: returned },
        ]}
      />
      {children}
    </header>
  );
}
