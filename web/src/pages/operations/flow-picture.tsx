// Draws the path of an event at the width there is, in pixels, so that its words keep their size.
import { useEffect, useRef, useState } from "preact/hooks";
import type { Status } from "../../api/operations";
import { count } from "../../lib/format";
import {
  drawFlow,
  edgeSentence,
  type FlowEdge,
  type FlowNode,
  type FlowPicture,
  nodeHeight,
  type Verdict,
} from "./flow";

export function useWidth(): { ref: { current: HTMLDivElement | null }; width: number } {
  const ref = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const element = ref.current;
    if (!element) return;
    const watch = new ResizeObserver(() => setWidth(element.clientWidth));
    watch.observe(element);
    setWidth(element.clientWidth);
    return () => watch.disconnect();
  }, []);
  return { ref, width };
}

interface Point {
  x: number;
  y: number;
}

interface Line {
  path: string;
  count: Label;
  behind: Label;
  verdict: Point;
}

interface Label extends Point {
  anchor: "middle" | "end";
}

const middle = (x: number, y: number): Label => ({ x, y, anchor: "middle" });

// Two ends that must be equal: across to above the other, then down to it.
function comparison(from: FlowNode, to: FlowNode, { nodeWidth, upright }: FlowPicture): Line {
  const end = { x: to.x, y: to.y - nodeHeight / 2 };
  const start = upright ? { x: from.x + 16, y: from.y + nodeHeight / 2 } : { x: from.x + nodeWidth / 2, y: from.y };
  const corner = upright ? { x: from.x + 16, y: to.y } : { x: to.x, y: from.y };
  const path = upright
    ? `M${start.x} ${start.y}Q${corner.x} ${corner.y} ${to.x - nodeWidth / 2} ${to.y}`
    : `M${start.x} ${start.y}C${corner.x} ${start.y} ${corner.x} ${start.y} ${end.x} ${end.y}`;
  const mark = upright ? { x: (from.x + to.x) / 2 - 8, y: to.y - 8 } : { x: to.x - 14, y: (from.y + to.y) / 2 };
  return { path, count: middle(mark.x, mark.y), behind: middle(mark.x, mark.y), verdict: mark };
}

// Down to a node below. What is counted stands above the arrow's end, where lines that fan out are apart.
function downward(from: FlowNode, to: FlowNode): Line {
  const start = { x: from.x, y: from.y + nodeHeight / 2 };
  const end = { x: to.x, y: to.y - nodeHeight / 2 };
  const bend = (end.y - start.y) / 2;
  return {
    path: `M${start.x} ${start.y}C${start.x} ${start.y + bend} ${end.x} ${end.y - bend} ${end.x} ${end.y}`,
    count: middle(end.x, end.y - 12),
    behind: middle(end.x, end.y - 28),
    verdict: { x: end.x + 47, y: end.y - 17 },
  };
}

const countRoom = 76; // px
const bendMin = 32;

function sideways(from: FlowNode, to: FlowNode, { nodeWidth }: FlowPicture): Line {
  const side = to.x > from.x ? 1 : -1;
  const start = { x: from.x + (side * nodeWidth) / 2, y: from.y };
  const end = { x: to.x - (side * nodeWidth) / 2, y: to.y };
  // The last stretch is level: the count has room above it, clear of the neighbours' bends.
  const level = start.y === end.y ? 0 : Math.min(countRoom, Math.abs(end.x - start.x) - bendMin);
  const knee = end.x - side * level;
  const bend = (knee - start.x) / 2;
  const path = `M${start.x} ${start.y}C${start.x + bend} ${start.y} ${knee - bend} ${end.y} ${knee} ${end.y}H${end.x}`;
  const between = (start.x + end.x) / 2;
  return start.y === end.y
    ? {
        path,
        count: middle(between, end.y - 8),
        behind: middle(between, end.y + 16),
        verdict: { x: between, y: end.y + 16 },
      }
    : {
        path,
        count: { x: end.x - 12, y: end.y - 8, anchor: "end" },
        behind: { x: end.x - 12, y: end.y + 18, anchor: "end" },
        verdict: { x: end.x - 22, y: end.y + 18 },
      };
}

