// What is wrong with the platform, in plain words and with the way out.
import type { Status } from "../../api/operations";
import { count, duration, msBetween, plural } from "../../lib/format";
import { byHowMuch } from "./flow";

export interface Problem {
  key: string;
  grave: boolean; // something does not happen that should
  text: string;
  way?: string; // what to do
  command?: string;
  href?: string;
  hrefLabel?: string;
}

const freshError = 5 * 60_000; // ms: a role's error is news for so long
const standsStill = 30_000; // ms without progress while there is something to take

const duties: Record<string, string> = {
  gateway: "no event can be sent",
  processor: "events wait in the log and reach neither store nor lake",
  scheduler: "silver and gold are made only when somebody starts a run",
};

function ofRoles({ roles, taken_at }: Status): Problem[] {
  const found: Problem[] = [];
  for (const [role, duty] of Object.entries(duties)) {
    const states = roles.filter((one) => one.role === role);
    if (states.some(({ alive }) => alive)) continue;
    found.push({
      key: `role ${role}`,
      grave: true,
      text: `The ${role} ${states.length > 0 ? "has stopped" : "does not run"}: ${duty}.`,
      way: "Start the platform; what stopped it stands in run/up.log of the data folder.",
      command: "millrace up --detach",
    });
  }
  for (const one of roles) {
    const age = msBetween(one.last_error_at, taken_at);
    if (!one.last_error || age === null || age > freshError) continue;
    found.push({
      key: `error ${one.role}`,
      grave: false,
      text: `The ${one.role} had an error ${duration(age)} ago: ${one.last_error}`,
      way: "It tries again by itself, with growing pauses.",
    });
  }
  return found;
}

function ofGroups({ groups, taken_at }: Status): Problem[] {
  return groups
    .filter(({ lag, published_at }) => lag > 0 && (msBetween(published_at, taken_at) ?? 0) > standsStill)
    .map(({ group, topic, partition, lag, published_at }) => ({
      key: `lag ${group} ${topic} ${partition}`,
      grave: true,
      text: `${group} has taken nothing of ${topic} for ${duration(msBetween(published_at, taken_at) ?? 0)}: ${plural(lag, "event")} to go.`,
      way: "See whether the processor runs and what its last error is.",
      href: "#roles",
      hrefLabel: "Roles",
    }));
}

function ofBooks({ reconciliation }: Status): Problem[] {
  const broken = reconciliation?.balances.filter(({ known, holds }) => known && !holds) ?? [];
  if (broken.length === 0) return [];
  const each = broken.map((one) => `${one.name}${byHowMuch(one) ? `, off by ${byHowMuch(one)}` : ""}`);
  return [
    {
      key: "books",
      grave: true,
      text: `The books do not balance: ${each.join("; ")}.`,
      way: "Start a run; if it stays, one with a full refresh makes silver and gold anew from bronze.",
      href: "/operations/runs",
      hrefLabel: "Runs",
    },
  ];
}

export function problemsOf(status: Status): Problem[] {
  const found = [...ofRoles(status), ...ofGroups(status), ...ofBooks(status)];
  const last = status.schedule.last;
  if (last && /^(failed|timed.out)$/.test(last.state))
    found.push({
      key: "run",
      grave: true,
      text: `The last run ${last.state === "failed" ? "failed" : "took too long"}${last.reason ? `: ${last.reason}` : ""}.`,
      way: "Its log says at which table; the next run begins where this one stopped.",
      href: `/operations/runs/${last.id}`,
      hrefLabel: "Open the run",
    });
  const { open, at_most } = status.letters;
  if (open > 0)
    found.push({
      key: "letters",
      grave: false,
      text: `${at_most ? "At most " : ""}${plural(open, "event")} could not be taken and ${open === 1 ? "waits" : "wait"} for a decision.`,
      way: "Look at each, mend it and send it again, or discard it.",
      href: "/operations/letters",
      hrefLabel: "Dead letters",
    });
  for (const [at, text] of status.problems.entries())
    found.push({ key: `said ${at}`, grave: true, text, way: "The platform could not look at this part of itself." });
  return found.sort((one, other) => Number(other.grave) - Number(one.grave));
}

export function headline(problems: Problem[]): string {
  const grave = problems.filter((one) => one.grave).length;
  if (problems.length === 0) return "All is well";
  if (grave === 0) return `It runs; ${count(problems.length)} ${problems.length === 1 ? "thing" : "things"} to look at`;
  return `${count(grave)} ${grave === 1 ? "thing is" : "things are"} wrong`;
}
