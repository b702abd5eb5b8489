#!/usr/bin/env bash
# Installs the engines that read our tables in the tests (delta-rs, DuckDB, Spark with Delta) into the
# cache, and prints two lines: the Python to run them with, and the folder of Spark's jars. Fails,
# and says why, where something cannot be fetched.
set -euo pipefail
cd "$(dirname "$0")"

readonly cache="${XDG_CACHE_HOME:-$HOME/.cache}/millrace/readers"
fail() { printf 'readers: %s\n' "$*" >&2; exit 1; }

mkdir -p "$cache"
exec 9>"$cache/lock"
flock 9 # two runs at once install once

# Installed beside and renamed when whole; the names hold what was asked for.
python_folder="$cache/python-$(sha256sum requirements.txt | cut -c1-12)"
if [ ! -f "$python_folder/complete" ]; then
    python3 -c 'import ensurepip' 2>/dev/null || fail 'python3 has no venv (package python3-venv)'
    rm -rf "$python_folder"
    python3 -m venv "$python_folder"
    "$python_folder/bin/python" -m pip install --quiet --disable-pip-version-check -r requirements.txt >&2 ||
        fail "pip could not install tests/peers/lake/requirements.txt"
    touch "$python_folder/complete"
fi

jars="$cache/jars-$(sha256sum pom.xml | cut -c1-12)"
if [ ! -d "$jars" ]; then
    command -v mvn >/dev/null || fail 'mvn is missing (package maven)'
    log="$(mktemp)"
    if ! mvn -q -B -f pom.xml dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$jars.new" >"$log" 2>&1; then
        tail -n 5 "$log" >&2
        rm -rf "$jars.new" "$log"
        fail 'Maven could not fetch the jars of tests/peers/lake/pom.xml'
    fi
    rm -f "$log"
    mv -T "$jars.new" "$jars"
fi
printf '%s\n%s\n' "$python_folder/bin/python" "$jars"
