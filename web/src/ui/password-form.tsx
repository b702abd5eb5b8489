// Sets a password: the new one twice, and the current one where there is one.
import type { TargetedSubmitEvent } from "preact";
import { useState } from "preact/hooks";
import { asApiError } from "../lib/resource";
import { Field } from "./field";

export const passwordLengthMin = 10;

interface Props {
  submit: string;
  current?: { value: string; set: (value: string) => void };
  save: (next: string) => Promise<void>;
}

export function PasswordForm({ submit, current, save }: Props) {
  const [next, setNext] = useState("");
  const [again, setAgain] = useState("");
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);

  const onSubmit = async (event: TargetedSubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (next !== again) {
      setProblem("The two new passwords differ.");
      return;
    }
    setBusy(true);
    setProblem(null);
    try {
      await save(next);
    } catch (failure) {
      setProblem(asApiError(failure).message);
      setBusy(false);
    }
  };

  return (
    <form class="form" onSubmit={onSubmit}>
      {current && (
        <Field
          label="Current password"
          password
          autoComplete="current-password"
          required
          value={current.value}
          onInput={(event) => current.set(event.currentTarget.value)}
        />
      )}
      <Field
        label="New password"
        hint={`At least ${passwordLengthMin} characters; a few words are good.`}
        password
        autoComplete="new-password"
        required
        minLength={passwordLengthMin}
        value={next}
        onInput={(event) => setNext(event.currentTarget.value)}
      />
      <Field
        label="New password again"
        password
        autoComplete="new-password"
        required
        value={again}
        onInput={(event) => setAgain(event.currentTarget.value)}
      />
      <p class="problem" role="alert">
        {problem}
      </p>
      <button type="submit" class="button main" disabled={busy}>
        {submit}
      </button>
    </form>
  );
}
