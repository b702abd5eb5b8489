"""The Debian package: made of this build, taken apart, and its program started."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from millrace_platform import PROGRAM

TOP = Path(__file__).resolve().parents[2]


def run(*command, **options):
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


def make_deb(out):
    said = run(TOP / "scripts/package.sh", "deb", Path(PROGRAM).parent, out, env={**os.environ, "PACKAGE_LEVEL": "1"})
    assert said.returncode == 0, said.stderr
    return Path(said.stdout.strip())


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    for tool in ("dpkg-deb", "dpkg-shlibdeps"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not here (package dpkg-dev)")
    return make_deb(tmp_path_factory.mktemp("package"))


@pytest.fixture(scope="module")
def unpacked(package, tmp_path_factory):
    folder = tmp_path_factory.mktemp("unpacked")
    subprocess.run(["dpkg-deb", "-x", package, folder], check=True)
    return folder


def field(package, name):
    return run("dpkg-deb", "-f", package, name).stdout.strip()


def test_it_says_what_it_is_and_needs(package):
    version = run(PROGRAM, "--version").stdout.split()[-1]
    assert field(package, "Package") == "millrace"
    assert field(package, "Version") == version
    depends = field(package, "Depends")
    for library in ("libc6 (>=", "librdkafka1", "libpq5", "libcurl4", "libssl3", "ca-certificates", "tzdata"):
        assert library in depends, depends
    for bundled in ("yyjson", "llhttp"):
        assert bundled not in depends, depends
    assert int(field(package, "Installed-Size")) > 1000


def test_its_program_runs_with_the_libraries_that_it_brings(unpacked, tmp_path):
    program = unpacked / "usr/bin/millrace"
    linked = run("ldd", program).stdout
    assert "not found" not in linked
    for line in linked.splitlines():
        if "yyjson" in line or "llhttp" in line:
            assert str(unpacked) in line, line
    rows = run(program, "sql", "SELECT 6 * 7 AS answer", cwd=tmp_path, env={"PATH": "/usr/bin:/bin", "MILLRACE_DATA": str(tmp_path / "data")})
    assert rows.returncode == 0 and "42" in rows.stdout, rows.stderr


def test_its_units_start_its_program(unpacked):
    units = sorted((unpacked / "usr/lib/systemd/system").glob("*.service"))
    assert {unit.name for unit in units} == {unit.name for unit in (TOP / "deploy/systemd").glob("*.service")}
    for unit in units:
        text = unit.read_text()
        assert "/usr/local" not in text and "ExecStart=/usr/bin/millrace " in text, unit
    for folder in ("sysusers.d", "tmpfiles.d"):
        assert (unpacked / "usr/lib" / folder / "millrace.conf").is_file()


def test_nothing_in_it_belongs_to_who_built_it(package):
    listed = run("dpkg-deb", "-c", package).stdout.splitlines()
    assert len(listed) > 10
    for line in listed:
        assert " root/root " in line, line
        assert "w" not in line[4:10].replace("-", "").replace("r", "").replace("x", ""), line


def test_the_same_build_gives_the_same_bytes(package, tmp_path):
    assert make_deb(tmp_path).read_bytes() == package.read_bytes()


def test_lintian_finds_no_error(package):
    if shutil.which("lintian") is None:
        pytest.skip("lintian is not here")
    # The libraries that Debian 12 lacks lie in a folder of our own, and are linked to by a run path.
    allowed = "custom-library-search-path,embedded-library,statically-linked-binary,no-changelog,copyright-without-copyright-notice,no-copyright-file"
    said = run("lintian", "--allow-root", "--fail-on", "error", "--suppress-tags", allowed, package)
    assert said.returncode == 0, said.stdout
