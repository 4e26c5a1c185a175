#!/usr/bin/env bash
# A real Strapi 5 on 127.0.0.1, with SQLite and a type `article`:  strapi.sh start [PORT] | stop [PORT]
# Prints STRAPI_URL and STRAPI_TOKEN. Needs npm, gcc, make and python3; STRAPI_VERSION says which.
set -euo pipefail
root=${GITSYNC_SERVERS:-${XDG_CACHE_HOME:-$HOME/.cache}/gitsync/servers}/strapi
version=${STRAPI_VERSION:-5.54.0} port=${2:-13370}
base=$root/base-$version site=$root/site-$port url=http://127.0.0.1:$port
export STRAPI_TELEMETRY_DISABLED=true STRAPI_DISABLE_UPDATE_NOTIFICATION=true JOBS=2 npm_config_nodedir=${NODEDIR:-/usr}
mkdir -p "$root"

running() { [ -s "$site/pid" ] && tr '\0' ' ' <"/proc/$(cat "$site/pid")/cmdline" 2>/dev/null | grep -qF "strapi.js start"; }
if [ "${1:-}" = stop ]; then
    if running; then
        kill "$(cat "$site/pid")"
        for _ in $(seq 100); do running || break; sleep .1; done
    fi
    rm -f "$site/pid"
    exit
fi
[ "${1:-}" = start ] || { sed -n 2,3p "$0" >&2; exit 2; }

if [ ! -f "$base/.complete" ]; then
    rm -rf "$base"
    (cd "$root" && npx --yes "create-strapi@$version" "$base" --non-interactive --skip-cloud --no-example --no-git-init \
        --js --use-npm --no-install --dbclient sqlite >&2 </dev/null)
    cd "$base"
    npm install --no-audit --no-fund >"$root/install.log" 2>&1
    sed -i 's/=> ({/=> ({\n  serveAdminPanel: false,/' config/admin.js
    api=src/api/article
    mkdir -p $api/content-types/article $api/{controllers,routes,services}
    cat >$api/content-types/article/schema.json <<'JSON'
{"kind": "collectionType", "collectionName": "articles",
 "info": {"singularName": "article", "pluralName": "articles", "displayName": "Article"},
 "options": {"draftAndPublish": true},
 "attributes": {"title": {"type": "string", "required": true}, "slug": {"type": "uid", "targetField": "title"},
  "body": {"type": "richtext"}, "summary": {"type": "text"}, "blocks": {"type": "blocks"}, "tags": {"type": "json"}}}
JSON
    for kind in Controller Router Service; do
        folder=$(echo "$kind" | tr CRS crs)s
        [ "$kind" != Router ] || folder=routes
        echo "module.exports = require('@strapi/strapi').factories.createCore$kind('api::article.article');" \
            >"$api/$folder/article.js"
    done
    touch .complete
fi
if [ ! -d "$site" ]; then
    mkdir -p "$site.tmp/.tmp"
    cp -r "$base"/{config,src,public,database,package.json,.env,favicon.png} "$site.tmp"/
    ln -s "$base/node_modules" "$site.tmp/node_modules"
    mv "$site.tmp" "$site"
fi
cd "$site"
if ! running; then
    sed -i "s/^HOST=.*/HOST=127.0.0.1/; s/^PORT=.*/PORT=$port/; s|^DATABASE_FILENAME=.*|DATABASE_FILENAME=.tmp/data.db|" .env
    NODE_ENV=production setsid nohup node node_modules/@strapi/strapi/bin/strapi.js start >strapi.log 2>&1 </dev/null &
    echo $! >pid
fi
answers() { [ "$(curl -s --noproxy '*' -o /dev/null -w '%{http_code}' "$url/_health" || true)" = 204 ]; }
for _ in $(seq 600); do
    answers && break
    running || { tail -n 20 strapi.log >&2; exit 1; }
    sleep .2
done
[ -s env ] || python3 - "$url" >env <<'PY'
import json, sys, urllib.request

url = sys.argv[1]
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def call(path, body, token=""):
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
    request = urllib.request.Request(url + path, json.dumps(body).encode(), headers)
    with opener.open(request, timeout=60) as answer:
        return json.load(answer)["data"]


owner = {"email": "a@example.test", "password": "Sup3rSecret1", "firstname": "A", "lastname": "B"}
token = call("/admin/register-admin", owner)["token"]
wanted = {"name": "tests", "description": "", "type": "full-access", "lifespan": None}
print(f"STRAPI_URL={url}\nSTRAPI_TOKEN={call('/admin/api-tokens', wanted, token)['accessKey']}")
PY
cat env
