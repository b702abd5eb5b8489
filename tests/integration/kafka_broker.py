"""A Kafka of the tests' own, by tests/peers/kafka/start.sh."""

import contextlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

START = Path(__file__).parent.parent / "peers" / "kafka" / "start.sh"
SKIPPED = 77
START_SECONDS_MAX = 500  # the first time the jars are fetched


class Broker:
    def __init__(self, folder, addresses, within=()):
        self.folder, self.addresses, self.within = folder, addresses, list(within)
        self.tools_ask = addresses

    def url(self, prefix=""):
        return f"kafka://{self.addresses}/{prefix}"

    def control(self, action, *arguments):
        subprocess.run([START, action, self.folder, *map(str, arguments)], check=True, timeout=120)

    def kill(self, node=1):
        self.control("--kill", node)

    def stop(self, node=1):
        self.control("--stop", node)

    def again(self, node=1):
        self.control("--again", node)

    def kill_and_restart(self, node=1):
        self.kill(node)
        self.again(node)

    def tool(self, tool, *arguments, stdin=None):
        """Runs one of Kafka's own tools; returns what it printed."""
        jars = subprocess.check_output([START, "--where"], text=True).strip()
        done = subprocess.run(
            [*self.within, "java", "-Xmx128m", "-XX:TieredStopAtLevel=1", "-Dorg.slf4j.simpleLogger.defaultLogLevel=error",
             "-cp", f"{jars}/*", tool, "--bootstrap-server", self.tools_ask, *map(str, arguments)],
            input=stdin, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@contextlib.contextmanager
def running_broker(count=1, within=(), **environment):
    """within: the words before a command on its host; environment: what start.sh reads."""
    folder = tempfile.mkdtemp(prefix="millrace-kafka-")
    done = subprocess.run([START, folder, str(count)], capture_output=True, text=True, timeout=START_SECONDS_MAX,
                          env={**os.environ, "KAFKA_WITHIN": " ".join(within), **environment})
    try:
        if done.returncode == SKIPPED:
            pytest.skip(done.stderr.strip() or "Kafka cannot be had here")
        assert done.returncode == 0, done.stderr
        yield Broker(folder, done.stdout.strip(), within)
    finally:
        if done.returncode == 0:
            subprocess.run([START, "--stop", folder], check=False, timeout=120)
        shutil.rmtree(folder, ignore_errors=True)
