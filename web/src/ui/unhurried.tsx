// A part of the page that lies out of sight waits with a new answer for the frame that shows what is in sight.
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

interface Props {
  class: string;
  answer: object; // what it is drawn from
  children: () => ComponentChildren;
}

export function Unhurried({ class: name, answer, children }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const inSight = useRef(true);
  const [drawn, setDrawn] = useState(answer);
  const last = useRef<{ answer: object; content: ComponentChildren } | null>(null);

  useEffect(() => {
    if (!box.current) return;
    const watch = new IntersectionObserver((entries) => {
      inSight.current = entries.at(-1)?.isIntersecting ?? true;
    });
    watch.observe(box.current);
    return () => watch.disconnect();
  }, []);
  // Effects run after the frame.
  useEffect(() => setDrawn(answer), [answer]);

  const waits = !inSight.current && answer !== drawn && last.current !== null;
  if (!waits) last.current = { answer, content: children() };
  return (
    <div class={name} ref={box}>
      {last.current?.content}
    </div>
  );
}
