#!/usr/bin/env bash
# Builds the pages and then one preset of CMakePresets.json, quietly unless something goes wrong.
set -euo pipefail

readonly preset="${1:?usage: scripts/build.sh PRESET}"
readonly jobs="${JOBS:-$(nproc)}"
cd "$(dirname "$0")/.."

scripts/web.sh
printf 'build: %s\n' "$preset"
mkdir -p "build/$preset"
if ! cmake --preset "$preset" >"build/$preset/configure.log" 2>&1; then
    cat "build/$preset/configure.log" >&2
    exit 1
fi
cmake --build --preset "$preset" -j "$jobs" -- --quiet 2>&1 ||
    { printf 'build: %s failed\n' "$preset" >&2; exit 1; }
