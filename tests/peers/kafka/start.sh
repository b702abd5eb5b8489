#!/usr/bin/env bash
# A Kafka of its own for tests and benches: KRaft, brokers on free ports of 127.0.0.1, data in a folder.
#
#   start.sh FOLDER [BROKERS]     formats and starts 1 (or BROKERS) of them; prints host:port[,host:port...]
#   start.sh --stop FOLDER [NODE] stops them all, or one (1, 2 ...), in good order
#   start.sh --kill FOLDER NODE   kill -9 of one (1, 2 ...)
#   start.sh --again FOLDER NODE  starts one that was stopped or killed, on its old port and data
#   start.sh --jars               only fetches the jars (with Maven, into the cache)
#   start.sh --where              prints the folder of the jars
#
# Exit status 77: it cannot be had here (no Java, no Maven, no download); the reason is on standard error.
# In the environment, for the start of new ones (a % stands for the number of the broker):
#   KAFKA_JVM       other flags for the Java machine
#   KAFKA_HOST      another address than 127.0.0.1
#   KAFKA_WITHIN    a command that runs the broker, such as `ip netns exec NAME`
#   KAFKA_PROTOCOL  PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL; what it needs is in
#   KAFKA_EXTRA     a file of more properties of the broker
#   KAFKA_FORMAT    more arguments of the formatting, such as `--add-scram USER`
set -euo pipefail

readonly here="$(cd "$(dirname "$0")" && pwd)"
readonly version="$(sed -nE '/kafka_2.13/,/version/ s/.*<version>(.*)<.*/\1/p' "$here/pom.xml")"
readonly jars="${XDG_CACHE_HOME:-$HOME/.cache}/millrace/kafka-$version-$(sha256sum "$here/pom.xml" | cut -c1-12)"
readonly ready_seconds=60 stop_seconds=20 fetch_seconds=300
readonly host="${KAFKA_HOST:-127.0.0.1}" protocol="${KAFKA_PROTOCOL:-PLAINTEXT}"
readonly jvm="${KAFKA_JVM:--Xms128m -Xmx384m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xshare:auto}"

skip() { printf 'kafka: %s\n' "$*" >&2; exit 77; }
fail() { printf 'kafka: %s\n' "$*" >&2; exit 1; }

# Into a folder beside, renamed when whole: an interrupted download leaves nothing half-made.
fetch_jars() {
    [ -d "$jars" ] && return 0
    command -v java >/dev/null || skip "java is missing (package default-jre-headless)"
    command -v mvn >/dev/null || skip "mvn is missing (package maven) and the jars are not in $jars"
    local fresh="$jars.$$"
    mkdir -p "$fresh"
    if ! timeout "$fetch_seconds" mvn -q -B -f "$here/pom.xml" dependency:copy-dependencies \
        -DincludeScope=runtime -DoutputDirectory="$fresh" >"$fresh/mvn.log" 2>&1; then
        tail -n 5 "$fresh/mvn.log" >&2
        rm -rf "$fresh"
        skip "Maven could not fetch Kafka $version"
    fi
    rm -f "$fresh/mvn.log"
    mv -T "$fresh" "$jars" 2>/dev/null || rm -rf "$fresh" # another process was first
}

free_ports() {
    python3 - "$1" <<'PYTHON'
import socket, sys
held = [socket.socket() for _ in range(int(sys.argv[1]))]
for s in held:
    s.bind(("127.0.0.1", 0))
print(*(s.getsockname()[1] for s in held))
PYTHON
}

write_properties() {
    local folder="$1" node="$2" port="$3" controller_port="$4" voters="$5" copies="$6" within="${KAFKA_WITHIN:-}" own="${host//%/$2}"
    # One of several is missed soon when it is gone; one alone is not, however busy the machine.
    local session_ms=9000
    [ "$copies" -eq 1 ] || session_ms=2000
    cat >"$folder/node-$node.properties" <<PROPERTIES
process.roles=broker,controller
node.id=$node
controller.quorum.voters=$voters
listeners=$protocol://$own:$port,CONTROLLER://$own:$controller_port
advertised.listeners=$protocol://$own:$port
controller.listener.names=CONTROLLER
inter.broker.listener.name=$protocol
listener.security.protocol.map=CONTROLLER:PLAINTEXT,$protocol:$protocol
log.dirs=$folder/data-$node
auto.create.topics.enable=false
group.initial.rebalance.delay.ms=0
offsets.topic.replication.factor=$copies
offsets.topic.num.partitions=3
transaction.state.log.replication.factor=$copies
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=3
transaction.abort.timed.out.transaction.cleanup.interval.ms=1000
log.cleaner.dedupe.buffer.size=2097152
log.segment.bytes=67108864
broker.session.timeout.ms=$session_ms
broker.heartbeat.interval.ms=500
PROPERTIES
    [ -z "${KAFKA_EXTRA:-}" ] || cat "$KAFKA_EXTRA" >>"$folder/node-$node.properties"
    printf '%s' "${within//%/$node}" >"$folder/node-$node.within"
}

