"""The operator: one run of millrace's pipeline."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from datetime import timedelta
from functools import cached_property
from typing import Any

from airflow.sdk import BaseOperator, Context, conf
from airflow.sdk.exceptions import AirflowException, AirflowFailException

from millrace_provider.hooks import MillraceHook
from millrace_provider.links import MillraceRunLink
from millrace_provider.outcome import settle
from millrace_provider.runs import Client, MillraceError, MillraceRefused, MillraceUnavailable, Run, Wish
from millrace_provider.triggers import MillraceRunTrigger

KEY_BYTES_MAX = 200  # of what millrace keeps with a run


def key_of(context: Context) -> str:
    """What names this piece of work: retries of a task have one key, so that they join its run instead of starting
    another. A task that somebody clears is to run anew, and Airflow adds its tries to max_tries then."""
    ti = context["ti"]
    cleared = (ti.max_tries or 0) - (ti.task.retries or 0)
    key = f"{ti.dag_id}/{ti.run_id}/{ti.task_id}/{ti.map_index}/{cleared}"
    if len(key.encode()) <= KEY_BYTES_MAX:
        return key
    return f"{ti.dag_id[:60]}/sha256:{hashlib.sha256(key.encode()).hexdigest()}"


class MillraceRunOperator(BaseOperator):
    """Asks for a run, follows it to its end, and ends as it did: success, skipped with its reason, or failed with
    millrace's own words."""

    template_fields: Sequence[str] = ("target", "day")
    operator_extra_links = (MillraceRunLink(),)
    ui_color = "#dbeafe"

    def __init__(
        self,
        *,
        target: str = "all",
        day: str | None = None,
        full_refresh: bool = False,
        millrace_conn_id: str = MillraceHook.default_conn_name,
        poll_interval: timedelta = timedelta(seconds=5),
        patience: timedelta = timedelta(minutes=2),
        wait_for_completion: bool = True,
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        **kwargs: Any,  # noqa: ANN401 - BaseOperator's
    ) -> None:
        """day: also take what was ingested on it again, for back-fills; empty for what is new alone. patience: how long
        millrace may be away while a run is followed."""
        super().__init__(**kwargs)
        self.target = target
        self.day = day
        self.full_refresh = full_refresh
        self.millrace_conn_id = millrace_conn_id
        self.poll_interval = poll_interval
        self.patience = patience
        self.wait_for_completion = wait_for_completion
        self.deferrable = deferrable
        self.run_url = ""
        self._run_id: str | None = None
        self._client: Client | None = None
        self._killed = False

    @cached_property
    def hook(self) -> MillraceHook:
        """Millrace behind the connection."""
        return MillraceHook(self.millrace_conn_id)

    def execute(self, context: Context) -> str:
        """Returns the run's id, which is also the XCom."""
        client = self._client = self.hook.get_conn()
        wish = Wish(self.target, key_of(context), self.day or None, self.full_refresh)
        try:
            run = client.ask(wish)
            self._note(context, run)
            if self._killed:  # while it was being asked for
                client.cancel(run.id)
            if not self.wait_for_completion:
                return run.id
            if self.deferrable and not run.has_ended:
                self._defer(run)
            return settle(client, self._follow(client, run))
        except MillraceError as error:
            raise _ending(error) from error

    def _note(self, context: Context, run: Run) -> None:
        """Before the run is waited for: the link works while it goes on."""
        self._run_id = run.id
        self.run_url = self.hook.run_url(run.id)
        self.log.info("millrace: %s %s", run.story(), self.run_url)
        for link in self.operator_extra_links:
            context["ti"].xcom_push(key=link.xcom_key, value=self.run_url)

    def _defer(self, run: Run) -> None:
        limit = self.execution_timeout
        self.defer(
            trigger=MillraceRunTrigger(
                self.millrace_conn_id,
                run.id,
                self.poll_interval.total_seconds(),
                self.patience.total_seconds(),
                ends_at=time.time() + limit.total_seconds() if limit else None,
            ),
            method_name="execute_complete",
        )

    def _follow(self, client: Client, run: Run) -> Run:
        story, reached = run.story(), time.monotonic()
        while not run.has_ended:
            time.sleep(self.poll_interval.total_seconds())
            try:
                run = client.run(run.id)
                reached = time.monotonic()
            except MillraceUnavailable:
                if time.monotonic() - reached > self.patience.total_seconds():
                    raise
                self.log.warning("millrace is away; run %s goes on without us", run.id)
            if run.story() != story:
                story = run.story()
                self.log.info("millrace: %s", story)
        return run

    def execute_complete(self, context: Context, event: dict[str, Any]) -> str:
        """After the wait in the triggerer."""
        client = self.hook.get_conn()
        try:
            if event["late"]:
                client.cancel(event["run_id"])
            if event["error"]:
                raise AirflowException(event["error"])
            run = client.run(event["run_id"])
            self._note(context, run)
            return settle(client, run)
        except MillraceError as error:
            raise _ending(error) from error

    def on_kill(self) -> None:
        """The task is killed or out of time: the run ends with it."""
        self._killed = True
        if self._client is None:
            return
        self._client.stop()
        if self._run_id is not None:
            self.log.info("cancelling run %s", self._run_id)
            try:
                self._client.cancel(self._run_id)
            except MillraceError as error:  # in a signal's handler: nobody is there to take it
                self.log.warning("run %s goes on: %s", self._run_id, error)


def _ending(error: MillraceError) -> AirflowException:
    """What will be refused again is not tried again."""
    return AirflowFailException(str(error)) if isinstance(error, MillraceRefused) else AirflowException(str(error))
