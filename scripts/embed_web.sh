#!/usr/bin/env bash
# Makes two sources of the files that browsers get: their bytes (assembly that includes them, so that
# no compiler reads megabytes of numbers) and the table of them (C). Unchanged files are not rewritten.
#
#   scripts/embed_web.sh FOLDER OUTPUT_FOLDER     FOLDER/index.html there; else SPARE/index.html is taken
#   scripts/embed_web.sh FOLDER OUTPUT_FOLDER SPARE
set -euo pipefail
export LC_ALL=C

folder="${1:?usage: scripts/embed_web.sh FOLDER OUTPUT_FOLDER [SPARE]}"
readonly output="${2:?usage: scripts/embed_web.sh FOLDER OUTPUT_FOLDER [SPARE]}" spare="${3:-}"
[ -f "$folder/index.html" ] || folder="$spare"
[ -f "$folder/index.html" ] || { printf 'embed_web: no index.html in %s\n' "$folder" >&2; exit 1; }
folder="$(cd "$folder" && pwd)"
mkdir -p "$output/gzip"

content_type() {
    case "$1" in
        *.html) echo 'text/html; charset=utf-8' ;;
        *.js | *.mjs) echo 'text/javascript; charset=utf-8' ;;
        *.css) echo 'text/css; charset=utf-8' ;;
        *.json | *.map) echo 'application/json' ;;
        *.webmanifest) echo 'application/manifest+json' ;;
        *.svg) echo 'image/svg+xml' ;;
        *.png) echo 'image/png' ;;
        *.ico) echo 'image/x-icon' ;;
        *.woff2) echo 'font/woff2' ;;
        *.txt) echo 'text/plain; charset=utf-8' ;;
        *) printf 'embed_web: %s: what type is it?\n' "$1" >&2; return 1 ;;
    esac
}

# "app-3f2a9c1e.js", as bundlers name a file by its content, may be kept for ever.
is_immutable() { [[ "${1##*/}" =~ [-.][0-9A-Za-z_]{8,}\.[a-z0-9]+$ ]] && [[ "$1" == /assets/* ]]; }

# The bytes of one file between two labels; the label before its first byte is its name.
bytes_of() { # SYMBOL FILE
    printf '.global %s\n%s:\n.incbin "%s"\n.global %s_end\n%s_end:\n' "$1" "$1" "$2" "$1" "$1"
}

assembly="$(mktemp)" declared="$(mktemp)" table="$(mktemp)"
trap 'rm -f "$assembly" "$declared" "$table"' EXIT
number=0
while IFS= read -r name; do
    type="$(content_type "$name")"
    hash="$(sha256sum "$folder$name" | cut -c1-32)"
    symbol="mr_web_bytes_$number"
    printf '/* %s %s */\n' "$name" "$hash" >>"$assembly"
    bytes_of "$symbol" "$folder$name" >>"$assembly"
    plain_bytes=$(stat -c %s "$folder$name")
    packed="$output/gzip/$hash.gz"
    [ -f "$packed" ] || gzip -9nc "$folder$name" >"$packed"
    packed_bytes=$(stat -c %s "$packed")
    printf 'extern const char %s[];\n' "$symbol" >>"$declared"
    gzip_text='{NULL, 0}'
    if [ "$packed_bytes" -lt "$((plain_bytes * 9 / 10))" ]; then
        bytes_of "${symbol}_gzip" "$packed" >>"$assembly"
        printf 'extern const char %s_gzip[];\n' "$symbol" >>"$declared"
        gzip_text="{${symbol}_gzip, $packed_bytes}"
    fi
    immutable=false
    if is_immutable "$name"; then immutable=true; fi
    printf '    {"%s", "%s", "%s", %s, {%s, %s}, %s},\n' "$name" "$type" "$hash" "$immutable" \
        "$symbol" "$plain_bytes" "$gzip_text" >>"$table"
    number=$((number + 1))
done < <(cd "$folder" && find . -type f ! -name '.*' | cut -c2- | sort)

put() { # FILE: what comes in, if it is not there already
    local text
    text="$(cat)"
    [ -f "$1" ] && [ "$text" = "$(cat "$1")" ] || printf '%s\n' "$text" >"$1"
}
{
    printf '.section .rodata\n'
    cat "$assembly"
    printf '.section .note.GNU-stack,"",%%progbits\n'
} | put "$output/web_bytes.S"
{
    printf '#include "web/files.h"\n'
    cat "$declared"
    printf 'const mr_web_embedded mr_web_embedded_files[] = {\n'
    cat "$table"
    printf '};\nconst size_t mr_web_embedded_count = %s;\n' "$number"
} | put "$output/web_files.c"
