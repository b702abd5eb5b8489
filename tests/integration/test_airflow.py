"""Airflow holds the clock: a real one, started here, runs silver and gold of a running platform by the DAG of
deploy/airflow. It takes half a minute to start, so that one serves all tests of this file, in their order: each begins
where the one before it has left the clock, which only goes forward."""

import contextlib
import datetime
import json
import os
import signal
import sqlite3
import subprocess
import tempfile
from pathlib import Path

import pytest

from airflow_server import TOP, Clock, installed, running_airflow
from millrace_platform import PROGRAM, SANITIZED, event, running, until
from web_client import web_address

UTC = datetime.timezone.utc
DAYS = (24, 25, 26)  # of March 2026, on which lines came: before the first run that is Airflow's
GREEN = {"silver": "success", "gold": "success"}
INSTANT_SECONDS_MAX = 20  # from 07:40 to its run, on a busy machine
# A model of the shop's own, whose check does not hold: every line is of the United Kingdom.
BROKEN_MODEL = """-- name: silver.dim_country
-- description: Countries, but one that is missing.
-- mode: merge
-- from: silver.fact_sales
-- keys: Country
-- column: Country string, not null: Where it was sold
-- check: accepted_values Country '{country}'
SELECT f.Country FROM silver.fact_sales f GROUP BY f.Country
"""

pytestmark = pytest.mark.skipif(SANITIZED, reason="the clock of a sanitized program is not ours to set")


def march(day, hour, minute=0, second=0):
    return datetime.datetime(2026, 3, day, hour, minute, second, tzinfo=UTC)


class Mill:
    """The platform, its clock, and the folder of its own models."""

    def __init__(self, platform, clock, models):
        self.platform, self.clock, self.models = platform, clock, models

    def post(self, first, count=50):
        lines = "\n".join(json.dumps(event(InvoiceNo=str(600000 + n), CustomerID=10000 + n % 5)) for n in range(first, first + count))
        status, _, answer = self.platform.request("POST", "/invoicedata/batch", lines, {"Content-Type": "application/x-ndjson"})
        assert status in (200, 201), answer
        self.platform.wait_settled()

    def set_model(self, country):
        (self.models / "silver" / "dim_country.sql").write_text(BROKEN_MODEL.format(country=country))

    def runs(self):
        """Oldest first, as asked for by Airflow."""
        return self.platform.answer("runs", "list", "--count", 1000)["runs"][::-1]

    def of_key(self, *parts):
        return [run for run in self.runs() if run["key"].startswith("/".join(("millrace_medallion", *parts)) + "/")]


@pytest.fixture(scope="module")
def peer():
    return installed()


@pytest.fixture(scope="module")
def mill(peer):
    _, library, _ = peer
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="millrace-models-")))
        (folder / "silver").mkdir()
        clock = Clock(library, folder)
        clock.set(march(DAYS[0], 12))
        platform = stack.enter_context(running(
            MILLRACE_SCHEDULE="off", MILLRACE_BRONZE_FLUSH="100ms", MILLRACE_RUN_RETRIES="0", MILLRACE_MODELS=str(folder),
            **clock.environment))
        made = Mill(platform, clock, folder)
        for number, day in enumerate(DAYS):
            clock.set(march(day, 12))
            made.post(number * 100)
        made.set_model("France")
        clock.set(march(29, 5, 30))
        yield made


@pytest.fixture(scope="module")
def airflow(peer, mill):
    python, _, tables = peer
    host, port = web_address(mill.platform)
    key = mill.platform.answer("key", "add", "airflow", "--role", "operator")["key"]
    connection = {"conn_type": "millrace", "host": host, "port": port, "password": key}
    with running_airflow(mill.clock, python, tables, connection, MILLRACE_DAG_RETRY_DELAY="2",
                         MILLRACE_DAG_POLL_INTERVAL="0.2") as started:
        yield started


