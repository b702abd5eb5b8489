"""A client of the web that reads lists page by page, with exact decimals."""

import json
from decimal import Decimal
from urllib.parse import quote

from web_client import WebClient, add_user


class PortalClient:
    def __init__(self, web: WebClient):
        self.web = web

    def ask(self, path, headers=None):
        """A path with its query, as it is: status, headers by their small names, body."""
        answer = self.web.request("GET", path, headers=headers)
        return answer.status, {name.lower(): value for name, value in answer.headers.items()}, answer.body

    def get(self, path, **query):
        """The answer's JSON; any status but 200 fails."""
        answer = self.web.get(quote(path), **query)
        assert answer.status == 200, (path, query, answer)
        return json.loads(answer.body, parse_float=Decimal)

    def pages(self, path, **query):
        """Every page of a list, one behind the other."""
        page = self.get(path, **query)
        yield page
        while page["next"] is not None:
            page = self.get(path, **query, after=page["next"])
            yield page


def sign_in(platform, name, role, customer=None):
    return PortalClient(add_user(platform, name, role, customer))
