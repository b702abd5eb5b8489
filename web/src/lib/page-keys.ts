// Keys that belong to what is shown: listed under `?` while it is.
import { useEffect, useRef } from "preact/hooks";
import { type PageKey, pageKeys } from "./keys";

export function usePageKeys(keys: PageKey[]): void {
  const latest = useRef(keys);
  latest.current = keys;
  const names = keys.map(({ key }) => key).join(" ");
  useEffect(() => {
    const mine = latest.current.map((one, at) => ({ ...one, act: () => latest.current[at]?.act() }));
    pageKeys.value = [...pageKeys.peek(), ...mine];
    return () => {
      pageKeys.value = pageKeys.peek().filter((one) => !mine.includes(one));
    };
  }, [names]);
}
