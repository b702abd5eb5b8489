"""deploy/spark/bronze_stream.py: Spark writes bronze in the place of millrace's own sink, and they take turns."""

import json
import os
import select
import signal
import subprocess
from pathlib import Path

import pytest

from millrace_platform import running
from test_medallion import generate
from test_web_sales import until

TOP = Path(__file__).parents[2]
PEER = TOP / "tests" / "peers" / "lake"
JOB = TOP / "deploy" / "spark" / "bronze_stream.py"
INSTALL_SECONDS_MAX, STREAM_SECONDS_MAX = 900, 300
ROWS = ("SELECT InvoiceNo, StockCode, Description, Quantity, InvoiceDate, UnitPrice, CustomerID, CustomerName, Country, "
        "EventID, hex(event_id) AS id, extra, topic, \"partition\", \"offset\", ingest_time, ingest_date "
        "FROM bronze.sales_events ORDER BY ALL")
GOOD = ('{"InvoiceNo":"536365","StockCode":"85123A","Description":"WHITE \\"É\\"\\t","Quantity":-6,"InvoiceDate":'
        '"01/12/2010 08:26","UnitPrice":2.55,"CustomerID":17850,"Country":"France","till":{"no":[4,1.50,null]}}')
WRONG = {  # each of them is another writing, or another line, than the gateway's
    "blank": GOOD.replace('":"France', '": "France'), "not JSON": GOOD[:-1], "an array": f"[{GOOD}]",
    "escape": GOOD.replace("É", "\\u00c9"), "order": GOOD.replace('"InvoiceNo":"536365",', "").replace("{", '{"InvoiceNo":"536365",', 1)
    .replace('"StockCode":"85123A",', "").replace('"Country"', '"StockCode":"85123A","Country"'),
    "missing": GOOD.replace('"CustomerID":17850,', ""), "behind": GOOD[:-1] + ',"EventID":"x"}',
    "alias": GOOD[:-1] + ',"CustomerName":"x"}', "twice": GOOD.replace('{"Inv', '{"InvoiceNo":"536365","Inv', 1),
    "null": GOOD.replace('"France"', "null"), "number": GOOD.replace('"536365"', "536365"),
    "empty": GOOD.replace("85123A", ""), "long": GOOD.replace("France", "F" * 65), "NUL": GOOD.replace("85123A", "\\u0000"),
    "price": GOOD.replace("2.55", "2.550"), "places": GOOD.replace("2.55", "2.55555"), "text": GOOD.replace("2.55", '"2.55"'),
    "exponent": GOOD.replace("2.55", "255e-2"), "minus nothing": GOOD.replace("2.55", "-0"), "whole": GOOD.replace("-6", "-6.0"),
    "range": GOOD.replace("-6", "2147483648"), "day": GOOD.replace("01/12", "31/11"), "digits": GOOD.replace("01/12", "1/12"),
    "seconds": GOOD.replace("08:26", "08:26:00"), "NaN": GOOD.replace("1.50", "NaN"), "deep": GOOD.replace("1.50", "[" * 64 + "1" + "]" * 64)}


@pytest.fixture(scope="module")
def peer():
    """The Python that has pyspark, and the jars."""
    done = subprocess.run([PEER / "install.sh"], capture_output=True, text=True, timeout=INSTALL_SECONDS_MAX)
    if done.returncode != 0:
        pytest.skip(done.stderr.strip().splitlines()[-1])
    python, jars = done.stdout.split()
    return python, ",".join(str(path) for path in Path(jars).glob("*.jar"))


def test_it_takes_what_the_gateway_writes_and_nothing_else(peer):
    """Whatever it takes the sink would take for the same: so the writing is compared, not only read."""
    code = ("import json, sys; sys.path.insert(0, sys.argv[1]); import bronze_stream\n"
            "print(json.dumps({name: str(bronze_stream.parse(text.encode())) for name, text in json.load(sys.stdin).items()}))")
    done = subprocess.run([peer[0], "-c", code, JOB.parent], input=json.dumps({"good": GOOD, **WRONG}), text=True,
                          capture_output=True, timeout=60, check=True)
    said = json.loads(done.stdout)
    assert "Decimal('2.55'), 17850" in said.pop("good")
    assert said == dict.fromkeys(WRONG, "None")


