"""Several gateways and processors on one topic: added, killed with -9, stopped and started again under load.

Each acknowledged line is in PostgreSQL exactly once, each record in the feed once, and no processor starves.
STEPS sets how many changes there are (default 10); SEED repeats a run's choices.
"""

import contextlib
import os
import random
import threading

from load import GENTLE, SEED, check_feed, check_once, ledger_of, more_is_acknowledged, posting, soon
from millrace_platform import running

STEPS = int(os.environ.get("STEPS", "10"))
GATEWAYS, PROCESSORS = 3, 4
RUNNING_MIN = {"gateway": 2, "processor": 2}


class Member:
    """A role with a data folder of its own, as on a machine of its own."""

    def __init__(self, role, platform):
        self.role, self.platform, self.process = role, platform, None

    @property
    def runs(self):
        return self.process is not None

    def start(self):
        self.process = self.platform.start(self.role)

    def end(self, politely):
        (self.process.terminate if politely else self.process.kill)()
        code = self.process.wait(timeout=60)
        assert not politely or code == 0, self.platform.log()
        self.platform.processes, self.process = [], None


def change(members, chooser):
    """Starts one that does not run, or ends one, politely or not, as long as enough of its kind are left."""
    member = chooser.choice(members)
    if not member.runs:
        member.start()
    elif sum(other.runs for other in members if other.role == member.role) > RUNNING_MIN[member.role]:
        member.end(politely=chooser.random() < 0.4)
    else:
        member.end(politely=False)
        member.start()


def test_gateways_and_processors_come_and_go_under_load(cluster):
    print(f"SEED={SEED} STEPS={STEPS}")
    chooser = random.Random(SEED)
    settings = {**cluster, "MILLRACE_KAFKA_PARTITIONS": "8", "MILLRACE_KAFKA_SESSION_TIMEOUT_MS": "6000",
                "MILLRACE_KAFKA_HEARTBEAT_INTERVAL_MS": "500"}
    with contextlib.ExitStack() as stack:
        members = [Member(role, stack.enter_context(running(role=None, **settings)))
                   for role in ["gateway"] * GATEWAYS + ["processor"] * PROCESSORS]
        gateways, processors = members[:GATEWAYS], members[GATEWAYS:]
        for member in [*gateways[:2], *processors[:2]]:
            member.start()
        pause = threading.Event()
        with posting([member.platform for member in gateways], **GENTLE) as clients:
            for _ in range(STEPS):
                change(members, chooser)
                pause.wait(chooser.random())  # the moment of a change is random on purpose
            for member in members:
                if not member.runs:
                    member.start()
            # With two partitions for each, each processor gets on.
            before = [member.platform.delivered() for member in processors]
            for member, delivered in zip(processors, before):
                assert soon(lambda: member.platform.delivered() > delivered, 20), f"starves: {member.platform.log()}"
            for client in clients:
                assert more_is_acknowledged([client]), client.platform.log()
        first = processors[0].platform
        first.wait_settled()
        ledger = ledger_of(clients)
        check_once(first, ledger)
        check_feed(first)
        assert first.answer("status")["dead_letters"]["open"] == 0
        print(f"{STEPS} changes, {len(ledger)} lines acknowledged")
