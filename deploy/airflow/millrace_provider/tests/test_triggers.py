"""The trigger: fires at the end of a run, and cancels it when somebody ends the task."""

import asyncio
import time

import pytest
from airflow.sdk import BaseHook
from conftest import RUN_ID, told

from millrace_provider import triggers
from millrace_provider.runs import MillraceRefused, MillraceUnavailable
from millrace_provider.triggers import MillraceRunTrigger


@pytest.fixture
def fire(client, monkeypatch):
    async def connection(conn_id):
        assert conn_id == "millrace"

    monkeypatch.setattr(BaseHook, "aget_connection", connection)
    monkeypatch.setattr(triggers, "client_of", lambda given: client)

    def run(states, patience_s=10.0, ends_at=None):
        client.states = states
        trigger = MillraceRunTrigger("millrace", RUN_ID, 0, patience_s, ends_at)
        path, arguments = trigger.serialize()
        assert path == "millrace_provider.triggers.MillraceRunTrigger"
        again = MillraceRunTrigger(**arguments)

        async def first():
            return await anext(again.run())

        return asyncio.run(first()).payload

    return run


def test_it_fires_when_the_run_has_ended(fire):
    states = [told("queued"), MillraceUnavailable("a moment"), told("running"), told("failed")]
    assert fire(states) == {"run_id": RUN_ID, "error": None, "late": False}


def test_it_does_not_wait_for_ever_for_a_millrace_that_is_gone(fire):
    assert fire([told("running"), MillraceUnavailable("gone")], patience_s=0)["error"] == "gone"
    assert fire([MillraceRefused("no such run")])["error"] == "no such run"


def test_a_run_that_takes_too_long_is_told_late(fire):
    told_late = fire([told("running")], ends_at=time.time() - 1)
    assert told_late["late"] and "longer than the task may" in told_late["error"]
    assert not fire([told("running"), told("success")], ends_at=time.time() + 60)["late"]


@pytest.mark.parametrize("cancels", [True, False])
def test_a_killed_task_cancels_its_run(fire, client, cancels):
    fire([told("success")])
    asyncio.run(MillraceRunTrigger("millrace", RUN_ID, 0, 0, cancel_on_kill=cancels).on_kill())
    assert client.cancelled == ([RUN_ID] if cancels else [])
