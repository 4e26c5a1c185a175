#!/usr/bin/env bash
# A PostgreSQL on 127.0.0.1:  postgres.sh start [PORT] | stop [PORT].  Prints POSTGRES_URL. From Debian's packages; as root.
set -euo pipefail
root=${GITSYNC_SERVERS:-${XDG_CACHE_HOME:-$HOME/.cache}/gitsync/servers}/postgres
port=${2:-54390}
# PostgreSQL refuses to run as root, and its user cannot look into root's home.
data=/var/lib/gitsync-postgres-$port
binaries() { ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1; }
as() { runuser -u nobody -- "$@"; }
mkdir -p "$root"
if [ "${1:-}" = stop ]; then
    [ ! -s "$data/postmaster.pid" ] || as "$(binaries)/pg_ctl" -D "$data" -m fast stop >&2 || true
    exit
fi
[ "${1:-}" = start ] || { sed -n 2p "$0" >&2; exit 2; }
if [ -z "$(binaries)" ]; then
    mkdir -p /etc/postgresql-common
    # The package would make a cluster and start it.
    [ -f /etc/postgresql-common/createcluster.conf ] ||
        echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf
    "$(dirname "$0")/debian.sh" postgresql
fi
bin=$(binaries)
if [ ! -s "$data/PG_VERSION" ]; then
    rm -rf "$data"
    install -d -o nobody -m 700 "$data"
    as "$bin/initdb" -D "$data" -U gitsync -A trust -E UTF8 --locale=C.UTF-8 >"$root/initdb.log" 2>&1
fi
if ! as "$bin/pg_ctl" -D "$data" status >/dev/null 2>&1; then
    as "$bin/pg_ctl" -D "$data" -w -t 60 -l "$data/log" -o "-h 127.0.0.1 -p $port -k $data -c fsync=off" start >&2
fi
as "$bin/psql" -h 127.0.0.1 -p "$port" -U gitsync -d postgres -qAtc "select 1 from pg_database where datname='gitsync'" |
    grep -q 1 || as "$bin/createdb" -h 127.0.0.1 -p "$port" -U gitsync gitsync
echo "POSTGRES_URL=postgresql+psycopg://gitsync@127.0.0.1:$port/gitsync"
