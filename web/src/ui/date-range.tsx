// From – to, by presets that count back from the last day with data, or by two days.
import { useState } from "preact/hooks";
import { presets, type Range } from "../lib/dates";
import { day } from "../lib/format";
import { Icon } from "./icon";
import { Popover } from "./popover";

interface Props {
  label: string;
  value: Range; // null: open at that end
  first: string | null; // the days that have data
  last: string | null;
  onChange: (range: Range) => void;
}

export function rangeLabel({ from, to }: Range): string {
  if (from && to) return from === to ? day(from) : `${day(from)} – ${day(to)}`;
  if (from) return `From ${day(from)}`;
  return to ? `Until ${day(to)}` : "All dates";
}

function Panel({ value, first, last, onChange, close }: Props & { close: () => void }) {
  const [from, setFrom] = useState(value.from ?? "");
  const [to, setTo] = useState(value.to ?? "");
  const choose = (range: Range) => {
    onChange(range);
    close();
  };
  return (
    <form
      class="date-range"
      onSubmit={(event) => {
        event.preventDefault();
        choose({ from: from || null, to: to || null });
      }}
    >
      <div class="presets">
        {presets(first, last).map((preset) => (
          <button key={preset.label} type="button" class="button" onClick={() => choose(preset.range)}>
            {preset.label}
          </button>
        ))}
      </div>
      <div class="dates">
        <label>
          From
          <input
            class="input"
            type="date"
            value={from}
            max={to || undefined}
            onInput={(event) => setFrom(event.currentTarget.value)}
          />
        </label>
        <label>
          To
          <input
            class="input"
            type="date"
            value={to}
            min={from || undefined}
            onInput={(event) => setTo(event.currentTarget.value)}
          />
        </label>
      </div>
      <button type="submit" class="button main">
        Show these days
      </button>
    </form>
  );
}

export function DateRange(props: Props) {
  return (
    <Popover
      buttonLabel={`${props.label}: ${rangeLabel(props.value)}`}
      label={
        <>
          <Icon name="calendar" /> {rangeLabel(props.value)}
        </>
      }
    >
      {(close) => <Panel {...props} close={close} />}
    </Popover>
  );
}
