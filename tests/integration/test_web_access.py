"""Who gets to see what: everything a stranger, a customer or another site may try is refused, and told in the audit log."""

import contextlib
import json
import re
import sqlite3
import time

import pytest

from millrace_platform import event, running
from web_client import API, WebClient, add_user

OWN, OTHER = 14911, 17850
PASSWORD = "correct horse battery"
EVIL = ["' OR '1'='1", "'; DROP TABLE web_user; --", '" OR ""="', "1 UNION SELECT password FROM web_user", "%00", "\x00",
        "../../../etc/passwd", "{{7*7}}", "$(id)", "<script>alert(1)</script>", "-1", "9" * 40, "\u202e", "\U0001f600", "a" * 3000,
        "line\r\nSet-Cookie: x=y"]


@pytest.fixture(scope="module")
def platform():
    with running(MILLRACE_ROLES="gateway,processor,web") as started:
        for number, customer in enumerate((OWN, OTHER)):
            assert started.post(event(InvoiceNo=f"53636{number}", CustomerID=customer))[0] == 201
        started.wait_settled()
        yield started


@pytest.fixture(scope="module")
def clients(platform):
    return {"operator": add_user(platform, "op", "operator"), "analyst": add_user(platform, "ana", "analyst"),
            "customer": add_user(platform, "shop-14911", "customer", OWN)}


@pytest.fixture
def audited(clients):
    """What the audit log has gained of an action since the test began."""
    def entries():
        return clients["operator"].get("/audit", limit=200).json["items"]

    before = max((entry["id"] for entry in entries()), default=0)
    return lambda action: [entry for entry in entries() if entry["id"] > before and entry["action"] == action]


def ops(platform):
    return contextlib.closing(sqlite3.connect(platform.data / "ops.db", timeout=10))


def documented(client):
    """(method, path, query parameters, path parameters) of every route, by the server's own description."""
    described = json.loads(client.file("/openapi.json").body)
    parameters = described["components"].get("parameters", {})

    def resolve(item):
        return parameters[item["$ref"].rpartition("/")[2]] if "$ref" in item else item

    for path, methods in described["paths"].items():
        shared = methods.get("parameters", [])
        for method, operation in methods.items():
            if method != "parameters":
                found = [resolve(item) for item in shared + operation.get("parameters", [])]
                yield (method.upper(), path, [item["name"] for item in found if item["in"] == "query"], re.findall(r"\{(\w+)\}", path))


# --- Sessions ---------------------------------------------------------------------------------------


def test_nothing_is_open_without_a_session(platform):
    stranger = WebClient(platform)
    for method, path, _, _ in documented(stranger):
        if not path.startswith(API):  # what the web says of itself: tests/unit/web/accept_test.c
            continue
        if path not in (f"{API}/session", f"{API}/session/link") or method == "GET":
            answer = stranger.request(method, re.sub(r"\{\w+\}", "1", path))
            assert answer.status in (401, 411), (method, path, answer)
            assert answer.status == 411 or (answer.headers["X-Request-Id"] and answer.json == {"detail": "Sign in first."})


def test_forged_and_expired_cookies_are_refused_and_told(platform, clients, audited):
    forged = WebClient(platform)
    real = clients["customer"].cookie
    for cookie in (real[:-1] + ("A" if real[-1] != "A" else "B"), "millrace_session=" + "A" * 43, "millrace_session=' OR 1=1 --",
                   f"{real}; {real}", "millrace_session=" + "A" * 5000):
        forged.cookie = cookie
        assert forged.get("/session").status == 401, cookie
    assert len(audited("session.refused")) == 5
    ending = add_user(platform, "ending", "analyst")
    assert ending.get("/session").status == 200
    with ops(platform) as database:
        database.execute("UPDATE web_session SET expires_ms = 1 WHERE user_id = (SELECT user_id FROM web_user WHERE name = 'ending')")
        database.commit()
    assert ending.get("/session").status == 401
    assert len(audited("session.refused")) == 6


def test_a_removed_user_is_out_at_once(platform):
    leaving = add_user(platform, "leaving", "operator")
    assert leaving.get("/users").status == 200
    platform.run("user", "remove", "leaving")
    assert leaving.get("/users").status == 401


