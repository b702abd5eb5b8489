#!/usr/bin/env bash
# The web app: from web/ (TypeScript) into build/web/dist, which the program embeds.
#
#   scripts/web.sh          install what the bundle needs and build it; nothing when nothing has changed
#   scripts/web.sh check    types (from the server's own OpenAPI document) and style
#   scripts/web.sh test     unit tests, on node's own runner
#   scripts/web.sh format   apply the style
#   scripts/web.sh tools    install the tools of checks and tests too
set -euo pipefail
cd "$(dirname "$0")/.."

readonly task="${1:-build}" out=build/web openapi=src/web/assets/web_openapi.json
fail() { printf 'web: %s\n' "$*" >&2; exit 1; }

command -v node >/dev/null && command -v npm >/dev/null || fail 'node and npm are missing: make deps'
mkdir -p "$out"
exec 9>"$out/lock" && flock 9 # two presets may be built at once

# install bundle|tools: node_modules of just this lockfile, with no word to the network when it is there.
install_packages() {
    local level="$1" wanted stamp=web/node_modules/.millrace
    wanted="$(sha256sum web/package-lock.json | cut -d' ' -f1)"
    case "$(cat "$stamp" 2>/dev/null)" in
        "$wanted tools" | "$wanted $level") return 0 ;;
    esac
    local omit=()
    [ "$level" = tools ] || omit=(--omit=dev)
    printf 'web: installing packages (%s)\n' "$level"
    (cd web && npm ci --prefer-offline --loglevel=error "${omit[@]}" >"../$out/install.log" 2>&1) || { cat "$out/install.log" >&2; fail 'npm ci failed'; }
    printf '%s %s\n' "$wanted" "$level" >"$stamp"
}

# What the bundle is made of, as one number.
fingerprint() {
    find web -name node_modules -prune -o -path web/tests -prune -o -name openapi.d.ts -o -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -d' ' -f1
}

build() {
    local now
    now="$(fingerprint)"
    [ "$now" != "$(cat "$out/stamp" 2>/dev/null)" ] || return 0
    install_packages bundle
    printf 'build: web\n'
    node web/build.mjs "$out/dist"
    printf '%s\n' "$now" >"$out/stamp"
}

generate_types() {
    local target=web/src/api/openapi.d.ts
    [ "$target" -nt "$openapi" ] || web/node_modules/.bin/openapi-typescript "$openapi" --output "$target" >/dev/null
}

case "$task" in
    build) build ;;
    tools) install_packages tools ;;
    check)
        install_packages tools
        generate_types
        web/node_modules/.bin/tsc --noEmit --project web/tsconfig.json
        (cd web && node_modules/.bin/biome check --error-on-warnings .)
        ;;
    format)
        install_packages tools
        (cd web && node_modules/.bin/biome check --write --error-on-warnings .)
        ;;
    test)
        install_packages tools
        node web/tests/bundle.mjs "$out/tests"
        node --test --test-reporter=tap "$out"/tests/*.test.mjs
        ;;
    *) fail 'usage: scripts/web.sh [build|check|format|test|tools]' ;;
esac
