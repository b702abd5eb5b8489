// Whether something has gone on for so long that it should be shown to go on.
import { useEffect, useState } from "preact/hooks";

const lateAfter = 120; // ms

export function useLate(on: boolean): boolean {
  const [late, setLate] = useState(false);
  useEffect(() => {
    if (!on) return;
    const timer = window.setTimeout(() => setLate(true), lateAfter);
    return () => {
      window.clearTimeout(timer);
      setLate(false);
    };
  }, [on]);
  return on && late;
}
