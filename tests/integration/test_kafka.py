"""The platform over a real Kafka: six partitions, several processors, a broker that dies and comes back.

KILLS sets how many kills of roles there are (default 12 here); SEED repeats a run's choices.
"""

import json
import os
import random
import signal
import tempfile
import threading

import pytest

from kafka_broker import running_broker
from millrace_platform import SANITIZED, event, running
from test_kill import Client, stored_lines

KILLS = min(int(os.environ.get("KILLS", "12")), 12)
SEED = int(os.environ.get("SEED", random.SystemRandom().randrange(2**32)))
EVENTS = 3000 if SANITIZED else 20000


@pytest.fixture(scope="module")
def broker():
    with running_broker() as started:
        yield started


@pytest.fixture
def prefix():
    return f"t{os.urandom(4).hex()}."


def soon(holds, seconds=60):
    """True once it holds; what is asked tells nobody when it changes."""
    pause = threading.Event()
    for _ in range(10 * seconds):
        if holds():
            return True
        pause.wait(0.1)
    return False


def generate(platform, count):
    path = platform.folder / "events.ndjson"
    platform.run("generate", "--events", count, "--seed", 11, "--output", path)
    return path


def totals(platform):
    return platform.answer("status")["store"]


def records(platform, topic):
    """All records of a topic, as `tail --json` shows them."""
    shown = platform.run("tail", topic, "--from", "first", "--json").stdout
    return [json.loads(line) for line in shown.splitlines()]


def ledger_of(clients):
    return {
        (number, f"S{line}") for client in clients
        for number, lines in list(client.acknowledged.items()) for line in range(lines)
    }


def check_once(platform, ledger):
    stored = stored_lines(platform)
    assert len(ledger) > 0
    assert ledger - stored.keys() == set(), "answered 201 and not in the store"
    assert {key: count for key, count in stored.items() if count != 1} == {}, "stored twice"
    return stored


def check_feed(platform):
    """The feed holds each record of the ingestion topic once, no more and no less."""
    sent = sorted(json.dumps(record["key"]) for record in records(platform, "ingestion-topic"))
    fed = sorted(json.dumps(record["key"]) for record in records(platform, "processed-topic"))
    assert fed == sent


def start_clients(platform, count):
    halt = threading.Event()
    clients = [Client(platform, number, halt) for number in range(1, count + 1)]
    for client in clients:
        client.start()
    return halt, clients


def end_clients(halt, clients):
    halt.set()
    for client in clients:
        client.join()
        assert client.failure is None, client.failure


def test_the_same_events_give_the_same_figures_as_in_the_embedded_log(broker, prefix):
    with running() as embedded:
        embedded.run("post", generate(embedded, EVENTS))
        embedded.wait_settled()
        expected = totals(embedded)
    with running(MILLRACE_BUS=broker.url(prefix)) as platform:
        path = generate(platform, EVENTS)
        platform.run("post", path)
        platform.wait_settled()
        assert totals(platform) == expected
        topics = platform.answer("topic", "list")["topics"]
        assert {topic["topic"]: topic["partitions"] for topic in topics} == {
            "dead-letter-topic": 6, "ingestion-topic": 6, "processed-topic": 6}
        check_feed(platform)

        # Sent again, and then delivered again, nothing changes.
        platform.run("post", "--no-resume", path)
        platform.wait_settled()
        assert totals(platform) == expected
    with running(MILLRACE_BUS=broker.url(prefix)) as other:  # a new store, made from the same log
        assert soon(lambda: totals(other) == expected), totals(other)


def test_a_receipt_is_found_in_whichever_partition(broker, prefix):
    with running("gateway", MILLRACE_BUS=broker.url(prefix)) as platform:
        answers = [platform.post(event(InvoiceNo=f"R{number}")) for number in range(24)]
        assert all(status == 201 for status, _ in answers)
        assert len({answer["partition"] for _, answer in answers}) > 1
        for _, answer in answers[::5]:
            status, _, body = platform.request("GET", f"/receipts/{answer['event_id']}")
            receipt = json.loads(body)
            assert status == 200, receipt
            assert receipt["log"]["partition"] == answer["partition"]
            assert receipt["log"]["offset"] == answer["offset"]
            assert receipt["store"]["state"] == "pending"


