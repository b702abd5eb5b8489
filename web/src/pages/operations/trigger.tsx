// Asks for a run: of what, and whether from the beginning. Says what it will do before it does it.
import { useState } from "preact/hooks";
import { type ApiError, call } from "../../api/client";
import type { Run } from "../../api/operations";
import { asApiError } from "../../lib/resource";
import { Segments } from "../../ui/controls";
import { Dialog } from "../../ui/dialog";
import { toast } from "../../ui/toast";

type Target = "all" | "silver" | "gold";

const targets: { value: Target; label: string }[] = [
  { value: "all", label: "Silver and gold" },
  { value: "silver", label: "Silver" },
  { value: "gold", label: "Gold" },
];

const meaning: Record<Target, string> = {
  all: "Brings silver up to bronze, then gold up to silver.",
  silver: "Brings silver up to bronze; gold stays as it is.",
  gold: "Brings gold up to silver.",
};

export function TriggerDialog({ onClose, onStarted }: { onClose: () => void; onStarted: (run: Run) => void }) {
  const [target, setTarget] = useState<Target>("all");
  const [full, setFull] = useState(false);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<ApiError | null>(null);
  const start = async () => {
    setBusy(true);
    setProblem(null);
    try {
      const run = await call<Run>("/ops/runs", { method: "POST", body: { target, full_refresh: full } });
      toast("The run is in the queue");
      onStarted(run);
    } catch (failure) {
      setProblem(asApiError(failure));
      setBusy(false);
    }
  };
  return (
    <Dialog title="Start a run" onClose={onClose}>
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          void start();
        }}
      >
        <Segments label="What it makes" value={target} options={targets} onChange={setTarget} />
        <label class="check">
          <input type="checkbox" checked={full} onChange={(event) => setFull(event.currentTarget.checked)} />
          <span>
            Full refresh
            <span class="small quiet note">
              Makes the tables anew from the beginning instead of adding what is new. Readers see the old ones until the
              new are whole. It takes longer.
            </span>
          </span>
        </label>
        <p>{meaning[target]}</p>
        {problem && (
          <p class="problem" role="alert">
            {problem.message}
          </p>
        )}
        <p class="dialog-actions">
          <button type="button" class="button" onClick={onClose}>
            Not now
          </button>
          <button type="submit" class="button main" disabled={busy}>
            {full ? "Make anew" : "Start"}
          </button>
        </p>
      </form>
    </Dialog>
  );
}

export function CancelDialog({ run, onClose, onDone }: { run: Run; onClose: () => void; onDone: () => void }) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<ApiError | null>(null);
  const cancel = async () => {
    setBusy(true);
    try {
      await call(`/ops/runs/${run.id}/cancel`, { method: "POST" });
      onDone();
    } catch (failure) {
      setProblem(asApiError(failure));
      setBusy(false);
    }
  };
  return (
    <Dialog title="Cancel this run?" onClose={onClose}>
      <p>Tables that it has made stay; what it has begun is undone. The next run goes on from there.</p>
      {problem && (
        <p class="problem" role="alert">
          {problem.message}
        </p>
      )}
      <p class="dialog-actions">
        <button type="button" class="button" onClick={onClose}>
          Let it run
        </button>
        <button type="button" class="button danger" disabled={busy} onClick={() => void cancel()}>
          Cancel the run
        </button>
      </p>
    </Dialog>
  );
}
