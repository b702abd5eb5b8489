"""The main job: what goes in over HTTP comes out of the store, once, and exact to the last digit."""

import json
import resource
from collections import defaultdict
from decimal import Decimal

import pytest

from millrace_platform import event, running


def expected_answers(lines):
    """What customers must be told, worked out from the events alone, in exact decimals."""
    kept = {}
    for line in lines:
        item = json.loads(line, parse_float=Decimal)
        content = tuple(str(item.get(name)) for name in (
            "InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice",
            "CustomerID", "customerName", "Country"))
        kept[(item["InvoiceNo"], item["EventID"]) if "EventID" in item else content] = item
    customers = defaultdict(lambda: {"spent": Decimal(0), "returned": Decimal(0), "orders": set(), "cancellations": set()})
    totals = {"lines": len(kept), "sales": Decimal(0), "cancelled": Decimal(0)}
    for item in kept.values():
        amount = item["Quantity"] * Decimal(item["UnitPrice"])
        cancelled = item["InvoiceNo"].startswith("C")
        totals["cancelled" if cancelled else "sales"] += amount
        if item.get("CustomerID") is not None:
            customer = customers[item["CustomerID"]]
            customer["returned" if cancelled else "spent"] += amount
            customer["cancellations" if cancelled else "orders"].add(item["InvoiceNo"])
    return totals, customers


def check_against(platform, lines):
    totals, customers = expected_answers(lines)
    answer = platform.answer("status")["store"]
    for name, value in totals.items():
        assert answer[name] == value, name
    assert answer["customers"] == len(customers)
    for number in sorted(customers)[::max(1, len(customers) // 20)]:
        told = platform.answer("customer", number)
        known = customers[number]
        assert told["spent"] == known["spent"], number
        assert told["returned"] == known["returned"], number
        assert told["orders"] == len(known["orders"]), number
        assert told["cancellations"] == len(known["cancellations"]), number


def test_generated_events_are_answered_exactly_and_a_resend_changes_nothing(platform, tmp_path):
    source = tmp_path / "events.ndjson"
    platform.run("generate", "--events", 20000, "--seed", 11, "-o", source)
    lines = source.read_text().splitlines()
    assert len(lines) == 20000

    posted = platform.answer("post", source)
    assert posted["accepted"] == 20000
    platform.wait_settled()
    check_against(platform, lines)

    before = platform.answer("status")["store"]
    platform.run("post", "--restart", source)
    platform.wait_settled()
    assert platform.answer("status")["store"] == before
    assert platform.answer("status")["dead_letters"]["open"] == 0


def test_csv_and_ndjson_of_the_same_seed_give_the_same_answers(platform, tmp_path):
    csv, ndjson = tmp_path / "events.csv", tmp_path / "events.ndjson"
    platform.run("generate", "--events", 3000, "--seed", 5, "--format", "csv", "-o", csv)
    platform.run("convert", csv, "-o", ndjson)
    platform.run("post", csv)
    platform.wait_settled()
    before = platform.answer("status")["store"]
    platform.run("post", ndjson)
    platform.wait_settled()
    assert platform.answer("status")["store"] == before
    check_against(platform, ndjson.read_text().splitlines())


def test_event_ids_keep_identical_lines_apart(platform, tmp_path):
    csv = tmp_path / "twice.csv"
    line = "536365,85123A,HEART,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom\n"
    csv.write_text("InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n" + line * 3)
    plain, marked = tmp_path / "plain.ndjson", tmp_path / "marked.ndjson"
    platform.run("convert", csv, "-o", plain)
    platform.run("convert", "--event-ids", csv, "-o", marked)
    platform.run("post", plain)
    platform.wait_settled()
    assert platform.answer("status")["store"]["lines"] == 1
    platform.run("post", marked)
    platform.wait_settled()
    assert platform.answer("status")["store"]["lines"] == 4
    assert platform.answer("customer", 17850)["spent"] == 4 * 6 * Decimal("2.55")


def test_single_posts_give_the_same_answers_as_batches(platform, tmp_path):
    source = tmp_path / "events.ndjson"
    platform.run("generate", "--events", 2000, "--seed", 3, "-o", source)
    told = platform.run("post", "--single", "--verbose", source)
    assert (told.stdout + told.stderr).count("Status code: 201") == 2000
    platform.wait_settled()
    check_against(platform, source.read_text().splitlines())


def test_an_invoice_and_its_customer_tell_the_same_sum(platform):
    for stock, quantity, price in (("A1", 3, 1.10), ("A2", 1, 0.0001), ("A3", -1, 2.5)):
        status, _ = platform.post(event(InvoiceNo="700001", StockCode=stock, Quantity=quantity, UnitPrice=price))
        assert status == 201
    platform.wait_settled()
    invoice = platform.answer("invoice", "700001")
    assert invoice["total"] == Decimal("0.8001")
    assert len(invoice["lines"]) == 3
    assert platform.answer("customer", 17850)["spent"] == Decimal("0.8001")


def test_a_guest_counts_in_totals_and_belongs_to_no_customer(platform):
    status, _ = platform.post(event(CustomerID=None))
    assert status == 201
    platform.wait_settled()
    store = platform.answer("status")["store"]
    assert store["sales"] == Decimal("15.30") and store["customers"] == 0


def test_unknown_customer_and_invoice_are_told_apart_from_failures(platform):
    platform.post(event())
    platform.wait_settled()
    missing = platform.run("customer", 99, check=False)
    assert missing.returncode == 1 and "99" in missing.stderr
    missing = platform.run("invoice", "NONE", check=False)
    assert missing.returncode == 1 and "NONE" in missing.stderr


@pytest.mark.parametrize("name", ["status", "config", "key"])
def test_commands_work_before_anything_exists(platform, name):
    arguments = {"status": ["status"], "config": ["config", "show"], "key": ["key", "list"]}[name]
    assert platform.run(*arguments).returncode == 0


def test_waiting_asks_a_new_store_where_it_stands():
    """A lost store is read anew from the log: what the old one had taken does not count for the new one."""
    with running(role=None) as platform:
        platform.start("up")
        platform.run("generate", "--events", 20000, "-o", platform.folder / "events.ndjson")
        platform.run("post", platform.folder / "events.ndjson")
        platform.wait_settled()
        platform.stop()
        for file in platform.data.glob("store.db*"):
            file.unlink()
        platform.start("processor")
        platform.wait_settled()
        assert platform.answer("status")["store"]["lines"] == 20000


def test_waiting_for_a_dead_processor_costs_no_core():
    """What a look itself leaves in the log's folder must not make the next look."""
    with running(role="gateway") as platform:
        assert platform.post(event())[0] == 201
        platform.stop()
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        waited = platform.run("status", "--wait", "2s", check=False)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert "store has yet to take 1 records" in waited.stderr
        assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 0.7
