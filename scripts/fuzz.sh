#!/usr/bin/env bash
# Runs every fuzz target for the given number of seconds, JOBS at a time, from the committed seeds.
# A finding leaves its input in build/fuzz/findings and fails the run.
set -euo pipefail

readonly seconds="${1:?usage: scripts/fuzz.sh SECONDS}"
cd "$(dirname "$0")/.."
readonly findings="$PWD/build/fuzz/findings"
mkdir -p "$findings"

fuzz_one() {
    local target="$1" name corpus log
    name="$(basename "$target" _fuzz)"
    corpus="build/fuzz/corpus/$name"
    log="build/fuzz/$name.log"
    mkdir -p "$corpus" "tests/fuzz/corpus/$name"
    if "$target" -max_total_time="$2" -timeout=10 -rss_limit_mb=1024 -print_final_stats=1 \
        -artifact_prefix="$3/$name-" "$corpus" "tests/fuzz/corpus/$name" >"$log" 2>&1; then
        printf 'fuzz: %-10s %s runs, no finding\n' "$name" \
            "$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")"
    else
        tail -n 40 "$log"
        printf 'fuzz: %s FAILED, see %s and %s\n' "$name" "$log" "$3"
        return 1
    fi
}
export -f fuzz_one

find build/fuzz/tests/fuzz -maxdepth 1 -name '*_fuzz' -type f -perm -u+x | sort |
    xargs -P "${JOBS:-2}" -I{} bash -c 'fuzz_one "$@"' _ {} "$seconds" "$findings"
