"""`millrace run`: silver and gold out of bronze; in pieces, with kills in between, and the real file."""

import json
import random
import signal
import subprocess
import time
from decimal import Decimal

import pytest

from millrace_platform import PROGRAM, SANITIZED, running
from test_real_data import FILE, csv  # noqa: F401 (a fixture)

TABLES = [f"silver.{name}" for name in ("fact_sales", "dim_customer", "dim_product", "dim_invoice", "dim_date")] + [
    f"gold.{name}" for name in ("fact_sales", "dim_customer", "dim_product", "dim_invoice", "dim_date",
                                "mart_sales_by_day", "mart_sales_by_hour", "mart_sales_by_product", "mart_orders",
                                "mart_sales_by_customer")]


def query(platform, text):
    return json.loads(platform.run("sql", "--json", text).stdout, parse_float=Decimal)


def run(platform, *options):
    report = json.loads(platform.run("run", "--json", *options).stdout, parse_float=Decimal)
    assert report["reconciliation"]["holds"]
    return report


def contents(platform):
    return {table: platform.run("sql", "--format", "csv", f"SELECT * FROM {table} ORDER BY ALL").stdout
            for table in TABLES}


def generate(platform, events, seed):
    file = platform.folder / f"events-{seed}.ndjson"
    platform.run("generate", "--events", events, "--seed", seed, "--output", file)
    return file.read_text().splitlines(keepends=True)


def post(platform, lines, name):
    file = platform.folder / f"{name}.ndjson"
    file.write_text("".join(lines))
    platform.run("post", "--restart", file)
    platform.run("status", "--wait", "60s")


def killed_run(platform, delay):
    """A run that is killed after `delay` seconds, wherever it is then."""
    process = subprocess.Popen([PROGRAM, "run", "--quiet"], env=platform.environment(), cwd=platform.folder,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(delay)  # the moment of the kill is what is random here, nothing is awaited
    process.send_signal(signal.SIGKILL)
    process.wait()


def test_pieces_repeats_and_kills_give_what_a_full_refresh_gives():
    chance = random.Random(4)
    with running(MILLRACE_BRONZE_FLUSH="50ms") as platform:
        lines = generate(platform, 3000, 11)
        chance.shuffle(lines)
        lines += lines[:300]
        for number in range(6):
            post(platform, lines[number * 550:(number + 1) * 550], f"piece{number}")
            killed_run(platform, chance.random() * 0.6)
            if number % 2:
                assert run(platform)["status"] == "done"
        run(platform)
        grown = contents(platform)
        assert all(model["full"] for model in run(platform, "--full-refresh")["models"])
        full = contents(platform)
        for table in TABLES:
            assert grown[table] == full[table], table
        assert run(platform)["status"] == "skipped"
        assert query(platform, "SELECT count(*) AS n FROM ops.quality WHERE NOT holds") == [{"n": 0}]


def test_two_runs_at_once_count_once():
    with running(MILLRACE_BRONZE_FLUSH="50ms") as platform:
        lines = generate(platform, 2000, 12)
        post(platform, lines[:1000], "first")
        run(platform)
        post(platform, lines[1000:], "second")
        both = [subprocess.Popen([PROGRAM, "run", "--json"], env=platform.environment(), cwd=platform.folder,
                                 stdout=subprocess.PIPE) for _ in range(2)]
        for process in both:
            process.communicate(timeout=60)
        run(platform)
        grown = contents(platform)
        run(platform, "--full-refresh")
        assert grown == contents(platform)


@pytest.mark.parametrize("role", [None, "up"])
def test_without_any_event_every_model_is_skipped(role):
    with running(role) as platform:
        for layer in (["gold"], ["silver"], []):
            report = run(platform, *layer)
            assert report["status"] == "skipped"
            assert all(model["state"] == "skipped" and "yet" in model["message"] for model in report["models"])


def test_lineage_is_drawn_in_every_form():
    with running(role=None) as platform:
        assert "└─ silver.fact_sales  (insert)" in platform.run("lineage").stdout
        assert '"bronze.sales_events" -> "silver.fact_sales";' in platform.run("lineage", "--format", "dot").stdout
        assert platform.run("lineage", "--format", "mermaid").stdout.startswith("flowchart LR\n")
        models = json.loads(platform.run("lineage", "--json").stdout)["models"]
        assert {model["name"] for model in models} >= set(TABLES)
        assert platform.run("lineage", "--format", "svg", check=False).returncode == 2
        assert platform.run("run", "bronze", check=False).returncode == 2
        assert platform.run("run", "--date", "soon", check=False).returncode == 2


def check_gold(platform):
    """The real file's figures, as the lake has them."""
    assert query(platform, "SELECT count(*) AS n FROM bronze.sales_events") == [{"n": 541909}]
    assert query(platform, "SELECT count(*) AS n FROM gold.fact_sales") == [{"n": 536641}]
    assert query(platform, "SELECT TotalSales FROM gold.vw_TotalSales") == [
        {"TotalSales": Decimal("10619986.684")}]
    top = query(platform, "SELECT StockCode, TotalSales FROM gold.vw_Top10SellingProducts")
    assert len(top) == 10
    assert [(row["StockCode"], row["TotalSales"]) for row in top[:3]] == [
        ("DOT", Decimal("206248.77")), ("22423", Decimal("174156.54")), ("23843", Decimal("168469.60"))]
    assert query(platform, "SELECT TotalCustomers, LoyalCustomers FROM gold.vw_CustomerStats") == [
        {"TotalCustomers": 4372, "LoyalCustomers": 2845}]
    assert query(platform, "SELECT CancelledOrders, CancelledAmount FROM gold.vw_CancelledOrders") == [
        {"CancelledOrders": 3836, "CancelledAmount": Decimal("-893979.73")}]
    assert query(platform, "SELECT Orders FROM gold.vw_AverageOrderValue") == [{"Orders": 22064}]
    assert len(query(platform, "SELECT DateID FROM gold.vw_SalesByTime")) == 305


@pytest.mark.skipif(FILE is None, reason="the Online Retail file is not here: set REAL_DATA")
@pytest.mark.skipif(SANITIZED, reason="too long under a sanitizer; generated data covers the same code")
def test_the_real_file_gives_the_known_figures(csv):  # noqa: F811
    with running() as platform:
        assert platform.answer("post", csv)["accepted"] == 541909
        platform.run("status", "--wait", "60s")
        report = run(platform)
        assert all(balance["known"] for balance in report["reconciliation"]["balances"])
        books = platform.answer("status")["reconciliation"]
        assert books["holds"] and books["run"] == report["run"]
        assert len(books["balances"]) == len(report["reconciliation"]["balances"])
        check_gold(platform)
