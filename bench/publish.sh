#!/usr/bin/env bash
# Gold into PostgreSQL: all of it, the same again, and what 1,000 new lines change.
#   bench/publish.sh BUILD_FOLDER   -> a JSON line
# REAL_DATA: the Online Retail file; without it as many generated lines.
set -euo pipefail
build="$(realpath "${1:?usage: bench/publish.sh BUILD_FOLDER}")"
program="$build/millrace"
cd "$(dirname "$0")"
source ./lib.sh

readonly port=18481
export MILLRACE_GATEWAY="127.0.0.1:$port" MILLRACE_URL="http://127.0.0.1:$port" MILLRACE_LOG_LEVEL=warn
export MILLRACE_DATA="$bench_folder/data"
server="$(mktemp -d /tmp/millrace-publish-XXXXXX)"
chmod 755 "$server"
trap 'bench_cleanup; ../tests/peers/postgres/stop.sh "$server/postgres"; rm -rf "$server"' EXIT
MILLRACE_PUBLISH="$(../tests/peers/postgres/start.sh "$server/postgres")" ||
    { printf 'publish: no PostgreSQL, not measured\n' >&2; exit 0; }
export MILLRACE_PUBLISH

field() { sed -nE "s/.*\"$1\": ?([^,}]+).*/\1/p"; }
published() { "$program" publish --json | sed 's/"tables".*//'; }

events="$bench_folder/events.csv"
case "${REAL_DATA:-}" in
    *.xz) xz -dc "$REAL_DATA" >"$events" ;;
    ?*) cp "$REAL_DATA" "$events" ;;
    *) events="$bench_folder/events.ndjson"; "$program" generate --events 541909 --quiet -o "$events" ;;
esac
start_role up
"$program" post "$events" --quiet --no-resume >/dev/null
"$program" status --wait 600s >/dev/null
"$program" run --quiet
all="$(published)"
same="$(published)"
"$program" generate --events 1000 --seed 77 --quiet -o "$bench_folder/step.ndjson"
"$program" post "$bench_folder/step.ndjson" --quiet --no-resume >/dev/null
"$program" status --wait 60s >/dev/null
"$program" run --quiet
step="$(published)"
stop_role "$role_pid"
printf '{"bench":"publish","rows":%s,"all_s":%s,"same_s":%s,"increment_lines":1000,"increment_rows":%s,"increment_s":%s}\n' \
    "$(field rows_put <<<"$all")" "$(field seconds <<<"$all")" "$(field seconds <<<"$same")" \
    "$(field rows_put <<<"$step")" "$(field seconds <<<"$step")"
