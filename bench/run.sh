#!/usr/bin/env bash
# Runs every bench of one build and writes docs/performance.md: ratios against limits and peers that
# were measured in the same run on the same machine, with machine and date.
#   bench/run.sh BUILD_FOLDER
set -euo pipefail
build="$(realpath "${1:?usage: bench/run.sh BUILD_FOLDER}")"
cd "$(dirname "$0")/.."
readonly results="$build/results.jsonl" report=docs/performance.md
scratch="$(mktemp -d "${BENCH_FOLDER:-/tmp}/millrace-bench-XXXXXX")"
trap 'rm -rf "$scratch"' EXIT

# The real data set where it is at hand; generated lines otherwise.
if [ -z "${REAL_DATA:-}" ] && [ -f ../shared/data/online-retail.csv.xz ]; then
    export REAL_DATA="$PWD/../shared/data/online-retail.csv.xz"
fi

step() { printf 'bench: %s\n' "$1" >&2; shift; "$@" | tee -a "$results" >&2; }

: >"$results"
step 'parse against yyjson alone' "$build/bench/parse_bench"
step 'log against write + fdatasync' "$build/bench/log_bench" "$scratch"
step 'store against a bare SQLite insert' "$build/bench/store_bench"
step 'single POST against nginx static' bench/http.sh "$build"
step 'bulk POST' bench/bulk.sh "$build"
step 'the whole way' bench/whole.sh "$build"
step 'bronze' bench/bronze.sh "$build"
step 'silver and gold' bench/medallion.sh "$build"
step 'gold into PostgreSQL' bench/publish.sh "$build"
step 'the sales dashboard' bench/web.sh "$build"
step 'Kafka and PostgreSQL, and the stack of the original' bench/peer.sh "$build"

