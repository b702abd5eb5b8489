# SPDX-License-Identifier: Apache-2.0
"""The Spark side of a run: does what `millrace run` asks for, one request at a time, until it asks no more.

millrace plans, checks and commits; this job reads the files it is told, runs SQL, and writes files that nobody sees
before millrace commits them. A request and its answer are one line of JSON each, over

    socket:/path           a Unix socket that millrace listens on (driver on the same machine)
    mailbox:URL            request-N.json and answer-N.json in a folder of the lake (driver anywhere)

The job ends when the socket closes, or when the mailbox stays empty for as long as it was told: nothing is left behind
by a millrace that died. It needs Spark 3.5 or newer and no jar besides.
"""

import json
import os
import queue
import shutil
import socket
import sys
import threading
import time
import traceback
import urllib.parse
import uuid

from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

HIVE_NULL = "__HIVE_DEFAULT_PARTITION__"
RECORD_BYTES = 32  # of a row of ours in Parquet, about: sizes of files follow from it
IDLE_SECONDS_MAX = 600  # of a mailbox without a request
SPLIT_BYTES = 16 << 20  # of a task behind a shuffle
TYPES = {"string": T.StringType(), "long": T.LongType(), "integer": T.IntegerType(), "short": T.ShortType(),
         "byte": T.ByteType(), "binary": T.BinaryType(), "date": T.DateType(), "timestamp": T.TimestampType(),
         "boolean": T.BooleanType(), "double": T.DoubleType(), "float": T.FloatType()}

# What makes Spark's answers those of DuckDB, and its files those that every reader of the lake takes.
SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",  # an overflow is an error, never a NULL
    "spark.sql.decimalOperations.allowPrecisionLoss": "true",
    "spark.sql.caseSensitive": "false",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    "spark.sql.parquet.compression.codec": "snappy",
    "spark.sql.parquet.writeLegacyFormat": "false",
    "spark.sql.parquet.datetimeRebaseModeInWrite": "CORRECTED",
    "spark.sql.parquet.datetimeRebaseModeInRead": "CORRECTED",
    "spark.sql.adaptive.enabled": "true",
    "spark.sql.adaptive.advisoryPartitionSizeInBytes": str(SPLIT_BYTES),
    "spark.sql.adaptive.coalescePartitions.parallelismFirst": "false",
    "spark.sql.sources.partitionOverwriteMode": "static",
}


def type_of(name):
    if name.startswith("decimal("):
        precision, scale = name[len("decimal("):-1].split(",")
        return T.DecimalType(int(precision), int(scale))
    return TYPES[name]


def plain(path):
    """One spelling of a file's place: versions of Spark differ in how many slashes and escapes they show."""
    scheme, _, rest = urllib.parse.unquote(path).partition(":")
    return scheme + ":/" + rest.lstrip("/")


def quoted(name):
    return "`" + name.replace("`", "``") + "`"


