#!/usr/bin/env bash
# On one Kafka broker and one PostgreSQL: how long an event takes, how near the store comes to a bare COPY, and the same
# job by the stack that millrace replaces:
#
#   visible        POST to the rows that anybody sees, at 5,000 events a second: as invoices of 20 lines, and as singles
#   store_postgres the store sink against a binary COPY of the same rows into the same tables
#   bulk_kafka     `millrace post` sends batches of 5,000 lines, each answered once the broker has it
#   gateway_kafka  single POSTs, 201 once the broker has the event (acks=all): millrace against FastAPI with kafka-python
#                  (the client of the original) and with librdkafka; PEER_CLIENTS names those wanted; behind both
#                  counts of connections the best rate of each over them, and what each serves from as much CPU
#                  (GATEWAY_CPU_PERCENT of one core, by a control group: needs root), when load and broker are no limit
#   spark_store    the same events out of one topic into PostgreSQL: the store sink against Spark Structured Streaming
#
#   bench/peer.sh BUILD_FOLDER [NAME ...]   -> JSON lines; only those named, where some are
#
# The peers come from PyPI and Maven into the cache folder; what cannot be had is skipped and named. bench/peer/ holds
# their code and says how each is tuned. PEER_PYTHON: the Python (3.10 or newer, with venv) to install them for.
set -euo pipefail
build="$(realpath "${1:?usage: bench/peer.sh BUILD_FOLDER [NAME ...]}")"
program="$build/millrace"
shift
readonly wanted=" $* "
cd "$(dirname "$0")"
source ./lib.sh

readonly cache="${XDG_CACHE_HOME:-$HOME/.cache}/millrace/peer"
readonly rounds="${ROUNDS:-3}" partitions=6 broker_warm_seconds=30
seconds="${SECONDS_PER_ROUND:-5}"
readonly connection_counts=(64 512)
readonly processors="${PROCESSORS:-1}" # of ours against Spark, which takes all cores
readonly events="${EVENTS:-500000}" rate="${RATE:-5000}" visible_seconds="${VISIBLE_SECONDS:-30}"
readonly peer_clients="${PEER_CLIENTS:-kafka-python confluent-kafka}"
readonly gateway_cpu_percent="${GATEWAY_CPU_PERCENT:-30}" # so that the rest of two cores is enough for load and broker
readonly peer_port=18481 gateway_port=18482 ready_tries_max=300
readonly peers=../tests/peers

wants() { [ "$wanted" = '  ' ] || [[ "$wanted" == *" $1 "* ]]; }
skip() { printf 'bench: skipped: %s\n' "$*" >&2; }

# --- What is needed ------------------------------------------------------------------------------

# Installed into a folder beside and renamed when whole; its name holds what was asked for.
install_python() {
    local base="${PEER_PYTHON:-python3}" id folder
    id="$(sha256sum peer/requirements.txt | cut -c1-12)"
    folder="$cache/python-$id"
    python="$folder/bin/python"
    if [ ! -f "$folder/complete" ]; then
        "$base" -c 'import ensurepip' 2>/dev/null || { skip "$base has no venv (package python3-venv)"; return 1; }
        rm -rf "$folder"
        mkdir -p "$cache"
        "$base" -m venv "$folder" && "$python" -m pip install --quiet --disable-pip-version-check -r peer/requirements.txt >&2 ||
            { skip 'pip could not install bench/peer/requirements.txt'; return 1; }
        touch "$folder/complete"
    fi
}

install_jars() {
    local id
    id="$(sha256sum peer/pom.xml | cut -c1-12)"
    jars="$cache/jars-$id"
    [ ! -d "$jars" ] || return 0
    command -v mvn >/dev/null || { skip 'mvn is missing (package maven)'; return 1; }
    if ! mvn -q -B -f peer/pom.xml dependency:copy-dependencies -DincludeScope=runtime \
        -DoutputDirectory="$jars.$$" >"$bench_folder/mvn.log" 2>&1; then
        tail -n 5 "$bench_folder/mvn.log" >&2
        rm -rf "$jars.$$"
        skip 'Maven could not fetch the jars of bench/peer/pom.xml'
        return 1
    fi
    mv -T "$jars.$$" "$jars"
}

stop_servers() {
    [ ! -d "$bench_folder/kafka" ] || "$peers/kafka/start.sh" --stop "$bench_folder/kafka" || true
    [ ! -d "$bench_folder/postgres" ] || "$peers/postgres/stop.sh" "$bench_folder/postgres" || true
    bench_cleanup
    remove_share
}

