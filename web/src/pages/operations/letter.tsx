// One dead letter: why it was refused, its payload to mend, and what came of it.
import { useEffect, useRef, useState } from "preact/hooks";
import { type ApiError, call, get } from "../../api/client";
import type { LetterShown, Retried } from "../../api/operations";
import { bytes, instant } from "../../lib/format";
import { asApiError, useResource } from "../../lib/resource";
import { Dialog } from "../../ui/dialog";
import { Icon } from "../../ui/icon";
import { Loaded, Skeleton } from "../../ui/states";
import { toast } from "../../ui/toast";
import { BesidePanel } from "./beside";
import { changesOf, checkPayload, freshEventId, layOut, withField } from "./letter-check";
import { codeWords, LetterStateWord } from "./letters";
import { Mark } from "./mark";

const storeLook = 500; // ms between looks whether the store has it
const storeLooks = 20;

type Fate = { state: "waiting" } | { state: "stored" } | { state: "unknown" };

// After a retry: asks until the store has the event, or it has taken too long.
function useFate(sent: Retried | null): Fate {
  const [fate, setFate] = useState<Fate>({ state: "waiting" });
  useEffect(() => {
    if (!sent) return;
    let tries = 0;
    let timer = 0;
    const abort = new AbortController();
    const look = async () => {
      try {
        await get(`/events/${encodeURIComponent(sent.event_id)}`, {}, abort.signal);
        setFate({ state: "stored" });
      } catch (problem) {
        if (abort.signal.aborted) return;
        if (asApiError(problem).status !== 404 || ++tries >= storeLooks) setFate({ state: "unknown" });
        else timer = window.setTimeout(look, storeLook);
      }
    };
    void look();
    return () => {
      abort.abort();
      window.clearTimeout(timer);
    };
  }, [sent]);
  return fate;
}

function Outcome({ sent }: { sent: Retried }) {
  const fate = useFate(sent);
  return (
    <div class="outcome" role="status">
      <p>
        <Mark state={fate.state === "stored" ? "success" : fate.state === "waiting" ? "running" : "retrying"} />{" "}
        {fate.state === "stored" ? (
          <>
            Taken: it is part of{" "}
            <a href={`/invoices/${encodeURIComponent(sent.invoice_no)}`}>order {sent.invoice_no}</a>.
          </>
        ) : fate.state === "waiting" ? (
          "Sent again; the store is taking it."
        ) : (
          "Sent again; the store has not shown it yet. If it was refused once more, it is a new letter in this list."
        )}
      </p>
      <p class="small quiet">
        In the log at partition {sent.partition}, offset {sent.offset}
      </p>
    </div>
  );
}

function Facts({ letter }: { letter: LetterShown }) {
  return (
    <dl class="facts">
      <dt>Why</dt>
      <dd>
        {codeWords[letter.code] ?? letter.code}: {letter.reason}
      </dd>
      <dt>State</dt>
      <dd>
        <LetterStateWord state={letter.state} />
      </dd>
      <dt>Refused by</dt>
      <dd>
        {letter.sink}, {instant(letter.at)}
      </dd>
      <dt>Arrived in</dt>
      <dd>
        {letter.origin.topic}, partition {letter.origin.partition}, offset {letter.origin.offset}
      </dd>
      {letter.changed.map((one) => (
        <>
          <dt>{one.action === "retried" ? "Sent again" : "Discarded"}</dt>
          <dd>
            {instant(one.at)}
            {one.user && ` by ${one.user}`}
            {one.detail && <span class="note small quiet">{one.detail}</span>}
          </dd>
        </>
      ))}
    </dl>
  );
}

function Discard({ letter, onDone, onClose }: { letter: LetterShown; onDone: () => void; onClose: () => void }) {
  const [problem, setProblem] = useState<ApiError | null>(null);
  const [busy, setBusy] = useState(false);
  const discard = async () => {
    setBusy(true);
    try {
      await call(`/ops/letters/${encodeURIComponent(letter.id)}/discard`, { method: "POST" });
      toast(`Letter ${letter.id} is discarded`);
      onDone();
    } catch (failure) {
      setProblem(asApiError(failure));
      setBusy(false);
    }
  };
  return (
    <Dialog title={`Discard letter ${letter.id}?`} onClose={onClose}>
      <p>
        Its event will count nowhere. The letter stays in the log, marked as discarded, and may still be sent again.
      </p>
      {problem && (
        <p class="problem" role="alert">
          {problem.message}
        </p>
      )}
      <p class="dialog-actions">
        <button type="button" class="button" onClick={onClose}>
          Keep it
        </button>
        <button type="button" class="button danger" disabled={busy} onClick={() => void discard()}>
          Discard
        </button>
      </p>
    </Dialog>
  );
}

