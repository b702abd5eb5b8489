// A resource that is asked for anew a while after each answer, as long as somebody looks at the page.
import { useEffect, useRef } from "preact/hooks";
import { type Resource, useResource } from "./resource";

export function usePolled<T>(url: string | null, pause: number, options: { keepFormer?: boolean } = {}): Resource<T> {
  const resource = useResource<T>(url, options);
  useRepeat(resource.reload, pause, url !== null && !resource.loading && !resource.refreshing);
  return resource;
}

// Calls `act` once `pause` ms after it was last free to, and only while the page is visible.
export function useRepeat(act: () => void, pause: number, free: boolean): void {
  const latest = useRef(act);
  latest.current = act;
  useEffect(() => {
    if (!free || pause <= 0) return;
    let timer = 0;
    const wait = () => {
      window.clearTimeout(timer);
      if (!document.hidden) timer = window.setTimeout(() => latest.current(), pause);
    };
    wait();
    document.addEventListener("visibilitychange", wait);
    return () => {
      window.clearTimeout(timer);
      document.removeEventListener("visibilitychange", wait);
    };
  }, [free, pause]);
}
