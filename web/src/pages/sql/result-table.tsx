// A result as a table of any length: only the rows in sight are in the page. Cells are shown exactly as they
// came; numbers are aligned at their end.
import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import type { SqlResult } from "../../api/operations";
import { isNumber } from "./csv";

const rowHeight = 31; // px, as sql.css has it
const beyond = 12; // rows drawn above and below what is in sight
const widthLeast = 6; // characters
const widthMost = 48;
const sampleMax = 2000; // rows looked at for the widths

function widthsOf({ columns, rows }: SqlResult): number[] {
  return columns.map((column, at) => {
    let longest = Math.max(column.name.length, column.type.length * 0.8);
    for (const row of rows.slice(0, sampleMax)) longest = Math.max(longest, row[at]?.length ?? 4);
    return Math.min(widthMost, Math.max(widthLeast, longest)) + 4;
  });
}

export function ResultTable({ result }: { result: SqlResult }) {
  const room = useRef<HTMLDivElement>(null);
  const [range, setRange] = useState({ from: 0, to: 60 });
  const widths = useMemo(() => widthsOf(result), [result]);
  const numbers = result.columns.map(({ type }) => isNumber(type));
  const { rows } = result;
  const look = () => {
    const box = room.current;
    if (!box) return;
    const from = Math.max(0, Math.floor(box.scrollTop / rowHeight) - beyond);
    const to = Math.min(rows.length, Math.ceil((box.scrollTop + box.clientHeight) / rowHeight) + beyond);
    setRange((before) => (before.from === from && before.to === to ? before : { from, to }));
  };
  useLayoutEffect(() => {
    if (room.current) room.current.scrollTop = 0;
    look();
    window.addEventListener("resize", look);
    return () => window.removeEventListener("resize", look);
  }, [result]);
  const shown = rows.slice(range.from, range.to);
  return (
    <div class="result-room" ref={room} tabIndex={0} role="region" aria-label="Rows" onScroll={look}>
      <table class="result" aria-rowcount={rows.length + 1}>
        <caption class="heard">Result</caption>
        <colgroup>
          <col style={{ width: `${String(rows.length).length + 4}ch` }} />
          {widths.map((width, at) => (
            <col key={at} style={{ width: `${width}ch` }} />
          ))}
          <col />
        </colgroup>
        <thead>
          <tr aria-rowindex={1}>
            <th scope="col">
              <span class="heard">Row</span>
            </th>
            {result.columns.map((column, at) => (
              <th
                key={at}
                scope="col"
                class={numbers[at] ? "figure" : undefined}
                title={`${column.name}: ${column.type}`}
              >
                {column.name}
                <span class="type">{column.type.toLowerCase()}</span>
              </th>
            ))}
            <td aria-hidden="true" />
          </tr>
        </thead>
        <tbody>
          {range.from > 0 && (
            <tr>
              <td colSpan={widths.length + 2} style={{ height: `${range.from * rowHeight}px` }} />
            </tr>
          )}
          {shown.map((row, at) => (
            <tr key={range.from + at} aria-rowindex={range.from + at + 2}>
              <th scope="row">{range.from + at + 1}</th>
              {row.map((cell, column) => (
                <td
                  key={column}
                  class={numbers[column] ? "figure" : undefined}
                  title={cell !== null && cell.length > widthMost ? cell : undefined}
                >
                  {cell ?? <span class="null">NULL</span>}
                </td>
              ))}
              <td aria-hidden="true" />
            </tr>
          ))}
          {range.to < rows.length && (
            <tr>
              <td colSpan={widths.length + 2} style={{ height: `${(rows.length - range.to) * rowHeight}px` }} />
            </tr>
          )}
        </tbody>
      </table>
    </div>
  );
}
