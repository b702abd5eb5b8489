#!/usr/bin/env bash
# Installs the readers and linters that scripts/deploy_check.sh asks into the cache, and prints one line: the
# folder whose bin/ holds them. What cannot be had is left out, with the reason on standard error; the check
# then names it as skipped.
#
#   install.sh             what is not there yet is fetched and built: some minutes of a core, once; what takes
#                          longer than BUILD_SECONDS (240) is gone on with the next time
#   install.sh --provider  also the azurerm provider: half an hour of a core, and 4 GiB of memory
set -uo pipefail
cd "$(dirname "$0")" || exit 1

readonly cache="${XDG_CACHE_HOME:-$HOME/.cache}/millrace/deploy"
readonly go_least=1.26 # what the tools of tools.txt ask for
build_until=$((SECONDS + ${BUILD_SECONDS:-240}))
[ "${1:-}" != --provider ] || build_until=$((SECONDS + 7200))
readonly build_until
say() { printf 'deploy tools: %s\n' "$*" >&2; }

mkdir -p "$cache/bin"
exec 9>"$cache/lock"
flock 9 # two runs at once install once

# A virtual environment of its own for each list: NAME.txt into NAME/.
install_python() { # LIST [FLAG OF PIP]
    local folder
    folder="$cache/$1-$(sha256sum "$1.txt" | cut -c1-12)"
    if [ ! -f "$folder/complete" ]; then
        python3 -c 'import ensurepip' 2>/dev/null || { say 'python3 has no venv (package python3-venv)'; return; }
        rm -rf "$folder"
        python3 -m venv "$folder"
        "$folder/bin/python" -m pip install --quiet --disable-pip-version-check ${2:+"$2"} -r "$1.txt" >&2 ||
            { say "pip could not install tests/peers/deploy/$1.txt"; return; }
        touch "$folder/complete"
    fi
    ln -sfn "$folder" "$cache/$1"
}

go_is_new_enough() {
    local version
    command -v go >/dev/null || return 1
    version="$(go env GOVERSION)"
    [ "$(printf '%s\n%s\n' "$go_least" "${version#go}" | sort -V | head -n 1)" = "$go_least" ]
}

# A line of tools.txt: name, package, version, and what stands in for a module that it replaces. The tool is
# built within a module of its own, so that what it replaces can be replaced, and go.sum checks all of it.
install_go() { # NAME PACKAGE VERSION [MODULE=MODULE@VERSION]
    local name="$1" package="$2" version="$3" replace="${4:-}" mark build
    mark="$cache/.$name-$(printf '%s' "$*" | sha256sum | cut -c1-12)"
    [ ! -x "$cache/bin/$name" ] || [ ! -f "$mark" ] || return 0
    if [ "$SECONDS" -ge "$build_until" ]; then
        say "$name $version is not built yet: no time left"
        return
    fi
    build="$(mktemp -d)"
    if (
        cd "$build" && export CGO_ENABLED=0 GOFLAGS=-mod=mod
        go mod init millrace/tools && { [ -z "$replace" ] || go mod edit -replace "$replace"; } &&
            go get "$package@$version" && nice timeout "$((build_until - SECONDS))" go build -ldflags='-s -w' -o "$cache/bin/$name.new" "$package"
    ) >"$build/log" 2>&1; then
        mv "$cache/bin/$name.new" "$cache/bin/$name"
        touch "$mark"
    else
        if [ "$SECONDS" -ge "$build_until" ]; then
            say "$name $version is not built yet: no time left, the next time goes on with it"
        else
            say "$name $version could not be built: $(tail -n 1 "$build/log")"
        fi
        rm -f "$cache/bin/$name.new"
    fi
    rm -rf "$build"
}

# The same for npm: a folder with package.json and its lock.
install_npm() { # FOLDER
    local folder
    folder="$cache/$1-$(cat "$1"/package*.json | sha256sum | cut -c1-12)"
    if [ ! -f "$folder/complete" ]; then
        command -v npm >/dev/null || { say "npm is missing: no $1"; return; }
        rm -rf "$folder"
        cp -r "$1" "$folder"
        (cd "$folder" && npm ci --silent --ignore-scripts --no-audit --no-fund) >&2 || { say "npm could not install tests/peers/deploy/$1"; return; }
        touch "$folder/complete"
    fi
    ln -sfn "$folder" "$cache/$1"
}

install_python requirements
install_python checkov
install_python warehouse
install_python microsoft --no-deps
install_npm pbir
install_python factory
ln -sfn "$cache/requirements/bin/shellcheck" "$cache/bin/shellcheck"
if go_is_new_enough; then
    while read -r name package version replace; do
        case "$name" in '' | '#'*) continue ;; esac
        [ "$name" != terraform-provider-azurerm ] || [ "${1:-}" = --provider ] || continue
        install_go "$name" "$package" "$version" ${replace:+"$replace"}
    done <tools.txt
else
    say "Go $go_least or newer is missing: no tofu, helm, actionlint"
fi
printf '%s\n' "$cache"
