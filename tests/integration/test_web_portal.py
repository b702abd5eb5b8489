"""The customer's pages on the real file: the same figures as the invoices to the penny, for their owner alone."""

import csv as csv_format
import hashlib
import io
import shutil
import sqlite3
import subprocess
from decimal import Decimal

import pytest

from millrace_platform import SANITIZED, event, running
from portal_client import sign_in
from test_real_data import FILE, csv  # noqa: F401 (a fixture)

CUSTOMER, SPENT, RETURNED, ORDERS, RETURNS = 14911, Decimal("143711.17"), Decimal("-11252.44"), 201, 47
OTHER_ROWS = 20000  # the file's first; the customer's own are all there, and their figures need no others
SETTINGS = {"MILLRACE_ROLES": "gateway,processor,web", "MILLRACE_SINKS": "store", "MILLRACE_WEB_SHOP": "Söhne & Co"}

pytestmark = [
    pytest.mark.skipif(FILE is None, reason="the Online Retail file is not here: set REAL_DATA"),
    pytest.mark.skipif(SANITIZED, reason="too long under a sanitizer; unit tests cover the same code"),
]


class Portal:
    def __init__(self, platform):
        self.platform = platform
        self.operator = sign_in(platform, "olga", "operator")
        self.owner = sign_in(platform, "shop-14911", "customer", CUSTOMER)
        self.other = sign_in(platform, "shop-17850", "customer", 17850)


@pytest.fixture(scope="module")
def part(csv, tmp_path_factory):  # noqa: F811
    """Of the real file: quick to load."""
    path = tmp_path_factory.mktemp("part") / "part.csv"
    with open(csv, "rb") as source, open(path, "wb") as to:
        to.writelines(line for number, line in enumerate(source)
                      if number < OTHER_ROWS or f",{CUSTOMER}".encode() in line)
    return path


@pytest.fixture(scope="module")
def portal(part):
    with running(**SETTINGS) as platform:
        assert platform.answer("post", part)["refused"] == 0
        platform.wait_settled()
        yield Portal(platform)


def money(rows, key="amount"):
    return sum((Decimal(row[key]) for row in rows), Decimal(0))


def all_rows(client, path, **query):
    """Of every page; each page tells the same total and sum."""
    pages = list(client.pages(path, **query))
    rows = [row for page in pages for row in page["items"]]
    assert {(page["total"], page["sum"]) for page in pages} == {(len(rows), pages[0]["sum"])}
    assert Decimal(pages[0]["sum"]) == money(rows)
    return rows


def check_customer(client):
    """The head, the months and the pages of orders agree to the penny."""
    head = client.get(f"/customers/{CUSTOMER}")
    assert (Decimal(head["spent"]), Decimal(head["returned"])) == (SPENT, RETURNED)
    assert (head["orders"], head["returns"], Decimal(head["net"])) == (ORDERS, RETURNS, SPENT + RETURNED)
    assert head["as_of"]["lag"] == 0 and head["as_of"]["at"].endswith("Z")
    orders = all_rows(client, f"/customers/{CUSTOMER}/orders", kind="orders", limit=40)
    returns = all_rows(client, f"/customers/{CUSTOMER}/orders", kind="returns", limit=40)
    assert (len(orders), money(orders), len(returns), money(returns)) == (ORDERS, SPENT, RETURNS, RETURNED)
    assert money(all_rows(client, f"/customers/{CUSTOMER}/returned-items", limit=100)) == RETURNED
    months = client.get(f"/customers/{CUSTOMER}/months")["items"]
    assert (money(months, "spent"), money(months, "returned")) == (SPENT, RETURNED)
    assert [month["month"] for month in months] == ["2010-12"] + [f"2011-{month:02}" for month in range(1, 13)]
    return orders


