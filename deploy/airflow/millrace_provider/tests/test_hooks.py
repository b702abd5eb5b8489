"""The connection: which way it names, and what the package tells Airflow of itself."""

import importlib

import pytest
from airflow.sdk import Connection
from conftest import RUN_ID, told

import millrace_provider
from millrace_provider.command_client import CommandClient
from millrace_provider.hooks import MillraceHook, client_of, run_url_of
from millrace_provider.http_client import HttpClient
from millrace_provider.runs import MillraceRefused

URI = "millrace://:mr_Key-_1@millrace:8080?public_url=http%3A%2F%2Flocalhost%3A8080"


def connection(**given):
    return Connection(conn_id="millrace", conn_type="millrace", **given)


def test_a_connection_names_host_and_key():
    given = Connection.from_uri(URI, conn_id="millrace")
    client = client_of(given)
    assert isinstance(client, HttpClient) and client.url == "http://millrace:8080"
    assert client._headers == {"Authorization": "Bearer mr_Key-_1"}
    assert run_url_of(given, RUN_ID) == f"http://localhost:8080/operations/runs/{RUN_ID}"


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ({}, "http://127.0.0.1:8080"),
        ({"host": "shop.example", "schema": "https", "port": 443}, "https://shop.example:443"),
        ({"host": "https://shop.example"}, "https://shop.example"),
        ({"host": "https://shop.example", "port": 8443}, "https://shop.example:8443"),
    ],
)
def test_an_address_is_told_in_several_ways(given, url):
    assert client_of(connection(**given)).url == url


def test_a_connection_names_a_program_of_the_worker():
    given = connection(extra='{"command": "/usr/local/bin/millrace", "settings": {"MILLRACE_DATA": "/data"}}')
    client = client_of(given)
    assert isinstance(client, CommandClient) and client._environment["MILLRACE_DATA"] == "/data"
    assert run_url_of(given, RUN_ID) == ""


def test_the_form_tries_a_connection(client):
    client.states = [told("success")]
    assert MillraceHook().test_connection()[0]
    client.states = [MillraceRefused("millrace refused GET: 404 there is no such run")]
    assert MillraceHook().test_connection()[0]  # it answered, and nothing has run yet
    client.states = [MillraceRefused("millrace refused GET: 401 The key is unknown")]
    assert MillraceHook().test_connection() == (False, "millrace refused GET: 401 The key is unknown")


def test_what_airflow_is_told_of_the_package_is_there():
    info = millrace_provider.get_provider_info()
    names = [info["connection-types"][0]["hook-class-name"], *info["extra-links"]]
    for module, _, name in (path.rpartition(".") for path in names):
        assert getattr(importlib.import_module(module), name)
    assert set(MillraceHook.get_ui_field_behaviour()) == {"hidden_fields", "relabeling", "placeholders"}
