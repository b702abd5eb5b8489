#!/usr/bin/env bash
# Runs the unit tests (ctest) and the end-to-end tests (pytest) against one build folder, and closes
# with one line that counts them. KILLS: how many kill -9 the fault test makes.
set -uo pipefail

readonly build="${1:?usage: scripts/test.sh BUILD_FOLDER}"
readonly python="${PYTHON:-/usr/bin/python3}"
cd "$(dirname "$0")/.."
readonly unit_log="$build/unit.log" end_to_end_log="$build/end_to_end.log"

export TEST_PROGRAM="$PWD/$build/millrace"
export ASAN_OPTIONS="${ASAN_OPTIONS:-detect_leaks=1:abort_on_error=0}"
export UBSAN_OPTIONS="${UBSAN_OPTIONS:-print_stacktrace=1}"
export TSAN_OPTIONS="${TSAN_OPTIONS:-halt_on_error=1}"
export PYTHONDONTWRITEBYTECODE=1

count() { grep -Eo "[0-9]+ $2" "$1" | tail -n 1 | grep -Eo '^[0-9]+' || echo 0; }

ctest --test-dir "$build" --output-on-failure -j "${JOBS:-2}" 2>&1 | tee "$unit_log"
unit_status=${PIPESTATUS[0]}
"$python" -m pytest -q -p no:cacheprovider -rs tests/integration 2>&1 | tee "$end_to_end_log"
end_to_end_status=${PIPESTATUS[0]}

unit_total=$(sed -nE 's/.* ([0-9]+) tests? failed out of ([0-9]+).*/\2/p' "$unit_log")
unit_failed=$(sed -nE 's/.* ([0-9]+) tests? failed out of ([0-9]+).*/\1/p' "$unit_log")
unit_passed=$(( ${unit_total:-0} - ${unit_failed:-0} ))
passed=$(( unit_passed + $(count "$end_to_end_log" passed) ))
failed=$(( ${unit_failed:-0} + $(count "$end_to_end_log" failed) + $(count "$end_to_end_log" error) ))
printf '\n%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$(count "$end_to_end_log" skipped)"
[ "$unit_status" -eq 0 ] && [ "$end_to_end_status" -eq 0 ]
