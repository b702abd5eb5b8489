// A chart in its panel. The charts' library comes with the first chart that is shown.
import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { BuildOption, ChartProps, Picked } from "../charts/chart";
import { Panel, type PanelProps } from "./panel";

export type { LegendEntry } from "./panel";

let Chart: ComponentType<ChartProps> | undefined;

function useChart(): ComponentType<ChartProps> | undefined {
  const [, redraw] = useState(0);
  useEffect(() => {
    if (Chart) return;
    let gone = false;
    import("../charts/chart").then((module) => {
      Chart = module.default;
      if (!gone) redraw(1);
    });
    return () => {
      gone = true;
    };
  }, []);
  return Chart;
}

// A chart alone, its room kept until the library is there.
export function ChartRoom(props: ChartProps) {
  const Loaded = useChart();
  return Loaded ? <Loaded {...props} /> : <div style={{ height: `${props.height}px` }} aria-busy="true" />;
}

interface Props<Row> extends PanelProps<Row> {
  sentence: string;
  build: BuildOption;
  height?: number;
  onPick?: (picked: Picked) => void;
}

export function ChartFrame<Row>({ sentence, build, height = 280, onPick, ...panel }: Props<Row>) {
  return (
    <Panel {...panel}>
      {(full) => (
        <ChartRoom
          build={build}
          sentence={sentence}
          height={full ? Math.max(height, window.innerHeight - 160) : height}
          onPick={onPick}
        />
      )}
    </Panel>
  );
}