def test_a_planted_session_is_not_taken_over(platform):
    platform.run("user", "add", "careful", "--role", "analyst", "--password-stdin", stdin=PASSWORD)
    planted = "millrace_session=" + "B" * 43
    client = WebClient(platform)
    client.cookie = planted
    client.sign_in("careful", PASSWORD)
    assert client.cookie != planted and client.get("/session").status == 200
    client.cookie = planted
    assert client.get("/session").status == 401


def test_a_link_used_twice_is_refused_and_told(platform, audited):
    link = platform.answer("user", "add", "once", "--role", "analyst", "--link")["link"]
    WebClient(platform).sign_in_by_link(link)
    again = WebClient(platform).request("POST", "/session/link", {"token": link.partition("#token=")[2]})
    assert again.status == 401 and "Set-Cookie" not in again.headers
    assert [entry["target"] for entry in audited("session.failed")] == ["link"]


def test_no_secret_is_kept_as_it_is(platform, clients):
    kept = b"".join(path.read_bytes() for path in platform.data.glob("ops.db*"))
    for client in clients.values():
        assert client.cookie.partition("=")[2].encode() not in kept
        assert client.csrf.encode() not in kept
    assert PASSWORD.encode() not in kept


# --- Other sites --------------------------------------------------------------------------------------