def test_a_customer_sees_the_figures_of_the_invoices_to_the_penny(portal):
    orders = check_customer(portal.owner)
    check_customer(portal.operator)
    for order in orders[:5]:
        invoice = portal.owner.get(f"/invoices/{order['invoice_no']}")
        assert invoice["total"] == order["amount"] and len(invoice["lines"]) == order["lines"]
        assert money(invoice["lines"]) == Decimal(invoice["total"])
        codes = list(dict.fromkeys(line["stock_code"] for line in invoice["lines"]))
        names = {line["stock_code"]: line["description"] for line in invoice["lines"]}
        assert order["products"] == [names[code] or code for code in codes[:2]]
        assert order["more"] == max(len(codes) - 2, 0)


def test_postgresql_tells_the_same(part, postgres):
    with running(**SETTINGS, MILLRACE_STORE=postgres.new_database("portal")) as platform:
        assert platform.answer("post", part)["refused"] == 0
        platform.wait_settled()
        here = Portal(platform)
        orders = check_customer(here.owner)
        assert all_rows(here.owner, f"/customers/{CUSTOMER}/orders", q="cakestand", kind="orders")
        check_document(here.owner, orders[0])
        check_rights(here)


def found(client, **query):
    return [row["customer_id"] for page in client.pages("/customers", **query) for row in page["items"]]


def test_customers_are_paged_by_the_server(portal):
    everyone = found(portal.operator, limit=200)
    assert len(everyone) > 200 and everyone == sorted(everyone)
    assert found(portal.operator, limit=33) == everyone
    assert found(portal.operator, q="149", limit=3) == [one for one in everyone if str(one).startswith("149")]
    for after in ("14911", "id", "id x", "name ", "id 1 2"):
        assert portal.operator.web.get("/customers", after=after).status == 422, after


@pytest.mark.parametrize("sort,key", [
    ("date", lambda row: row["invoice_date"]), ("amount", lambda row: Decimal(row["amount"])),
    ("items", lambda row: row["items"]), ("number", lambda row: row["invoice_no"])])
def test_orders_are_sorted_both_ways_over_all_pages(portal, sort, key):
    path = f"/customers/{CUSTOMER}/orders"
    down = all_rows(portal.owner, path, sort=sort, limit=33)
    up = all_rows(portal.owner, path, sort=sort, direction="asc", limit=60)
    assert down == up[::-1] and len({row["invoice_no"] for row in down}) == ORDERS + RETURNS
    assert [key(row) for row in up] == sorted(key(row) for row in up)


def test_orders_are_found_by_words_numbers_and_days(portal):
    path = f"/customers/{CUSTOMER}/orders"
    every = all_rows(portal.owner, path, limit=200)
    found = all_rows(portal.owner, path, q="regency cakestand", limit=200)
    assert 0 < len(found) < len(every)
    for row in found[:3]:
        lines = portal.owner.get(f"/invoices/{row['invoice_no']}")["lines"]
        assert any("REGENCY CAKESTAND" in (line["description"] or "") for line in lines)
    number = every[0]["invoice_no"]
    assert number in [row["invoice_no"] for row in all_rows(portal.owner, path, q=number.lower()[:5])]
    day = every[7]["invoice_date"][:10]
    expected = [row for row in every if row["invoice_date"].startswith(day)]
    assert all_rows(portal.owner, path, **{"from": day, "to": day}) == expected
    assert all_rows(portal.owner, path, q="%' --") == []


def test_an_export_is_the_list(portal):
    path = f"/customers/{CUSTOMER}/orders"
    rows = all_rows(portal.owner, path, kind="returns", sort="amount", direction="asc", limit=200)
    status, headers, body = portal.owner.ask(
        f"/api/v1{path}?kind=returns&sort=amount&direction=asc&format=csv")
    assert status == 200 and headers["content-disposition"] == f'attachment; filename="orders-{CUSTOMER}.csv"'
    exported = list(csv_format.DictReader(io.StringIO(body.decode(), newline="")))
    assert [(row["invoice_no"], row["amount"], row["invoice_date"]) for row in exported] == [
        (row["invoice_no"], row["amount"], row["invoice_date"]) for row in rows]
    status, _, body = portal.owner.ask(f"/api/v1/customers/{CUSTOMER}/returned-items?format=csv")
    assert status == 200 and money(csv_format.DictReader(io.StringIO(body.decode(), newline=""))) == RETURNED


