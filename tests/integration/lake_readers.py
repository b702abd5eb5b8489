"""Engines that are not ours, reading the tables we write: delta-rs, DuckDB by itself, Spark with Delta.

tests/peers/lake/install.sh fetches them; where it cannot, the tests that ask for one skip and say why.
"""

import datetime
import json
import os
import select
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

PEER = Path(__file__).parents[1] / "peers" / "lake"
sys.path.insert(0, str(PEER))

from read_tables import canonical  # noqa: E402

INSTALL_SECONDS_MAX, ANSWER_SECONDS_MAX = 900, 300


@pytest.fixture(scope="session")
def readers(tmp_path_factory):
    done = subprocess.run([PEER / "install.sh"], capture_output=True, text=True, timeout=INSTALL_SECONDS_MAX)
    if done.returncode != 0:
        pytest.skip(done.stderr.strip().splitlines()[-1])
    python, jars = done.stdout.split()
    started = Readers(python, jars, tmp_path_factory.mktemp("readers"))
    yield started
    started.close()


class Readers:
    """read_tables.py, running: Spark takes ten seconds to start, and is asked often."""

    def __init__(self, python, jars, folder):
        self.python, self.jars = python, jars
        self.log = open(folder / "readers.log", "w+b")
        self.process = subprocess.Popen(
            [python, PEER / "read_tables.py"], cwd=folder, env={**os.environ, "DELTA_JARS": jars},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log, text=True)

    def close(self):
        self.process.stdin.close()
        self.process.wait(timeout=60)
        self.log.close()

    def ask(self, **request):
        print(json.dumps(request), file=self.process.stdin, flush=True)
        ready, _, _ = select.select([self.process.stdout], [], [], ANSWER_SECONDS_MAX)
        line = self.process.stdout.readline() if ready else ""
        if not line:
            self.log.seek(0)
            raise AssertionError(f"no answer to {request}:\n{self.log.read()[-4000:].decode(errors='replace')}")
        said = json.loads(line)
        assert "error" not in said, f"{request}:\n{said['error']}"
        return said["answer"]

    def read(self, engine, lake, names):
        answers = self.ask(do="read", engine=engine, lake=str(lake), tables=names)
        return {answer["table"]: answer for answer in answers}

    def append(self, lake, table):
        self.ask(do="append", lake=str(lake), table=table)

    def make_models(self, lake, job, models, steps):
        self.ask(do="models", lake=str(lake), job=str(job), models=str(models), steps=steps)

    def select(self, lake, queries):
        return self.ask(do="select", lake=str(lake), queries=queries)


def tables_of(lake):
    return sorted(f"{log.parent.parent.name}/{log.parent.name}" for log in Path(lake).glob("*/*/_delta_log"))


def value_of(text_value, kind):
    if text_value is None or not kind.startswith("TIMESTAMP"):
        return text_value
    return datetime.datetime.fromisoformat(text_value)


def ours(platform, query):
    """What `millrace sql` answers, in the form that read_tables.py prints."""
    described = platform.run("sql", "--format", "ndjson", f"DESCRIBE {query}").stdout
    columns = [(row["column_name"], row["column_type"]) for row in map(json.loads, described.splitlines())]
    rows = []
    for line in platform.run("sql", "--format", "ndjson", query).stdout.splitlines():
        row = json.loads(line, parse_float=Decimal)
        rows.append([value_of(row[name], kind) for name, kind in columns])
    names = [name for name, _ in columns]
    count, digest = canonical(names, rows)
    return {"columns": sorted(names), "rows": count, "digest": digest}


def our_tables(platform, names):
    """names: "silver/fact_sales", or with "@VERSION"."""
    answers = {}
    for name in names:
        table, _, version = name.partition("@")
        of_version = f" VERSION AS OF {version}" if version else ""
        answers[name] = ours(platform, f"SELECT * FROM {table.replace('/', '.')}{of_version}")
    return answers


def same(theirs, mine):
    """Asserts that an engine saw exactly our rows."""
    for name, answer in mine.items():
        seen = theirs[name]
        assert seen["columns"] == answer["columns"], name
        assert (seen["rows"], seen["digest"]) == (answer["rows"], answer["digest"]), name
