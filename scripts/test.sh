#!/usr/bin/env bash
# Runs the unit tests (ctest, and node's runner for the web app), the end-to-end tests and those of what is
# deployed (pytest), and the web app in a real browser, against one build folder, and closes with the time
# of each stage and one line that counts them. KILLS: how many kill -9 the fault test makes.
set -uo pipefail

readonly build="${1:?usage: scripts/test.sh BUILD_FOLDER}"
readonly python="${PYTHON:-/usr/bin/python3}"
cd "$(dirname "$0")/.."
readonly unit_log="$build/unit.log" end_to_end_log="$build/end_to_end.log"
readonly slowest_shown=10

export TEST_PROGRAM="$PWD/$build/millrace"
export ASAN_OPTIONS="${ASAN_OPTIONS:-detect_leaks=1:abort_on_error=0}"
export UBSAN_OPTIONS="${UBSAN_OPTIONS:-print_stacktrace=1}"
# DuckDB is not instrumented, and its locks overflow the deadlock detector's table: tests/CMakeLists.txt.
export TSAN_OPTIONS="${TSAN_OPTIONS:-halt_on_error=1:detect_deadlocks=0:suppressions=$PWD/tests/unit/olap/tsan.supp}"
export PYTHONDONTWRITEBYTECODE=1

# Servers that unit tests talk to (the end-to-end tests start their own); what cannot be started is
# skipped by its tests, and said so. Under a sanitizer they are left out: servers and sanitizers
# together are too slow for the tests' time-outs.
end_to_end=(tests/integration tests/deploy)
sanitized=0
case "$build" in
    *asan | *tsan)
        printf 'test: under a sanitizer the tests against Kafka, PostgreSQL and Azurite, and those of tests/deploy, are skipped\n' >&2
        end_to_end=(tests/integration)
        MR_TEST_POSTGRES=""; MR_TEST_KAFKA=""; MR_TEST_AZURITE=""
        sanitized=1
        ;;
esac
# Threads meet in the roles that serve; the commands beside them are those of the unit tests.
case "$build" in
    *tsan) end_to_end=(tests/integration/test_{bronze,disk_full,gateway,kill,stream,supervisor,web_access,web_programs}.py) ;;
esac
times=()
began=$SECONDS
stage() { # NAME: what ran since the last one
    times+=("$1 $((SECONDS - began)) s")
    began=$SECONDS
}
servers="$(mktemp -d /tmp/millrace-servers-XXXXXX)"
readonly servers
chmod 755 "$servers" # PostgreSQL's is another user's
stop_servers() {
    [ ! -d "$servers/azurite" ] || tests/peers/azurite/start.sh --stop "$servers/azurite"
    tests/peers/postgres/stop.sh "$servers/postgres"
    [ ! -d "$servers/kafka" ] || tests/peers/kafka/start.sh --stop "$servers/kafka"
    rm -rf "$servers"
}
trap stop_servers EXIT
if [ -z "${MR_TEST_POSTGRES+set}" ]; then
    if url="$(tests/peers/postgres/start.sh "$servers/postgres")"; then
        export MR_TEST_POSTGRES="$url" MR_TEST_POSTGRES_PEER="$PWD/tests/peers/postgres"
    else
        printf 'test: no PostgreSQL: its tests are skipped\n' >&2
    fi
fi
if [ -z "${MR_TEST_KAFKA+set}" ]; then
    if brokers="$(tests/peers/kafka/start.sh "$servers/kafka")"; then
        export MR_TEST_KAFKA="$brokers"
    else
        printf 'test: no Kafka: its tests are skipped\n' >&2
    fi
fi
if [ -z "${MR_TEST_AZURITE+set}" ]; then
    if url="$(tests/peers/azurite/start.sh "$servers/azurite")"; then
        export MR_TEST_AZURITE="$url" MR_TEST_AZURITE_KEY="$(tests/peers/azurite/start.sh --key)"
    else
        printf 'test: no Azurite: its tests are skipped\n' >&2
    fi
