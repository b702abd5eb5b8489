"""kill -9 at random moments of whatever commits to the lake: the bronze sink, silver, gold, optimize, vacuum.

Every record of the log stands in bronze exactly once, every line in silver and gold exactly once, the money agrees
with the store's to the last digit, and what the increments made is what a full refresh makes, whoever reads it.
LAKE_KILLS sets how many (default 15, and 8 of a lake in Azure Storage, which is slower), LAKE_READERS who reads in the end; SEED repeats the choices, not the moments.
Several commands are at it at once, on tables that stay small: so a kill is cheap, and meets commits that race.
"""

import contextlib
import os
import random
import signal
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest

from azurite import new_container
from lake_readers import our_tables, readers, same, tables_of  # noqa: F401
from load import GENTLE, SEED, ledger_of, posting
from millrace_platform import PROGRAM, SANITIZED, event, running

KILLS = {"folder": int(os.environ.get("LAKE_KILLS", "15")), "azurite": int(os.environ.get("LAKE_KILLS", "8"))}
READERS = os.environ.get("LAKE_READERS", "delta-rs,duckdb,spark").split(",")
CLIENTS = 2
WRITERS = 3  # commands at once, beside the processor
KILL_SECONDS_MIN = {"folder": 0.25, "azurite": 1.5}  # by then most have committed, on a machine that is not busy
pytestmark = pytest.mark.skipif(SANITIZED, reason="the engines of others take too long beside it")
COMMANDS = [
    ["run", "all"], ["run", "silver"], ["run", "gold"], ["run", "all", "--full-refresh"],
    ["lake", "optimize", "bronze/sales_events"], ["lake", "optimize", "silver/fact_sales"],
    ["lake", "optimize", "gold/mart_orders"],
    ["lake", "vacuum", "bronze/sales_events", "--retention", "5s", "--force"],
]
WEIGHTS = [4, 3, 3, 1, 3, 2, 2, 1]


class Lake:
    """Where the tables lie, and as which folder other engines read them."""

    def __init__(self, kind, request, tmp_path):
        self.kind, self.kills = kind, KILLS[kind]
        self.azurite = request.getfixturevalue("azurite") if kind == "azurite" else None
        self.container, self.copy = new_container(), tmp_path / "copy"
        self.settings = self.azurite.settings(self.container) if self.azurite else {}

    def kill_seconds(self, platform):
        """Until when a kill comes: as long as runs take side by side on a machine as busy as this one: many meet a commit."""
        for _ in range(2):  # the first one finds everything cold
            assert platform.post(event())[0] == 201
            platform.wait_settled()
            began = time.monotonic()
            platform.run("run", "all")
        return max(KILL_SECONDS_MIN[self.kind], WRITERS * (time.monotonic() - began))

    def compared(self, folder):
        """The tables that are compared, and the engines that read them: of a lake that is slow to ask, the ends of the way.
        ops/ is history: each run adds to it."""
        names = [name for name in tables_of(folder) if not name.startswith("ops/")]
        ends = {"bronze/sales_events", "silver/fact_sales", "gold/fact_sales", "gold/mart_orders"}
        return ([name for name in names if name in ends], ["duckdb"]) if self.azurite else (names, READERS)

    def folder(self, platform):
        return self.azurite.mirror(self.container, self.copy) if self.azurite else platform.data / "lake"


@pytest.fixture(params=["folder", "azurite"])
def lake(request, tmp_path):
    return Lake(request.param, request, tmp_path)


def kill_processor(platform, chooser, pause, seconds):
    # The moment of the kill is random on purpose: this is a wait for no event.
    pause.wait(chooser.random() * seconds)
    pid = platform.role_pid("processor")
    if pid is not None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def kill_command(platform, chooser, command, seconds):
    """Starts a command and kills it somewhere on its way; one that ends before that has done its work."""
    process = subprocess.Popen(
        [PROGRAM, *command], env=platform.environment(), cwd=platform.folder, stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        _, said = process.communicate(timeout=chooser.random() * seconds)
        # Too early (nothing in bronze yet), or another's commit came between: it says so and changes nothing.
        assert process.returncode in (0, 1), said
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()


def kill_some(platform, seed, count, seconds):
    """Every third kill is the processor's."""
    chooser, pause = random.Random(seed), threading.Event()
    for _ in range(count):
        if chooser.random() < 0.3:
            kill_processor(platform, chooser, pause, seconds)
        else:
            kill_command(platform, chooser, chooser.choices(COMMANDS, WEIGHTS)[0], seconds)


def scalar(platform, query):
    return platform.run("sql", "--format", "csv", query).stdout.splitlines()[1]


def check_the_lake(platform, ledger):
    topics = {topic["topic"]: topic for topic in platform.answer("status")["topics"]}
    records = topics["ingestion-topic"]["next_offset"]
    store = platform.answer("status")["store"]
    bronze = "bronze.sales_events"
    assert int(scalar(platform, f"SELECT count(*) FROM {bronze}")) == records
    assert int(scalar(platform, f"SELECT count(DISTINCT b.offset) FROM {bronze} b")) == records
    assert int(scalar(platform, f"SELECT count(DISTINCT (InvoiceNo, StockCode)) FROM {bronze}")) >= len(ledger)
    for layer in ("silver", "gold"):
        fact = f"{layer}.fact_sales"
        assert int(scalar(platform, f"SELECT count(*) FROM {fact}")) == store["lines"]
        assert int(scalar(platform, f"SELECT count(DISTINCT event_id) FROM {fact}")) == store["lines"]
        assert Decimal(scalar(platform, f"SELECT sum(Amount) FROM {fact}")) == store["sales"] + store["cancelled"]


def test_no_kill_tears_doubles_or_loses_anything_of_the_lake(readers, lake):  # noqa: F811
    print(f"SEED={SEED} LAKE_KILLS={lake.kills}")
    with running(**lake.settings, MILLRACE_RESTART_DELAY_MAX="100ms", MILLRACE_BRONZE_FLUSH="40ms", MILLRACE_SCHEDULE="off") as platform:
        seconds = lake.kill_seconds(platform)
        with posting([platform] * CLIENTS, **GENTLE) as clients, ThreadPoolExecutor(WRITERS) as writers:
            shares = [lake.kills // WRITERS + (writer < lake.kills % WRITERS) for writer in range(WRITERS)]
            for done in [writers.submit(kill_some, platform, SEED * 100 + writer, share, seconds)
                         for writer, share in enumerate(shares)]:
                done.result()
        platform.wait_settled()
        platform.run("run", "all")

        ledger = ledger_of(clients)
        check_the_lake(platform, ledger)
        folder = lake.folder(platform)
        names, engines = lake.compared(folder)
        incremental = our_tables(platform, names)
        for engine in engines:
            same(readers.read(engine, folder, names), incremental)
        platform.run("run", "all", "--full-refresh")
        assert our_tables(platform, names) == incremental
        commits = len(list(folder.glob("*/*/_delta_log/*.json")))
        print(f"{lake.kills} kills within {seconds:.2f} s, {len(ledger)} lines acknowledged, at least {commits} commits")
