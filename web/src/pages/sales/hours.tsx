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
import { NothingHere } from "./nothing";
import { type DashboardPanel, fileName } from "./panel-props";
import { Explain } from "./parts";

const weekdays = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const steps = 5; // of shade

const weekday = (row: HourSold) => weekdays[row.weekday - 1] ?? "?";
const hourName = (hour: number) => `${String(hour).padStart(2, "0")}:00`;

const columns: Column<HourSold>[] = [
  { key: "weekday", label: "Weekday", cell: weekday, raw: (row) => row.weekday },
  { key: "hour", label: "Hour", cell: (row) => hourName(row.hour), raw: (row) => row.hour },
  { key: "sales", label: "Sales", figure: true, cell: (row) => money(row.sales), raw: (row) => row.sales },
  { key: "orders", label: "Orders", figure: true, cell: (row) => count(row.orders), raw: (row) => row.orders },
];

const said = (row: HourSold) =>
  `${weekday(row)} ${hourName(row.hour)} – ${hourName(row.hour + 1)}: ${money(row.sales)}, ${plural(row.orders, "order")}`;

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
  if (!next) return;
  cell.tabIndex = -1;
  next.tabIndex = 0;
  next.focus();
}

interface GridProps {
  rows: HourSold[];
  hours: number[];
  peak: HourSold;
}

function Grid({ rows, hours, peak }: GridProps) {
  const [shown, setShown] = useState<HourSold | null>(null);
  const most = forDrawing(peak.sales);
  const cellOf = (day: number, hour: number) => rows.find((row) => row.weekday === day && row.hour === hour);
  const shade = (row: HourSold) => {
    const value = forDrawing(row.sales);
    return value <= 0 ? 0 : Math.max(1, Math.ceil((value / most) * steps));
  };
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: a grid is what a table of cells with keys is (WAI-ARIA) */}
      <table class="heat" role="grid" onKeyDown={moveInGrid} onPointerLeave={() => setShown(null)}>
        <caption class="heard">Sales by weekday and hour: arrows move</caption>
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
                const row = cellOf(at + 1, hour);
                if (!row) return <td key={hour} />;
                return (
                  <td
                    key={hour}
                    class={`shade-${shade(row)}${row === peak ? " peak" : ""}`}
                    data-at={`${at} ${hour}`}
                    tabIndex={row === peak ? 0 : -1}
                    onPointerEnter={() => setShown(row)}
                    onFocus={() => setShown(row)}
                    onBlur={() => setShown(null)}
                  >
                    <span class="heard">{said(row)}</span>
                    <span class="heat-figure" aria-hidden="true">
                      {row.orders > 0 ? shortMoney(forDrawing(row.sales)) : ""}
                    </span>
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

export function Hours({ data, metrics }: DashboardPanel) {
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
            the first and after the last sale are left out.
          </p>
        </Explain>
      }
    >
      {() => (peak ? <Grid rows={rows} hours={hours} peak={peak} /> : <NothingHere />)}
    </Panel>
  );
}
