#!/usr/bin/env bash
# Stops a server that tests/peers/postgres/start.sh started, and removes its folder.
#   tests/peers/postgres/stop.sh FOLDER
set -uo pipefail

readonly folder="${1:?usage: stop.sh FOLDER}"
readonly seconds_max=10

[ -f "$folder/data/PG_VERSION" ] || exit 0
if pid="$(head -n 1 "$folder/data/postmaster.pid" 2>/dev/null)" && [ -n "$pid" ]; then
    kill -QUIT "$pid" 2>/dev/null # immediate: what it held is thrown away anyway
    timeout "$seconds_max" tail --pid="$pid" -f /dev/null
fi
rm -rf "$folder"
