// The server's live totals (/api/v1/live). One stream for the whole app while somebody is signed in; where
// it cannot be had, what follows it asks anew now and then.
import { effect, signal } from "@preact/signals";
import { base } from "../api/client";
import type { Totals } from "../api/types";
import { askSession, session } from "./session";

export interface Live {
  state: "connecting" | "open" | "broken";
  totals: Partial<Totals> | null; // customers are told no more than when the store last changed
  heard: number | null; // when the stream was last heard, in ms
  version: number; // grows with every change
}

const silenceMax = 40_000; // the server speaks at least each 15 s
const retryAfter = 10_000;

const nothing: Live = { state: "connecting", totals: null, heard: null, version: 0 };

export const live = signal<Live>(nothing);

function follow(): () => void {
  let stream: EventSource | null = null;
  let watch = 0;

  const broken = () => {
    live.value = { ...live.peek(), state: "broken" };
    window.clearTimeout(watch);
    // After an answer that is no stream (busy, signed out) the browser does not try again by itself.
    if (stream?.readyState !== EventSource.OPEN) watch = window.setTimeout(again, retryAfter);
  };
  const hear = (totals: Partial<Totals> | null) => {
    window.clearTimeout(watch);
    watch = window.setTimeout(broken, silenceMax);
    const before = live.peek();
    const version = before.version + (totals ? 1 : 0);
    live.value = { state: "open", totals: totals ?? before.totals, heard: Date.now(), version };
  };
  const open = () => {
    stream = new EventSource(`${base}/live`);
    stream.addEventListener("open", () => hear(null));
    stream.addEventListener("alive", () => hear(null));
    stream.addEventListener("totals", (event) => hear(JSON.parse(event.data) as Partial<Totals>));
    stream.addEventListener("end", () => void askSession());
    stream.addEventListener("error", broken);
  };
  const again = () => {
    stream?.close();
    live.value = { ...live.peek(), version: live.peek().version + 1 };
    open();
  };

  open();
  return () => {
    window.clearTimeout(watch);
    stream?.close();
    live.value = nothing;
  };
}

export function startLive(): void {
  const signedInAs = { name: "" };
  let stop = () => {};
  effect(() => {
    const name = session.value?.user.name ?? "";
    if (name === signedInAs.name) return;
    signedInAs.name = name;
    stop();
    stop = name === "" ? () => {} : follow();
  });
}
