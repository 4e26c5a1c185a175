#!/usr/bin/env bash
# Install Debian's PACKAGES, or only learn what there is:  debian.sh [PACKAGE...].  As root.
# Servers are started side by side, and apt waits for its lock when it installs, but not when it reads the lists.
set -euo pipefail
root=${GITSYNC_SERVERS:-${XDG_CACHE_HOME:-$HOME/.cache}/gitsync/servers}
mkdir -p "$root"
exec 9>"$root/debian.lock"
flock 9
apt-get update -qq >&2
[ $# = 0 ] || DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends -o DPkg::Lock::Timeout=300 "$@" >&2
