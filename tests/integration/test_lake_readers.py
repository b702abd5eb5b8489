"""Our tables, read by engines that are not ours: after commits, increments, optimize, checkpoint, kill -9, vacuum."""

import json
import os
import re
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from lake_readers import PEER, our_tables, ours, readers, same, tables_of  # noqa: F401
from millrace_platform import SANITIZED, running

pytestmark = pytest.mark.skipif(SANITIZED, reason="the engines would be measured, not our code")
TOP = Path(__file__).parents[2]
MODELS = TOP / "models"
SUBMIT_SECONDS_MAX = 300
ENGINES = ["delta-rs", "duckdb", "spark"]
FIRST, SECOND, THIRD = 4000, 3000, 500


def post(platform, count, seed):
    events = platform.folder / f"events-{seed}.ndjson"
    platform.run("generate", "--events", count, "--seed", seed, "--duplicates", "0.05", "-o", events)
    assert platform.answer("post", events)["accepted"] == count
    platform.wait_settled()


@pytest.fixture(scope="module")
def shop(readers):  # noqa: F811
    """A lake with a past: many commits and increments, a checkpoint, a killed processor, gathered files."""
    with running(MILLRACE_BRONZE_FLUSH="50ms", MILLRACE_SCHEDULE="off") as platform:
        platform.lake = platform.data / "lake"
        post(platform, FIRST, 1)
        platform.run("run", "all")
        for seed in range(2, 14):
            post(platform, SECOND // 12, seed)
        platform.run("run", "all")
        yield platform


@pytest.mark.parametrize("engine", ENGINES)
def test_every_table_reads_the_same(shop, readers, engine):  # noqa: F811
    names = tables_of(shop.lake)
    assert {"bronze/sales_events", "silver/fact_sales", "gold/fact_sales"} <= set(names)
    same(readers.read(engine, shop.lake, names), our_tables(shop, names))


@pytest.mark.parametrize("engine", ["delta-rs", "spark"])
def test_older_versions_read_the_same(shop, readers, engine):  # noqa: F811
    names = ["bronze/sales_events@1", "bronze/sales_events@3", "silver/fact_sales@0"]
    same(readers.read(engine, shop.lake, names), our_tables(shop, names))


def test_spark_runs_every_model_as_it_is_written(shop, readers):  # noqa: F811
    """What a model's SELECT gives on Spark, over the tables it reads, is what stands in our table."""
    names = {}
    for path in sorted(MODELS.glob("*/*.sql")):
        text = path.read_text()
        names[re.search(r"^-- name: (\S+)$", text, re.M).group(1)] = text
    assert len(names) > 15
    answers = readers.select(shop.lake, list(names.values()))
    differing = []
    for (name, _), answer in zip(names.items(), answers):
        mine = ours(shop, f"SELECT * FROM {name}")
        if (answer["columns"], answer["rows"], answer["digest"]) != (mine["columns"], mine["rows"], mine["digest"]):
            differing.append((name, answer["rows"], mine["rows"]))
    assert differing == []


def test_gathered_files_hold_the_same_rows(shop, readers):  # noqa: F811
    before = our_tables(shop, ["bronze/sales_events"])
    shop.run("lake", "optimize", "bronze/sales_events")
    assert our_tables(shop, ["bronze/sales_events"]) == before
    for engine in ENGINES:
        same(readers.read(engine, shop.lake, ["bronze/sales_events"]), before)


def test_a_vacuumed_table_reads_the_same(shop, readers):  # noqa: F811
    names = tables_of(shop.lake)
    before = our_tables(shop, names)
    for name in names:
        shop.run("lake", "vacuum", name, "--retention", "0s", "--force")
    assert our_tables(shop, names) == before
    for engine in ENGINES:
        same(readers.read(engine, shop.lake, names), before)


def test_a_killed_processor_leaves_tables_that_everyone_can_read(shop, readers):  # noqa: F811
    events = shop.folder / "killed.ndjson"
    shop.run("generate", "--events", THIRD, "--seed", 99, "-o", events)
    for _ in range(5):
        shop.run("post", "--restart", events)
        pid = shop.role_pid("processor")
        if pid:
            os.kill(pid, signal.SIGKILL)
    shop.wait_settled()
    shop.run("run", "all")
    names = tables_of(shop.lake)
    for engine in ENGINES:
        same(readers.read(engine, shop.lake, names), our_tables(shop, names))


def test_what_spark_appends_we_read(shop, readers):  # noqa: F811
    """On a copy of a table: Spark's writing to a local folder is not safe beside other writers."""
    shutil.copytree(shop.lake / "silver" / "dim_product", shop.lake / "silver" / "spark_product")
    once = ours(shop, "SELECT * FROM silver.spark_product")
    readers.append(shop.lake, "silver/spark_product")
    twice = ours(shop, "SELECT * FROM silver.spark_product")
    assert twice["rows"] == 2 * once["rows"]
    same(readers.read("spark", shop.lake, ["silver/spark_product"]), {"silver/spark_product": twice})
    shop.run("lake", "optimize", "silver/spark_product")
    same(readers.read("spark", shop.lake, ["silver/spark_product"]), {"silver/spark_product": twice})
    shutil.rmtree(shop.lake / "silver" / "spark_product")


def factory_steps():
    """The words behind the layer that Data Factory's pipeline gives to the job, in the order of its activities."""
    pipeline = json.loads((TOP / "deploy/adf/pipeline/spark.json").read_text())
    return [activity["typeProperties"]["args"][1] for activity in pipeline["properties"]["activities"]]


def submit(readers, lake, job, *arguments):  # noqa: F811
    jars = ",".join(str(path) for path in Path(readers.jars).glob("*.jar"))
    done = subprocess.run(
        [PEER / "spark-submit.sh", "--master", "local[2]", "--jars", jars, "--properties-file", PEER / "spark.conf",
         "--conf", "spark.databricks.delta.snapshotPartitions=1",
         "--conf", f"spark.millrace.lake={lake}", "--conf", f"spark.millrace.models={job.parent}/models", job, *arguments],
        capture_output=True, text=True, timeout=SUBMIT_SECONDS_MAX)
    assert done.returncode == 0, "".join(line for line in done.stderr.splitlines(True) if " INFO " not in line)
    return done.stdout


def test_the_ejected_job_makes_by_spark_alone_what_run_makes(shop, readers, tmp_path):  # noqa: F811
    shop.run("run", "all")
    shop.run("eject", tmp_path / "left", "--only", "spark")
    job, lake = tmp_path / "left/deploy/spark/models_job.py", tmp_path / "lake"
    shutil.copytree(shop.lake / "bronze", lake / "bronze")
    readers.make_models(lake, job.parent, job.parent / "models", [(layer, step) for layer in ("silver", "gold") for step in factory_steps()])
    names = [name for name in tables_of(shop.lake) if name.startswith(("silver/", "gold/"))]
    mine = our_tables(shop, names)
    assert [name for name in tables_of(lake) if not name.startswith("bronze/")] == names
    same(readers.read("duckdb", lake, names), mine)
    for name in names:
        first = (lake / name / "_delta_log" / f"{0:020}.json").read_text()
        assert '"minReaderVersion":1,"minWriterVersion":2' in first, name
    # As a pool starts it, over what stands: that changes nothing.
    assert f"silver/fact_sales: {mine['silver/fact_sales']['rows']} rows" in submit(readers, lake, job, "silver", "facts", "2011-12-09")
    same(readers.read("duckdb", lake, names), mine)
