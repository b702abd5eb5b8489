"""`millrace publish`: gold in PostgreSQL, to the digit; changes alone, kills, two at once, refusals, the scheduler's task."""

import csv as csv_format
import io
import json
import math
import random
import signal
import subprocess
import time
from decimal import Decimal

import pytest

from millrace_platform import PROGRAM, SANITIZED, running
from test_medallion import generate, post
from test_real_data import FILE, csv  # noqa: F401 (a fixture)

pytestmark = pytest.mark.skipif(SANITIZED, reason="servers and sanitizers together are too slow")

TABLES = ("fact_sales", "dim_customer", "dim_product", "dim_invoice", "dim_date", "mart_sales_by_day", "mart_sales_by_hour",
          "mart_sales_by_product", "mart_orders", "mart_sales_by_customer")
SOME = ("fact_sales", "mart_orders", "mart_sales_by_customer", "vw_TotalSales")
VIEWS = ("vw_TotalSales", "vw_SalesByTime", "vw_Top10SellingProducts", "vw_CustomerStats", "vw_CancelledOrders",
         "vw_AverageOrderValue")


class Target:
    def __init__(self, server, name):
        self.server, self.name, self.url = server, name, server.new_database(name)

    def query(self, text):
        return self.server.query(text, self.name)

    def rows(self, text):
        return [tuple(row) for row in csv_format.reader(io.StringIO(self.query(f"COPY ({text}) TO STDOUT (FORMAT csv)")))]

    def columns(self, table, schema="gold"):
        return dict(self.rows(
            "SELECT a.attname, format_type(a.atttypid, a.atttypmod) FROM pg_attribute a"
            f" WHERE attrelid = '\"{schema}\".\"{table}\"'::regclass AND attnum > 0 ORDER BY attnum"))


@pytest.fixture(scope="module")
def shop():
    """A platform with half of its events in gold; the others wait to be posted."""
    with running(MILLRACE_BRONZE_FLUSH="50ms", MILLRACE_SCHEDULE="off") as platform:
        platform.lines = generate(platform, 4000, 21)
        platform.posted = 0
        more(platform, 2000)
        yield platform


@pytest.fixture
def target(postgres, prefix):
    return Target(postgres, prefix[:-1])


def more(platform, count):
    post(platform, platform.lines[platform.posted:platform.posted + count], f"piece{platform.posted}")
    platform.posted += count
    platform.run("run", "--quiet")


def publish(platform, target, *options, check=True):
    done = platform.run("publish", target.url, "--json", *options, check=check)
    return json.loads(done.stdout) if done.returncode == 0 else done


def lake_rows(platform, table):
    return [tuple(row) for row in csv_format.reader(io.StringIO(
        platform.run("sql", "--format", "csv", f"SELECT * FROM gold.{table}").stdout))]


def assert_same(platform, target, names=TABLES + VIEWS, schema="gold"):
    for table in names:
        columns = target.columns(table, schema)
        header, *lake = lake_rows(platform, table)
        cells = ", ".join(
            f"replace(\"{name}\"::text, '-', '')" if kind == "uuid" else f"\"{name}\"::text" if kind == "boolean" else f'"{name}"'
            for name, kind in columns.items())
        there = target.rows(f'SELECT {cells} FROM "{schema}"."{table}"')
        assert tuple(columns) == header, table
        assert len(lake) == len(there) > 0, table
        floats = [index for index, kind in enumerate(columns.values()) if kind == "double precision"]
        for one, other in zip(sorted(lake), sorted(there)):
            for index in floats:
                assert math.isclose(float(one[index]), float(other[index]), rel_tol=1e-15), table
            assert [v for i, v in enumerate(one) if i not in floats] == [v for i, v in enumerate(other) if i not in floats], table


def ways(report):
    return {item["name"]: item["way"] for item in report["tables"]}


