"""A client of the web for the end-to-end tests: signs in as a user, asks, and keeps its cookie."""

import http.client
import json
from urllib.parse import urlencode

API = "/api/v1"


def web_address(platform):
    address = next(role["address"] for role in platform.answer("status")["roles"] if role["role"] == "web" and role["alive"])
    host, _, port = address.rpartition(":")
    return host, int(port)


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"{self.status} {self.body[:400]!r}"


class WebClient:
    def __init__(self, platform):
        self.address = web_address(platform)
        self.cookie, self.csrf, self.session = None, None, None
        self.source = "127.0.0.1"  # another of 127.0.0.0/8: another client, for all that counts by address

    def connect(self, timeout=30):
        return http.client.HTTPConnection(*self.address, timeout=timeout, source_address=(self.source, 0))

    def headers(self, extra=None):
        own = {"Cookie": self.cookie} if self.cookie else {}
        if self.csrf:
            own["X-CSRF-Token"] = self.csrf
        own.update(extra or {})
        return {name: value for name, value in own.items() if value is not None}

    def request(self, method, path, body=None, headers=None, query=None):
        """path below /api/v1 unless it begins elsewhere; a header of None takes ours away."""
        target = path if path.startswith(API) or not path.startswith("/") or method == "RAW" else API + path
        connection = self.connect()
        try:
            data = None if body is None else body if isinstance(body, (bytes, str)) else json.dumps(body)
            suffix = "?" + urlencode(query, doseq=True) if query else ""
            connection.request(method, target + suffix, body=data, headers=self.headers(headers))
            response = connection.getresponse()
            return Answer(response.status, dict(response.getheaders()), response.read())
        finally:
            connection.close()

    def get(self, path, **query):
        return self.request("GET", path, query=query)

    def file(self, path, headers=None):
        """A path of the pages, as it is."""
        connection = self.connect()
        try:
            connection.putrequest("GET", path, skip_accept_encoding=True)
            for name, value in self.headers(headers).items():
                connection.putheader(name, value)
            connection.endheaders()
            response = connection.getresponse()
            return Answer(response.status, dict(response.getheaders()), response.read())
        finally:
            connection.close()

    def take(self, answer):
        assert answer.status == 200, answer
        self.cookie = answer.headers["Set-Cookie"].partition(";")[0]
        self.session = answer.json
        self.csrf = self.session["csrf"]
        return self

    def sign_in(self, name, password):
        return self.take(self.request("POST", "/session", {"name": name, "password": password}))

    def sign_in_by_link(self, link):
        return self.take(self.request("POST", "/session/link", {"token": link.partition("#token=")[2]}))


def add_user(platform, name, role, customer=None):
    """A user, and a client signed in as them."""
    arguments = ["--customer", customer] if customer is not None else []
    link = platform.answer("user", "add", name, "--role", role, *arguments, "--link")["link"]
    return WebClient(platform).sign_in_by_link(link)
