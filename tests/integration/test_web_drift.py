"""What the web answers is what its own document says: each operation is asked on real events, and no answer has a
field, a status or a content type that /openapi.json does not tell."""

import copy
import json
import re
from datetime import datetime
from functools import cached_property

import pytest
from jsonschema import Draft202012Validator, FormatChecker, RefResolver

from millrace_platform import event, running, until
from web_client import API, Answer, WebClient, add_user

PASSWORD = "a long enough password"
FORMATS = FormatChecker(formats=["date"])


@FORMATS.checks("date-time", raises=ValueError)
def is_date_time(value):
    """An instant of UTC, or a time of the shop, which has no zone."""
    return not isinstance(value, str) or datetime.fromisoformat(value.removesuffix("Z")) is not None


def closed(schema):
    """An object that names its fields has no others."""
    if isinstance(schema, list):
        return [closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    inside = {name: closed(part) for name, part in schema.items()}
    if schema.get("type") == "object" and "properties" in schema:
        inside.setdefault("additionalProperties", False)
    return inside


class Document:
    """The document that the server serves, and what was asked of it."""

    def __init__(self, text):
        self.whole = json.loads(text)
        self.resolver = RefResolver("", self.closed_whole)
        self.answered = set()
        self.operations = {}  # (method, pattern of the path) -> operation, fixed paths first
        for path in sorted(self.whole["paths"], key=lambda path: path.count("{")):
            pattern = re.compile(re.sub(r"\{[^}]+\}", "[^/]+", path))
            for method, operation in self.whole["paths"][path].items():
                if "operationId" in operation:
                    self.operations[method.upper(), pattern] = operation

    @cached_property
    def closed_whole(self):
        whole = copy.deepcopy(self.whole)
        whole["components"]["schemas"] = closed(whole["components"]["schemas"])
        return whole

    def find(self, method, path):
        for (own, pattern), operation in self.operations.items():
            if own == method and pattern.fullmatch(path):
                return operation
        raise AssertionError(f"{method} {path} is in no document")

    def check(self, method, path, answer):
        operation = self.find(method, path)
        told = operation["responses"].get(str(answer.status))
        assert told is not None, f"{method} {path}: {answer} is not documented"
        if "$ref" in told:
            told = self.resolver.resolve(told["$ref"])[1]
        self.check_content(f"{method} {path}", told.get("content", {}), answer)
        if answer.status < 300:
            self.answered.add(operation["operationId"])

    def check_content(self, what, content, answer):
        if not content:
            assert answer.body == b"", f"{what}: {answer} has a body"
            return
        kind = answer.headers["Content-Type"].partition(";")[0]
        assert kind in content, f"{what}: {kind} is not documented"
        if kind == "application/json":
            validator = Draft202012Validator(closed(content[kind]["schema"]), resolver=self.resolver, format_checker=FORMATS)
            problems = [f"{problem.json_path}: {problem.message[:300]}" for problem in validator.iter_errors(answer.json)]
            assert problems == [], f"{what}: {problems}"


class Checked:
    """A client whose answers are compared with the document."""

    def __init__(self, client: WebClient, document: Document):
        self.client, self.document = client, document

    def ask(self, method, path, body=None, status=None, **query):
        answer = self.client.request(method, path, body, query=query)
        self.document.check(method, API + path, answer)
        assert answer.status == status if status else answer.status < 300, (path, answer)
        return answer.json if answer.body[:1] in (b"{", b"[") else answer.body

    def get(self, path, **query):
        return self.ask("GET", path, **query)


@pytest.fixture(scope="module")
def platform():
    """Orders and returns of several customers and days, a guest, a letter, a run of the pipeline."""
    with running(MILLRACE_SCHEDULE="off", MILLRACE_BRONZE_FLUSH="100ms") as started:
        for number in range(12):
            order = {"InvoiceNo": str(540000 + number), "CustomerID": 17850 + number % 4, "Country": ["France", "Spain"][number % 2],
                     "InvoiceDate": f"{1 + 2 * number:02}/0{1 + number % 5}/2011 1{number % 9}:26", "customerName": f"Ada {number % 4}"}
            assert started.post(event(**order))[0] == 201
            assert started.post(event(**order, StockCode="71053", EventID="one"))[0] == 201
        assert started.post(event(InvoiceNo="541000", CustomerID=None))[0] == 201
        assert started.post(event(InvoiceNo="C541001", Quantity=-2, InvoiceDate="09/12/2011 12:00"))[0] == 201
        for wrong in (7, 8):  # conflicts: the same event with another content
            assert started.post(event(InvoiceNo="540000", EventID="one", Quantity=wrong))[0] == 201
        started.wait_settled()
        started.run("runs", "trigger", "all", "--wait")
        yield started


@pytest.fixture(scope="module")
def document(platform):
    answer = WebClient(platform).file("/openapi.json")
    assert answer.status == 200
    return Document(answer.body)


@pytest.fixture(scope="module")
def operator(platform, document):
    olga = Checked(add_user(platform, "olga", "operator"), document)
    until(lambda: olga.get("/sales")["as_of"], lambda as_of: as_of["gold_version"] >= 0)  # the web looks at the lake once a second
    return olga


@pytest.mark.parametrize("q", ["ada", "ADA 1", "2 ad", "da", "178", "17851", "0", " "])
def test_gold_finds_the_customers_that_the_store_finds(operator, q):
    of_store = {found["customer_id"] for found in operator.get("/customers", q=q)["items"]}
    of_gold = operator.get("/sales/customers", q=q, sort="name", direction="asc")["items"]
    assert {found["customer_id"] for found in of_gold} == of_store
    assert [found["name"] for found in of_gold] == sorted(found["name"] for found in of_gold)
    pages, after = [], {}
    while after is not None:
        page = operator.get("/sales/customers", q=q, sort="name", direction="asc", limit=1, **after)
        pages += page["items"]
        after = {"after": page["next"]} if page["next"] else None
    assert pages == of_gold
    operator.ask("GET", "/sales/customers", status=422, after="1")


def test_what_is_not_documented_is_noticed(document, operator):
    answer = operator.client.get("/customers", limit=1)
    found = answer.json
    document.check("GET", f"{API}/customers", answer)
    for odd in ({**found, "secret": 1}, {"items": [{**found["items"][0], "secret": 1}], "next": None}, {"items": []}, {**found, "next": 7}):
        with pytest.raises(AssertionError, match="GET /api/v1/customers: "):
            document.check("GET", f"{API}/customers", Answer(200, answer.headers, json.dumps(odd).encode()))
    with pytest.raises(AssertionError, match="is not documented"):
        document.check("GET", f"{API}/customers", Answer(418, answer.headers, answer.body))


def test_sessions_and_users(platform, document, operator):
    link = platform.answer("user", "add", "anna", "--role", "analyst", "--link")["link"]
    anna = Checked(WebClient(platform), document)
    taken = anna.ask("POST", "/session/link", {"token": link.partition("#token=")[2]})
    anna.client.csrf, anna.client.cookie = taken["csrf"], None
    anna.ask("GET", "/session", status=401)
    anna.client.sign_in_by_link(platform.answer("user", "link", "anna")["link"])
    anna.get("/session")
    anna.ask("PUT", "/session/password", {"new": "short"}, status=422)
    anna.ask("PUT", "/session/password", {"new": PASSWORD})
    anna.ask("GET", "/users", status=403)
    anna.ask("DELETE", "/session")
    anna.ask("POST", "/session", {"name": "anna", "password": PASSWORD})
    operator.get("/users")
    operator.get("/audit", limit=3)


def test_customers_and_invoices(operator):
    for found in (operator.get("/customers", limit=2), operator.get("/customers", q="Ada")):
        assert found["items"]
    for format in ({}, {"format": "csv"}):
        for path in ("/customers/17850/months", "/customers/17850/orders", "/customers/17850/returned-items", "/invoices/540000"):
            operator.get(path, **format)
    operator.get("/customers/17850")
    operator.get("/invoices/C541001")
    assert operator.get("/invoices/540000/pdf").startswith(b"%PDF")
    operator.get(f"/events/{operator.get('/invoices/540000')['lines'][0]['event_id']}")
    operator.ask("GET", "/customers/1", status=404)
    operator.ask("GET", "/customers", status=422, limit=0)


def test_the_dashboard(document, operator):
    panels = next(one for one in document.find("GET", f"{API}/sales/series")["parameters"] if one.get("name") == "panel")
    for narrowed in ({}, {"from": "2011-02-01", "to": "2011-03-31", "compare": "previous"}, {"country": "France", "grain": "week"},
                     {"segment": "Lost"}, {"country": "Nowhere"}):
        assert operator.get("/sales", **narrowed)["tiles"]
        for panel in panels["schema"]["enum"]:
            operator.get(f"/sales/{panel}", **narrowed)
    for path in ("/sales/invoices", "/sales/lines", "/sales/products"):
        operator.get(path, limit=2)
        operator.get(path, format="csv")
    for field in ("country", "product", "customer"):
        operator.get("/sales/values", field=field)
    operator.get("/sales/metrics")


def test_operations(operator):
    operator.get("/ops/status")
    retried, discarded = operator.get("/ops/letters", state="open")["items"]
    operator.get(f"/ops/letters/{retried['id']}")
    operator.ask("POST", f"/ops/letters/{retried['id']}/retry", {"payload": json.dumps(event(InvoiceNo="541002"))})
    operator.ask("POST", f"/ops/letters/{discarded['id']}/discard")
    operator.ask("POST", f"/ops/letters/{discarded['id']}/discard", status=409)
    operator.get("/ops/letters")
    asked = operator.ask("POST", "/ops/runs", {"target": "silver", "idempotency_key": "drift"}, status=201)
    operator.ask("POST", "/ops/runs", {"target": "silver", "idempotency_key": "drift"}, status=200)
    operator.ask("POST", f"/ops/runs/{asked['id']}/cancel")
    done = operator.get("/ops/runs", state="success")["items"][0]
    for task in operator.get(f"/ops/runs/{done['id']}")["tasks"]:
        operator.get(f"/ops/runs/{done['id']}/tasks/{task['name']}/log")
    operator.get(f"/ops/runs/{done['id']}/tasks/gold/report")
    operator.ask("GET", f"/ops/runs/{done['id']}/tasks/nothing/report", status=404)
    for kind in ("check", "balance"):
        operator.get("/ops/quality", kind=kind)
    operator.get("/ops/lineage")
    for table in operator.get("/ops/tables")["items"]:
        at = f"/ops/tables/{table['table'].replace('.', '/')}"
        operator.get(at)
        for rest in ("history", "files"):
            operator.ask("GET", f"{at}/{rest}", status=404 if table["kind"] == "view" else 200)


def test_sql(operator):
    operator.get("/sql/schema")
    query = {"source": "lake", "sql": "SELECT InvoiceNo, Amount, NULL AS nothing FROM gold.fact_sales"}
    operator.ask("POST", "/sql", query)
    operator.ask("POST", "/sql", query, format="csv")
    operator.ask("POST", "/sql", {"source": "store", "sql": "SELECT count(*) FROM invoice"})
    operator.ask("POST", "/sql", {"source": "lake", "sql": "SELEC"}, status=422)
    saved = operator.ask("POST", "/sql/saved", {"name": "all", **query})
    operator.ask("PUT", f"/sql/saved/{saved['id']}", {"name": "every", **query})
    operator.get("/sql/saved")
    operator.get("/sql/history")
    operator.ask("DELETE", f"/sql/saved/{saved['id']}")


def test_no_operation_was_left_out(platform, document, operator):
    for path in ("/ready", "/metrics"):
        document.check("GET", path, operator.client.file(path))
    left = {operation["operationId"] for operation in document.operations.values()} - document.answered
    assert left == {"live"}  # no JSON and no end: unit/web/live_test.c
