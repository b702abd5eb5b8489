"""The network fails between roles and brokers: every participant is a host of its own (network.py).

What is not durable is answered 503 with Retry-After, never 201; what was cut off goes on after healing, and nothing is
lost or doubled. PostgreSQL is reached by its socket in the file system, which no network cuts.
"""

import contextlib
import threading

import pytest

from kafka_broker import running_broker
from load import GENTLE, check_feed, check_once, ledger_of, more_is_acknowledged, posting, soon, stored_lines
from millrace_platform import SANITIZED, running
from network import running_network

IMPATIENT = {  # a cut is noticed within the test's time
    "MILLRACE_KAFKA_MESSAGE_TIMEOUT_MS": "2000", "MILLRACE_KAFKA_REQUEST_TIMEOUT_MS": "1500",
    "MILLRACE_KAFKA_SESSION_TIMEOUT_MS": "6000", "MILLRACE_KAFKA_HEARTBEAT_INTERVAL_MS": "500",
    "MILLRACE_REQUEST_TIMEOUT": "3s"}

pytestmark = pytest.mark.skipif(SANITIZED, reason="servers and sanitizers together are too slow")


@pytest.fixture(scope="module")
def network():
    with running_network() as started:
        yield started


@pytest.fixture(scope="module")
def broker_host(network):
    return network.host("broker")


@pytest.fixture(scope="module")
def far_broker(broker_host):
    with running_broker(within=broker_host.within, KAFKA_HOST=broker_host.address) as started:
        yield started


@pytest.fixture(scope="module")
def hosts(network):
    return {name: network.host(name) for name in ("gateway", "processor-1", "processor-2")}


@pytest.fixture
def settings(far_broker, postgres, prefix):
    return {"MILLRACE_BUS": far_broker.url(prefix), "MILLRACE_STORE": postgres.socket_url(postgres.new_database(prefix[:-1])),
            **IMPATIENT}


@contextlib.contextmanager
def cut(host):
    host.cut()
    try:
        yield
    finally:
        host.heal()


def answered_since(clients, before):
    """True once each client got another answer than 201."""
    return soon(lambda: all(client.refused > refused for client, refused in zip(clients, before)), 20)


def test_a_gateway_cut_off_from_the_broker_refuses_and_goes_on_after_healing(hosts, settings):
    with running("gateway", hosts["gateway"], **settings) as gateway, \
            running("processor", hosts["processor-1"], **settings) as processor:
        with posting([gateway] * 3, **GENTLE) as clients:
            assert more_is_acknowledged(clients, 300)
            for _ in range(2):
                before = [client.refused for client in clients]
                with cut(hosts["gateway"]):
                    assert answered_since(clients, before), gateway.log()
                    durable = len(ledger_of(clients))  # whatever was under way is answered by now
                    before = [client.refused for client in clients]
                    assert answered_since(clients, before), gateway.log()
                    assert len(ledger_of(clients)) == durable, "answered 201 without a broker"
                assert more_is_acknowledged(clients, 300), gateway.log()
        processor.wait_settled()
        check_once(processor, ledger_of(clients))
        check_feed(processor)


def test_a_processor_cut_off_is_replaced_and_does_no_harm_when_it_comes_back(hosts, settings):
    with running("gateway", hosts["gateway"], **settings) as gateway, \
            running("processor", hosts["processor-1"], **settings) as lonely, \
            running("processor", hosts["processor-2"], **settings) as other:
        with posting([gateway] * 2, **GENTLE) as clients:
            for processor in (lonely, other):
                assert soon(lambda: processor.delivered() > 0), processor.log()
            with cut(hosts["processor-1"]):
                assert more_is_acknowledged(clients, 300)
                ledger = ledger_of(clients)
                # It is missed after its session; all is in the store only when the other one has taken over.
                assert soon(lambda: ledger <= stored_lines(other).keys(), 40), other.log()
            before = lonely.delivered()
            assert soon(lambda: lonely.delivered() > before), lonely.log()
        other.wait_settled()
        check_once(other, ledger_of(clients))
        check_feed(other)
