"""PostgreSQL fails over to its standby, which lacks the last commits, while gateway and processor go on."""

import os
import signal

import pytest

from load import GENTLE, check_feed, check_once, ledger_of, more_is_acknowledged, posting, soon, stored_lines
from millrace_platform import running
from postgres_server import running_postgres


@pytest.fixture
def primary():
    with running_postgres() as started:
        yield started


@pytest.fixture
def standby(primary):
    with running_postgres(standby_of=primary) as started:
        yield started


def either(primary, standby, database):
    """A URL that names both, and wants the one that takes writes."""
    return f"{primary.url.rsplit('@', 1)[0]}@{primary.address},{standby.address}/{database}?target_session_attrs=read-write"


def stop_replication(standby):
    """The standby hears no more of the primary, without the primary's knowing."""
    receiver = int(standby.query("SELECT pid FROM pg_stat_wal_receiver"))
    os.kill(receiver, signal.SIGSTOP)
    return receiver


def lines(server):
    return int(server.query("SELECT count(*) FROM invoice_line"))


def test_a_standby_without_the_last_commits_is_brought_up_from_the_log(broker, prefix, primary, standby):
    settings = {"MILLRACE_BUS": broker.url(prefix), "MILLRACE_STORE": either(primary, standby, "millrace")}
    with running(**settings) as platform:
        with posting([platform] * 2, **GENTLE) as clients:
            assert more_is_acknowledged(clients, 300)
            assert soon(lambda: lines(standby) > 0), platform.log()
            receiver = stop_replication(standby)
            had = lines(standby)
            assert soon(lambda: lines(primary) > had + 300), platform.log()
            committed = lines(primary)
            # Before it takes writes: the first of them may bring it up at once.
            assert lines(standby) < committed, "nothing was lost with the primary: the test shows nothing"
            primary.kill()
            os.kill(receiver, signal.SIGKILL)
            standby.promote()
            assert soon(lambda: lines(standby) > committed), platform.log()
            assert more_is_acknowledged(clients, 300), platform.log()
        platform.wait_settled()
        assert platform.answer("status")["store"]["lines"] == len(stored_lines(platform))
        check_once(platform, ledger_of(clients))
        check_feed(platform)
