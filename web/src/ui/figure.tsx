// A number that counts to its new value when live data moves it (150 ms; at once under reduced motion).
import { useEffect, useRef, useState } from "preact/hooks";
import { unitsAt, writeUnits } from "../lib/decimal";
import { count, exactMoney, money } from "../lib/format";

const countFor = 150; // ms

function still(): boolean {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}

// Steps from the former to the present value of `target`, in whole units.
function useCounting(target: bigint): bigint {
  const [shown, setShown] = useState(target);
  const from = useRef(target);
  useEffect(() => {
    const start = from.current;
    from.current = target;
    if (start === target || still()) {
      setShown(target);
      return;
    }
    const began = performance.now();
    let frame = 0;
    const step = (now: number) => {
      const part = BigInt(Math.min(1000, Math.round(((now - began) / countFor) * 1000)));
      setShown(start + ((target - start) * part) / 1000n);
      if (part < 1000n) frame = requestAnimationFrame(step);
    };
    frame = requestAnimationFrame(step);
    return () => cancelAnimationFrame(frame);
  }, [target]);
  return shown;
}

// To the penny, or rounded to `places` with the exact figure as its tooltip.
export function Money({ value, places = 2 }: { value: string; places?: number }) {
  const units = useCounting(unitsAt(value, places));
  const text = money(writeUnits(units, places).replace("\u2212", "-").replaceAll(",", ""), places);
  const exact = exactMoney(value);
  return <span title={exact === text ? undefined : exact}>{text}</span>;
}

export function Count({ value }: { value: number }) {
  return <span>{count(useCounting(BigInt(value)))}</span>;
}