class Stream:
    """The job at work."""

    def __init__(self, platform, broker, prefix, peer, *options):
        properties = platform.folder / "kafka.properties"
        properties.write_text("fetch.min.bytes=1\n")
        self.log = open(platform.folder / "stream.log", "w+b")
        self.process = subprocess.Popen(
            [PEER / "spark-submit.sh", "--master", "local[2]", "--jars", peer[1], "--properties-file", PEER / "spark.conf",
             "--conf", "spark.databricks.delta.snapshotPartitions=1", JOB,
             "--brokers", broker.addresses, "--kafka-properties", properties, "--prefix", prefix, "--lake",
             platform.data / "lake", *map(str, options)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.log, text=True, env={**os.environ}, start_new_session=True)

    def said(self):
        self.log.seek(0)
        return self.log.read().decode(errors="replace")[-6000:]

    def await_commit(self):
        ready, _, _ = select.select([self.process.stdout], [], [], STREAM_SECONDS_MAX)
        assert ready and "next offsets" in self.process.stdout.readline(), self.said()

    def kill(self):
        os.killpg(self.process.pid, signal.SIGKILL)
        return self.wait()

    def wait(self):
        try:
            self.process.communicate(timeout=STREAM_SECONDS_MAX)
        finally:
            if self.process.poll() is None:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
        return self.process.returncode


def post(platform, lines, name):
    file = platform.folder / f"{name}.ndjson"
    file.write_text("".join(lines))
    platform.run("post", "--restart", file)


def by_sink(platform):
    platform.start("processor")
    platform.wait_settled()
    platform.processes[-1].terminate()
    platform.processes.pop().wait(timeout=60)


def rows(platform):
    return platform.run("sql", "--format", "csv", ROWS).stdout


def commits(platform):
    """The entries of bronze's log in their order, each the list of its actions."""
    log = platform.data / "lake" / "bronze" / "sales_events" / "_delta_log"
    return [[json.loads(line) for line in file.read_text().splitlines()] for file in sorted(log.glob("*.json"))]


def test_sink_and_stream_take_turns_and_give_the_rows_of_the_sink_alone(broker, prefix, peer):
    settings = {"MILLRACE_BUS": broker.url(prefix), "MILLRACE_BRONZE_FLUSH": "50ms", "MILLRACE_SINKS": "bronze"}
    with running("gateway", **settings) as platform:
        lines = generate(platform, 900, 31)
        lines[310] = lines[310].rstrip()[:-1] + ',"till":{"no":4,"by":"Zoë \\u00e9\\u0001"},"n":1.50}\n'
        lines[320] = lines[320].replace('"UnitPrice":', '"EventID":"by till 4","UnitPrice":-')
        post(platform, lines[:300], "first")
        by_sink(platform)
        post(platform, lines[300:600] + lines[:50], "second")
        killed = Stream(platform, broker, prefix, peer, "--most", 200, "--every", "0 seconds")
        killed.await_commit()
        assert killed.kill() == -signal.SIGKILL
        assert rows(platform).count("\n") < 1 + 650  # something is left for the next one
        broker.tool("kafka.tools.ConsoleProducer", "--topic", f"{prefix}ingestion-topic", stdin=GOOD + "\n")
        ended = Stream(platform, broker, prefix, peer, "--once")
        assert ended.wait() == 0, ended.said()
        assert rows(platform).count("\n") == 1 + 651
        post(platform, lines[600:], "third")
        by_sink(platform)

        both, entries = rows(platform), commits(platform)
        by_spark = [entry for entry in entries if any("Delta-Lake" in action.get("commitInfo", {}).get("engineInfo", "") for action in entry)]
        assert len(by_spark) >= 2
        for entry in by_spark:
            assert {kind for action in entry for kind in action} == {"commitInfo", "txn", "add"}  # no protocol, no metadata
            assert all("millrace.sum" in action["add"]["tags"] for action in entry if "add" in action)
        platform.run("run")
        assert platform.answer("run", "--full-refresh")["reconciliation"]["holds"]
    with running(**settings, MILLRACE_ROLES="processor") as alone:
        until(alone.delivered, lambda count: count >= 951, 60)  # the group of the first one had settled long ago
        assert rows(alone) == both
        assert alone.answer("run")["reconciliation"]["holds"]
