"""Dashboard, operations and SQL of the web on the real file: figures to the last digit, filters against SQL,
a dead letter mended by hand, a run asked for; and what must not be possible."""

import json
import os
import time
from decimal import Decimal

import pytest

import agreement
from millrace_platform import SANITIZED, event, running, until
from test_real_data import FILE, csv  # noqa: F401 (a fixture)
from web_client import add_user

pytestmark = [
    pytest.mark.skipif(FILE is None, reason="the Online Retail file is not here: set REAL_DATA"),
    pytest.mark.skipif(SANITIZED, reason="too long under a sanitizer; unit tests cover the same code"),
]

# Champions of the whole range, written without the platform's own words for it.
CHAMPIONS = (
    "CustomerID IN (WITH c AS (SELECT CustomerID AS id, count(DISTINCT InvoiceNo) AS n, sum(Amount) AS s,"
    " max(CAST(InvoiceDate AS DATE)) AS last FROM gold.fact_sales"
    " WHERE left(InvoiceNo, 1) <> 'C' AND CustomerID IS NOT NULL GROUP BY 1)"
    " SELECT id FROM c WHERE n >= 5 AND last >= DATE '2011-12-09' - 30 AND s >= (SELECT avg(s) FROM c))")
MONTHS = {"2010-12": "821452.73", "2011-11": "1503866.78", "2011-12": "637790.33"}


class Shop:
    def __init__(self, platform):
        self.platform = platform
        self.operator = add_user(platform, "olga", "operator")
        self.analyst = add_user(platform, "anna", "analyst")
        self.customer = add_user(platform, "shop-14911", "customer", 14911)

    def sql(self, text, source="lake", **query):
        return self.operator.request("POST", "/sql", {"source": source, "sql": text}, query=query)

    def rows(self, text):
        answer = self.sql(text)
        assert answer.status == 200, answer
        return answer.json["rows"]

    def run_pipeline(self):
        asked = self.operator.request("POST", "/ops/runs", {"target": "all"})
        assert asked.status == 201, asked
        return until(lambda: self.operator.get(f"/ops/runs/{asked.json['id']}").json,
                     lambda run: run["ended_at"] is not None)

    def sales(self, holds=lambda as_of: True):
        return until(lambda: self.analyst.get("/sales").json, lambda sales: holds(sales["as_of"]))


@pytest.fixture(scope="module")
def shop(csv):  # noqa: F811
    settings = {"MILLRACE_ROLES": "gateway,processor,scheduler,web", "MILLRACE_SINKS": "store,bronze",
                "MILLRACE_SCHEDULE": "off", "MILLRACE_WEB_QUERY_TIMEOUT": "3s"}
    with running(**settings) as platform:
        assert platform.answer("post", csv)["refused"] == 0
        platform.wait_settled()
        shop = Shop(platform)
        run = shop.run_pipeline()
        assert run["state"] == "success", run
        shop.sales(lambda as_of: as_of["gold_version"] >= 0 and as_of["reconciled"])
        yield shop


