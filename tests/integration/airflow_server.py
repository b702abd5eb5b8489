"""A real Airflow, by the clock that the test sets: API server, scheduler, DAG processor, LocalExecutor, metadata in
PostgreSQL (in SQLite its scheduler and a back-fill trip over each other). tests/peers/airflow/install.sh fetches it; where
it cannot, its tests skip and say why."""

import contextlib
import json
import os
import shutil
import signal
import struct
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from millrace_platform import free_port, until
from postgres_server import running_postgres

TOP = Path(__file__).parents[2]
INSTALL_SECONDS_MAX = 600
ENDED = ("success", "failed", "skipped", "upstream_failed", "removed")
ROLES = ("api-server", "scheduler", "dag-processor")


def installed():
    """(Python, clock library, tables as SQL) of the cache."""
    done = subprocess.run(
        [TOP / "tests/peers/airflow/install.sh"], capture_output=True, text=True, timeout=INSTALL_SECONDS_MAX, check=False)
    if done.returncode != 0:
        pytest.skip(done.stderr.strip().splitlines()[-1])
    return [Path(line) for line in done.stdout.split()]


class Clock:
    """The wall clock of what is started with `environment`; only forward, as clocks go."""

    def __init__(self, library, folder):
        self.path = folder / "clock"
        self.path.write_bytes(struct.pack("q", 0))
        shutil.copy(library, folder)  # PostgreSQL's user does not see the cache
        folder.chmod(0o755)
        self.environment = {"LD_PRELOAD": str(folder / library.name), "CLOCK_SHIFT_FILE": str(self.path)}

    def set(self, instant):
        """Now it is that instant, for all of them at once."""
        with open(self.path, "r+b") as file:
            file.write(struct.pack("q", int(instant.timestamp() - time.time())))


