"""A millrace that does as it is told, and the context of a task."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import pytest

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2] / "dags")]

from airflow.sdk import Connection  # noqa: E402

from millrace_provider import hooks  # noqa: E402
from millrace_provider.runs import Run, Wish  # noqa: E402

RUN_ID = "20260329T054000012Z-7f3a"


def told(state, reason="", tasks=(), target="silver"):
    """A run as the API tells it; tasks: (name, state, reason, exit status)."""
    return {
        "id": RUN_ID,
        "target": target,
        "state": state,
        "reason": reason or None,
        "tasks": [
            {"name": name, "state": task, "reason": why or None, "attempts": 1, "exit_status": status}
            for name, task, why, status in tasks
        ],
    }


@dataclass
class FakeClient:
    """Tells one state after the other, the last one for ever; an error among them is raised."""

    states: list = field(default_factory=list)
    reports: dict = field(default_factory=dict)
    wishes: list[Wish] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)
    stopped: int = 0

    def _next(self):
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        if isinstance(state, Exception):
            raise state
        return Run.of(state)

    def ask(self, wish):
        self.wishes.append(wish)
        return self._next()

    def run(self, run_id):
        assert run_id in (RUN_ID, "last")
        return self._next()

    def cancel(self, run_id):
        self.cancelled.append(run_id)

    def log(self, run_id, task):
        return f"what {task} wrote\n"

    def report(self, run_id, task):
        return self.reports.get(task, {})

    def stop(self):
        self.stopped += 1


@pytest.fixture
def client(monkeypatch):
    """Behind the connection `millrace`."""
    fake = FakeClient()
    connection = Connection(conn_id="millrace", conn_type="millrace", host="mill.test", port=8080, password="mr_key")
    monkeypatch.setattr(hooks.MillraceHook, "get_connection", classmethod(lambda cls, conn_id: connection))
    monkeypatch.setattr(hooks, "client_of", lambda given: fake)
    return fake


@pytest.fixture
def context():
    """Of the task's first try."""
    pushed = {}
    ti = SimpleNamespace(
        dag_id="millrace_medallion",
        run_id="scheduled__2026-03-29T05:40:00+00:00",
        task_id="silver",
        map_index=-1,
        max_tries=3,
        task=SimpleNamespace(retries=3),
        pushed=pushed,
        xcom_push=lambda key, value: pushed.update({key: value}),
    )
    return {"ti": ti}
