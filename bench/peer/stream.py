"""The stream job of the stack that millrace is compared with: Spark Structured Streaming from Kafka to PostgreSQL.

The original's way, well tuned: foreachBatch parses the JSON, drops duplicates, writes through JDBC and upserts customers,
products, invoices and lines. Tuned: all cores, large micro-batches one right after the other, multi-row inserts
(reWriteBatchedInserts) into an unlogged staging table on parallel connections, then set-based upserts in one
transaction; few shuffle partitions, adaptive plans off (they cost more than they give at this size).

    stream.py BOOTSTRAP TOPIC JDBC_URL USER PASSWORD JARS_FOLDER

Takes all that the topic holds, and ends. Prints one line: events, seconds from the first batch's start to the last
commit, the rate after the first batch (the Java machine has warmed up then), and the peak memory of its processes.
"""

import os
import sys
import tempfile
import time
from pathlib import Path

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

SCHEMA = ("InvoiceNo string, StockCode string, Description string, Quantity int, InvoiceDate string, "
          "UnitPrice decimal(18,4), CustomerID bigint, customerName string, Country string")
CONTENT = [field.split()[0] for field in SCHEMA.split(", ")]
DATE_FORMAT = os.environ.get("PEER_DATE_FORMAT", "dd/MM/yyyy HH:mm")
BATCH_EVENTS_MAX = int(os.environ.get("PEER_BATCH", "100000"))
JDBC_ROWS = 10000
BATCHES_MAX = 10000

# PySpark brings these itself; a second copy of another version on its path would be picked at random.
PROVIDED = ("hadoop-", "scala-library", "slf4j-", "spark-tags", "snappy-java", "lz4-java", "commons-logging", "jsr305")


def session(jars):
    cores = os.cpu_count()
    needed = [str(jar) for jar in sorted(Path(jars).glob("*.jar")) if not jar.name.startswith(PROVIDED)]
    return (SparkSession.builder.master(f"local[{cores}]").appName("store")
            .config("spark.jars", ",".join(needed))
            .config("spark.driver.memory", "2g")
            .config("spark.ui.enabled", "false")
            .config("spark.ui.showConsoleProgress", "false")
            .config("spark.sql.shuffle.partitions", cores)
            .config("spark.sql.adaptive.enabled", "false")
            .config("spark.sql.session.timeZone", "UTC")
            .config("spark.sql.streaming.numRecentProgressUpdates", BATCHES_MAX)
            .getOrCreate())


class Store:
    """Writes a batch and keeps its times; the upserts run on one connection that stays open."""

    def __init__(self, spark, url, user, password):
        self.options = {
            "url": f"{url}?reWriteBatchedInserts=true", "dbtable": "staging", "user": user, "password": password,
            "batchsize": JDBC_ROWS, "driver": "org.postgresql.Driver", "isolationLevel": "READ_COMMITTED"}
        jvm = spark.sparkContext._jvm
        properties = jvm.java.util.Properties()
        properties.put("user", user)
        properties.put("password", password)
        self.connection = jvm.org.postgresql.Driver().connect(url, properties)
        self.connection.setAutoCommit(False)
        self.upserts = Path(__file__).with_name("upsert.sql").read_text()
        self.times = []

    def write(self, batch, _):
        if not self.times:
            self.times.append(time.monotonic())
        lines = batch.dropDuplicates(CONTENT).withColumn("line_id", F.md5(F.to_json(F.struct(*CONTENT))))
        lines.write.format("jdbc").mode("append").options(**self.options).save()
        statement = self.connection.createStatement()
        statement.execute(self.upserts)
        statement.close()
        self.connection.commit()
        self.times.append(time.monotonic())


def peak_mib():
    """Of this process and of the Java machine, its child."""
    pids = ["self", *Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()]
    peaks = [line.split()[1] for pid in pids for line in Path(f"/proc/{pid}/status").read_text().splitlines()
             if line.startswith("VmHWM")]
    return sum(map(int, peaks)) // 1024


def main(bootstrap, topic, url, user, password, jars):
    spark = session(jars)
    spark.sparkContext.setLogLevel("ERROR")
    store = Store(spark, url, user, password)
    stream = (spark.readStream.format("kafka")
              .option("kafka.bootstrap.servers", bootstrap).option("subscribe", topic)
              .option("startingOffsets", "earliest").option("maxOffsetsPerTrigger", BATCH_EVENTS_MAX)
              .load())
    events = (stream.select(F.from_json(F.col("value").cast("string"), SCHEMA).alias("event")).select("event.*")
              .withColumn("InvoiceDate", F.to_timestamp("InvoiceDate", DATE_FORMAT)))
    with tempfile.TemporaryDirectory(prefix="millrace-peer-", ignore_cleanup_errors=True) as checkpoint:
        query = (events.writeStream.foreachBatch(store.write).option("checkpointLocation", checkpoint)
                 .trigger(availableNow=True).start())
        query.awaitTermination()
        counts = [progress["numInputRows"] for progress in query.recentProgress if progress["numInputRows"]]
    if len(counts) < 2:
        sys.exit(f"{sum(counts)} events are one batch: too few to tell the rate of a warm machine")
    began, first, ended = store.times[0], store.times[1], store.times[-1]
    print(f"result events={sum(counts)} seconds={ended - began:.3f} "
          f"warm_events_per_s={sum(counts[1:]) / (ended - first):.0f} peak_mib={peak_mib()}")
    spark.stop()


if __name__ == "__main__":
    if len(sys.argv) != 7:
        sys.exit(__doc__)
    main(*sys.argv[1:])
