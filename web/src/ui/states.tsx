// The states a page can be in besides full: loading, empty, filtered to nothing, failed, stale, forbidden.
import type { ComponentChildren } from "preact";
import type { ApiError } from "../api/client";
import type { Resource } from "../lib/resource";
import { Icon, type IconName } from "./icon";

interface StateProps {
  icon?: IconName;
  title: string;
  children?: ComponentChildren;
  alert?: boolean;
  page?: boolean; // the whole page is this: its title is the page's heading
}

function State({ icon, title, children, alert, page }: StateProps) {
  return (
    <div class="state" role={alert ? "alert" : undefined}>
      {icon && <Icon name={icon} />}
      {page ? <h1 class="state-title">{title}</h1> : <p class="state-title">{title}</p>}
      {children}
    </div>
  );
}

// Nothing yet; says the one command that fills it.
export function Empty({ title, command, children }: { title: string; command?: string; children?: ComponentChildren }) {
  return (
    <State title={title}>
      {children}
      {command && <code class="command">{command}</code>}
    </State>
  );
}

export function FilteredEmpty({
  title = "Nothing matches these filters",
  onClear,
}: {
  title?: string;
  onClear: () => void;
}) {
  return (
    <State icon="search" title={title}>
      <button type="button" class="button" onClick={onClear}>
        Clear filters
      </button>
    </State>
  );
}

export function ErrorState({ error, what, onRetry }: { error: ApiError; what: string; onRetry?: () => void }) {
  if (error.status === 403) return <Forbidden />;
  return (
    <State icon="warning" title={`Could not load ${what}`} alert>
      <p class="quiet">{error.message}</p>
      {error.requestId && (
        <p class="small quiet">
          For the log: <code>{error.requestId}</code>
        </p>
      )}
      {onRetry && (
        <button type="button" class="button" onClick={onRetry}>
          Try again
        </button>
      )}
    </State>
  );
}

export function Forbidden() {
  return (
    <State icon="info" title="You may not see this page" page>
      <p class="quiet">Your account has no right to it. Whoever runs this shop's millrace can give you one.</p>
      <a class="button" href="/">
        Go to your first page
      </a>
    </State>
  );
}

export function NotFound({ what = "This page does not exist" }: { what?: string }) {
  return (
    <State icon="search" title={what} page>
      <p class="quiet">The address may be mistyped, or what it showed is no longer there.</p>
      <a class="button" href="/">
        Go to your first page
      </a>
    </State>
  );
}

// Shown above data that could not be renewed: how old, and why.
export function Stale({ children, onRetry }: { children: ComponentChildren; onRetry?: () => void }) {
  return (
    <p class="stale" role="status">
      <Icon name="warning" /> <span>{children}</span>
      {onRetry && (
        <button type="button" class="link" onClick={onRetry}>
          Try again
        </button>
      )}
    </p>
  );
}

// A grey bar in the place of text to come, as wide as that will be (in characters).
export function Skeleton({ width = 8 }: { width?: number }) {
  return <span class="skeleton" style={{ width: `${width}ch` }} aria-hidden="true" />;
}

interface ResourceProps<T> {
  of: Resource<T>;
  what: string; // 'Could not load …'
  skeleton: ComponentChildren;
  missing?: string; // said for a 404
  children: (data: T) => ComponentChildren;
}

// Picks the state of a resource: skeleton, error, or the data (with a note where it could not be renewed).
export function Loaded<T>({ of, what, skeleton, missing, children }: ResourceProps<T>) {
  if (of.data !== undefined) {
    return (
      <>
        {of.error && <Stale onRetry={of.reload}>This may be out of date: {of.error.message}</Stale>}
        {children(of.data)}
      </>
    );
  }
  if (of.error?.status === 404 && missing) return <NotFound what={missing} />;
  if (of.error) return <ErrorState error={of.error} what={what} onRetry={of.reload} />;
  return (
    <div aria-busy="true">
      <p class="heard" role="status">
        Loading {what}
      </p>
      {skeleton}
    </div>
  );
}
