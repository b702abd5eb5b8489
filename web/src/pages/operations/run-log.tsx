// A task's log, followed while it runs: it stays at its end as long as the reader is there.
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { type ApiError, address, getText } from "../../api/client";
import { useRepeat } from "../../lib/polled";
import { asApiError } from "../../lib/resource";
import { Icon } from "../../ui/icon";
import { ErrorState, Skeleton } from "../../ui/states";

const pause = 1000; // ms
const nearEnd = 24; // px

function useLog(path: string, follows: boolean) {
  const [text, setText] = useState<string>();
  const [error, setError] = useState<ApiError | null>(null);
  const [busy, setBusy] = useState(true);
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    const abort = new AbortController();
    setBusy(true);
    getText(path, {}, abort.signal).then(
      (fresh) => {
        setText(fresh);
        setError(null);
        setBusy(false);
      },
      (problem) => {
        if (abort.signal.aborted) return;
        const failure = asApiError(problem);
        if (failure.status === 404) setText("");
        else setError(failure);
        setBusy(false);
      },
    );
    return () => abort.abort();
  }, [path, turn, follows]); // once more when it ends: its last lines
  const reload = () => setTurn((before) => before + 1);
  useRepeat(reload, pause, follows && !busy);
  return { text, error, reload };
}

export function Log({ run, task, follows }: { run: string; task: string; follows: boolean }) {
  const path = `/ops/runs/${encodeURIComponent(run)}/tasks/${encodeURIComponent(task)}/log`;
  const { text, error, reload } = useLog(path, follows);
  const box = useRef<HTMLPreElement>(null);
  const atEnd = useRef(true);
  useLayoutEffect(() => {
    if (box.current && atEnd.current) box.current.scrollTop = box.current.scrollHeight;
  }, [text]);
  if (error && text === undefined) return <ErrorState error={error} what="the log" onRetry={reload} />;
  if (text === undefined) return <Skeleton width={40} />;
  if (text === "") return <p class="quiet">{follows ? "Nothing logged yet" : "This task logged nothing"}</p>;
  return (
    <>
      <pre
        class="code log"
        ref={box}
        tabIndex={0}
        role="log"
        aria-label={`Log of ${task}`}
        onScroll={({ currentTarget }) => {
          atEnd.current = currentTarget.scrollHeight - currentTarget.scrollTop - currentTarget.clientHeight < nearEnd;
        }}
      >
        {text}
      </pre>
      <p class="small quiet">
        {follows ? "Followed while it runs. " : ""}
        <a href={address(path)} download={`${run}-${task}.log`}>
          <Icon name="download" /> Download
        </a>
      </p>
    </>
  );
}
