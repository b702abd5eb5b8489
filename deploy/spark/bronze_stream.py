#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Kafka to bronze by Spark Structured Streaming, in the place of millrace's own bronze sink (docs/spark.md).

    spark-submit --packages org.apache.spark:spark-sql-kafka-0-10_2.12:3.5.7,io.delta:delta-spark_2.12:3.3.2 \
        bronze_stream.py --brokers host:9092 --prefix shop-1. --lake /srv/lake

Rows, event_id, tags and positions are the sink's: one commit a batch, with a txn "millrace/bronze/<topic>/<partition>"
for each partition, whose version is the next offset. The table is the only checkpoint. A start begins where the table
says, and a commit first looks where the table stands by then, in a transaction that fails if somebody else moves it
meanwhile. So a kill at any moment loses and doubles nothing, and the sink may go on where this job stopped, or the
other way round.

It takes what the gateway writes (canonical documents), and stops at a record that is none, naming it: what is refused
and why is the sink's to say, in the dead letters. The table must be there, as the sink makes it: reader 1, writer 2.
"""

import argparse
import datetime
import json
import re
import struct
from decimal import Decimal

import xxhash
from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

# The members of a canonical document in their order; of texts the least and the most code points.
CONTRACT = {"InvoiceNo": (1, 32), "StockCode": (1, 32), "Description": (0, 255), "Quantity": None, "InvoiceDate": None,
            "UnitPrice": None, "CustomerID": None, "customerName": (0, 255), "Country": (1, 64), "EventID": (1, 64)}
NULLABLE = ("Description", "CustomerID")
OPTIONAL = ("customerName", "EventID")
ALIASES = ("CustomerName",)
DOCUMENT_BYTES_MAX, DEPTH_MAX = 65536, 64
DATE = re.compile(r"(\d\d)/(\d\d)/(\d{4}) (\d\d):(\d\d)(?::(?!00)(\d\d))?", re.ASCII)
PRICE = re.compile(r"(?!-0$)-?(0|[1-9]\d{0,13})(\.\d{0,3}[1-9])?", re.ASCII)
EPOCH, SECOND = datetime.datetime(1970, 1, 1), datetime.timedelta(seconds=1)
TEXTS = json.JSONEncoder(ensure_ascii=False)
EVENT = T.StructType([
    T.StructField("InvoiceNo", T.StringType()), T.StructField("StockCode", T.StringType()),
    T.StructField("Description", T.StringType()), T.StructField("Quantity", T.IntegerType()),
    T.StructField("seconds", T.LongType()), T.StructField("UnitPrice", T.DecimalType(18, 4)),
    T.StructField("CustomerID", T.LongType()), T.StructField("CustomerName", T.StringType()),
    T.StructField("Country", T.StringType()), T.StructField("EventID", T.StringType()),
    T.StructField("event_id", T.BinaryType()), T.StructField("extra", T.StringType())])


# --- One record: pure functions, on the executors -------------------------------------------------------------------

class Number(str):
    """A number's digits, as they stand."""


def refuse(what):
    raise ValueError(what)


def write(value, depth=0):
    """The one way in which the gateway writes a value: objects are tuples of pairs here."""
    if depth > DEPTH_MAX:
        refuse("nested too deep")
    if isinstance(value, tuple):
        return "{" + ",".join(f"{TEXTS.encode(name)}:{write(item, depth + 1)}" for name, item in value) + "}"
    if isinstance(value, list):
        return "[" + ",".join(write(item, depth + 1) for item in value) + "]"
    return value if isinstance(value, Number) else TEXTS.encode(value)


def members_of(text):
    """The contract's members of a canonical document, and the others' text: they stand behind."""
    pairs = json.loads(text, parse_int=Number, parse_float=Number, parse_constant=refuse, object_pairs_hook=tuple)
    if not isinstance(pairs, tuple) or write(pairs) != text:
        refuse("not canonical")
    count = next((at for at, (name, _) in enumerate(pairs) if name not in CONTRACT), len(pairs))
    event, others = dict(pairs[:count]), pairs[count:]
    if [name for name, _ in pairs[:count]] != [name for name in CONTRACT if name in event or name not in OPTIONAL]:
        refuse("members are missing or out of order")
    if any(name in CONTRACT or name in ALIASES for name, _ in others):
        refuse("a member of the contract stands among others")
    return event, write(others) if others else None


def check_texts(event):
    for name, limits in CONTRACT.items():
        value = event.get(name)
        if limits is None or (value is None and (name in NULLABLE or name not in event)):
            continue
        if type(value) is not str or "\0" in value or not limits[0] <= len(value) <= limits[1]:
            refuse(name)


def integer_of(value, bits):
    number = int(value) if isinstance(value, Number) else refuse("not a number")
    if str(number) != value or not -(1 << bits - 1) <= number < 1 << bits - 1:
        refuse("not an integer of its size")
    return number