def test_a_return_and_its_order_lead_to_each_other(portal):
    returned = all_rows(portal.owner, f"/customers/{CUSTOMER}/returned-items", limit=200)
    linked = 0
    for number in {row["invoice_no"] for row in returned[:10]}:
        for origin in portal.owner.get(f"/invoices/{number}")["returned_from"][:2]:
            invoice = portal.owner.get(f"/invoices/{origin['invoice_no']}")
            assert number in [back["invoice_no"] for back in invoice["returns"]]
            linked += 1
    assert linked > 0


def test_customers_are_found_as_one_types(portal):
    found = portal.operator.get("/customers", q="1491", limit=20)["items"]
    assert CUSTOMER in [row["customer_id"] for row in found]
    assert all(str(row["customer_id"]).startswith("1491") for row in found)
    row = next(row for row in found if row["customer_id"] == CUSTOMER)
    assert (Decimal(row["spent"]), row["orders"], row["country"]) == (SPENT, ORDERS, "EIRE")
    assert len(portal.operator.get("/customers", limit=7)["items"]) == 7


def read_pdf(body):
    if shutil.which("pdftotext") is None:
        pytest.skip("no pdftotext here (Debian: poppler-utils)")
    return subprocess.run(["pdftotext", "-layout", "-", "-"], input=body, capture_output=True, check=True).stdout.decode()


def check_document(client, order):
    """Returns the document's bytes, the same at every request."""
    path = f"/api/v1/invoices/{order['invoice_no']}/pdf"
    status, headers, body = client.ask(path)
    assert status == 200 and headers["content-type"] == "application/pdf" and body.startswith(b"%PDF-")
    assert client.ask(path)[2] == body
    assert client.ask(path, headers={"If-None-Match": headers["etag"]})[0] == 304
    text = read_pdf(body)
    assert order["invoice_no"] in text and f"Customer {CUSTOMER}" in text and "Söhne & Co" in text
    assert f"£{Decimal(order['amount']):,}" in text
    for line in client.get(f"/invoices/{order['invoice_no']}")["lines"]:
        assert line["stock_code"] in text and f"{Decimal(line['amount']):,}" in text
    return body


def test_an_invoice_is_a_document_that_is_made_once_and_kept_in_the_lake(portal):
    orders = all_rows(portal.owner, f"/customers/{CUSTOMER}/orders", kind="orders", sort="items", limit=200)
    body = check_document(portal.owner, orders[0])
    with sqlite3.connect(f"file:{portal.platform.data}/ops.db?mode=ro", uri=True) as ops:
        path, size, sha256 = ops.execute("SELECT path, bytes, sha256 FROM invoice_document WHERE invoice_no = ?",
                                         (orders[0]["invoice_no"],)).fetchone()
    kept = portal.platform.data / "lake" / path
    assert kept.read_bytes() == body and size == len(body) and sha256 == hashlib.sha256(body).digest()
    kept.write_bytes(body[:-1])  # what is not what was put is made again
    assert portal.owner.ask(f"/api/v1/invoices/{orders[0]['invoice_no']}/pdf")[2] == body
    assert kept.read_bytes() == body
    kept.unlink()
    assert portal.owner.ask(f"/api/v1/invoices/{orders[0]['invoice_no']}/pdf")[2] == body


def check_rights(portal):
    """Another's is not there; what is for others is forbidden."""
    number = portal.owner.get(f"/customers/{CUSTOMER}/orders", limit=1)["items"][0]["invoice_no"]
    for path in (f"/customers/{CUSTOMER}", f"/customers/{CUSTOMER}/months", f"/customers/{CUSTOMER}/orders",
                 f"/customers/{CUSTOMER}/returned-items", f"/invoices/{number}", f"/invoices/{number}/pdf",
                 "/invoices/nothing", "/invoices/..%2F..%2Fstore.db/pdf"):
        status, _, body = portal.other.ask(f"/api/v1{path}")
        assert (status, body) == (404, b'{"detail":"Not Found"}'), path
    for path in ("/customers", "/customers?q=1", "/events/00000000000000000000000000000000"):
        assert portal.other.ask(f"/api/v1{path}")[0] == 403
    refused = [entry["action"] for entry in portal.operator.get("/audit", limit=200)["items"] if entry["user"] == "shop-17850"]
    assert refused.count("access.refused") == 4 + 3 and refused.count("invoice.refused") == 2