def test_the_whole_range_is_what_the_views_of_gold_say(shop):
    sales = shop.analyst.get("/sales", grain="month").json
    tiles = {name: tile["value"] for name, tile in sales["tiles"].items()}
    assert tiles["sales"] == "10619986.684" and tiles["returns"] == "-893979.73"
    assert tiles["orders"] == 22064 and tiles["cancelled_orders"] == 3836 and tiles["customers"] == 4372
    assert sales["customers"]["loyal"] == 2845
    assert sales["customers"]["new"] + sales["customers"]["returning"] == 4339
    months = {period["start"][:7]: period["sales"] for period in sales["series"]}
    assert len(months) == 13 and MONTHS.items() <= months.items()
    assert max(months, key=lambda month: Decimal(months[month])) == "2011-11"
    assert sales["series"][-1]["partial"] and not sales["series"][0]["partial"]
    top = [(row["stock_code"], row["sales"]) for row in sales["products"]["by_sales"][:3]]
    assert top == [("DOT", "206248.77"), ("22423", "174156.54"), ("23843", "168469.60")]
    assert sales["as_of"]["reconciled"] is True and sales["as_of"]["behind"] == 0
    assert sales["as_of"]["data_until"] == "2011-12-09T12:50:00"

    [total] = shop.rows("SELECT TotalSales, TotalReturns, Lines FROM gold.vw_TotalSales")
    assert [Decimal(total[0]), Decimal(total[1])] == [Decimal(tiles["sales"]), Decimal(tiles["returns"])]
    [stats] = shop.rows("SELECT TotalCustomers, LoyalCustomers, TotalSpent FROM gold.vw_CustomerStats")
    assert [int(stats[0]), int(stats[1])] == [tiles["customers"], sales["customers"]["loyal"]]
    assert Decimal(stats[2]) == Decimal(tiles["sales"]) - Decimal(sales["customers"]["guests_sales"])
    [average] = shop.rows("SELECT Orders, AverageOrderValue FROM gold.vw_AverageOrderValue")
    assert int(average[0]) == tiles["orders"] and Decimal(average[1]) == Decimal(tiles["average_order"])
    [cancelled] = shop.rows("SELECT CancelledOrders, CancelledAmount, CancelledShare FROM gold.vw_CancelledOrders")
    assert int(cancelled[0]) == tiles["cancelled_orders"] and Decimal(cancelled[1]) == Decimal(tiles["returns"])
    assert abs(float(cancelled[2]) - tiles["cancellation_rate"]) < 1e-5
    best = shop.rows("SELECT StockCode, TotalQuantity, TotalSales FROM gold.vw_Top10SellingProducts")
    assert [(code, int(quantity), Decimal(amount)) for code, quantity, amount in best] == [
        (row["stock_code"], row["quantity"], Decimal(row["sales"])) for row in sales["products"]["by_sales"]]
    days = shop.rows("SELECT CAST(Date AS VARCHAR), TotalSales, TotalReturns, TotalQuantity"
                     " FROM gold.vw_SalesByTime ORDER BY Date")
    ours = [period for period in shop.analyst.get("/sales/series", grain="day").json["items"]
            if (period["sales"], period["returns"]) != ("0.00", "0.00")]
    assert [(day, Decimal(amount), Decimal(back), int(items)) for day, amount, back, items in days] == [
        (row["start"], Decimal(row["sales"]), Decimal(row["returns"]), row["items"]) for row in ours]


@pytest.mark.parametrize("filters, where", [
    ({"country": "France"}, "Country = 'France'"),
    ({"from": "2011-11-01", "to": "2011-11-30", "product": ["22423", "DOT"]},
     "InvoiceDate >= '2011-11-01' AND InvoiceDate < '2011-12-01' AND StockCode IN ('22423', 'DOT')"),
    ({"customer": 14911, "from": "2011-03-05"}, "CustomerID = 14911 AND InvoiceDate >= '2011-03-05'"),
    ({"country": ["Germany", "EIRE"], "product": "POST", "to": "2011-06-30"},
     "Country IN ('Germany', 'EIRE') AND StockCode = 'POST' AND InvoiceDate < '2011-07-01'"),
    ({"weekday": 4, "hour": [12, 15]}, "dayname(InvoiceDate) = 'Thursday' AND hour(InvoiceDate) IN (12, 15)"),
    ({"segment": "Champions"}, CHAMPIONS),
])
def test_a_filter_is_what_sql_says(shop, filters, where):
    sales = shop.analyst.get("/sales", **filters).json
    [row] = shop.rows(
        "SELECT coalesce(sum(Amount) FILTER (NOT c), 0), coalesce(sum(Amount) FILTER (c), 0),"
        " count(DISTINCT InvoiceNo) FILTER (NOT c), count(DISTINCT InvoiceNo) FILTER (c), count(DISTINCT CustomerID)"
        f" FROM (SELECT *, InvoiceNo LIKE 'C%' AS c FROM gold.fact_sales WHERE {where})")
    tiles = [sales["tiles"][name]["value"] for name in ("sales", "returns", "orders", "cancelled_orders", "customers")]
    assert [Decimal(cell) for cell in row] == [Decimal(value) for value in tiles]
    invoices = shop.analyst.get("/sales/invoices", kind="orders", limit=1, **filters).json
    assert invoices["total"] == tiles[2] and Decimal(invoices["sum"]) == Decimal(tiles[0])
    lines = shop.analyst.get("/sales/lines", kind="orders", **{**filters, "format": "csv"}).body.decode()
    amounts = [Decimal(line.rsplit(",", 1)[1]) for line in lines.splitlines()[1:]]
    assert sum(amounts) == Decimal(tiles[0])


