#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Silver and gold by Spark alone, for a team that goes on without millrace: the job definition `millrace-models` of a pool.

    spark-submit --packages io.delta:delta-spark_2.12:3.3.2 \
        --conf spark.millrace.lake=abfss://lake@account.dfs.core.windows.net \
        --conf spark.millrace.models=abfss://lake@account.dfs.core.windows.net/models \
        models_job.py silver facts      # then: silver dimensions, gold facts, gold dimensions, gold marts

The models are those that `millrace eject` wrote (deploy/spark/models). Each table of the step is computed from all of its
sources and replaced in one commit, so a run that dies leaves the tables as they were, and one that is repeated changes
nothing. Steps: facts, dimensions, marts, each behind the one before; a date is taken and changes nothing, since every day is
computed. Tables are known by their place alone: no database of the pool is asked or made. Let not both write one lake:
millrace's increments count on tables that nobody else writes.
"""

import argparse
import re

from pyspark.sql import SparkSession

STEPS = {"facts": "fact_", "dimensions": "dim_", "marts": "mart_"}  # what the step's tables begin with
BRONZE = "bronze/sales_events"
# Of the tables that readers of Delta 1.0 know.
PROPERTIES = {"delta.minReaderVersion": "1", "delta.minWriterVersion": "2", "delta.enableDeletionVectors": "false"}


def read(spark, path):
    return spark.read.text(path, wholetext=True).head()[0]


def show(spark, lake, table):
    """Lets `layer.table`, one name in quotes, mean the table of the lake."""
    view = f"`{table.replace('/', '.')}`"
    spark.read.format("delta").load(f"{lake}/{table}").createOrReplaceTempView(view)
    return view


def quoted(sql, tables):
    """The statement with the tables' names as show() has them."""
    names = "|".join(re.escape(table.replace("/", ".")) for table in tables)
    return re.sub(rf"\b({names})\b", r"`\1`", sql)


def make(spark, lake, table, sql):
    writer = spark.sql(sql).write.format("delta").mode("overwrite").option("overwriteSchema", "true")
    for key, value in PROPERTIES.items():
        writer = writer.option(key, value)
    writer.save(f"{lake}/{table}")


def run(spark, layer, step):
    """Makes the tables of a layer's step."""
    lake, models = (spark.conf.get(f"spark.millrace.{name}").rstrip("/") for name in ("lake", "models"))
    tables = [BRONZE, *(file.removesuffix(".sql") for file in read(spark, f"{models}/order.txt").split())]
    is_there = spark._jvm.io.delta.tables.DeltaTable.isDeltaTable
    for table in tables:
        if table.startswith(f"{layer}/{STEPS[step]}"):
            make(spark, lake, table, quoted(read(spark, f"{models}/{table}.sql"), tables))
            print(f"{table}: {spark.table(show(spark, lake, table)).count()} rows", flush=True)
        elif is_there(spark._jsparkSession, f"{lake}/{table}"):
            show(spark, lake, table)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("layer", choices=("silver", "gold"))
    parser.add_argument("step", choices=STEPS)
    parser.add_argument("date", nargs="?", default="")
    given = parser.parse_args()
    spark = (SparkSession.builder.appName(f"millrace-{given.layer}-{given.step}")
             .config("spark.sql.extensions", "io.delta.sql.DeltaSparkSessionExtension")
             .config("spark.sql.catalog.spark_catalog", "org.apache.spark.sql.delta.catalog.DeltaCatalog")
             .config("spark.sql.session.timeZone", "UTC").getOrCreate())
    run(spark, given.layer, given.step)
    spark.stop()


if __name__ == "__main__":
    main()
