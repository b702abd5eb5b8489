// Small choices: one of a few words, a search box that waits for the typing to pause, chips of filters.
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { Icon } from "./icon";

interface SegmentsProps<Value extends string> {
  label: string;
  value: Value;
  options: { value: Value; label: string }[];
  onChange: (value: Value) => void;
}

export function Segments<Value extends string>({ label, value, options, onChange }: SegmentsProps<Value>) {
  const name = useId();
  return (
    <fieldset class="segments">
      <legend class="heard">{label}</legend>
      {options.map((option) => (
        <label key={option.value}>
          <input
            type="radio"
            name={name}
            value={option.value}
            checked={option.value === value}
            onChange={() => onChange(option.value)}
          />
          {option.label}
        </label>
      ))}
    </fieldset>
  );
}

const typingPause = 150; // ms

interface SearchProps {
  label: string;
  value: string;
  onChange: (value: string) => void;
}

export function SearchBox({ label, value, onChange }: SearchProps) {
  const [text, setText] = useState(value);
  const timer = useRef(0);
  useEffect(() => setText(value), [value]);
  useEffect(() => () => window.clearTimeout(timer.current), []);
  const change = (next: string) => {
    setText(next);
    window.clearTimeout(timer.current);
    timer.current = window.setTimeout(() => onChange(next.trim()), typingPause);
  };
  return (
    <label class="search-box">
      <span class="heard">{label}</span>
      <Icon name="search" />
      <input
        class="input"
        type="search"
        placeholder={label}
        data-search
        value={text}
        onInput={(event) => change(event.currentTarget.value)}
      />
    </label>
  );
}

export interface Chip {
  key: string;
  label: string;
  remove: () => void;
}

// What is filtered; each takes itself back.
export function Chips({ chips, onClear }: { chips: Chip[]; onClear?: () => void }) {
  if (chips.length === 0) return null;
  return (
    <ul class="chips" aria-label="Filters">
      {chips.map((chip) => (
        <li key={chip.key} class="chip">
          {chip.label}
          <button type="button" aria-label={`Remove filter: ${chip.label}`} onClick={chip.remove}>
            <Icon name="close" />
          </button>
        </li>
      ))}
      {onClear && chips.length > 1 && (
        <li>
          <button type="button" class="link small" onClick={onClear}>
            Clear all
          </button>
        </li>
      )}
    </ul>
  );
}
