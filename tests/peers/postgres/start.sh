#!/usr/bin/env bash
# Starts a PostgreSQL server of its own for tests and benches, or starts a stopped one again, and
# prints its URL.
#
#   tests/peers/postgres/start.sh FOLDER            makes FOLDER (which must not exist yet)
#   tests/peers/postgres/start.sh FOLDER again      the same data on the same port
#   tests/peers/postgres/start.sh FOLDER standby-of PRIMARY_FOLDER
#   tests/peers/postgres/start.sh FOLDER promote    a standby takes writes from now on
#
# The server keeps everything below FOLDER, listens on a free port of 127.0.0.1 and a socket in
# FOLDER, syncs to disk like a real one, and runs as an ordinary user where the caller is root.
# POSTGRES_BIN names the folder of initdb and postgres, where they are not Debian's.
set -euo pipefail

readonly folder="${1:?usage: start.sh FOLDER [again | standby-of PRIMARY_FOLDER | promote]}" mode="${2:-new}"
readonly user=millrace database=millrace password=millrace-test
readonly port_min=20000 port_count=12000 ports_tried_max=20

fail() { printf 'postgres: %s\n' "$*" >&2; exit 1; }

find_programs() {
    local found
    if [ -n "${POSTGRES_BIN:-}" ]; then
        printf '%s\n' "$POSTGRES_BIN"
        return
    fi
    for found in /usr/lib/postgresql/{17,16,15}/bin; do
        if [ -x "$found/initdb" ]; then
            printf '%s\n' "$found"
            return
        fi
    done
    fail "no PostgreSQL server is installed (Debian: postgresql-15)"
}

bin="$(find_programs)"
readonly bin

# PostgreSQL refuses to run as root.
as_server() {
    if [ "$(id -u)" -eq 0 ]; then
        local owner=nobody
        ! id postgres >/dev/null 2>&1 || owner=postgres
        (cd / && setpriv --reuid="$owner" --regid="$(id -g "$owner")" --clear-groups "$@")
    else
        "$@"
    fi
}

make_folder() {
    [ ! -e "$folder" ] || fail "$folder exists; 'start.sh FOLDER again' starts it once more"
    mkdir -p "$folder"
    chmod 755 "$folder"
    if [ "$(id -u)" -eq 0 ]; then
        local owner=nobody
        ! id postgres >/dev/null 2>&1 || owner=postgres
        chown "$owner" "$folder"
    fi
}

make_data() {
    local password_file="$folder/password"
    printf '%s\n' "$password" | as_server tee "$password_file" >/dev/null
    as_server "$bin/initdb" --pgdata "$folder/data" --username "$user" --pwfile "$password_file" \
        --auth scram-sha-256 --encoding UTF8 --locale C --no-sync >"$folder/initdb.log" 2>&1 ||
        fail "initdb failed: $(tail -n 3 "$folder/initdb.log")"
    as_server tee -a "$folder/data/postgresql.conf" >/dev/null <<CONFIGURATION
listen_addresses = '127.0.0.1'
unix_socket_directories = '$folder'
shared_buffers = 128MB
max_wal_size = 1GB
max_connections = 60
wal_level = replica
max_wal_senders = 4
CONFIGURATION
    printf 'host replication %s 127.0.0.1/32 scram-sha-256\n' "$user" |
        as_server tee -a "$folder/data/pg_hba.conf" >/dev/null
}

make_standby() {
    local primary="$1" port
    port="$(cat "$primary/port")"
    PGPASSWORD="$password" as_server "$bin/pg_basebackup" --pgdata "$folder/data" --write-recovery-conf \
        --checkpoint fast --host 127.0.0.1 --port "$port" --username "$user" >"$folder/basebackup.log" 2>&1 ||
        fail "pg_basebackup failed: $(tail -n 3 "$folder/basebackup.log")"
    printf "unix_socket_directories = '%s'\n" "$folder" |
        as_server tee -a "$folder/data/postgresql.conf" >/dev/null
}

start_on() {
    as_server "$bin/pg_ctl" start --silent --wait --timeout 60 --pgdata "$folder/data" \
        --log "$folder/server.log" --options "-p $1" >/dev/null 2>"$folder/pg_ctl.log" </dev/null
}

start_on_a_free_port() {
    local tried port
    for ((tried = 0; tried < ports_tried_max; tried++)); do
        port=$((port_min + RANDOM % port_count))
        if start_on "$port"; then
            printf '%s\n' "$port" >"$folder/port"
            return
        fi
    done
    fail "the server does not start: $(tail -n 3 "$folder/server.log")"
}

make_database() {
    PGPASSWORD="$password" as_server "$bin/psql" --quiet --no-psqlrc --host 127.0.0.1 --port "$(cat "$folder/port")" \
        --username "$user" --dbname postgres --command "CREATE DATABASE $database" >/dev/null
}

case "$mode" in
    new)
        make_folder
        make_data
        start_on_a_free_port
        make_database
        ;;
    again)
        # After a kill -9 the old processes may live for a moment, and their lock with them.
        for ((tried = 0; tried < ports_tried_max; tried++)); do
            start_on "$(cat "$folder/port")" && break
            [ "$tried" -lt $((ports_tried_max - 1)) ] ||
                fail "the server does not start again: $(tail -n 3 "$folder/server.log")"
            sleep 0.5
        done
        ;;
    standby-of)
        make_folder
        make_standby "${3:?standby-of needs a PRIMARY_FOLDER}"
        start_on_a_free_port
        ;;
    promote)
        as_server "$bin/pg_ctl" promote --silent --wait --timeout 60 --pgdata "$folder/data" >/dev/null 2>"$folder/pg_ctl.log" ||
            fail "the standby cannot be promoted: $(cat "$folder/pg_ctl.log")"
        ;;
    *) fail "unknown mode $mode" ;;
esac
printf 'postgresql://%s:%s@127.0.0.1:%s/%s\n' "$user" "$password" "$(cat "$folder/port")" "$database"