def test_the_provider_by_itself(peer):
    python, _, _ = peer
    with tempfile.TemporaryDirectory() as home:
        done = subprocess.run(
            [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-rs", TOP / "deploy/airflow/millrace_provider/tests"],
            env={**os.environ, "AIRFLOW_HOME": home, "PYTHONDONTWRITEBYTECODE": "1"}, capture_output=True, text=True, timeout=300,
            check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "skipped" not in done.stdout, done.stdout  # Azure's provider is installed: the DAG of Data Factory was read


def test_a_failed_task_is_tried_again_and_then_green(airflow, mill):
    """The day before is not done yet, and Airflow begins with it at once. A check of the shop's own is broken."""
    day = "scheduled__2026-03-28T06:40:00+00:00"
    airflow.unpause()
    until(lambda: airflow.tasks(day).get("silver"), lambda silver: silver == ("up_for_retry", 1), told=airflow.logs)
    said = airflow.task_log(day, "silver", 1)
    assert "silver.dim_country: check accepted_values Country 'France' is broken by 1 row: Country=United Kingdom" in said, said
    assert "attempt 1: millrace run silver" in said
    mill.set_model("United Kingdom")
    states, tries = airflow.await_ended(day)
    assert states == GREEN and tries["silver"] >= 2 and tries["gold"] == 1
    # The key was the same in each try: what failed left it, what went well keeps it.
    states = [run["state"] for run in mill.of_key(day, "silver")]
    assert len(states) == tries["silver"] and states[-1] == "success" and set(states[:-1]) == {"failed"}


def test_at_the_scheduled_instant_silver_runs_and_then_gold(airflow, mill):
    """07:40 in Paris, on the day when clocks go forward: an hour earlier by UTC than the day before."""
    day = "scheduled__2026-03-29T05:40:00+00:00"
    mill.post(1000)
    assert airflow.tasks(day) == {}
    mill.clock.set(march(29, 5, 39, 57))
    states, _ = airflow.await_ended(day)
    assert states == GREEN
    (run,) = airflow.rows("SELECT extract(epoch FROM queued_at) AS queued, extract(epoch FROM data_interval_start) AS start,"
                          f" extract(epoch FROM data_interval_end) AS end FROM dag_run WHERE run_id = '{day}'")
    assert (run["start"], run["end"]) == (march(28, 6, 40).timestamp(), march(29, 5, 40).timestamp())
    assert 0 <= run["queued"] - run["end"] < INSTANT_SECONDS_MAX
    (silver,), (gold,) = mill.of_key(day, "silver"), mill.of_key(day, "gold")
    assert silver["state"] == gold["state"] == "success"
    assert "2026-03-29T05:40:00" < silver["created_at"] < silver["ended_at"] < gold["created_at"]
    host, port = web_address(mill.platform)
    assert airflow.link(day, "gold") == [f"http://{host}:{port}/operations/runs/{gold['id']}"]


def test_nothing_new_is_skipped_with_the_reason(airflow, mill):
    run = airflow.trigger("by_hand")
    states, _ = airflow.await_ended(run)
    assert states == {"silver": "skipped", "gold": "skipped"}
    for task in ("silver", "gold"):
        (told,) = mill.of_key(run, task)
        assert told["state"] == "skipped" and told["reason"]
        assert f"millrace skipped run {told['id']}: {told['reason']}" in airflow.task_log(run, task, 1)


def test_three_days_are_back_filled(airflow, mill):
    airflow.backfill(march(DAYS[0], 0), march(DAYS[-1], 23))
    runs = until(lambda: airflow.runs("backfill"), lambda runs: len(runs) == 3, told=airflow.logs)
    for run in runs:
        states, _ = airflow.await_ended(run)
        assert set(states.values()) <= {"success", "skipped"}, (run, states)
    taken = [run for run in mill.runs() if run["date"] and run["target"] == "silver"]
    assert [run["date"] for run in taken] == [f"2026-03-{day}" for day in DAYS]
    assert {run["kind"] for run in taken} == {"backfill"}
    for run in taken:
        silver = next(task for task in mill.platform.answer("runs", "show", run["id"])["tasks"] if task["name"] == "silver")
        facts = next(model for model in silver["report"]["models"] if model["model"] == "silver.fact_sales")
        assert "50 rows again, 0 new" in facts["message"], facts


BY_COMMAND = """
import json, sys
from millrace_provider.command_client import CommandClient
from millrace_provider.runs import Wish

client = CommandClient(sys.argv[1], {})
run = client.ask(Wish("silver", "by/command", "2026-03-24"))
again = client.ask(Wish("silver", "by/command", "2026-03-24"))
while not again.has_ended:
    again = client.run(run.id)
client.cancel(run.id)  # it has ended: nothing happens
print(json.dumps([run.id, again.id, again.state, client.report(run.id, "silver")["status"], client.log(run.id, "silver")]))
"""


def test_the_command_line_is_the_other_way(peer, mill):
    python, _, _ = peer
    provider = {"PYTHONPATH": str(TOP / "deploy/airflow/millrace_provider"), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run([python, "-c", BY_COMMAND, Path(PROGRAM).resolve()], env={**mill.platform.environment(), **provider},
                          capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    first, again, state, status, log = json.loads(done.stdout)
    assert (again, state, status) == (first, "skipped", "skipped") and "millrace run silver --json --date 2026-03-24" in log
    (kept,) = [run for run in mill.runs() if run["key"] == "by/command"]
    assert kept["id"] == first and kept["date"] == "2026-03-24"


def test_a_killed_task_cancels_its_run(airflow, mill):
    scheduler = mill.platform.role_pid("scheduler")
    os.kill(scheduler, signal.SIGSTOP)  # what is asked for waits
    try:
        run = airflow.trigger("to_be_killed")
        (told,) = until(lambda: mill.of_key(run, "silver"), bool, told=airflow.logs)
        until(lambda: airflow.tasks(run)["silver"][0], lambda state: state == "running")
        airflow.ask("PATCH", f"/api/v2/dags/millrace_medallion/dagRuns/{run}/taskInstances/silver", {"new_state": "failed"})
        until(lambda: mill.platform.answer("runs", "show", told["id"]), lambda told: told["cancel_asked"], told=airflow.logs)
    finally:
        os.kill(scheduler, signal.SIGCONT)
    ended = until(lambda: mill.platform.answer("runs", "show", told["id"]), lambda told: told["state"] not in ("queued", "running"))
    assert ended["state"] == "cancelled"


def test_all_of_it_is_in_the_audit_log(airflow, mill):
    with contextlib.closing(sqlite3.connect(f"file:{mill.platform.data}/ops.db?mode=ro", uri=True)) as ops:
        done = {action for (action,) in ops.execute("SELECT DISTINCT action FROM web_audit WHERE user_name = 'key:airflow'")}
    assert done == {"run.trigger", "run.cancel"}
