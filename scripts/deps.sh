#!/usr/bin/env bash
# Installs what building, testing and measuring millrace needs on Debian 12, and says what it does.
#
#   scripts/deps.sh build   compiler and libraries (what `make demo` needs)
#   scripts/deps.sh test    the above, and what `make test`, `make fuzz`, `make tidy` need
#   scripts/deps.sh bench   the above, and the peers that `make bench` compares with
set -euo pipefail

readonly level="${1:-build}"
folder="$(cd "$(dirname "$0")" && pwd)"
readonly folder
readonly build_packages=(
    gcc libc6-dev make cmake ninja-build pkg-config ca-certificates curl xz-utils
    libsqlite3-dev liblz4-dev libzstd-dev zlib1g-dev libxxhash-dev libssl-dev libsodium-dev libhpdf-dev fonts-dejavu-core libcurl4-openssl-dev
    librdkafka-dev libpq-dev tzdata
)
# Build the web app (scripts/web.sh); npm also fetches DuckDB, which Debian does not carry (scripts/duckdb.sh).
# Any Node.js from 18 on will do, wherever it came from.
readonly node_packages=(nodejs npm)
# Debian 12 does not carry these two; Debian 13's builds need only libc6 and run unchanged on 12.
readonly newer_packages=(libyyjson-dev libllhttp-dev)
readonly test_packages=(
    git chromium fonts-inter clang clang-format clang-tidy libclang-rt-dev llvm libcmocka-dev dpkg-dev valgrind python3 python3-venv python3-pytest python3-pytest-xdist python3-jsonschema python3-yaml strace poppler-utils sqlite3 zstd procps iproute2 openssl
    postgresql-15 default-jre-headless maven # servers of the cluster's tests
)
# Reads the compose file as its users' does; Debian 12's is of the retired generation.
readonly newer_test_package=docker-compose/trixie
readonly bench_packages=(nginx-light wrk python3-venv)

say() { printf 'deps: %s\n' "$*"; }
fail() { printf 'deps: %s\n' "$*" >&2; exit 1; }

installed() { dpkg-query -W -f='${db:Status-Status}\n' "$1" 2>/dev/null | grep -qx installed; }

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        fail "not root and sudo is missing; run as root: $*"
    fi
}

# The address that this machine already takes Debian from, so that a mirror stays the mirror.
debian_address() {
    apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
        awk '$2 == "bookworm" && $3 == "main" { print $1; exit }'
}

# Adds Debian 13 as a source of the named packages alone: everything else of it has a negative priority.
add_newer_source() {
    local address
    address="$(debian_address)"
    [ -n "$address" ] || fail "no Debian 12 (bookworm) main source is set up in /etc/apt; add one and run again"
    say "adding Debian 13 at $address, pinned to ${newer_packages[*]}"
    as_root tee /etc/apt/sources.list.d/millrace-trixie.sources >/dev/null <<SOURCES
Types: deb
URIs: $address
Suites: trixie
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
SOURCES
    as_root tee /etc/apt/preferences.d/millrace-trixie >/dev/null <<'PREFERENCES'
Package: *
Pin: release n=trixie
Pin-Priority: -10

Package: libyyjson-dev libyyjson0 libllhttp-dev libllhttp9.2
Pin: release n=trixie
Pin-Priority: 500
PREFERENCES
}

# dpkg's hundred lines a package are shown only when they end in an error.
install_quietly() {
    local log
    log="$(mktemp)"
    if ! as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >"$log" 2>&1; then
        cat "$log" >&2
        fail "apt-get could not install: $*"
    fi
    rm -f "$log"
}

main() {
    local wanted=("${build_packages[@]}") newer=("${newer_packages[@]}") missing=() missing_newer=() package
    case "$level" in
        build) ;;
        test) wanted+=("${test_packages[@]}") ;;
        bench) wanted+=("${test_packages[@]}" "${bench_packages[@]}") ;;
        *) fail "usage: scripts/deps.sh build|test|bench" ;;
    esac
    for package in "${wanted[@]}"; do installed "$package" || missing+=("$package"); done
    if [ "$level" != build ] && ! docker compose version >/dev/null 2>&1; then
        newer+=("$newer_test_package")
    fi
    for package in "${newer[@]}"; do installed "${package%/*}" || missing_newer+=("$package"); done
    { command -v node && command -v npm; } >/dev/null || missing+=("${node_packages[@]}")
    if [ ${#missing[@]} -eq 0 ] && [ ${#missing_newer[@]} -eq 0 ]; then
        "$folder/duckdb.sh" >/dev/null
        return 0
    fi
    command -v apt-get >/dev/null || fail "apt-get is missing; install by hand: ${missing[*]} ${missing_newer[*]}"
    say "installing (a minute or two): ${missing[*]} ${missing_newer[*]}"
    as_root apt-get update -qq
    if [ ${#missing_newer[@]} -gt 0 ] && ! apt-cache show libllhttp-dev >/dev/null 2>&1; then
        add_newer_source
        as_root apt-get update -qq
    fi
    install_quietly "${missing[@]}" "${missing_newer[@]}"
    "$folder/duckdb.sh" >/dev/null
    say "done"
}

main
