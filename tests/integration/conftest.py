"""Shared fixtures: a running platform, one a test or one a file; the servers, one of each for all files."""

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from azurite import running_azurite  # noqa: E402
from kafka_broker import running_broker  # noqa: E402
from millrace_platform import SANITIZED, running  # noqa: E402
from postgres_server import running_postgres  # noqa: E402


def refuse_under_sanitizers():
    if SANITIZED:
        pytest.skip("servers and sanitizers together are too slow; the code's unit tests run under them")


@pytest.fixture
def platform():
    with running() as started:
        yield started


@pytest.fixture(scope="module")
def shared_platform():
    with running() as started:
        yield started


@pytest.fixture(scope="session")
def broker():
    refuse_under_sanitizers()
    with running_broker() as started:
        yield started


@pytest.fixture(scope="session")
def postgres():
    refuse_under_sanitizers()
    with running_postgres() as started:
        yield started


@pytest.fixture(scope="session")
def azurite():
    refuse_under_sanitizers()
    with running_azurite() as started:
        yield started


@pytest.fixture
def prefix():
    """Of the names of topics and groups, so that tests share a broker without meeting each other."""
    return f"t{os.urandom(4).hex()}."


@pytest.fixture
def cluster(broker, postgres, prefix):
    """Settings of a platform on Kafka and PostgreSQL: topics and a database of the test's own."""
    return {"MILLRACE_BUS": broker.url(prefix), "MILLRACE_STORE": postgres.new_database(prefix[:-1])}