def test_gold_arrives_to_the_digit_with_types_keys_and_words(shop, target):
    target.query("CREATE ROLE analyst_" + target.name)
    report = publish(shop, target, "--reader", "analyst_" + target.name)
    assert report["status"] == "done" and report["granted"] and report["schema"] == "gold"
    assert_same(shop, target)
    assert target.columns("mart_sales_by_day")["Sales"] == "numeric(38,4)"
    assert target.columns("fact_sales")["event_id"] == "uuid" and target.columns("fact_sales")["UnitPrice"] == "numeric(18,4)"
    assert target.columns("fact_sales")["InvoiceDate"] == "timestamp without time zone"
    assert target.columns("vw_TotalSales")["TotalSales"] == "numeric(38,4)"
    assert target.query("""SELECT obj_description('gold."fact_sales"'::regclass)""").startswith("One row a line of an invoice")
    assert target.query("SELECT count(*) FROM pg_attribute a JOIN gold.millrace_published p ON attrelid = ('gold.\"' || name || '\"')::regclass"
                        " WHERE attnum > 0 AND NOT attisdropped AND col_description(attrelid, attnum) IS NULL") == "0"
    keys = dict(target.rows("SELECT conrelid::regclass, pg_get_constraintdef(oid) FROM pg_constraint WHERE contype IN ('p', 'u')"
                            " AND connamespace = 'gold'::regnamespace AND conrelid <> 'gold.millrace_published'::regclass"))
    assert keys["gold.fact_sales"] == "PRIMARY KEY (event_id)" and len(keys) == len(TABLES)
    assert keys["gold.mart_orders"] == 'UNIQUE NULLS NOT DISTINCT ("InvoiceNo", "CustomerID")'  # a guest has no number
    indexed = target.query("SELECT string_agg(indexdef, ' ') FROM pg_indexes WHERE schemaname = 'gold' AND tablename = 'fact_sales'")
    assert all(f'("{name}")' in indexed for name in ("CustomerID", "StockCode", "InvoiceNo", "DateID", "InvoiceMonth"))
    assert target.query(f"SET ROLE analyst_{target.name}; SELECT count(*) > 0 FROM gold.\"vw_SalesByTime\"").endswith("t")


def test_the_same_versions_again_change_nothing_and_new_ones_only_what_is_new(shop, target):
    publish(shop, target)
    note = target.rows("SELECT * FROM gold.millrace_published ORDER BY name")
    again = publish(shop, target)
    assert again["status"] == "skipped" and set(ways(again).values()) == {"nothing"} and again["rows_put"] == 0
    assert target.rows("SELECT * FROM gold.millrace_published ORDER BY name") == note

    before = target.query("SELECT count(*) FROM gold.fact_sales")
    more(shop, 40)
    planned = publish(shop, target, "--dry-run")
    assert planned["status"] == "planned" and ways(planned)["fact_sales"] == "changes"
    assert target.query("SELECT count(*) FROM gold.fact_sales") == before
    report = publish(shop, target)
    facts = next(item for item in report["tables"] if item["name"] == "fact_sales")
    assert facts["way"] == "changes" and 0 < facts["rows_put"] <= 40 and facts["rows_removed"] == 0
    assert ways(report)["vw_TotalSales"] == "nothing"
    assert report["rows_put"] < 500
    assert_same(shop, target, SOME)

    # Files that are only gathered carry no rows; a table made anew carries what differs: nothing.
    shop.run("lake", "optimize", "gold/mart_orders")
    shop.run("run", "--full-refresh", "--quiet")
    report = publish(shop, target)
    assert report["rows_put"] == report["rows_removed"] == 0, report
    assert_same(shop, target, SOME)


def test_what_is_cleaned_up_or_was_meddled_with_is_published_whole(shop, target):
    publish(shop, target)
    target.query("DELETE FROM gold.mart_sales_by_hour")
    more(shop, 30)
    done = publish(shop, target, check=False)
    assert done.returncode == 1 and "is not what was published" in done.stderr and "--full" in done.stderr
    shop.run("run", "--full-refresh", "--quiet")
    for table in TABLES:
        shop.run("lake", "vacuum", f"gold/{table}", "--retention", "0s", "--force")
    report = publish(shop, target)
    assert {item["reason"] for item in report["tables"] if item["way"] == "whole"} == {
        "files or log of the version published are cleaned up"}
    assert_same(shop, target, SOME)
    assert set(ways(publish(shop, target, "--full")).values()) == {"whole", "nothing"}
    assert_same(shop, target, SOME)


