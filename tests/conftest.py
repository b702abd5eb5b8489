"""Two tests run at a time (pytest-xdist): those of one file stay together, and so do all that share servers."""

import pytest

SHARED_SERVERS = {"broker", "postgres"}  # fixtures: one of each serves all files


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist reads the groups
def pytest_collection_modifyitems(items):
    for item in items:
        shares = SHARED_SERVERS.intersection(item.fixturenames)
        item.add_marker(pytest.mark.xdist_group("servers" if shares else item.path.stem))
