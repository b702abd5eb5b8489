// A labelled input whose hint and problem are read with it.
import type { TargetedInputEvent } from "preact";
import { useId } from "preact/hooks";

interface Props {
  label: string;
  name?: string;
  password?: boolean;
  value: string;
  onInput: (event: TargetedInputEvent<HTMLInputElement>) => void;
  autoComplete?: string;
  autoCapitalize?: "none";
  spellcheck?: boolean;
  required?: boolean;
  minLength?: number;
  hint?: string;
  problem?: string | null;
}

export function Field({ label, hint, problem, password, ...input }: Props) {
  const id = useId();
  const notes = [hint && `${id}-hint`, problem && `${id}-problem`].filter(Boolean).join(" ");
  const shared = {
    ...input,
    class: "input",
    id,
    "aria-invalid": problem ? true : undefined,
    "aria-describedby": notes || undefined,
  };
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {hint && (
        <span class="quiet small" id={`${id}-hint`}>
          {hint}
        </span>
      )}
      {password ? <input {...shared} type="password" /> : <input {...shared} type="text" />}
      {problem && (
        <span class="problem" id={`${id}-problem`}>
          {problem}
        </span>
      )}
    </div>
  );
}
