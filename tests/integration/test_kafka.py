"""The platform over a real Kafka: six partitions, several processors, a broker that dies and comes back.

KILLS sets how many kills of roles there are (default 12 here); SEED repeats a run's choices.
"""

import json
import os
import random
import signal
import tempfile
import threading

from load import SEED, check_feed, check_once, ledger_of, more_is_acknowledged, posting, soon, stored_lines
from millrace_platform import event, running

KILLS = min(int(os.environ.get("KILLS", "12")), 12)
EVENTS = 20000


def generate(platform, count):
    path = platform.folder / "events.ndjson"
    platform.run("generate", "--events", count, "--seed", 11, "--output", path)
    return path


def totals(platform):
    return platform.answer("status")["store"]


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
        broker.tool("kafka.tools.ConsoleProducer", "--topic", f"{prefix}ingestion-topic", "--property", "parse.key=true",
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
    pause = threading.Event()
    with running(MILLRACE_BUS=broker.url(prefix), MILLRACE_RESTART_DELAY_MAX="100ms") as platform:
        with posting([platform] * 3) as clients:
            for _ in range(2):
                pause.wait(1)
                broker.kill()
                pause.wait(2)
                broker.again()
                assert more_is_acknowledged(clients), platform.log()
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
            pause = threading.Event()
            with posting([first] * 3) as clients:
                for _ in range(KILLS):
                    pause.wait(chooser.random())
                    platform, role = chooser.choice(
                        [(first, "gateway"), (first, "processor"), (second, "processor")])
                    kill_role(platform, role)
            first.wait_settled()
            ledger = ledger_of(clients)
            stored = check_once(first, ledger)
            check_feed(first)
            print(f"{KILLS} kills, {len(ledger)} lines acknowledged, {len(stored)} stored")
