// The server's live totals (/api/v1/live). One stream for the whole app while somebody is signed in.
import { effect, signal } from "@preact/signals";
import { base } from "../api/client";
import type { Totals } from "../api/types";
import { session } from "./session";

export interface Live {
  state: "connecting" | "open" | "broken";
  totals: Totals | null;
  heard: number | null; // when the stream was last heard, in ms
}

// The server speaks at least each 15 s.
const silenceMax = 40_000;

export const live = signal<Live>({ state: "connecting", totals: null, heard: null });

function follow(): () => void {
  const stream = new EventSource(`${base}/live`);
  let watch = 0;
  const broken = () => {
    live.value = { ...live.peek(), state: "broken" };
  };
  const hear = (totals: Totals | null) => {
    window.clearTimeout(watch);
    watch = window.setTimeout(broken, silenceMax);
    live.value = { state: "open", totals: totals ?? live.peek().totals, heard: Date.now() };
  };
  stream.addEventListener("open", () => hear(null));
  stream.addEventListener("alive", () => hear(null));
  stream.addEventListener("totals", (event) => hear(JSON.parse(event.data) as Totals));
  stream.addEventListener("error", broken);
  return () => {
    window.clearTimeout(watch);
    stream.close();
    live.value = { state: "connecting", totals: null, heard: null };
  };
}

export function startLive(): void {
  effect(() => (session.value ? follow() : undefined));
}
