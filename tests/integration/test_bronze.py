"""Bronze, end to end: every acknowledged event stands in the lake exactly once, through kills, restarts
and a lake that cannot be written.

The table's log is read here, line by line as the protocol has it, the rows of its files by DuckDB on its own.
KILLS sets how many kills (default 40); SEED repeats a run's choices.
"""

import collections
import json
import os
import random
import subprocess
import threading
from decimal import Decimal

from lake_readers import readers  # noqa: F401
from load import SEED, ledger_of, posting
from millrace_platform import SANITIZED, event, running
from test_kill import kill_one

KILLS = int(os.environ.get("KILLS", "40"))
CLIENTS = 3


def table_of(platform):
    return platform.data / "lake" / "bronze" / "sales_events"


def live_files(platform):
    """The add actions of the files that are live, by path; from the JSON entries, of which none is cleaned up."""
    live = {}
    for entry in sorted(table_of(platform).glob("_delta_log/*.json")):
        for line in entry.read_text().splitlines():
            action = json.loads(line)
            if "add" in action:
                live[action["add"]["path"]] = action["add"]
            if "remove" in action:
                live.pop(action["remove"]["path"], None)
    return live


def positions(platform):
    """Partition -> next offset, as the newest txn actions have it."""
    found = {}
    for entry in sorted(table_of(platform).glob("_delta_log/*.json")):
        for line in entry.read_text().splitlines():
            txn = json.loads(line).get("txn")
            if txn:
                *_, topic, partition = txn["appId"].split("/")
                assert txn["appId"] == f"millrace/bronze/{topic}/{partition}"
                assert txn["version"] > found.get(int(partition), -1), "a position went back"
                found[int(partition)] = txn["version"]
    return found


def rows(platform, readers, columns):
    """Of the live files, by DuckDB on its own; every value as text, or None."""
    program = """if True:
        import duckdb, json, sys
        asked = json.load(sys.stdin)
        with duckdb.connect() as connection:
            connection.execute("SET TimeZone = 'UTC'")
            for row in connection.execute(asked["query"], [asked["files"]]).fetchall():
                print(json.dumps(row))
    """
    query = f"SELECT {', '.join(f'{column}::VARCHAR' for column in columns)} FROM read_parquet(?)"
    files = [str(table_of(platform) / path) for path in live_files(platform)]
    done = subprocess.run(
        [readers.python, "-c", program], input=json.dumps({"query": query, "files": files}),
        capture_output=True, text=True, check=True)
    return [tuple(json.loads(line)) for line in done.stdout.splitlines()]


def stated_rows(platform):
    return sum(json.loads(add["stats"])["numRecords"] for add in live_files(platform).values())


def test_every_field_is_there_and_duplicates_are_kept(platform, readers):  # noqa: F811
    sent = event(EventID="till-1/7", UnitPrice=2.5501, till={"number": 7}, CustomerID=None)
    assert platform.post(sent)[0] == 201
    assert platform.post(sent)[0] == 201
    platform.wait_settled()
    assert stated_rows(platform) == 2
    assert positions(platform) == {0: 2}
    [(invoice, price, customer, key, extra, topic)] = set(rows(
        platform, readers, ["InvoiceNo", "UnitPrice", "CustomerID", '"EventID"', "extra", "topic"]))
    assert (invoice, price, customer, key, topic) == ("536365", "2.5501", None, "till-1/7", "ingestion-topic")
    assert json.loads(extra) == {"till": {"number": 7}}
    groups = {group["group"]: group for group in platform.answer("status")["consumers"]}
    assert groups["bronze"]["lag"] == 0


def test_each_file_carries_the_exact_sum_of_its_amounts(platform):
    prices = ["0.0001", "99999999.9999", "-11062.06", "2.55"]
    body = "\n".join(
        json.dumps(event(InvoiceNo=str(i), Quantity=i - 1)).replace("2.55", price) for i, price in enumerate(prices))
    status, _, _ = platform.request("POST", "/invoicedata/batch", body, {"Content-Type": "application/x-ndjson"})
    assert status == 201
    platform.wait_settled()
    sums = sum(Decimal(add["tags"]["millrace.sum"]) for add in live_files(platform).values())
    assert sums == sum(Decimal(price) * (i - 1) for i, price in enumerate(prices))


def test_replay_of_bronze_is_refused_with_its_reason(platform):
    refused = platform.run("replay", "--sink", "bronze", check=False)
    assert refused.returncode == 2
    assert "bronze" in refused.stderr


def test_a_lake_that_cannot_be_written_delays_bronze_alone_and_shows_in_status():
    with running(role=None) as platform:
        platform.data.mkdir()
        (platform.data / "lake").write_text("in the way")
        platform.start("up")
        assert platform.post(event())[0] == 201
        platform.run("status", "--wait", "1s", check=False)
        status = platform.answer("status")
        groups = {group["group"]: group["lag"] for group in status["consumers"]}
        assert groups["store"] == 0
        assert groups.get("bronze", 1) == 1
        processor = next(role for role in status["roles"] if role["role"] == "processor")
        assert "lake" in processor["last_error"]
        (platform.data / "lake").unlink()
        platform.wait_settled()
        assert stated_rows(platform) == 1


def test_acknowledged_events_stand_in_bronze_once_through_kills(readers):  # noqa: F811
    print(f"SEED={SEED} KILLS={KILLS}")
    chooser = random.Random(SEED)
    with running(role=None, MILLRACE_RESTART_DELAY_MAX="100ms", MILLRACE_BRONZE_FLUSH="100ms") as platform:
        supervisor = platform.start("up")
        pause = threading.Event()
        with posting([platform] * CLIENTS) as clients:
            for _ in range(KILLS):
                # The moment of the kill is random on purpose: this is a wait for no event.
                pause.wait(chooser.random() * (1.0 if SANITIZED else 0.4))
                supervisor = kill_one(platform, chooser, supervisor)
        platform.processes = [process for process in platform.processes if process.poll() is None]
        platform.wait_settled()

        topics = {topic["topic"]: topic for topic in platform.answer("status")["topics"]}
        log_end = topics["ingestion-topic"]["next_offset"]
        assert positions(platform) == {0: log_end}
        assert stated_rows(platform) == log_end
        for path in live_files(platform):
            assert (table_of(platform) / path).is_file(), f"{path} is named by the log and missing"

        offsets = collections.Counter(int(offset) for (offset,) in rows(platform, readers, ['"offset"']))
        assert sorted(offsets) == list(range(log_end)), "an offset is missing"
        assert [offset for offset, count in offsets.items() if count > 1] == []
        ledger = ledger_of(clients)
        found = set(rows(platform, readers, ["InvoiceNo", "StockCode"]))
        assert len(ledger) > 0
        assert ledger - found == set(), "answered 201 and not in bronze"
        print(f"{KILLS} kills, {len(ledger)} lines acknowledged, {log_end} records, {len(live_files(platform))} files")
