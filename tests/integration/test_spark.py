"""`millrace run` with MILLRACE_ENGINE=spark: what the command adds to the contract of engines
(tests/unit/medallion/engine_spark_test.c, where every table is compared row by row)."""

import contextlib
import http.server
import json
import os
import select
import shutil
import signal
import subprocess
import threading
from pathlib import Path

import pytest

from millrace_platform import PROGRAM, SANITIZED, running
from test_medallion import TABLES, contents, generate, post

PEER = Path(__file__).parents[1] / "peers" / "lake"
SUBMIT = PEER / "spark-submit.sh"
CONTRACT = Path(PROGRAM).parent / "tests" / "medallion_engine_spark_test"
INSTALL_SECONDS_MAX, RUN_SECONDS_MAX, CONTRACT_SECONDS_MAX = 900, 600, 1800

pytestmark = pytest.mark.skipif(SANITIZED, reason="Spark and a sanitizer together take too long")


@pytest.fixture(scope="module")
def platform():
    done = subprocess.run([PEER / "install.sh"], capture_output=True, text=True, timeout=INSTALL_SECONDS_MAX)
    if done.returncode != 0:
        pytest.skip(done.stderr.strip().splitlines()[-1])
    with running(MILLRACE_BRONZE_FLUSH="50ms", MILLRACE_SPARK_SUBMIT=str(SUBMIT), MILLRACE_SPARK_MASTER="local[2]",
                 MILLRACE_SPARK_PROPERTIES=str(PEER / "spark.conf")) as started:
        post(started, generate(started, 500, 21), "first")
        yield started


def on_spark(platform, *options, check=True):
    done = platform.run("run", "--engine", "spark", *options, check=check, timeout=RUN_SECONDS_MAX)
    return json.loads(done.stdout) if "--json" in options else done


class Pool(http.server.BaseHTTPRequestHandler):
    """Livy's batches as a Spark pool of Synapse has them, each a spark-submit on this machine."""

    def reply(self, status, answer):
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass

    def find(self):
        assert self.headers["Authorization"] == "Bearer a-token-of-the-test"
        number = self.path.rpartition("/")[2]
        return int(number) if number.isdigit() else None

    def do_POST(self):
        self.find()
        batch = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        confs = [word for name, value in batch["conf"].items() for word in ("--conf", f"{name}={value}")]
        process = subprocess.Popen(
            [SUBMIT, "--master", "local[2]", *confs, batch["file"].removeprefix("file:"), *batch["args"]],
            stdin=subprocess.DEVNULL, stdout=self.server.log, stderr=self.server.log, start_new_session=True)
        self.server.batches.append((batch, process))
        self.reply(200, {"id": len(self.server.batches) - 1, "state": "not_started"})

    def do_GET(self):
        ended = self.server.batches[self.find()][1].poll()
        state = "running" if ended is None else "success" if ended == 0 else "dead"
        self.reply(200, {"state": state, "log": ["a line", f"exit {ended}"]})

    def do_DELETE(self):
        process = self.server.batches[self.find()][1]
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        self.reply(200, {"msg": "deleted"})


@contextlib.contextmanager
def running_pool(folder):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pool)
    server.batches, server.log = [], open(folder / "pool.log", "w+b")
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        for _, process in server.batches:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        server.log.close()
        server.server_close()


def processes_of(run):
    """Spark's, of a run: their command lines name the folder that it made for them."""
    children = Path(f"/proc/{run.pid}/task/{run.pid}/children").read_text().split()
    line = Path(f"/proc/{children[0]}/cmdline").read_bytes()
    folder = next(word for word in line.split(b"\0") if word.startswith(b"socket:")).partition(b":")[2]
    found = {}
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and folder in (entry / "cmdline").read_bytes():
                found[int(entry.name)] = os.pidfd_open(int(entry.name))
    return found, Path(os.fsdecode(folder)).parent