function lineOf(from: FlowNode, to: FlowNode, picture: FlowPicture, compares: boolean): Line {
  if (compares) return comparison(from, to, picture);
  return picture.upright && from.y !== to.y ? downward(from, to) : sideways(from, to, picture);
}

const verdictMarks: Record<Exclude<Verdict, null>, { tone: string; shape: string }> = {
  holds: { tone: "good", shape: "m-4 .5 2.8 2.8L4-3.5" },
  broken: { tone: "bad", shape: "m-3.5-3.5 7 7m0-7-7 7" },
  unknown: { tone: "none", shape: "M-3.5 0h7" },
};

function VerdictMark({ verdict, at }: { verdict: Verdict; at: Point }) {
  if (verdict === null) return null;
  const { tone, shape } = verdictMarks[verdict];
  return (
    <g class={`flow-verdict ${tone}`} transform={`translate(${at.x} ${at.y})`}>
      <circle r="8" />
      <path d={shape} />
    </g>
  );
}

function Arrow({ edge, picture }: { edge: FlowEdge; picture: FlowPicture }) {
  const from = picture.nodes.find(({ name }) => name === edge.from);
  const to = picture.nodes.find(({ name }) => name === edge.to);
  if (!from || !to) return null;
  const line = lineOf(from, to, picture, edge.compares);
  const late = (edge.behind ?? 0) > 0;
  // A mark below a level line makes room for what is behind.
  const verdictAt =
    late && line.verdict.y > line.behind.y - 4 ? { ...line.verdict, y: line.verdict.y + 16 } : line.verdict;
  return (
    <g class={edge.compares ? "flow-edge compares" : late ? "flow-edge late" : "flow-edge"}>
      <title>{edgeSentence(edge)}</title>
      <path class="flow-hit" d={line.path} />
      <path class="flow-line" d={line.path} marker-end={edge.compares ? undefined : "url(#flow-arrow)"} />
      {edge.count !== null && (
        <text class="flow-count" x={line.count.x} y={line.count.y} text-anchor={line.count.anchor}>
          {count(edge.count)}
        </text>
      )}
      {late && (
        <text class="flow-behind" x={line.behind.x} y={line.behind.y} text-anchor={line.behind.anchor}>
          {count(edge.behind ?? 0)} behind
        </text>
      )}
      <VerdictMark verdict={edge.verdict} at={verdictAt} />
    </g>
  );
}

function Node({ node, picture }: { node: FlowNode; picture: FlowPicture }) {
  const left = node.x - picture.nodeWidth / 2;
  const top = node.y - nodeHeight / 2;
  const body = (
    <>
      <rect x={left} y={top} width={picture.nodeWidth} height={nodeHeight} rx="6" />
      <text class="flow-name" x={node.x} y={node.y - 4} text-anchor="middle">
        {`${node.label} `}
      </text>
      <text class="flow-detail" x={node.x} y={node.y + 14} text-anchor="middle">
        {node.detail}
      </text>
    </>
  );
  const kind = node.alive ? "flow-node" : "flow-node stopped";
  return node.href ? (
    <a class={kind} href={node.href}>
      {body}
    </a>
  ) : (
    <g class={kind}>{body}</g>
  );
}

export function FlowView({ status }: { status: Status }) {
  const { ref, width } = useWidth();
  const picture = width > 0 ? drawFlow(status, width) : null;
  return (
    <div class="flow" ref={ref}>
      {picture && (
        <svg
          role="group"
          aria-label="The path of an event"
          viewBox={`0 0 ${picture.width} ${picture.height}`}
          width={picture.width}
          height={picture.height}
        >
          <defs>
            <marker id="flow-arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">
              <path d="M1 1l6 3-6 3" />
            </marker>
          </defs>
          {/* biome-ignore lint/a11y/noInteractiveElementToNoninteractiveRole: a group of lines is not interactive */}
          <g role="img" aria-label={picture.edges.map(edgeSentence).join(". ")}>
            {picture.edges.map((edge) => (
              <Arrow key={`${edge.from} ${edge.to}`} edge={edge} picture={picture} />
            ))}
          </g>
          {picture.nodes.map((node) => (
            <Node key={node.name} node={node} picture={picture} />
          ))}
        </svg>
      )}
    </div>
  );
}
