"""From the end of a run to the end of a task: in millrace's own words."""

from __future__ import annotations

import logging
from typing import Any

from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException

from millrace_provider.runs import WELL, Client, MillraceError, Run

LOG_LINES_MAX = 40
FAILED = frozenset({"failed", "timed_out"})

log = logging.getLogger(__name__)


def what_broke(report: dict[str, Any]) -> list[str]:
    """Which models failed, of which check, and which rows break it; which sums are not equal."""
    told = []
    for model in report.get("models", []):
        if model["state"] == "failed":
            told.append(f"{model['model']}: {model['message'] or 'failed'}")
        for check in model.get("checks", []):
            if check["rows"] > 0 and check["check"] not in model["message"]:
                told.append(
                    f"{model['model']}: check {check['check']}: rows that break it: {check['rows']}, as {check['sample']}"
                )
    for balance in (report.get("reconciliation") or {}).get("balances", []):
        if balance["known"] and not balance["holds"]:
            told.append(f"{balance['name']}: {balance['left']} is not {balance['right']} {balance['note']}".rstrip())
    return told


def explain(client: Client, run: Run) -> str:
    """All that millrace says of a failure, each thing once. What cannot be asked for is left out: the failure itself is
    known."""
    told = f"millrace run {run.id} of {run.target} {run.state.replace('_', ' ')}: {run.reason}"
    for task in run.tasks:
        if task.state not in FAILED:
            continue
        lines = [task.reason]
        try:
            lines += what_broke(client.report(run.id, task.name))
            written = client.log(run.id, task.name).splitlines()
            log.info("the end of what %s wrote:\n%s", task.name, "\n".join(written[-LOG_LINES_MAX:]))
        except MillraceError as error:
            log.warning("millrace tells no more of run %s: %s", run.id, error)
        for line in lines:
            if line not in told:
                told += f"\n{line}"
    return told


def settle(client: Client, run: Run) -> str:
    """Returns the id of a run that went well; raises what ends the task otherwise."""
    if run.state == "skipped":
        raise AirflowSkipException(f"millrace skipped run {run.id}: {run.reason or 'there was nothing to do'}")
    if run.state in WELL:
        return run.id
    failure = AirflowException if run.may_go_well_again else AirflowFailException
    raise failure(explain(client, run))
