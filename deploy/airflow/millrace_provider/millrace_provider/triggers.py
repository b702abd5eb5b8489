"""Waits for the end of a run in Airflow's triggerer, so that no worker is taken meanwhile."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

from airflow.sdk import BaseHook
from airflow.triggers.base import BaseTrigger, TriggerEvent

from millrace_provider.hooks import client_of
from millrace_provider.runs import Client, MillraceRefused, MillraceUnavailable


class MillraceRunTrigger(BaseTrigger):
    """Fires once the run has ended, or cannot be followed any more."""

    def __init__(
        self,
        millrace_conn_id: str,
        run_id: str,
        poll_interval_s: float,
        patience_s: float,
        ends_at: float | None = None,
        cancel_on_kill: bool = True,
    ) -> None:
        """patience_s: how long millrace may be away while the run is followed; ends_at: until when, by the clock, it is."""
        super().__init__()
        self.millrace_conn_id = millrace_conn_id
        self.run_id = run_id
        self.poll_interval_s = poll_interval_s
        self.patience_s = patience_s
        self.ends_at = ends_at
        self.cancel_on_kill = cancel_on_kill

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """How the triggerer makes it anew."""
        return "millrace_provider.triggers.MillraceRunTrigger", {
            "millrace_conn_id": self.millrace_conn_id,
            "run_id": self.run_id,
            "poll_interval_s": self.poll_interval_s,
            "patience_s": self.patience_s,
            "ends_at": self.ends_at,
            "cancel_on_kill": self.cancel_on_kill,
        }

    async def _client(self) -> Client:
        return client_of(await BaseHook.aget_connection(self.millrace_conn_id))

    def _event(self, error: str | None = None, late: bool = False) -> TriggerEvent:
        """How it ended, by the run's id alone: the operator reads the run again."""
        return TriggerEvent({"run_id": self.run_id, "error": error, "late": late})

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Looks until the run has ended. The limit of time is here and not Airflow's, which could not cancel the run."""
        client = await self._client()
        clock = asyncio.get_running_loop().time
        reached = clock()
        while True:
            try:
                run = await asyncio.to_thread(client.run, self.run_id)
                reached = clock()
                if run.has_ended:
                    yield self._event()
                    return
            except MillraceUnavailable as error:
                if clock() - reached > self.patience_s:
                    yield self._event(str(error))
                    return
            except MillraceRefused as error:
                yield self._event(str(error))
                return
            if self.ends_at is not None and time.time() >= self.ends_at:
                yield self._event(f"run {self.run_id} took longer than the task may", late=True)
                return
            await asyncio.sleep(self.poll_interval_s)

    async def on_kill(self) -> None:
        """Somebody ended the task: the run ends with it. Not called when the triggerer itself stops."""
        if self.cancel_on_kill:
            client = await self._client()
            await asyncio.to_thread(client.cancel, self.run_id)
