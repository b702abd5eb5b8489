// A resource that is asked for anew a while after each answer, as long as somebody looks at the page.
import { useEffect } from "preact/hooks";
import { type Resource, useResource } from "./resource";

export function usePolled<T>(url: string | null, pause: number, options: { keepFormer?: boolean } = {}): Resource<T> {
  const resource = useResource<T>(url, options);
  useRepeat(resource.reload, pause, url !== null && !resource.loading && !resource.refreshing);
  return resource;
}

// Calls `act` once `pause` ms after it was last free to, and only while the page is visible.
export function useRepeat(act: () => void, pause: number, free: boolean): void {
  useEffect(() => {
    if (!free || pause <= 0) return;
    let timer = 0;
    const wait = () => {
      window.clearTimeout(timer);
      if (document.hidden) return;
      timer = window.setTimeout(act, pause);
    };
    wait();
    document.addEventListener("visibilitychange", wait);
    return () => {
      window.clearTimeout(timer);
      document.removeEventListener("visibilitychange", wait);
    };
  });
}