def test_a_model_that_changes_or_goes_takes_its_table_along(shop, target):
    models = shop.folder / "models"
    (models / "gold").mkdir(parents=True)
    own = models / "gold" / "own.sql"
    view = models / "gold" / "vw_own.sql"
    text = ("-- name: gold.own_days\n-- description: It's a day.\n-- mode: replace\n-- from: silver.fact_sales\n-- group: DateID\n"
            "-- keys: DateID\n-- column: DateID integer, not null: Day\n-- column: Share double: A part\n"
            "-- column: Fine decimal(38,10): Digits\n{more}"
            "SELECT f.DateID, avg(CASE WHEN f.Quantity > 2 THEN 1.0e0 ELSE 0.0e0 END) AS Share,\n"
            "CAST(-1234567.0000000891 AS decimal(38, 10)) AS Fine{column} FROM silver.fact_sales f GROUP BY f.DateID\n")
    view.write_text("-- name: gold.vw_Own\n-- description: Its view.\n-- mode: view\n-- column: Days long: Days\n"
                    "SELECT count(*) AS Days FROM gold.own_days o\n")
    own.write_text(text.format(more="", column=""))
    with_own = ("--models", models)
    shop.run("run", "--quiet", *with_own)
    assert ways(publish(shop, target, *with_own))["own_days"] == "whole"
    assert target.rows('SELECT DISTINCT "Fine" FROM gold.own_days') == [("-1234567.0000000891",)]
    assert target.columns("own_days") == {"DateID": "integer", "Share": "double precision", "Fine": "numeric(38,10)"}
    lake = shop.run("sql", "--format", "csv", "SELECT DateID, Share FROM gold.own_days ORDER BY 1", *with_own).stdout
    there = target.rows('SELECT "DateID", "Share" FROM gold.own_days ORDER BY 1')
    assert [tuple(line.split(",")) for line in lake.split()[1:]] == there or \
        [(a, float(b)) for a, b in (line.split(",") for line in lake.split()[1:])] == [(a, float(b)) for a, b in there]

    own.write_text(text.format(more="-- column: Lines long: Lines\n", column=", count(*) AS Lines"))
    shop.run("run", "--quiet", *with_own)
    report = publish(shop, target, *with_own)
    assert next(item for item in report["tables"] if item["name"] == "own_days")["reason"] == "its columns, keys or indexes have changed"
    assert target.rows('SELECT "Days" = (SELECT count(*) FROM gold.own_days) FROM gold."vw_Own"') == [("t",)]

    report = publish(shop, target)
    assert ways(report)["own_days"] == ways(report)["vw_Own"] == "drop"
    assert target.query("SELECT to_regclass('gold.own_days') IS NULL") == "t"
    assert_same(shop, target, SOME)


