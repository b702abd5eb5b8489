"""The same program on a cluster: the log is a real Kafka, the store a real PostgreSQL.

Both are started here on private ports (tests/peers). Where they cannot be had, the tests skip and
say why. CLUSTER_KILLS sets how many kill -9 the fault test makes (default 20); SEED repeats a run.
"""

import os
import random
import signal
import subprocess
import threading
import time
from decimal import Decimal
from pathlib import Path

import pytest

from millrace_platform import SANITIZED, event, running
from test_kill import Client
from test_real_data import FILE, check_figures, csv  # noqa: F401  (a fixture)
from test_stream import check_against

PEERS = Path(__file__).parents[1] / "peers"
KILLS = int(os.environ.get("CLUSTER_KILLS", "20"))
SEED = int(os.environ.get("SEED", random.SystemRandom().randrange(2**32)))
UNAVAILABLE = 77

pytestmark = pytest.mark.skipif(SANITIZED, reason="servers and sanitizers together are too slow; the code's unit tests run under them")


def script(name, *arguments, check=True):
    done = subprocess.run(["bash", PEERS / name, *map(str, arguments)], capture_output=True, text=True, timeout=400)
    if done.returncode == UNAVAILABLE:
        pytest.skip(done.stderr.strip().splitlines()[-1])
    assert not check or done.returncode == 0, done.stderr
    return done.stdout.strip()


class Kafka:
    def __init__(self, folder):
        self.folder = folder
        self.address = script("kafka/start.sh", folder)

    def kill_and_restart(self):
        script("kafka/start.sh", "--kill", self.folder, 1)
        script("kafka/start.sh", "--again", self.folder, 1)

    def stop(self):
        script("kafka/start.sh", "--stop", self.folder, check=False)


class Postgres:
    def __init__(self, folder):
        self.folder = folder
        self.url = script("postgres/start.sh", folder)

    def kill_and_restart(self):
        postmaster = int((self.folder / "data" / "postmaster.pid").read_text().splitlines()[0])
        os.kill(postmaster, signal.SIGKILL)
        deadline = time.monotonic() + 30
        # It starts again only when the last of its children has noticed; each try tells.
        while script("postgres/start.sh", self.folder, "again", check=False) != self.url:
            assert time.monotonic() < deadline, "PostgreSQL did not start again"

    def stop(self):
        script("postgres/stop.sh", self.folder, check=False)


@pytest.fixture(scope="module")
def kafka(tmp_path_factory):
    server = Kafka(tmp_path_factory.mktemp("kafka") / "data")
    yield server
    server.stop()


@pytest.fixture(scope="module")
def postgres(tmp_path_factory):
    folder = tmp_path_factory.mktemp("postgres")
    for parent in (folder, *folder.parents[:2]):
        parent.chmod(0o755)  # the server runs as another user where the tests run as root
    server = Postgres(folder / "data")
    yield server
    server.stop()


def cluster_settings(kafka, postgres, name):
    """Settings of a platform of its own on shared servers: topics and database by name."""
    admin = postgres.url
    subprocess.run(["psql", "-q", admin, "-c", f"CREATE DATABASE {name}"], check=True, capture_output=True)
    return {
        "MILLRACE_BUS": f"kafka://{kafka.address}",
        "MILLRACE_STORE": admin.rsplit("/", 1)[0] + f"/{name}",
        "MILLRACE_TOPIC_INGESTION": f"{name}-ingestion",
        "MILLRACE_TOPIC_PROCESSED": f"{name}-processed",
        "MILLRACE_TOPIC_DEAD_LETTER": f"{name}-dead-letter",
    }


def test_generated_events_are_answered_as_by_the_embedded_defaults(kafka, postgres, tmp_path):
    with running(**cluster_settings(kafka, postgres, "generated")) as platform:
        source = tmp_path / "events.ndjson"
        platform.run("generate", "--events", 20000, "--seed", 11, "-o", source)
        assert platform.answer("post", source)["accepted"] == 20000
        platform.wait_settled()
        check_against(platform, source.read_text().splitlines())
        before = platform.answer("status")["store"]
        platform.run("post", "--restart", source)
        platform.wait_settled()
        assert platform.answer("status")["store"] == before


@pytest.mark.skipif(FILE is None, reason="the Online Retail file is not here: set REAL_DATA")
def test_the_real_file_gives_the_known_figures(kafka, postgres, csv):  # noqa: F811
    with running(**cluster_settings(kafka, postgres, "realfile")) as platform:
        assert platform.answer("post", csv)["accepted"] == 541909
        platform.wait_settled()
        check_figures(platform)


def test_a_conflict_is_dead_lettered_and_an_invoice_adds_up(kafka, postgres):
    with running(**cluster_settings(kafka, postgres, "conflict")) as platform:
        for quantity in (6, 7):
            assert platform.post(event(EventID="line-1", Quantity=quantity))[0] == 201
        platform.wait_settled()
        assert [line["quantity"] for line in platform.answer("invoice", "536365")["lines"]] == [6]
        assert platform.answer("customer", 17850)["spent"] == Decimal("15.30")
        letters = platform.dead_letters()
        assert [letter["code"] for letter in letters] == ["conflict"]


def kill_one(platform, chooser, kafka, postgres):
    victim = chooser.choice(["gateway", "gateway", "processor", "processor", "processor", "kafka", "postgres"])
    if victim == "kafka":
        kafka.kill_and_restart()
    elif victim == "postgres":
        postgres.kill_and_restart()
    else:
        pid = platform.role_pid(victim)
        if pid is not None:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass


def stored_lines(url):
    told = subprocess.run(
        ["psql", "-AtF", "\t", url, "-c", "SELECT invoice_no, stock_code, count(*) FROM invoice_line GROUP BY 1, 2"],
        check=True, capture_output=True, text=True).stdout
    return {tuple(line.split("\t")[:2]): int(line.split("\t")[2]) for line in told.splitlines()}


def test_nothing_acknowledged_is_lost_or_doubled_by_kills_of_roles_broker_and_database(kafka, postgres):
    print(f"SEED={SEED} CLUSTER_KILLS={KILLS}")
    chooser = random.Random(SEED)
    settings = cluster_settings(kafka, postgres, "killed")
    with running(MILLRACE_RESTART_DELAY_MAX="100ms", **settings) as platform:
        halt = threading.Event()
        clients = [Client(platform, number, halt) for number in range(1, 4)]
        for client in clients:
            client.start()
        for _ in range(KILLS):
            halt.wait(chooser.random() * 0.4)  # the moment of a kill is random on purpose
            kill_one(platform, chooser, kafka, postgres)
        halt.set()
        for client in clients:
            client.join()
            assert client.failure is None, client.failure
        platform.wait_settled()
        ledger = {
            (number, f"S{line}") for client in clients
            for number, lines in client.acknowledged.items() for line in range(lines)
        }
        stored = stored_lines(settings["MILLRACE_STORE"])
        assert ledger and ledger - stored.keys() == set(), "answered 201 and not in the store"
        assert {key: count for key, count in stored.items() if count != 1} == {}, "stored twice"
        assert platform.answer("status")["dead_letters"]["open"] == 0
        print(f"{KILLS} kills, {len(ledger)} lines acknowledged, {len(stored)} stored")
