#!/usr/bin/env bash
# A lowkey-vault of its own for tests: a Key Vault on a free port of 127.0.0.1, with a fake metadata service.
#
#   start.sh FOLDER          starts it; prints "host:port metadata-url certificate-file"
#   start.sh --stop FOLDER   stops it
#   start.sh --jars          only fetches the jar (with Maven, into the cache)
#
# Exit status 77: it cannot be had here (no Java, no Maven, no download); the reason is on standard error.
set -euo pipefail

readonly here="$(cd "$(dirname "$0")" && pwd)"
readonly version="$(sed -nE '/lowkey-vault-app/,/version/ s/.*<version>(.*)<.*/\1/p' "$here/pom.xml")"
readonly jars="${XDG_CACHE_HOME:-$HOME/.cache}/millrace/lowkey-vault-$version"
readonly ready_seconds=60 stop_seconds=20 fetch_seconds=300

skip() { printf 'vault: %s\n' "$*" >&2; exit 77; }
fail() { printf 'vault: %s\n' "$*" >&2; exit 1; }

# Into a folder beside, renamed when whole: an interrupted download leaves nothing half-made.
fetch_jars() {
    [ -d "$jars" ] && return 0
    command -v java >/dev/null || skip "java is missing (package default-jre-headless)"
    command -v mvn >/dev/null || skip "mvn is missing (package maven) and the jar is not in $jars"
    local fresh="$jars.$$"
    mkdir -p "$fresh"
    if ! timeout "$fetch_seconds" mvn -q -B -f "$here/pom.xml" dependency:copy-dependencies \
        -DoutputDirectory="$fresh" >"$fresh/mvn.log" 2>&1; then
        rm -rf "$fresh"
        skip "Maven could not fetch lowkey-vault $version"
    fi
    rm -f "$fresh/mvn.log"
    mv -T "$fresh" "$jars" 2>/dev/null || rm -rf "$fresh" # another process was first
}

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

start() {
    local folder="$1" port waited=0
    fetch_jars
    command -v openssl >/dev/null || skip "openssl is missing (package openssl)"
    mkdir -p "$folder"
    folder="$(cd "$folder" && pwd)"
    port="$(free_port)"
    (cd "$folder" && exec setsid nohup java -Xmx256m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -jar "$jars"/lowkey-vault-app-*.jar \
        --server.port="$port" --LOWKEY_VAULT_RELAXED_PORTS=true >"$folder/vault.log" 2>&1 </dev/null) &
    echo $! >"$folder/vault.pid"
    until openssl s_client -connect "127.0.0.1:$port" -servername localhost </dev/null 2>/dev/null |
        openssl x509 >"$folder/certificate.pem" 2>/dev/null; do
        kill -0 "$(cat "$folder/vault.pid")" 2>/dev/null || { tail -n 20 "$folder/vault.log" >&2; fail "the vault ended"; }
        waited=$((waited + 1))
        [ "$waited" -lt $((ready_seconds * 5)) ] || fail "the vault was not ready within $ready_seconds s"
        sleep 0.2
    done
    printf 'localhost:%s %s %s\n' "$port" http://127.0.0.1:8080 "$folder/certificate.pem"
}

# A process of ours only: the number of one that is gone may belong to another by now.
ours() { tr '\0' ' ' <"/proc/$1/cmdline" 2>/dev/null | grep -q "lowkey-vault-app-"; }

stop() {
    local folder="$1" pid waited=0
    [ -f "$folder/vault.pid" ] || return 0
    pid="$(cat "$folder/vault.pid")"
    while ours "$pid"; do
        [ "$waited" -gt 0 ] || kill -TERM "$pid"
        waited=$((waited + 1))
        [ "$waited" -ne $((stop_seconds * 10)) ] || kill -9 "$pid"
        sleep 0.1
    done
    rm -f "$folder/vault.pid"
}

case "${1:-}" in
    --jars) fetch_jars ;;
    --stop) stop "${2:?usage: start.sh --stop FOLDER}" ;;
    '' | -*) fail "usage: start.sh FOLDER | --stop FOLDER | --jars" ;;
    *) start "$1" ;;
esac
