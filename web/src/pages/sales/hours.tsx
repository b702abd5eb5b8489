// When people buy: weekdays down, hours across, the darker the more. One tab stop, arrows move, and what a
// cell says is written below it, so that nothing is told by colour alone.
import type { TargetedKeyboardEvent } from "preact";
import { useState } from "preact/hooks";
import type { HourSold } from "../../api/sales";
import { toCsv } from "../../lib/csv";
import { forDrawing } from "../../lib/decimal";
import { count, money, plural, shortMoney } from "../../lib/format";
import { Panel } from "../../ui/panel";
import type { Column } from "../../ui/table";
import { hourToggled } from "./filters";
import { hourName, hourSpan, weekdays } from "./labels";
import { NothingHere } from "./nothing";
import { type DashboardPanel, fileName } from "./panel-props";
import { Explain } from "./parts";

const steps = 5; // of shade

const weekday = (row: HourSold) => weekdays[row.weekday - 1] ?? "?";

const columns: Column<HourSold>[] = [
  { key: "weekday", label: "Weekday", cell: weekday, raw: (row) => row.weekday },
  { key: "hour", label: "Hour", cell: (row) => hourName(row.hour), raw: (row) => row.hour },
  { key: "sales", label: "Sales", figure: true, cell: (row) => money(row.sales), raw: (row) => row.sales },
  { key: "orders", label: "Orders", figure: true, cell: (row) => count(row.orders), raw: (row) => row.orders },
];

const said = (row: HourSold) =>
  `${weekday(row)} ${hourSpan(row.hour)}: ${money(row.sales)}, ${plural(row.orders, "order")}`;

// Hours in which anything was ever sold, with none left out between.
function hoursShown(rows: HourSold[]): number[] {
  const busy = rows.filter((row) => row.orders > 0).map((row) => row.hour);
  if (busy.length === 0) return [];
  const first = Math.min(...busy);
  return Array.from({ length: Math.max(...busy) - first + 1 }, (_, at) => first + at);
}

function peakOf(rows: HourSold[]): HourSold | undefined {
  return rows.reduce<HourSold | undefined>(
    (best, row) => (!best || forDrawing(row.sales) > forDrawing(best.sales) ? row : best),
    undefined,
  );
}

function sentenceOf(rows: HourSold[], hours: number[], peak: HourSold | undefined): string | undefined {
  const [first, last] = [hours[0], hours.at(-1)];
  if (!peak || first === undefined || last === undefined) return undefined;
  const closed = weekdays.filter((_, at) => rows.every((row) => row.weekday !== at + 1 || row.orders === 0));
  const never = closed.length > 0 ? `, never on ${closed.join(" or ")}` : "";
  return `Most is sold on ${weekday(peak)} from ${hourName(peak.hour)} (${money(peak.sales)}); nothing before ${hourName(first)} or after ${hourName(last + 1)}${never}.`;
}

function moveInGrid(event: TargetedKeyboardEvent<HTMLTableElement>): void {
  const cell = (event.target as Element).closest<HTMLElement>("[data-at]");
  const moves: Record<string, [number, number]> = {
    ArrowRight: [0, 1],
    ArrowLeft: [0, -1],
    ArrowDown: [1, 0],
    ArrowUp: [-1, 0],
  };
  const move = moves[event.key];
  if (!cell || !move) return;
  const [day = 0, hour = 0] = (cell.dataset.at ?? "").split(" ").map(Number);
  const next = event.currentTarget.querySelector<HTMLElement>(`[data-at="${day + move[0]} ${hour + move[1]}"]`);
  event.preventDefault();
  next?.focus();
}

interface GridProps {
  rows: HourSold[];
  hours: number[];
  peak: HourSold;
  full: boolean; // there is room for figures in the cells
  isPicked: (row: HourSold) => boolean;
  onPick: (row: HourSold) => void;
}

