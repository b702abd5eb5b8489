"""Airflow's connection to millrace: by HTTP, or by the command line of the worker."""

from __future__ import annotations

from typing import Any

from airflow.sdk import BaseHook, Connection

from millrace_provider.command_client import CommandClient
from millrace_provider.http_client import HttpClient
from millrace_provider.runs import Client


def client_of(connection: Connection) -> Client:
    """The way that a connection names: an extra `command` is a program on this worker, else it is host and key."""
    extra = connection.extra_dejson
    if extra.get("command"):
        return CommandClient(extra["command"], {str(name): str(value) for name, value in extra.get("settings", {}).items()})
    return HttpClient(_url_of(connection), connection.password or "", extra.get("verify", True))


def run_url_of(connection: Connection, run_id: str) -> str:
    """Where people see the run; "" where the connection knows no address of millrace's pages."""
    url = connection.extra_dejson.get("public_url") or (_url_of(connection) if connection.host else "")
    return f"{url.rstrip('/')}/operations/runs/{run_id}" if url else ""


def _url_of(connection: Connection) -> str:
    host = connection.host or "127.0.0.1"
    if "://" in host:
        return host if connection.port is None else f"{host}:{connection.port}"
    return f"{connection.schema or 'http'}://{host}:{connection.port or 8080}"


class MillraceHook(BaseHook):
    """Millrace behind a connection of Airflow's."""

    conn_name_attr = "millrace_conn_id"
    default_conn_name = "millrace"
    conn_type = "millrace"
    hook_name = "millrace"

    def __init__(self, millrace_conn_id: str = default_conn_name) -> None:
        """The connection is read when it is first needed."""
        super().__init__()
        self.millrace_conn_id = millrace_conn_id

    def get_conn(self) -> Client:
        """A client of the connection's millrace."""
        return client_of(self.get_connection(self.millrace_conn_id))

    def run_url(self, run_id: str) -> str:
        """Where people see the run."""
        return run_url_of(self.get_connection(self.millrace_conn_id), run_id)

    def test_connection(self) -> tuple[bool, str]:
        """What the button in Airflow's connection form asks."""
        try:
            run = self.get_conn().run("last")
        except Exception as error:  # noqa: BLE001 - the form shows whatever it is
            return ("there is no such run" in str(error) or "nothing has run" in str(error)), str(error)
        return True, run.story()

    @classmethod
    def get_ui_field_behaviour(cls) -> dict[str, Any]:
        """The form of a connection, in millrace's words."""
        return {
            "hidden_fields": ["login"],
            "relabeling": {"password": "Key (millrace key add NAME --role operator)", "schema": "http or https"},
            "placeholders": {"host": "127.0.0.1", "port": "8080", "extra": '{"public_url": "https://shop.example"}'},
        }
