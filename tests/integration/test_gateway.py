"""The gateway as its clients meet it: friendly ones, and hostile ones."""

import gzip
import http.client
import json
import socket
import subprocess
import threading
import zlib

import pytest

from millrace_platform import event, running

BATCH = "/invoicedata/batch"


def raw(platform, *pieces, timeout=20):
    """Sends bytes as they are; returns everything the server says until it closes, or b'' early."""
    with socket.create_connection(("127.0.0.1", platform.port), timeout=timeout) as client:
        for piece in pieces:
            client.sendall(piece)
        client.shutdown(socket.SHUT_WR)
        answer = b""
        while chunk := client.recv(65536):
            answer += chunk
        return answer


def status_of(answer):
    return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/1.1 ") else None


def head(path=b"/invoicedata", *lines, method=b"POST"):
    return b"\r\n".join([method + b" " + path + b" HTTP/1.1", b"Host: shop", *lines, b"", b""])


def test_the_answer_is_the_stored_item(shared_platform):
    status, answer = shared_platform.post(event(InvoiceNo=600001, CustomerName="Ada"))
    assert status == 201
    assert answer["InvoiceNo"] == "600001"
    assert answer["InvoiceDate"] == "01-12-2010 08:26:00"
    assert answer["UnitPrice"] == 2.55 and answer["Quantity"] == 6
    assert answer["customerName"] == "Ada"
    assert len(answer["event_id"]) == 32 and answer["offset"] >= 0


def test_every_bad_field_is_named(shared_platform):
    status, answer = shared_platform.post(
        {"InvoiceNo": "", "StockCode": 5, "Quantity": "six", "UnitPrice": 1.23456, "InvoiceDate": "01/12/2010 08:26"})
    assert status == 422
    named = {(item["loc"][1], item["type"]) for item in answer["detail"]}
    assert {name for name, _ in named} == {"InvoiceNo", "StockCode", "Quantity", "UnitPrice", "Country"}
    assert ("Country", "missing") in named


@pytest.mark.parametrize("date", ["31/02/2011 10:00", "2011-02-01T10:00:00Z", "yesterday", ""])
def test_a_date_that_does_not_parse_is_400(shared_platform, date):
    status, answer = shared_platform.post(event(InvoiceDate=date))
    assert status == 400 and "InvoiceDate" in answer["detail"]


@pytest.mark.parametrize("body", [b"", b"{", b"nonsense", b'{"InvoiceNo": "\xff"}', b"[" * 100000],
                         ids=["empty", "open", "words", "bad-utf8", "deep"])
def test_garbage_is_400(shared_platform, body):
    status, _, _ = shared_platform.request("POST", "/invoicedata", body, {"Content-Type": "application/json"})
    assert status in (400, 413, 422)


def test_a_foreign_content_type_is_415(shared_platform):
    assert shared_platform.request("POST", "/invoicedata", b"a=b", {"Content-Type": "application/x-www-form-urlencoded"})[0] == 415


def test_an_oversized_body_is_413(shared_platform):
    assert shared_platform.request("POST", "/invoicedata", b" " * (1 << 20), {"Content-Type": "application/json"})[0] == 413


def test_a_batch_keeps_the_good_lines_and_names_the_bad(shared_platform):
    lines = [json.dumps(event(InvoiceNo="600100", StockCode=f"B{n}")) for n in range(5)]
    lines[1] = "{broken"
    lines[3] = json.dumps(event(InvoiceNo="600100", Quantity="x"))
    status, answer = shared_platform.post("\n".join(lines), BATCH)
    assert status == 201
    assert (answer["accepted"], answer["refused"]) == (3, 2)
    assert [item["line"] for item in answer["errors"]] == [2, 4]
    shared_platform.wait_settled()
    assert len(shared_platform.answer("invoice", "600100")["lines"]) == 3


