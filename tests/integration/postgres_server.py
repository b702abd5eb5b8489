"""A PostgreSQL of the tests' own, by tests/peers/postgres."""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parent.parent / "peers" / "postgres"
START_SECONDS_MAX = 120
AGAIN_SECONDS_MAX = 30


def start(*arguments, environment=None):
    return subprocess.run(
        [SCRIPTS / "start.sh", *map(str, arguments)], env={**os.environ, **(environment or {})}, capture_output=True, text=True,
        timeout=START_SECONDS_MAX)


class Postgres:
    def __init__(self, folder, url):
        self.folder, self.url = folder, url

    @property
    def address(self):
        return self.url.rsplit("@", 1)[1].split("/")[0]

    def socket_url(self, url):
        """The same by the socket in the file system: a way that no network cuts."""
        place, database = url.rsplit("@", 1)[1].split("/")
        return f"{url.rsplit('@', 1)[0]}@/{database}?host={self.folder}&port={place.rsplit(':', 1)[1]}"

    def kill(self):
        os.kill(int((self.folder / "data" / "postmaster.pid").read_text().splitlines()[0]), signal.SIGKILL)

    def kill_and_restart(self):
        self.kill()
        deadline = time.monotonic() + AGAIN_SECONDS_MAX
        # It starts again only when the last of its children has noticed; each try tells.
        while start(self.folder, "again").stdout.strip() != self.url:
            assert time.monotonic() < deadline, "PostgreSQL did not start again"

    def promote(self):
        done = start(self.folder, "promote")
        assert done.returncode == 0, done.stderr

    def query(self, text, database="millrace"):
        return subprocess.run(
            ["psql", "--no-psqlrc", "--tuples-only", "--no-align", f"{self.url.rsplit('/', 1)[0]}/{database}", "--command", text],
            check=True, capture_output=True, text=True).stdout.strip()

    def new_database(self, name):
        """Returns its URL."""
        self.query(f"CREATE DATABASE {name}")
        return f"{self.url.rsplit('/', 1)[0]}/{name}"


@contextlib.contextmanager
def running_postgres(standby_of=None, environment=None):
    if shutil.which("psql") is None:
        pytest.skip("psql is missing (Debian: postgresql-client)")
    top = Path(tempfile.mkdtemp(prefix="millrace-postgres-"))
    top.chmod(0o755)  # the server runs as another user where the tests run as root
    folder = top / "server"
    done = start(folder, *(["standby-of", standby_of.folder] if standby_of else []), environment=environment)
    try:
        if "no PostgreSQL server is installed" in done.stderr:
            pytest.skip(done.stderr.strip())
        assert done.returncode == 0, done.stderr
        yield Postgres(folder, done.stdout.strip())
    finally:
        subprocess.run([SCRIPTS / "stop.sh", folder], check=False, timeout=START_SECONDS_MAX)
        shutil.rmtree(top, ignore_errors=True)
