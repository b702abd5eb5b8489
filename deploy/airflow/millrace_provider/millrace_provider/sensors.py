"""The sensor: waits for a run that something else has begun."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import cached_property
from typing import Any

from airflow.sdk import BaseSensorOperator, Context, conf
from airflow.sdk.exceptions import AirflowException

from millrace_provider.hooks import MillraceHook
from millrace_provider.links import MillraceRunLink
from millrace_provider.outcome import settle
from millrace_provider.runs import MillraceUnavailable
from millrace_provider.triggers import MillraceRunTrigger


class MillraceRunSensor(BaseSensorOperator):
    """Waits for a run's end: of millrace's own schedule ("last"), or one that an operator did not wait for. It fails
    and skips as the run does, and never cancels it."""

    template_fields: Sequence[str] = ("run_id",)
    operator_extra_links = (MillraceRunLink(),)

    def __init__(
        self,
        *,
        run_id: str = "last",
        millrace_conn_id: str = MillraceHook.default_conn_name,
        patience: timedelta = timedelta(minutes=2),
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        **kwargs: Any,  # noqa: ANN401 - BaseSensorOperator's
    ) -> None:
        """run_id: a run's id, or "last" for the newest when it is first asked."""
        super().__init__(**kwargs)
        self.run_id = run_id
        self.millrace_conn_id = millrace_conn_id
        self.patience = patience
        self.deferrable = deferrable
        self.run_url = ""

    @cached_property
    def hook(self) -> MillraceHook:
        """Millrace behind the connection."""
        return MillraceHook(self.millrace_conn_id)

    def poke(self, context: Context) -> bool:
        """Whether it has ended, and well."""
        client = self.hook.get_conn()
        try:
            run = client.run(self.run_id)
        except MillraceUnavailable as error:
            self.log.warning("%s", error)
            return False
        self.run_id = run.id  # "last" may be another one next time
        self.run_url = self.hook.run_url(run.id)
        self.log.info("millrace: %s", run.story())
        return run.has_ended and settle(client, run) == run.id

    def execute(self, context: Context) -> None:
        """By poking, or in the triggerer."""
        if not self.deferrable:
            super().execute(context)
        elif not self.poke(context):
            trigger = MillraceRunTrigger(
                self.millrace_conn_id, self.run_id, self.poke_interval, self.patience.total_seconds(), cancel_on_kill=False
            )
            self.defer(trigger=trigger, method_name="execute_complete", timeout=timedelta(seconds=self.timeout))

    def execute_complete(self, context: Context, event: dict[str, Any]) -> None:
        """After the wait in the triggerer."""
        self.run_id = event["run_id"]
        if event["error"]:
            raise AirflowException(event["error"])
        self.poke(context)