def test_what_a_foreign_producer_wrote_goes_to_the_dead_letters_and_can_be_retried(broker, prefix):
    with running(MILLRACE_BUS=broker.url(prefix)) as platform:
        good = json.dumps(event(InvoiceNo="F1"))
        bad = json.dumps(event(InvoiceNo="F2", Quantity="many"))
        broker.tool("kafka.tools.ConsoleProducer", "--bootstrap-server", broker.addresses,
                    "--topic", f"{prefix}ingestion-topic", "--property", "parse.key=true",
                    "--property", "key.separator=\t",
                    stdin=f"F1\t{good}\nF2\t{bad}\nF3\tnot json at all\n")
        platform.wait_settled()
        letters = platform.dead_letters()
        assert sorted(letter["code"] for letter in letters) == ["invalid", "malformed"]
        assert {key[0] for key in stored_lines(platform)} == {"F1"}
        letter = next(item for item in letters if item["code"] == "invalid")
        platform.run("dlq", "retry", f"{letter['partition']}:{letter['offset']}", "--set", "Quantity=5")
        platform.wait_settled()
        assert {key[0] for key in stored_lines(platform)} == {"F1", "F2"}
        assert platform.run("dlq", "show", letter["offset"], check=False).returncode == 1  # which partition?


def test_a_broker_killed_and_restarted_under_load_loses_and_doubles_nothing(broker, prefix):
    with running(MILLRACE_BUS=broker.url(prefix), MILLRACE_RESTART_DELAY_MAX="100ms") as platform:
        halt, clients = start_clients(platform, 3)
        for _ in range(2):
            halt.wait(1)
            broker.kill()
            halt.wait(2)
            broker.again()
            before = len(ledger_of(clients))
            assert soon(lambda: len(ledger_of(clients)) > before), platform.log()
        end_clients(halt, clients)
        platform.wait_settled()
        check_once(platform, ledger_of(clients))
        check_feed(platform)


def kill_role(platform, role):
    pid = platform.role_pid(role)
    if pid is not None:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


def test_two_processors_share_the_partitions_through_kill_9(broker, prefix):
    print(f"SEED={SEED} KILLS={KILLS}")
    chooser = random.Random(SEED)
    with tempfile.TemporaryDirectory(prefix="millrace-store-") as folder:
        shared = {
            "MILLRACE_BUS": broker.url(prefix), "MILLRACE_STORE": f"sqlite:{folder}/store.db",
            "MILLRACE_RESTART_DELAY_MAX": "100ms", "MILLRACE_KAFKA_SESSION_TIMEOUT_MS": "6000"}
        with running(**shared) as first, running(MILLRACE_ROLES="processor", **shared) as second:
            halt, clients = start_clients(first, 3)
            for _ in range(KILLS):
                halt.wait(chooser.random())
                platform, role = chooser.choice(
                    [(first, "gateway"), (first, "processor"), (second, "processor")])
                kill_role(platform, role)
            end_clients(halt, clients)
            first.wait_settled()
            ledger = ledger_of(clients)
            first.data = type(first.data)(folder)  # where the store is
            stored = check_once(first, ledger)
            check_feed(first)
            print(f"{KILLS} kills, {len(ledger)} lines acknowledged, {len(stored)} stored")


def test_three_brokers_go_on_without_one(prefix):
    with running_broker(3) as cluster, running(
            MILLRACE_BUS=cluster.url(prefix), MILLRACE_KAFKA_REPLICATION="3",
            MILLRACE_RESTART_DELAY_MAX="100ms") as platform:
        halt, clients = start_clients(platform, 2)
        for node in (1, 2):  # each leads two of the six partitions
            halt.wait(1)
            cluster.kill(node)
            before = len(ledger_of(clients))
            # Two of three are left: in sync enough, with other leaders.
            assert soon(lambda: len(ledger_of(clients)) > before + 1000), platform.log()
            cluster.again(node)
        end_clients(halt, clients)
        platform.wait_settled()
        check_once(platform, ledger_of(clients))
        check_feed(platform)