fi

# Spark, for the contract of engines (tests/unit/medallion/engine_spark_test.c).
if [ "$sanitized" -eq 0 ] && [ -z "${MR_TEST_SPARK+set}" ]; then
    if tests/peers/lake/install.sh >/dev/null; then
        export MR_TEST_SPARK="$PWD/tests/peers/lake/spark-submit.sh"
        export MR_TEST_SPARK_PROPERTIES="$PWD/tests/peers/lake/spark.conf"
    else
        printf 'test: no Spark: its tests are skipped\n' >&2
    fi
fi

stage 'servers'

count() { grep -Eo "[0-9]+ $2" "$1" | tail -n 1 | grep -Eo '^[0-9]+' || echo 0; }

ctest --test-dir "$build" --output-on-failure -j "${JOBS:-2}" 2>&1 | tee "$unit_log"
unit_status=${PIPESTATUS[0]}
# A server on a loaded machine may miss a time-out: its tests, and only they, are tried again, alone.
failed_list="$build/Testing/Temporary/LastTestsFailed.log"
retried=0
if [ "$unit_status" -ne 0 ] && [ -s "$failed_list" ] && ! grep -vqE 'kafka|postgres' "$failed_list"; then
    retried=$(wc -l <"$failed_list")
    printf 'test: again, alone: %s\n' "$(tr '\n' ' ' <"$failed_list")"
    ctest --test-dir "$build" --output-on-failure -j 1 --rerun-failed --repeat until-pass:2
    unit_status=$?
    [ "$unit_status" -eq 0 ] || retried=0
fi
stage 'unit'
stop_servers
# One more at a time than there are cores: much of each is waiting for servers.
"$python" -m pytest -q -p no:cacheprovider -n "$(( ${JOBS:-2} + 1 ))" --dist loadgroup -rs --durations="$slowest_shown" "${end_to_end[@]}" 2>&1 | tee "$end_to_end_log"
end_to_end_status=${PIPESTATUS[0]}
stage 'end to end'

# The web app: nothing of it is instrumented, so that a sanitizer adds nothing but time.
web_log="$build/web_unit.log" browser_log="$build/browser.log"
: >"$web_log" >"$browser_log"
web_status=0 browser_status=0
if [ "$sanitized" -eq 0 ]; then
    scripts/web.sh test >"$web_log" 2>&1 || { web_status=$?; cat "$web_log"; }
    node tests/browser/run.mjs 2>&1 | tee "$browser_log"
    browser_status=${PIPESTATUS[0]}
    stage 'web app'
fi

unit_total=$(sed -nE 's/.* ([0-9]+) tests? failed out of ([0-9]+).*/\2/p' "$unit_log")
unit_failed=$(sed -nE 's/.* ([0-9]+) tests? failed out of ([0-9]+).*/\1/p' "$unit_log")
unit_failed=$(( ${unit_failed:-0} - retried ))
unit_skipped=$(grep -c '\*\*\*Skipped' "$unit_log")
unit_passed=$(( ${unit_total:-0} - ${unit_failed:-0} - unit_skipped ))
tap() { sed -nE "s/^# $1 ([0-9]+)$/\1/p" "$web_log" | tail -n 1 | grep . || echo 0; }
passed=$(( unit_passed + $(count "$end_to_end_log" passed) + $(tap pass) + $(count "$browser_log" passed) ))
failed=$(( ${unit_failed:-0} + $(count "$end_to_end_log" failed) + $(count "$end_to_end_log" error) + $(tap fail) + $(count "$browser_log" failed) ))
printf '\ntime:%s\n' "$(printf ', %s' "${times[@]}" | cut -c2-)"
printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$(( unit_skipped + $(count "$end_to_end_log" skipped) + $(count "$browser_log" skipped) ))"
[ "$unit_status" -eq 0 ] && [ "$end_to_end_status" -eq 0 ] && [ "$web_status" -eq 0 ] && [ "$browser_status" -eq 0 ]
