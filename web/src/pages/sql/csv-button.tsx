// The answer as a file: from what is here when that is all of it, else asked for anew as CSV.
import { useRef, useState } from "preact/hooks";
import { callText } from "../../api/client";
import type { SqlResult, SqlSource } from "../../api/operations";
import { downloadCsv } from "../../lib/csv";
import { asApiError } from "../../lib/resource";
import { Icon } from "../../ui/icon";
import { toast } from "../../ui/toast";
import { resultCsv } from "./csv";

const keep = (text: string) => downloadCsv({ name: "answer", make: () => text });

export function SqlCsv({ asked, result }: { asked: { source: SqlSource; sql: string }; result: SqlResult }) {
  const [busy, setBusy] = useState(false);
  const abort = useRef<AbortController | undefined>(undefined);
  const download = async () => {
    if (!result.truncated) {
      keep(resultCsv(result));
      return;
    }
    const mine = new AbortController();
    abort.current = mine;
    setBusy(true);
    try {
      keep(await callText("/sql", { method: "POST", query: { format: "csv" }, body: asked, signal: mine.signal }));
    } catch (problem) {
      if (!mine.signal.aborted) toast(`No CSV: ${asApiError(problem).message}`);
    }
    setBusy(false);
  };
  return busy ? (
    <button type="button" class="button" onClick={() => abort.current?.abort()}>
      Stop the CSV
    </button>
  ) : (
    <button
      type="button"
      class="button"
      title={result.truncated ? "All rows, asked for anew" : "These rows"}
      onClick={() => void download()}
    >
      <Icon name="download" /> CSV{result.truncated ? " of all rows" : ""}
    </button>
  );
}
