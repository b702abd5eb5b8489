// The app's keys: ? lists them, / searches, g then a letter goes to a section.
import { signal } from "@preact/signals";
import { sectionsFor } from "../pages/registry";
import { session } from "../state/session";
import { navigate } from "./router";

export const helpOpen = signal(false);

// Keys that a page has for itself while it is shown: their names for the list, and what they do.
export interface PageKey {
  key: string;
  meaning: string;
  act: () => void;
}

export const pageKeys = signal<PageKey[]>([]);

const followMax = 1500; // ms from `g` to its letter
let goUntil = 0;

function typing(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
  );
}

// Where a key was pressed, also within a shadow root.
function from(event: KeyboardEvent): EventTarget | null {
  return event.composedPath()[0] ?? event.target;
}

function goTo(key: string): boolean {
  const here = session.peek();
  const section = here && sectionsFor(here).find((one) => one.key === key);
  if (section && here) navigate(section.href(here));
  return Boolean(section);
}

function search(): boolean {
  const box = document.querySelector<HTMLInputElement>("main [data-search], header [data-search]");
  box?.focus();
  box?.select();
  return box !== null;
}

function ofPage(key: string): boolean {
  const found = pageKeys.peek().find((one) => one.key === key);
  found?.act();
  return found !== undefined;
}

function press(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || typing(from(event))) return;
  if (document.querySelector("dialog[open]")) return;
  const going = event.timeStamp < goUntil;
  goUntil = 0;
  let done = false;
  if (going) done = goTo(event.key);
  else if (event.key === "g") {
    goUntil = event.timeStamp + followMax;
    done = true;
  } else if (event.key === "?") {
    helpOpen.value = true;
    done = true;
  } else if (event.key === "/") done = search();
  else done = ofPage(event.key);
  if (done) event.preventDefault();
}

export function startKeys(): void {
  document.addEventListener("keydown", press);
}
