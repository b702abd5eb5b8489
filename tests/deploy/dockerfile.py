"""Reads our Dockerfile, and runs its steps in Debian roots: RUN in a chroot, COPY as copying.

Understands what our Dockerfile uses and refuses the rest, so that nothing is passed over in silence. Needs
root; a container engine does the same with layers and caches.
"""

import glob
import json
import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path


class Stage:
    def __init__(self, image, name):
        self.image = image
        self.name = name
        self.steps = []  # (instruction, the rest)
        self.settings = {}  # USER, WORKDIR, ENTRYPOINT, CMD, HEALTHCHECK, EXPOSE, VOLUME, STOPSIGNAL
        self.environment = {}


def exec_form(text):
    return json.loads(text[text.index("["):])


def read(path):
    """The stages of a Dockerfile, in their order."""
    lines = [line for line in Path(path).read_text().splitlines() if not line.lstrip().startswith("#")]
    text = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    stages = []
    for line in filter(str.strip, text.splitlines()):
        instruction, rest = line.split(None, 1)
        if instruction == "FROM":
            found = re.fullmatch(r"(\S+)(?:\s+AS\s+(\S+))?", rest.strip())
            stages.append(Stage(found[1], found[2]))
        elif instruction == "ENV":
            pairs = dict(pair.split("=", 1) for pair in shlex.split(rest))
            stages[-1].environment.update(pairs)
            stages[-1].steps.append(("ENV", pairs))
        elif instruction in ("RUN", "COPY"):
            stages[-1].steps.append((instruction, rest))
        elif instruction in ("USER", "WORKDIR", "EXPOSE", "VOLUME", "STOPSIGNAL"):
            stages[-1].settings[instruction] = rest.strip()
            stages[-1].steps.append((instruction, rest.strip()))
        elif instruction in ("ENTRYPOINT", "CMD", "HEALTHCHECK"):
            stages[-1].settings[instruction] = exec_form(rest)
        else:
            raise ValueError(f"this reader does not know {instruction}")
    return stages


class Root:
    """A Debian root that grows by the steps of a stage."""

    def __init__(self, folder, base):
        self.folder = Path(folder)
        subprocess.run(["cp", "-a", "--reflink=auto", f"{base}/.", f"{folder}/"], check=True)
        self.workdir = "/"
        self.user = None
        self.environment = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root"}

    def command(self, arguments, user=None):
        """The arguments, as they run within the root: own mounts, own processes, the network of this machine."""
        inside = ["chroot", *([f"--userspec={user}"] if user else []), str(self.folder), "/bin/sh", "-c",
                  f"cd {shlex.quote(self.workdir)} && exec {shlex.join(arguments)}"]
        script = (f"mount -t proc proc {self.folder}/proc && mount --rbind /dev {self.folder}/dev && "
                  f"exec {shlex.join(inside)}")
        return ["unshare", "--mount", "--pid", "--fork", "--kill-child", "/bin/sh", "-c", script]

    def run(self, arguments, user=None, **options):
        return subprocess.run(self.command(arguments, user), env=self.environment, **options)

    def build(self, stage, context, roots):
        """Runs the steps of a stage; a failing one raises CalledProcessError with its output."""
        shutil.copy("/etc/resolv.conf", self.folder / "etc/resolv.conf")
        authorities = self.folder / "usr/local/share/ca-certificates"  # of a proxy between this machine and the registries
        authorities.mkdir(parents=True, exist_ok=True)
        for file in Path("/usr/local/share/ca-certificates").glob("*.crt"):
            shutil.copy(file, authorities)
        for instruction, rest in stage.steps:
            if instruction == "RUN":
                done = self.run(["/bin/sh", "-c", rest], self.user, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
                if done.returncode != 0:
                    raise AssertionError(f"RUN {rest}\n{done.stdout[-4000:]}")
            elif instruction == "COPY":
                self.copy(rest, context, roots)
            elif instruction == "ENV":
                self.environment.update(rest)
            elif instruction == "WORKDIR":
                self.workdir = rest
                (self.folder / rest.lstrip("/")).mkdir(parents=True, exist_ok=True)
            elif instruction == "USER":
                self.user = rest

    def copy(self, rest, context, roots):
        words = rest.split()
        flags = dict(word[2:].split("=", 1) for word in words if word.startswith("--"))
        *sources, target = [word for word in words if not word.startswith("--")]
        source_root = roots[flags.pop("from")].folder if "from" in flags else Path(context)
        mode = flags.pop("chmod", None)
        assert not flags, f"COPY with {flags}"
        place = self.folder / os.path.join(self.workdir, target).lstrip("/").removeprefix("./")
        for pattern in sources:
            found = glob.glob(str(source_root / pattern.lstrip("/")))
            assert found, f"COPY {pattern}: there is none"
            for source in map(Path, found):
                if source.is_dir():
                    place.mkdir(parents=True, exist_ok=True)
                    subprocess.run(["cp", "-a", "--no-preserve=ownership", f"{source}/.", f"{place}/"], check=True)
                    continue
                into = place / source.name if target.endswith("/") or len(sources) > 1 else place
                into.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source, into)
                if mode:
                    into.chmod(int(mode, 8))
