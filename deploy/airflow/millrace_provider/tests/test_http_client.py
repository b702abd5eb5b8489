"""The way by HTTP, to a server that answers as it is told."""

import json
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
from conftest import RUN_ID, told

from millrace_provider.http_client import HttpClient
from millrace_provider.runs import MillraceRefused, MillraceUnavailable, Wish

WISH = Wish("silver", "a key", "2026-03-28")


@pytest.fixture
def server():
    class Handler(BaseHTTPRequestHandler):
        def answer(self):
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.server.asked.append((self.command, self.path, self.headers.get("Authorization"), json.loads(body or "null")))
            status, said = self.server.answers.pop(0)
            text = said if isinstance(said, str) else json.dumps(said)
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        do_GET = do_POST = answer

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as started:
        started.asked, started.answers = [], []
        thread = Thread(target=started.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield started
        started.shutdown()
        thread.join()


@pytest.fixture
def client(server):
    return HttpClient(f"http://127.0.0.1:{server.server_port}/", "mr_key")


def test_a_run_is_asked_for_with_its_key(server, client):
    server.answers = [(201, told("queued"))]
    assert client.ask(WISH).id == RUN_ID
    assert server.asked == [
        (
            "POST",
            "/api/v1/ops/runs",
            "Bearer mr_key",
            {"target": "silver", "full_refresh": False, "idempotency_key": "a key", "date": "2026-03-28"},
        )
    ]


def test_what_it_tells_is_read(server, client):
    server.answers = [
        (200, told("running")),
        (200, "a log"),
        (404, {"detail": "none"}),
        (200, {"models": []}),
        (404, {"detail": "none"}),
    ]
    assert client.run("last").state == "running"
    assert client.log(RUN_ID, "silver") == "a log" and client.log(RUN_ID, "gold") == ""
    assert client.report(RUN_ID, "silver") == {"models": []} and client.report(RUN_ID, "gold") == {}
    assert server.asked[1][1] == f"/api/v1/ops/runs/{RUN_ID}/tasks/silver/log"


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_what_passes_is_told_from_what_does_not(server, client, status):
    server.answers = [
        (status, {"detail": "ask again"}),
        (401, {"detail": "The key is unknown"}),
        (422, {"detail": [{"loc": ["body", "date"], "msg": "no day", "type": "x"}]}),
        (500, "<html>"),
    ]
    with pytest.raises(MillraceUnavailable, match="ask again"):
        client.ask(WISH)
    for words in ("The key is unknown", "body.date: no day", "<html>"):
        with pytest.raises(MillraceRefused, match=words):
            client.ask(WISH)


def test_a_run_that_has_ended_is_cancelled_already(server, client):
    server.answers = [
        (200, told("running")),
        (409, {"detail": "the run has ended already"}),
        (403, {"detail": "not your role"}),
    ]
    client.cancel(RUN_ID)
    client.cancel(RUN_ID)
    with pytest.raises(MillraceRefused, match="not your role"):
        client.cancel(RUN_ID)
    assert server.asked[0][1] == f"/api/v1/ops/runs/{RUN_ID}/cancel"


def test_nobody_there_may_be_there_later():
    with pytest.raises(MillraceUnavailable, match="cannot be reached"):
        HttpClient("http://127.0.0.1:9", "mr_key").run("last")
