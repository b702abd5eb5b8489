"""The way to millrace by its command line, on a worker that has the program and its data folder."""

from __future__ import annotations

import json
import os
import subprocess
from typing import Any

from millrace_provider.runs import USAGE_STATUS, MillraceRefused, MillraceUnavailable, Run, Wish


class CommandClient:
    """One millrace, by its program and its settings (MILLRACE_DATA and others)."""

    def __init__(self, program: str, settings: dict[str, str]) -> None:
        """Settings come on top of the worker's own environment."""
        self._program = program
        self._environment = {**os.environ, **settings}
        self._asking: subprocess.Popen[str] | None = None

    def _start(self, *arguments: str) -> subprocess.Popen[str]:
        try:
            return subprocess.Popen(
                [self._program, "runs", *arguments],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        except OSError as error:
            raise MillraceRefused(f"{self._program} cannot be run here: {error}") from error

    def _answer(self, process: subprocess.Popen[str]) -> tuple[str, str, int]:
        out, said = process.communicate()
        return out, said.strip(), process.returncode

    def _run_of(self, process: subprocess.Popen[str]) -> Run:
        out, said, status = self._answer(process)
        if status == USAGE_STATUS:
            raise MillraceRefused(f"millrace refused: {said}")
        try:
            return Run.of(json.loads(out))  # also with status 1: a run that failed is shown all the same
        except ValueError as error:
            raise MillraceUnavailable(f"millrace ended with status {status}: {said}") from error

    def ask(self, wish: Wish) -> Run:
        """Begins the run, or joins the one of the wish's key. Where no scheduler is at work the command carries it out
        itself, and returns when it has ended."""
        arguments = ["trigger", wish.target, "--key", wish.key, "--json"]
        if wish.day:
            arguments += ["--date", wish.day]
        if wish.full_refresh:
            arguments.append("--full-refresh")
        self._asking = self._start(*arguments)
        try:
            return self._run_of(self._asking)
        finally:
            self._asking = None

    def run(self, run_id: str) -> Run:
        """How the run stands."""
        return self._run_of(self._start("show", run_id, "--json"))

    def cancel(self, run_id: str) -> None:
        """Asks for its end; one that has ended already is left as it is."""
        self._answer(self._start("cancel", run_id))

    def log(self, run_id: str, task: str) -> str:
        """What a task wrote."""
        out, _, status = self._answer(self._start("log", run_id, task))
        return out if status == 0 else ""

    def report(self, run_id: str, task: str) -> dict[str, Any]:
        """What a task reported: its models and their checks; {} for none."""
        out, _, status = self._answer(self._start("show", run_id, "--json"))
        tasks = json.loads(out)["tasks"] if status == 0 else []
        return next((told.get("report") or {} for told in tasks if told["name"] == task), {})

    def stop(self) -> None:
        """A command that carries a run out cancels it on SIGTERM."""
        if self._asking is not None:
            self._asking.terminate()