def test_readers_see_the_old_or_the_new_through_kills_and_rivals(shop, target):
    """Two publications at once, killed at random, while a reader compares tables of one state."""
    chance = random.Random(9)
    publish(shop, target)
    even = ('SELECT (SELECT sum("Amount") FROM gold.fact_sales) = (SELECT sum("Amount") FROM gold.mart_sales_by_day)'
            ' AND (SELECT count(*) FROM gold.fact_sales) = (SELECT rows FROM gold.millrace_published WHERE name = \'fact_sales\')')
    for number in range(4):
        more(shop, 50)
        options = ["--full"] if number % 2 else []
        rivals = [subprocess.Popen([PROGRAM, "publish", target.url, "--quiet", *options], env=shop.environment(), cwd=shop.folder,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for _ in range(2)]
        time.sleep(chance.random() * 0.4)  # the moment of the kill is what is random here, nothing is awaited
        assert target.query(even) == "t"
        rivals[0].send_signal(signal.SIGKILL)
        rivals[0].wait()
        assert target.query(even) == "t"
        assert rivals[1].wait(timeout=60) == 0  # the one that was not killed
        assert target.query(even) == "t"
    assert_same(shop, target, SOME)
    assert publish(shop, target)["status"] == "skipped"


def test_a_target_that_refuses_is_named_and_nothing_of_it_changes(shop, target, postgres):
    def refused(url, *options):
        done = shop.run("publish", url, *options, check=False)
        assert done.returncode == 1 and "secret-word" not in done.stderr, done.stderr
        return done.stderr

    base = target.url.rsplit("@", 1)[1]
    assert "publish postgresql://127.0.0.1:1/x: connect" in refused("postgresql://u:secret-word@127.0.0.1:1/x")
    assert f"publish postgresql://{base}: connect" in refused(f"postgresql://millrace:secret-word@{base}")
    assert "URL is not one of PostgreSQL" in refused("mysql:secret-word")
    role = "poor_" + target.name
    target.query(f"CREATE ROLE {role} LOGIN PASSWORD 'secret-word'")
    assert "permission denied for database" in refused(f"postgresql://{role}:secret-word@{base}")
    target.query('CREATE SCHEMA taken; CREATE TABLE taken."dim_date" (mine integer)')
    assert 'schema taken has a table or view "dim_date" that millrace did not publish' in refused(target.url, "--schema", "taken")
    assert "nobody_there" in refused(target.url, "--reader", "nobody_there")
    assert target.query("SELECT count(*) FROM pg_namespace WHERE nspname = 'gold'") == "0"
    assert target.query("SELECT count(*) FROM pg_class WHERE relnamespace = 'taken'::regnamespace") == "1"
    # Where the schema is there and its own, a publisher needs no right on the database.
    target.query(f"CREATE SCHEMA own AUTHORIZATION {role}")
    secret = shop.folder / "publish-url"
    secret.write_text(f"postgresql://{role}:secret-word@{base}\n")
    shop.run("publish", f"ref:file:{secret}", "--schema", "own")
    assert_same(shop, target, ("dim_date", "vw_TotalSales"), "own")


def test_runs_of_gold_publish_as_a_task(postgres, prefix):
    target = Target(postgres, prefix[:-1])
    with running(MILLRACE_BRONZE_FLUSH="50ms", MILLRACE_SCHEDULE="off", MILLRACE_PUBLISH=target.url,
                 MILLRACE_PUBLISH_SCHEMA="bi", MILLRACE_RUN_RETRIES="0") as platform:
        post(platform, generate(platform, 300, 5), "events")
        first = platform.answer("runs", "trigger", "all", "--wait")
        assert first["state"] == "success"
        tasks = {task["name"]: task["state"] for task in platform.answer("runs", "show", first["id"])["tasks"]}
        assert tasks["publish"] == "success" and tasks["gold"] == "success"
        assert_same(platform, target, ("fact_sales", "vw_CustomerStats"), "bi")
        target.query("DROP TABLE bi.dim_date CASCADE; CREATE TABLE bi.strange (x integer); DELETE FROM bi.millrace_published"
                     " WHERE name = 'dim_product'")
        second = json.loads(platform.run("runs", "trigger", "gold", "--wait", "--json", check=False).stdout)
        show = platform.answer("runs", "show", second["id"])
        assert show["state"] == "failed" and "did not publish" in json.dumps(show, default=str)


@pytest.mark.skipif(FILE is None, reason="the Online Retail file is not here: set REAL_DATA")
def test_the_real_file(csv, target):  # noqa: F811
    with running(MILLRACE_BRONZE_FLUSH="50ms", MILLRACE_SCHEDULE="off") as platform:
        platform.run("post", csv)
        platform.wait_settled()
        platform.run("run", "--quiet")
        report = publish(platform, target)
        assert next(item for item in report["tables"] if item["name"] == "fact_sales")["rows_put"] == 536641
        assert_same(platform, target)
        assert target.rows('SELECT "TotalSales", "TotalReturns" FROM gold."vw_TotalSales"') == [("10619986.6840", "-893979.7300")]
        assert Decimal(target.query('SELECT sum("Amount") FROM gold.fact_sales')) == Decimal("9726006.9540")
