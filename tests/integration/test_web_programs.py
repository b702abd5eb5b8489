"""Programs at the web: a key opens what its role may, and what is asked for twice is one run."""

import contextlib
import os
import signal
import sqlite3

import pytest

from millrace_platform import await_pid, event, running
from web_client import WebClient


class Program(WebClient):
    def __init__(self, platform, key):
        super().__init__(platform)
        self.key = key

    def headers(self, extra=None):
        return {"Authorization": f"Bearer {self.key}", **(extra or {})}

    def trigger(self, **body):
        return self.request("POST", "/ops/runs", {"target": "silver", **body})


@pytest.fixture(scope="module")
def platform():
    with running(MILLRACE_SCHEDULE="off", MILLRACE_BRONZE_FLUSH="100ms", MILLRACE_TIMEZONE="Europe/Paris") as started:
        assert started.post(event())[0] == 201
        started.wait_settled()
        yield started


def program(platform, name, *options):
    return Program(platform, platform.answer("key", "add", name, *options)["key"])


def test_a_key_opens_what_its_role_may_until_it_is_revoked(platform):
    reader, till = program(platform, "reader", "--role", "analyst"), program(platform, "till")
    assert reader.get("/ops/runs").status == 200
    assert reader.trigger().status == 403 and reader.get("/session").status == 403
    assert till.get("/ops/runs").status == 401
    told = {key["name"]: (key["role"], key["state"]) for key in platform.answer("key", "list")["keys"]}
    assert (told["reader"], told["till"]) == (("analyst", "valid"), ("sender", "valid"))
    platform.run("key", "revoke", "reader")
    assert reader.get("/ops/runs").status == 401
    for role in ("customer", "nobody", ""):
        assert platform.run("key", "add", "odd", "--role", role, check=False).returncode == 2
    assert platform.run("key", "revoke", "till", "--role", "analyst", check=False).returncode == 2


def test_a_run_that_is_asked_for_again_is_the_same_run(platform):
    clock = program(platform, "clock", "--role", "operator")
    first = clock.trigger(idempotency_key="day/silver")
    again = clock.trigger(idempotency_key="day/silver")
    assert (first.status, again.status) == (201, 200) and first.json["id"] == again.json["id"]
    assert first.json["key"] == "day/silver"
    # By the command line too, which waits for it.
    done = platform.answer("runs", "trigger", "silver", "--key", "day/silver", "--wait")
    assert (done["id"], done["state"]) == (first.json["id"], "success")
    assert clock.trigger(idempotency_key="day/silver").json["state"] == "success"
    assert clock.trigger(idempotency_key="day/silver", target="gold").status == 409
    assert clock.trigger(idempotency_key="k" * 201).status == 422
    other = clock.trigger(idempotency_key="day/silver/2", date="2026-03-29")
    assert other.status == 201 and other.json["kind"] == "backfill"
    assert (other.json["from"], other.json["until"]) == ("2026-03-28T23:00:00.000Z", "2026-03-29T22:00:00.000Z")
    for day in ("2026-02-30", "yesterday", ""):
        assert clock.trigger(date=day).status == 422, day
    with contextlib.closing(sqlite3.connect(f"file:{platform.data}/ops.db?mode=ro", uri=True)) as database:
        told = database.execute("SELECT user_name, target, detail FROM web_audit WHERE action = 'run.trigger'").fetchall()
    assert ("key:clock", "silver", "2026-03-29") in told and {user for user, _, _ in told} == {"key:clock"}


def test_restarts_of_a_role_reach_whoever_asks_for_the_state(platform):
    watch = program(platform, "watch", "--role", "operator")

    def restarts():
        answer = watch.get("/ops/status")
        assert answer.status == 200, answer
        return {role["role"]: role["restarts"] for role in answer.json["roles"]}

    assert set(restarts().values()) <= {0, None} and restarts()["scheduler"] == 0
    for times in (1, 2):
        before = await_pid(platform, "scheduler")
        os.kill(before, signal.SIGKILL)
        await_pid(platform, "scheduler", other_than=before)
        assert restarts()["scheduler"] == times
    assert restarts()["processor"] == 0
