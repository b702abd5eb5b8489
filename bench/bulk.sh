#!/usr/bin/env bash
# Bulk: `millrace post` sends batches of 5,000 lines; each is answered once it is on stable storage.
# Both sides share this machine. CPU of the gateway is counted an event, from socket to synced log.
#   bench/bulk.sh BUILD_FOLDER   -> JSON lines
set -euo pipefail
program="$(realpath "${1:?usage: bench/bulk.sh BUILD_FOLDER}")/millrace"
cd "$(dirname "$0")"
source ./lib.sh

readonly events="${EVENTS:-3000000}" rounds="${ROUNDS:-3}"
export MILLRACE_GATEWAY=127.0.0.1:18473 MILLRACE_URL=http://127.0.0.1:18473 MILLRACE_LOG_LEVEL=warn
export MILLRACE_DATA="$bench_folder/none"
"$program" generate --events "$events" --seed 7 --quiet -o "$bench_folder/events.ndjson"

rates=() cpus=() peaks=()
for round in $(seq "$rounds"); do
    export MILLRACE_DATA="$bench_folder/data$round"
    start_role gateway
    before="$(cpu_us "$role_pid")"
    start="$(now_us)"
    "$program" post "$bench_folder/events.ndjson" --quiet --no-resume >/dev/null
    elapsed=$(($(now_us) - start))
    rates+=("$(divide "$events"000000 "$elapsed" 0)")
    cpus+=("$(divide $(($(cpu_us "$role_pid") - before)) "$events" 3)")
    peaks+=("$(peak_kib "$role_pid")")
    stop_role "$role_pid"
    rm -rf "$MILLRACE_DATA"
done
printf '{"bench":"http_bulk","events":%d,"events_per_s":%s,"gateway_cpu_us_per_event":%s,"gateway_peak_mib":%s}\n' \
    "$events" "$(median "${rates[@]}")" "$(median "${cpus[@]}")" "$(divide "$(median "${peaks[@]}")" 1024 0)"
