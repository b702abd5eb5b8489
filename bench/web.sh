#!/usr/bin/env bash
# The sales dashboard: reading the lines, a changed filter, the same one again, following an increment;
# 100 users at once on each page of the API, and from a filter to the frame that shows it (web_paint.mjs).
#   bench/web.sh BUILD_FOLDER [DATA_FOLDER]   -> JSON lines
# DATA_FOLDER: one whose gold is made already (it gets 1,000 lines more). Without it WEB_LINES
# (10000000) lines are generated. Needs wrk, and for the last Chromium.
set -euo pipefail
build="$(realpath "${1:?usage: bench/web.sh BUILD_FOLDER [DATA_FOLDER]}")"
program="$build/millrace"
given="${2:+$(realpath "$2")}"
cd "$(dirname "$0")"
source ./lib.sh

readonly port=18493 web_port=18494 users=100 seconds="${SECONDS_PER_ROUND:-4}" memory_mib="${MEMORY_MIB:-512}"
export MILLRACE_GATEWAY="127.0.0.1:$port" MILLRACE_URL="http://127.0.0.1:$port" MILLRACE_WEB="127.0.0.1:$web_port"
export MILLRACE_ROLES=gateway,processor MILLRACE_SINKS=bronze MILLRACE_DATA="${given:-$bench_folder/data}"

post() {
    "$program" generate --events "$1" --seed "$2" --quiet -o "$bench_folder/lines.ndjson"
    "$program" post "$bench_folder/lines.ndjson" --quiet --no-resume >/dev/null
    "$program" status --wait 600s >/dev/null
}

start_role up
if [ -z "$given" ]; then
    post "${WEB_LINES:-10000000}" 1
    "$program" run --quiet >/dev/null
fi
post 1000 "$(date +%s)"
"$build/bench/sales_bench" "$MILLRACE_DATA" "$memory_mib" 300 "'$program' run --quiet >/dev/null"
stop_role "$role_pid"

"$program" web >"$bench_folder/web.log" 2>&1 &
web_pid=$!
bench_pids+=("$web_pid")
until curl -fsS -o /dev/null "http://$MILLRACE_WEB/health" 2>/dev/null; do kill -0 "$web_pid"; done
link="$("$program" user add "bench-$$" --role operator --link --json | sed -nE 's/.*"link":"([^"]+)".*/\1/p')"
cookie="$(curl -fsS -D - -o /dev/null -H 'Content-Type: application/json' -H "Origin: http://$MILLRACE_WEB" \
    -d "{\"token\":\"${link##*token=}\"}" "http://$MILLRACE_WEB/api/v1/session/link" |
    sed -nE 's/^[Ss]et-[Cc]ookie: ([^;]+).*/\1/p')"
until [ "$(curl -s -o /dev/null -w '%{http_code}' -H "Cookie: $cookie" "http://$MILLRACE_WEB/api/v1/sales")" = 200 ]; do :; done

# page PATH: 100 users ask for it without a pause.
page() {
    wrk -t1 -c"$users" -d"${seconds}s" --latency -H "Cookie: $cookie" "http://$MILLRACE_WEB/api/v1$1" >"$bench_folder/wrk.txt"
    awk -v path="$1" -v users="$users" '
        function ms(text) { return text ~ /us$/ ? text / 1000 : text ~ /ms$/ ? text + 0 : text * 1000 }
        $1 == "50%" { p50 = ms($2) } $1 == "99%" { p99 = ms($2) }
        /Requests\/sec/ { rate = $2 } /Non-2xx/ { errors = $NF }
        END { printf "{\"bench\":\"page\",\"path\":\"%s\",\"users\":%d,\"requests_per_s\":%.0f,\"p50_ms\":%.1f,\"p99_ms\":%.1f,\"errors\":%d}\n",
              path, users, rate, p50, p99, errors }' "$bench_folder/wrk.txt"
}

for path in /sales '/sales?from=2025-03-01&compare=previous' /sales/products /sales/invoices '/sales/values?field=product&q=a' \
    '/sales/customers?sort=last_order' /ops/status /ops/tables /ops/quality /ops/runs /ops/lineage /sql/schema \
    /sql/history /session; do
    page "$path"
done
# From a click to the picture, where there is a browser.
if [ -x "${CHROMIUM:-/usr/bin/chromium}" ] && ../scripts/web.sh tools >&2; then
    node web_paint.mjs "http://$MILLRACE_WEB" "$cookie" "${PAINT_ROUNDS:-20}"
fi
printf '{"bench":"web_memory","peak_mib":%s}\n' "$(divide "$(peak_kib "$web_pid")" 1024 1)"
stop_role "$web_pid"
