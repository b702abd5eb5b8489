#!/usr/bin/env bash
# The tables of docs/performance.md out of the benches' JSON lines.
#   bench/report.sh RESULTS_FOLDER   -> Markdown
set -euo pipefail
cd "${1:?usage: bench/report.sh RESULTS_FOLDER}"
shopt -s nullglob

# field NAME: reads a value out of the JSON line on standard input.
field() { sed -nE "s/.*\"$1\": ?\"?([^,\"}]+).*/\1/p"; }
lines() { cat ./*.jsonl | { grep "\"bench\":\"$1\"" || true; } | { grep -- "${2:-.}" || true; }; }
# value BENCH NAME [PATTERN]: of the first line of a bench, the first that has the pattern.
value() { lines "$1" "${3:-.}" | head -n 1 | field "$2"; }
has() { [ -n "$(lines "$1" "${2:-.}")" ]; }
row() { printf '| %s |\n' "$(IFS='|'; printf '%s' "$*" | sed 's/|/ | /g')"; }

# table TITLE COLUMNS STEP...: a heading, when and where the steps ran, and the head of a table, if any of them did.
table() {
    local title="$1" columns="$2" step places=''
    shift 2
    for step in "$@"; do
        [ ! -f "$step.jsonl" ] || places+="$(head -n 1 "$step.jsonl" | sed -E 's/.*"date":"([^"]*)","machine":"([^"]*)","build":"([^"]*)".*/Of \1, \3, \2./')"$'\n'
    done
    [ -n "$places" ] || return 1
    printf '\n### %s\n\n%s\n\n' "$title" "$(sort -u <<<"${places%$'\n'}")"
    row "$columns"
    row "$(sed 's/[^|]*|/---|/g; s/[^|]*$/---/' <<<"$columns")"
}
readonly against='what|millrace|limit or peer|ratio|goal'

one_machine() {
    local batch
    table 'Stream: embedded log, SQLite' "$against" http bulk whole parse log store || return 0
    if has http_single; then
        row "single durable POST, $(value http_single connections) connections, requests/s" "$(value http_single ours_requests_per_s)" \
            "nginx, static 201: $(value http_single nginx_requests_per_s)" "$(value http_single ratio)" 'at least 0.45'
        row 'CPU of one durable POST, µs' "$(value http_single ours_cpu_us)" \
            "nginx, static 201: $(value http_single nginx_cpu_us)" '' 'at most 20'
        row 'latency of one durable POST at full load, p50 / p99, µs' \
            "$(value http_single p50_us) / $(value http_single p99_us)" '' '' ''
    fi
    if has http_bulk; then
        row 'bulk POST, durable events/s, client on the same cores' "$(value http_bulk events_per_s)" '' '' 'at least 900,000'
        row 'gateway CPU of one bulk event, µs' "$(value http_bulk gateway_cpu_us_per_event)" '' '' 'at most 1'
    fi
    if has whole_way; then
        row "$(value whole_way source) file, 541,909 lines: CSV to last row in the store, bronze beside it, s" "$(value whole_way seconds)" '' '' 'under 5'
        row 'peak memory of all roles meanwhile, MiB' "$(value whole_way peak_mib_all_roles)" '' '' 'under 512'
    fi
    if has parse; then
        row 'parse JSON to identified events, events/s' "$(value parse ours_events_per_s)" \
            "yyjson alone, walking the keys: $(value parse yyjson_events_per_s)" "$(value parse ratio)" ''
    fi
    for batch in 1 64 1000 5000; do
        has log "\"batch\":$batch," || continue
        row "log, $batch events a sync, events/s" "$(value log ours_events_per_s "\"batch\":$batch,")" \
            "write + fdatasync of the same bytes: $(value log bare_events_per_s "\"batch\":$batch,")" \
            "$(value log ratio "\"batch\":$batch,")" ''
    done
    if has store; then
        row 'store sink into SQLite, lines/s' "$(value store ours_rows_per_s)" \
            "bare inserts into one table: $(value store bare_rows_per_s)" "$(value store ratio)" ''
    fi
}

lake() {
    local load
    if table 'Bronze' "$against" bronze; then
        row 'bronze sink, events/s' "$(value bronze_sink ours_events_per_s)" \
            "DuckDB's COPY of rows already parsed: $(value bronze_sink duckdb_copy_events_per_s)" "$(value bronze_sink ratio)" ''
        for load in trickle steady bulk; do
            has bronze_latency "\"load\":\"$load\"" || continue
            row "POST to row in bronze, $load, p50 / p99, ms" \
                "$(value bronze_latency p50_ms "\"load\":\"$load\"") / $(value bronze_latency p99_ms "\"load\":\"$load\"")" '' '' 'p99 under 1,000'
        done
        row 'peak memory of all roles meanwhile, MiB' "$(value bronze_memory peak_mib_all_roles)" '' '' ''
    fi
    if table 'Silver and gold: a full refresh, and an increment of 1,000 lines' \
        'lines|full refresh, s|DuckDB alone, s|ratio|Spark, s|times Spark|CPU, s|peak memory, MiB|increment, s|its CPU, s' medallion; then
        lines medallion | while read -r one; do
            row "$(field lines <<<"$one") ($(field source <<<"$one"))" "$(field full_s <<<"$one")" "$(field duckdb_s <<<"$one")" \
                "$(field of_duckdb <<<"$one")" "$(field spark_s <<<"$one")" "$(field times_spark <<<"$one")" "$(field full_cpu_s <<<"$one")" \
                "$(field full_peak_mib <<<"$one")" "$(field increment_s <<<"$one")" "$(field increment_cpu_s <<<"$one")"
        done
    fi
    if table 'Gold published to PostgreSQL' "$against" publish; then
        row "everything, $(value publish rows) rows, s" "$(value publish all_s)" '' '' ''
        row 'the same versions again, s' "$(value publish same_s)" '' '' ''
        row "what 1,000 new lines changed, $(value publish increment_rows) rows, s" "$(value publish increment_s)" '' '' ''
    fi
}

