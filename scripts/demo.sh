#!/usr/bin/env bash
# The demonstration: starts the platform with its embedded defaults, streams a shop's transactions in
# over HTTP, shows what customers get to see, and ends with the address of the web. Leaves the platform
# running, and a small shop that goes on selling for ten minutes.
#
#   scripts/demo.sh             100,000 generated events (EVENTS=n for another number)
#   scripts/demo.sh file.csv    your own invoice lines
set -euo pipefail
cd "$(dirname "$0")/.."

readonly program="$PWD/build/release/millrace"
readonly events="${EVENTS:-100000}"
readonly stream_rate=200 stream_seconds=600
export MILLRACE_DATA="${MILLRACE_DATA:-$PWD/millrace-data}"
# Gold follows at once, so that the dashboards move; and pages say that the data is made up.
export MILLRACE_CONTINUOUS="${MILLRACE_CONTINUOUS:-5s}"
[ $# -gt 0 ] || export MILLRACE_WEB_DEMO="${MILLRACE_WEB_DEMO:-on}"

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

# Sales of the day after the last, until the time is over or the platform is taken down.
next_day="$("$program" sql --format csv 'SELECT (max(InvoiceDate) + INTERVAL 1 DAY)::DATE FROM silver.fact_sales' | tail -n 1)"
("$program" generate --quiet --events $((stream_rate * stream_seconds)) --seed 2 --from "$next_day" |
    "$program" post --quiet --no-resume --rate "$stream_rate" --batch 50 --concurrency 1 --give-up-after 5s - \
    ) </dev/null >/dev/null 2>&1 &
disown

# Whoever ran the demo is its operator.
if "$program" user list --json | grep -q '"name":"operator"'; then
    link="$("$program" user link operator 2>/dev/null)"
else
    link="$("$program" user add operator --role operator --link 2>/dev/null)"
fi

title 'The platform is up'
cat <<TEXT
  $program status              roles, log, lag, totals
  $program customer $customer --orders
  $program sql                 SQL over bronze, silver and gold
  $program runs next           when silver and gold are made again
  $program tail --follow       the log, live
  $program down                stop it

  ${link%/sign-in*}
  Sign in with this link, once and within 24 hours:

  $link
TEXT