@pytest.mark.parametrize("name, value", [("weekday", "0"), ("weekday", "Monday"), ("hour", "24"), ("segment", "Best")])
def test_a_filter_that_is_none_is_named(shop, name, value):
    answer = shop.analyst.get("/sales", **{name: value})
    assert answer.status == 422 and answer.json["detail"][0]["loc"] == ["query", name]


def test_a_segment_is_what_its_own_bar_said(shop):
    of = {"country": "Germany", "to": "2011-10-31"}
    bars = {row["name"]: row for row in shop.analyst.get("/sales", **of).json["customers"]["segments"]}
    for name, bar in bars.items():
        sales = shop.analyst.get("/sales", segment=name, compare="previous", **of).json
        assert sales["tiles"]["sales"]["value"] == bar["spent"] and sales["customers"]["total"] == bar["customers"]
        shown = {row["name"]: row["customers"] for row in sales["customers"]["segments"]}
        assert shown == {other: bar["customers"] if other == name else 0 for other in bars}


@pytest.mark.parametrize("filters", [{"country": "Netherlands"}, {"country": "EIRE", "kind": "returns"}, {"from": "2011-11-20", "to": "2011-11-21"}])
def test_pages_of_lines_are_all_of_them(shop, filters):
    """Each is asked of the lake for the days that it lies on alone."""
    text = shop.analyst.get("/sales/lines", **filters, format="csv").body.decode()
    whole = [line.partition(",")[0] for line in text.splitlines()[1:]]
    paged, after = [], {}
    while after is not None:
        page = shop.analyst.get("/sales/lines", **filters, limit=200, **after).json
        paged += [line["event_id"] for line in page["items"]]
        after = {"after": page["next"]} if page["next"] else None
    assert len(whole) > 100
    assert paged == whole


def test_a_number_opens_down_to_its_lines(shop):
    [invoice] = shop.analyst.get("/sales/invoices", sort="amount", limit=1).json["items"]
    assert (invoice["invoice_no"], invoice["amount"]) == ("581483", "168469.60")
    [line] = shop.analyst.get("/sales/lines", invoice="581483").json["items"]
    assert (line["stock_code"], line["quantity"], line["amount"]) == ("23843", 80995, "168469.60")
    first = shop.analyst.get("/sales/lines", country="France", limit=200).json
    second = shop.analyst.get("/sales/lines", country="France", limit=200, after=first["next"]).json
    both = [row["event_id"] for row in first["items"] + second["items"]]
    assert len(set(both)) == 400
    text = shop.analyst.get("/sales/lines", country="Iceland", format="csv").body.decode()
    [count] = shop.rows("SELECT count(*) FROM gold.fact_sales WHERE Country = 'Iceland'")
    assert len(text.splitlines()) - 1 == int(count[0])


def test_every_figure_of_the_real_file_agrees(shop):
    served = {metric["name"]: metric for metric in shop.analyst.get("/sales/metrics").json["items"]}
    agreement.check_figures(shop.platform, shop.analyst.get("/sales").json, served, shop.rows)