@pytest.mark.parametrize("packing", ["gzip", "zstd", "array"])
def test_a_batch_may_come_packed(shared_platform, packing):
    events = [event(InvoiceNo=f"6002-{packing}", StockCode=f"P{n}") for n in range(50)]
    body, headers = "\n".join(map(json.dumps, events)).encode(), {"Content-Type": "application/x-ndjson"}
    if packing == "gzip":
        body, headers = gzip.compress(body), {**headers, "Content-Encoding": "gzip"}
    elif packing == "zstd":
        packed = subprocess.run(["zstd", "-c"], input=body, capture_output=True, check=True)
        body, headers = packed.stdout, {**headers, "Content-Encoding": "zstd"}
    else:
        body, headers = json.dumps(events).encode(), {"Content-Type": "application/json"}
    status, _, answer = shared_platform.request("POST", BATCH, body, headers)
    assert status == 201 and json.loads(answer)["accepted"] == 50


def test_a_compressed_bomb_is_413_and_memory_stays_bounded(shared_platform):
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join(packer.compress(b" " * (1 << 20)) for _ in range(1024)) + packer.flush()
    status, _, _ = shared_platform.request(
        "POST", BATCH, bomb, {"Content-Type": "application/x-ndjson", "Content-Encoding": "gzip"})
    assert status == 413


def test_an_idempotency_key_is_an_event_id(shared_platform):
    first = shared_platform.post(event(InvoiceNo="600300"), **{"Idempotency-Key": "one"})[1]
    again = shared_platform.post(event(InvoiceNo="600300"), **{"Idempotency-Key": "one"})[1]
    other = shared_platform.post(event(InvoiceNo="600300"), **{"Idempotency-Key": "two"})[1]
    assert first["event_id"] == again["event_id"] != other["event_id"]
    shared_platform.wait_settled()
    assert len(shared_platform.answer("invoice", "600300")["lines"]) == 2


def test_a_receipt_tells_how_far_an_event_has_come(shared_platform):
    _, answer = shared_platform.post(event(InvoiceNo="600400"))
    shared_platform.wait_settled()
    status, _, body = shared_platform.request("GET", f"/receipts/{answer['event_id']}")
    receipt = json.loads(body)
    assert status == 200
    assert receipt["log"]["offset"] == answer["offset"]
    assert receipt["store"]["state"] == "stored"
    assert shared_platform.request("GET", f"/receipts/{'0' * 32}")[0] == 404
    assert shared_platform.request("GET", "/receipts/nonsense")[0] == 422


@pytest.mark.parametrize("path", ["/", "/health", "/ready", "/metrics", "/openapi.json", "/docs"])
def test_the_pages_around_it_answer(shared_platform, path):
    status, headers, body = shared_platform.request("GET", path)
    assert status == 200 and body
    if path == "/openapi.json":
        assert {"/invoicedata", "/invoicedata/batch", "/receipts/{event_id}"} <= json.loads(body)["paths"].keys()
    if path == "/docs":
        assert b"http://" not in body and b"https://" not in body  # works offline


@pytest.mark.parametrize("lines", [
    [b"Content-Length: 5", b"Content-Length: 6"],
    [b"Content-Length: 5", b"Transfer-Encoding: chunked"],
    [b"Transfer-Encoding: gzip, chunked"],
    [b"Content-Length: -1"],
    [b"Content-Length: 5 5"],
    [b"Host: another"],
    [b"Bad Header: x"],
    [b"X: " + b"a" * 70000],
])
def test_a_request_that_could_be_read_two_ways_is_refused(shared_platform, lines):
    answer = raw(shared_platform, head(b"/invoicedata", *lines), b"hello")
    assert status_of(answer) in (400, 413, 431, 501)
    assert answer.count(b"HTTP/1.1 ") == 1


