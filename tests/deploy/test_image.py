"""The Dockerfile: its rules always; its very steps, in Debian roots made by debootstrap, with DEPLOY_ROOT=1.

Building takes minutes and needs root and the network, hence the switch. The base root is kept in the cache.
"""

import contextlib
import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

import dockerfile
from millrace_platform import event, free_port

TOP = Path(__file__).resolve().parents[2]
DOCKER = TOP / "deploy/docker"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "millrace/deploy"
IMAGE_MIB_MAX = 180  # debian:12-slim alone is 75
WAIT_SECONDS_MAX = 30


@pytest.fixture(scope="module")
def stages():
    return dockerfile.read(DOCKER / "Dockerfile")


def test_it_builds_in_one_stage_and_runs_in_another(stages):
    assert [stage.image for stage in stages] == ["debian:12", "debian:12-slim"]
    copied = [rest for kind, rest in stages[1].steps if kind == "COPY" and "--from=" in rest]
    assert copied == [f"--from={stages[0].name} /image/ /"]


def test_it_runs_as_a_user_of_its_own_with_its_data_in_a_volume(stages):
    settings = stages[1].settings
    uid, _, gid = settings["USER"].partition(":")
    assert int(uid) > 0 and int(gid) > 0
    assert settings["VOLUME"] == stages[1].environment["MILLRACE_DATA"]
    ports = [stages[1].environment[name].rpartition(":")[2] for name in ("MILLRACE_GATEWAY", "MILLRACE_WEB")]
    assert settings["EXPOSE"].split() == ports
    assert (settings["ENTRYPOINT"], settings["CMD"], settings["HEALTHCHECK"]) == (["millrace"], ["up"], ["millrace-health"])


def test_no_compiler_and_no_header_reaches_the_image(stages):
    for kind, rest in stages[1].steps:
        assert kind != "RUN" or not re.search(r"\b(gcc|cmake|curl|wget|\S+-dev)\b", rest), rest


def test_the_builder_is_sent_all_that_is_copied_and_no_more(stages):
    allowed = [line[1:] for line in (DOCKER / "Dockerfile.dockerignore").read_text().splitlines() if line.startswith("!")]
    copied = []
    for stage in stages:
        for kind, rest in stage.steps:
            if kind == "COPY" and "--from=" not in rest:
                copied += [word.rstrip("/") for word in rest.split()[:-1] if not word.startswith("--")]
    assert set(copied) == set(allowed)
    for path in copied:
        assert (TOP / path).exists(), path


def test_what_the_build_embeds_is_copied_into_it(stages):
    """The program carries what deploys it, and scripts of ours put it in."""
    copied = [word.rstrip("/") for kind, rest in stages[0].steps if kind == "COPY" for word in rest.split()[:-1]]
    embedded = re.search(r"mr_embed_tree\(\w+ ([^)]*)\)", (TOP / "CMakeLists.txt").read_text())[1].split()
    scripts = set(re.findall(r"scripts/\w+\.sh", "".join(file.read_text() for file in (TOP / "cmake").glob("*.cmake"))))
    assert embedded and scripts
    for path in [*embedded, *scripts]:
        assert any(path == have or path.startswith(f"{have}/") for have in copied), path


def test_its_libraries_are_those_the_build_links_with(stages):
    """A library that cmake asks for has its runtime package in the image, or travels with the program."""
    runtime = next(rest for kind, rest in stages[1].steps if kind == "RUN" and "apt-get install" in rest)
    wanted = {"sqlite3": "libsqlite3-0", "liblz4": "liblz4-1", "libzstd": "libzstd1", "zlib": "zlib1g", "libxxhash": "libxxhash0",
              "openssl": "libssl3", "libcurl": "libcurl4", "rdkafka": "librdkafka1", "libpq": "libpq5", "libsodium": "libsodium23", "yyjson": None}
    asked = re.findall(r"pkg_check_modules\(\w+ REQUIRED IMPORTED_TARGET ([\w]+)", (TOP / "CMakeLists.txt").read_text())
    assert asked
    for module in asked:
        assert module in wanted, f"{module}: say here which package runs it, and add that to the Dockerfile"
        assert wanted[module] is None or re.search(rf"\b{wanted[module]}\b", runtime), wanted[module]


# --- The steps themselves ------------------------------------------------------------------------


def debian_address():
    told = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE) $(COMPONENT)", "Created-By: Packages"],
        capture_output=True, text=True, check=True).stdout
    return next(line.split()[0] for line in told.splitlines() if line.split()[1:] == ["bookworm", "main"])


def base_root():
    base = CACHE / "bookworm"
    if not (base / "complete").exists():
        shutil.rmtree(base, ignore_errors=True)
        base.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["debootstrap", "--variant=minbase", "bookworm", base, debian_address()], check=True)
        (base / "complete").touch()
    return base


def slim(folder):
    """What debian:12-slim leaves out of debian:12."""
    for path in ("usr/share/doc", "usr/share/man", "usr/share/locale", "usr/share/info", "var/cache/apt", "var/lib/apt/lists"):
        shutil.rmtree(folder / path, ignore_errors=True)
    (folder / "etc/dpkg/dpkg.cfg.d/docker").write_text(
        "path-exclude /usr/share/doc/*\npath-exclude /usr/share/man/*\npath-exclude /usr/share/locale/*\n")
    for path in ("var/lib/apt/lists/partial", "var/cache/apt/archives/partial"):
        (folder / path).mkdir(parents=True)


