"""Somebody who is signed in to the web: requests with the session's cookie, answers with exact decimals."""

import http.client
import json
import re
from decimal import Decimal
from urllib.parse import quote, urlencode


class WebClient:
    """port: the web's. token: of a one-time link. None: nobody is signed in."""

    def __init__(self, port, token=None):
        self.port, self.cookie, self.csrf = port, None, None
        if token is not None:
            status, headers, body = self.request("POST", "/api/v1/session/link", json.dumps({"token": token}))
            assert status == 200, body
            self.cookie = headers["set-cookie"].split(";")[0]
            self.csrf = json.loads(body)["csrf"]

    def request(self, method, path, body=None, headers=None, timeout=60):
        sent = {"Content-Type": "application/json"} if body is not None else {}
        if self.cookie is not None:
            sent |= {"Cookie": self.cookie, "X-CSRF-Token": self.csrf}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request(method, path, body=body, headers=sent | (headers or {}))
            response = connection.getresponse()
            return response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()
        finally:
            connection.close()

    def get(self, path, **query):
        """The answer's JSON; any status but 200 fails."""
        status, _, body = self.request("GET", path_of(path, query))
        assert status == 200, (path, query, status, body)
        return json.loads(body, parse_float=Decimal)

    def status(self, path, **query):
        return self.request("GET", path_of(path, query))[0]

    def pages(self, path, **query):
        """Every page of a list, one behind the other."""
        page = self.get(path, **query)
        yield page
        while page["next"] is not None:
            page = self.get(path, **query, after=page["next"])
            yield page


def path_of(path, query):
    return f"/api/v1{quote(path)}" + (f"?{urlencode(query, doseq=True)}" if query else "")


def web_port(platform):
    """Of the web that a platform runs: its log tells the address."""
    return int(re.search(r"web[^\n]*http://127\.0\.0\.1:(\d+)", platform.log_path.read_text()).group(1))


def sign_in(platform, name, role, customer=None):
    """A new user, by the link that `user add` prints."""
    extra = ["--customer", customer] if customer is not None else []
    said = platform.run("user", "add", name, "--role", role, *extra, "--link").stdout
    return WebClient(web_port(platform), re.search(r"token=([\w-]+)", said).group(1))
