// Several values of one field: a button that tells what is chosen, and behind it a search with boxes to tick.
import type { TargetedKeyboardEvent } from "preact";
import { useEffect, useState } from "preact/hooks";
import { get } from "../../api/client";
import type { FilterValue } from "../../api/sales";
import { forDrawing } from "../../lib/decimal";
import { count, shortMoney } from "../../lib/format";
import { asApiError } from "../../lib/resource";
import { Icon } from "../../ui/icon";
import { Popover } from "../../ui/popover";
import type { Field } from "./filters";

const typingPause = 60; // ms
const shownMax = 50;

const words: Record<Field, { all: string; many: string; search: string }> = {
  country: { all: "All countries", many: "countries", search: "Find a country" },
  product: { all: "All products", many: "products", search: "Name or stock code" },
  customer: { all: "All customers", many: "customers", search: "Customer number or name" },
};

interface Props {
  field: Field;
  chosen: string[];
  ticked: string[]; // the same, at once: a box is ticked while the figures are still those of before
  labelOf: (value: string) => string;
  onToggle: (value: string, label: string) => void;
  onClear: () => void;
}

function useValues(field: Field, text: string) {
  const [found, setFound] = useState<FilterValue[] | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  useEffect(() => {
    const abort = new AbortController();
    const timer = window.setTimeout(() => {
      get<{ items: FilterValue[] }>("/sales/values", { field, q: text.trim(), limit: shownMax }, abort.signal).then(
        ({ items }) => {
          setFound(items);
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
  }, [field, text]);
  return { found, problem };
}

// Arrows go from the search through the boxes and back.
function moveAmongBoxes(event: TargetedKeyboardEvent<HTMLElement>): void {
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  const inputs = [...event.currentTarget.querySelectorAll<HTMLInputElement>("input")];
  const at = inputs.indexOf(document.activeElement as HTMLInputElement);
  if (at < 0) return;
  event.preventDefault();
  inputs[Math.max(0, Math.min(at + (event.key === "ArrowDown" ? 1 : -1), inputs.length - 1))]?.focus();
}

function Panel({ field, chosen, ticked, labelOf, onToggle, onClear }: Props) {
  const [text, setText] = useState("");
  const { found, problem } = useValues(field, text);
  // A box stays where it is when it is ticked, and keeps the focus; what is chosen and not found lies above.
  const others = chosen.filter((value) => !found?.some((option) => option.value === value));
  const box = (value: string, label: string, sales?: string) => (
    <label class="value" key={value}>
      <input type="checkbox" checked={ticked.includes(value)} onChange={() => onToggle(value, label)} />
      <span class="value-name">{label}</span>
      {sales !== undefined && <span class="quiet small">{shortMoney(forDrawing(sales))}</span>}
    </label>
  );
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: arrows among the controls inside
    <div class="values" onKeyDown={moveAmongBoxes}>
      <label class="search-box">
        <span class="heard">{words[field].search}</span>
        <Icon name="search" />
        <input
          class="input"
          type="search"
          placeholder={words[field].search}
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
      </label>
      {chosen.length > 0 && (
        <fieldset>
          <legend class="small quiet">
            {count(chosen.length)} chosen{" "}
            <button type="button" class="link" onClick={onClear}>
              Choose none
            </button>
          </legend>
          {others.map((value) => box(value, labelOf(value)))}
        </fieldset>
      )}
      <fieldset class="values-found" aria-busy={found === null}>
        <legend class="heard">{words[field].many}, those that sold most first</legend>
        {found?.map((option) => box(option.value, option.label || labelOf(option.value), option.sales))}
      </fieldset>
      {(problem || found?.length === 0) && (
        <p class="small quiet" role="status">
          {problem ?? "Nothing found"}
        </p>
      )}
    </div>
  );
}

export function ValuesPicker(props: Props) {
  const { field, chosen, labelOf } = props;
  const first = chosen[0];
  const label =
    first === undefined
      ? words[field].all
      : chosen.length === 1
        ? labelOf(first)
        : `${count(chosen.length)} ${words[field].many}`;
  return (
    <Popover
      buttonClass={first === undefined ? "button" : "button chosen"}
      buttonLabel={`${words[field].many}: ${label}`}
      label={
        <>
          <span class="value-name">{label}</span> <Icon name="down" />
        </>
      }
      onOpen={(panel) => panel.querySelector("input")?.focus()}
    >
      {() => <Panel {...props} />}
    </Popover>
  );
}
