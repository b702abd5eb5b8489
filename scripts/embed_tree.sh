#!/usr/bin/env bash
# Makes two sources of the files that deploy millrace: their bytes (assembly that includes them) and the table
# of them (C, src/eject/tree.h). Unchanged sources are not rewritten.
#
#   scripts/embed_tree.sh TOP OUTPUT_FOLDER FILE_OR_FOLDER...     paths below TOP
set -euo pipefail
export LC_ALL=C

readonly top="${1:?usage: scripts/embed_tree.sh TOP OUTPUT_FOLDER PATH...}" output="${2:?}"
shift 2
mkdir -p "$output"
assembly="$(mktemp)" declared="$(mktemp)" table="$(mktemp)"
trap 'rm -f "$assembly" "$declared" "$table"' EXIT
number=0
while IFS= read -r path; do
    symbol="mr_tree_bytes_$number"
    # The sum makes the source another one when the file is.
    printf '/* %s %s */\n.global %s\n%s:\n.incbin "%s"\n' "$path" "$(sha256sum "$top/$path" | cut -c1-32)" \
        "$symbol" "$symbol" "$top/$path" >>"$assembly"
    printf 'extern const char %s[];\n' "$symbol" >>"$declared"
    executable=false
    if [ -x "$top/$path" ]; then executable=true; fi
    printf '    {"%s", {%s, %s}, %s},\n' "$path" "$symbol" "$(stat -c %s "$top/$path")" "$executable" >>"$table"
    number=$((number + 1))
done < <(cd "$top" && find "$@" -type f ! -path '*/__pycache__/*' ! -path '*/.terraform/*' ! -name '*.tfstate*' ! -name '*.tfplan' ! -name '.env' | sort)
[ "$number" -gt 0 ] || { printf 'embed_tree: no files in %s\n' "$*" >&2; exit 1; }

put() { # FILE: what comes in, if it is not there already
    local text
    text="$(cat)"
    [ -f "$1" ] && [ "$text" = "$(cat "$1")" ] || printf '%s\n' "$text" >"$1"
}
{
    printf '.section .rodata\n'
    cat "$assembly"
    printf '.byte 0\n.section .note.GNU-stack,"",@progbits\n'
} | put "$output/tree_bytes.S"
{
    printf '#include "eject/tree.h"\n\n'
    cat "$declared"
    printf '\nconst mr_tree_file mr_tree_files[] = {\n'
    cat "$table"
    printf '};\nconst size_t mr_tree_file_count = %d;\n' "$number"
} | put "$output/tree_files.c"
