#!/usr/bin/env bash
# The health check of a container: every role that this data folder runs is alive, and a gateway among
# them says that it can take events. Needs nothing but bash and the program itself.
set -uo pipefail

roles="$(millrace status --json | grep -o '"role":"[a-z]*","pid":[0-9]*,"alive":[a-z]*,"address":"[^"]*"')"
alive="$(grep '"alive":true' <<<"$roles")"
if [ -z "$alive" ]; then
    echo 'no role is alive' >&2
    exit 1
fi

for name; do
    grep -q "\"role\":\"$name\"" <<<"$alive" || { echo "the $name is not alive" >&2; exit 1; }
done

# `up` lives as long as its container; a role it is starting again counts as dead until it is back.
if grep -q '"role":"up"' <<<"$alive"; then
    for role in ${MILLRACE_ROLES:-gateway,processor,scheduler,web}; do
        for name in ${role//,/ }; do
            grep -q "\"role\":\"$name\"" <<<"$alive" || { echo "the $name is not alive" >&2; exit 1; }
        done
    done
fi

gateway="$(grep '"role":"gateway"' <<<"$alive" | sed 's/.*"address":"\(.*\)"/\1/')"
[ -n "$gateway" ] || exit 0
if [ -n "${MILLRACE_TLS_CERTIFICATE:-}" ]; then
    exit 0 # bash speaks no TLS; that the gateway lives is known
fi
exec 3<>"/dev/tcp/127.0.0.1/${gateway##*:}" || exit 1
printf 'GET /ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' >&3
read -r _ status _ <&3
[ "$status" = 200 ] || { echo "/ready answers ${status:-nothing}" >&2; exit 1; }
