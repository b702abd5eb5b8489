"""kill -9 of whatever commits to the lake: the bronze sink, silver, gold, optimize, vacuum; in the midst of commits.

Every record of the log stands in bronze exactly once, every line in silver and gold exactly once, the money agrees
with the store's to the last digit, and what the increments made is what a full refresh makes, whoever reads it.
LAKE_KILLS sets how many (default 15, and 8 of a lake in Azure Storage, which is slower), LAKE_READERS who reads in the
end; SEED repeats the choices, not what commits race. Three of four kills are made at a commit (killer.py), the others
at any moment. Several commands are at it at once, on tables that stay small: so a kill is cheap.
"""

import contextlib
import os
import random
import select
import signal
import subprocess
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest

from azurite import new_container
from killer import FolderKiller, StorageKiller
from lake_readers import our_tables, readers, same, tables_of  # noqa: F401
from load import GENTLE, SEED, ledger_of, posting
from millrace_platform import PROGRAM, SANITIZED, event, running

KILLS = {"folder": int(os.environ.get("LAKE_KILLS", "15")), "azurite": int(os.environ.get("LAKE_KILLS", "8"))}
READERS = os.environ.get("LAKE_READERS", "delta-rs,duckdb,spark").split(",")
CLIENTS = 2
WRITERS = 3  # commands at once, beside the processor
ANYWHERE = 4  # every fourth kill comes at any moment
COMMIT_NUMBERS = [1, 1, 2, 3, 5, 8]  # which of a process's commits; one that has fewer ends unharmed, and is no kill
TRIES_MAX = 20  # of a kill
PROCESSOR_SECONDS_MAX = 60  # events come all the time: so do commits
pytestmark = pytest.mark.skipif(SANITIZED, reason="the engines of others take too long beside it")
COMMANDS = [
    ["run", "all"], ["run", "silver"], ["run", "gold"], ["run", "all", "--full-refresh"],
    ["lake", "optimize", "bronze/sales_events"], ["lake", "optimize", "silver/fact_sales"],
    ["lake", "optimize", "gold/mart_orders"],
    ["lake", "vacuum", "bronze/sales_events", "--retention", "5s", "--force"],
]
WEIGHTS = [4, 3, 3, 1, 3, 2, 2, 1]


class Lake:
    """Where the tables lie, as which folder other engines read them, and who kills: one for each writer, and the processor's."""

    def __init__(self, kind, request, tmp_path):
        self.kind, self.kills = kind, KILLS[kind]
        self.azurite = request.getfixturevalue("azurite") if kind == "azurite" else None
        self.container, self.copy, self.data = new_container(), tmp_path / "copy", tmp_path / "data"
        self.killers = [StorageKiller(self.azurite.port) if self.azurite else FolderKiller(self.data / "lake")
                        for _ in range(WRITERS + 1)]
        self.locks = [threading.Lock() for _ in self.killers]

    def settings(self, killer):
        """Each killer's victims reach the lake through it."""
        return {"MILLRACE_DATA": str(self.data),
                **(self.azurite.settings(self.container, self.killers[killer].port) if self.azurite else {})}

    def close(self):
        for killer in self.killers:
            killer.close()

    def compared(self, folder):
        """The tables that are compared, and the engines that read them: of a lake that is slow to ask, the ends of the way.
        ops/ is history: each run adds to it."""
        names = [name for name in tables_of(folder) if not name.startswith("ops/")]
        ends = {"bronze/sales_events", "silver/fact_sales", "gold/fact_sales", "gold/mart_orders"}
        return ([name for name in names if name in ends], ["duckdb"]) if self.azurite else (names, READERS)

    def folder(self):
        return self.azurite.mirror(self.container, self.copy) if self.azurite else self.data / "lake"


@pytest.fixture(params=["folder", "azurite"])
def lake(request, tmp_path):
    lake = Lake(request.param, request, tmp_path)
    yield lake
    lake.close()


def run_seconds(platform):
    """Of a run with something to do, on a machine as busy as this one."""
    for _ in range(2):  # the first one finds everything cold
        assert platform.post(event())[0] == 201
        platform.wait_settled()
        began = time.monotonic()
        platform.run("run", "all")
    return time.monotonic() - began


