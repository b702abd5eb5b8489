// Who is signed in. undefined: not known yet; null: nobody.
import { computed, signal } from "@preact/signals";
import { ApiError, call, get, setCsrf, whenSignedOut } from "../api/client";
import type { Role, Session } from "../api/types";
import { currency } from "../lib/format";
import { forgetAll } from "../lib/kept";
import { navigate, place } from "../lib/router";

export const session = signal<Session | null | undefined>(undefined);
export const sessionProblem = signal<ApiError | null>(null); // the session could not even be asked for
export const endedEarly = signal(false); // the server ended a session that this page had

export const role = computed<Role | null>(() => session.value?.user.role ?? null);

function enter(next: Session): void {
  setCsrf(next.csrf);
  currency.value = next.server.currency;
  endedEarly.value = false;
  sessionProblem.value = null;
  session.value = next;
}

export function leave(): void {
  setCsrf("");
  forgetAll();
  session.value = null;
}

export async function askSession(): Promise<void> {
  try {
    enter(await get<Session>("/session"));
  } catch (problem) {
    if (problem instanceof ApiError && problem.status === 401) {
      lose();
      leave();
    } else if (session.peek())
      return; // what is shown stays; the pages' own requests say what is wrong
    else sessionProblem.value = problem instanceof ApiError ? problem : new ApiError(0, String(problem));
  }
}

export async function signIn(name: string, password: string): Promise<void> {
  enter(await call<Session>("/session", { method: "POST", body: { name, password } }));
}

export async function signInByLink(token: string): Promise<void> {
  enter(await call<Session>("/session/link", { method: "POST", body: { token } }));
}

export async function changePassword(current: string | null, next: string): Promise<void> {
  const body = current === null ? { new: next } : { current, new: next };
  await call<void>("/session/password", { method: "PUT", body });
  await askSession();
}

export async function signOut(): Promise<void> {
  await call<void>("/session", { method: "DELETE" }).catch(() => undefined);
  leave();
  navigate("/sign-in");
}

// The server ended a session that this page had: sign in again, and come back.
function lose(): void {
  if (!session.peek()) return;
  endedEarly.value = true;
  leave();
  const at = place.peek();
  const query = at.query.toString();
  navigate(`/sign-in?to=${encodeURIComponent(at.path + (query ? `?${query}` : ""))}`, { replace: true });
}

whenSignedOut(lose);
