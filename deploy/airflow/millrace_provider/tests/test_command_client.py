"""The way by the command line, with a program that answers as it is told."""

import json
import threading

import pytest
from conftest import RUN_ID, told

from millrace_provider.command_client import CommandClient
from millrace_provider.runs import MillraceRefused, MillraceUnavailable, Wish


@pytest.fixture
def program(tmp_path):
    """Writes its arguments down, and does what the script says."""
    path = tmp_path / "millrace"

    def make(script):
        path.write_text(f'#!/bin/sh\necho "$MILLRACE_DATA $*" >>{tmp_path}/asked\n{script}\n')
        path.chmod(0o755)
        return CommandClient(str(path), {"MILLRACE_DATA": "/data"})

    make.asked = lambda: (tmp_path / "asked").read_text().splitlines()
    make.folder = tmp_path
    return make


def saying(run):
    return f"cat <<'END'\n{json.dumps(run)}\nEND"


def test_a_run_is_asked_for_with_its_key(program):
    client = program(saying(told("queued")))
    assert client.ask(Wish("gold", "a/key", "2026-03-28", full_refresh=True)).id == RUN_ID
    assert client.run(RUN_ID).state == "queued"
    client.cancel(RUN_ID)
    assert program.asked() == [
        "/data runs trigger gold --key a/key --json --date 2026-03-28 --full-refresh",
        f"/data runs show {RUN_ID} --json",
        f"/data runs cancel {RUN_ID}",
    ]


def test_a_failed_run_is_a_run_all_the_same(program):
    assert program(saying(told("failed", "why")) + "\nexit 1").ask(Wish("all", "key")).reason == "why"


def test_reports_and_logs_are_read(program):
    run = told("failed", tasks=[("silver", "failed", "", 1)])
    run["tasks"][0]["report"] = {"models": []}
    client = program(saying(run))
    assert client.report(RUN_ID, "silver") == {"models": []} and client.report(RUN_ID, "gold") == {}
    assert program("echo a line").log(RUN_ID, "silver") == "a line\n"
    assert program("exit 1").log(RUN_ID, "silver") == ""


def test_wrong_usage_is_told_from_what_may_pass(program):
    with pytest.raises(MillraceRefused, match="cannot be run"):
        program("echo 'bronze cannot be run' >&2; exit 2").ask(Wish("bronze", "key"))
    with pytest.raises(MillraceUnavailable, match="the disk is full"):
        program("echo 'the disk is full' >&2; exit 1").ask(Wish("all", "key"))
    with pytest.raises(MillraceRefused, match="cannot be run here"):
        CommandClient("/nowhere/millrace", {}).run("last")


CARRYING_OUT = """exec /usr/bin/python3 -c "
import pathlib, signal, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit(print(pathlib.Path(sys.argv[1]).read_text()) or 1))
pathlib.Path(sys.argv[2]).touch()
signal.pause()" """


def test_a_command_that_carries_the_run_out_is_told_to_end(program):
    told_at_its_end, ready = program.folder / "told", program.folder / "ready"
    told_at_its_end.write_text(json.dumps(told("cancelled")))
    client = program(f"{CARRYING_OUT} {told_at_its_end} {ready}")
    ended = []
    thread = threading.Thread(target=lambda: ended.append(client.ask(Wish("all", "key")).state))
    client.stop()  # nothing is under way
    thread.start()
    while thread.is_alive() and not ready.exists():
        thread.join(0.01)
    client.stop()
    thread.join(20)
    assert ended == ["cancelled"]
