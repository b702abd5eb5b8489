#!/usr/bin/env bash
# Silver and gold by DuckDB and by Spark, from the same bronze: a first run that makes every table, then an increment,
# each by both; the time of each, and whether every table has the same rows.
#   bench/engines.sh BUILD_FOLDER   -> JSON lines; fails where a row differs
# REAL_DATA: the Online Retail file. Without it ENGINE_LINES generated lines (1000000), and a twentieth of them as the
# increment. ENGINE_CORES (2) are Spark's, ENGINE_MEMORY (4GiB) each engine's.
set -euo pipefail
program="$(realpath "${1:?usage: bench/engines.sh BUILD_FOLDER}")/millrace"
cd "$(dirname "$0")"
source ./lib.sh

readonly lines="${ENGINE_LINES:-1000000}" real_first=500000 port=18480
export MILLRACE_GATEWAY="127.0.0.1:$port" MILLRACE_URL="http://127.0.0.1:$port" MILLRACE_LOG_LEVEL=warn MILLRACE_SINKS=bronze
export MILLRACE_ROLES=gateway,processor MILLRACE_DATA="$bench_folder/data" MILLRACE_SPARK_MASTER="local[${ENGINE_CORES:-2}]"
export MILLRACE_OLAP_MEMORY="${ENGINE_MEMORY:-4GiB}" MILLRACE_SPARK_MEMORY="${ENGINE_MEMORY:-4GiB}"
export MILLRACE_SPARK_SUBMIT="${MILLRACE_SPARK_SUBMIT:-$PWD/../tests/peers/lake/spark-submit.sh}"

of() { MILLRACE_LAKE="file:$bench_folder/$1" "${@:2}"; } # ENGINE COMMAND...

arrive() { # standard input -> bronze of both lakes: the second by links to the first one's files
    export MILLRACE_LAKE="file:$bench_folder/duckdb"
    start_role up
    "$program" post "$@" --quiet --no-resume >/dev/null
    "$program" status --wait 3600s >/dev/null
    stop_role "$role_pid"
    mkdir -p "$bench_folder/spark"
    rm -rf "$bench_folder/spark/bronze"
    cp -al "$bench_folder/duckdb/bronze" "$bench_folder/spark/bronze"
}

query() { # ENGINE SQL: the last row
    of "$1" "$program" sql --format csv --timeout 0 "$2" 2>"$bench_folder/sql.log" | tail -n 1 || { cat "$bench_folder/sql.log" >&2; return 1; }
}

# A table as three numbers that do not depend on the order of its rows.
digest() { query "$1" "SELECT count(*), sum(CAST(hash(t) AS HUGEINT)), bit_xor(hash(t, 'again')) FROM $2 t"; } # ENGINE TABLE

tables() {
    local path
    for path in "$bench_folder"/duckdb/{silver,gold}/*/_delta_log; do
        path="${path%/_delta_log}"
        printf '%s.%s\n' "$(basename "${path%/*}")" "${path##*/}"
    done
}

step() { # NAME: a run by each, and the comparison
    local engine table count=0 differing=0 one other rows
    for engine in duckdb spark; do
        rows="$(query "$engine" 'SELECT count(*) FROM bronze.sales_events')"
        of "$engine" python3 medallion_peer.py time "$program" run --engine "$engine" --quiet |
            sed "s/^{/{\"bench\":\"engines\",\"step\":\"$1\",\"engine\":\"$engine\",\"bronze_lines\":$rows,/"
    done
    while read -r table; do
        one="$(digest duckdb "$table")"
        other="$(digest spark "$table")"
        count=$((count + 1))
        if [ "$one" != "$other" ]; then
            differing=$((differing + 1))
            printf '%s: DuckDB %s, Spark %s\n' "$table" "$one" "$other" >&2
        fi
    done < <(tables)
    printf '{"bench":"engines","step":"%s","tables":%d,"differing":%d}\n' "$1" "$count" "$differing"
    [ "$count" -ge 10 ] && [ "$differing" -eq 0 ]
}

if [ -n "${REAL_DATA:-}" ]; then
    case "$REAL_DATA" in
    *.xz) xz -dc "$REAL_DATA" >"$bench_folder/real.csv" ;;
    *) cp "$REAL_DATA" "$bench_folder/real.csv" ;;
    esac
    head -n "$((real_first + 1))" "$bench_folder/real.csv" >"$bench_folder/first.csv"
    { head -n 1 "$bench_folder/real.csv"; tail -n "+$((real_first + 2))" "$bench_folder/real.csv"; } >"$bench_folder/rest.csv"
    arrive "$bench_folder/first.csv"
    step first
    arrive "$bench_folder/rest.csv"
else
    "$program" generate --events "$lines" --quiet | arrive -
    step first
    "$program" generate --events "$((lines / 20))" --seed 2 --quiet | arrive -
fi
step increment
