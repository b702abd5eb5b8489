"""The systemd units: read by systemd's own tools where they are here."""

import os
import re
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import pytest

import millrace_platform
from millrace_platform import Platform, event

TOP = Path(__file__).resolve().parents[2]
SYSTEMD = TOP / "deploy/systemd"
UNITS = {"millrace.service": "millrace.service", "millrace-gateway@.service": "millrace-gateway@8000.service",
         "millrace-processor@.service": "millrace-processor@1.service", "millrace-web@.service": "millrace-web@8080.service"}
EXPOSURE_MAX = 20  # of 100, as `systemd-analyze security` counts; a unit without any hardening has 96


def tool(name):
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not here")
    return name


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def unit(request, tmp_path):
    """The unit, with a program that is surely there: this machine need not have millrace installed."""
    text = (SYSTEMD / request.param).read_text()
    assert text.count("/usr/local/bin/millrace") == 1
    (tmp_path / request.param).write_text(text.replace("/usr/local/bin/millrace", "/bin/true"))
    if UNITS[request.param] != request.param:
        (tmp_path / UNITS[request.param]).write_text((tmp_path / request.param).read_text())
    return tmp_path / UNITS[request.param]


@pytest.mark.parametrize("unit", UNITS, indirect=True)
def test_systemd_accepts_the_unit(unit):
    said = run(tool("systemd-analyze"), "verify", "--man=no", str(unit))
    assert said.returncode == 0 and unit.stem.partition("@")[0] not in said.stderr, said.stderr


@pytest.mark.parametrize("unit", UNITS, indirect=True)
def test_the_unit_is_hardened(unit):
    said = run(tool("systemd-analyze"), "security", "--offline=true", "--no-pager", f"--threshold={EXPOSURE_MAX}", str(unit))
    if "unrecognized option" in said.stderr:
        pytest.skip("this systemd-analyze cannot look at a unit that is not loaded")
    assert said.returncode == 0, said.stdout + said.stderr


@pytest.mark.parametrize("name", UNITS)
def test_the_unit_waits_for_readiness_and_keeps_its_settings_elsewhere(name):
    text = (SYSTEMD / name).read_text()
    for line in ("Type=notify", "User=millrace", "NoNewPrivileges=yes", "ProtectSystem=strict", "Restart=on-failure",
                 "EnvironmentFile=-/etc/millrace/millrace.env"):
        assert f"\n{line}\n" in text, line
    data = re.search(r"^Environment=MILLRACE_DATA=/var/lib/(\S+)$", text, re.M)[1]
    assert f"\nStateDirectory={data}\n" in text


def test_the_stop_time_outlasts_the_drain_of_the_gateway():
    table = (TOP / "docs/configuration.md").read_text()
    drain = int(re.search(r"`MILLRACE_DRAIN_TIMEOUT` \| `(\d+)s`", table)[1])
    for name in UNITS:
        stop = int(re.search(r"^TimeoutStopSec=(\d+)$", (SYSTEMD / name).read_text(), re.M)[1])
        assert stop > drain + 5, name


def test_every_system_call_filter_group_exists():
    known = run(tool("systemd-analyze"), "syscall-filter", "--no-pager").stdout
    for name in UNITS:
        for group in re.findall(r"@[a-z-]+", " ".join(re.findall(r"^SystemCallFilter=(.*)$", (SYSTEMD / name).read_text(), re.M))):
            assert re.search(rf"^{group}$", known, re.M), f"{name}: {group}"


def allowed_calls(name):
    """The system calls that a unit's filter lets through, by systemd's own table of groups."""
    groups, current = {}, None
    for line in run("systemd-analyze", "syscall-filter", "--no-pager").stdout.splitlines():
        if line.startswith("@"):
            current = groups.setdefault(line.strip(), [])
        elif line.startswith("    ") and not line.strip().startswith("#"):
            current.append(line.strip())

    def calls(group):
        return set().union(*(calls(item) if item.startswith("@") else {item} for item in groups[group]))

    allowed = set()
    for words in re.findall(r"^SystemCallFilter=(.*)$", (SYSTEMD / name).read_text(), re.M):
        named = set().union(*(calls(word) if word.startswith("@") else {word} for word in words.lstrip("~").split()))
        allowed = allowed - named if words.startswith("~") else allowed | named
    return allowed


def traced_program(folder):
    """A program that runs ours under strace, as the nobody of this machine where we are root."""
    as_nobody = "setpriv --reuid=65534 --regid=65534 --clear-groups" if os.geteuid() == 0 else ""
    shutil.copy(millrace_platform.PROGRAM, f"{folder}/millrace")
    # A build loads DuckDB from its user's cache, where nobody may not look.
    found_in = re.search(r"\(RUNPATH\).*\[([^]:]+)", run("readelf", "-d", millrace_platform.PROGRAM).stdout).group(1)
    shutil.copy(f"{found_in}/libduckdb.so", folder)
    wrapper = Path(folder) / "traced"
    wrapper.write_text(f"#!/bin/sh\nexport LD_LIBRARY_PATH={folder}\nexec {as_nobody} strace -f -ff -qq -o {folder}/trace {folder}/millrace \"$@\"\n")
    wrapper.chmod(0o755)
    return str(wrapper)


@pytest.mark.skipif(millrace_platform.SANITIZED, reason="the sanitizers' own calls are not the program's")
def test_the_platform_gets_by_with_the_system_calls_that_its_unit_allows(monkeypatch):
    tool("systemd-analyze")
    if run(tool("strace"), "-qq", "-o", "/dev/null", "true").returncode != 0:
        pytest.skip("strace may not trace here")
    with tempfile.TemporaryDirectory(prefix="millrace-test-") as folder:
        os.chmod(folder, 0o777)
        platform = Platform(folder)
        umask = os.umask(0)  # nobody must be able to tell us that it is ready
        try:
            with monkeypatch.context() as patched:
                patched.setattr(millrace_platform, "PROGRAM", traced_program(folder))
                platform.start()
            assert platform.post(event())[0] == 201
            platform.wait_settled()
            os.kill(platform.role_pid("up"), signal.SIGTERM)
            assert platform.processes[0].wait(timeout=60) == 0
        finally:
            os.umask(umask)
            platform.kill()
        used = set()
        for trace in Path(folder).glob("trace.*"):
            used |= set(re.findall(r"^(\w+)\(", trace.read_text(errors="replace"), re.M))
    assert {"sendto", "fdatasync"} <= used, "nothing was traced"
    assert used <= allowed_calls("millrace.service"), used - allowed_calls("millrace.service")


def test_the_user_is_made(tmp_path):
    said = run(tool("systemd-sysusers"), "--dry-run", f"--root={tmp_path}", str(SYSTEMD / "millrace.sysusers.conf"))
    assert said.returncode == 0, said.stderr
    assert "millrace" in said.stdout + said.stderr


def test_the_folders_are_made_for_their_owners():
    lines = [line.split() for line in (SYSTEMD / "millrace.tmpfiles.conf").read_text().splitlines() if not line.startswith("#")]
    made = {line[1]: line for line in lines}
    assert made["/etc/millrace"][2:5] == ["0750", "root", "millrace"]
    assert made["/var/lib/millrace"][2:5] == ["0700", "millrace", "millrace"]
