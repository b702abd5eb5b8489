"""kill -9 of gateway, processor and supervisor at random moments under load.

KILLS sets how many (default 100); SEED repeats a run's choices.
"""

import os
import random
import signal
import threading

from load import SEED, check_once, ledger_of, posting
from millrace_platform import SANITIZED, running

KILLS = int(os.environ.get("KILLS", "100"))
CLIENTS = 4


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


def test_nothing_acknowledged_is_lost_or_doubled_by_kill_9():
    print(f"SEED={SEED} KILLS={KILLS}")
    chooser = random.Random(SEED)
    with running(role=None, MILLRACE_RESTART_DELAY_MAX="100ms") as platform:
        supervisor = platform.start("up")
        pause = threading.Event()
        with posting([platform] * CLIENTS) as clients:
            for _ in range(KILLS):
                # The moment of the kill is random on purpose: this is a wait for no event.
                pause.wait(chooser.random() * (0.5 if SANITIZED else 0.15))
                supervisor = kill_one(platform, chooser, supervisor)
        platform.processes = [process for process in platform.processes if process.poll() is None]
        platform.wait_settled()

        ledger = ledger_of(clients)
        stored = check_once(platform, ledger)

        topics = {topic["topic"]: topic for topic in platform.answer("status")["topics"]}
        assert topics["processed-topic"]["next_offset"] == topics["ingestion-topic"]["next_offset"]
        assert "dead-letter-topic" not in topics or topics["dead-letter-topic"]["next_offset"] == 0
        print(f"{KILLS} kills, {len(ledger)} lines acknowledged, {len(stored)} stored")