start_kafka() {
    # Memory for page cache rather than heap; else the flags of Kafka's own start script, not those of a quick test.
    local jvm='-Xms512m -Xmx512m -server -XX:+UseG1GC -XX:MaxGCPauseMillis=20 -XX:InitiatingHeapOccupancyPercent=35 -XX:+ExplicitGCInvokesConcurrent'
    brokers="$(KAFKA_JVM="$jvm" "$peers/kafka/start.sh" "$bench_folder/kafka")" ||
        { skip 'no Kafka broker (see above)'; return 1; }
}

start_postgres() {
    chmod 755 "$bench_folder"
    postgres_url="$("$peers/postgres/start.sh" "$bench_folder/postgres")" ||
        { skip 'no PostgreSQL server (see above)'; return 1; }
}

topic() { "$python" peer/topic.py "$brokers" "$@"; }

await_ready() { # URL PID LOG
    local tries=0
    until curl -fsS -o /dev/null "$1" 2>/dev/null; do
        kill -0 "$2" 2>/dev/null && [ $((tries += 1)) -le $ready_tries_max ] || { cat "$3" >&2; exit 1; }
        sleep 0.1
    done
}

# All processes of one: "pid pid ..."
tree() { local pid; for pid in "$1" $(pgrep -P "$1" || true); do printf '%s ' "$pid"; done; }

tree_peak_kib() {
    local pid total=0
    for pid in $(tree "$1"); do total=$((total + $(peak_kib "$pid"))); done
    echo $total
}

# --- Gateway -------------------------------------------------------------------------------------

# A control group of version 2 or 1 whose processes get a small part of a core; fails where none can be made.
make_share() {
    local root=/sys/fs/cgroup period=20000
    if [ -f $root/cgroup.controllers ]; then
        share="$root/millrace-bench-$$"
        mkdir "$share" && echo "$((gateway_cpu_percent * period / 100)) $period" >"$share/cpu.max"
    else
        share="$root/cpu/millrace-bench-$$"
        mkdir "$share" && echo $period >"$share/cpu.cfs_period_us" &&
            echo "$((gateway_cpu_percent * period / 100))" >"$share/cpu.cfs_quota_us"
    fi
} 2>/dev/null

remove_share() { [ ! -d "$share" ] || rmdir "$share" || true; share=''; }

move_to() { local pid; for pid in $(tree "$2"); do echo "$pid" >"$1/cgroup.procs"; done; } # GROUP PID

# Ticks of all cores: "idle all"
core_ticks() { awk '/^cpu / { for (i = 2; i <= 9; i++) all += $i; print $5, all }' /proc/stat; }

# measure PORT PID CONNECTIONS -> "requests_per_s cpu_us p50_us p99_us errors idle_percent", where a share is
# asked for with the process in it; what is answered within 10 s is late and no error
measure() {
    local before after line ticks
    [ -z "$limited" ] || move_to "$share" "$2"
    read -r -a ticks < <(core_ticks)
    before="$(cpu_us "$2")"
    line="$(wrk -t1 -c"$3" -d"${seconds}s" --timeout 10s -s post.lua "http://127.0.0.1:$1/invoicedata" | grep '^result ')"
    after="$(cpu_us "$2")"
    read -r -a ticks < <(core_ticks | awk -v idle="${ticks[0]}" -v all="${ticks[1]}" '{ print $1 - idle, $2 - all }')
    [ -z "$limited" ] || move_to "${share%/*}" "$2"
    eval "$(sed 's/^result //; s/ /;/g' <<<"$line")"
    echo "$(divide "$requests"000000 "$microseconds" 0) $(divide $((after - before)) "$requests") $p50_us $p99_us $errors" \
        "$(divide "${ticks[0]}00" "${ticks[1]}" 0)"
}

start_peer() { # CLIENT
    PEER_CLIENT="$1" PEER_TOPIC=peer-events PEER_BOOTSTRAP="$brokers" PYTHONDONTWRITEBYTECODE=1 "$python" -m uvicorn --app-dir peer gateway:app \
        --port $peer_port --workers "$(nproc)" --loop uvloop --http httptools --no-access-log --log-level warning \
        >"$bench_folder/peer.log" 2>&1 &
    peer_pid=$!
    bench_pids+=("$peer_pid")
    await_ready "http://127.0.0.1:$peer_port/ready" "$peer_pid" "$bench_folder/peer.log"
}