def price_of(value):
    return Decimal(value) if isinstance(value, Number) and PRICE.fullmatch(value) else refuse("not a price")


def seconds_of(text):
    """dd/mm/yyyy HH:MM[:SS], the shop's clock taken for UTC."""
    day, month, year, hour, minute, second = (int(part or 0) for part in DATE.fullmatch(text).groups())
    return (datetime.datetime(year, month, day, hour, minute, second) - EPOCH) // SECOND


def put_text(text):
    data = (text or "").encode()
    return struct.pack(">H", len(data)) + data


def identity(event, seconds, price, customer, quantity):
    """As src/event/event_identity.c describes it."""
    present = sum(bit for bit, name in ((1, "Description"), (2, "customerName"), (4, "CustomerID"))
                  if event.get(name) is not None)
    content = struct.pack(">BBqqqi", 1, present, seconds, int(price.scaleb(4)), customer or 0, quantity)
    content += b"".join(put_text(event.get(name)) for name in ("InvoiceNo", "StockCode", "Description", "customerName",
                                                               "Country"))
    if "EventID" in event:
        content = b"\x02" + put_text(event["InvoiceNo"]) + put_text(event["EventID"])
    invoice = xxhash.xxh3_64_digest(event["InvoiceNo"].encode())
    return invoice[:6] + xxhash.xxh3_128_digest(content)[:10]


def parse(value):
    """A row of EVENT; None: the record is not what the gateway writes."""
    try:
        if len(value) > DOCUMENT_BYTES_MAX:
            refuse("too long")
        event, extra = members_of(bytes(value).decode())
        check_texts(event)
        quantity, price = integer_of(event["Quantity"], 32), price_of(event["UnitPrice"])
        customer = None if event["CustomerID"] is None else integer_of(event["CustomerID"], 64)
        seconds = seconds_of(event["InvoiceDate"])
        return (event["InvoiceNo"], event["StockCode"], event["Description"], quantity, seconds, price, customer,
                event.get("customerName"), event["Country"], event.get("EventID"),
                bytearray(identity(event, seconds, price, customer, quantity)), extra)
    except (ValueError, TypeError, AttributeError, RecursionError):
        return None


# --- The table: Delta's own transaction, for DataFrameWriter has none that compares ---------------------------------

class Table:
    def __init__(self, spark, lake, topic):
        self.spark, self.jvm = spark, spark._jvm
        self.delta = self.jvm.org.apache.spark.sql.delta
        self.log = self.delta.DeltaLog.forTable(spark._jsparkSession, f"{lake}/bronze/sales_events")
        self.app = f"millrace/bronze/{topic}/"
        self.left = {}  # the next offset of each partition, as this job left it
        if not self.log.tableExists():
            raise SystemExit(f"bronze_stream: {lake}/bronze/sales_events is no table yet; millrace's own sink makes it")

    def positions(self):
        """The next offset of each partition that the table knows."""
        none = self.jvm.scala.Option.empty()
        listed, found = self.log.update(False, none, none).setTransactions().iterator(), {}
        while listed.hasNext():
            txn = listed.next()
            if txn.appId().startswith(self.app):
                found[int(txn.appId()[len(self.app):])] = txn.version()
        return found

    def commit(self, rows, ends):
        """One commit of the rows that the table has not, with the positions behind them. ends: the next offset of each
        partition. Whoever moves one of these partitions between our look at it and our commit makes it fail."""
        transaction = self.log.startTransaction()
        have = {partition: transaction.txnVersion(f"{self.app}{partition}") for partition in ends}
        if any(have[partition] < self.left.get(partition, -1) for partition in ends):
            raise RuntimeError(f"the table has gone back to {have}; this job had left it at {self.left}")
        moves = {partition: end for partition, end in ends.items() if end > have[partition]}
        self.left |= have | moves
        if not moves:
            return
        fresh = F.lit(False)
        for partition in moves:
            fresh |= (F.col("partition") == partition) & (F.col("offset") >= have[partition])
        actions = self.files(transaction, rows.where(fresh))
        none = self.jvm.scala.Option.empty()
        for partition, end in moves.items():
            actions.append(self.delta.actions.SetTransaction(f"{self.app}{partition}", end, none))
        write = getattr(self.delta, "DeltaOperations$Write")
        append = write(self.jvm.org.apache.spark.sql.SaveMode.Append, none, none, none)
        version = transaction.commit(self.jvm.PythonUtils.toSeq(actions), append)
        print(f"bronze_stream: version {version}, next offsets {moves}", flush=True)

    def files(self, transaction, rows):
        """A file a day, tagged with the sum of its money, as the sink tags its own."""
        sums = dict(rows.groupBy(F.col("ingest_date").cast("string"))
                    .agg(F.sum(F.col("Quantity") * F.col("UnitPrice"))).collect())
        written = transaction.writeFiles(rows.coalesce(1)._jdf).iterator()
        actions, to_map = self.jvm.java.util.ArrayList(), self.jvm.PythonUtils.toScalaMap
        while written.hasNext():
            file = written.next()
            day = file.partitionValues().apply("ingest_date")
            actions.append(file.copyWithTags(to_map({"millrace.sum": f"{sums.pop(day):f}",
                                                     "millrace.sum.column": "Quantity*UnitPrice"})))
        if sums:
            raise RuntimeError(f"no file was written for {sorted(sums)}")
        return actions


