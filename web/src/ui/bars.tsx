// Ranked bars that are read like a list: name, bar from zero, figure. One tab stop, arrows move; a bar that
// can be picked is a button that tells whether it is.
import type { TargetedKeyboardEvent } from "preact";
import { useState } from "preact/hooks";
import { Icon } from "./icon";

export interface Bar {
  key: string;
  name: string;
  detail?: string | undefined; // said after the name, quietly
  size: number; // for drawing: its length is that of the largest
  figure: string;
  note?: string | undefined; // after the figure: a share
  picked?: boolean;
  onPick?: (() => void) | undefined;
}

interface Props {
  label: string; // for ears
  bars: Bar[];
  tone?: "sales" | "returns" | "other";
  max?: number; // where 'other' must not set the scale
}

// Arrows, Home and End move among the buttons of a list.
export function moveAmongButtons(event: TargetedKeyboardEvent<HTMLElement>): void {
  const buttons = [...event.currentTarget.querySelectorAll<HTMLElement>("button")];
  const at = buttons.indexOf(document.activeElement as HTMLElement);
  const steps: Record<string, number> = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: buttons.length - 1 };
  const to = steps[event.key];
  if (at < 0 || to === undefined) return;
  event.preventDefault();
  buttons[Math.max(0, Math.min(to, buttons.length - 1))]?.focus();
}

function Inside({ bar, max, tone }: { bar: Bar; max: number; tone: string }) {
  const part = max > 0 ? Math.min(1, Math.abs(bar.size) / max) : 0;
  return (
    <>
      <span class="bar-name" title={bar.detail ? `${bar.name} ${bar.detail}` : bar.name}>
        {bar.picked && <Icon name="check" />} {bar.name}
        {bar.detail && <span class="quiet"> {bar.detail}</span>}
      </span>
      <span class="bar-room" aria-hidden="true">
        <span class={`bar ${tone}`} style={{ inlineSize: `${(part * 100).toFixed(2)}%` }} />
      </span>
      <span class="bar-figure">{bar.figure}</span>
      {bar.note !== undefined && <span class="bar-note quiet">{bar.note}</span>}
    </>
  );
}

export function Bars({ label, bars, tone = "sales", max }: Props) {
  const scale = max ?? Math.max(...bars.map((bar) => Math.abs(bar.size)), 0);
  // Where Tab stops: the bar last focused, for as long as it is there. A focused element whose tabIndex is set makes
  // the browser lay the whole page out at once, so it keeps its own while bars change around it.
  const [focused, setFocused] = useState<string | null>(null);
  const stop = (bars.find((bar) => bar.onPick && bar.key === focused) ?? bars.find((bar) => bar.onPick))?.key;
  const noted = bars.some((bar) => bar.note !== undefined);
  return (
    <ul class={noted ? "bars noted" : "bars"} aria-label={label} onKeyDown={moveAmongButtons}>
      {bars.map((bar) => (
        <li key={bar.key}>
          {bar.onPick ? (
            <button
              type="button"
              class="bar-row"
              tabIndex={bar.key === stop ? 0 : -1}
              aria-pressed={bar.picked ?? false}
              onClick={bar.onPick}
              onFocus={() => setFocused(bar.key)}
            >
              <Inside bar={bar} max={scale} tone={tone} />
            </button>
          ) : (
            <div class="bar-row">
              <Inside bar={bar} max={scale} tone={bar.key === "" ? "other" : tone} />
            </div>
          )}
        </li>
      ))}
    </ul>
  );
}
