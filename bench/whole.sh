#!/usr/bin/env bash
# The whole way: a CSV file through convert, HTTP, log and sinks to the last row in the store.
#   bench/whole.sh BUILD_FOLDER [FILE.csv|FILE.csv.xz]   -> one JSON line
# Without a file (or the REAL_DATA variable) it takes 541,909 generated lines.
set -euo pipefail
program="$(realpath "${1:?usage: bench/whole.sh BUILD_FOLDER [FILE]}")/millrace"
file="${2:-${REAL_DATA:-}}"
[ -z "$file" ] || file="$(realpath "$file")"
cd "$(dirname "$0")"
source ./lib.sh

readonly rounds="${ROUNDS:-3}"
export MILLRACE_GATEWAY=127.0.0.1:18474 MILLRACE_URL=http://127.0.0.1:18474 MILLRACE_LOG_LEVEL=warn
export MILLRACE_DATA="$bench_folder/none"
source_name=real
case "$file" in
    '') source_name=generated
        "$program" generate --events 541909 --seed 7 --format csv --quiet -o "$bench_folder/lines.csv" ;;
    *.xz) xz -dc "$file" >"$bench_folder/lines.csv" ;;
    *) cp "$file" "$bench_folder/lines.csv" ;;
esac

times=() peaks=()
for round in $(seq "$rounds"); do
    export MILLRACE_DATA="$bench_folder/data$round"
    start_role up
    start="$(now_us)"
    "$program" post "$bench_folder/lines.csv" --quiet --no-resume >/dev/null
    "$program" status --wait 120s >/dev/null
    times+=("$(($(now_us) - start))")
    total=0
    for pid in "$role_pid" $(pgrep -P "$role_pid"); do total=$((total + $(peak_kib "$pid"))); done
    peaks+=("$total")
    stop_role "$role_pid"
done
printf '{"bench":"whole_way","source":"%s","seconds":%s,"peak_mib_all_roles":%s}\n' "$source_name" \
    "$(divide "$(median "${times[@]}")" 1000000)" "$(divide "$(median "${peaks[@]}")" 1024 0)"
