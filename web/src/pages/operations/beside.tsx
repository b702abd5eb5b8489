// A list and, beside it, what is open of it: Escape closes, focus goes back to the row.
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { navigate, place } from "../../lib/router";
import { Icon } from "../../ui/icon";

function useEscape(close: (() => void) | null): void {
  useEffect(() => {
    if (!close) return;
    const onKey = (event: KeyboardEvent) => {
      if (event.key === "Escape" && !event.defaultPrevented && !document.querySelector("dialog[open]")) close();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  });
}

// Gives focus to the row that was open, once the list is the whole page again.
function focusRow(): void {
  requestAnimationFrame(() => document.querySelector<HTMLElement>('main a.row-link[tabindex="0"]')?.focus());
}

// The list at `home` with its filters, and something of it that is open.
export function useBeside(home: string, open: string | null) {
  const search = place.value.query.toString();
  const suffix = search ? `?${search}` : "";
  const close = () => {
    navigate(home + suffix);
    focusRow();
  };
  useEscape(open ? close : null);
  return { close, suffix, addressOf: (id: string) => `${home}/${encodeURIComponent(id)}${suffix}` };
}

interface PanelProps {
  title: ComponentChildren;
  label: string;
  opened: string; // focus goes to the title when this changes
  onClose: () => void;
  actions?: ComponentChildren;
  children: ComponentChildren;
}

export function BesidePanel({ title, label, opened, onClose, actions, children }: PanelProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus({ preventScroll: window.innerWidth > 1000 }), [opened]);
  return (
    <section class="order" aria-label={label}>
      <header class="order-head">
        <h2 ref={heading} tabIndex={-1}>
          {title}
        </h2>
        <span class="end">
          {actions}
          <button type="button" class="button bare" aria-label={`Close ${label}`} onClick={onClose}>
            <Icon name="close" />
          </button>
        </span>
      </header>
      {children}
    </section>
  );
}
