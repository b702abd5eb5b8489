#!/usr/bin/env bash
# Silver and gold: a full refresh against the same SELECTs by DuckDB alone (the limit: it commits,
# checks and syncs nothing) and by Spark with Delta, and an increment of 1,000 lines.
#   bench/medallion.sh BUILD_FOLDER   -> JSON lines
# REAL_DATA: the Online Retail file; without it as many generated lines. MEDALLION_LINES: more sizes,
# of generated lines ("1000000 10000000 50000000"). SPARK_LINES: at most so many are given to Spark.
# LAKE_FOLDERS: instead, data folders whose bronze is there already; their silver and gold are made anew, in place.
set -euo pipefail
build="$(realpath "${1:?usage: bench/medallion.sh BUILD_FOLDER}")"
program="$build/millrace"
cd "$(dirname "$0")"
source ./lib.sh

readonly models=../models rounds="${ROUNDS:-3}" spark_lines="${SPARK_LINES:-10000000}" port=18479
export MILLRACE_GATEWAY="127.0.0.1:$port" MILLRACE_URL="http://127.0.0.1:$port" MILLRACE_LOG_LEVEL=warn
peers=()
if ! mapfile -t peers < <(../tests/peers/lake/install.sh) || [ "${#peers[@]}" -ne 2 ]; then
    printf 'medallion: DuckDB and Spark cannot be had; measured without them\n' >&2
    peers=()
fi
python="${peers[0]:-python3}"
export DELTA_JARS="${peers[1]:-}"

field() { sed -nE "s/.*\"$1\": ?([^,}]+).*/\1/p"; }
ours() { "$python" medallion_peer.py time "$program" run --quiet "$@"; }

# best COMMAND...: the line of the fastest of some rounds.
best() {
    local i
    for ((i = 0; i < rounds; i++)); do "$@"; done | sort -t: -k2 -n | head -n 1
}

peer() { # ENGINE
    rm -rf "$bench_folder/out"
    "$python" medallion_peer.py "$1" "$MILLRACE_DATA/lake" "$models" "$bench_folder/out" 2>"$bench_folder/$1.log"
}

# figures SOURCE: of the lake in MILLRACE_DATA, whose roles are up.
figures() {
    local source="$1" lines full duck='' spark='' step
    lines="$("$program" sql --format csv 'SELECT count(*) FROM bronze.sales_events' | tail -n 1)"
    full="$(best ours --full-refresh)"
    if [ "${#peers[@]}" -gt 0 ]; then
        duck="$(best peer duckdb)"
        if [ "$lines" -le "$spark_lines" ]; then spark="$(peer spark)" || cat "$bench_folder/spark.log" >&2; fi
    fi
    ours >/dev/null # what bronze has gathered since is not the increment's
    "$program" generate --events 1000 --seed "$((lines % 1000003 + 7))" --quiet -o "$bench_folder/step.ndjson"
    "$program" post "$bench_folder/step.ndjson" --quiet --no-resume >/dev/null
    "$program" status --wait 60s >/dev/null
    step="$(ours)"
    printf '{"bench":"medallion","source":"%s","lines":%s,"full_s":%s,"full_cpu_s":%s,"full_peak_mib":%s' "$source" \
        "$lines" "$(field seconds <<<"$full")" "$(field cpu_s <<<"$full")" "$(field peak_mib <<<"$full")"
    if [ -n "$duck" ]; then
        printf ',"duckdb_s":%s,"duckdb_cpu_s":%s,"duckdb_peak_mib":%s,"of_duckdb":%s' "$(field seconds <<<"$duck")" \
            "$(field cpu_s <<<"$duck")" "$(field peak_mib <<<"$duck")" \
            "$(divide "$(field seconds <<<"$full")" "$(field seconds <<<"$duck")")"
    fi
    if [ -n "$spark" ]; then
        printf ',"spark_s":%s,"times_spark":%s' "$(field seconds <<<"$spark")" \
            "$(divide "$(field seconds <<<"$spark")" "$(field seconds <<<"$full")" 1)"
    fi
    printf ',"increment_lines":1000,"increment_s":%s,"increment_cpu_s":%s}\n' "$(field seconds <<<"$step")" \
        "$(field cpu_s <<<"$step")"
}

# round SOURCE FILE: a data folder of its own, from a POST of the file to the figures.
round() {
    export MILLRACE_DATA="$bench_folder/data"
    start_role up
    "$program" post "$2" --quiet --no-resume >/dev/null
    "$program" status --wait 600s >/dev/null
    rm -f "$bench_folder/lines.ndjson"
    ours >/dev/null
    figures "$1"
    stop_role "$role_pid"
    rm -rf "$MILLRACE_DATA" "$bench_folder/out"
}

given() { # FOLDER
    export MILLRACE_DATA="$1"
    start_role up
    figures "$(basename "$1")"
    stop_role "$role_pid"
    rm -rf "$bench_folder/out"
}

generated() { "$program" generate --events "$1" --quiet -o "$bench_folder/lines.ndjson"; }

if [ -n "${LAKE_FOLDERS:-}" ]; then
    for folder in $LAKE_FOLDERS; do given "$(realpath "$folder")"; done
    exit
elif [ -n "${REAL_DATA:-}" ] && [ -f "$REAL_DATA" ]; then
    case "$REAL_DATA" in
    *.xz) xz -dc "$REAL_DATA" >"$bench_folder/real.csv" ;;
    *) cp "$REAL_DATA" "$bench_folder/real.csv" ;;
    esac
    round real "$bench_folder/real.csv"
else
    generated 541909
    round generated "$bench_folder/lines.ndjson"
fi
for size in ${MEDALLION_LINES:-}; do
    generated "$size"
    round generated "$bench_folder/lines.ndjson"
done