start_gateway() {
    MILLRACE_TOPIC_INGESTION=our-events MILLRACE_GATEWAY="127.0.0.1:$gateway_port" "$program" gateway >"$bench_folder/gateway.log" 2>&1 &
    gateway_pid=$!
    bench_pids+=("$gateway_pid")
    await_ready "http://127.0.0.1:$gateway_port/ready" "$gateway_pid" "$bench_folder/gateway.log"
}

compare_gateways() { # BENCH CLIENT CONNECTIONS
    local per_s cpu half tail errors idle failed=0
    local ours=() theirs=() ours_cpu=() theirs_cpu=() ours_p50=() ours_p99=() theirs_p50=() theirs_p99=() ours_idle=() theirs_idle=()
    for _ in $(seq "$rounds"); do
        read -r per_s cpu half tail errors idle < <(measure $peer_port "$peer_pid" "$3")
        theirs+=("$per_s") theirs_cpu+=("$cpu") theirs_p50+=("$half") theirs_p99+=("$tail") theirs_idle+=("$idle") failed=$((failed + errors))
        read -r per_s cpu half tail errors idle < <(measure $gateway_port "$gateway_pid" "$3")
        ours+=("$per_s") ours_cpu+=("$cpu") ours_p50+=("$half") ours_p99+=("$tail") ours_idle+=("$idle") failed=$((failed + errors))
    done
    best_ours="$(larger "$best_ours" "$(median "${ours[@]}")")" best_theirs="$(larger "$best_theirs" "$(median "${theirs[@]}")")"
    printf '{"bench":"%s","peer_client":"%s","connections":%d,"ours_requests_per_s":%s,"fastapi_requests_per_s":%s,"ratio":%s,"ours_cpu_us":%s,"fastapi_cpu_us":%s,"ours_p50_us":%s,"ours_p99_us":%s,"fastapi_p50_us":%s,"fastapi_p99_us":%s,"ours_peak_mib":%s,"fastapi_peak_mib":%s,"ours_idle_percent":%s,"fastapi_idle_percent":%s,"errors":%d}\n' \
        "$1" "$2" "$3" "$(median "${ours[@]}")" "$(median "${theirs[@]}")" "$(divide "$(median "${ours[@]}")" "$(median "${theirs[@]}")")" \
        "$(median "${ours_cpu[@]}")" "$(median "${theirs_cpu[@]}")" \
        "$(median "${ours_p50[@]}")" "$(median "${ours_p99[@]}")" "$(median "${theirs_p50[@]}")" "$(median "${theirs_p99[@]}")" \
        "$(divide "$(tree_peak_kib "$gateway_pid")" 1024 0)" "$(divide "$(tree_peak_kib "$peer_pid")" 1024 0)" \
        "$(median "${ours_idle[@]}")" "$(median "${theirs_idle[@]}")" "$failed"
}

# Each count of connections, and the best of each side over them.
compare_counts() { # BENCH CLIENT
    local connections best_ours=0 best_theirs=0
    for connections in "${connection_counts[@]}"; do compare_gateways "$1" "$2" "$connections"; done
    printf '{"bench":"%s_best","peer_client":"%s","ours_requests_per_s":%s,"fastapi_requests_per_s":%s,"ratio":%s}\n' \
        "$1" "$2" "$best_ours" "$best_theirs" "$(divide "$best_ours" "$best_theirs")"
}

larger() { awk -v a="$1" -v b="$2" 'BEGIN { print (a > b ? a : b) }'; }

bench_gateway() {
    local client peer_pid gateway_pid limited=''
    make_share || { remove_share; skip 'gateway_kafka_share: no control group can be made (root, and cgroup files that can be written)'; }
    topic peer-events create $partitions
    topic our-events create $partitions
    start_gateway
    # A Java machine that has just begun is slow: the broker first works for a while, and that is not counted.
    seconds=$broker_warm_seconds measure $gateway_port "$gateway_pid" "${connection_counts[-1]}" >/dev/null
    for client in $peer_clients; do
        start_peer "$client"
        measure $peer_port "$peer_pid" "${connection_counts[0]}" >/dev/null
        compare_counts gateway_kafka "$client"
        [ -z "$share" ] || limited=yes compare_counts gateway_kafka_share "$client"
        stop_role "$peer_pid"
    done
    stop_role "$gateway_pid"
}

