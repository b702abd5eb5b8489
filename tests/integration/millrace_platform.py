"""Starts the real program for the end-to-end tests, and talks to it.

Nothing here sleeps but `until`, for what is seen only by asking: readiness is a message on NOTIFY_SOCKET,
as systemd has it, the end of a process is waited for, and progress of the sinks is awaited through
`millrace status --wait`.
"""

import contextlib
import http.client
import json
import os
import random
import select
import shutil
import signal
import socket
import sqlite3
import subprocess
import tempfile
import time
from pathlib import Path

PROGRAM = os.environ.get("TEST_PROGRAM", "build/test/millrace")
READY_SECONDS_MAX = 30
LOG_SECONDS_MAX = 60
WAIT_SECONDS_MAX = 150
SANITIZED = "asan" in PROGRAM or "tsan" in PROGRAM


# Below the ports that the kernel gives to those who connect, so that none of them takes one in between.
PORTS = (12000, 32000)


def free_port():
    """One that nobody listens on; tests that run at the same time do not get the same one."""
    while True:
        with socket.socket() as listener:
            try:
                listener.bind(("127.0.0.1", random.SystemRandom().randrange(*PORTS)))
                return listener.getsockname()[1]
            except OSError:
                continue


class Platform:
    """One data folder and the processes that run on it, on this host or another (network.py)."""

    def __init__(self, folder, host=None, **settings):
        self.folder = Path(folder)
        self.data = self.folder / "data"
        self.port = free_port()
        self.host, self.within = host, host.within if host else []
        self.settings = {
            "MILLRACE_DATA": str(self.data),
            "MILLRACE_GATEWAY": f"127.0.0.1:{self.port}",
            "MILLRACE_WEB": "127.0.0.1:0",
            "MILLRACE_URL": f"http://127.0.0.1:{self.port}",
            **settings,
        }
        self.processes = []
        self.log_path = self.folder / "platform.log"

    def environment(self):
        kept = {k: v for k, v in os.environ.items() if not k.startswith("MILLRACE_")}
        return {**kept, **self.settings}

    def start(self, role="up", wait=True):
        """Starts a role; returns its process once it says that it is ready."""
        address = str(self.folder / f"ready-{len(self.processes)}-{os.urandom(4).hex()}")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.bind(address)
            with open(self.log_path, "ab") as log:
                process = subprocess.Popen(
                    [*self.within, PROGRAM, role], env={**self.environment(), "NOTIFY_SOCKET": address}, cwd=self.folder,
                    stdin=subprocess.DEVNULL, stdout=log, stderr=log)
            self.processes.append(process)
            if wait:
                ready, _, _ = select.select([notify], [], [], READY_SECONDS_MAX)
                said = notify.recv(64) if ready else b""
                assert b"READY=1" in said, f"{role} did not become ready:\n{self.log()}"
        return process

    def log(self):
        return self.log_path.read_text(errors="replace")[-8000:] if self.log_path.exists() else ""

    def stop(self):
        """Ends every process politely and checks that it went well."""
        for process in self.processes:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in self.processes:
            process.wait(timeout=60)
        ended, self.processes = self.processes, []
        return [process.returncode for process in ended]

    def kill(self):
        for process in self.processes:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            process.wait(timeout=60)
        self.processes = []

    def run(self, *arguments, check=True, stdin=None, timeout=300):
        """Runs a command of the program; returns the finished process with its texts."""
        done = subprocess.run(
            [*self.within, PROGRAM, *map(str, arguments)], env=self.environment(), cwd=self.folder, input=stdin,
            capture_output=True, timeout=timeout, text=True)
        if check:
            assert done.returncode == 0, f"{arguments}: {done.returncode}\n{done.stderr}\n{self.log()}"
        return done

    def answer(self, *arguments, **options):
        """Runs a command with --json; returns what it answered, with exact decimals."""
        from decimal import Decimal
        return json.loads(self.run(*arguments, "--json", **options).stdout, parse_float=Decimal)

    def dead_letters(self):
        """What `dlq list --json` tells, a letter a line."""
        return [json.loads(line) for line in self.run("dlq", "list", "--json").stdout.splitlines()]

    def wait_settled(self):
        """Returns once every sink has taken all that the log holds."""
        self.run("status", "--wait", "120s")

    def role_pid(self, role):
        roles = {item["role"]: item for item in self.answer("status")["roles"]}
        pid = roles[role]["pid"] if role in roles and roles[role]["alive"] else 0
        return pid if pid > 0 else None  # 0: it lives, and has not said its number yet

    def delivered(self):
        """Records that this platform's processor took, duplicates and dead letters among them."""
        return sum(item["events"] for item in self.answer("status")["roles"] if item["role"] == "processor")

    def request(self, method, path, body=None, headers=None, timeout=30):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request(method, path, body=body, headers=headers or {})
            response = connection.getresponse()
            return response.status, dict(response.getheaders()), response.read()
        finally:
            connection.close()

    def post(self, event, path="/invoicedata", **headers):
        body = event if isinstance(event, (bytes, str)) else json.dumps(event)
        status, _, answer = self.request(
            "POST", path, body, {"Content-Type": "application/json", **headers})
        return status, json.loads(answer)

    def store(self):
        connection = sqlite3.connect(f"file:{self.data}/store.db?mode=ro", uri=True)
        return contextlib.closing(connection)


