"""kill -9 of gateway, processor and supervisor at random moments under load.

A ledger holds every line whose POST was answered 201. In the end each line of the ledger stands in
the store exactly once, nothing stands there twice, and the feed holds each record of the log once.
KILLS sets how many (default 100); SEED repeats a run's choices.
"""

import http.client
import json
import os
import random
import signal
import threading

from millrace_platform import SANITIZED, event, running

KILLS = int(os.environ.get("KILLS", "100"))
SEED = int(os.environ.get("SEED", random.SystemRandom().randrange(2**32)))
CLIENTS = 4
BATCH_LINES = 200


class Client(threading.Thread):
    """Posts batches and single events until told to stop; remembers what was answered 201."""

    def __init__(self, platform, number, halt):
        super().__init__(daemon=True)
        self.platform, self.number, self.halt = platform, number, halt
        self.acknowledged = {}  # invoice number -> lines
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
            assert response.status in (201, 429, 503), response.status
            return response.status == 201
        except (OSError, http.client.HTTPException):
            self.connection = None
            return False

    def run(self):
        sequence = 0
        try:
            while not self.halt.is_set():
                single = self.random.random() < 0.5
                number, events = self.invoice(sequence, 1 if single else BATCH_LINES)
                path = "/invoicedata" if single else "/invoicedata/batch"
                body = "\n".join(json.dumps(item) for item in events)
                while not self.send(path, body):  # resent until answered: never twice in the store
                    if self.halt.wait(0.01):
                        return
                self.acknowledged[number] = len(events)
                sequence += 1
        except AssertionError as failure:
            self.failure = failure


def kill_one(platform, chooser, supervisor):
    """Kills a random role the hard way. Returns the supervisor that runs afterwards."""
    victim = chooser.choice(["gateway", "gateway", "processor", "processor", "up"])
    if victim == "up":
        supervisor.kill()
        supervisor.wait()
        return platform.start("up")
    pid = platform.role_pid(victim)
    if pid is not None:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    return supervisor


def stored_lines(platform):
    with platform.store() as store:
        return {
            (invoice, stock): count for invoice, stock, count in store.execute(
                "SELECT invoice_no, stock_code, count(*) FROM invoice_line GROUP BY 1, 2")
        }


def test_nothing_acknowledged_is_lost_or_doubled_by_kill_9():
    print(f"SEED={SEED} KILLS={KILLS}")
    chooser = random.Random(SEED)
    with running(role=None, MILLRACE_RESTART_DELAY_MAX="100ms") as platform:
        supervisor = platform.start("up")
        halt = threading.Event()
        clients = [Client(platform, number, halt) for number in range(1, CLIENTS + 1)]
        for client in clients:
            client.start()
        for _ in range(KILLS):
            # The moment of the kill is random on purpose: this is a wait for no event.
            halt.wait(chooser.random() * (0.5 if SANITIZED else 0.15))
            supervisor = kill_one(platform, chooser, supervisor)
        halt.set()
        for client in clients:
            client.join()
            assert client.failure is None, client.failure
        platform.processes = [process for process in platform.processes if process.poll() is None]
        platform.wait_settled()

        ledger = {
            (number, f"S{line}") for client in clients
            for number, lines in client.acknowledged.items() for line in range(lines)
        }
        stored = stored_lines(platform)
        assert len(ledger) > 0
        assert ledger - stored.keys() == set(), "answered 201 and not in the store"
        assert {key: count for key, count in stored.items() if count != 1} == {}, "stored twice"

        topics = {topic["topic"]: topic for topic in platform.answer("status")["topics"]}
        assert topics["processed-topic"]["next_offset"] == topics["ingestion-topic"]["next_offset"]
        assert "dead-letter-topic" not in topics or topics["dead-letter-topic"]["next_offset"] == 0
        print(f"{KILLS} kills, {len(ledger)} lines acknowledged, {len(stored)} stored")