# field NAME: reads a value out of the JSON line on standard input.
field() { sed -nE "s/.*\"$1\":\"?([^,\"}]+).*/\1/p"; }
line() { grep "\"bench\":\"$1\"" "$results" | { [ $# -gt 1 ] && grep "$2" || cat; } | head -n 1; }
row() { printf '| %s |\n' "$(IFS='|'; printf '%s' "$*" | sed 's/|/ | /g')"; }
has() { grep -q "\"bench\":\"$1\"" "$results"; }
head_of_table() { printf '\n## %s\n\n| what | millrace | limit or peer | ratio | goal |\n| --- | --- | --- | --- | --- |\n' "$1"; }
value() { line "$1" "${3:-.}" | field "$2"; }

{
    cat <<TEXT
# Performance

Written by \`make bench\`. Every ratio compares things measured in one run on one machine; rates alone
say little about another machine.

- date: $(date -u +%Y-%m-%d)
- machine: $(nproc) cores, $(sed -nE 's/^model name\s*: //p' /proc/cpuinfo | head -n 1), $(free -g | awk '/^Mem/ { print $2 }') GiB of memory, Linux $(uname -r | cut -d- -f1)
- build: $("$build/millrace" --version), $(cc --version | head -n 1)
TEXT
    head_of_table 'On one machine: embedded log, SQLite'
    row 'single durable POST, 64 connections, requests/s' "$(value http_single ours_requests_per_s)" \
        "nginx, static 201: $(value http_single nginx_requests_per_s)" "$(value http_single ratio)" 'at least 0.45'
    row 'CPU of one durable POST, µs' "$(value http_single ours_cpu_us)" \
        "nginx, static 201: $(value http_single nginx_cpu_us)" '' 'at most 20'
    row 'latency of one durable POST at full load, p50 / p99, µs' \
        "$(value http_single p50_us) / $(value http_single p99_us)" '' '' ''
    row 'bulk POST, durable events/s, client on the same cores' "$(value http_bulk events_per_s)" '' '' 'at least 900,000'
    row 'gateway CPU of one bulk event, µs' "$(value http_bulk gateway_cpu_us_per_event)" '' '' 'at most 1'
    row "$(value whole_way source) file, 541,909 lines: CSV to last row in the store, s" "$(value whole_way seconds)" '' '' 'under 5'
    row 'peak memory of all roles meanwhile, MiB' "$(value whole_way peak_mib_all_roles)" '' '' 'under 512'
    row 'parse JSON to identified events, events/s' "$(value parse ours_events_per_s)" \
        "yyjson alone, walking the keys: $(value parse yyjson_events_per_s)" "$(value parse ratio)" ''
    for batch in 1 64 1000 5000; do
        row "log, $batch events a sync, events/s" "$(value log ours_events_per_s "\"batch\":$batch,")" \
            "write + fdatasync of the same bytes: $(value log bare_events_per_s "\"batch\":$batch,")" \
            "$(value log ratio "\"batch\":$batch,")" ''
    done
    row 'store sink into SQLite, lines/s' "$(value store ours_rows_per_s)" \
        "bare inserts into one table: $(value store bare_rows_per_s)" "$(value store ratio)" ''

    head_of_table 'On a cluster: Kafka (one broker, acks=all, 6 partitions), PostgreSQL, all on this machine'
    if has visible; then
        row "POST to visible row at $(value visible events_per_s) events/s, p50 / p99, ms" \
            "$(value visible row_p50_ms) / $(value visible row_p99_ms)" '' '' 'p99 under 250'
        row 'POST to its 201 meanwhile, p50 / p99, ms' "$(value visible answer_p50_ms) / $(value visible answer_p99_ms)" '' '' ''
    fi
    if has store_postgres; then
        row 'store sink into PostgreSQL, lines/s' "$(value store_postgres ours_rows_per_s)" \
            "binary COPY of the same rows of all tables: $(value store_postgres bare_rows_per_s)" "$(value store_postgres ratio)" 'at least 0.7'
    fi
    if has bulk_kafka; then
        row 'bulk POST into Kafka, durable events/s, client and broker on the same cores' "$(value bulk_kafka events_per_s)" '' '' 'at least 300,000'
        row 'peak memory of the gateway meanwhile, MiB' "$(value bulk_kafka gateway_peak_mib)" '' '' ''
    fi
    for peer in kafka-python,64 kafka-python,512 confluent-kafka,64 confluent-kafka,512; do
        client="${peer%,*}" connections="${peer#*,}"
        one="\"peer_client\":\"$client\",\"connections\":$connections,"
        [ -n "$(value gateway_kafka ratio "$one")" ] || continue
        row "single durable POST into Kafka, $connections connections, requests/s" "$(value gateway_kafka ours_requests_per_s "$one")" \
            "FastAPI with $client: $(value gateway_kafka fastapi_requests_per_s "$one")" "$(value gateway_kafka ratio "$one")" 'at least 20'
        row 'its p50 / p99, µs' "$(value gateway_kafka ours_p50_us "$one") / $(value gateway_kafka ours_p99_us "$one")" \
            "FastAPI: $(value gateway_kafka fastapi_p50_us "$one") / $(value gateway_kafka fastapi_p99_us "$one")" '' ''
        row 'CPU of one, µs' "$(value gateway_kafka ours_cpu_us "$one")" "FastAPI: $(value gateway_kafka fastapi_cpu_us "$one")" '' ''
        row 'peak memory of the gateway, MiB' "$(value gateway_kafka ours_peak_mib "$one")" \
            "FastAPI: $(value gateway_kafka fastapi_peak_mib "$one")" '' 'at most a tenth'
    done
    if has spark_store; then
        row "$(value spark_store events) events from Kafka into PostgreSQL, events/s" "$(value spark_store ours_events_per_s)" \
            "Spark, from its first batch on: $(value spark_store spark_events_per_s)" "$(value spark_store ratio)" 'at least 10'
        row 'the same, Spark warmed up' '' "Spark: $(value spark_store spark_warm_events_per_s)" "$(value spark_store ratio_warm)" ''
        row 'peak memory of the processor, MiB' "$(value spark_store ours_peak_mib)" "Spark: $(value spark_store spark_peak_mib)" '' ''
    fi
    has visible || has store_postgres || printf 'Neither Kafka nor PostgreSQL could be started here.\n'

    head_of_table 'The sales dashboard'
    if has sales; then
        row "a changed filter over $(value sales lines) lines, p50 / p99, ms" \
            "$(value sales changed_p50_ms) / $(value sales changed_p99_ms)" '' '' 'well under 100'
        row 'the whole range with a comparison, ms' "$(value sales whole_ms)" '' '' '100'
        row 'the same question again, p99, ms' "$(value sales again_p99_ms)" '' '' '10'
        row 'the lines read from the lake, ms; their memory, MiB' "$(value sales load_ms); $(value sales set_mib)" '' '' ''
        row 'following an increment of 1,000 lines, ms' "$(value sales refresh_ms)" '' '' ''
    fi
    { grep '"bench":"page"' "$results" || true; } | while read -r page; do
        row "\`GET $(field path <<<"$page")\`, $(field users <<<"$page") users at once, p99, ms" "$(field p99_ms <<<"$page")" '' '' '200'
    done
} | sed -E ':again; s/([0-9])([0-9]{3})( |:|,|$|\|)/\1,\2\3/; t again' >"$report"
printf 'bench: wrote %s\n' "$report" >&2
