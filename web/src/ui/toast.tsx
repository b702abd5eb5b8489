// Short messages that something was done. Polite: they wait for the screen reader and leave by themselves.
import { signal } from "@preact/signals";

interface Toast {
  id: number;
  text: string;
}

const shownFor = 5000;
const toasts = signal<Toast[]>([]);
let nextId = 1;

export function toast(text: string): void {
  const id = nextId++;
  toasts.value = [...toasts.value, { id, text }];
  window.setTimeout(() => {
    toasts.value = toasts.value.filter((one) => one.id !== id);
  }, shownFor);
}

export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map(({ id, text }) => (
        <p key={id} class="toast">
          {text}
        </p>
      ))}
    </div>
  );
}