def test_a_killed_run_leaves_no_process_and_the_next_one_makes_what_duckdb_makes(platform):
    process = subprocess.Popen([PROGRAM, "run", "--engine", "spark"], env=platform.environment(),
                               cwd=platform.folder, stdout=subprocess.PIPE, text=True)
    first = process.stdout.readline()  # a model is committed, the next one is being computed
    assert "silver.fact_sales" in first, first
    of_spark, folder = processes_of(process)
    assert of_spark and folder.exists() and not (folder / "spark.conf").exists()  # it may hold keys
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    for pid, handle in of_spark.items():
        assert select.select([handle], [], [], 60)[0], f"process {pid} outlives its run"
        os.close(handle)
    assert not folder.exists()

    report = on_spark(platform, "--json")
    assert report["engine"] == "spark" and report["status"] == "done"
    assert report["reconciliation"]["holds"]
    assert report["models"][0]["state"] == "skipped"  # what was committed before the kill stands
    by_spark = contents(platform)
    platform.run("run", "--full-refresh")
    by_duckdb = contents(platform)
    for table in TABLES:
        assert by_spark[table] == by_duckdb[table], table


def test_nothing_new_starts_no_spark(platform):
    platform.run("run")
    logs = set((platform.data / "spark").glob("*.log"))
    assert on_spark(platform, "--json")["status"] == "skipped"
    assert set((platform.data / "spark").glob("*.log")) == logs


def test_a_model_that_spark_refuses_is_named_with_its_reason_and_its_log(platform):
    models = platform.folder / "models" / "gold"
    models.mkdir(parents=True)
    (models / "wrong.sql").write_text(
        "-- name: gold.wrong\n-- description: Of a column that is not there.\n-- mode: insert\n"
        "-- from: silver.dim_date\n-- keys: DateID\n-- column: DateID integer, not null: Day\n"
        "SELECT d.NoSuchColumn AS DateID FROM silver.dim_date d\n")
    done = on_spark(platform, "--models", str(models.parent), "--select", "wrong", check=False)
    assert done.returncode == 1
    assert "gold.wrong" in done.stderr and "NoSuchColumn" in done.stderr and "its log: " in done.stderr
    assert "\n\tat " not in done.stderr  # no stack


def test_a_pool_makes_the_same_by_its_job_api_and_a_mailbox(platform):
    """All of it anew in a lake beside: the same bronze."""
    az = platform.folder / "bin" / "az"  # who asks for tokens is the Azure CLI here
    az.parent.mkdir()
    az.write_text('#!/bin/sh\necho \'{"accessToken":"a-token-of-the-test","expires_on":4102444800}\'\n')
    az.chmod(0o700)
    platform.run("run", "--full-refresh")
    by_duckdb = contents(platform)
    lake = platform.data / "lake"
    for layer in ("silver", "gold"):
        shutil.rmtree(lake / layer)
    with running_pool(platform.folder) as pool:
        platform.settings |= {
            "MILLRACE_SPARK_POOL": f"http://127.0.0.1:{pool.server_port}/sparkPools/p", "MILLRACE_AZURE_AUTH": "cli",
            "MILLRACE_SPARK_LAKE": f"file:{lake}", "PATH": f"{az.parent}:{os.environ['PATH']}"}
        report = on_spark(platform, "--json")
        batch, process = pool.batches[0]
        assert process.poll() == 0 and len(pool.batches) == 1  # it was told to end, and ended
    assert report["engine"] == "spark" and report["status"] == "done" and report["reconciliation"]["holds"]
    assert batch["driverMemory"] == "1g" and batch["name"].startswith("millrace-")
    assert not list((lake / "_spark").rglob("*.json"))
    assert not list(lake.glob("*/*/_spark-*"))
    by_pool = contents(platform)
    for table in TABLES:
        assert by_pool[table] == by_duckdb[table], table
    for name in ("MILLRACE_SPARK_POOL", "MILLRACE_SPARK_LAKE"):
        del platform.settings[name]


@pytest.mark.skipif("SPARK_OTHERS" not in os.environ, reason="takes minutes: SPARK_OTHERS=1 asks for it")
@pytest.mark.parametrize("command, release", [([], "4.0.1"), ([PEER / "spark-cluster.sh"], "")], ids=["spark 4", "two workers"])
def test_the_contract_of_engines_holds_on_another_spark(command, release):
    """scripts/test.sh runs it on Spark 3.5 on this machine alone."""
    done = subprocess.run([*command, CONTRACT], capture_output=True, text=True, timeout=CONTRACT_SECONDS_MAX, env={
        **os.environ, "SPARK_RELEASE": release, "MR_TEST_SPARK": str(SUBMIT), "MR_TEST_SPARK_PROPERTIES": str(PEER / "spark.conf")})
    assert done.returncode == 0, done.stdout + done.stderr
    assert "[       OK ] keeps_the_contract" in done.stdout + done.stderr  # and was not skipped
