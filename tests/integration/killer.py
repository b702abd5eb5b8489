"""kill -9 in the midst of a commit, not at a guessed moment: by a proxy that sees its put, or by what a process has open.

A killer is armed with a process and a number: it kills at that process's commit of this number, counted from then on.
"""

import contextlib
import os
import signal
import threading
from pathlib import Path

from storage_proxy import Proxy, is_commit

LOOK_SECONDS = 0.001  # a file is written and synced for longer


class StorageKiller(Proxy):
    """Stands between one process and the storage. The commit that its put asked for is made ("behind"), or not ("before")."""

    moments = ("before", "behind")

    def __init__(self, port):
        super().__init__(port, seed=0)
        self.struck, self.victim, self.left, self.moment = threading.Event(), None, 0, None

    def arm(self, pid, number, moment):
        with self.lock:
            self.struck.clear()
            self.victim, self.left, self.moment = pid, number, moment

    def disarm(self):
        """Whether it has killed."""
        with self.lock:
            self.victim = None
        return self.struck.is_set()

    def choose(self, method, path):
        with self.lock:
            if self.victim is None or not is_commit(method, path):
                return None
            self.left -= 1
            return f"cut {self.moment}" if self.left == 0 else None

    def cut(self):
        with self.lock:
            if self.victim is not None:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(self.victim, signal.SIGKILL)
                    self.struck.set()
                self.victim = None


class FolderKiller:
    """Looks at what one process has open for writing in the stage of a lake in a folder: files and entries of commits."""

    moments = ("within",)

    def __init__(self, lake):
        self.stage = f"{Path(lake).resolve()}/_stage/"
        self.struck, self.halt, self.thread = threading.Event(), threading.Event(), None

    def arm(self, pid, number, _moment):
        self.struck.clear()
        self.halt.clear()
        self.thread = threading.Thread(target=self.watch, args=(pid, number), daemon=True)
        self.thread.start()

    def disarm(self):
        self.halt.set()
        self.thread.join()
        return self.struck.is_set()

    def close(self):
        pass

    def written(self, pid):
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(OSError):  # closed meanwhile
                name = os.readlink(descriptor)
                if name.startswith(self.stage) and not name.endswith(".lock"):
                    yield name

    def watch(self, pid, number):
        seen = set()
        with contextlib.suppress(OSError):  # it has ended
            while not self.halt.wait(LOOK_SECONDS):
                seen.update(self.written(pid))
                if len(seen) >= number:
                    os.kill(pid, signal.SIGKILL)
                    self.struck.set()
                    return
