// One chart as SVG in its box: drawn anew when its data, the box or the colours change.
import type { EChartsCoreOption, EChartsType } from "echarts/core";
import { useEffect, useRef } from "preact/hooks";
import { paint } from "../state/theme";
import { init } from "./echarts";
import { type Palette, readPalette } from "./palette";

export type BuildOption = (palette: Palette, width: number) => EChartsCoreOption;

// What was clicked: the place on the category axis, and the series.
export interface Picked {
  index: number;
  series: string;
}

export interface ChartProps {
  build: BuildOption;
  sentence: string; // what it shows, for those who do not see it
  height: number; // px
  onPick?: ((picked: Picked) => void) | undefined;
}

const animation = 150; // ms

export default function Chart({ build, sentence, height, onPick }: ChartProps) {
  const box = useRef<HTMLDivElement>(null);
  const chart = useRef<EChartsType | undefined>(undefined);
  const latest = useRef({ build, onPick });
  latest.current = { build, onPick };
  const painted = paint.value;

  const draw = () => {
    if (!chart.current || !box.current) return;
    const moves = !matchMedia("(prefers-reduced-motion: reduce)").matches;
    const option = latest.current.build(readPalette(), box.current.clientWidth);
    chart.current.setOption(
      { animation: moves, animationDuration: 0, animationDurationUpdate: animation, ...option },
      { notMerge: false, replaceMerge: ["series"] },
    );
  };

  useEffect(() => {
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

  useEffect(draw, [build, painted]);

  return <div class="chart" ref={box} style={{ height: `${height}px` }} role="img" aria-label={sentence} />;
}