@contextlib.contextmanager
def ended(pid):
    """What can be read once the process has ended."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        handle = os.open("/dev/null", os.O_RDONLY)
    try:
        yield handle
    finally:
        os.close(handle)


class Assassin:
    """One of those who kill side by side. Each of its tries tells how it has killed, or None: the victim was done before."""

    def __init__(self, platform, lake, number, seconds):
        self.platform, self.lake, self.number, self.seconds = platform, lake, number, seconds
        self.chooser, self.pause = random.Random(SEED * 100 + number), threading.Event()

    def processor(self, anywhere):
        """One at a time: there is one processor."""
        with self.lake.locks[WRITERS]:
            pid = self.platform.role_pid("processor")
            if pid is None:
                return None
            if anywhere:
                self.pause.wait(self.chooser.random() * self.seconds)  # on purpose a wait for no event
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                return "anywhere"
            killer = self.lake.killers[WRITERS]
            moment = self.chooser.choice(killer.moments)
            with ended(pid) as handle:
                killer.arm(pid, self.chooser.choice(COMMIT_NUMBERS), moment)
                select.select([handle], [], [], PROCESSOR_SECONDS_MAX)
            return moment if killer.disarm() else None

    def command(self, anywhere):
        words, killer = self.chooser.choices(COMMANDS, WEIGHTS)[0], self.lake.killers[self.number]
        moment = "anywhere" if anywhere else self.chooser.choice(killer.moments)
        process = subprocess.Popen(
            [PROGRAM, *words], env={**self.platform.environment(), **self.lake.settings(self.number)},
            cwd=self.platform.folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        if anywhere:
            struck, said = self.end_within(process, self.chooser.random() * self.seconds * WRITERS)
        else:
            killer.arm(process.pid, self.chooser.choice(COMMIT_NUMBERS), moment)
            _, said = process.communicate()
            struck = killer.disarm()
        # Too early (nothing in bronze yet), or another's commit came between: it says so and changes nothing.
        assert process.returncode in ((-signal.SIGKILL,) if struck else (0, 1)), said
        return moment if struck else None

    @staticmethod
    def end_within(process, seconds):
        try:
            return False, process.communicate(timeout=seconds)[1]
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            return process.returncode == -signal.SIGKILL, None

    def work(self, count):
        """Every third kill is the processor's."""
        made, tries = Counter(), 0
        while made.total() < count:
            tries += 1
            assert tries <= TRIES_MAX * count, f"{made} of {count} kills in {tries} tries"
            anywhere = made.total() % ANYWHERE == ANYWHERE - 1
            whose = "processor" if self.chooser.random() < 0.3 else "command"
            moment = (self.processor if whose == "processor" else self.command)(anywhere)
            made.update([f"{whose} {moment}"] if moment else [])
        return made


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
    with running(**lake.settings(WRITERS), MILLRACE_RESTART_DELAY_MAX="100ms", MILLRACE_BRONZE_FLUSH="40ms", MILLRACE_SCHEDULE="off") as platform:
        seconds, made = run_seconds(platform), Counter()
        with posting([platform] * CLIENTS, **GENTLE) as clients, ThreadPoolExecutor(WRITERS) as writers:
            shares = [lake.kills // WRITERS + (writer < lake.kills % WRITERS) for writer in range(WRITERS)]
            for done in [writers.submit(Assassin(platform, lake, writer, seconds).work, share)
                         for writer, share in enumerate(shares)]:
                made += done.result()
        platform.wait_settled()
        platform.run("run", "all")

        ledger = ledger_of(clients)
        check_the_lake(platform, ledger)
        folder = lake.folder()
        names, engines = lake.compared(folder)
        incremental = our_tables(platform, names)
        for engine in engines:
            same(readers.read(engine, folder, names), incremental)
        platform.run("run", "all", "--full-refresh")
        assert our_tables(platform, names) == incremental
        commits = len(list(folder.glob("*/*/_delta_log/*.json")))
        at_commits = sum(count for how, count in made.items() if "anywhere" not in how)
        print(f"{made.total()} kills, {at_commits} of them at a commit ({dict(made)}), {len(ledger)} lines acknowledged, at least {commits} commits")
        assert made.total() == lake.kills and 2 * at_commits >= lake.kills
