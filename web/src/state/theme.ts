// Light, dark or the system's, remembered on this device.
import { signal } from "@preact/signals";

export type Theme = "auto" | "light" | "dark";

const key = "millrace-theme";

function remembered(): Theme {
  try {
    const kept = localStorage.getItem(key);
    return kept === "light" || kept === "dark" ? kept : "auto";
  } catch {
    return "auto"; // storage may be forbidden
  }
}

export const theme = signal<Theme>("auto");
// Grows whenever colours change, for what has drawn with them.
export const paint = signal(0);

export function setTheme(next: Theme): void {
  theme.value = next;
  if (next === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = next;
  try {
    if (next === "auto") localStorage.removeItem(key);
    else localStorage.setItem(key, next);
  } catch {
    // then it holds for this visit
  }
  paint.value += 1;
}

export function startTheme(): void {
  setTheme(remembered());
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    paint.value += 1;
  });
}

// What a custom property comes to now, as a colour that SVG understands.
export function colour(name: string): string {
  const probe = document.createElement("span");
  probe.style.color = `var(--${name})`;
  document.body.append(probe);
  const value = getComputedStyle(probe).color;
  probe.remove();
  return value;
}
