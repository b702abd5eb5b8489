"""The way to millrace by the HTTP API of its web."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import httpx

from millrace_provider.runs import MillraceRefused, MillraceUnavailable, Run, Wish

API = "/api/v1/ops/runs"
# Too many requests, and what a proxy or a millrace that is just starting says.
PASSING = frozenset({429, 502, 503, 504})


class HttpClient:
    """One millrace, by its address and a key with the role operator."""

    def __init__(self, url: str, key: str, verify: bool | str = True, timeout_s: float = 30) -> None:
        """verify: False, or a file with the authorities to trust, as httpx has it."""
        self.url = url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {key}"}
        self._verify = verify
        self._timeout_s = timeout_s

    def _request(self, method: str, path: str, body: dict[str, Any] | None = None) -> httpx.Response:
        # A connection each: a signal's handler may ask while another request is under way.
        try:
            with httpx.Client(verify=self._verify, timeout=self._timeout_s) as client:
                answer = client.request(method, self.url + path, json=body, headers=self._headers)
        except httpx.TransportError as error:
            raise MillraceUnavailable(f"millrace at {self.url} cannot be reached: {error}") from error
        if answer.status_code in PASSING:
            raise MillraceUnavailable(f"millrace at {self.url} is away for now: {_words(answer)}")
        return answer

    def _json(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        answer = self._request(method, path, body)
        if answer.is_error:
            raise MillraceRefused(f"millrace refused {method} {path}: {answer.status_code} {_words(answer)}")
        told: dict[str, Any] = answer.json()
        return told

    def ask(self, wish: Wish) -> Run:
        """Begins the run, or joins the one of the wish's key."""
        body: dict[str, Any] = {"target": wish.target, "full_refresh": wish.full_refresh, "idempotency_key": wish.key}
        if wish.day:
            body["date"] = wish.day
        return Run.of(self._json("POST", API, body))

    def run(self, run_id: str) -> Run:
        """How the run stands."""
        return Run.of(self._json("GET", f"{API}/{quote(run_id, safe='')}"))

    def cancel(self, run_id: str) -> None:
        """Asks for its end; one that has ended already is left as it is."""
        answer = self._request("POST", f"{API}/{quote(run_id, safe='')}/cancel")
        if answer.is_error and answer.status_code != httpx.codes.CONFLICT:
            raise MillraceRefused(f"millrace did not cancel run {run_id}: {answer.status_code} {_words(answer)}")

    def log(self, run_id: str, task: str) -> str:
        """The end of what a task wrote."""
        answer = self._request("GET", f"{API}/{quote(run_id, safe='')}/tasks/{quote(task, safe='')}/log")
        return "" if answer.is_error else answer.text

    def report(self, run_id: str, task: str) -> dict[str, Any]:
        """What a task reported: its models and their checks; {} for none."""
        answer = self._request("GET", f"{API}/{quote(run_id, safe='')}/tasks/{quote(task, safe='')}/report")
        report: dict[str, Any] = {} if answer.is_error else answer.json()
        return report

    def stop(self) -> None:
        """Nothing runs here: the run is millrace's."""


def _words(answer: httpx.Response) -> str:
    """What millrace says of it, in FastAPI's two shapes."""
    try:
        detail = answer.json()["detail"]
    except (ValueError, KeyError, TypeError):
        return answer.text[:500]
    if isinstance(detail, list):
        return "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in detail)
    return str(detail)
