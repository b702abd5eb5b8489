#!/usr/bin/env bash
# Installs Airflow for the tests into the cache, and prints three lines: its Python, a library that shifts
# the wall clock of what it is preloaded into, and the tables of an empty metadata database as SQL. Fails,
# and says why, where something cannot be fetched.
set -euo pipefail
cd "$(dirname "$0")"

readonly cache="${XDG_CACHE_HOME:-$HOME/.cache}/millrace/airflow"
readonly uv=uv==0.13.9 # it fetches side by side: 20 s instead of pip's 210 (and trusts what the system trusts if told so)
fail() { printf 'airflow: %s\n' "$*" >&2; exit 1; }

mkdir -p "$cache"
exec 9>"$cache/lock"
flock 9 # two runs at once install once

# Installed beside and marked when whole; the name holds what was asked for.
folder="$cache/python-$(cat requirements.txt install.sh shifted_clock.c | sha256sum | cut -c1-12)"
if [ ! -f "$folder/complete" ]; then
    /usr/bin/python3 -c 'import ensurepip' 2>/dev/null || fail 'python3 has no venv (package python3-venv)'
    rm -rf "$folder"
    /usr/bin/python3 -m venv "$folder"
    "$folder/bin/python" -m pip install --quiet --disable-pip-version-check "$uv" >&2 || fail "pip could not install $uv"
    "$folder/bin/uv" pip install --system-certs --quiet --no-cache --no-deps --python "$folder/bin/python" -r requirements.txt >&2 ||
        fail 'uv could not install tests/peers/airflow/requirements.txt'
    cc -O2 -shared -fPIC -Wall -Wextra -Werror -o "$folder/shifted_clock.so" shifted_clock.c || fail 'the clock does not compile'
    # Airflow takes 15 s to make its tables, psql one.
    server="$(mktemp -d /tmp/millrace-airflow-XXXXXX)"
    chmod 755 "$server" # PostgreSQL's is another user's
    trap '../postgres/stop.sh "$server/postgres"; rm -rf "$server"' EXIT
    url="$(../postgres/start.sh "$server/postgres")" || fail 'no PostgreSQL for its metadata'
    AIRFLOW_HOME="$server/home" AIRFLOW__CORE__LOAD_EXAMPLES=False \
        AIRFLOW__DATABASE__SQL_ALCHEMY_CONN="${url/postgresql:/postgresql+psycopg2:}" \
        "$folder/bin/airflow" db migrate >"$folder/migrate.log" 2>&1 || { tail -n 5 "$folder/migrate.log" >&2; fail 'no metadata database'; }
    pg_dump --no-owner "$url" >"$folder/airflow.sql" || fail 'pg_dump failed (Debian: postgresql-client)'
    touch "$folder/complete"
fi
printf '%s\n%s\n%s\n' "$folder/bin/python" "$folder/shifted_clock.so" "$folder/airflow.sql"
