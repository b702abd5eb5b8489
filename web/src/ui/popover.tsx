// A panel that hangs from its button: closed by Escape, by a click or by focus elsewhere.
import type { ComponentChildren, TargetedKeyboardEvent } from "preact";
import { useEffect, useId, useLayoutEffect, useRef, useState } from "preact/hooks";

interface Props {
  label: ComponentChildren;
  buttonClass?: string;
  buttonLabel?: string; // for ears, where the label is a picture
  role?: "dialog" | "menu";
  children: (close: () => void) => ComponentChildren;
  onOpen?: (panel: HTMLElement) => void;
}

// Keeps the panel inside the window: hangs from the button's other edge where it would leave it.
function place(panel: HTMLElement): void {
  panel.classList.remove("from-end");
  if (panel.getBoundingClientRect().right > document.documentElement.clientWidth - 8) panel.classList.add("from-end");
  const over = 8 - panel.getBoundingClientRect().left;
  panel.style.translate = over > 0 ? `${over}px 0` : "";
}

export function Popover({ label, buttonClass = "button", buttonLabel, role = "dialog", children, onOpen }: Props) {
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const panel = useRef<HTMLDivElement>(null);
  const id = useId();

  const close = () => {
    if (root.current?.contains(document.activeElement)) button.current?.focus();
    setOpen(false);
  };

  useLayoutEffect(() => {
    if (!open || !panel.current) return;
    place(panel.current);
    onOpen?.(panel.current);
  }, [open]);

  useEffect(() => {
    if (!open) return;
    const outside = (event: Event) => {
      if (event.target instanceof Node && !root.current?.contains(event.target)) setOpen(false);
    };
    document.addEventListener("pointerdown", outside);
    document.addEventListener("focusin", outside);
    return () => {
      document.removeEventListener("pointerdown", outside);
      document.removeEventListener("focusin", outside);
    };
  }, [open]);

  const onKeyDown = (event: TargetedKeyboardEvent<HTMLDivElement>) => {
    if (open && event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      close();
    }
  };

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: Escape closes from anywhere inside; the button and the panel are the controls
    <div class="popover" ref={root} onKeyDown={onKeyDown}>
      <button
        type="button"
        class={buttonClass}
        ref={button}
        aria-haspopup={role}
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        aria-label={buttonLabel}
        onClick={() => (open ? close() : setOpen(true))}
      >
        {label}
      </button>
      {open && (
        <div class="popover-panel" id={id} ref={panel} role={role} aria-label={buttonLabel} tabIndex={-1}>
          {children(close)}
        </div>
      )}
    </div>
  );
}

// A metric's name with its one-line definition behind it.
export function Term({ name, definition }: { name: string; definition: string }) {
  return (
    <Popover label={name} buttonClass="term" buttonLabel={`${name}: what it means`}>
      {() => <p class="definition">{definition}</p>}
    </Popover>
  );
}