# --- The stream -----------------------------------------------------------------------------------------------------

def rows_of(frame, topic):
    event = F.udf(parse, EVENT)(F.col("value"))
    return frame.withColumn("event", event).select(
        "event.InvoiceNo", "event.StockCode", "event.Description", "event.Quantity",
        F.timestamp_seconds("event.seconds").alias("InvoiceDate"), "event.UnitPrice", "event.CustomerID",
        "event.CustomerName", "event.Country", "event.EventID", "event.event_id", "event.extra",
        F.lit(topic).alias("topic"), F.col("partition"), F.col("offset"), F.col("timestamp").alias("ingest_time"),
        F.to_date("timestamp").alias("ingest_date"))


def write_batch(table, topic, batch):
    rows = rows_of(batch, topic).persist()
    try:
        wrong = rows.where("event_id IS NULL").select("partition", "offset").head()
        if wrong is not None:
            raise RuntimeError(f"{topic}, partition {wrong.partition}, offset {wrong.offset}: not a document as the "
                               "gateway writes it; millrace's own bronze sink can pass it")
        table.commit(rows, dict(rows.groupBy("partition").agg(F.max("offset") + 1).collect()))
    finally:
        rows.unpersist()


def starting_offsets(spark, client, name, have):
    """Every partition has to be named: those that the table does not know begin at the earliest record (-2)."""
    admin = spark._jvm.org.apache.kafka.clients.admin.AdminClient.create(client)
    try:
        names = spark._jvm.java.util.Collections.singletonList(name)
        partitions = admin.describeTopics(names).allTopicNames().get().get(name).partitions().size()
    finally:
        admin.close()
    return json.dumps({name: {str(p): have.get(p, -2) for p in range(partitions)}})


def client_of(spark, given):
    """What a client of Kafka needs, as java.util.Properties."""
    client = spark._jvm.java.util.Properties()
    if given.kafka_properties is not None:
        with open(given.kafka_properties, encoding="utf-8") as file:
            client.load(spark._jvm.java.io.StringReader(file.read()))
    client.setProperty("bootstrap.servers", given.brokers)
    return client


def source_of(spark, given, have):
    client, name = client_of(spark, given), given.prefix + given.topic
    source = (spark.readStream.format("kafka").option("subscribe", name)
              .option("startingOffsets", starting_offsets(spark, client, name, have))
              .option("kafka.isolation.level", "read_committed").option("maxOffsetsPerTrigger", given.most))
    for key in client.stringPropertyNames():
        source = source.option(f"kafka.{key}", client.getProperty(key))
    return source.load()


def arguments():
    options = argparse.ArgumentParser(description="Kafka to bronze by Spark Structured Streaming")
    options.add_argument("--brokers", required=True, help="host:port,...")
    options.add_argument("--kafka-properties", help="file of more properties of a Kafka client: security.protocol ...")
    options.add_argument("--prefix", default="", help="of topics, as in MILLRACE_BUS")
    options.add_argument("--topic", default="ingestion-topic", help="MILLRACE_TOPIC_INGESTION")
    options.add_argument("--lake", required=True, help="folder or abfss:// URL of the lake")
    options.add_argument("--every", default="10 seconds", help="how often a batch is taken")
    options.add_argument("--most", type=int, default=500000, help="records of a batch")
    options.add_argument("--once", action="store_true", help="take what there is, and end")
    return options.parse_args()


def main():
    given = arguments()
    spark = (SparkSession.builder.appName("millrace-bronze")
             .config("spark.sql.extensions", "io.delta.sql.DeltaSparkSessionExtension")
             .config("spark.sql.catalog.spark_catalog", "org.apache.spark.sql.delta.catalog.DeltaCatalog")
             .config("spark.sql.streaming.forceDeleteTempCheckpointLocation", "true")
             .getOrCreate())
    for key, value in (("spark.sql.session.timeZone", "UTC"), ("spark.sql.ansi.enabled", "true"),
                       ("spark.sql.parquet.outputTimestampType", "TIMESTAMP_MICROS"),
                       ("spark.sql.parquet.compression.codec", "snappy")):
        spark.conf.set(key, value)
    table = Table(spark, given.lake, given.topic)
    stream = source_of(spark, given, table.positions()).writeStream
    stream = stream.foreachBatch(lambda batch, _: write_batch(table, given.topic, batch))
    stream = stream.trigger(availableNow=True) if given.once else stream.trigger(processingTime=given.every)
    stream.start().awaitTermination()


if __name__ == "__main__":
    main()