function Grid({ rows, hours, peak, full, isPicked, onPick }: GridProps) {
  const [shown, setShown] = useState<HourSold | null>(null);
  const [focused, setFocused] = useState<string | null>(null); // where Tab stops: as in Bars
  const most = forDrawing(peak.sales);
  const cells = new Map(rows.map((row) => [row.weekday * 24 + row.hour, row]));
  const under = ({ target }: Event) => {
    const at = (target as Element).closest<HTMLElement>("[data-at]")?.dataset.at?.split(" ").map(Number);
    return at && cells.get(((at[0] ?? 0) + 1) * 24 + (at[1] ?? 0));
  };
  const pick = (event: Event) => {
    const row = under(event);
    if (row) onPick(row);
  };
  const look = (event: Event) => setShown(under(event) ?? null);
  const onFocus = (event: Event) => {
    look(event);
    setFocused((event.target as HTMLElement).dataset.at ?? null);
  };
  const placeOf = (row: HourSold) => `${row.weekday - 1} ${row.hour}`;
  const known = rows.some((row) => placeOf(row) === focused && hours.includes(row.hour));
  const stop = known ? focused : placeOf(peak);
  const onKeyDown = (event: TargetedKeyboardEvent<HTMLTableElement>) => {
    if (event.key !== "Enter" && event.key !== " ") return moveInGrid(event);
    event.preventDefault();
    pick(event);
  };
  const shade = (row: HourSold) => {
    const value = forDrawing(row.sales);
    return value <= 0 ? 0 : Math.max(1, Math.ceil((value / most) * steps));
  };
  return (
    <>
      <table
        class="heat"
        // biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: a grid is what a table of cells with keys is (WAI-ARIA)
        role="grid"
        onKeyDown={onKeyDown}
        onClick={pick}
        onPointerOver={look}
        onFocusIn={onFocus}
        onPointerLeave={() => setShown(null)}
        onFocusOut={() => setShown(null)}
      >
        <caption class="heard">Sales by weekday and hour: arrows move, Enter filters</caption>
        <thead>
          <tr>
            <td />
            {hours.map((hour, at) => (
              <th key={hour} scope="col" class="small quiet">
                <span class="heard">{hourName(hour)}</span>
                <span aria-hidden="true">{at % 2 === 0 ? hour : ""}</span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {weekdays.map((name, at) => (
            <tr key={name}>
              <th scope="row" class="small quiet">
                <span aria-hidden="true">{name.slice(0, 3)}</span>
                <span class="heard">{name}</span>
              </th>
              {hours.map((hour) => {
                const row = cells.get((at + 1) * 24 + hour);
                if (!row) return <td key={hour} />;
                return (
                  <td
                    key={hour}
                    class={`shade-${shade(row)}${row === peak ? " peak" : ""}`}
                    data-at={placeOf(row)}
                    tabIndex={placeOf(row) === stop ? 0 : -1}
                    aria-label={said(row)}
                    aria-selected={isPicked(row)}
                  >
                    {full && row.orders > 0 && shortMoney(forDrawing(row.sales))}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
      <div class="heat-foot small quiet">
        <p>{said(shown ?? peak)}</p>
        <ul class="shades" aria-label="Shades">
          {Array.from({ length: steps }, (_, at) => (
            <li key={at} class={`shade-${at + 1}`} title={`up to ${shortMoney((most * (at + 1)) / steps)}`}>
              <span class="heard">up to {shortMoney((most * (at + 1)) / steps)}</span>
            </li>
          ))}
          <li>{shortMoney(most)}</li>
        </ul>
      </div>
    </>
  );
}

export function Hours({ data, filters, metrics, change }: DashboardPanel) {
  const rows = data.hours;
  const hours = hoursShown(rows);
  const peak = peakOf(rows.filter((row) => row.orders > 0));
  return (
    <Panel
      title="By weekday and hour"
      caption={sentenceOf(rows, hours, peak)}
      columns={columns}
      rows={rows.filter((row) => hours.includes(row.hour))}
      rowKey={(row) => `${row.weekday} ${row.hour}`}
      csv={{
        name: fileName("hours", data),
        make: () =>
          toCsv(
            columns,
            rows.filter((row) => hours.includes(row.hour)),
          ),
      }}
      explain={
        <Explain names={["sales", "orders"]} metrics={metrics} asOf={data.as_of}>
          <p>
            Each cell is one hour of the week, in the shop's own time, all weeks of these days together. Hours before
            the first and after the last sale are left out. Click one to see the page for it alone.
          </p>
        </Explain>
      }
    >
      {(full) =>
        peak ? (
          <Grid
            rows={rows}
            hours={hours}
            peak={peak}
            full={full}
            isPicked={(row) => filters.weekday.includes(String(row.weekday)) && filters.hour.includes(String(row.hour))}
            onPick={(row) => change(hourToggled(filters, row))}
          />
        ) : (
          <NothingHere />
        )
      }
    </Panel>
  );
}