def test_pipelined_requests_are_answered_in_order(shared_platform):
    bodies = [json.dumps(event(InvoiceNo="600500", StockCode=f"Q{n}")).encode() for n in range(20)]
    requests = b"".join(
        head(b"/invoicedata", b"Content-Type: application/json", b"Content-Length: %d" % len(body)) + body for body in bodies)
    answer = raw(shared_platform, requests)
    assert answer.count(b"HTTP/1.1 201") == 20
    order = [answer.index(b'"StockCode":"Q%d"' % n) for n in range(20)]
    assert order == sorted(order)


def test_a_chunked_body_byte_by_byte(shared_platform):
    body = json.dumps(event(InvoiceNo="600600")).encode()
    chunks = [b"1\r\n" + bytes([byte]) + b"\r\n" for byte in body]
    answer = raw(shared_platform, head(
        b"/invoicedata", b"Content-Type: application/json", b"Transfer-Encoding: chunked"), *chunks, b"0\r\n\r\n")
    assert status_of(answer) == 201


def test_slow_clients_do_not_slow_the_others():
    with running(MILLRACE_HEADER_TIMEOUT="1s", MILLRACE_BODY_TIMEOUT="1s") as platform:
        slow = [socket.create_connection(("127.0.0.1", platform.port), timeout=20) for _ in range(200)]
        for number, client in enumerate(slow):
            client.sendall(b"POST /invoicedata HTTP/1.1\r\nHost: x\r\n" if number % 2 else
                           head(b"/invoicedata", b"Content-Type: application/json", b"Content-Length: 100") + b"{")
        assert platform.post(event())[0] == 201
        for client in slow:  # each is told 408, or cut off, by itself
            answer = client.recv(4096)
            assert answer == b"" or status_of(answer) == 408
            client.close()


def test_beyond_loopback_a_key_is_required(tmp_path):
    with running(MILLRACE_AUTH="required") as platform:
        assert platform.post(event())[0] == 401
        assert platform.request("GET", "/health")[0] == 200
        key = platform.answer("key", "add", "shop")["key"]
        assert platform.post(event(), Authorization=f"Bearer {key}")[0] == 201
        assert platform.post(event(), **{"X-API-Key": key})[0] == 201
        assert platform.post(event(), **{"X-API-Key": key + "x"})[0] == 401
        source = tmp_path / "events.ndjson"
        source.write_text(json.dumps(event(StockCode="KEYED")) + "\n")
        platform.settings["MILLRACE_API_KEY"] = key
        assert platform.answer("post", source)["accepted"] == 1


def test_a_rate_limit_answers_429_with_retry_after():
    with running(MILLRACE_RATE_LIMIT="5", MILLRACE_RATE_BURST="5") as platform:
        answers = [platform.request("POST", "/invoicedata", json.dumps(event()), {"Content-Type": "application/json"})
                   for _ in range(20)]
        refused = [headers for status, headers, _ in answers if status == 429]
        assert refused and all(int(headers["Retry-After"]) >= 1 for headers in refused)


def test_sigterm_answers_what_is_under_way():
    with running() as platform:
        failures, acknowledged = [], []

        def load(number):
            connection = http.client.HTTPConnection("127.0.0.1", platform.port, timeout=20)
            for sequence in range(100000):
                name = f"D{number}-{sequence}"
                try:
                    connection.request("POST", "/invoicedata", json.dumps(event(InvoiceNo=name)),
                                       {"Content-Type": "application/json"})
                    response = connection.getresponse()
                    response.read()
                except (OSError, http.client.HTTPException):
                    return
                if response.status == 201:
                    acknowledged.append(name)
                elif response.status != 503:
                    failures.append(response.status)
                if len(acknowledged) > 500:
                    enough.set()

        enough = threading.Event()
        clients = [threading.Thread(target=load, args=(n,)) for n in range(4)]
        for client in clients:
            client.start()
        assert enough.wait(30)
        assert platform.stop() == [0]
        for client in clients:
            client.join()
        assert not failures
        with platform.store() as store:
            stored = {name for (name,) in store.execute("SELECT invoice_no FROM invoice")}
        assert set(acknowledged) <= stored  # the processor drains the log before it ends
