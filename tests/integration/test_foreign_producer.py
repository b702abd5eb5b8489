"""What another program writes to the ingestion topic: good events are taken, poison goes to the dead letters, and the
flow goes on in each partition."""

import json
from unicodedata import category

import pytest

from foreign_producer import foreign_producer
from load import check_feed, stored_lines
from millrace_platform import event, running

PARTITIONS = 6
HUGE_BYTES = 1_900_000  # the topic takes 2 MiB; a record of ours is at most 1 MiB

POISON = {
    "garbage": bytes(range(256)),
    "nothing": b"",
    "a tombstone": None,
    "zeros": bytes(64),
    "half an event": json.dumps(event()).encode()[:50],
    "not an object": b"[1,2,3]",
    "a wrong field": json.dumps(event(Quantity="many")).encode(),
    "a UTF-16 text": json.dumps(event()).encode("utf-16"),
    "huge garbage": b"\x00\xff" * (HUGE_BYTES // 2),
    "a huge event": json.dumps(event(Description="x" * HUGE_BYTES)).encode(),
    "what steers a terminal": b"\x1b[2J\xc2\x9b2J",
    "deep nesting": b"[" * 100_000,
    "an Avro header": b"\x00\x00\x00\x00\x07" + b"\x02\x04",
}


def good(number):
    return json.dumps(event(InvoiceNo=f"F{number}")).encode()


def invoices(platform):
    return {invoice for invoice, _ in stored_lines(platform)}


def test_poison_goes_to_the_dead_letters_and_every_partition_goes_on(broker, cluster, prefix):
    topic = f"{prefix}ingestion-topic"
    with running(**cluster) as platform:
        with foreign_producer(broker.addresses) as foreign:
            for partition in range(PARTITIONS):
                foreign.send(topic, good(partition), b"before", partition=partition)
            for number, poison in enumerate(POISON.values()):
                foreign.send(topic, poison, b"\xff\x00key", partition=number % PARTITIONS)
            for partition in range(PARTITIONS):
                foreign.send(topic, good(100 + partition), b"after", partition=partition)
        platform.wait_settled()
        expected = {f"F{number + more}" for number in range(PARTITIONS) for more in (0, 100)}
        assert invoices(platform) == expected
        letters = platform.dead_letters()
        assert len(letters) == len(POISON)
        assert {letter["code"] for letter in letters} == {"malformed", "invalid"}

        # They are told, kept apart, and do not come back when the processor begins again.
        for letter in letters:
            shown = platform.run("dlq", "show", f"{letter['partition']}:{letter['offset']}").stdout
            assert [char for char in shown if category(char) == "Cc" and char != "\n"] == [], "it steers the terminal"
        platform.stop()
        platform.start("up")
        assert platform.post(event(InvoiceNo="later"))[0] == 201
        platform.wait_settled()
        assert len(platform.dead_letters()) == len(POISON)
        assert invoices(platform) == expected | {"later"}


@pytest.mark.parametrize("compression", ["none", "gzip", "snappy", "lz4", "zstd"])
def test_good_events_of_any_form_are_taken(broker, cluster, prefix, compression):
    topic = f"{prefix}ingestion-topic"
    with running(**cluster) as platform:
        with foreign_producer(broker.addresses, compression_type=compression) as foreign:
            foreign.send(topic, good(1), None)
            foreign.send(topic, good(2), b"another key")
            foreign.send(topic, good(3), b"\xff\xfe")
            foreign.send(topic, good(4), b"F4", [(b"millrace", None), (b"trace", b"\x00\xff"), (b"", b""), (b"trace", b"x" * 10000)])
        platform.wait_settled()
        assert invoices(platform) == {"F1", "F2", "F3", "F4"}
        assert platform.dead_letters() == []
        if compression == "none":
            check_feed(platform)


def test_an_aborted_transaction_is_never_seen_and_a_committed_one_once(broker, cluster, prefix):
    topic = f"{prefix}ingestion-topic"
    with running(**cluster) as platform:
        with foreign_producer(broker.addresses, transactional_id=f"{prefix}foreign") as foreign:
            foreign.begin()
            for number in range(50):
                foreign.send(topic, good(number), b"aborted")
            foreign.abort()
            foreign.begin()
            for number in range(50, 60):
                foreign.send(topic, good(number), b"committed")
            foreign.commit()
        # The ends of the transactions take the last offsets of the partition.
        platform.wait_settled()
        assert invoices(platform) == {f"F{number}" for number in range(50, 60)}
        assert platform.dead_letters() == []
