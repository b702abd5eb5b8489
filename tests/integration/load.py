"""Clients that post under faults and remember what was answered 201, and the check of what became of it.

A ledger holds every line whose POST was answered 201. In the end each of them stands in the store exactly
once, nothing stands there twice, and the feed holds each record of the ingestion topic once.
"""

import contextlib
import http.client
import json
import os
import random
import sqlite3
import subprocess
import threading

from millrace_platform import event

SEED = int(os.environ.get("SEED", random.SystemRandom().randrange(2**32)))
BATCH_LINES = 200


class Client(threading.Thread):
    """Posts batches and single events until told to stop; remembers what was answered 201."""

    def __init__(self, platform, number, halt, batch_lines=BATCH_LINES, pause_seconds=0):
        super().__init__(daemon=True)
        self.platform, self.number, self.halt = platform, number, halt
        self.batch_lines, self.pause_seconds = batch_lines, pause_seconds
        self.acknowledged = {}  # invoice number -> lines
        self.refused = 0  # answers that ask for patience
        self.random = random.Random(SEED * 100 + number)
        self.connection = None
        self.failure = None

    def invoice(self, sequence, lines):
        number = f"K{self.number}-{sequence}"
        return number, [
            event(InvoiceNo=number, StockCode=f"S{line}", Quantity=line + 1, CustomerID=self.number)
            for line in range(lines)
        ]

    def send(self, path, body):
        """True when the answer was 201; any broken connection is no answer."""
        try:
            if self.connection is None:
                self.connection = http.client.HTTPConnection("127.0.0.1", self.platform.port, timeout=30)
            self.connection.request("POST", path, body, {"Content-Type": "application/json"})
            response = self.connection.getresponse()
            response.read()
        except (OSError, http.client.HTTPException):
            self.connection = None
            return False
        assert response.status in (201, 429, 503), response.status
        if response.status != 201:
            assert int(response.getheader("Retry-After", "0")) > 0, "refused without Retry-After"
            self.refused += 1
        return response.status == 201

    def run(self):
        sequence = 0
        if self.platform.host:
            self.platform.host.enter()
        try:
            while not self.halt.is_set():
                single = self.random.random() < 0.5
                number, events = self.invoice(sequence, 1 if single else self.batch_lines)
                path = "/invoicedata" if single else "/invoicedata/batch"
                body = "\n".join(json.dumps(item) for item in events)
                while not self.send(path, body):  # resent until answered: never twice in the store
                    if self.halt.wait(0.01):
                        return
                self.acknowledged[number] = len(events)
                sequence += 1
                self.halt.wait(self.pause_seconds)
        except AssertionError as failure:
            self.failure = failure


GENTLE = {"batch_lines": 20, "pause_seconds": 0.01}  # where the time is to go into faults rather than lines


@contextlib.contextmanager
def posting(platforms, kind=Client, **options):
    """A client for each of the platforms' gateways, posting meanwhile; yields the clients."""
    halt = threading.Event()
    clients = [kind(platform, number, halt, **options) for number, platform in enumerate(platforms, 1)]
    for client in clients:
        client.start()
    try:
        yield clients
    finally:
        halt.set()
        for client in clients:
            client.join()
    for client in clients:
        assert client.failure is None, client.failure


def ledger_of(clients):
    return {
        (number, f"S{line}") for client in clients
        for number, lines in list(client.acknowledged.items()) for line in range(lines)
    }


def soon(holds, seconds=60):
    """True once it holds; what is asked tells nobody when it changes."""
    pause = threading.Event()
    for _ in range(10 * seconds):
        if holds():
            return True
        pause.wait(0.1)
    return False


def more_is_acknowledged(clients, lines=1, seconds=60):
    before = len(ledger_of(clients))
    return soon(lambda: len(ledger_of(clients)) >= before + lines, seconds)


LINES = "SELECT invoice_no, stock_code, count(*) FROM invoice_line GROUP BY 1, 2"


def stored_lines(platform):
    """(invoice, stock code) -> how often it is in the platform's store."""
    store = platform.settings.get("MILLRACE_STORE", "sqlite:")
    if store.startswith("postgresql:"):
        told = subprocess.run(
            ["psql", "--no-psqlrc", "--tuples-only", "--no-align", "--field-separator", "\t", store, "--command", LINES],
            check=True, capture_output=True, text=True).stdout
        rows = [line.split("\t") for line in told.splitlines()]
    else:
        path = store.removeprefix("sqlite:") or platform.data / "store.db"
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            rows = connection.execute(LINES).fetchall()
    return {(invoice, stock): int(count) for invoice, stock, count in rows}


def records(platform, topic):
    """All records of a topic, as `tail --json` shows them."""
    shown = platform.run("tail", topic, "--from", "first", "--json").stdout
    return [json.loads(line) for line in shown.splitlines()]


def check_feed(platform):
    """The feed holds each record of the ingestion topic once, no more and no less."""
    def keys(setting, default):
        return sorted(json.dumps(record["key"]) for record in records(platform, platform.settings.get(setting, default)))

    assert keys("MILLRACE_TOPIC_PROCESSED", "processed-topic") == keys("MILLRACE_TOPIC_INGESTION", "ingestion-topic")


def check_once(platform, ledger):
    stored = stored_lines(platform)
    assert len(ledger) > 0
    lost = ledger - stored.keys()
    assert not lost, f"{len(lost)} lines answered 201 and not in the store, such as {sorted(lost)[:3]}"
    assert {key: count for key, count in stored.items() if count != 1} == {}, "stored twice"
    return stored
