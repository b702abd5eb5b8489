"""Stands between the program and the storage, and does what networks and services do: cuts connections before
a request and behind it, cuts answers in the middle, delays them, has requests arrive twice, throttles, fails.

Which requests meet a fault is decided by `aims` (a function of method and path); which fault, by the seed.
"""

import http.client
import http.server
import random
import sys
import threading

FAULTS = ["cut before", "cut behind", "cut in the answer", "twice", "delay", "busy", "failed behind"]
DELAY_SECONDS = 0.2
HOP_BY_HOP = {"connection", "transfer-encoding", "keep-alive"}


def is_commit(method, path):
    return method == "PUT" and "/_delta_log/" in path and ".json" in path


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], ConnectionError):  # who asked was killed
            super().handle_error(request, client_address)


class Proxy:
    def __init__(self, port, seed, aims=is_commit, share=0.85):
        self.upstream, self.aims, self.share = port, aims, share
        self.random, self.lock = random.Random(seed), threading.Lock()
        self.faults = {fault: 0 for fault in FAULTS}
        self.enough = threading.Event()
        self.wanted = None
        self.server = Server(("127.0.0.1", 0), self.handler())
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self.thread.start()

    def begin(self, wanted):
        """From now on there are faults, until so many connections were cut."""
        self.enough.clear()
        self.wanted = wanted

    def cuts(self):
        return sum(count for fault, count in self.faults.items() if fault.startswith("cut"))

    def choose(self, method, path):
        with self.lock:
            if self.wanted is None or not self.aims(method, path) or self.random.random() >= self.share:
                return None
            fault = self.random.choice(FAULTS)
            self.faults[fault] += 1
            if self.cuts() >= self.wanted:
                self.wanted = None
                self.enough.set()
            return fault

    def cut(self):
        """What else happens where a connection is cut before or behind a request: killer.py."""

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def handler(proxy):  # noqa: N805
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True
            to = None

            def log_message(self, *_):
                pass

            def forward(self, body):
                for _ in range(2):  # a kept connection may be over
                    if self.to is None:
                        self.to = http.client.HTTPConnection("127.0.0.1", proxy.upstream, timeout=60)
                    try:
                        headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP}
                        self.to.request(self.command, self.path, body, headers)
                        answer = self.to.getresponse()
                        return answer, answer.read()
                    except (OSError, http.client.HTTPException):
                        self.to.close()
                        self.to = None
                raise ConnectionError("the storage does not answer")

            def reply(self, answer, content, cut=False):
                self.send_response_only(answer.status)
                for name, value in answer.getheaders():
                    if name.lower() not in HOP_BY_HOP | {"content-length"}:
                        self.send_header(name, value)
                length = answer.getheader("Content-Length") if self.command == "HEAD" else len(content)
                self.send_header("Content-Length", length or 0)
                if cut:  # in the middle of the headers
                    self._headers_buffer = [b"".join(self._headers_buffer)[:40]]
                    self.wfile.write(self._headers_buffer[0])
                    return
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(content)

            def fail(self, status, code):
                self.send_response_only(status)
                self.send_header("x-ms-error-code", code)
                self.send_header("Content-Length", 0)
                self.end_headers()

            def serve(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                fault = proxy.choose(self.command, self.path)
                try:
                    if fault == "cut before":
                        proxy.cut()
                        self.close_connection = True
                        return
                    if fault == "busy":
                        self.fail(503, "ServerBusy")
                        return
                    answer, content = self.forward(body)
                    if fault == "twice":
                        answer, content = self.forward(body)
                    if fault == "cut behind":
                        proxy.cut()
                        self.close_connection = True
                        return
                    if fault == "failed behind":
                        self.fail(500, "OperationTimedOut")
                        return
                    if fault == "delay":
                        threading.Event().wait(DELAY_SECONDS)  # what is tested is the lateness itself
                    self.close_connection = self.close_connection or fault == "cut in the answer"
                    self.reply(answer, content, fault == "cut in the answer")
                except (ConnectionError, BrokenPipeError):
                    self.close_connection = True

            do_GET = do_PUT = do_HEAD = do_DELETE = serve

        return Handler
