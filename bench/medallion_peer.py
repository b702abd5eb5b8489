# SPDX-License-Identifier: Apache-2.0
"""The models' SELECTs by engines that are not ours, and the cost of a command.

    medallion_peer.py duckdb|spark LAKE_FOLDER MODELS_FOLDER OUT_FOLDER    each stored model once, in order
    medallion_peer.py time COMMAND...                                      its seconds, CPU and largest memory

Prints one JSON line. DuckDB copies each table to Parquet and commits nothing; Spark writes Delta tables, and its start
is not counted. Both read bronze, and then what they wrote themselves. DELTA_JARS: the folder of Spark's jars.
"""

import json
import os
import re
import resource
import subprocess
import sys
import time
from pathlib import Path


def models(folder):
    """(name, SELECT, partition columns), each behind what it reads; published tables and views are nobody's work."""
    known = {}
    for path in sorted(Path(folder).glob("*/*.sql")):
        lines = path.read_text().splitlines()
        header = dict(re.findall(r"^-- (name|mode|partition): (.*)$", "\n".join(lines), re.M))
        select = "\n".join(line for line in lines if not line.startswith("--"))
        if header["mode"] not in ("publish", "view"):
            known[header["name"]] = (select, header.get("partition", "").split())
    made = []
    while len(made) < len(known):
        for name, (select, partition) in known.items():
            reads = {other for other in known if re.search(rf"\b{re.escape(other)}\b", select)}
            if name not in made and reads <= set(made):
                made.append(name)
    return [(name, *known[name]) for name in made]


def by_duckdb(lake, folder, out):
    import duckdb
    from deltalake import DeltaTable
    bronze = DeltaTable(str(lake / "bronze/sales_events")).file_uris()
    start, cpu = time.monotonic(), time.process_time()
    engine = duckdb.connect(config={"threads": 2, "memory_limit": os.environ.get("OLAP_MEMORY", "512MiB"),
                                    "temp_directory": str(out / "temp"), "preserve_insertion_order": False})
    engine.execute("SET TimeZone = 'UTC'; CREATE SCHEMA bronze; CREATE SCHEMA silver; CREATE SCHEMA gold")
    engine.execute("CREATE VIEW bronze.sales_events AS SELECT * REPLACE (make_timestamp(epoch_us(InvoiceDate)) AS "
                   f"InvoiceDate) FROM read_parquet({bronze}, hive_partitioning = true)")
    for name, select, partition in models(folder):
        target = out / name
        options = f", PARTITION_BY ({', '.join(partition)})" if partition else ", PER_THREAD_OUTPUT"
        engine.execute(f"COPY ({select}) TO '{target}' (FORMAT parquet, COMPRESSION snappy{options})")
        engine.execute(f"CREATE VIEW {name} AS SELECT * FROM read_parquet('{target}/**/*.parquet', "
                       f"hive_partitioning = {bool(partition)})")
    return time.monotonic() - start, time.process_time() - cpu


def by_spark(lake, folder, out):
    from pyspark.sql import SparkSession
    session = (
        SparkSession.builder.master("local[2]").appName("millrace-bench")
        .config("spark.jars", ",".join(str(path) for path in Path(os.environ["DELTA_JARS"]).glob("*.jar")))
        .config("spark.sql.extensions", "io.delta.sql.DeltaSparkSessionExtension")
        .config("spark.sql.catalog.spark_catalog", "org.apache.spark.sql.delta.catalog.DeltaCatalog")
        .config("spark.sql.warehouse.dir", str(out / "warehouse"))
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.shuffle.partitions", os.environ.get("SPARK_SHUFFLES", "4"))
        .config("spark.databricks.delta.snapshotPartitions", "2")  # 50 by itself: too many for these logs
        .config("spark.ui.enabled", "false")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.memory", os.environ.get("SPARK_MEMORY", "4g"))
        .getOrCreate())
    session.sparkContext.setLogLevel("ERROR")
    for schema in ("bronze", "silver", "gold"):
        session.sql(f"CREATE SCHEMA {schema}")
    session.sql(f"CREATE TABLE bronze.sales_events USING DELTA LOCATION '{lake / 'bronze/sales_events'}'")
    start = time.monotonic()
    for name, select, partition in models(folder):
        by = f"PARTITIONED BY ({', '.join(partition)})" if partition else ""
        session.sql(f"CREATE TABLE {name} USING DELTA {by} LOCATION '{out / name}' AS {select}")
    return time.monotonic() - start, None  # its work is in another process


def main():
    if sys.argv[1] == "time":
        start = time.monotonic()
        subprocess.run(sys.argv[2:], check=True, stdout=subprocess.DEVNULL)
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        answer = {"seconds": round(time.monotonic() - start, 3), "cpu_s": round(used.ru_utime + used.ru_stime, 2),
                  "peak_mib": used.ru_maxrss // 1024}
    else:
        engine, lake, folder, out = sys.argv[1], *(Path(name).resolve() for name in sys.argv[2:5])
        out.mkdir(parents=True, exist_ok=True)
        seconds, cpu = {"duckdb": by_duckdb, "spark": by_spark}[engine](lake, folder, out)
        answer = {"seconds": round(seconds, 3), "cpu_s": cpu and round(cpu, 2),
                  "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024}
    print(json.dumps(answer))


main()
