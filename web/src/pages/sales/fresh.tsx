// Of which version the figures are, until when there is data, whether the books balance, and what is missing.
import type { SalesAsOf } from "../../api/sales";
import { count, dayTime, instant, plural } from "../../lib/format";
import { live } from "../../state/live";
import { Popover } from "../../ui/popover";
import { Stale } from "../../ui/states";

function booksWords({ reconciled }: SalesAsOf): string {
  return reconciled === null ? "not reconciled yet" : reconciled ? "reconciled ✓" : "books do not balance";
}

// -1: there is none yet.
export function versionName(version: number): string {
  return version < 0 ? "no version yet" : `version ${count(version)}`;
}

export function Fresh({ asOf }: { asOf: SalesAsOf }) {
  const { state, totals } = live.value;
  // The stream knows sooner than the answer how far gold is behind.
  const behind = totals?.gold_version === asOf.gold_version ? (totals.behind ?? asOf.behind) : asOf.behind;
  const tone = asOf.reconciled === false || state === "broken" ? " broken" : state === "open" ? "" : " waiting";
  const made = asOf.made_at ? `as of ${instant(asOf.made_at)}` : "no figures yet";
  const text = `${made}, ${booksWords(asOf)}${behind ? `, ${plural(behind, "line")} behind` : ""}`;
  return (
    <Popover
      buttonClass={`as-of link-quiet${tone}`}
      buttonLabel={`${text}: how fresh these figures are`}
      label={<span>{text}</span>}
    >
      {() => (
        <dl class="facts fresh small">
          <dt>Gold</dt>
          <dd>
            {versionName(asOf.gold_version)}
            {asOf.made_at && `, made at ${instant(asOf.made_at)}`}
          </dd>
          <dt>Bronze</dt>
          <dd>{versionName(asOf.bronze_version)}</dd>
          <dt>Data until</dt>
          <dd>{asOf.data_until ? dayTime(asOf.data_until) : "none yet"}</dd>
          <dt>Not in gold yet</dt>
          <dd>{behind === null ? "not known" : plural(behind, "line")}</dd>
          <dt>Books</dt>
          <dd>
            {booksWords(asOf)}
            {asOf.reconciled_at && `, ${instant(asOf.reconciled_at)}`}
          </dd>
          <dt>Live</dt>
          <dd>{state === "broken" ? "no connection, trying again" : state === "open" ? "yes" : "connecting"}</dd>
        </dl>
      )}
    </Popover>
  );
}

export function BooksWarning({ asOf }: { asOf: SalesAsOf }) {
  if (asOf.reconciled !== false) return null;
  return (
    <Stale>
      The books of the last run do not balance
      {asOf.reconciled_at && ` (${instant(asOf.reconciled_at)})`}: these figures may miss lines or count them twice.
    </Stale>
  );
}
