"""`millrace sql` over a lake that the program itself has filled: numbers, formats, versions, refusals."""

import csv
import io
import json
import subprocess
import threading
from decimal import Decimal

import pytest
from millrace_platform import PROGRAM, event, running


@pytest.fixture(scope="module")
def platform():
    """40 lines of 20 invoices, in bronze."""
    with running(MILLRACE_BRONZE_FLUSH="100ms") as platform:
        for number in range(40):
            line = event(InvoiceNo=str(700000 + number // 2), StockCode=f"S{number}", Quantity=number - 1,
                         UnitPrice=0.1, Description='6" "jam", pots' if number == 0 else None)
            assert platform.post(line)[0] == 201
        platform.run("status", "--wait", "60s")
        yield platform


def rows(platform, query, *options):
    return json.loads(platform.run("sql", *options, "--json", query).stdout, parse_float=Decimal)


def refused(platform, query, *options):
    done = platform.run("sql", *options, query, check=False)
    assert done.returncode == 1, f"{query}: {done.returncode} {done.stdout}"
    assert done.stdout == ""
    return done.stderr


def test_sums_are_exact(platform):
    assert rows(platform, "SELECT count(*) AS n, sum(Quantity * UnitPrice) AS amount FROM bronze.sales_events") == [
        {"n": 40, "amount": Decimal("74.0000")}]


def test_queries_come_from_files_and_standard_input(platform):
    file = platform.folder / "query.sql"
    file.write_text("-- two statements\nSELECT 1 AS a;\nSELECT 2 AS b;\n")
    assert platform.run("sql", "--format", "csv", "-f", file).stdout == "a\n1\nb\n2\n"
    assert platform.run("sql", "--format", "csv", stdin="SELECT 3 AS c").stdout == "c\n3\n"
    assert platform.run("sql", "--format", "csv", "-", stdin="SELECT 3 AS c").stdout == "c\n3\n"
    assert platform.run("sql", "SELECT 1", "SELECT 2", check=False).returncode == 2
    assert platform.run("sql", "--format", "xml", "SELECT 1", check=False).returncode == 2


def test_every_version_can_be_read(platform):
    listed = {row["table"]: row for row in rows(platform, r"\d")}
    newest = listed["bronze.sales_events"]["version"]
    assert listed["bronze.sales_events"]["rows"] == 40
    counts = [rows(platform, f"SELECT count(*) AS n FROM bronze.sales_events VERSION AS OF {version}")[0]["n"]
              for version in range(newest + 1)]
    assert counts == sorted(counts) and counts[-1] == 40
    now = rows(platform, "SELECT count(*) AS n FROM bronze.sales_events TIMESTAMP AS OF '2100-01-01 00:00:00'")
    assert now == [{"n": 40}]
    assert str(newest) in refused(platform, "FROM bronze.sales_events VERSION AS OF 1000")


def test_csv_and_json_hold_the_same(platform):
    query = "SELECT StockCode, Description, Quantity, UnitPrice FROM bronze.sales_events ORDER BY Quantity"
    text = platform.run("sql", "--format", "csv", query).stdout
    lines = platform.run("sql", "--format", "ndjson", query).stdout.splitlines()
    table = list(csv.DictReader(io.StringIO(text)))
    assert len(table) == len(lines) == 40
    for row, line in zip(table, lines):
        found = json.loads(line, parse_float=Decimal)
        assert {name: "" if value is None else str(value) for name, value in found.items()} == row
    assert table[0]["Description"] == '6" "jam", pots'


def test_parquet_is_written_to_the_named_file_alone(platform):
    out = platform.folder / "out.parquet"
    platform.run("sql", "--format", "parquet", "--output", out, "SELECT sum(Quantity) AS q FROM sales_events")
    assert out.read_bytes()[:4] == b"PAR1"
    assert not list(platform.folder.glob("out.parquet.part*"))
    assert platform.run("sql", "--format", "parquet", "SELECT 1", check=False).returncode == 2
    before = out.read_bytes()
    refused(platform, "SELECT error('boo')", "--format", "parquet", "--output", out)
    assert out.read_bytes() == before


@pytest.mark.parametrize("query", [
    "INSERT INTO bronze.sales_events SELECT * FROM bronze.sales_events", "CREATE TABLE t (a INTEGER)",
    "COPY bronze.sales_events TO 'x.csv'", "ATTACH 'x.db'", "SET memory_limit = '1TB'", "PRAGMA threads = 64",
    "INSTALL httpfs", "LOAD httpfs", "FROM read_csv('/etc/passwd')", "FROM glob('/**')", "SELECT getenv('PATH')",
    "FROM read_text('/proc/self/environ')", "FROM enable_logging(storage='file', storage_path='x')",
    "EXPLAIN ANALYZE CREATE TABLE t AS SELECT 1"])
def test_what_is_no_question_to_the_lake_is_refused(platform, query):
    assert refused(platform, query).startswith("millrace sql: ")
    assert not (platform.folder / "x.csv").exists() and not (platform.folder / "x").exists()


def test_a_query_ends_at_its_time_limit(platform):
    endless = "SELECT count(*) FROM range(1000000000) a, range(1000000000) b WHERE a.range + b.range = 7"
    assert "0.2 s" in refused(platform, endless, "--timeout", "200ms")


def test_an_unfinished_lake_says_how_to_finish_it(platform):
    assert "millrace run" in refused(platform, "FROM gold.vw_TotalSales")
    assert "bronze.sales_events" in refused(platform, "FROM bronze.sale_events")


def test_a_long_answer_flows_in_little_memory(platform):
    """Ten million rows; the process is stopped by a reader that has seen enough, as `head` does."""
    query = "SELECT s.* FROM bronze.sales_events s, range(250000)"
    process = subprocess.Popen([PROGRAM, "sql", "--format", "csv", query], env=platform.environment(),
                               cwd=platform.folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    timer = threading.Timer(60, process.kill)
    timer.start()
    for _ in range(100000):
        assert process.stdout.readline()
    with open(f"/proc/{process.pid}/status", encoding="ascii") as status:
        resident_kb = next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))
    process.stdout.close()
    process.wait()
    timer.cancel()
    assert resident_kb < 200 * 1024


def test_without_the_engine_s_library_it_says_so_and_what_needs_none_goes_on(platform, tmp_path):
    (tmp_path / "libduckdb.so").write_text("")
    environment = {**platform.environment(), "LD_LIBRARY_PATH": str(tmp_path)}
    done = subprocess.run([PROGRAM, "sql", "SELECT 1"], env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert f"library libduckdb.so cannot be loaded: {tmp_path}/libduckdb.so: file too short" in done.stderr
    for command in ("version", "status"):
        subprocess.run([PROGRAM, command], env=environment, capture_output=True, timeout=60, check=True)
