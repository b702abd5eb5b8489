#!/usr/bin/env bash
# The demonstration: starts the platform with its embedded defaults, streams a shop's transactions in
# over HTTP, and shows what customers get to see. Leaves the platform running.
#
#   scripts/demo.sh             100,000 generated events (EVENTS=n for another number)
#   scripts/demo.sh file.csv    your own invoice lines
set -euo pipefail
cd "$(dirname "$0")/.."

readonly program="$PWD/build/release/millrace"
readonly events="${EVENTS:-100000}"
export MILLRACE_DATA="${MILLRACE_DATA:-$PWD/millrace-data}"

title() { printf '\n\033[1m%s\033[0m\n' "$*"; }

title 'Starting the platform'
if "$program" status --json | grep -q '"role":"up"[^}]*"alive":true'; then
    printf 'already running on %s\n' "$MILLRACE_DATA"
else
    "$program" up --detach
fi

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
if [ $# -gt 0 ]; then
    title "Converting $1"
    "$program" convert "$1" --rejects "$work/rejects.csv" -o "$work/events.ndjson"
else
    title "Generating $events events of a shop"
    "$program" generate --events "$events" --seed 1 -o "$work/events.ndjson"
fi

title 'Streaming them in: HTTP, durable log, store and lake'
"$program" post "$work/events.ndjson"
"$program" status --wait 5m

title 'What customers see'
"$program" customer --top 3
customer="$("$program" customer --top 1 --json | sed -nE 's/.*"customer_id": ?([0-9]+).*/\1/p' | head -n 1)"
"$program" customer "$customer"

title 'What analysts see'
"$program" run all
for view in TotalSales CustomerStats CancelledOrders Top10SellingProducts; do
    "$program" sql "SELECT * FROM gold.vw_$view"
done

title 'The platform is up'
cat <<TEXT
  $program status              roles, log, lag, totals
  $program customer $customer --orders
  $program sql                 SQL over bronze, silver and gold
  $program runs next           when silver and gold are made again
  $program tail --follow       the log, live
  $program down                stop it
TEXT
