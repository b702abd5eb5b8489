// A menu of actions and choices: arrows, Home and End move, Enter acts (WAI-ARIA menu button).
import type { ComponentChildren } from "preact";
import { Popover } from "./popover";

export interface MenuItem {
  label: string;
  act?: () => void;
  href?: string;
  checked?: boolean; // one of a group of choices
  separated?: boolean; // a line above
}

interface Props {
  label: ComponentChildren;
  buttonClass?: string;
  buttonLabel?: string;
  heading?: ComponentChildren;
  items: MenuItem[];
}

function itemsOf(panel: HTMLElement): HTMLElement[] {
  return [...panel.querySelectorAll<HTMLElement>('[role^="menuitem"]')];
}

function move(event: KeyboardEvent): void {
  const panel = event.currentTarget as HTMLElement;
  const all = itemsOf(panel);
  const at = all.indexOf(document.activeElement as HTMLElement);
  const next: Record<string, number> = {
    ArrowDown: (at + 1) % all.length,
    ArrowUp: (at - 1 + all.length) % all.length,
    Home: 0,
    End: all.length - 1,
  };
  const to = next[event.key];
  if (to === undefined) return;
  event.preventDefault();
  all[to]?.focus();
}

export function Menu({ label, buttonClass, buttonLabel, heading, items }: Props) {
  return (
    <Popover
      label={label}
      role="menu"
      {...(buttonClass === undefined ? {} : { buttonClass })}
      {...(buttonLabel === undefined ? {} : { buttonLabel })}
      onOpen={(panel) => itemsOf(panel)[0]?.focus()}
    >
      {(close) => (
        // biome-ignore lint/a11y/noStaticElementInteractions: the keys of the menu around it
        <div class="menu" onKeyDown={move}>
          {heading && <div class="menu-heading">{heading}</div>}
          {items.map((item) => {
            const shared = { class: `menu-item${item.separated ? " separated" : ""}`, tabIndex: -1 };
            if (item.href) {
              return (
                <a key={item.label} {...shared} role="menuitem" href={item.href} onClick={close}>
                  {item.label}
                </a>
              );
            }
            const chosen =
              item.checked === undefined
                ? { role: "menuitem" as const }
                : { role: "menuitemradio" as const, "aria-checked": item.checked };
            const act = () => {
              close();
              item.act?.();
            };
            return (
              <button key={item.label} type="button" {...shared} {...chosen} onClick={act}>
                {item.label}
              </button>
            );
          })}
        </div>
      )}
    </Popover>
  );
}