run_node() {
    local folder="$1" node="$2" within
    within="$(cat "$folder/node-$node.within")"
    : >"$folder/node-$node.log"
    # shellcheck disable=SC2086 # flags are words
    setsid nohup $within java $jvm -cp "$jars/*" \
        -Dorg.slf4j.simpleLogger.defaultLogLevel=warn \
        -Dorg.slf4j.simpleLogger.log.kafka.server.KafkaRaftServer=info \
        kafka.Kafka "$folder/node-$node.properties" >"$folder/node-$node.log" 2>&1 </dev/null &
    echo $! >"$folder/node-$node.pid"
    if [ "${3:-wait}" = wait ]; then
        await_node "$folder" "$node"
    fi
}

await_node() {
    local folder="$1" node="$2" waited=0
    until grep -q 'Kafka Server started' "$folder/node-$node.log"; do
        kill -0 "$(cat "$folder/node-$node.pid")" 2>/dev/null || { tail -n 20 "$folder/node-$node.log" >&2; fail "broker $node ended"; }
        waited=$((waited + 1))
        [ "$waited" -lt $((ready_seconds * 10)) ] || fail "broker $node was not ready within $ready_seconds s"
        sleep 0.1
    done
}

start_all() {
    local folder="$1" count="$2" node voters="" addresses="" uuid ports
    fetch_jars
    command -v java >/dev/null || skip "java is missing (package default-jre-headless)"
    mkdir -p "$folder"
    folder="$(cd "$folder" && pwd)"
    read -r -a ports <<<"$(free_ports $((2 * count)))"
    for ((node = 1; node <= count; node++)); do
        voters+="${voters:+,}$node@${host//%/$node}:${ports[2 * node - 1]}"
        addresses+="${addresses:+,}${host//%/$node}:${ports[2 * node - 2]}"
    done
    uuid="$(head -c 16 /dev/urandom | base64 | tr '+/' '-_' | tr -d '=')"
    for ((node = 1; node <= count; node++)); do
        write_properties "$folder" "$node" "${ports[2 * node - 2]}" "${ports[2 * node - 1]}" "$voters" "$count"
        # shellcheck disable=SC2086 # arguments are words
        java -Xmx64m -XX:TieredStopAtLevel=1 -cp "$jars/*" -Dorg.slf4j.simpleLogger.defaultLogLevel=error \
            kafka.tools.StorageTool format "--cluster-id=$uuid" -c "$folder/node-$node.properties" ${KAFKA_FORMAT:-} >"$folder/format-$node.log" 2>&1 ||
            { cat "$folder/format-$node.log" >&2; fail "formatting broker $node"; }
        run_node "$folder" "$node" later
    done
    for ((node = 1; node <= count; node++)); do await_node "$folder" "$node"; done
    printf '%s\n' "$addresses" | tee "$folder/addresses"
}

# A process of ours only: the number of one that is gone may belong to another by now.
ours() { tr '\0' ' ' <"/proc/$1/cmdline" 2>/dev/null | grep -q "kafka.Kafka $2/"; }

stop_node() {
    local folder="$1" node="$2" signal="$3" pid waited=0
    [ -f "$folder/node-$node.pid" ] || return 0
    pid="$(cat "$folder/node-$node.pid")"
    ours "$pid" "$folder" || { rm -f "$folder/node-$node.pid"; return 0; }
    kill "-$signal" "$pid"
    while ours "$pid" "$folder"; do
        waited=$((waited + 1))
        [ "$waited" -ne $((stop_seconds * 10)) ] || kill -9 "$pid"
        sleep 0.1
    done
    rm -f "$folder/node-$node.pid"
}

main() {
    local folder node
    case "${1:-}" in
        --jars) fetch_jars ;;
        --where) printf '%s\n' "$jars" ;;
        --stop)
            folder="$(cd "${2:?usage: start.sh --stop FOLDER}" && pwd)"
            if [ -n "${3:-}" ]; then
                stop_node "$folder" "$3" TERM
                return
            fi
            for node in "$folder"/node-*.properties; do
                node="${node##*/node-}"
                stop_node "$folder" "${node%.properties}" TERM &
            done
            wait
            ;;
        --kill) stop_node "$(cd "${2:?}" && pwd)" "${3:?}" KILL ;;
        --again) run_node "$(cd "${2:?}" && pwd)" "${3:?}" ;;
        '' | -*) fail "usage: start.sh FOLDER [BROKERS] | --stop FOLDER [NODE] | --kill FOLDER NODE | --again FOLDER NODE | --jars" ;;
        *) start_all "$1" "${2:-1}" ;;
    esac
}

main "$@"
