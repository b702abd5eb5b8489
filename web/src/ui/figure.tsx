// A number that counts to its new value when live data moves it (150 ms; at once under reduced motion). A figure of
// something else, of other filters, is there at once.
import { createContext } from "preact";
import { useContext, useLayoutEffect, useRef, useState } from "preact/hooks";
import { unitsAt, writeUnits } from "../lib/decimal";
import { count, exactMoney, money } from "../lib/format";

const countFor = 150; // ms

function still(): boolean {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}

// What the figures within are of.
export const FiguresOf = createContext("");

// Steps from the former to the present value of `target`, in whole units.
function useCounting(target: bigint): bigint {
  const of = useContext(FiguresOf);
  const [counted, setCounted] = useState({ of, target, units: target });
  const before = useRef({ of, target });
  useLayoutEffect(() => {
    const { of: former, target: start } = before.current;
    before.current = { of, target };
    if (former !== of || start === target || still()) return;
    const began = performance.now();
    let frame = 0;
    const step = (now: number) => {
      const part = BigInt(Math.max(0, Math.min(1000, Math.round(((now - began) / countFor) * 1000))));
      setCounted({ of, target, units: start + ((target - start) * part) / 1000n });
      if (part < 1000n) frame = requestAnimationFrame(step);
    };
    step(began);
    return () => cancelAnimationFrame(frame);
  }, [of, target]);
  return counted.of === of && counted.target === target ? counted.units : target;
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