def test_what_another_site_sends_changes_nothing(clients, audited):
    victim = clients["analyst"]
    tries = [{"X-CSRF-Token": None}, {"X-CSRF-Token": "0" * 64}, {"X-CSRF-Token": clients["customer"].csrf},
             {"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}]
    for headers in tries:
        assert victim.request("DELETE", "/session", headers=headers).status == 403, headers
        assert victim.get("/session").status == 200
    forged = audited("request.forged")
    assert len(forged) == len(tries) and {entry["user"] for entry in forged} == {"ana"}


def test_every_answer_carries_the_security_headers(platform, clients):
    stranger = WebClient(platform)
    for answer in (stranger.file("/"), stranger.file("/nothing.js"), stranger.get("/session"), clients["operator"].get("/users"),
                   stranger.file("/openapi.json"), stranger.request("PATCH", "/session")):
        headers = answer.headers
        assert "default-src 'none'" in headers["Content-Security-Policy"] and "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff" and headers["X-Frame-Options"] == "DENY"
        assert headers["Referrer-Policy"] == "no-referrer" and headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert "Access-Control-Allow-Origin" not in headers


# --- Other people's data ----------------------------------------------------------------------------------


def test_a_customer_sees_only_what_is_theirs(clients, audited, monkeypatch):
    customer = clients["customer"]
    monkeypatch.setattr(customer, "source", "127.0.0.3")
    assert customer.get(f"/customers/{OWN}").status == 200
    assert customer.get("/invoices/536360").status == 200
    below = ("", "/months", "/orders", "/returned-items")
    for path in [f"/customers/{OTHER}{rest}" for rest in below] + ["/invoices/536361", "/invoices/536361/pdf"]:
        answer = customer.get(path)
        assert answer.status == 404, (path, answer)
        assert answer.json == customer.get(path.replace("17850", "99999999").replace("536361", "999999")).json, "it tells that there is one"
    assert len(audited("access.refused")) >= 6
    for path in (f"/customers/{OTHER}/orders", f"/customers/{OWN}/orders"):
        listed = customer.request("GET", path, query={"format": "csv", "q": "536361"})
        assert b"536361" not in listed.body


def test_a_role_does_not_reach_beyond_itself(clients, audited, monkeypatch):
    for client in clients.values():  # who is refused too often is not written down each time
        monkeypatch.setattr(client, "source", "127.0.0.2")
    refused = {"customer": ("/users", "/audit", "/customers", "/sales", "/sales/lines"), "analyst": ("/users", "/audit")}
    for role, paths in refused.items():
        for path in paths:
            assert clients[role].get(path).status == 403, (role, path)
    assert len(audited("access.refused")) == sum(map(len, refused.values()))


# --- Injection ---------------------------------------------------------------------------------------------


def test_no_parameter_is_more_than_a_parameter(platform, clients):
    operator = clients["operator"]
    with ops(platform) as database:
        users = database.execute("SELECT count(*) FROM web_user").fetchone()
    for method, path, query, _ in documented(operator):
        if method != "GET" or path == f"{API}/live":
            continue
        filled = re.sub(r"\{\w+\}", "1", path)
        for name in query:
            for evil in EVIL:
                answer = operator.request("GET", filled, query={name: evil})
                assert answer.status < 500, (path, name, evil, answer)
                assert "x" not in answer.headers.get("Set-Cookie", "")
                assert b"<script>" not in answer.body or answer.headers["Content-Type"].startswith("application/json")
    with ops(platform) as database:
        assert database.execute("SELECT count(*) FROM web_user").fetchone() == users
    with platform.store() as store:
        assert store.execute("SELECT count(*) FROM invoice").fetchone() == (2,)


def test_no_path_is_more_than_a_path(clients):
    operator = clients["operator"]
    from urllib.parse import quote
    for method, path, _, names in documented(operator):
        for name in names if method == "GET" else []:
            for evil in EVIL:
                target = re.sub(r"\{\w+\}", "1", path.replace("{" + name + "}", quote(evil, safe="")))
                answer = operator.request("GET", target)
                assert answer.status < 500, (target, answer)


def test_no_static_path_leads_out(platform):
    stranger = WebClient(platform)
    for path in ("/../../../../etc/passwd", "/..%2f..%2f..%2fetc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/assets/..%5c..%5cops.db",
                 "/ops.db", "/.env", "/assets/../../millrace.env", "/static//etc/passwd.txt"):
        answer = stranger.file(path)
        assert answer.status in (200, 400, 404), (path, answer)
        assert b"root:" not in answer.body and b"SQLite format" not in answer.body
        assert answer.status != 200 or answer.headers["Content-Type"].startswith("text/html"), path


# --- Trying passwords ----------------------------------------------------------------------------------------


def test_guessing_is_slowed_down_and_told(platform, audited):
    platform.run("user", "add", "target", "--role", "analyst", "--password-stdin", stdin=PASSWORD)
    guesser = WebClient(platform)

    def forget():
        with ops(platform) as database:
            database.execute("DELETE FROM web_attempt")
            database.commit()

    forget()
    try:
        answers = [guesser.request("POST", "/session", {"name": "target", "password": f"guess number {i}"}) for i in range(5)]
        assert {(answer.status, answer.body) for answer in answers} == {(401, b'{"detail":"Name or password is wrong."}')}
        with ops(platform) as database:  # a wait that outlasts the test on any machine
            database.execute("UPDATE web_attempt SET failures = failures + 5")
            database.commit()
        right = guesser.request("POST", "/session", {"name": "target", "password": PASSWORD})
        assert right.status == 429 and int(right.headers["Retry-After"]) > 5
        # Nor does it help to try another user from here, or a link.
        assert guesser.request("POST", "/session", {"name": "nobody", "password": "x"}).status == 429
        assert guesser.request("POST", "/session/link", {"token": "x"}).status == 429
        assert len(audited("session.failed")) == 5 and len(audited("session.locked")) == 3
    finally:
        forget()
    assert guesser.sign_in("target", PASSWORD).get("/session").status == 200


# --- Live --------------------------------------------------------------------------------------------------------


def read_events(response):
    name, data = None, None
    while line := response.readline():
        key, _, value = line.decode().rstrip("\n").partition(": ")
        if key == "event":
            name = value
        elif key == "data":
            data = json.loads(value)
        elif not line.strip() and name:
            yield name, data
            name = None


def test_live_figures_move_and_end_with_the_session(platform, clients):
    watcher = add_user(platform, "watcher", "analyst")
    connection = watcher.connect(timeout=30)
    connection.request("GET", f"{API}/live", headers=watcher.headers())
    events = read_events(connection.getresponse())
    name, before = next(events)
    assert name == "totals" and before["lines"] == 2 and before["sales"] == "30.60"
    assert platform.post(event(InvoiceNo="536399", CustomerID=OTHER, Quantity=10))[0] == 201
    after = next(data for name, data in events if name == "totals" and data["lines"] == 3)
    assert after["sales"] == "56.10" and after["orders"] == before["orders"] + 1
    began = time.monotonic()
    assert watcher.request("DELETE", "/session").status == 204
    assert "end" in [name for name, _ in events] and time.monotonic() - began < 10
    connection.close()


def test_a_customer_follows_live_without_the_shops_figures(clients):
    connection = clients["customer"].connect(timeout=30)
    connection.request("GET", f"{API}/live", headers=clients["customer"].headers())
    assert next(read_events(connection.getresponse())) == ("totals", {})
    connection.close()
