#!/usr/bin/env bash
# spark-cluster.sh COMMAND...: a standalone cluster on this machine (one master, two workers, free ports of the
# loopback) for as long as the command runs, which finds it in MR_TEST_SPARK_MASTER.
set -euo pipefail

here="$(cd "$(dirname "$0")" && pwd)"
folder="$(mktemp -d /tmp/millrace-spark-cluster-XXXXXX)"
pids=()
stop() {
    for pid in "${pids[@]}"; do
        kill -- "-$pid" 2>/dev/null || true # the group: executors too
    done
    wait
    rm -rf "$folder"
}
trap stop EXIT

launch() { # LOG CLASS ARGUMENT...
    local log="$1"
    shift
    : >"$log"
    SPARK_PROGRAM=spark-class SPARK_WORKER_DIR="$folder/work" setsid "$here/spark-submit.sh" "$@" >"$log" 2>&1 9>&- &
    pids+=("$!")
}
await() { # LOG PID PATTERN: what of the log is like it, once it stands there
    grep -m 1 -oE "$3" < <(timeout 120 tail -n +1 --pid="$2" -f "$1") ||
        { tail -n 5 "$1" >&2; printf 'spark-cluster: no "%s"\n' "$3" >&2; exit 1; }
}

launch "$folder/master.log" org.apache.spark.deploy.master.Master --host 127.0.0.1 --port 0 --webui-port 0
MR_TEST_SPARK_MASTER="$(await "$folder/master.log" "${pids[0]}" 'spark://127\.0\.0\.1:[1-9][0-9]*')"
export MR_TEST_SPARK_MASTER
for number in 1 2; do
    launch "$folder/worker$number.log" org.apache.spark.deploy.worker.Worker --host 127.0.0.1 --webui-port 0 \
        --cores 1 --memory 1g --work-dir "$folder/work$number" "$MR_TEST_SPARK_MASTER"
    await "$folder/worker$number.log" "${pids[$number]}" 'Successfully registered with master' >/dev/null
done
"$@"
