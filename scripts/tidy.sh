#!/usr/bin/env bash
# The style of the house as a test: formatting, clang-tidy, floors of the rooms, lengths, banned
# functions. Prints every breach and fails if there is one.
set -uo pipefail
cd "$(dirname "$0")/.."

readonly file_lines_max=800 header_lines_max=200 function_lines_max=70
breaches=0
breach() { printf 'tidy: %s\n' "$*"; breaches=$((breaches + 1)); }

mapfile -t sources < <(git ls-files -co --exclude-standard '*.c' '*.h' | while read -r f; do [ -f "$f" ] && echo "$f"; done)
mapfile -t product < <(printf '%s\n' "${sources[@]}" | grep '^src/')

# Which rooms a room may include. A room below another is listed with it; there are no circles.
declare -rA floors=(
    [base]="" [event]="base" [bus]="base" [store]="event base" [http]="base"
    [olap]="base" [azure]="base" [lake]="olap azure base"
    [stream]="lake azure store bus olap event base" [gateway]="http store bus event base"
    [publish]="medallion stream lake azure store bus olap event base"
    [medallion]="stream lake azure store bus olap event base" [orchestrator]="medallion stream lake azure store bus olap event base"
    [eject]="medallion lake store bus olap event base"
    [query]="orchestrator medallion stream lake azure store bus olap event base"
    [web]="query orchestrator medallion stream http lake azure store bus olap event base"
    [cli]="web query eject orchestrator publish medallion gateway stream http lake azure store bus olap event base"
)

check_format() {
    clang-format --dry-run -Werror "${sources[@]}" 2>&1 | grep -E 'error:' | cut -d: -f1 | sort -u |
        while read -r file; do printf '%s is not formatted: make fmt\n' "$file"; done
}

check_floors() {
    local file room used
    for file in "${product[@]}"; do
        room="${file#src/}"; room="${room%%/*}"
        [ -n "${floors[$room]+known}" ] || { echo "$file: room $room has no floor in scripts/tidy.sh"; continue; }
        while read -r used; do
            case " $room ${floors[$room]} " in
                *" $used "*) ;;
                *) echo "$file includes $used/, which is not below $room/" ;;
            esac
        done < <(sed -nE 's|^#include "([a-z]+)/.*|\1|p' "$file" | sort -u)
    done
}

# Vendor headers stay behind the interface of the file that wraps them.
check_vendors() {
    local rule header allowed
    for rule in 'sqlite3.h=^src/(bus/|store/|orchestrator/)' 'yyjson.h=^src/(azure|event|lake|stream|medallion|orchestrator|gateway|web|cli)/' 'llhttp.h=^src/http/' \
        'openssl/=^src/(azure|http|store|web)/' 'sodium.h=^src/web/password' 'curl/=^src/(azure/request_try|cli/(post|cmd_post))' 'lz4=^src/bus/' 'zstd.h=^src/(http|cli/post)' \
        'zlib.h=^src/(http|cli/post)' 'xxhash.h=^src/base/' 'libpq-fe.h=^src/store/postgres_' 'duckdb.h=^src/olap/'; do
        header="${rule%%=*}"; allowed="${rule#*=}"
        grep -lE "#include <$header" "${product[@]}" | grep -vE "$allowed" |
            while read -r file; do echo "$file includes <$header>, which belongs to $allowed"; done
    done
}

check_lengths() {
    local file limit lines
    for file in "${product[@]}"; do
        limit=$file_lines_max
        case "$file" in *.h) limit=$header_lines_max ;; esac
        lines=$(wc -l <"$file")
        [ "$lines" -le "$limit" ] || echo "$file has $lines lines, the limit is $limit"
        head -n 1 "$file" | grep -q 'SPDX-License-Identifier: Apache-2.0' || echo "$file lacks its SPDX line"
    done
    awk -v max="$function_lines_max" '
        FNR == 1 { start = 0 }
        /^[a-z].*\($|^[a-z].*\(.*[,)]$/ { head = $0 }
        /^\{/ { start = FNR }
        /^\}/ { if (start && FNR - start - 1 > max) printf "%s:%d: function of %d lines, the limit is %d: %s\n", FILENAME, start, FNR - start - 1, max, head; start = 0 }
    ' $(printf '%s\n' "${product[@]}" | grep '\.c$')
}

check_banned() {
    grep -nE '\b(strcpy|strcat|sprintf|vsprintf|gets|strtok|atoi|atol|atof|alloca|system|popen|sleep|usleep|nanosleep|rand|srand|setjmp|longjmp)\(' \
        "${product[@]}" | while read -r line; do echo "banned function: $line"; done
    grep -nE '^\s*//|[;{}]\s*//' "${product[@]}" | while read -r line; do echo "comment style: $line"; done
    grep -nwE 'TODO|FIXME|XXX' "${product[@]}" | while read -r line; do echo "left open: $line"; done
}

check_clang_tidy() {
    [ -f build/test/compile_commands.json ] || scripts/build.sh test >/dev/null || { echo 'the build failed'; return; }
    printf '%s\n' "${product[@]}" | grep '\.c$' |
        xargs -P "${JOBS:-2}" -n 4 clang-tidy --quiet -p build/test 2>/dev/null | grep -E '(warning|error):' | sort -u
}

# Types and style of the web app.
check_web() {
    mkdir -p build/web
    scripts/web.sh check >build/web/check.log 2>&1 || { cat build/web/check.log; echo "web: the checks failed: scripts/web.sh check"; }
}

run_check() {
    local line
    while IFS= read -r line; do [ -n "$line" ] && breach "$line"; done < <("$1")
}

for check in check_format check_floors check_vendors check_lengths check_banned check_web check_clang_tidy; do
    run_check "$check"
done
printf 'tidy: %d files, %d breaches\n' "${#sources[@]}" "$breaches"
[ "$breaches" -eq 0 ]
