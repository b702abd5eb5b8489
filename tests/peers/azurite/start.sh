#!/usr/bin/env bash
# The emulator of Azure Storage for tests and benches: Azurite's blob service on a free port of 127.0.0.1.
#
#   start.sh FOLDER          starts one with its data in FOLDER; prints http://127.0.0.1:PORT/devstoreaccount1
#   start.sh --stop FOLDER   stops it, in good order
#   start.sh --kill FOLDER   kill -9
#   start.sh --again FOLDER  starts it again on its old port and data
#   start.sh --packages      only fetches the packages (with npm, into the cache)
#   start.sh --key           prints the key of its account, which is public
#
# Exit status 77: it cannot be had here (no Node, no npm, no download); the reason is on standard error.
set -euo pipefail

readonly here="$(cd "$(dirname "$0")" && pwd)"
readonly packages="${XDG_CACHE_HOME:-$HOME/.cache}/millrace/azurite-$(cat "$here/package.json" "$here/package-lock.json" | sha256sum | cut -c1-12)"
readonly account=devstoreaccount1 ready_seconds=60 stop_seconds=20 fetch_seconds=300
readonly key='Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=='

skip() { printf 'azurite: %s\n' "$*" >&2; exit 77; }
fail() { printf 'azurite: %s\n' "$*" >&2; exit 1; }

# Into a folder beside, renamed when whole: an interrupted download leaves nothing half-made.
fetch_packages() {
    [ -d "$packages" ] && return 0
    command -v node >/dev/null || skip "node is missing (package nodejs)"
    command -v npm >/dev/null || skip "npm is missing (package npm) and the packages are not in $packages"
    local fresh="$packages.$$"
    mkdir -p "$fresh"
    cp "$here/package.json" "$here/package-lock.json" "$fresh"
    if ! (cd "$fresh" && timeout "$fetch_seconds" npm ci --ignore-scripts --no-audit --no-fund --no-update-notifier >npm.log 2>&1); then
        tail -n 5 "$fresh/npm.log" >&2
        rm -rf "$fresh"
        skip "npm could not fetch Azurite"
    fi
    mv -T "$fresh" "$packages" 2>/dev/null || rm -rf "$fresh" # another process was first
}

run() { # FOLDER PORT
    local folder="$1" port="$2" waited=0
    : >"$folder/azurite.log"
    setsid nohup node "$packages/node_modules/azurite/dist/src/blob/main.js" --location "$folder/data" --blobHost 127.0.0.1 --blobPort "$port" \
        --silent --disableTelemetry --disableProductStyleUrl >"$folder/azurite.log" 2>&1 </dev/null &
    echo $! >"$folder/azurite.pid"
    until grep -q 'successfully listen' "$folder/azurite.log"; do
        kill -0 "$(cat "$folder/azurite.pid")" 2>/dev/null || { tail -n 20 "$folder/azurite.log" >&2; fail "Azurite ended"; }
        waited=$((waited + 1))
        [ "$waited" -lt $((ready_seconds * 10)) ] || fail "Azurite was not ready within $ready_seconds s"
        sleep 0.1
    done
    sed -nE 's#.*listen(s|ing) (on|at) http://127.0.0.1:([0-9]+).*#\3#p' "$folder/azurite.log" | head -n 1 >"$folder/port"
    [ -s "$folder/port" ] || { cat "$folder/azurite.log" >&2; fail "Azurite does not say its port"; }
    printf 'http://127.0.0.1:%s/%s\n' "$(cat "$folder/port")" "$account"
}

# A process of ours only: the number of one that is gone may belong to another by now.
ours() { tr '\0' ' ' <"/proc/$1/cmdline" 2>/dev/null | grep -q -- "--location $2/data"; }

stop() { # FOLDER SIGNAL
    local folder="$1" pid waited=0
    [ -f "$folder/azurite.pid" ] || return 0
    pid="$(cat "$folder/azurite.pid")"
    ours "$pid" "$folder" || { rm -f "$folder/azurite.pid"; return 0; }
    kill "-$2" "$pid"
    while ours "$pid" "$folder"; do
        waited=$((waited + 1))
        [ "$waited" -ne $((stop_seconds * 10)) ] || kill -9 "$pid"
        sleep 0.1
    done
    rm -f "$folder/azurite.pid"
}

case "${1:-}" in
    --packages) fetch_packages ;;
    --key) printf '%s\n' "$key" ;;
    --stop) stop "$(cd "${2:?usage: start.sh --stop FOLDER}" && pwd)" TERM ;;
    --kill) stop "$(cd "${2:?usage: start.sh --kill FOLDER}" && pwd)" KILL ;;
    --again) fetch_packages; folder="$(cd "${2:?}" && pwd)"; run "$folder" "$(cat "$folder/port")" ;;
    '' | -*) fail "usage: start.sh FOLDER | --stop FOLDER | --kill FOLDER | --again FOLDER | --packages | --key" ;;
    *) fetch_packages; mkdir -p "$1"; run "$(cd "$1" && pwd)" 0 ;;
esac