def until(ask, wanted, seconds=WAIT_SECONDS_MAX, told=str):
    """What `ask` answers once it is wanted. It is asked again and again: the other side does not tell when it changes."""
    deadline = time.monotonic() + seconds
    while not wanted(answer := ask()):
        assert time.monotonic() < deadline, told(answer)
        time.sleep(0.1)
    return answer


def await_log(platform, text, process, count=1):
    """Returns what the log holds once the text is in it; tail tells of each line as it is written."""
    seen, deadline = "", time.monotonic() + LOG_SECONDS_MAX
    tail = subprocess.Popen(["tail", "-n", "+1", "-f", platform.log_path], stdout=subprocess.PIPE)
    try:
        while seen.count(text) < count:
            ready, _, _ = select.select([tail.stdout], [], [], 1)
            seen += os.read(tail.stdout.fileno(), 65536).decode(errors="replace") if ready else ""
            assert process.poll() is None and time.monotonic() < deadline, f"no '{text}' in:\n{platform.log()}"
    finally:
        tail.kill()
        tail.communicate()
    return seen


def await_pid(platform, role, other_than=None):
    """The pid of a role once it is alive (and, where given, another process than before)."""
    deadline = time.monotonic() + READY_SECONDS_MAX
    while time.monotonic() < deadline:
        pid = platform.role_pid(role)
        if pid is not None and pid != other_than:
            return pid
    raise AssertionError(f"{role} did not come up:\n{platform.log()}")


def everything_written(platform):
    """Each file below the platform's folder, and what /proc tells of its processes."""
    for path in platform.folder.rglob("*"):
        if path.is_file():
            yield path, path.read_bytes()
    for process in platform.processes:
        for name in ("cmdline", "environ"):
            path = Path(f"/proc/{process.pid}/{name}")
            yield path, path.read_bytes()


def assert_nowhere(platform, *values, texts=()):
    for where, content in [*everything_written(platform), *((f"text {i}", text.encode()) for i, text in enumerate(texts))]:
        for value in values:
            assert value.encode() not in content, where


def event(**changed):
    return {
        "InvoiceNo": "536365", "StockCode": "85123A", "Description": "WHITE HANGING HEART",
        "Quantity": 6, "InvoiceDate": "01/12/2010 08:26", "UnitPrice": 2.55, "CustomerID": 17850,
        "Country": "United Kingdom", **changed,
    }


@contextlib.contextmanager
def running(role="up", host=None, **settings):
    """A platform in a temporary folder, started, and ended politely afterwards."""
    folder = tempfile.mkdtemp(prefix="millrace-test-")
    platform = Platform(folder, host, **settings)
    try:
        if role:
            platform.start(role)
        yield platform
        assert all(code == 0 for code in platform.stop()), platform.log()
    finally:
        platform.kill()
        shutil.rmtree(folder, ignore_errors=True)