@pytest.fixture(scope="module")
def image(stages):
    if os.environ.get("DEPLOY_ROOT") != "1":
        pytest.skip("DEPLOY_ROOT=1 runs the Dockerfile's steps (minutes; needs root, debootstrap and the network)")
    if os.geteuid() != 0 or shutil.which("debootstrap") is None:
        pytest.skip("running the Dockerfile's steps needs root and debootstrap")
    base = base_root()
    scratch = Path(tempfile.mkdtemp(prefix="millrace-image-"))
    try:
        roots = {}
        for index, stage in enumerate(stages):
            (scratch / str(index)).mkdir()
            root = dockerfile.Root(scratch / str(index), base)
            roots[stage.name or "image"] = root
            if stage.image.endswith("-slim"):
                slim(root.folder)
            root.build(stage, TOP, roots)
        yield roots["image"]
    finally:
        shutil.rmtree(scratch)


def start(image, settings, **environment):
    """The container's process, as its engine would start it."""
    process = subprocess.Popen(
        image.command([*settings["ENTRYPOINT"], *settings["CMD"]], settings["USER"]),
        env={**image.environment, **environment}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return process


def inside(process):
    """The process that became the first of its own process namespace: what the engine would signal."""
    deadline = time.monotonic() + WAIT_SECONDS_MAX
    while time.monotonic() < deadline:
        assert process.poll() is None, process.stdout.read()
        if children := Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split():
            return int(children[0])
        os.sched_yield()
    pytest.fail("the container's process did not begin")


def health(image, settings, process, **environment):
    command = ["nsenter", f"--target={inside(process)}", "--mount", "--pid", "chroot", f"--userspec={settings['USER']}",
               str(image.folder), *settings["HEALTHCHECK"]]
    return subprocess.run(command, env={**image.environment, **environment}, capture_output=True, text=True, check=False)


def wait_healthy(image, settings, process, **environment):
    deadline = time.monotonic() + WAIT_SECONDS_MAX
    while True:
        said = health(image, settings, process, **environment)
        if said.returncode == 0 or time.monotonic() > deadline:
            return said


@contextlib.contextmanager
def container(image, settings, **environment):
    process = start(image, settings, **environment)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def test_the_image_is_small(image):
    told = subprocess.run(["du", "-sm", "--one-file-system", image.folder], capture_output=True, text=True, check=True).stdout
    mib = int(told.split()[0])
    print(f"the image's files: {mib} MiB")
    assert mib <= IMAGE_MIB_MAX


def test_every_library_of_the_program_is_in_the_image(image):
    for file in ("bin/millrace", "lib/millrace/libduckdb.so"):
        said = image.run(["ldd", f"/usr/local/{file}"], capture_output=True, text=True, check=True)
        assert "not found" not in said.stdout
    said = image.run(["env", "MILLRACE_DATA=/tmp/none", "millrace", "sql", "--format", "csv", "SELECT 6 * 7 AS a"],
                     capture_output=True, text=True, check=False)
    assert (said.returncode, said.stdout) == (0, "a\n42\n"), f"DuckDB, which is loaded when it is used: {said.stderr}"


def test_nothing_in_the_image_gives_more_rights_to_the_program(image):
    owned = subprocess.run(["find", image.folder / "usr/local", "-perm", "/6000"], capture_output=True, text=True, check=True)
    assert owned.stdout == ""


def test_the_container_takes_an_event_tells_its_health_and_stops(image, stages):
    settings = stages[-1].settings
    port = free_port()
    own = {"MILLRACE_GATEWAY": f"0.0.0.0:{port}", "MILLRACE_WEB": "0.0.0.0:0"}
    with container(image, settings, **own) as process:
        said = wait_healthy(image, settings, process, **own)
        assert said.returncode == 0, said.stderr
        keyed = image.run(["millrace", "key", "add", "test", "--json"], settings["USER"], capture_output=True, text=True, check=True)
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        body = json.dumps(event())
        connection.request("POST", "/invoicedata", body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        assert (answer.status, bool(answer.read())) == (401, True)
        connection.request("POST", "/invoicedata", body, {
            "Content-Type": "application/json", "Authorization": f"Bearer {json.loads(keyed.stdout)['key']}"})
        assert connection.getresponse().status == 201
        os.kill(inside(process), signal.SIGTERM)
        assert process.wait(timeout=WAIT_SECONDS_MAX) == 0
    data = image.folder / "var/lib/millrace"
    assert data.stat().st_mode & 0o777 == 0o700
    assert data.stat().st_uid == int(settings["USER"].partition(":")[0])


def test_a_container_without_its_roles_is_unhealthy(image, stages):
    settings = {**stages[-1].settings, "ENTRYPOINT": ["sleep"], "CMD": ["1000"]}
    with container(image, settings) as process:
        said = health(image, settings, process)
        assert (said.returncode, said.stderr) == (1, "no role is alive\n")
