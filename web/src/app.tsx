// Which page is shown to whom: signed out, loading, allowed, forbidden, unknown.
import type { ComponentType } from "preact";
import { useEffect, useErrorBoundary, useState } from "preact/hooks";
import { asApiError } from "./lib/resource";
import { navigate, place } from "./lib/router";
import { findPage, home, type PageProps, type PageRow } from "./pages/registry";
import { askSession, session, sessionProblem } from "./state/session";
import { Shell } from "./ui/shell";
import { ErrorState, Forbidden, NotFound } from "./ui/states";

const loaded = new Map<string, ComponentType<PageProps>>();

function usePage(page: PageRow): { Page: ComponentType<PageProps> | undefined; failure: unknown; retry: () => void } {
  const [, redraw] = useState(0);
  const [failure, setFailure] = useState<unknown>(null);
  const Page = loaded.get(page.name);
  const load = () => {
    setFailure(null);
    page.load().then(
      (module) => {
        loaded.set(page.name, module.default);
        redraw((turn) => turn + 1);
      },
      (problem) => setFailure(problem),
    );
  };
  useEffect(() => {
    if (!Page) load();
  }, [page.name]);
  return { Page, failure, retry: load };
}

let arrivedAt: string | null = null;

// Screen readers and the keyboard follow to the new page, but for the first, where the browser itself has put
// them; the window's title says which it is.
function useArrival(name: string, title: string): void {
  useEffect(() => {
    document.title = title === "" ? "millrace" : `${title} · millrace`;
    const from = arrivedAt;
    arrivedAt = name;
    if (from === null || from === name) return;
    const focused = document.activeElement;
    if (focused === document.body || focused?.closest("nav"))
      document.getElementById("main")?.focus({ preventScroll: true });
  }, [name, title]);
}

function PageOf({ page, params }: { page: PageRow } & PageProps) {
  const { Page, failure, retry } = usePage(page);
  const [broken, mend] = useErrorBoundary();
  useArrival(page.name, page.title);
  if (broken) return <ErrorState error={asApiError(broken)} what="this page" onRetry={mend} />;
  if (failure) return <ErrorState error={asApiError(failure)} what="this page" onRetry={retry} />;
  return Page ? <Page params={params} /> : <div aria-busy="true" />;
}

export function App() {
  const at = place.value;
  const here = session.value;
  const found = findPage(at.path);
  const open = found !== null && found.page.roles.length === 0;
  const toHome = Boolean(here) && at.path === "/";
  const toSignIn = here === null && !open;

  useEffect(() => {
    if (toHome && here) navigate(home(here), { replace: true });
    if (toSignIn) {
      const query = at.query.toString();
      const to = at.path + (query ? `?${query}` : "");
      navigate(to === "/" ? "/sign-in" : `/sign-in?to=${encodeURIComponent(to)}`, { replace: true });
    }
  }, [toHome, toSignIn, at]);

  if (here === undefined) {
    return sessionProblem.value ? (
      <main class="alone">
        <ErrorState error={sessionProblem.value} what="the app" onRetry={() => void askSession()} />
      </main>
    ) : null;
  }
  if (found && open) return <PageOf key={found.page.name} page={found.page} params={found.params} />;
  if (!here || toHome) return null;
  return (
    <Shell session={here}>
      {!found ? (
        <NotFound />
      ) : found.page.roles.includes(here.user.role) ? (
        <PageOf key={found.page.name} page={found.page} params={found.params} />
      ) : (
        <Forbidden />
      )}
    </Shell>
  );
}
