"""`millrace up`: one command, children that live and die with it."""

import os
import signal
import subprocess
import time
from pathlib import Path

from millrace_platform import PROGRAM, await_pid, event, free_port, running


def ended(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        return stat.read().rpartition(")")[2].split()[0] == "Z"


def test_a_role_that_dies_is_started_again(platform):
    for role in ("gateway", "processor"):
        before = await_pid(platform, role)
        os.kill(before, signal.SIGKILL)
        assert await_pid(platform, role, other_than=before) != before
    platform.request("GET", "/health")
    assert platform.post(event())[0] == 201


def test_only_roles_that_use_the_engine_load_it(platform):
    """DuckDB makes every process that loads it start later and stay larger (docs/performance.md, idle roles)."""
    roles = ("up", "gateway", "scheduler", "processor")
    assert platform.post(event())[0] == 201
    platform.wait_settled()
    mapped = {role: Path(f"/proc/{platform.role_pid(role)}/maps").read_text() for role in roles}
    assert [role for role in roles if "libduckdb" in mapped[role]] == ["processor"]


def test_children_die_with_a_killed_supervisor(platform):
    pids = [await_pid(platform, role) for role in ("gateway", "processor")]
    platform.processes[0].kill()
    platform.processes[0].wait()
    platform.processes.clear()
    deadline = time.monotonic() + 30
    while not all(ended(pid) for pid in pids):
        assert time.monotonic() < deadline, "children outlived their supervisor"


def test_a_second_one_on_the_same_data_says_who_holds_it(platform):
    second = platform.run("up", check=False)
    assert second.returncode == 1
    assert str(platform.processes[0].pid) in second.stderr


def test_an_address_in_use_is_said_plainly(platform):
    with running(role=None, MILLRACE_GATEWAY=f"127.0.0.1:{platform.port}") as other:
        failed = other.run("gateway", check=False)
        assert failed.returncode == 1
        assert str(platform.port) in failed.stderr and "in use" in failed.stderr


def test_detached_it_answers_and_is_taken_down(tmp_path):
    environment = {**{k: v for k, v in os.environ.items() if not k.startswith("MILLRACE_")},
                   "MILLRACE_DATA": str(tmp_path / "data"), "MILLRACE_GATEWAY": f"127.0.0.1:{free_port()}", "MILLRACE_WEB": "127.0.0.1:0"}
    started = subprocess.run([PROGRAM, "up", "--detach"], env=environment, capture_output=True, text=True, timeout=60)
    assert started.returncode == 0, started.stderr
    assert "http://127.0.0.1:" in started.stdout
    stopped = subprocess.run([PROGRAM, "down"], env=environment, capture_output=True, text=True, timeout=60)
    assert stopped.returncode == 0, stopped.stderr
    again = subprocess.run([PROGRAM, "down"], env=environment, capture_output=True, text=True, timeout=60)
    assert again.returncode == 0 and "not running" in again.stdout + again.stderr
