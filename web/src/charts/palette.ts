// The design's colours as a chart needs them: plain values, read anew when the theme changes.
import { colour, paint } from "../state/theme";

export interface Palette {
  page: string;
  text: string;
  quiet: string;
  line: string;
  edge: string;
  hover: string;
  accent: string;
  accentSoft: string;
  returns: string;
  compare: string;
  categories: string[];
  other: string;
  font: string;
}

export const categoriesMax = 7;

let known: { painted: number; palette: Palette } | undefined;

// Read once for each change of the theme: every colour costs a look at the page's styles.
export function readPalette(): Palette {
  const painted = paint.peek();
  if (known?.painted !== painted) known = { painted, palette: read() };
  return known.palette;
}

function read(): Palette {
  return {
    page: colour("page"),
    text: colour("text"),
    quiet: colour("quiet"),
    line: colour("line"),
    edge: colour("edge"),
    hover: colour("hover"),
    accent: colour("accent"),
    accentSoft: colour("accent-soft"),
    returns: colour("returns"),
    compare: colour("compare"),
    categories: Array.from({ length: categoriesMax }, (_, at) => colour(`category-${at + 1}`)),
    other: colour("category-other"),
    font: getComputedStyle(document.body).fontFamily,
  };
}

// Stripes over a colour, so that returns are told apart without it.
export function stripes(palette: Palette) {
  return { color: palette.page, dashArrayX: [1, 0], dashArrayY: [2, 5], rotation: -Math.PI / 4, symbolSize: 1 };
}

// Axes, grid and tooltip as every chart has them.
export function frame(palette: Palette) {
  const label = { color: palette.quiet, fontFamily: palette.font, fontSize: 12 };
  return {
    textStyle: { fontFamily: palette.font, fontSize: 12, color: palette.text },
    grid: { left: 4, right: 8, top: 12, bottom: 4, containLabel: true },
    categoryAxis: {
      type: "category" as const,
      axisLabel: { ...label, hideOverlap: true },
      axisLine: { lineStyle: { color: palette.edge } },
      axisTick: { show: false },
    },
    valueAxis: {
      type: "value" as const,
      axisLabel: label,
      splitLine: { lineStyle: { color: palette.line } },
      splitNumber: 4,
    },
    tooltip: {
      trigger: "axis" as const,
      confine: true,
      appendTo: (box: HTMLElement) => box, // as without it, but the box's style is not looked up with every drawing
      transitionDuration: 0,
      backgroundColor: palette.page,
      borderColor: palette.edge,
      padding: 10,
      textStyle: { color: palette.text, fontFamily: palette.font, fontSize: 13 },
      extraCssText: "box-shadow: none; border-radius: 6px;",
      axisPointer: { type: "shadow" as const, shadowStyle: { color: palette.hover, opacity: 0.7 } },
    },
  };
}

// A tooltip's inside as elements: a heading and rows of name and value (never HTML from text).
export function tooltipContent(heading: string, rows: [string, string][]): HTMLElement {
  const root = document.createElement("div");
  root.className = "tooltip";
  const head = root.appendChild(document.createElement("strong"));
  head.textContent = heading;
  for (const [name, value] of rows) {
    const row = root.appendChild(document.createElement("div"));
    row.append(Object.assign(document.createElement("span"), { textContent: name }));
    row.append(Object.assign(document.createElement("span"), { textContent: value }));
  }
  return root;
}
