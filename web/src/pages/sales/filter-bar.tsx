// What the page is narrowed to, and how to take it back.
import type { Compare, Sales } from "../../api/sales";
import type { Changes } from "../../lib/router";
import { type Chip, Chips } from "../../ui/controls";
import { DateRange, rangeLabel } from "../../ui/date-range";
import { Icon } from "../../ui/icon";
import { Menu } from "../../ui/menu";
import { cleared, type Filters, fields, type Narrowing, narrowings } from "./filters";
import { labelOf } from "./labels";
import { ValuesPicker } from "./values-picker";

const compares: { value: Compare; label: string }[] = [
  { value: "previous", label: "The days before" },
  { value: "year", label: "A year earlier" },
  { value: "none", label: "Nothing" },
];

interface Props {
  filters: Filters; // of the figures shown
  asked: Filters; // of the address
  data: Sales | undefined;
  toggle: (field: Narrowing, value: string, label: string) => void;
  change: (changes: Changes) => void;
}

export function FilterBar({ filters, asked, data, toggle, change }: Props) {
  const { from, to, compare } = filters;
  const chosen = compares.find(({ value }) => value === compare)?.label ?? "";
  const chips: Chip[] = [
    ...(from || to
      ? [{ key: "days", label: rangeLabel({ from, to }), remove: () => change({ from: null, to: null }) }]
      : []),
    ...narrowings.flatMap((field) =>
      filters[field].map((value) => ({
        key: `${field} ${value}`,
        label: labelOf(field, value),
        remove: () => toggle(field, value, labelOf(field, value)),
      })),
    ),
  ];
  return (
    <div class="sales-filters">
      <div class="filters">
        <DateRange
          label="Dates"
          value={{ from, to }}
          first={data?.range.first ?? null}
          last={data?.range.last ?? null}
          onChange={(range) => change({ from: range.from, to: range.to })}
        />
        <Menu
          buttonLabel={`Compare: vs ${chosen.toLowerCase()}`}
          label={
            <>
              <span>
                <span class="quiet">vs</span> {chosen.toLowerCase()}
              </span>{" "}
              <Icon name="down" />
            </>
          }
          items={compares.map(({ value, label }) => ({
            label,
            checked: value === compare,
            act: () => change({ compare: value }),
          }))}
        />
        {fields.map((field) => (
          <ValuesPicker
            key={field}
            field={field}
            chosen={filters[field]}
            ticked={asked[field]}
            labelOf={(value) => labelOf(field, value)}
            onToggle={(value, label) => toggle(field, value, label)}
            onClear={() => change({ [field]: null })}
          />
        ))}
      </div>
      <Chips chips={chips} onClear={() => change(cleared)} />
    </div>
  );
}
