# Shared by the benches: a scratch folder, ports, CPU time and memory of processes, and clean-up.
# Source it; it needs bash.

bench_folder="$(mktemp -d "${BENCH_FOLDER:-/tmp}/millrace-bench-XXXXXX")"
bench_pids=()

bench_cleanup() {
    local pid
    for pid in "${bench_pids[@]}"; do kill "$pid" 2>/dev/null || true; done
    for pid in "${bench_pids[@]}"; do wait "$pid" 2>/dev/null || true; done
    rm -rf "$bench_folder"
}
trap bench_cleanup EXIT

# Microseconds of CPU (user and system) that a process and its children in life have used.
cpu_us() {
    local pid total=0 ticks
    for pid in "$1" $(pgrep -P "$1" || true); do
        ticks="$(sed 's/.*) //' "/proc/$pid/stat" 2>/dev/null | awk '{ print $12 + $13 }')"
        total=$((total + ${ticks:-0}))
    done
    echo $((total * 1000000 / $(getconf CLK_TCK)))
}

# The largest resident size, in KiB, that a process ever had.
peak_kib() { awk '/^VmHWM/ { print $2 }' "/proc/$1/status"; }

now_us() { echo $((${EPOCHREALTIME/[.,]/})); }

# divide A B [DECIMALS]
divide() { awk -v a="$1" -v b="$2" -v d="${3:-2}" 'BEGIN { printf "%.*f", d, (b ? a / b : 0) }'; }

median() { printf '%s\n' "$@" | sort -n | awk '{ v[NR] = $1 } END { print (NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2) }'; }

# Runs a role; sets role_pid once the gateway answers that it is ready.
start_role() {
    "$program" "$1" >>"$bench_folder/$1.log" 2>&1 &
    role_pid=$!
    bench_pids+=("$role_pid")
    until curl -fsS -o /dev/null "http://$MILLRACE_GATEWAY/ready" 2>/dev/null; do
        kill -0 "$role_pid" || { cat "$bench_folder/$1.log" >&2; exit 1; }
    done
}

stop_role() { kill -TERM "$1" && wait "$1" 2>/dev/null || true; }
