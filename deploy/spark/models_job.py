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
computed. Let not both write one lake: millrace's increments count on tables that nobody else writes.
"""

import argparse

from pyspark.sql import SparkSession

STEPS = {"facts": lambda table: table.startswith("fact_"), "dimensions": lambda table: table.startswith("dim_"),
         "marts": lambda table: table.startswith("mart_")}
# Of the tables that readers of Delta 1.0 know.
PROPERTIES = {"delta.minReaderVersion": "1", "delta.minWriterVersion": "2", "delta.enableDeletionVectors": "false"}


def read(spark, path):
    return spark.read.text(path, wholetext=True).head()[0]


def show(spark, lake, layer, table):
    """Lets `layer.table` mean the table of the lake."""
    spark.sql(f"CREATE DATABASE IF NOT EXISTS {layer}")
    spark.sql(f"CREATE TABLE IF NOT EXISTS {layer}.{table} USING delta LOCATION '{lake}/{layer}/{table}'")


def make(spark, lake, layer, table, sql):
    writer = spark.sql(sql).write.format("delta").mode("overwrite").option("overwriteSchema", "true")
    for key, value in PROPERTIES.items():
        writer = writer.option(key, value)
    writer.save(f"{lake}/{layer}/{table}")
    show(spark, lake, layer, table)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("layer", choices=("silver", "gold"))
    parser.add_argument("step", choices=STEPS)
    parser.add_argument("date", nargs="?", default="")
    given = parser.parse_args()
    spark = SparkSession.builder.appName(f"millrace-{given.layer}-{given.step}").config("spark.sql.session.timeZone", "UTC").getOrCreate()
    lake, models = (spark.conf.get(f"spark.millrace.{name}").rstrip("/") for name in ("lake", "models"))
    show(spark, lake, "bronze", "sales_events")
    for file in read(spark, f"{models}/order.txt").split():
        layer, table = file.removesuffix(".sql").split("/")
        if layer == given.layer and STEPS[given.step](table):
            make(spark, lake, layer, table, read(spark, f"{models}/{file}"))
            print(f"{layer}.{table}: {spark.table(f'{layer}.{table}').count()} rows", flush=True)
        elif spark._jvm.io.delta.tables.DeltaTable.isDeltaTable(spark._jsparkSession, f"{lake}/{layer}/{table}"):
            show(spark, lake, layer, table)
    spark.stop()


if __name__ == "__main__":
    main()
