"""A full disk: events are refused with 503, nothing that was answered 201 is lost, and it recovers."""

import json
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from millrace_platform import Platform, event

DISK = "24m"


@pytest.fixture
def small_disk():
    folder = Path(tempfile.mkdtemp(prefix="millrace-disk-"))
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", folder], capture_output=True, check=False)
    if mounted.returncode != 0:
        folder.rmdir()
        pytest.skip("a small file system cannot be mounted here (needs root)")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)
    folder.rmdir()


def test_a_full_disk_refuses_and_recovers(small_disk):
    platform = Platform(small_disk, MILLRACE_DISK_FREE_MIN="0", MILLRACE_SINKS="store")
    platform.log_path = Path(tempfile.mkstemp(prefix="millrace-log-")[1])
    ballast = small_disk / "ballast"
    try:
        platform.start()
        acknowledged = []

        def post(number):
            body = "\n".join(json.dumps(event(InvoiceNo=f"F{number}", StockCode=f"S{line}", Description="x" * 200))
                             for line in range(200))
            status, headers, _ = platform.request(
                "POST", "/invoicedata/batch", body, {"Content-Type": "application/x-ndjson"})
            if status == 201:
                acknowledged.append(f"F{number}")
            return status, headers

        assert post(0)[0] == 201
        platform.wait_settled()
        free = shutil.disk_usage(small_disk).free
        ballast.write_bytes(b"\0" * max(0, free - 300000))
        answers = [post(number) for number in range(1, 40)]
        refused = [headers for status, headers in answers if status == 503]
        assert {status for status, _ in answers} <= {201, 503}
        assert refused and all("Retry-After" in headers for headers in refused)

        ballast.unlink()
        assert post(100)[0] == 201
        platform.wait_settled()
        with platform.store() as store:
            counts = dict(store.execute("SELECT invoice_no, count(*) FROM invoice_line GROUP BY 1"))
        assert {name: counts.get(name) for name in acknowledged} == {name: 200 for name in acknowledged}
        assert platform.stop() == [0]
    finally:
        platform.kill()
        platform.log_path.unlink()
