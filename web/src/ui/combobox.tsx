// Type-ahead over the server's answers (WAI-ARIA combobox with a listbox): arrows move, Enter picks,
// Escape closes. Answers to older typing are aborted.
import type { ComponentChildren, TargetedKeyboardEvent } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { asApiError } from "../lib/resource";
import { Icon } from "./icon";

export interface Option {
  value: string;
  label: string;
  detail?: ComponentChildren;
}

interface Props {
  label: string;
  placeholder?: string;
  find: (text: string, signal: AbortSignal) => Promise<Option[]>;
  onPick: (option: Option) => void;
  search?: boolean; // `/` goes here
  clearOnPick?: boolean;
}

const typingPause = 60; // ms

function useOptions(text: string, open: boolean, find: Props["find"]) {
  const [options, setOptions] = useState<Option[] | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const latest = useRef(find);
  latest.current = find;
  useEffect(() => {
    if (!open) return;
    const abort = new AbortController();
    const timer = window.setTimeout(() => {
      latest.current(text.trim(), abort.signal).then(
        (found) => {
          setOptions(found);
          setProblem(null);
        },
        (failure) => {
          if (!abort.signal.aborted) setProblem(asApiError(failure).message);
        },
      );
    }, typingPause);
    return () => {
      window.clearTimeout(timer);
      abort.abort();
    };
  }, [text, open]);
  return { options, problem };
}

export function Combobox({ label, placeholder, find, onPick, search, clearOnPick }: Props) {
  const id = useId();
  const root = useRef<HTMLDivElement>(null);
  const [text, setText] = useState("");
  const [open, setOpen] = useState(false);
  const [active, setActive] = useState(0);
  const { options, problem } = useOptions(text, open, find);
  const shown = options ?? [];

  useEffect(() => setActive(0), [options]);
  useEffect(() => {
    document.getElementById(`${id}-${active}`)?.scrollIntoView({ block: "nearest" });
  }, [active]);

  const pick = (option: Option | undefined) => {
    if (!option) return;
    setText(clearOnPick ? "" : option.label);
    setOpen(false);
    onPick(option);
  };

  const onKeyDown = (event: TargetedKeyboardEvent<HTMLInputElement>) => {
    if (event.key === "Escape") {
      if (open) event.preventDefault();
      setOpen(false);
    } else if (event.key === "Enter" && open) {
      event.preventDefault();
      pick(shown[active]);
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      setOpen(true);
      const step = event.key === "ArrowDown" ? 1 : -1;
      if (open && shown.length > 0) setActive((active + step + shown.length) % shown.length);
    }
  };

  return (
    <div class="combobox" ref={root}>
      <label class="search-box">
        <span class="heard">{label}</span>
        <Icon name="search" />
        <input
          class="input"
          type="text"
          role="combobox"
          autoComplete="off"
          spellcheck={false}
          placeholder={placeholder ?? label}
          data-search={search ? "" : undefined}
          aria-expanded={open}
          aria-autocomplete="list"
          aria-controls={`${id}-list`}
          aria-activedescendant={open && shown.length > 0 ? `${id}-${active}` : undefined}
          value={text}
          onInput={(event) => {
            setText(event.currentTarget.value);
            setOpen(true);
          }}
          onClick={() => setOpen(true)}
          onBlur={() => setOpen(false)}
          onKeyDown={onKeyDown}
        />
      </label>
      <div
        class="listbox"
        role="listbox"
        id={`${id}-list`}
        aria-label={label}
        hidden={!open || (shown.length === 0 && !problem && options === null)}
      >
        {shown.map((option, at) => (
          // biome-ignore lint/a11y/useFocusableInteractive: focus stays in the input, which names the active option
          // biome-ignore lint/a11y/useKeyWithClickEvents: the input has the keys
          <div
            key={option.value}
            id={`${id}-${at}`}
            role="option"
            aria-selected={at === active}
            onPointerDown={(event) => event.preventDefault()}
            onPointerMove={() => setActive(at)}
            onClick={() => pick(option)}
          >
            <span>{option.label}</span>
            {option.detail && <span class="quiet">{option.detail}</span>}
          </div>
        ))}
      </div>
      {open && (problem || (options !== null && shown.length === 0)) && (
        <p class="listbox note" role="status">
          {problem ?? "Nothing found"}
        </p>
      )}
    </div>
  );
}
