// One chart as SVG in its box: drawn anew when its data, the box or the colours change. Where `picks` names
// what is on the category axis, the keyboard has it too: one tab stop, arrows move, Shift with an arrow or a
// drag takes a range, Enter picks.
import type { EChartsCoreOption, EChartsType } from "echarts/core";
import type { TargetedKeyboardEvent, TargetedPointerEvent } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { paint } from "../state/theme";
import { init } from "./echarts";
import { type Palette, readPalette } from "./palette";

export type BuildOption = (palette: Palette, width: number) => EChartsCoreOption;

// What was clicked: the place on the category axis, and the series.
export interface Picked {
  index: number;
  series: string;
}

export interface Picks {
  label: string; // of the whole, for ears: 'Periods'
  count: number; // of places along the category axis
  nameOf: (index: number) => string; // with its figures
  onRange: (first: number, last: number) => void; // equal: a single one
}

export interface ChartProps {
  build: BuildOption;
  sentence: string; // what it shows, for those who do not see it
  height: number; // px
  onPick?: ((picked: Picked) => void) | undefined;
  picks?: Picks | undefined;
}

// Between pixels of the box and places on the category axis.
interface Area {
  indexAt: (x: number) => number;
  edges: (first: number, last: number) => [left: number, right: number];
}

function areaOf(chart: EChartsType, count: number): Area {
  const at = (index: number) => chart.convertToPixel({ xAxisIndex: 0 }, index) as unknown as number;
  const step = count > 1 ? at(1) - at(0) : chart.getWidth() / 2;
  return {
    indexAt: (x) => Math.max(0, Math.min(count - 1, Math.round((x - at(0)) / step))),
    edges: (first, last) => [at(first) - step / 2, at(last) + step / 2],
  };
}

interface Range {
  from: number; // where it began
  to: number;
}

const ends = ({ from, to }: Range): [first: number, last: number] => [Math.min(from, to), Math.max(from, to)];
const dragMin = 6; // px

function PickLayer({ chart, picks }: { chart: () => EChartsType | undefined; picks: Picks }) {
  const [range, setRange] = useState<Range | null>(null);
  const drag = useRef<{ x: number; index: number; moved: boolean } | null>(null);
  const { count, nameOf } = picks;
  const instance = chart();
  const area = instance && range ? areaOf(instance, count) : undefined;
  const [left, right] = area && range ? area.edges(...ends(range)) : [0, 0];
  const tip = (index: number | null) => {
    if (index !== null) {
      chart()?.dispatchAction({ type: "showTip", seriesIndex: 0, dataIndex: index });
      return;
    }
    chart()?.dispatchAction({ type: "hideTip" });
    chart()?.dispatchAction({ type: "updateAxisPointer", currTrigger: "leave" });
  };
  const where = (event: TargetedPointerEvent<HTMLElement>) => {
    const known = chart();
    const x = event.clientX - event.currentTarget.getBoundingClientRect().left;
    return known ? { x, index: areaOf(known, count).indexAt(x) } : null;
  };

  const onPointerDown = (event: TargetedPointerEvent<HTMLElement>) => {
    const at = event.button === 0 ? where(event) : null;
    drag.current = at && { ...at, moved: false };
  };
  const onPointerMove = (event: TargetedPointerEvent<HTMLElement>) => {
    const at = where(event);
    if (!at) return;
    const from = drag.current;
    if (from && event.pointerType !== "touch" && (from.moved || Math.abs(at.x - from.x) > dragMin)) {
      if (!from.moved) event.currentTarget.setPointerCapture(event.pointerId);
      from.moved = true;
      setRange({ from: from.index, to: at.index });
    }
    tip(at.index);
  };
  const onPointerUp = (event: TargetedPointerEvent<HTMLElement>) => {
    const at = where(event);
    const from = drag.current;
    drag.current = null;
    setRange(null);
    tip(null); // it is of figures that are about to go
    if (at && from)
      picks.onRange(...ends(from.moved ? { from: from.index, to: at.index } : { from: at.index, to: at.index }));
  };
  const leave = () => {
    drag.current = null;
    setRange(null);
    tip(null);
  };

  const onKeyDown = (event: TargetedKeyboardEvent<HTMLElement>) => {
    const now = range ?? { from: count - 1, to: count - 1 };
    const steps: Record<string, number> = { ArrowRight: now.to + 1, ArrowLeft: now.to - 1, Home: 0, End: count - 1 };
    const to = steps[event.key];
    if (to !== undefined) {
      const next = Math.max(0, Math.min(to, count - 1));
      setRange({ from: event.shiftKey ? now.from : next, to: next });
      tip(next);
    } else if (event.key === "Enter" || event.key === " ") {
      picks.onRange(...ends(now));
    } else return;
    event.preventDefault();
  };

  const [first, last] = range ? ends(range) : [count - 1, count - 1];
  const value = first === last ? nameOf(first) : `${nameOf(first)} to ${nameOf(last)}`;
  return (
    <div
      class="pick-layer"
      role="slider"
      tabIndex={0}
      aria-label={picks.label}
      aria-valuemin={0}
      aria-valuemax={count - 1}
      aria-valuenow={range?.to ?? count - 1}
      aria-valuetext={value}
      onPointerDown={onPointerDown}
      onPointerMove={onPointerMove}
      onPointerUp={onPointerUp}
      onPointerLeave={() => !drag.current?.moved && leave()}
      onPointerCancel={leave}
      onKeyDown={onKeyDown}
      onFocus={(event) => {
        if (!event.currentTarget.matches(":focus-visible")) return;
        setRange({ from: count - 1, to: count - 1 });
        tip(count - 1);
      }}
      onBlur={leave}
    >
      {area && <div class="pick-range" style={{ left: `${left}px`, width: `${right - left}px` }} />}
    </div>
  );
}

export default function Chart({ build, sentence, height, onPick, picks }: ChartProps) {
  const box = useRef<HTMLDivElement>(null);
  const chart = useRef<EChartsType | undefined>(undefined);
  const latest = useRef({ build, onPick });
  latest.current = { build, onPick };
  const painted = paint.value;

  const draw = () => {
    if (!chart.current || !box.current) return;
    // The chart knows its size: asking the box would lay the page out in between, twice.
    const [width, height] = [chart.current.getWidth(), chart.current.getHeight()];
    const option = latest.current.build(readPalette(), width);
    // At once: whoever filters waits for the figures, not for their way there.
    chart.current.setOption({ animation: false, ...option }, { notMerge: false, replaceMerge: ["series"] });
    // For the printer, whose page is of another width.
    const svg = box.current.querySelector("svg");
    const viewBox = `0 0 ${width} ${height}`;
    if (svg && svg.getAttribute("viewBox") !== viewBox) svg.setAttribute("viewBox", viewBox);
  };

  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const instance = init(element, null, { renderer: "svg" });
    chart.current = instance;
    instance.on("click", ({ dataIndex, seriesName }) => {
      latest.current.onPick?.({ index: dataIndex, series: seriesName ?? "" });
    });
    const watch = new ResizeObserver(() => {
      instance.resize();
      draw();
    });
    watch.observe(element);
    return () => {
      watch.disconnect();
      instance.dispose();
    };
  }, []);

  // With the rest of the page in one frame, not in the next.
  useLayoutEffect(draw, [build, painted]);

  const drawing = <div class="chart" ref={box} style={{ height: `${height}px` }} role="img" aria-label={sentence} />;
  if (!picks) return drawing;
  return (
    <div class="chart-room">
      {drawing}
      <PickLayer chart={() => chart.current} picks={picks} />
    </div>
  );
}
