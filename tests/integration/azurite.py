"""Azure Storage for the tests: Azurite, by tests/peers/azurite/start.sh, and a client of the tests' own.

The client signs by itself (Shared Key, and shared access signatures), so that what the program signs is not
its only witness.
"""

import base64
import contextlib
import datetime
import hashlib
import hmac
import http.client
import os
import shutil
import subprocess
import tempfile
import urllib.parse
import xml.etree.ElementTree
from pathlib import Path

import pytest

START = Path(__file__).parent.parent / "peers" / "azurite" / "start.sh"
SKIPPED = 77
START_SECONDS_MAX = 400  # the first time the packages are fetched
ACCOUNT = "devstoreaccount1"
VERSION = "2023-11-03"


class Azurite:
    def __init__(self, folder, address):
        self.folder, self.address = folder, address
        self.key = subprocess.check_output([START, "--key"], text=True).strip()
        self.port = urllib.parse.urlsplit(address).port

    def control(self, action, **environment):
        subprocess.run([START, action, self.folder], check=True, timeout=120, stdout=subprocess.DEVNULL,
                       env={**os.environ, **environment})

    def stop(self):
        self.control("--stop")

    def again(self, *keys):
        """keys: those of the account from now on, instead of its public one."""
        self.control("--again", **({"AZURITE_ACCOUNTS": ":".join([ACCOUNT, *keys])} if keys else {}))

    def lake(self, container, port=None):
        """The address of a lake; through a proxy on another port."""
        return f"http://127.0.0.1:{port or self.port}/{ACCOUNT}/{container}/the/lake"

    def settings(self, container, port=None, **more):
        return {"MILLRACE_LAKE": self.lake(container, port), "MILLRACE_AZURE_ACCOUNT_KEY": self.key, **more}

    def sign(self, text):
        return base64.b64encode(hmac.new(base64.b64decode(self.key), text.encode(), hashlib.sha256).digest()).decode()

    def signature(self, permissions, minutes=60):
        """The query of an account's shared access signature for blobs, by the key that the client holds."""
        expiry = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")
        version, services, resources, protocol = "2021-08-06", "b", "sco", "https,http"
        signed = self.sign("\n".join([ACCOUNT, permissions, services, resources, "", expiry, "", protocol, version, "", ""]))
        return urllib.parse.urlencode({"sv": version, "ss": services, "srt": resources, "sp": permissions, "se": expiry,
                                       "spr": protocol, "sig": signed})

    def request(self, method, path, query=()):
        """A signed request; path: "/container/blob"."""
        date = datetime.datetime.now(datetime.timezone.utc).strftime("%a, %d %b %Y %H:%M:%S GMT")
        encoded = f"/{ACCOUNT}{urllib.parse.quote(path)}"
        parameters = "".join(f"\n{name}:{value}" for name, value in sorted(query))
        text = f"{method}{chr(10) * 12}x-ms-date:{date}\nx-ms-version:{VERSION}\n/{ACCOUNT}{encoded}{parameters}"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, f"{encoded}?{urllib.parse.urlencode(query)}", headers={
                "x-ms-date": date, "x-ms-version": VERSION, "Authorization": f"SharedKey {ACCOUNT}:{self.sign(text)}"})
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def names(self, container, prefix="the/lake/"):
        found, marker = [], ""
        while True:
            query = [("comp", "list"), ("restype", "container"), ("prefix", prefix)] + ([("marker", marker)] if marker else [])
            status, body = self.request("GET", f"/{container}", query)
            assert status == 200, body
            page = xml.etree.ElementTree.fromstring(body)
            found += [name.text for name in page.iter("Name")]
            marker = page.findtext("NextMarker") or ""
            if not marker:
                return found

    def mirror(self, container, folder, prefix="the/lake/"):
        """All of a lake as files, for engines that read folders."""
        for name in self.names(container, prefix):
            status, body = self.request("GET", f"/{container}/{name}")
            assert status == 200, (name, body)
            path = Path(folder) / name.removeprefix(prefix)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(body)
        return Path(folder)


@contextlib.contextmanager
def running_azurite():
    folder = tempfile.mkdtemp(prefix="millrace-azurite-")
    done = subprocess.run([START, folder], capture_output=True, text=True, timeout=START_SECONDS_MAX)
    try:
        if done.returncode == SKIPPED:
            pytest.skip(done.stderr.strip() or "Azurite cannot be had here")
        assert done.returncode == 0, done.stderr
        yield Azurite(folder, done.stdout.strip())
    finally:
        if done.returncode == 0:
            subprocess.run([START, "--stop", folder], check=False, timeout=120)
        shutil.rmtree(folder, ignore_errors=True)


def new_container():
    return f"t{os.urandom(6).hex()}"
