// How fresh the figures are: from the live stream, or since when it has been silent.
import { instant, plural } from "../lib/format";
import { live } from "../state/live";

interface Props {
  at: string | null; // what the page's own data says
  lag?: number | null;
}

export function AsOf({ at, lag }: Props) {
  const { state, totals, heard } = live.value;
  const latest = [at, totals?.store_at ?? null]
    .filter((one): one is string => one !== null)
    .sort()
    .at(-1);
  if (state === "broken") {
    return (
      <p class="as-of broken" role="status">
        Not live: {heard ? `last heard at ${instant(new Date(heard).toISOString())}` : "no connection"}, trying again
      </p>
    );
  }
  return (
    <p class={state === "open" ? "as-of" : "as-of waiting"}>
      {latest ? `as of ${instant(latest)}` : "connecting"}
      {lag ? `, ${plural(lag, "event")} behind` : ""}
    </p>
  );
}
