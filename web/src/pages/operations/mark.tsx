// What became of a run or a task, told by shape, colour and word.
interface Look {
  word: string;
  tone: "good" | "bad" | "warn" | "busy" | "none";
  shape: string; // strokes on a 16 px grid
}

const looks: Record<string, Look> = {
  success: { word: "done", tone: "good", shape: "m4 8.5 2.8 2.8L12 5" },
  running: { word: "running", tone: "busy", shape: "M6 4.5v7l5.5-3.5z" },
  queued: { word: "waits in the queue", tone: "none", shape: "M5 8h.01M8 8h.01M11 8h.01" },
  waiting: { word: "waits", tone: "none", shape: "M5 8h.01M8 8h.01M11 8h.01" },
  retrying: { word: "will be tried again", tone: "warn", shape: "M11.5 6A4 4 0 1 0 12 9M12 3.5V6H9.5" },
  failed: { word: "failed", tone: "bad", shape: "m5 5 6 6m0-6-6 6" },
  upstream_failed: { word: "not begun: one before it failed", tone: "bad", shape: "M8 12V5M5 8l3-3 3 3" },
  timed_out: { word: "took too long", tone: "bad", shape: "M8 4.5V8l2.5 1.5" },
  skipped: { word: "nothing to do", tone: "none", shape: "M5 8h6" },
  passed_over: { word: "passed over", tone: "none", shape: "M5 8h6" },
  cancelled: { word: "cancelled", tone: "warn", shape: "m4.5 11.5 7-7" },
};

const unknown: Look = { word: "unknown", tone: "none", shape: "M8 11.5v.01M6 6.2A2 2 0 1 1 8 8.5V9" };

export function lookOf(state: string): Look {
  return looks[state.replaceAll("-", "_")] ?? { ...unknown, word: state };
}

export const legend = [
  "success",
  "running",
  "queued",
  "retrying",
  "skipped",
  "failed",
  "upstream_failed",
  "timed_out",
  "cancelled",
];

export function Mark({ state, size = 16 }: { state: string; size?: number }) {
  const { tone, shape } = lookOf(state);
  return (
    <svg class={`mark ${tone}`} viewBox="0 0 16 16" width={size} height={size} aria-hidden="true" focusable="false">
      <rect x="0.75" y="0.75" width="14.5" height="14.5" rx="3.5" />
      <path d={shape} />
    </svg>
  );
}

export function MarkWord({ state }: { state: string }) {
  return (
    <span class="mark-word">
      <Mark state={state} />
      {"\u00a0"}
      {lookOf(state).word}
    </span>
  );
}
