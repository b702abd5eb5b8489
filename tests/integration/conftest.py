"""Shared fixtures: a running platform, one a test or one a file."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from millrace_platform import running  # noqa: E402


@pytest.fixture
def platform():
    with running() as started:
        yield started


@pytest.fixture(scope="module")
def shared_platform():
    with running() as started:
        yield started