class Airflow:
    def __init__(self, folder, python, clock, postgres, connection, **settings):
        self.folder, self.clock, self.postgres, self.port = folder, clock, postgres, free_port()
        self.program = python.parent / "airflow"
        url = f"http://127.0.0.1:{self.port}"
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("MILLRACE_", "AIRFLOW"))}
        self.environment = {
            **kept, **clock.environment, **settings,
            "AIRFLOW_HOME": str(folder),
            "AIRFLOW_CONN_MILLRACE": json.dumps(connection),
            "AIRFLOW__CORE__DAGS_FOLDER": str(TOP / "deploy/airflow/dags"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
            "AIRFLOW__CORE__PARALLELISM": "2",
            "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "True",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{url}/execution/",
            "AIRFLOW__API__HOST": "127.0.0.1",
            "AIRFLOW__API__PORT": str(self.port),
            "AIRFLOW__API__WORKERS": "1",
            "AIRFLOW__API_AUTH__JWT_SECRET": os.urandom(48).hex(),
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": postgres.url.replace("postgresql:", "postgresql+psycopg2:"),
            "AIRFLOW__DAG_PROCESSOR__DISABLE_BUNDLE_VERSIONING": "True",
            "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(folder / "logs"),
            "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.3",
            "AIRFLOW__SCHEDULER__SCHEDULER_HEARTBEAT_SEC": "1",
            "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "3600",  # the clock jumps
            "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": "3600",
            "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "1",
            "PYTHONPATH": str(TOP / "deploy/airflow/millrace_provider"),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        self.processes = {}
        self.token = None

    def start(self):
        for role in ROLES:
            with open(self.folder / f"{role}.log", "ab") as log:
                self.processes[role] = subprocess.Popen(
                    [self.program, role], env=self.environment, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log,
                    stderr=log, start_new_session=True)

    def stop(self):
        for process in self.processes.values():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # nothing of it is kept
        for process in self.processes.values():
            process.wait(timeout=60)

    def logs(self, *_):
        return "\n".join(f"== {role}\n{(self.folder / f'{role}.log').read_text(errors='replace')[-3000:]}" for role in self.processes)

    # --- What it tells -------------------------------------------------------------------------------

    def rows(self, query):
        """What its database holds, rows as dictionaries; query: of this file's and the tests' own texts alone."""
        return json.loads(self.postgres.query(f"SELECT coalesce(json_agg(t), '[]') FROM ({query}) t"))

    def tasks(self, run_id):
        """{task: (state, number of the try)} of a run; {} while there is none."""
        found = self.rows("SELECT task_id, state, try_number FROM task_instance"
                          f" WHERE dag_id = 'millrace_medallion' AND run_id = '{run_id}'")
        return {task["task_id"]: (task["state"], task["try_number"]) for task in found}

    def runs(self, kind):
        return [run["run_id"] for run in self.rows(f"SELECT run_id FROM dag_run WHERE run_type = '{kind}' ORDER BY logical_date")]

    def await_ended(self, run_id):
        """({task: state}, {task: tries}) of a run both of whose tasks have ended."""
        tasks = until(lambda: self.tasks(run_id), lambda tasks: tasks and all(state in ENDED for state, _ in tasks.values()),
                      told=lambda tasks: f"{run_id}: {tasks}\n{self.logs()}")
        return {task: state for task, (state, _) in tasks.items()}, {task: tries for task, (_, tries) in tasks.items()}

    def task_log(self, run_id, task, number):
        """What a try of a task wrote."""
        (path,) = (self.folder / "logs").glob(f"dag_id=millrace_medallion/run_id={run_id}/task_id={task}/attempt={number}.log")
        return path.read_text()

    def link(self, run_id, task):
        """Where the button at the task leads."""
        found = self.rows("SELECT value FROM xcom WHERE dag_id = 'millrace_medallion' AND key = '_link_MillraceRunLink'"
                          f" AND run_id = '{run_id}' AND task_id = '{task}'")
        return [value if value.startswith("http") else json.loads(value) for value in (row["value"] for row in found)]

    # --- What it is asked ----------------------------------------------------------------------------

    def ask(self, method, path, body=None):
        headers = {"Content-Type": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}", None if body is None else json.dumps(body).encode(), headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.loads(answer.read())
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{method} {path}: {error.code} {error.read().decode()[:1000]}") from error

    def is_ready(self):
        """It answers, and has read the DAG."""
        try:
            self.token = self.token or self.ask("GET", "/auth/token")["access_token"]
        except (urllib.error.URLError, ConnectionError):
            return False
        return self.rows("SELECT 1 FROM dag WHERE dag_id = 'millrace_medallion'") != []

    def unpause(self):
        """From now on it runs by its clock."""
        self.ask("PATCH", "/api/v2/dags/millrace_medallion", {"is_paused": False})

    def backfill(self, first, last):
        """Runs for the intervals that begin between two instants."""
        self.ask("POST", "/api/v2/backfills", {
            "dag_id": "millrace_medallion", "from_date": first.isoformat(), "to_date": last.isoformat(), "max_active_runs": 1,
            "reprocess_behavior": "none", "run_backwards": False, "dag_run_conf": {}})

    def trigger(self, name):
        """A run by hand."""
        return self.ask("POST", "/api/v2/dags/millrace_medallion/dagRuns", {"dag_run_id": name, "logical_date": None})["dag_run_id"]


@contextlib.contextmanager
def running_airflow(clock, python, tables, connection, **settings):
    folder = Path(tempfile.mkdtemp(prefix="millrace-airflow-"))
    try:
        with running_postgres(environment=clock.environment) as postgres:
            postgres.query("ALTER DATABASE millrace SET synchronous_commit = off")  # nothing of it is kept
            subprocess.run(
                ["psql", "--no-psqlrc", "--quiet", "--output=/dev/null", "--set=ON_ERROR_STOP=1", f"--file={tables}", postgres.url],
                check=True)
            airflow = Airflow(folder, python, clock, postgres, connection, **settings)
            try:
                airflow.start()
                until(airflow.is_ready, bool, told=airflow.logs)
                yield airflow
            finally:
                airflow.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