# --- Store ---------------------------------------------------------------------------------------

# fill_topic TOPIC: all events, as our gateway writes them; sets fill_us and fill_peak_kib.
fill_topic() {
    local pid start
    [ -s "$bench_folder/events.ndjson" ] || "$program" generate --events "$events" --seed 7 --quiet -o "$bench_folder/events.ndjson"
    MILLRACE_TOPIC_INGESTION="$1" MILLRACE_KAFKA_PARTITIONS=$partitions MILLRACE_GATEWAY="127.0.0.1:$gateway_port" \
        "$program" gateway >"$bench_folder/gateway.log" 2>&1 &
    pid=$!
    bench_pids+=("$pid")
    await_ready "http://127.0.0.1:$gateway_port/ready" "$pid" "$bench_folder/gateway.log"
    start="$(now_us)"
    "$program" post "$bench_folder/events.ndjson" --url "http://127.0.0.1:$gateway_port" --quiet --no-resume >/dev/null
    fill_us=$(($(now_us) - start))
    fill_peak_kib="$(peak_kib "$pid")"
    stop_role "$pid"
}

bench_bulk() {
    local round rates=() peaks=()
    for round in $(seq "$rounds"); do
        fill_topic "bulk$round"
        rates+=("$(divide "$events"000000 "$fill_us" 0)")
        peaks+=("$fill_peak_kib")
    done
    printf '{"bench":"bulk_kafka","events":%d,"events_per_s":%s,"gateway_peak_mib":%s}\n' \
        "$events" "$(median "${rates[@]}")" "$(divide "$(median "${peaks[@]}")" 1024 0)"
}

# A database of its own on the server; prints its URL.
new_database() {
    psql --quiet --no-psqlrc "$postgres_url" --command "CREATE DATABASE $1" >&2
    echo "${postgres_url%/*}/$1"
}

query() { psql --no-psqlrc --tuples-only --no-align "$1" --command "$2"; }

# From the start of the processors, which share the topic's partitions, to the last commit, as the positions' own clock
# tells it: `status` looks four times a second. (Spark's seconds begin with its first batch, when it has long started.)
run_ours() {
    local url pid pids=() start
    url="$(new_database ours)"
    start="$(now_us)"
    for pid in $(seq "$processors"); do
        MILLRACE_DATA="$bench_folder/data-$pid" MILLRACE_STORE="$url" MILLRACE_TOPIC_INGESTION=events MILLRACE_SINKS=store \
            "$program" processor >"$bench_folder/processor-$pid.log" 2>&1 &
        pids+=("$!")
    done
    bench_pids+=("${pids[@]}")
    MILLRACE_STORE="$url" MILLRACE_TOPIC_INGESTION=events MILLRACE_SINKS=store "$program" status --wait 300s >/dev/null ||
        { cat "$bench_folder"/processor-*.log >&2; exit 1; }
    our_us=$(($(query "$url" 'SELECT max(moved_ms) FROM consumed_offset')000 - start))
    our_cpu=0 our_peak=0
    for pid in "${pids[@]}"; do
        our_cpu=$((our_cpu + $(cpu_us "$pid"))) our_peak=$((our_peak + $(peak_kib "$pid")))
    done
    for pid in "${pids[@]}"; do stop_role "$pid"; done
    our_lines="$(query "$url" 'SELECT count(*) FROM invoice_line')"
}

run_spark() {
    local url place
    url="$(new_database spark)"
    psql --quiet --no-psqlrc "$url" --file peer/store.sql >&2
    place="${url#postgresql://}"
    "$python" peer/stream.py "$brokers" events "jdbc:postgresql://${place#*@}" millrace "$(sed 's/.*:\(.*\)@.*/\1/' <<<"$place")" "$jars" \
        >"$bench_folder/spark.out" 2>"$bench_folder/spark.log" || { tail -n 30 "$bench_folder/spark.log" >&2; exit 1; }
    spark="$(grep '^result ' "$bench_folder/spark.out")"
    spark_lines="$(query "$url" 'SELECT count(*) FROM invoice_line')"
}

