#!/usr/bin/env bash
# Puts DuckDB's library and its C header into the cache, and prints their folder. Debian does not
# package DuckDB; its own packages for npm carry the library (Node's bindings) and the header (the
# sources of the older package: the C API is the same).
#
#   scripts/duckdb.sh          fetch what is missing
#   scripts/duckdb.sh --check  print the folder, or fail where something is missing
set -euo pipefail

readonly version=1.5.5
readonly library_package="@duckdb/node-bindings-linux-x64@$version-r.5" header_package=duckdb@1.4.4
readonly library_sha256=fc23f12e376c47be520f75221288281906e7942e8fd6f6ce4849198ba60d0405 header_sha256=cbe6a827284375c5a646b8f27dbd3a00808ce8738b5bbb49c190cb1e08540281
readonly folder="${XDG_CACHE_HOME:-$HOME/.cache}/millrace/duckdb-$version"

fail() { printf 'duckdb: %s\n' "$*" >&2; exit 1; }

whole() {
    printf '%s  %s\n' "$library_sha256" "$1/libduckdb.so" "$header_sha256" "$1/duckdb.h" | sha256sum --check --status 2>/dev/null
}

# fetch PACKAGE FILE_INSIDE: into the folder we are in.
fetch() {
    local archive
    archive="$(npm pack --silent "$1")" || fail "cannot fetch $1 from npm"
    tar --extract --gzip --file "$archive" --strip-components "$(awk -F/ '{ print NF - 1 }' <<<"$2")" "$2"
    rm -f "$archive"
}

[ "$(uname -m)" = x86_64 ] || fail "no library for $(uname -m) is known here: put libduckdb.so and duckdb.h of $version into a folder and give it to cmake as -DDUCKDB_ROOT"
if ! whole "$folder"; then
    [ "${1:-}" != --check ] || fail "DuckDB $version is not in $folder: make deps"
    command -v npm >/dev/null || fail "npm is missing; it fetches DuckDB's library"
    mkdir -p "$folder"
    room="$(mktemp -d "$folder.XXXXXX")"
    trap 'rm -rf "$room"' EXIT
    cd "$room"
    fetch "$library_package" package/libduckdb.so
    fetch "$header_package" package/src/duckdb/src/include/duckdb.h
    whole "$room" || fail "what npm gave for DuckDB $version is not what it was when this was written"
    mv -f libduckdb.so duckdb.h "$folder/"
fi
printf '%s\n' "$folder"
