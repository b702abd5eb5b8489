"""The same program on a cluster: the log is a real Kafka, the store a real PostgreSQL.

Both are the tests' own, on private ports (conftest.py). Where they cannot be had, the tests skip and
say why. CLUSTER_KILLS sets how many kill -9 the fault test makes (default 12); SEED repeats a run.
"""

import os
import random
import signal
import threading
from decimal import Decimal

import pytest

from load import SEED, check_once, ledger_of, posting
from millrace_platform import event, running
from test_real_data import FILE, check_figures, csv  # noqa: F401  (a fixture)
from test_stream import check_against

KILLS = int(os.environ.get("CLUSTER_KILLS", "12"))


def test_generated_events_are_answered_as_by_the_embedded_defaults(cluster, tmp_path):
    with running(**cluster) as platform:
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
def test_the_real_file_gives_the_known_figures(cluster, csv):  # noqa: F811
    with running(**cluster) as platform:
        assert platform.answer("post", csv)["accepted"] == 541909
        platform.wait_settled()
        check_figures(platform)


def test_a_conflict_is_dead_lettered_and_an_invoice_adds_up(cluster):
    with running(**cluster) as platform:
        for quantity in (6, 7):
            assert platform.post(event(EventID="line-1", Quantity=quantity))[0] == 201
        platform.wait_settled()
        assert [line["quantity"] for line in platform.answer("invoice", "536365")["lines"]] == [6]
        assert platform.answer("customer", 17850)["spent"] == Decimal("15.30")
        letters = platform.dead_letters()
        assert [letter["code"] for letter in letters] == ["conflict"]


def kill_one(platform, chooser, broker, postgres):
    victim = chooser.choice(["gateway", "gateway", "processor", "processor", "processor", "kafka", "postgres"])
    if victim == "kafka":
        broker.kill_and_restart()
    elif victim == "postgres":
        postgres.kill_and_restart()
    else:
        pid = platform.role_pid(victim)
        if pid is not None:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass


def test_nothing_acknowledged_is_lost_or_doubled_by_kills_of_roles_broker_and_database(cluster, broker, postgres):
    print(f"SEED={SEED} CLUSTER_KILLS={KILLS}")
    chooser = random.Random(SEED)
    pause = threading.Event()
    with running(MILLRACE_RESTART_DELAY_MAX="100ms", **cluster) as platform:
        with posting([platform] * 3) as clients:
            for _ in range(KILLS):
                pause.wait(chooser.random() * 0.4)  # the moment of a kill is random on purpose
                kill_one(platform, chooser, broker, postgres)
        platform.wait_settled()
        ledger = ledger_of(clients)
        stored = check_once(platform, ledger)
        assert platform.answer("status")["dead_letters"]["open"] == 0
        print(f"{KILLS} kills, {len(ledger)} lines acknowledged, {len(stored)} stored")
