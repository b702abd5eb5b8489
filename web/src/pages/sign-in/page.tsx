// Signing in: by password, or by a one-time link (/sign-in#token=…), which then asks for a password.
import type { TargetedSubmitEvent } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { ApiError } from "../../api/client";
import { asApiError } from "../../lib/resource";
import { isOwn, navigate, place } from "../../lib/router";
import { changePassword, endedEarly, session, signIn, signInByLink } from "../../state/session";
import { Field } from "../../ui/field";
import { PasswordForm } from "../../ui/password-form";

// Where to go afterwards: only within the app.
function destination(): string {
  const to = place.peek().query.get("to") ?? "/";
  const url = new URL(to, window.location.origin);
  return isOwn(url, window.location.origin) ? url.pathname + url.search : "/";
}

// Takes the token out of the address, so that it stays neither in the history nor on the screen.
function takeToken(): string | null {
  const token = new URLSearchParams(window.location.hash.slice(1)).get("token");
  if (token) history.replaceState(null, "", window.location.pathname + window.location.search);
  return token;
}

function wordsFor(problem: ApiError): string {
  if (problem.status !== 429) return problem.message;
  return problem.retryAfter
    ? `Too many attempts. Try again in ${problem.retryAfter} seconds.`
    : "Too many attempts. Try again later.";
}

function PasswordSignIn({ note }: { note: string | null }) {
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [problem, setProblem] = useState(note);
  const [busy, setBusy] = useState(false);
  useEffect(() => setProblem(note), [note]);
  useEffect(() => document.querySelector<HTMLInputElement>('input[name="name"]')?.focus(), []);

  const onSubmit = async (event: TargetedSubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    try {
      await signIn(name, password);
      navigate(destination(), { replace: true });
    } catch (failure) {
      setProblem(wordsFor(asApiError(failure)));
      setPassword("");
      setBusy(false);
    }
  };

  return (
    <form class="form" onSubmit={onSubmit}>
      <Field
        label="Name"
        name="name"
        autoComplete="username"
        autoCapitalize="none"
        spellcheck={false}
        required
        value={name}
        onInput={(event) => setName(event.currentTarget.value)}
      />
      <Field
        label="Password"
        name="password"
        password
        autoComplete="current-password"
        required
        value={password}
        onInput={(event) => setPassword(event.currentTarget.value)}
      />
      <p class="problem" role="alert">
        {problem}
      </p>
      <button type="submit" class="button main" disabled={busy}>
        Sign in
      </button>
    </form>
  );
}

type Step = "link" | "password" | "set";

export default function SignIn() {
  const [step, setStep] = useState<Step>("password");
  const [note, setNote] = useState<string | null>(
    endedEarly.value ? "Your session has ended. Sign in to carry on." : null,
  );

  const enterByLink = () => {
    const token = takeToken();
    if (!token) return false;
    setStep("link");
    signInByLink(token).then(
      () => setStep("set"),
      (failure) => {
        const problem = asApiError(failure);
        setNote(
          problem.status === 401
            ? "This link has been used or is too old. Ask for a new one, or sign in with your password."
            : wordsFor(problem),
        );
        setStep("password");
      },
    );
    return true;
  };

  useEffect(() => {
    if (!enterByLink() && session.peek()) navigate(destination(), { replace: true });
    window.addEventListener("hashchange", enterByLink); // a link opened where this page is open already
    return () => window.removeEventListener("hashchange", enterByLink);
  }, []);

  return (
    <main class="alone" id="main">
      <div class="sign-in">
        <img src="/assets/icon.svg" alt="" width="40" height="40" />
        <h1>{step === "set" ? `Welcome, ${session.value?.user.name ?? ""}` : "Sign in"}</h1>
        {step === "link" && <p class="quiet">Checking your link …</p>}
        {step === "password" && <PasswordSignIn note={note} />}
        {step === "set" && (
          <>
            <p class="quiet">Choose a password: from now on you sign in with it.</p>
            <PasswordForm
              submit="Save and go on"
              save={async (next) => {
                await changePassword(null, next);
                navigate(destination(), { replace: true });
              }}
            />
          </>
        )}
      </div>
    </main>
  );
}