def test_an_answer_is_not_sent_twice_and_customers_get_none(shop):
    answer = shop.analyst.get("/sales", country="Norway")
    again = shop.analyst.request("GET", "/sales", query={"country": "Norway"},
                                 headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status == 304 and again.body == b""
    for path in ("/sales", "/sales/products", "/sales/lines", "/ops/status", "/ops/tables", "/sql/schema"):
        assert shop.customer.get(path).status == 403, path
    assert shop.customer.request("POST", "/sql", {"source": "lake", "sql": "SELECT 1"}).status == 403
    assert shop.analyst.get("/ops/letters").status == 403
    assert shop.analyst.request("POST", "/ops/runs", {"target": "all"}).status == 403


def test_a_dead_letter_is_mended_and_becomes_an_order(shop):
    for quantity in (6, 7):
        assert shop.platform.post(event(EventID="web-1", InvoiceNo="990001", Quantity=quantity))[0] == 201
    shop.platform.wait_settled()
    page = shop.operator.get("/ops/letters", state="open").json
    assert page["total"] == 1 and page["next"] is None
    [letter] = page["items"]
    assert (letter["code"], letter["invoice_no"]) == ("conflict", "990001")
    payload = json.loads(shop.operator.get(f"/ops/letters/{letter['id']}").json["payload"])
    bad = shop.operator.request("POST", f"/ops/letters/{letter['id']}/retry",
                                {"payload": json.dumps(payload | {"Quantity": "many"})})
    assert bad.status == 422 and bad.json["detail"][0]["loc"] == ["body", "payload"]
    sent = shop.operator.request("POST", f"/ops/letters/{letter['id']}/retry",
                                 {"payload": json.dumps(payload | {"EventID": "web-2"})})
    assert sent.status == 200 and sent.json["invoice_no"] == "990001", sent
    assert shop.operator.request("POST", f"/ops/letters/{letter['id']}/retry").status == 409
    shop.platform.wait_settled()
    lines = shop.platform.answer("invoice", "990001")["lines"]
    assert sorted(line["quantity"] for line in lines) == [6, 7]
    shown = shop.operator.get(f"/ops/letters/{letter['id']}").json
    assert shown["state"] == "retried" and shown["changed"][0]["user"] == "olga"
    assert shop.operator.get("/ops/letters", state="open").json["items"] == []


def test_a_run_brings_the_new_lines_and_can_be_read(shop):
    before = shop.sales(lambda as_of: as_of["behind"] >= 1)
    run = shop.run_pipeline()
    assert run["state"] == "success" and [task["name"] for task in run["tasks"]][:3] == ["check-new-data", "silver", "gold"]
    assert shop.analyst.get(f"/ops/runs/{run['id']}/tasks/gold/log").status == 200
    report = shop.analyst.get(f"/ops/runs/{run['id']}/tasks/gold/report").json
    assert report["status"] == "done"
    assert shop.analyst.get("/ops/runs", limit=1).json["items"][0]["id"] == run["id"]
    assert shop.analyst.get(f"/ops/runs/{run['id']}/tasks/..%2f..%2fstore.db/log").status == 404
    after = shop.sales(lambda as_of: as_of["gold_version"] > before["as_of"]["gold_version"] and as_of["behind"] == 0)
    assert after["tiles"]["orders"]["value"] == before["tiles"]["orders"]["value"] + 1


def test_the_platform_and_the_lake_are_told(shop):
    status = shop.operator.get("/ops/status").json
    assert {role["role"] for role in status["roles"] if role["alive"]} >= {"gateway", "processor", "scheduler", "web"}
    assert status["store"]["customers"] >= 4372 and status["reconciliation"]["holds"] is True
    assert {(arrow["from"], arrow["to"]) for arrow in status["flow"]} >= {("log", "store"), ("silver", "gold")}
    table = shop.analyst.get("/ops/tables/gold/fact_sales").json
    assert table["rows"] >= 536641 and "InvoiceNo" in [column["name"] for column in table["columns"]]
    history = shop.analyst.get("/ops/tables/gold/fact_sales/history", limit=1).json
    assert history["next"] is not None and history["items"][0]["version"] == table["version"]
    files = shop.analyst.get("/ops/tables/gold/fact_sales/files", limit=5).json
    assert files["total"] == table["files"] and len(files["items"]) == 5
    assert all(result["holds"] is not False for result in shop.analyst.get("/ops/quality", limit=200).json["items"])
    assert "gold.vw_TotalSales" in [model["name"] for model in shop.analyst.get("/ops/lineage").json["models"]]
    assert shop.analyst.get("/ops/tables/gold/nothing").status == 404


@pytest.mark.parametrize("source, sql", [
    ("lake", "DROP VIEW gold.fact_sales"),
    ("lake", "INSERT INTO gold.fact_sales SELECT * FROM gold.fact_sales"),
    ("lake", "COPY (SELECT 1) TO '{folder}/stolen.csv'"),
    ("lake", "SELECT * FROM read_csv('/etc/passwd')"),
    ("lake", "SELECT * FROM read_blob('{folder}/ops.db')"),
    ("lake", "ATTACH '{folder}/ops.db' (TYPE sqlite)"),
    ("lake", "SET threads = 64"),
    ("lake", "SELECT 1; DROP VIEW gold.fact_sales"),
    ("store", "DELETE FROM invoice_line"),
    ("store", "UPDATE invoice SET invoice_no = 'x'"),
    ("store", "ATTACH '{folder}/ops.db' AS ops"),
    ("store", "PRAGMA writable_schema = ON"),
    ("store", "SELECT load_extension('/tmp/x')"),
    ("store", "SELECT 1; DELETE FROM invoice_line"),
    ("store", "CREATE TEMP TABLE x (y)"),
    ("store", "VACUUM INTO '{folder}/stolen.db'"),
])
def test_sql_changes_nothing_and_reads_nothing_else(shop, source, sql):
    folder = shop.platform.folder
    answer = shop.sql(sql.format(folder=folder), source)
    assert answer.status == 422 and answer.json["detail"][0]["loc"] == ["body", "sql"], answer
    assert not [name for name in os.listdir(folder) if name.startswith("stolen")]
    assert int(shop.rows("SELECT count(*) FROM gold.fact_sales")[0][0]) >= 536641


def test_sql_is_kept_limited_and_the_users_own(shop):
    answer = shop.sql("SELECT * FROM invoice_line", "store").json
    assert answer["truncated"] and len(answer["rows"]) == 1000
    begin = time.monotonic()
    endless = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c"
    assert shop.sql(endless, "store").status == 504
    assert shop.sql("SELECT count(*) FROM range(1000000000000) a, range(1000) b").status == 504
    assert time.monotonic() - begin < 15
    refused = shop.analyst.request("POST", "/sql", {"source": "store", "sql": "SELECT 1"})
    assert refused.status == 403
    assert [one["source"] for one in shop.analyst.get("/sql/schema").json["sources"]] == ["lake"]
    assert [one["source"] for one in shop.operator.get("/sql/schema").json["sources"]] == ["lake", "store"]
    assert shop.sql("SELECT '=1+1' AS a, -3 AS b, 'x,y' AS c", format="csv").body == b"a,b,c\r\n'=1+1,-3,\"x,y\"\r\n"
    assert shop.operator.get("/sql/history", limit=1).json["items"][0]["sql"].startswith("SELECT '=1+1'")
    saved = shop.analyst.request("POST", "/sql/saved", {"name": "mine", "source": "lake", "sql": "SELECT 1"}).json
    assert shop.operator.get("/sql/saved").json["items"] == []
    assert shop.operator.request("DELETE", f"/sql/saved/{saved['id']}").status == 404
    assert shop.analyst.request("DELETE", f"/sql/saved/{saved['id']}").status == 204
