"""The scheduler end to end: its instants against Python's own zones, runs asked for, continuous mode,
kills of the scheduler while runs are under way."""

import datetime
import json
import os
import random
import signal
import time
import zoneinfo
from concurrent.futures import ThreadPoolExecutor

import pytest

from millrace_platform import SANITIZED, event, running, until

UTC = datetime.timezone.utc
# Local minutes of a day at which each is due; None: any hour.
SCHEDULES = {"30 2 * * *": [(2, 30)], "40 7 * * *": [(7, 40)], "15 0,1,3 * * *": [(0, 15), (1, 15), (3, 15)]}
YEARS = (2007, 2011, 2026, 2031)


def expected_instants(zone, times, year):
    """By definition: a local time is due at the first instant that shows it; one that clocks skip, at
    the instant at which they do."""
    due = set()
    day = datetime.date(year, 1, 2)
    while day < datetime.date(year, 12, 30):
        for hour, minute in times:
            local = datetime.datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone)
            instant = local.astimezone(UTC)
            if instant.astimezone(zone).replace(tzinfo=None) != local.replace(tzinfo=None):
                # Skipped: halve the interval in which the offset changes.
                low, high = instant - datetime.timedelta(hours=26), instant + datetime.timedelta(hours=26)
                wanted = local.replace(tzinfo=None)
                while high - low > datetime.timedelta(seconds=1):
                    middle = low + (high - low) / 2
                    middle = middle.replace(microsecond=0)
                    if middle in (low, high):
                        break
                    if middle.astimezone(zone).replace(tzinfo=None) < wanted:
                        low = middle
                    else:
                        high = middle
                instant = high
            due.add(instant)
        day += datetime.timedelta(days=1)
    return sorted(due)


@pytest.fixture
def commands():
    """A folder in which nothing runs."""
    with running(role=None) as nothing:
        yield nothing


def check_zone(platform, name, schedule, year):
    zone = zoneinfo.ZoneInfo(name)
    expected = expected_instants(zone, SCHEDULES[schedule], year)
    start = expected[0] - datetime.timedelta(seconds=1)
    answer = platform.answer(
        "runs", "next", "--schedule", schedule, "--timezone", name, "--count", len(expected),
        "--from", start.strftime("%Y-%m-%dT%H:%M:%S"))
    given = [datetime.datetime.fromtimestamp(item["epoch_seconds"], UTC) for item in answer["next"]]
    assert given == expected, f"{name} {schedule} {year}"


def test_every_zone_as_python_has_it(commands):
    names = sorted(n for n in zoneinfo.available_timezones() if not n.startswith(("posix", "right")))
    schedules = list(SCHEDULES)
    tasks = [(name, schedules[i % len(schedules)], YEARS[(i // len(schedules)) % len(YEARS)])
             for i, name in enumerate(names)]
    assert len(names) > 400
    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(check_zone, commands, *task) for task in tasks]:
            done.result()


def test_a_zone_that_is_not_there_is_named(commands):
    done = commands.run("runs", "next", "--timezone", "Europe/Atlantis", check=False)
    assert done.returncode == 1
    assert "Europe/Atlantis" in done.stderr and "Europe/Paris" in done.stderr


def post_lines(platform, first, count):
    lines = "\n".join(
        json.dumps(event(InvoiceNo=str(600000 + n), CustomerID=10000 + n % 50)) for n in range(first, first + count))
    status, _, answer = platform.request(
        "POST", "/invoicedata/batch", lines, {"Content-Type": "application/x-ndjson"})
    assert status in (200, 201), answer


def gold_version(platform):
    """The name of the newest commit of gold's facts; readers see each whole."""
    log = platform.data / "lake" / "gold" / "fact_sales" / "_delta_log"
    return max((entry.name for entry in log.glob("*.json")), default="") if log.exists() else ""


def await_gold_after(platform, version):
    began = time.monotonic()
    until(lambda: gold_version(platform), lambda now: now > version, told=lambda _: platform.log())
    return time.monotonic() - began


def await_run(platform, run_id):
    return until(lambda: platform.answer("runs", "show", run_id), lambda run: run["state"] not in ("queued", "running"),
                 told=lambda _: platform.log())


@pytest.fixture
def pipeline():
    with running(MILLRACE_ROLES="gateway,processor,scheduler", MILLRACE_SCHEDULE="off",
                 MILLRACE_BRONZE_FLUSH="100ms", MILLRACE_RUN_RETRY_DELAY="1s") as started:
        yield started


def test_a_run_that_is_asked_for_makes_silver_and_gold(pipeline):
    post_lines(pipeline, 0, 1000)
    pipeline.wait_settled()
    run = pipeline.answer("runs", "trigger", "--wait")
    assert run["state"] == "success", run
    tasks = {task["name"]: task for task in run["tasks"]}
    assert tasks["silver"]["report"]["status"] == "done"
    assert tasks["gold"]["attempts"] == 1
    assert "attempt 1: millrace run silver" in pipeline.run("runs", "log", "last", "silver").stdout
    status = pipeline.answer("status")
    assert status["runs"]["last"]["state"] == "success"
    assert status["runs"]["next_ms"] == 0


def test_a_run_without_a_scheduler(pipeline):
    post_lines(pipeline, 0, 100)
    pipeline.wait_settled()
    assert pipeline.stop() == [0]
    run = pipeline.answer("runs", "trigger", "all")
    assert run["state"] == "success", run


def test_an_invalid_schedule_is_wrong_usage(commands):
    commands.settings["MILLRACE_SCHEDULE"] = "61 * * * *"
    done = commands.run("scheduler", check=False)
    assert done.returncode == 2
    assert "minute '61'" in done.stderr


def test_the_scheduler_is_killed_again_and_again(pipeline):
    generator = random.Random(5)
    ids = []
    for round_number in range(8):
        post_lines(pipeline, round_number * 100, 100)
        done = pipeline.answer("runs", "trigger", "all")
        ids.append(done["id"])
        time.sleep(generator.uniform(0, 0.4))  # any moment of the run
        pid = pipeline.role_pid("scheduler")
        if pid:
            os.kill(pid, signal.SIGKILL)
    for run_id in ids:
        run = await_run(pipeline, run_id)
        assert run["state"] in ("success", "skipped"), run
    assert len({run["id"] for run in pipeline.answer("runs", "list")["runs"]}) == len(ids)


@pytest.mark.skipif(SANITIZED, reason="times are of the program as it is")
def test_continuous_mode_shows_a_post_in_gold_within_seconds():
    with running(MILLRACE_ROLES="gateway,processor,scheduler", MILLRACE_SCHEDULE="off",
                 MILLRACE_CONTINUOUS="500ms", MILLRACE_BRONZE_FLUSH="200ms") as platform:
        post_lines(platform, 0, 500)
        await_gold_after(platform, "")
        await_run(platform, "last")
        taken = []
        for number in range(5):
            version = gold_version(platform)
            post_lines(platform, 1000 + number, 1)
            taken.append(await_gold_after(platform, version))
            await_run(platform, "last")
        assert sorted(taken)[len(taken) // 2] < 5, taken
        assert {run["kind"] for run in platform.answer("runs", "list")["runs"]} == {"continuous"}
