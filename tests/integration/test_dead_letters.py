"""What no sink can take is kept with its reason, can be looked at, mended and sent again."""

import json

from millrace_platform import event


def test_a_conflict_keeps_the_first_and_dead_letters_the_other(platform):
    assert platform.post(event(EventID="line-1", Quantity=6))[0] == 201
    assert platform.post(event(EventID="line-1", Quantity=7))[0] == 201  # durable; the store decides
    platform.wait_settled()
    assert [line["quantity"] for line in platform.answer("invoice", "536365")["lines"]] == [6]

    letters = platform.dead_letters()
    assert len(letters) == 1 and letters[0]["code"] == "conflict" and letters[0]["state"] == "open"
    shown = platform.answer("dlq", "show", letters[0]["offset"])
    assert json.loads(shown["payload"])["Quantity"] == 7
    assert shown["origin"]["topic"] == "ingestion-topic"
    assert platform.answer("status")["dead_letters"]["open"] == 1


def test_a_dead_letter_is_mended_and_sent_again_once(platform):
    for quantity in (6, 7):
        platform.post(event(EventID="line-1", Quantity=quantity))
    platform.wait_settled()
    offset = platform.dead_letters()[0]["offset"]
    platform.run("dlq", "retry", offset, "--set", "EventID=line-2")
    platform.wait_settled()
    assert sorted(line["quantity"] for line in platform.answer("invoice", "536365")["lines"]) == [6, 7]
    again = platform.run("dlq", "retry", offset, check=False)
    assert again.returncode == 1 and "retried" in again.stderr
    assert platform.answer("status")["dead_letters"]["open"] == 0


def test_a_replay_changes_nothing(platform, tmp_path):
    source = tmp_path / "events.ndjson"
    platform.run("generate", "--events", 5000, "--seed", 2, "-o", source)
    platform.run("post", source)
    for quantity in (6, 7):
        platform.post(event(EventID="line-1", Quantity=quantity))
    platform.wait_settled()
    before = platform.answer("status")

    refused = platform.run("replay", "--sink", "store", check=False)
    assert refused.returncode == 1 and "processor runs" in refused.stderr
    assert platform.stop() == [0]
    platform.run("replay", "--sink", "store")
    platform.start()
    platform.wait_settled()
    after = platform.answer("status")
    assert after["store"] == before["store"]
    assert after["dead_letters"] == before["dead_letters"]


def test_tail_shows_the_log_as_ndjson(platform):
    for number in range(3):
        platform.post(event(StockCode=f"T{number}"))
    shown = platform.run("tail", "--from", "first", "--count", 3).stdout.splitlines()
    assert [json.loads(line)["StockCode"] for line in shown] == ["T0", "T1", "T2"]
    with_envelope = [json.loads(line) for line in platform.run("tail", "--from", "first", "--count", 3, "--json").stdout.splitlines()]
    assert [item["offset"] for item in with_envelope] == [0, 1, 2]