bench_store() {
    local our_rate
    fill_topic events
    run_ours
    run_spark
    [ "$our_lines" -eq "$spark_lines" ] || { printf 'bench: %d lines in our store, %d in the peer'"'"'s\n' "$our_lines" "$spark_lines" >&2; exit 1; }
    eval "$(sed 's/^result //; s/\<events=/spark_events=/; s/\<seconds=/spark_seconds=/; s/ /;/g' <<<"$spark")"
    our_rate="$(divide "$events"000000 "$our_us" 0)"
    printf '{"bench":"spark_store","processors":%d,"events":%d,"lines":%d,"ours_events_per_s":%s,"spark_events_per_s":%s,"spark_warm_events_per_s":%s,"ratio":%s,"ratio_warm":%s,"ours_cpu_us_per_event":%s,"ours_peak_mib":%s,"spark_peak_mib":%s}\n' \
        "$processors" "$events" "$our_lines" "$our_rate" "$(divide "$spark_events" "$spark_seconds" 0)" "$warm_events_per_s" \
        "$(divide "$our_rate" "$(divide "$spark_events" "$spark_seconds" 0)")" "$(divide "$our_rate" "$warm_events_per_s")" \
        "$(divide "$our_cpu" "$events")" "$(divide "$our_peak" 1024 0)" "$peak_mib"
}

# --- From POST to row ----------------------------------------------------------------------------

bench_visible() { # LINES of an invoice; a bench that fails is said, and does not end the others
    local url pid gateway name="visible$1"
    url="$(new_database "$name")"
    # One process of each role, as on a small server; the feed runs too.
    export MILLRACE_STORE="$url" MILLRACE_TOPIC_INGESTION="$name" MILLRACE_TOPIC_PROCESSED="$name-processed"
    export MILLRACE_GATEWAY="127.0.0.1:$gateway_port"
    "$program" gateway >"$bench_folder/gateway.log" 2>&1 &
    gateway=$!
    "$program" processor >"$bench_folder/processor.log" 2>&1 &
    pid=$!
    bench_pids+=("$gateway" "$pid")
    await_ready "http://$MILLRACE_GATEWAY/ready" "$gateway" "$bench_folder/gateway.log"
    # The sinks have begun once they have taken an event.
    "$program" generate --events 1 --seed 7 --quiet | "$program" post - --url "http://$MILLRACE_GATEWAY" --quiet >/dev/null
    "$program" status --wait 60s >/dev/null
    if ! "$build/bench/visible_bench" "$gateway_port" "$url" "$rate" "$visible_seconds" "$1"; then
        cat "$bench_folder/gateway.log" "$bench_folder/processor.log" >&2
        printf 'bench: failed: visible, %d lines\n' "$1" >&2
        failures=$((failures + 1))
    fi
    stop_role "$pid"
    stop_role "$gateway"
    unset MILLRACE_STORE MILLRACE_TOPIC_INGESTION MILLRACE_TOPIC_PROCESSED MILLRACE_GATEWAY
}

# -------------------------------------------------------------------------------------------------

trap stop_servers EXIT
share='' has_kafka=no has_postgres=no has_python=no failures=0
! start_kafka || has_kafka=yes
if command -v psql >/dev/null; then
    ! start_postgres || has_postgres=yes
else
    skip 'psql is missing (package postgresql-client)'
fi
export MILLRACE_BUS="kafka://${brokers:-}" MILLRACE_DATA="$bench_folder/data" MILLRACE_LOG_LEVEL=warn

if wants visible; then
    if [ $has_kafka$has_postgres = yesyes ]; then
        for lines in ${VISIBLE_LINES:-20 1}; do bench_visible "$lines"; done
    else
        skip 'visible'
    fi
fi
if wants store_postgres; then
    if [ $has_postgres = yes ]; then "$build/bench/store_postgres_bench" "$postgres_url"; else skip 'store_postgres'; fi
fi
if wants bulk_kafka; then
    if [ $has_kafka = yes ]; then bench_bulk; else skip 'bulk_kafka'; fi
fi
if wants gateway_kafka || wants spark_store; then
    ! install_python || has_python=yes
fi
if wants gateway_kafka; then
    command -v wrk >/dev/null || skip 'wrk is missing (package wrk)'
    if [ $has_kafka$has_python = yesyes ] && command -v wrk >/dev/null; then bench_gateway; else skip 'gateway_kafka'; fi
fi
if wants spark_store; then
    if [ $has_kafka$has_postgres$has_python = yesyesyes ] && install_jars; then bench_store; else skip 'spark_store'; fi
fi
[ "$failures" -eq 0 ]
