"""A run of millrace's pipeline as this provider sees it, whichever way it was asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

WELL = frozenset({"success", "skipped"})
ENDED = WELL | {"failed", "cancelled", "timed_out"}
USAGE_STATUS = 2  # a task of millrace that ended with it would fail the same way again


class MillraceError(Exception):
    """Millrace could not do what was asked."""


class MillraceUnavailable(MillraceError):
    """It may be there again in a moment."""


class MillraceRefused(MillraceError):
    """It will say the same again: a wrong key, a target that does not exist."""


@dataclass(frozen=True)
class Task:
    """A task of a run: silver, gold, ..."""

    name: str
    state: str
    reason: str
    attempts: int
    exit_status: int | None


@dataclass(frozen=True)
class Run:
    """A run and how far it is."""

    id: str
    target: str
    state: str
    reason: str
    tasks: tuple[Task, ...]

    @classmethod
    def of(cls, told: dict[str, Any]) -> Run:
        """Of what the API or the command line tells: they differ in how they say "none"."""
        return cls(
            id=told["id"],
            target=told["target"],
            state=told["state"],
            reason=told.get("reason") or "",
            tasks=tuple(
                Task(
                    name=task["name"],
                    state=task["state"],
                    reason=task.get("reason") or "",
                    attempts=task.get("attempts") or 0,
                    exit_status=task.get("exit_status"),
                )
                for task in told.get("tasks", [])
            ),
        )

    @property
    def has_ended(self) -> bool:
        """Nothing more will come of it."""
        return self.state in ENDED

    @property
    def may_go_well_again(self) -> bool:
        """Whether to try again makes sense at all."""
        return not any(task.state == "failed" and task.exit_status == USAGE_STATUS for task in self.tasks)

    def story(self) -> str:
        """One line of how it stands: "silver success, gold running"."""
        tasks = ", ".join(f"{task.name} {task.state}" for task in self.tasks)
        return f"run {self.id} is {self.state}" + (f": {tasks}" if tasks else "")


@dataclass(frozen=True)
class Wish:
    """What is asked for. With a key, asking twice is asking once."""

    target: str
    key: str
    day: str | None = None
    full_refresh: bool = False


class Client(Protocol):
    """A way to millrace: http_client.py, command_client.py."""

    def ask(self, wish: Wish) -> Run:
        """Begins the run, or joins the one of the wish's key."""

    def run(self, run_id: str) -> Run:
        """How the run stands."""

    def cancel(self, run_id: str) -> None:
        """Asks for its end; one that has ended already is left as it is."""

    def log(self, run_id: str, task: str) -> str:
        """The end of what a task wrote."""

    def report(self, run_id: str, task: str) -> dict[str, Any]:
        """What a task reported: its models and their checks; {} for none."""

    def stop(self) -> None:
        """Ends what this client itself has under way, from a signal's handler."""
