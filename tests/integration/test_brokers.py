"""Three brokers, three copies of everything: brokers die, leaders move, and a broker loses sight of the others.

A produce is durable once two of three copies have it (min.insync.replicas=2), so any one of them may go. Where network
namespaces can be made, each broker is a host of its own.
"""

import json
import re
import threading

import pytest

from kafka_broker import running_broker
from load import GENTLE, check_feed, check_once, ledger_of, more_is_acknowledged, posting, soon
from millrace_platform import SANITIZED, running
from network import running_network

NODES = (1, 2, 3)
PARTITIONS = 6
ELECTED_SECONDS = 8  # a broker is missed after 2, if the machine is not too busy

pytestmark = pytest.mark.skipif(SANITIZED, reason="servers and sanitizers together are too slow")


@pytest.fixture(scope="module")
def brokers():
    with running_broker(len(NODES)) as started:
        yield started


def settings_of(brokers, prefix):
    return {"MILLRACE_BUS": brokers.url(prefix), "MILLRACE_KAFKA_REPLICATION": "3", "MILLRACE_RESTART_DELAY_MAX": "100ms",
            "MILLRACE_KAFKA_HEARTBEAT_INTERVAL_MS": "500"}


@pytest.fixture
def settings(brokers, prefix):
    return settings_of(brokers, prefix)


def described(brokers, topic):
    """Partition -> (leader, replicas, in sync)."""
    told = brokers.tool("org.apache.kafka.tools.TopicCommand", "--describe", "--topic", topic)
    found = re.findall(r"Partition: (\d+)\s+Leader: (\w+)\s+Replicas: ([\d,]+)\s+Isr: ([\d,]*)", told)
    return {int(number): (leader, [int(node) for node in replicas.split(",")], in_sync.split(","))
            for number, leader, replicas, in_sync in found}


def leaders(brokers, topic):
    return {number: leader for number, (leader, _, _) in described(brokers, topic).items()}


def all_in_sync(brokers, topic):
    return soon(lambda: all(len(in_sync) == len(NODES) for _, _, in_sync in described(brokers, topic).values()))


def settle_and_check(platform, clients):
    platform.wait_settled()
    check_once(platform, ledger_of(clients))
    check_feed(platform)


def test_a_broker_dies_and_the_others_go_on(brokers, settings):
    with running(**settings) as platform:
        with posting([platform] * 2, **GENTLE) as clients:
            assert more_is_acknowledged(clients, 300)
            brokers.kill(2)  # it leads two of the six partitions
            # Two of three are left: in sync enough, with other leaders.
            for client in clients:
                assert more_is_acknowledged([client], 500), platform.log()
            brokers.again(2)
            assert more_is_acknowledged(clients, 300), platform.log()
        settle_and_check(platform, clients)


def test_leaders_move_under_load(brokers, settings, prefix):
    topic = f"{prefix}ingestion-topic"
    with running(**settings) as platform:
        with posting([platform] * 2, **GENTLE) as clients:
            assert more_is_acknowledged(clients, 300)
            assert all_in_sync(brokers, topic)
            before = described(brokers, topic)

            # Each partition's copies in another order: the preferred leader is another broker.
            plan = platform.folder / "plan.json"
            plan.write_text(json.dumps({"version": 1, "partitions": [
                {"topic": topic, "partition": number, "replicas": [*replicas[1:], replicas[0]]}
                for number, (_, replicas, _) in before.items()]}))
            brokers.tool("org.apache.kafka.tools.reassign.ReassignPartitionsCommand", "--execute", "--reassignment-json-file", plan)
            brokers.tool("org.apache.kafka.tools.LeaderElectionCommand", "--election-type", "preferred", "--all-topic-partitions")
            moved = leaders(brokers, topic)
            assert len(moved) == PARTITIONS
            assert all(moved[number] != leader for number, (leader, _, _) in before.items()), (before, moved)
            assert more_is_acknowledged(clients, 500), platform.log()

            # A leader that is asked to stop hands over what it leads.
            brokers.stop(1)
            assert "1" not in leaders(brokers, topic).values()
            assert more_is_acknowledged(clients, 500), platform.log()
            brokers.again(1)
        settle_and_check(platform, clients)


def test_a_leader_that_lost_sight_of_the_others_acknowledges_nothing_alone(prefix):
    with running_network() as network:
        hosts = [network.host(f"broker-{node}") for node in NODES]
        roles = network.host("roles")
        within = ["ip", "netns", "exec", f"{network.prefix}-broker-%"]
        with running_broker(len(NODES), within, KAFKA_HOST=hosts[0].address[:-1] + "%") as brokers:
            brokers.within = hosts[2].within  # where the tools run, and whom they ask
            brokers.tools_ask = brokers.addresses.split(",")[2]
            topic = f"{prefix}ingestion-topic"
            with running("up", roles, **settings_of(brokers, prefix)) as platform:
                with posting([platform] * 2, **GENTLE) as clients:
                    assert more_is_acknowledged(clients, 300)
                    assert all_in_sync(brokers, topic)
                    for other in hosts[1:]:
                        hosts[0].lose(other)
                    # The roles still reach it, and it believes that it leads. A client whose invoice goes to
                    # one of its partitions is refused until there is another leader, of whom nobody tells.
                    threading.Event().wait(ELECTED_SECONDS)
                    for client in clients:
                        assert more_is_acknowledged([client], 500), platform.log()
                    for other in hosts[1:]:
                        hosts[0].find(other)
                    assert all_in_sync(brokers, topic)
                    assert more_is_acknowledged(clients, 300), platform.log()
                settle_and_check(platform, clients)
