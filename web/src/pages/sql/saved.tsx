// Queries that a user keeps under a name, theirs alone; and the dialog that names one.
import { useState } from "preact/hooks";
import { type ApiError, call } from "../../api/client";
import type { SavedQuery, SqlSource } from "../../api/operations";
import { asApiError } from "../../lib/resource";
import { Dialog } from "../../ui/dialog";
import { Field } from "../../ui/field";
import { toast } from "../../ui/toast";

interface SaveProps {
  source: SqlSource;
  sql: string;
  known: SavedQuery | null; // the one that was opened: it may be changed
  onClose: () => void;
  onSaved: (query: SavedQuery) => void;
}

export function SaveDialog({ source, sql, known, onClose, onSaved }: SaveProps) {
  const [name, setName] = useState(known?.name ?? "");
  const [problem, setProblem] = useState<ApiError | null>(null);
  const [busy, setBusy] = useState(false);
  const save = async (asNew: boolean) => {
    setBusy(true);
    setProblem(null);
    const body = { name: name.trim(), source, sql };
    try {
      const query =
        known && !asNew
          ? await call<SavedQuery>(`/sql/saved/${known.id}`, { method: "PUT", body })
          : await call<SavedQuery>("/sql/saved", { method: "POST", body });
      toast(`Saved as ${body.name}`);
      onSaved(query);
    } catch (failure) {
      setProblem(asApiError(failure));
      setBusy(false);
    }
  };
  return (
    <Dialog title="Save this query" onClose={onClose}>
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          void save(false);
        }}
      >
        <Field
          label="Name"
          value={name}
          required
          autoComplete="off"
          hint="Only you see it."
          problem={problem?.message ?? null}
          onInput={(event) => setName(event.currentTarget.value)}
        />
        <p class="dialog-actions">
          {known && (
            <button
              type="button"
              class="button"
              disabled={busy || name.trim() === "" || name.trim() === known.name}
              onClick={() => void save(true)}
            >
              Save as another
            </button>
          )}
          <button type="submit" class="button main" disabled={busy || name.trim() === ""}>
            {known ? "Save changes" : "Save"}
          </button>
        </p>
      </form>
    </Dialog>
  );
}

interface RemoveProps {
  query: SavedQuery;
  onClose: () => void;
  onRemoved: () => void;
}

export function RemoveDialog({ query, onClose, onRemoved }: RemoveProps) {
  const [problem, setProblem] = useState<ApiError | null>(null);
  const remove = async () => {
    try {
      await call(`/sql/saved/${query.id}`, { method: "DELETE" });
      onRemoved();
    } catch (failure) {
      setProblem(asApiError(failure));
    }
  };
  return (
    <Dialog title={`Remove “${query.name}”?`} onClose={onClose}>
      <pre class="code" tabIndex={0}>
        {query.sql}
      </pre>
      {problem && (
        <p class="problem" role="alert">
          {problem.message}
        </p>
      )}
      <p class="dialog-actions">
        <button type="button" class="button" onClick={onClose}>
          Keep it
        </button>
        <button type="button" class="button danger" onClick={() => void remove()}>
          Remove
        </button>
      </p>
    </Dialog>
  );
}
