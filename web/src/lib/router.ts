// Where the app is: the address bar is the state. Paths pick the page, the query holds its filters.
import { signal } from "@preact/signals";

export interface Place {
  path: string;
  query: URLSearchParams;
}

export type Params = Record<string, string>;

function current(): Place {
  return { path: window.location.pathname, query: new URLSearchParams(window.location.search) };
}

export const place = signal<Place>(
  typeof window === "undefined" ? { path: "/", query: new URLSearchParams() } : current(),
);

export function navigate(to: string, options: { replace?: boolean } = {}): void {
  if (to === window.location.pathname + window.location.search) return;
  if (options.replace) history.replaceState(null, "", to);
  else history.pushState(null, "", to);
  const before = place.value.path;
  place.value = current();
  if (before !== place.value.path && !options.replace) window.scrollTo(0, 0);
}

export type Changes = Record<string, string | string[] | null>;

// The address of this page with some of its filters changed; null takes a filter away.
export function withQuery(at: Place, changes: Changes): string {
  const query = new URLSearchParams(at.query);
  for (const [name, value] of Object.entries(changes)) {
    query.delete(name);
    if (Array.isArray(value)) for (const one of value) query.append(name, one);
    else if (value !== null) query.set(name, value);
  }
  const text = query.toString();
  return at.path + (text ? `?${text}` : "");
}

// Filters are refined many times over: each is a step back only when `step` says so.
export function setQuery(changes: Changes, options: { step?: boolean } = {}): void {
  navigate(withQuery(place.value, changes), { replace: !options.step });
}

// '/customers/:customer' against '/customers/14911': the parameters, or null.
export function matchPath(pattern: string, path: string): Params | null {
  const wanted = pattern.split("/");
  const given = path.replace(/(.)\/$/, "$1").split("/");
  if (wanted.length !== given.length) return null;
  const params: Params = {};
  for (const [at, part] of wanted.entries()) {
    const value = given[at] ?? "";
    if (part.startsWith(":")) {
      if (value === "") return null;
      try {
        params[part.slice(1)] = decodeURIComponent(value);
      } catch {
        return null;
      }
    } else if (part !== value) return null;
  }
  return params;
}

// Which links are the app's own; the API, its documentation and files are the server's.
export function isOwn(url: URL, origin: string): boolean {
  return url.origin === origin && !/^\/(api|docs|openapi\.json|assets|health|metrics)(\/|$)/.test(url.pathname);
}

function followLink(event: MouseEvent): void {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey)
    return;
  const link = (event.target as Element | null)?.closest?.("a[href]");
  if (!link || link.getAttribute("target") || link.hasAttribute("download")) return; // also links within pictures
  const url = new URL(link.getAttribute("href") ?? "", window.location.href);
  if (!isOwn(url, window.location.origin)) return;
  if (url.hash && url.pathname === window.location.pathname && url.search === window.location.search) return;
  event.preventDefault();
  navigate(url.pathname + url.search);
}

export function startRouter(): void {
  window.addEventListener("popstate", () => {
    place.value = current();
  });
  document.addEventListener("click", followLink);
}
