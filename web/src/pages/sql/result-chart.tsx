// A result as a simple chart: one column along, one or more columns of numbers as bars or lines.
import { useMemo, useState } from "preact/hooks";
import type { SqlResult } from "../../api/operations";
import type { BuildOption } from "../../charts/chart";
import { frame, tooltipContent } from "../../charts/palette";
import { count } from "../../lib/format";
import { ChartRoom } from "../../ui/chart-frame";
import { Segments } from "../../ui/controls";
import { isNumber } from "./csv";

type Kind = "bars" | "line";

const pointsMax = 500;
const height = 360; // px

export interface Plan {
  along: number; // column
  figures: number[]; // columns
  kind: Kind;
}

function looksLikeTime(result: SqlResult, at: number): boolean {
  const column = result.columns[at];
  return /DATE|TIME/i.test(column?.type ?? "") || /(date|month|day|hour|year)/i.test(column?.name ?? "");
}

// The first column that is no number (or tells a time) along; numbers up. Null where there is nothing to draw.
export function planOf(result: SqlResult): Plan | null {
  const numbers = result.columns.map(({ type }, at) => (isNumber(type) ? at : -1)).filter((at) => at >= 0);
  const texts = result.columns.map(({ type }, at) => (isNumber(type) ? -1 : at)).filter((at) => at >= 0);
  const along = texts[0] ?? numbers.find((at) => looksLikeTime(result, at)) ?? numbers[0];
  if (along === undefined) return null;
  const figures = numbers.filter((at) => at !== along);
  if (figures.length === 0 || result.rows.length === 0) return null;
  return { along, figures: figures.slice(0, 1), kind: looksLikeTime(result, along) ? "line" : "bars" };
}

function optionOf(result: SqlResult, plan: Plan): BuildOption {
  const rows = result.rows.slice(0, pointsMax);
  const names = rows.map((row) => row[plan.along] ?? "NULL");
  return (palette) => {
    const { categoryAxis, valueAxis, tooltip: box, ...rest } = frame(palette);
    return {
      ...rest,
      xAxis: { ...categoryAxis, data: names },
      yAxis: {
        ...valueAxis,
        axisLabel: { ...valueAxis.axisLabel, formatter: (value: number) => value.toLocaleString("en-GB") },
      },
      tooltip: {
        ...box,
        formatter: (points: { dataIndex: number }[]) => {
          const row = rows[points[0]?.dataIndex ?? 0];
          if (!row) return "";
          const figures = plan.figures.map((at): [string, string] => [
            result.columns[at]?.name ?? "",
            row[at] ?? "NULL",
          ]);
          return tooltipContent(row[plan.along] ?? "NULL", figures);
        },
      },
      series: plan.figures.map((at, index) => ({
        name: result.columns[at]?.name ?? "",
        type: plan.kind === "bars" ? "bar" : "line",
        barMaxWidth: 44,
        showSymbol: rows.length < 60,
        symbol: ["circle", "rect", "triangle", "diamond"][index % 4],
        lineStyle: { width: 2, type: index % 2 === 0 ? "solid" : "dashed" },
        itemStyle: { color: palette.categories[index % palette.categories.length] },
        data: rows.map((row) => (row[at] === null || row[at] === undefined ? null : Number(row[at]))),
      })),
    };
  };
}

function sentenceOf(result: SqlResult, plan: Plan): string {
  const figures = plan.figures.map((at) => result.columns[at]?.name).join(" and ");
  const rows = result.rows.slice(0, pointsMax);
  const first = rows[0]?.[plan.along] ?? "NULL";
  const last = rows.at(-1)?.[plan.along] ?? "NULL";
  return `${figures} by ${result.columns[plan.along]?.name}, ${count(rows.length)} values from ${first} to ${last}. The table has the figures.`;
}

export function ResultChart({ result }: { result: SqlResult }) {
  const begin = planOf(result);
  const [plan, setPlan] = useState(begin);
  const build = useMemo(() => (plan ? optionOf(result, plan) : null), [result, plan]);
  if (!plan || !build) {
    return <p class="quiet">A chart needs rows, a column to draw along and a column of numbers.</p>;
  }
  const numbers = result.columns.map((column, at) => ({ ...column, at })).filter(({ type }) => isNumber(type));
  const choose = (at: number, on: boolean) => {
    const figures = on ? [...plan.figures, at] : plan.figures.filter((one) => one !== at);
    if (figures.length > 0) setPlan({ ...plan, figures: figures.sort((one, other) => one - other) });
  };
  return (
    <div class="panel">
      <div class="filters">
        <label class="pick">
          <span class="small quiet">Along </span>
          <select
            class="select"
            value={String(plan.along)}
            onChange={(event) => {
              const along = Number(event.currentTarget.value);
              const figures = plan.figures.filter((at) => at !== along);
              const spare = numbers.find(({ at }) => at !== along)?.at;
              setPlan({ ...plan, along, figures: figures.length > 0 || spare === undefined ? figures : [spare] });
            }}
          >
            {result.columns.map((column, at) => (
              <option key={at} value={String(at)}>
                {column.name}
              </option>
            ))}
          </select>
        </label>
        <Segments
          label="Drawn as"
          value={plan.kind}
          options={[
            { value: "bars", label: "Bars" },
            { value: "line", label: "Line" },
          ]}
          onChange={(kind) => setPlan({ ...plan, kind })}
        />
        {numbers
          .filter(({ at }) => at !== plan.along)
          .map(({ name, at }) => (
            <label key={at} class="check">
              <input
                type="checkbox"
                checked={plan.figures.includes(at)}
                onChange={(event) => choose(at, event.currentTarget.checked)}
              />
              {name}
            </label>
          ))}
      </div>
      <ChartRoom build={build} sentence={sentenceOf(result, plan)} height={height} />
      {result.rows.length > pointsMax && (
        <p class="small quiet">The first {count(pointsMax)} rows are drawn; a GROUP BY makes fewer.</p>
      )}
    </div>
  );
}