def test_another_customers_data_is_not_there(portal):
    check_rights(portal)


def rename(portal, customer, name):
    """Behind the back of the web, which goes by the positions that the store has taken events up to."""
    with sqlite3.connect(portal.platform.data / "store.db", timeout=10) as store:
        store.execute("UPDATE customer SET name = ? WHERE customer_id = ?", (name, customer))
    store.close()


def test_an_answer_is_kept_for_its_version_and_whoever_may_see_it(portal):
    def name_of(**query):
        return portal.operator.get("/customers", q="17850", **query)["items"][0]["name"]

    before = name_of(limit=3)
    rename(portal, 17850, "Zoë")
    assert name_of(limit=3) == before
    assert name_of(limit=4) == "Zoë"  # another question
    rename(portal, 17850, before)
    portal.platform.post(event(InvoiceNo="590001", CustomerID=17850))
    portal.platform.wait_settled()
    assert name_of(limit=4) == before  # another version
    number = portal.owner.get(f"/customers/{CUSTOMER}/orders", limit=1)["items"][0]["invoice_no"]
    for client, status in ((portal.owner, 200), (portal.owner, 200), (portal.other, 404), (portal.operator, 200)):
        assert client.ask(f"/api/v1/invoices/{number}")[0] == status


def test_wrong_parameters_are_named(portal):
    path = f"/api/v1/customers/{CUSTOMER}/orders"
    cursor = portal.owner.get(f"/customers/{CUSTOMER}/orders", limit=1)["next"]
    for query, name in (("limit=0", "limit"), ("limit=201", "limit"), ("sort=name", "sort"), ("from=2011-02-30", "from"),
                        ("after=zz", "after"), (f"after={cursor}&sort=amount", "after"), ("kind=x", "kind"),
                        ("format=xml", "format"), ("q=" + "a" * 201, "q")):
        status, _, body = portal.owner.ask(f"{path}?{query}")
        assert status == 422 and name.encode() in body, (query, status, body)


def test_an_event_is_shown_as_it_came(portal):
    line = portal.operator.get("/invoices/536365")["lines"][0]
    told = portal.operator.get(f"/events/{line['event_id']}")
    assert told["event"]["InvoiceNo"] == "536365" and told["event"]["StockCode"] == line["stock_code"]
    assert told["receipt"]["invoice_no"] == "536365" and told["receipt"]["ingested_at"].endswith("Z")
    assert portal.operator.ask(f"/api/v1/events/{'0' * 32}")[0] == 404
    assert portal.operator.ask("/api/v1/events/x")[0] == 422


def test_a_change_reaches_answers_and_documents(portal):
    """The last one: it adds an invoice that no other test counts."""
    number, path = "T=1/..é", "/api/v1/invoices/T%3D1%2F..%C3%A9"
    _, headers, _ = portal.other.ask("/api/v1/customers/17850")
    again = {"If-None-Match": headers["etag"]}
    assert portal.other.ask("/api/v1/customers/17850", headers=again)[0] == 304
    documents = []
    for quantity in (1, 2):
        assert portal.platform.post(event(InvoiceNo=number, Quantity=quantity, StockCode=f"Чай-{quantity}"))[0] == 201
        portal.platform.wait_settled()
        documents.append(portal.other.ask(f"{path}/pdf")[2])
        assert portal.other.ask(f"{path}/pdf")[2] == documents[-1]
    assert portal.other.ask("/api/v1/customers/17850", headers=again)[0] == 200
    assert documents[0] != documents[1] and "Чай-2" in read_pdf(documents[1]) and "Чай-2" not in read_pdf(documents[0])
    folder = portal.platform.data / "lake/documents/invoices/T_3d1_2f_2e_2e_c3_a9"
    assert len(list(folder.iterdir())) == 2
    row = portal.other.get("/customers/17850/orders", q="T=1")["items"][0]
    assert row["invoice_no"] == number and row["amount"] == "7.65"