class Job:
    def __init__(self, spark):
        self.spark = spark
        self.jvm = spark.sparkContext._jvm
        self.hadoop = spark.sparkContext._jsc.hadoopConfiguration()
        self.hadoop.set("mapreduce.fileoutputcommitter.marksuccessfuljobs", "false")
        spark.sparkContext.setLogLevel("WARN")
        self.made = {}  # name: the frame that is kept
        self.paths = {}  # as Spark tells a file's place: as the table's log has it
        for key, value in SETTINGS.items():
            spark.conf.set(key, value)
        if spark.conf.get("spark.sql.shuffle.partitions") == "200":  # nobody chose it
            spark.conf.set("spark.sql.shuffle.partitions", str(max(8, 4 * spark.sparkContext.defaultParallelism)))

    def hello(self, _request):
        context = self.spark.sparkContext
        return {"spark": self.spark.version, "master": context.master, "application": context.applicationId}

    # --- Reading ---

    def read(self, root, files, fields, by_folders):
        """fields: those to be found in the files, and with by_folders those that the folders tell."""
        reader = self.spark.read.schema(T.StructType([T.StructField(f["name"], type_of(f["type"])) for f in fields]))
        reader = reader.option("__globPaths__", "false")
        if by_folders:
            reader = reader.option("basePath", root)
        return reader.parquet(*[root + "/" + path for path in files])

    @staticmethod
    def folders_tell(path, partition, values):
        parts = path.split("/")[:-1]
        told = [f"{name}={HIVE_NULL if value is None else value}" for name, value in zip(partition, values)]
        return [urllib.parse.unquote(part) for part in parts] == told

    def relation(self, request):
        fields, partition, files = request["fields"], request["partition"], request["files"]
        root = request["root"]
        if not files:
            schema = T.StructType([T.StructField(f["name"], type_of(f["type"])) for f in fields])
            frame = self.spark.createDataFrame([], schema)
            frame = frame.withColumn("file_path", F.lit(None).cast("string")) if request["paths"] else frame
            frame.createOrReplaceTempView(request["name"])
            return {}
        groups = {}
        for path, values in files:
            told = not partition or self.folders_tell(path, partition, values)
            groups.setdefault(None if told else tuple(values), []).append(path)
        frames = [self.read_group(root, paths, fields, partition, values, request["paths"])
                  for values, paths in groups.items()]
        frame = frames[0]
        for other in frames[1:]:
            frame = frame.unionByName(other)
        frame.createOrReplaceTempView(request["name"])
        return {}

    def read_group(self, root, paths, fields, partition, values, with_paths):
        """values: of the partition columns, where the folders do not tell them."""
        by_folders = values is None and bool(partition)
        here = [f for f in fields if by_folders or f["name"] not in partition]
        frame = self.read(root, paths, here, by_folders)
        constants = {} if values is None else dict(zip(partition, values))
        columns = [F.lit(constants[f["name"]]).cast(type_of(f["type"])).alias(f["name"]) if f["name"] in constants
                   else F.col(quoted(f["name"])) for f in fields]
        if with_paths:
            for path in paths:
                self.paths[plain(root + "/" + path)] = path
            columns.append(F.col("_metadata.file_path").alias("file_path"))
        return frame.select(*columns)

    # --- Statements ---

    def bind(self, request):
        self.spark.sql(request["sql"]).createOrReplaceTempView(quoted(request["name"]))
        return {}

    def make(self, request):
        name = request["name"]
        before = self.made.pop(name, None)
        frame = self.spark.sql(request["sql"]).persist()
        frame.createOrReplaceTempView(quoted(name))
        self.made[name] = frame
        if before is not None:
            before.unpersist()
        return {}

    @staticmethod
    def as_text(name, kind):
        column = F.col(quoted(name))
        if kind == "binary":
            return F.lower(F.hex(column)).alias(name)
        return column.cast("string").alias(name)

    def query(self, request):
        frame = self.spark.sql(request["sql"])
        names = [f"c{i}" for i in range(len(frame.columns))]
        paths = [i for i, name in enumerate(frame.columns) if name == "file_path"]
        kinds = [kind for _, kind in frame.dtypes]
        frame = frame.toDF(*names)
        rows = [list(row) for row in frame.select(*map(self.as_text, names, kinds)).collect()]
        for row in rows:
            for i in paths:
                row[i] = self.paths[plain(row[i])]
        return {"rows": rows}

    # --- Writing ---

    def write(self, request):
        """Files below `folder`, none where there is no row; what their footers say of them."""
        fields, partition = request["fields"], request["partition"]
        frame = self.spark.sql(request["sql"]).toDF(*[f["name"] for f in fields])
        frame = frame.select(*[F.col(quoted(f["name"])).cast(type_of(f["type"])).alias(f["name"]) for f in fields])
        if partition or request["order"]:
            frame.createOrReplaceTempView("written")
            frame = self.spark.sql(self.arranged(partition, request["order"]))
        writer = frame.write.mode("append").option("maxRecordsPerFile", max(request["bytes"] // RECORD_BYTES, 16384))
        folder = request["folder"] or f"{request['table']}/_spark-{uuid.uuid4()}"
        (writer.partitionBy(*partition) if partition else writer).parquet(folder)
        files = [file for file in self.written(folder, fields, partition) if file["rows"] > 0]
        if request["sum"] and files:
            self.add_sums(folder, files, fields, partition, request["sum"])
        if request["table"]:
            self.move(folder, request["table"], files)
        return {"files": files}

    def move(self, folder, table, files):
        """Into the table's folder, where nobody sees them before a commit names them."""
        path = self.jvm.org.apache.hadoop.fs.Path
        system = path(folder).getFileSystem(self.hadoop)
        for file in files:
            parent = file["path"].rpartition("/")[0]
            name = f"{parent}/part-{uuid.uuid4()}.snappy.parquet".lstrip("/")
            system.mkdirs(path(f"{table}/{parent}"))
            if not system.rename(path(f"{folder}/{file['path']}"), path(f"{table}/{name}")):
                raise OSError(f"{file['path']} cannot be moved into {table}")
            file["path"] = name
        system.delete(path(folder), True)

    @staticmethod
    def arranged(partition, order):
        if not partition:
            return f"SELECT * FROM written ORDER BY {order}"
        columns = ", ".join(map(quoted, partition))
        sorted_by = f" SORT BY {columns}, {order}" if order else ""
        return f"SELECT * FROM (SELECT /*+ REBALANCE({columns}) */ * FROM written){sorted_by}"

    def written(self, folder, fields, partition):
        root = self.jvm.org.apache.hadoop.fs.Path(folder)
        system = root.getFileSystem(self.hadoop)
        home = system.makeQualified(root).toUri().getPath()
        places = {f["name"]: i for i, f in enumerate(f for f in fields if f["name"] not in partition)}
        kinds = {f["name"]: f["type"] for f in fields}
        if not system.exists(root):
            return
        listed = system.listFiles(root, True)
        while listed.hasNext():
            status = listed.next()
            path = status.getPath()
            if path.getName().endswith(".parquet"):
                rows, chunks = self.footer(path, places, kinds)
                yield {"path": path.toUri().getPath()[len(home) + 1:], "bytes": status.getLen(), "rows": rows,
                       "chunks": chunks}

    def footer(self, path, places, kinds):
        source = self.jvm.org.apache.parquet.hadoop.util.HadoopInputFile.fromPath(path, self.hadoop)
        reader = self.jvm.org.apache.parquet.hadoop.ParquetFileReader.open(source)
        rows, chunks = 0, []
        try:
            for block in reader.getFooter().getBlocks():
                rows += block.getRowCount()
                for column in block.getColumns():
                    name = column.getPath().toDotString()
                    stats = column.getStatistics()
                    nulls = stats.getNumNulls() if stats is not None and stats.isNumNullsSet() else -1
                    bounds = [None, None]
                    if stats is not None and stats.hasNonNullValue() and kinds[name] not in ("binary", "boolean"):
                        bounds = [self.bound(stats.minAsString(), kinds[name]),
                                  self.bound(stats.maxAsString(), kinds[name])]
                    chunks.append([places[name], column.getValueCount(), nulls, *bounds])
        finally:
            reader.close()
        return rows, chunks

    @staticmethod
    def bound(text, kind):
        """2011-12-09T12:50:00.000000+0000, as Parquet spells an instant."""
        return text[:10] + " " + text[11:26] + "+00" if kind == "timestamp" else text

    def add_sums(self, folder, files, fields, partition, column):
        here = [f for f in fields if f["name"] not in partition]
        frame = self.read(folder, [file["path"] for file in files], here, False)
        summed = F.expr(" * ".join(quoted(name) for name in column.split("*")))
        rows = (frame.groupBy(F.col("_metadata.file_path").alias("path"))
                .agg(F.coalesce(F.sum(summed), F.lit(0)).cast("string").alias("sum")).collect())
        sums = {plain(row["path"]): row["sum"] for row in rows}
        for file in files:
            file["sum"] = sums[plain(folder + "/" + file["path"])]

    # --- Requests ---

    def answer(self, request):
        do = {"hello": self.hello, "relation": self.relation, "bind": self.bind, "make": self.make,
              "query": self.query, "write": self.write}[request["do"]]
        try:
            return do(request)
        except Exception as fault:
            traceback.print_exc()
            return {"error": first_line(fault), "wrong": type(fault).__name__ in ("AnalysisException",
                                                                                   "ParseException")}


def first_line(fault):
    """What a person needs of it: Spark's own message, without the stack and without the plan."""
    java = getattr(fault, "java_exception", None)
    while java is not None and java.getCause() is not None:
        java = java.getCause()
    text = str(java.getMessage() if java is not None and java.getMessage() else fault).strip() or repr(fault)
    return " ".join(text.split("\n== SQL")[0].split(";\n")[0].split("\n")[:1])


class Stages(threading.Thread):
    """Says, once a second, which stage a request is in."""

    def __init__(self, say):
        super().__init__(daemon=True)
        self.say, self.context, self.busy = say, None, threading.Event()

    def run(self):
        while True:
            self.busy.wait()
            time.sleep(1)
            if self.context is not None and self.busy.is_set():
                tracker = self.context.statusTracker()
                for stage in tracker.getActiveStageIds()[:1]:
                    info = tracker.getStageInfo(stage)
                    if info is not None:
                        self.say(f"stage {stage}: {info.numCompletedTasks} of {info.numTasks} tasks")


def serve_socket(path):
    """A thread reads: a millrace that is gone ends the job also in the middle of a statement."""
    channel = socket.socket(socket.AF_UNIX)
    channel.connect(path)
    folder = os.path.dirname(path)
    os.unlink(os.path.join(folder, "spark.conf"))  # read already, and it may hold keys
    requests, lock = queue.Queue(), threading.Lock()

    def receive():
        for line in channel.makefile("rb"):
            requests.put(line)
        shutil.rmtree(folder, ignore_errors=True)  # millrace does so too, unless it was killed
        requests.put(None)
        if stages.busy.is_set():
            os._exit(1)

    def send(value):
        with lock:
            channel.sendall(json.dumps(value).encode() + b"\n")

    stages = Stages(lambda text: send({"progress": text}))
    threading.Thread(target=receive, daemon=True).start()
    spark = SparkSession.builder.getOrCreate()
    job = Job(spark)
    stages.context = spark.sparkContext
    stages.start()
    for line in iter(requests.get, None):
        stages.busy.set()
        said = job.answer(json.loads(line))
        stages.busy.clear()
        send(said)
    spark.stop()


class Mailbox:
    """request-N.json and answer-N.json in a folder of the lake, by Hadoop's own file systems."""

    def __init__(self, url, job):
        self.url, self.path = url, job.jvm.org.apache.hadoop.fs.Path
        self.text = job.jvm.org.apache.commons.io.IOUtils
        self.system = self.path(url).getFileSystem(job.hadoop)
        self.system.setWriteChecksum(False)

    def take(self, number, idle_seconds_max):
        """None: millrace has asked nothing for so long that it must be gone."""
        path, began, pause = self.path(f"{self.url}/request-{number}.json"), time.monotonic(), 0.05
        while not self.system.exists(path):
            if time.monotonic() - began > idle_seconds_max:
                return None
            time.sleep(pause)  # nothing tells of a new blob
            pause = min(pause * 1.5, 1)
        stream = self.system.open(path)
        try:
            return json.loads(self.text.toString(stream, "UTF-8"))
        finally:
            stream.close()

    def put(self, number, answer):
        """Whole or not at all: written beside, and renamed."""
        beside = self.path(f"{self.url}/writing-{number}.json")
        stream = self.system.create(beside, True)
        stream.write(bytearray(json.dumps(answer).encode()))
        stream.close()
        self.system.rename(beside, self.path(f"{self.url}/answer-{number}.json"))


def serve_mailbox(url):
    spark = SparkSession.builder.getOrCreate()
    job = Job(spark)
    mailbox, number = Mailbox(url, job), 1
    request = mailbox.take(number, IDLE_SECONDS_MAX)
    while request is not None and request["do"] != "end":
        mailbox.put(number, job.answer(request))
        number += 1
        request = mailbox.take(number, IDLE_SECONDS_MAX)
    spark.stop()


def main():
    kind, _, place = sys.argv[1].partition(":")
    {"socket": serve_socket, "mailbox": serve_mailbox}[kind](place)


if __name__ == "__main__":
    main()
