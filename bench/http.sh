#!/usr/bin/env bash
# Single POSTs, each durable before its 201, against nginx answering a static 201 to the very same
# requests: 64 connections, interleaved rounds, CPU time a request from /proc.
#   bench/http.sh BUILD_FOLDER   -> JSON lines
set -euo pipefail
program="$(realpath "${1:?usage: bench/http.sh BUILD_FOLDER}")/millrace"
cd "$(dirname "$0")"
source ./lib.sh

readonly rounds="${ROUNDS:-5}" seconds="${SECONDS_PER_ROUND:-4}" connections=64
readonly gateway_port=18471 nginx_port=18472 ready_tries_max=300
export MILLRACE_DATA="$bench_folder/data" MILLRACE_GATEWAY="127.0.0.1:$gateway_port" MILLRACE_LOG_LEVEL=warn

fail() { printf 'bench: %s\n' "$*" >&2; exit 1; }

start_nginx() {
    local tries=0
    cat >"$bench_folder/nginx.conf" <<CONF
worker_processes 1;
daemon off;
pid $bench_folder/nginx.pid;
error_log $bench_folder/nginx.log;
events { worker_connections 1024; }
http {
    access_log off;
    client_body_temp_path $bench_folder/body;
    proxy_temp_path $bench_folder/proxy;
    fastcgi_temp_path $bench_folder/fastcgi;
    uwsgi_temp_path $bench_folder/uwsgi;
    scgi_temp_path $bench_folder/scgi;
    keepalive_requests 1000000000;
    server { listen 127.0.0.1:$nginx_port; location / { return 201 '{"status":"created"}'; } }
}
CONF
    nginx -c "$bench_folder/nginx.conf" -p "$bench_folder" 2>>"$bench_folder/nginx.log" &
    nginx_pid=$!
    bench_pids+=("$nginx_pid")
    until curl -fsS -o /dev/null -X POST "http://127.0.0.1:$nginx_port/" 2>/dev/null; do
        kill -0 "$nginx_pid" 2>/dev/null && [ $((tries += 1)) -le $ready_tries_max ] ||
            { cat "$bench_folder/nginx.log" >&2; fail 'nginx did not start'; }
        sleep 0.1
    done
}

# measure PORT PID -> "requests_per_s cpu_us p50_us p99_us errors"
measure() {
    local before after line
    before="$(cpu_us "$2")"
    line="$(wrk -t1 -c$connections -d"${seconds}s" -s post.lua "http://127.0.0.1:$1/invoicedata" | grep '^result ')"
    after="$(cpu_us "$2")"
    eval "$(sed 's/^result //; s/ /;/g' <<<"$line")"
    echo "$(divide "$requests"000000 "$microseconds" 0) $(divide $((after - before)) "$requests") $p50_us $p99_us $errors"
}

for tool in nginx wrk curl; do
    command -v "$tool" >/dev/null || fail "$tool is missing (scripts/deps.sh bench installs it)"
done
start_role gateway
start_nginx
ours=() theirs=() ours_cpu=() theirs_cpu=() p50=() p99=() failed=0
for _ in $(seq "$rounds"); do
    read -r rate cpu _ _ _ < <(measure $nginx_port "$nginx_pid")
    theirs+=("$rate") theirs_cpu+=("$cpu")
    read -r rate cpu half tail errors < <(measure $gateway_port "$role_pid")
    ours+=("$rate") ours_cpu+=("$cpu") p50+=("$half") p99+=("$tail")
    failed=$((failed + errors))
done
printf '{"bench":"http_single","connections":%d,"ours_requests_per_s":%s,"nginx_requests_per_s":%s,"ratio":%s,"ours_cpu_us":%s,"nginx_cpu_us":%s,"p50_us":%s,"p99_us":%s,"errors":%d}\n' \
    "$connections" "$(median "${ours[@]}")" "$(median "${theirs[@]}")" \
    "$(divide "$(median "${ours[@]}")" "$(median "${theirs[@]}")")" \
    "$(median "${ours_cpu[@]}")" "$(median "${theirs_cpu[@]}")" "$(median "${p50[@]}")" "$(median "${p99[@]}")" "$failed"
