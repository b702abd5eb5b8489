"""Reads Delta tables with engines that are not ours, and says what they hold.

A server on standard input and output, so that Spark starts once: a request a line, as JSON, an answer a line.

    {"do": "read", "engine": "delta-rs" | "duckdb" | "spark", "lake": FOLDER, "tables": ["silver/fact_sales@3", ...]}
    {"do": "append", "lake": FOLDER, "table": NAME}          doubles the table's rows, by Spark
    {"do": "select", "lake": FOLDER, "queries": [SQL, ...]}  by Spark, with every table under its name, layer.table
    {"do": "models", "lake": FOLDER, "job": FOLDER, "models": FOLDER, "steps": [[LAYER, STEP], ...]}  by models_job.py

A table's answer is {"table", "version", "columns", "rows", "digest"}: the digest is over the rows in their canonical
text, sorted, so that two engines agree exactly when they see the same rows. canonical() is also what the tests apply
to our own answers. Spark's jars: the folder in DELTA_JARS.
"""

import datetime
import decimal
import functools
import hashlib
import json
import os
import sys
import time
import traceback
from pathlib import Path


def text(value):
    """One spelling of a value for every engine: None, exact numbers, UTC timestamps, blobs in hex."""
    if value is None:
        return "\\N"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value).hex()
    if isinstance(value, decimal.Decimal):
        return f"{value.normalize():f}" if value else "0"
    if isinstance(value, datetime.datetime):
        if value.tzinfo is not None:
            value = value.astimezone(datetime.timezone.utc).replace(tzinfo=None)
        return value.isoformat(sep=" ", timespec="microseconds")
    if isinstance(value, datetime.date):
        return value.isoformat()
    return str(value)


def canonical(columns, rows):
    """(count, digest) of rows, each a sequence in the order of columns."""
    order = sorted(range(len(columns)), key=lambda i: columns[i])
    lines = sorted("\x1f".join(text(row[i]) for i in order) for row in rows)
    return len(lines), hashlib.sha256("\n".join(lines).encode()).hexdigest()


def seen(table, version, columns, rows):
    count, digest = canonical(columns, rows)
    return {"table": table, "version": version, "columns": sorted(columns), "rows": count, "digest": digest}


def split(name):
    table, _, version = name.partition("@")
    return table, int(version) if version else None


def rows_of_arrow(arrow):
    columns = arrow.column_names
    return columns, zip(*(arrow.column(name).to_pylist() for name in columns)) if columns else []


def read_delta_rs(lake, name):
    from deltalake import DeltaTable
    table, version = split(name)
    found = DeltaTable(str(lake / table), version=version)
    return seen(name, found.version(), *rows_of_arrow(found.to_pyarrow_table()))


def read_duckdb(lake, name):
    """DuckDB by itself has no Delta reader here (an extension to download): the live files come from delta-rs, all
    the rest of reading, Parquet and partitions from the paths, is DuckDB's."""
    import duckdb
    from deltalake import DeltaTable
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    table, version = split(name)
    found = DeltaTable(str(lake / table), version=version)
    partitioned = set(found.metadata().partition_columns)
    types = {field.name: field.type.type for field in found.schema().fields if field.name in partitioned}
    sql_types = ", ".join(f"'{column}': {kind.upper()}" for column, kind in types.items())
    partitions = f", hive_partitioning = true, hive_types = {{{sql_types}}}" if types else ", hive_partitioning = false"
    files = found.file_uris()
    if not files:
        return seen(name, found.version(), [field.name for field in found.schema().fields], [])
    query = connection.execute(f"SELECT * FROM read_parquet(?, union_by_name = true{partitions})", [files])
    return seen(name, found.version(), [column[0] for column in query.description], query.fetchall())


@functools.cache
def spark():
    from pyspark.sql import SparkSession
    jars = ",".join(str(path) for path in Path(os.environ["DELTA_JARS"]).glob("*.jar"))
    session = (
        SparkSession.builder.master("local[2]").appName("millrace-tests")
        .config("spark.jars", jars)
        .config("spark.sql.extensions", "io.delta.sql.DeltaSparkSessionExtension")
        .config("spark.sql.catalog.spark_catalog", "org.apache.spark.sql.delta.catalog.DeltaCatalog")
        .config("spark.databricks.delta.snapshotPartitions", "1")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "1")
        .config("spark.sql.codegen.wholeStage", "false")  # little data: compiling would be all the work
        .config("spark.driver.extraJavaOptions", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.memory", "2g")
        .getOrCreate())
    session.sparkContext.setLogLevel("ERROR")
    return session


def read_spark(lake, name):
    table, version = split(name)
    reader = spark().read.format("delta")
    if version is not None:
        reader = reader.option("versionAsOf", version)
    frame = reader.load(str(lake / table))
    return seen(name, version, frame.columns, frame.collect())


def append(lake, table):
    frame = spark().read.format("delta").load(str(lake / table))
    frame.write.format("delta").mode("append").save(str(lake / table))


def select(lake, queries):
    for log in sorted(lake.glob("*/*/_delta_log")):
        layer, table = log.parent.parent.name, log.parent.name
        spark().sql(f"CREATE SCHEMA IF NOT EXISTS {layer}")
        spark().sql(f"DROP TABLE IF EXISTS {layer}.{table}")
        spark().sql(f"CREATE TABLE {layer}.{table} USING DELTA LOCATION '{log.parent}'")
    answers = []
    for query in queries:
        frame = spark().sql(query)
        answers.append(seen(query, None, frame.columns, frame.collect()))
    return answers


def make_models(request):
    sys.path.insert(0, request["job"])
    import models_job
    for name in ("lake", "models"):
        spark().conf.set(f"spark.millrace.{name}", request[name])
    for layer, step in request["steps"]:
        models_job.run(spark(), layer, step)


def answer(request):
    lake = Path(request["lake"])
    if request["do"] == "models":
        return make_models(request)
    if request["do"] == "append":
        return append(lake, request["table"])
    if request["do"] == "select":
        return select(lake, request["queries"])
    read = {"delta-rs": read_delta_rs, "duckdb": read_duckdb, "spark": read_spark}[request["engine"]]
    return [read(lake, name) for name in request["tables"]]


def main():
    os.environ["TZ"] = "UTC"
    time.tzset()  # Spark hands timestamps over in the process's own zone
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what Spark prints is not an answer
    for request in sys.stdin:
        try:
            said = {"answer": answer(json.loads(request))}
        except Exception:
            said = {"error": traceback.format_exc()[-4000:]}
        print(json.dumps(said), file=answers, flush=True)


if __name__ == "__main__":
    main()
