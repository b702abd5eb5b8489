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
  middle: Point;
}

// From side to side where the ends stand beside each other, else from below to above.
function lineOf(from: FlowNode, to: FlowNode, { nodeWidth, upright }: FlowPicture, compares: boolean): Line {
  const halfWidth = nodeWidth / 2;
  const half = nodeHeight / 2;
  if (compares && !upright) {
    const corner = { x: to.x, y: from.y };
    const start = { x: from.x + halfWidth, y: from.y + 12 };
    const end = { x: to.x, y: to.y - half };
    const path = `M${start.x} ${start.y}C${corner.x} ${start.y} ${corner.x} ${start.y} ${end.x} ${end.y}`;
    return { path, middle: { x: to.x - 14, y: (from.y + to.y) / 2 } };
  }
  if (upright ? from.y !== to.y : from.x === to.x) {
    const start = { x: from.x, y: from.y + half };
    const end = { x: to.x, y: to.y - half };
    const bend = (end.y - start.y) / 2;
    const path = `M${start.x} ${start.y}C${start.x} ${start.y + bend} ${end.x} ${end.y - bend} ${end.x} ${end.y}`;
    return { path, middle: { x: (start.x + end.x) / 2, y: (start.y + end.y) / 2 } };
  }
  const side = to.x > from.x ? 1 : -1;
  const start = { x: from.x + side * halfWidth, y: from.y };
  const end = { x: to.x - side * halfWidth, y: to.y };
  const bend = (end.x - start.x) / 2;
  const path = `M${start.x} ${start.y}C${start.x + bend} ${start.y} ${end.x - bend} ${end.y} ${end.x} ${end.y}`;
  return { path, middle: { x: (start.x + end.x) / 2, y: (start.y + end.y) / 2 } };
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
  const { path, middle } = lineOf(from, to, picture, edge.compares);
  const level = from.y === to.y;
  const textAt = { x: middle.x, y: middle.y - (level ? 8 : 2) };
  const late = (edge.behind ?? 0) > 0;
  return (
    <g class={edge.compares ? "flow-edge compares" : late ? "flow-edge late" : "flow-edge"}>
      <title>{edgeSentence(edge)}</title>
      <path class="flow-hit" d={path} />
      <path class="flow-line" d={path} marker-end={edge.compares ? undefined : "url(#flow-arrow)"} />
      {edge.count !== null && (
        <text class="flow-count" x={textAt.x} y={textAt.y} text-anchor="middle">
          {count(edge.count)}
        </text>
      )}
      {late && (
        <text class="flow-behind" x={textAt.x} y={textAt.y + (level ? 24 : 16)} text-anchor="middle">
          {count(edge.behind ?? 0)} behind
        </text>
      )}
      <VerdictMark
        verdict={edge.verdict}
        at={{ x: middle.x, y: middle.y + (level ? (late ? 32 : 16) : late ? 28 : 12) }}
      />
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
