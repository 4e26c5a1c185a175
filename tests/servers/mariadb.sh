#!/usr/bin/env bash
# A MariaDB on 127.0.0.1:  mariadb.sh start [PORT] | stop [PORT].  Prints MARIADB_URL. From Debian's packages; as root.
set -euo pipefail
root=${GITSYNC_SERVERS:-${XDG_CACHE_HOME:-$HOME/.cache}/gitsync/servers}/mariadb
port=${2:-33090}
data=$root/data-$port
mkdir -p "$root"
running() { [ -s "$data.pid" ] && tr '\0' ' ' <"/proc/$(cat "$data.pid")/cmdline" 2>/dev/null | grep -qF -- "--datadir=$data"; }
if [ "${1:-}" = stop ]; then
    if running; then
        kill "$(cat "$data.pid")"
        for _ in $(seq 100); do running || break; sleep .1; done
    fi
    rm -f "$data.pid"
    exit
fi
[ "${1:-}" = start ] || { sed -n 2p "$0" >&2; exit 2; }
[ -x /usr/sbin/mariadbd ] || "$(dirname "$0")/debian.sh" mariadb-server-core mariadb-client-core
[ -d "$data/mysql" ] || mariadb-install-db --no-defaults --user=root --datadir="$data" \
    --auth-root-authentication-method=normal --skip-test-db >"$root/install.log" 2>&1
if ! running; then
    setsid nohup mariadbd --no-defaults --user=root --datadir="$data" --socket="$data.sock" --bind-address=127.0.0.1 \
        --port="$port" --innodb-flush-log-at-trx-commit=2 >"$data.log" 2>&1 </dev/null &
    echo $! >"$data.pid"
fi
sql() { mariadb --no-defaults -uroot -S "$data.sock" -e "$1"; }
for _ in $(seq 150); do sql 'select 1' >/dev/null 2>&1 && break; sleep .2; done
sql "CREATE DATABASE IF NOT EXISTS gitsync CHARACTER SET utf8mb4;
     CREATE USER IF NOT EXISTS 'gitsync'@'127.0.0.1' IDENTIFIED BY 'gitsync'; GRANT ALL ON gitsync.* TO 'gitsync'@'127.0.0.1'"
echo "MARIADB_URL=mysql+pymysql://gitsync:gitsync@127.0.0.1:$port/gitsync"
