#!/usr/bin/env bash
# The bronze sink: its cost against DuckDB's COPY, and the time from a POST to its row in bronze, at
# default settings, alone and with a bulk load beside it.
#   bench/bronze.sh BUILD_FOLDER   -> JSON lines
set -euo pipefail
build="$(realpath "${1:?usage: bench/bronze.sh BUILD_FOLDER}")"
program="$build/millrace"
cd "$(dirname "$0")"
source ./lib.sh

readonly port=18477 seconds="${SECONDS_PER_ROUND:-15}"
export MILLRACE_GATEWAY="127.0.0.1:$port" MILLRACE_URL="http://127.0.0.1:$port" MILLRACE_LOG_LEVEL=warn
export MILLRACE_DATA="$bench_folder/data"

mkdir "$bench_folder/sink"
"$build/bench/bronze_sink_bench" "$bench_folder/sink" ${REAL_EVENTS:+"$REAL_EVENTS"}
rm -rf "$bench_folder/sink"

start_role up
# measure NAME RATE
measure() {
    "$build/bench/bronze_latency_bench" "$port" "file:$MILLRACE_DATA/lake" "$bench_folder/reader" "$2" "$seconds" |
        sed "s/\"bench\":\"bronze_latency\"/&,\"load\":\"$1\"/"
}
measure trickle 1
measure steady 200
readonly bulk_rate="${BULK_RATE:-10000}"
"$program" generate --events "$((bulk_rate * (seconds + 5)))" --quiet -o "$bench_folder/bulk.ndjson"
"$program" post "$bench_folder/bulk.ndjson" --rate "$bulk_rate" --quiet --no-resume >/dev/null 2>&1 &
bench_pids+=("$!")
measure bulk 200
total=0
for pid in "$role_pid" $(pgrep -P "$role_pid"); do total=$((total + $(peak_kib "$pid"))); done
printf '{"bench":"bronze_memory","peak_mib_all_roles":%s}\n' "$(divide "$total" 1024 0)"
# What the bench has left, before and after all of it is gathered.
files() {
    "$program" lake list --json | grep -F '"bronze/sales_events"' |
        sed -E "s/.*(\"rows\":[0-9]+,\"files\":[0-9]+,\"bytes\":[0-9]+).*/{\"bench\":\"bronze_files\",\"when\":\"$1\",\1}/"
}
files running
stop_role "$role_pid"
"$program" lake optimize bronze/sales_events >/dev/null
files optimized
