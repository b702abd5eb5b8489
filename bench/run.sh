#!/usr/bin/env bash
# Runs the benches of one build and writes their tables into docs/performance.md: ratios against limits and
# peers that were measured in the same run on the same machine, each table with its date and machine.
#   bench/run.sh BUILD_FOLDER [STEP...]
# STEP: parse log store http bulk whole bronze medallion publish web peer; without one, all of them. What other
# steps measured before stays (BUILD_FOLDER/results, a file each).
set -euo pipefail
build="$(realpath "${1:?usage: bench/run.sh BUILD_FOLDER [STEP...]}")"
shift
cd "$(dirname "$0")/.."
readonly results="$build/results" report=docs/performance.md
scratch="$(mktemp -d "${BENCH_FOLDER:-/tmp}/millrace-bench-XXXXXX")"
trap 'rm -rf "$scratch"' EXIT

# The real data set where it is at hand; generated lines otherwise.
if [ -z "${REAL_DATA:-}" ] && [ -f ../shared/data/online-retail.csv.xz ]; then
    export REAL_DATA="$PWD/../shared/data/online-retail.csv.xz"
fi

machine="$(nproc) cores of $(sed -nE 's/^model name\s*: //p' /proc/cpuinfo | head -n 1), $(free -g | awk '/^Mem/ { print $2 }') GiB, Linux $(uname -r | cut -d- -f1)"

# step NAME COMMAND...: its JSON lines, after one that says when and where. A step that fails leaves the last results.
step() {
    local name="$1"
    shift
    printf 'bench: %s\n' "$name" >&2
    printf '{"bench":"step","date":"%s","machine":"%s","build":"%s"}\n' "$(date -u +%Y-%m-%d)" "$machine" \
        "$("$build/millrace" --version)" >"$scratch/$name"
    "$@" | tee -a "$scratch/$name" >&2
    mv "$scratch/$name" "$results/$name.jsonl"
}

run() {
    case "$1" in
    parse) step parse "$build/bench/parse_bench" ;;
    log) step log "$build/bench/log_bench" "$scratch" ;;
    store) step store "$build/bench/store_bench" ;;
    http | bulk | whole | bronze | medallion | publish | web | peer) step "$1" "bench/$1.sh" "$build" ;;
    *) printf "bench: no step '%s'; see the head of bench/run.sh\n" "$1" >&2 && exit 2 ;;
    esac
}

mkdir -p "$results"
[ $# -gt 0 ] || set -- parse log store http bulk whole bronze medallion publish web peer
for name in "$@"; do run "$name"; done

# The tables stand between two marks; what is around them is written by people.
bench/report.sh "$results" >"$scratch/tables"
awk -v tables="$scratch/tables" '
    /^<!-- end of what make bench writes/ { inside = 0 }
    !inside { print }
    /^<!-- make bench writes/ { inside = 1; while ((getline line < tables) > 0) print line }' "$report" >"$scratch/report"
cat "$scratch/report" >"$report"
printf 'bench: wrote %s\n' "$report" >&2