function Editor({ letter, onChanged }: { letter: LetterShown; onChanged: () => void }) {
  const original = layOut(letter.payload ?? "");
  const [text, setText] = useState(original);
  const [busy, setBusy] = useState(false);
  const [refused, setRefused] = useState<ApiError | null>(null);
  const [sent, setSent] = useState<Retried | null>(null);
  const [discarding, setDiscarding] = useState(false);
  const area = useRef<HTMLTextAreaElement>(null);
  const checks = checkPayload(text);
  const changes = changesOf(original, text);
  const again = letter.state !== "open";

  const edit = (next: string) => {
    setText(next);
    setRefused(null);
  };
  const retry = async () => {
    setBusy(true);
    setRefused(null);
    try {
      const body = { ...(changes.length > 0 ? { payload: text } : {}), ...(again ? { again: true } : {}) };
      const path = `/ops/letters/${encodeURIComponent(letter.id)}/retry`;
      setSent(await call<Retried>(path, { method: "POST", body }));
      onChanged();
    } catch (problem) {
      setRefused(asApiError(problem));
    }
    setBusy(false);
  };
  return (
    <>
      {sent && <Outcome sent={sent} />}
      <div class="field">
        <label for="payload">Payload</label>
        <textarea
          id="payload"
          ref={area}
          class="input code-area"
          spellcheck={false}
          autoCapitalize="none"
          autoComplete="off"
          rows={Math.min(22, Math.max(8, text.split("\n").length + 1))}
          value={text}
          aria-invalid={checks.length > 0 ? true : undefined}
          aria-describedby="payload-checks"
          onInput={(event) => edit(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && checks.length === 0) void retry();
            if (event.key === "Escape") {
              event.preventDefault(); // leaves the text, not the letter
              area.current?.blur();
            }
          }}
        />
        <div id="payload-checks" role="status">
          {checks.length > 0 ? (
            <ul class="checks">
              {checks.map((check) => (
                <li key={check.text} class="problem">
                  {check.text}
                  {check.line !== undefined && ` (line ${check.line})`}
                </li>
              ))}
            </ul>
          ) : (
            <p class="small quiet">
              {changes.length > 0 ? `Changed: ${changes.join(", ")}` : "As it arrived. It keeps the contract's form."}
            </p>
          )}
        </div>
      </div>
      {refused && (
        <p class="problem" role="alert">
          {refused.status === 422 ? "The gateway would refuse it: " : "It was not sent: "}
          {refused.message}
          {refused.requestId && <span class="quiet"> (log: {refused.requestId})</span>}
        </p>
      )}
      {letter.code === "conflict" && changes.length === 0 && !sent && (
        <p class="small">
          Its EventID belongs to another line, which stays. If this is a line of its own,{" "}
          <button
            type="button"
            class="link"
            onClick={() => edit(withField(text, "EventID", freshEventId(text, letter.offset)))}
          >
            give it an EventID of its own
          </button>
          .
        </p>
      )}
      <p class="panel-buttons">
        <button
          type="button"
          class="button main"
          disabled={busy || checks.length > 0 || sent !== null}
          title="Ctrl Enter"
          onClick={() => void retry()}
        >
          {again ? "Send once more" : "Send again"}
        </button>
        {text !== original && (
          <button type="button" class="button" onClick={() => edit(original)}>
            Undo changes
          </button>
        )}
        {letter.state === "open" && !sent && (
          <button type="button" class="button" onClick={() => setDiscarding(true)}>
            Discard…
          </button>
        )}
      </p>
      {discarding && (
        <Discard
          letter={letter}
          onClose={() => setDiscarding(false)}
          onDone={() => {
            setDiscarding(false);
            onChanged();
          }}
        />
      )}
    </>
  );
}

function Unreadable({ letter }: { letter: LetterShown }) {
  return letter.payload_hex ? (
    <>
      <p>Its payload is not text; it cannot be edited here.</p>
      <pre class="code" tabIndex={0}>
        {letter.payload_hex}
      </pre>
    </>
  ) : (
    <p>
      Its payload ({bytes(letter.payload_bytes)}) was too large for the letter: it lies at its place in{" "}
      {letter.origin.topic}.
    </p>
  );
}

interface PanelProps {
  id: string;
  onClose: () => void;
  onStep: (by: number) => void;
  onChanged: () => void;
}

export function LetterPanel({ id, onClose, onStep, onChanged }: PanelProps) {
  const letter = useResource<LetterShown>(`/ops/letters/${encodeURIComponent(id)}`, { keepFormer: false });
  const changed = () => {
    letter.reload();
    onChanged();
  };
  return (
    <BesidePanel
      title={`Letter ${id}`}
      label={`letter ${id}`}
      opened={id}
      onClose={onClose}
      actions={
        <>
          <button type="button" class="button bare" aria-label="Former letter" title="k" onClick={() => onStep(-1)}>
            <Icon name="up" />
          </button>
          <button type="button" class="button bare" aria-label="Next letter" title="j" onClick={() => onStep(1)}>
            <Icon name="down" />
          </button>
        </>
      }
    >
      <Loaded
        of={letter}
        what={`letter ${id}`}
        missing={`There is no letter ${id}: its topic may have been cleaned up`}
        skeleton={<Skeleton width={36} />}
      >
        {(known) => (
          <div class="order-body">
            <Facts letter={known} />
            {known.payload === null ? <Unreadable letter={known} /> : <Editor letter={known} onChanged={changed} />}
          </div>
        )}
      </Loaded>
    </BesidePanel>
  );
}