cluster() {
    local peer client connections one
    table 'Cluster: Kafka (one broker, acks=all, 6 partitions) and PostgreSQL, all on this machine' "$against" peer || return 0
    if has visible; then
        row "POST to visible row, invoices of $(value visible lines) lines, $(value visible events_per_s) events/s, p50 / p99, ms" \
            "$(value visible row_p50_ms) / $(value visible row_p99_ms)" '' '' 'p99 under 250'
    fi
    if has visible_singles; then
        row "the same, every event an invoice, p50 / p99, ms" \
            "$(value visible_singles row_p50_ms) / $(value visible_singles row_p99_ms)" '' '' 'p99 under 250'
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
        has gateway_kafka "$one" || continue
        row "single durable POST into Kafka, $connections connections, requests/s" "$(value gateway_kafka ours_requests_per_s "$one")" \
            "FastAPI with $client: $(value gateway_kafka fastapi_requests_per_s "$one")" "$(value gateway_kafka ratio "$one")" ''
        row 'its p50 / p99, µs' "$(value gateway_kafka ours_p50_us "$one") / $(value gateway_kafka ours_p99_us "$one")" \
            "FastAPI: $(value gateway_kafka fastapi_p50_us "$one") / $(value gateway_kafka fastapi_p99_us "$one")" '' ''
        row 'CPU of one, µs' "$(value gateway_kafka ours_cpu_us "$one")" "FastAPI: $(value gateway_kafka fastapi_cpu_us "$one")" '' ''
        row 'peak memory of the gateway, MiB' "$(value gateway_kafka ours_peak_mib "$one")" \
            "FastAPI: $(value gateway_kafka fastapi_peak_mib "$one")" '' 'at most a tenth'
    done
    for client in kafka-python confluent-kafka; do
        has gateway_kafka_best "$client" || continue
        row 'single durable POST into Kafka, the best of each, requests/s' "$(value gateway_kafka_best ours_requests_per_s "$client")" \
            "FastAPI with $client: $(value gateway_kafka_best fastapi_requests_per_s "$client")" "$(value gateway_kafka_best ratio "$client")" 'at least 20'
        has gateway_kafka_share_best "$client" || continue
        row 'the same, each gateway with the same small part of a core (GATEWAY_CPU_PERCENT)' "$(value gateway_kafka_share_best ours_requests_per_s "$client")" \
            "FastAPI with $client: $(value gateway_kafka_share_best fastapi_requests_per_s "$client")" "$(value gateway_kafka_share_best ratio "$client")" 'at least 20'
    done
    if has spark_store; then
        row "$(value spark_store events) events from Kafka into PostgreSQL, events/s" "$(value spark_store ours_events_per_s)" \
            "Spark, from its first batch on: $(value spark_store spark_events_per_s)" "$(value spark_store ratio)" 'at least 10'
        row 'the same, Spark warmed up' '' "Spark: $(value spark_store spark_warm_events_per_s)" "$(value spark_store ratio_warm)" ''
        row 'peak memory of the processor, MiB' "$(value spark_store ours_peak_mib)" "Spark: $(value spark_store spark_peak_mib)" '' ''
    fi
}

dashboard() {
    table 'The sales dashboard' "$against" web || return 0
    if has sales; then
        row "a changed filter over $(value sales lines) lines, p50 / p99, ms" \
            "$(value sales changed_p50_ms) / $(value sales changed_p99_ms)" '' '' 'well under 100'
        row 'the whole range with a comparison, ms' "$(value sales whole_ms)" '' '' '100'
        row 'the same question again, p99, ms' "$(value sales again_p99_ms)" '' '' '10'
        row 'the lines read from the lake, ms; their memory, MiB' "$(value sales load_ms); $(value sales set_mib)" '' '' ''
        row 'following an increment of 1,000 lines, ms' "$(value sales refresh_ms)" '' '' ''
    fi
    lines page | while read -r page; do
        row "\`GET $(field path <<<"$page")\`, $(field users <<<"$page") users at once, p99, ms" "$(field p99_ms <<<"$page")" '' '' '200'
    done
}

{
    one_machine
    lake
    cluster
    dashboard
} | sed -E ':again; s/(^|[^-.0-9])([0-9]+)([0-9]{3})( |:|,|;|$|\|)/\1\2,\3\4/; t again'
