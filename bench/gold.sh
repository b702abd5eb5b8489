#!/usr/bin/env bash
# Continuous mode: the time from a POST until the last of gold's tables shows its line, while the
# scheduler follows bronze.
#   bench/gold.sh BUILD_FOLDER   -> JSON lines
# REAL_DATA: the real file (.csv, .csv.xz) the lines are added to; without it, as many generated lines.
# LAKE_FOLDERS: instead, data folders that have a lake; lines are added to it, in place.
set -euo pipefail
build="$(realpath "${1:?usage: bench/gold.sh BUILD_FOLDER}")"
program="$build/millrace"
cd "$(dirname "$0")"
source ./lib.sh

readonly port=18483 seconds="${SECONDS_PER_ROUND:-60}" rate="${RATE:-2}" table="gold/mart_sales_by_customer"
export MILLRACE_GATEWAY="127.0.0.1:$port" MILLRACE_URL="http://127.0.0.1:$port" MILLRACE_LOG_LEVEL=warn
export MILLRACE_CONTINUOUS="${MILLRACE_CONTINUOUS:-1s}"

# latency SOURCE: of the lake in MILLRACE_DATA.
latency() {
    local lines
    start_role up
    "$program" status --wait 600s >/dev/null
    "$program" runs trigger --wait >/dev/null
    lines="$("$program" sql --format csv 'SELECT count(*) FROM gold.fact_sales' | tail -n 1)"
    "$build/bench/bronze_latency_bench" "$port" "file:$MILLRACE_DATA/lake" "$bench_folder/reader" "$rate" "$seconds" \
        "$table" | sed "s/\"bench\":\"gold_latency\"/&,\"source\":\"$1\",\"lines\":$lines/"
    stop_role "$role_pid"
}

if [ -n "${LAKE_FOLDERS:-}" ]; then
    for folder in $LAKE_FOLDERS; do
        MILLRACE_DATA="$(realpath "$folder")"
        export MILLRACE_DATA
        latency "$(basename "$folder")"
    done
    exit
fi
export MILLRACE_DATA="$bench_folder/data"
start_role up
case "${REAL_DATA:-}" in
'') "$program" generate --events 541909 --quiet -o "$bench_folder/lines.ndjson" ;;
*.xz) xz -dc "$REAL_DATA" >"$bench_folder/lines.csv" ;;
*) cp "$REAL_DATA" "$bench_folder/lines.csv" ;;
esac
"$program" post "$bench_folder"/lines.* --quiet --no-resume >/dev/null
"$program" status --wait 600s >/dev/null
stop_role "$role_pid"
latency "$([ -n "${REAL_DATA:-}" ] && echo real || echo generated)"
