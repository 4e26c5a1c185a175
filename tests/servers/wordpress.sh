#!/usr/bin/env bash
# A real WordPress on 127.0.0.1, on a MariaDB of its own:  wordpress.sh start [PORT] | stop [PORT]
# Prints WORDPRESS_URL, WORDPRESS_USER, WORDPRESS_TOKEN and WORDPRESS_EDITOR, the folder that wordpress_editor.js asks
# its block editor in. Needs npm; installs what it needs from Debian's packages; as root.
# WORDPRESS_SUITE names the suite that WordPress comes from: sid has the newest, trixie an older one.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=${GITSYNC_SERVERS:-${XDG_CACHE_HOME:-$HOME/.cache}/gitsync/servers}/wordpress
suite=${WORDPRESS_SUITE:-sid} port=${2:-8180} workers=2
site=$root/site-$port url=http://127.0.0.1:$port socket=$root/db.sock
mkdir -p "$root"

# A pid alone is not trusted: its command line must be that of what was started here.
running() { [ -s "$1" ] && tr '\0' ' ' <"/proc/$(cat "$1")/cmdline" 2>/dev/null | grep -qF -- "$2"; }
stop() {
    if running "$1" "$2"; then
        kill -- "-$(cat "$1")" 2>/dev/null || kill "$(cat "$1")" 2>/dev/null || true
        for _ in $(seq 100); do running "$1" "$2" || break; sleep .1; done
    fi
    rm -f "$1"
}
if [ "${1:-}" = stop ]; then
    stop "$site.pid" "$site"
    stop "$root/db.pid" "--datadir=$root/db"
    exit
fi
[ "${1:-}" = start ] || { sed -n 2,5p "$0" >&2; exit 2; }

if ! php -m 2>/dev/null | grep -qi '^mysqli$' || [ ! -x /usr/sbin/mariadbd ]; then
    # Only the programs: the packages without "-core" would start a daemon.
    "$here/debian.sh" php-cli php-mysql php-xml php-gd php-curl php-mbstring mariadb-server-core mariadb-client-core
fi

core=$root/core-$suite
if [ ! -f "$core/.complete" ]; then
    # The mirror that this machine uses, asked for another suite; unpacked, never installed.
    apt=$root/apt
    mkdir -p "$apt"/{sources,lists/partial,cache/archives/partial}
    [ -n "$(apt-get indextargets --format '$(REPO_URI)')" ] || "$here/debian.sh"
    mirror=$(apt-get indextargets --format '$(REPO_URI)' | sort -u | grep -E '/debian/?$' | head -n 1)
    printf 'Types: deb\nURIs: %s\nSuites: %s\nComponents: main\nSigned-By: %s\n' \
        "$mirror" "$suite" /usr/share/keyrings/debian-archive-keyring.gpg >"$apt/sources/wordpress.sources"
    from=(-o Dir::Etc::sourcelist=/dev/null -o "Dir::Etc::sourceparts=$apt/sources" -o "Dir::State::lists=$apt/lists"
        -o "Dir::Cache=$apt/cache" -o APT::Sandbox::User=root)
    apt-get "${from[@]}" update -qq >&2
    rm -rf "$root/unpack" "$core"
    mkdir -p "$root/unpack/deb"
    (cd "$root/unpack/deb" && apt-get "${from[@]}" download -qq wordpress wordpress-theme-twentytwentyfive php-getid3 \
        libphp-phpmailer libjs-lodash libjs-underscore libjs-jquery-ui libjs-cropper >&2)
    for package in "$root"/unpack/deb/*.deb; do dpkg-deb -x "$package" "$root/unpack/all"; done
    rm -f "$root/unpack/all/usr/share/wordpress/"{.htaccess,wp-config.php}
    cp -rL "$root/unpack/all/usr/share/wordpress" "$core"
    rm -rf "$root/unpack"
    touch "$core/.complete"
fi

sql() { mariadb --no-defaults -uroot -S "$socket" -e "$1"; }
[ -d "$root/db/mysql" ] || mariadb-install-db --no-defaults --user=root --datadir="$root/db" \
    --auth-root-authentication-method=normal --skip-test-db >"$root/db-install.log" 2>&1
if ! running "$root/db.pid" "--datadir=$root/db"; then
    setsid nohup mariadbd --no-defaults --user=root --datadir="$root/db" --socket="$socket" --skip-networking \
        --innodb-flush-log-at-trx-commit=2 >"$root/db.log" 2>&1 </dev/null &
    echo $! >"$root/db.pid"
fi
for _ in $(seq 150); do sql 'select 1' >/dev/null 2>&1 && break; sleep .2; done

if [ ! -f "$site/.complete" ]; then
    rm -rf "$site"
    cp -r "$core" "$site"
    rm -f "$site/.complete"
    mkdir -p "$site/wp-content/uploads"
    sql "DROP DATABASE IF EXISTS wp_$port; CREATE DATABASE wp_$port CHARACTER SET utf8mb4"
    secrets=$(for name in AUTH_KEY SECURE_AUTH_KEY LOGGED_IN_KEY NONCE_KEY AUTH_SALT SECURE_AUTH_SALT LOGGED_IN_SALT \
        NONCE_SALT; do echo "define('$name','$(head -c 32 /dev/urandom | base64 | tr -d '\n')');"; done)
    cat >"$site/wp-config.php" <<PHP
<?php
define('DB_NAME','wp_$port'); define('DB_USER','root'); define('DB_PASSWORD',''); define('DB_HOST','localhost:$socket');
define('DB_CHARSET','utf8mb4'); define('DB_COLLATE','');
$secrets
define('WP_HOME','$url'); define('WP_SITEURL','$url');
define('WP_ENVIRONMENT_TYPE','local');   // application passwords without https
define('WP_HTTP_BLOCK_EXTERNAL',true); define('DISABLE_WP_CRON',true);
define('AUTOMATIC_UPDATER_DISABLED',true); define('WP_AUTO_UPDATE_CORE',false); define('FS_METHOD','direct');
\$table_prefix='wp_';
if (!defined('ABSPATH')) define('ABSPATH',__DIR__.'/');
require_once ABSPATH.'wp-settings.php';
PHP
    cat >"$root/install.php" <<'PHP'
<?php // arguments: the site's folder and its address
define('WP_INSTALLING', true);
$_SERVER['HTTP_HOST'] = parse_url($argv[2], PHP_URL_HOST) . ':' . parse_url($argv[2], PHP_URL_PORT);
$_SERVER['REQUEST_URI'] = '/'; $_SERVER['REQUEST_METHOD'] = 'GET'; $_SERVER['SERVER_PROTOCOL'] = 'HTTP/1.1';
chdir($argv[1]);
require $argv[1] . '/wp-load.php';
require_once ABSPATH . 'wp-admin/includes/upgrade.php';
add_filter('pre_wp_mail', '__return_true');
if (!is_blog_installed()) wp_install('A blog', 'admin', 'admin@example.test', false, '', wp_generate_password(24));
global $wp_rewrite;
$wp_rewrite->init(); $wp_rewrite->set_permalink_structure('/%postname%/'); $wp_rewrite->flush_rules(false);
$made = WP_Application_Passwords::create_new_application_password(get_user_by('login', 'admin')->ID, ['name' => 'tests']);
if (is_wp_error($made)) { fwrite(STDERR, $made->get_error_message()); exit(1); }
file_put_contents($argv[1] . '/.app-password', $made[0]);
PHP
    php -d sendmail_path=/bin/true "$root/install.php" "$site" "$url" >&2
    touch "$site/.complete"
fi

# Types of posts beside posts and pages: with tags, with a taxonomy of its own, and with next to nothing.
mkdir -p "$site/wp-content/mu-plugins"
cat >"$site/wp-content/mu-plugins/types.php" <<'PHP'
<?php
add_action('init', function () {
    $shown = ['public' => true, 'show_in_rest' => true];
    register_post_type('book', $shown + ['rest_base' => 'books', 'taxonomies' => ['post_tag'],
        'supports' => ['title', 'editor', 'excerpt', 'thumbnail', 'author']]);
    register_taxonomy('genre', 'film', ['public' => true, 'show_in_rest' => true, 'rest_base' => 'genres']);
    register_post_type('film', $shown + ['rest_base' => 'films', 'taxonomies' => ['genre'],
        'supports' => ['title', 'editor']]);
    register_post_type('note', $shown + ['rest_base' => 'notes', 'supports' => ['title', 'editor']]);
});
PHP

# The block editor's scripts, as WordPress puts them on its page, and something like a browser to run them in.
jsdom=26.1.0
if ! grep -qs "\"version\": \"$jsdom\"" "$root/node_modules/jsdom/package.json"; then
    npm install --prefix "$root" --ignore-scripts --no-audit --no-fund --no-save "jsdom@$jsdom" >&2
fi
cat >"$root/editor.php" <<'PHP'
<?php // arguments: the site's folder
define('WP_ADMIN', true);
$_SERVER['HTTP_HOST'] = '127.0.0.1'; $_SERVER['REQUEST_URI'] = '/wp-admin/'; $_SERVER['REQUEST_METHOD'] = 'GET';
require $argv[1] . '/wp-load.php';
require_once ABSPATH . 'wp-admin/includes/admin.php';
$blocks = wp_json_encode(get_block_editor_server_block_settings());
wp_add_inline_script('wp-blocks', "wp.blocks.unstable__bootstrapServerSideBlockDefinitions($blocks);");
wp_scripts()->do_items(['wp-block-library', 'wp-format-library']);
PHP
if [ ! -s "$site/.editor.html" ]; then
    php "$root/editor.php" "$site" >"$root/editor.html"
    mv "$root/editor.html" "$site/.editor.html"
fi

# The router stands outside what is served, and no dot file is served.
cat >"$root/router.php" <<'PHP'
<?php
$root = $_SERVER['DOCUMENT_ROOT'];
$path = '/' . ltrim(rawurldecode(parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH) ?? '/'), '/');
if (preg_match('#(^|/)\.#', $path)) { http_response_code(404); return true; }
$file = realpath($root . $path);
if ($file !== false && strpos($file, $root) === 0 && is_file($file)) return false;
$_SERVER['SCRIPT_NAME'] = $_SERVER['PHP_SELF'] = '/index.php';
$_SERVER['SCRIPT_FILENAME'] = "$root/index.php";
chdir($root);
require "$root/index.php";
PHP
if ! running "$site.pid" "$site"; then
    if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then echo "port $port is taken" >&2; exit 1; fi
    PHP_CLI_SERVER_WORKERS=$workers setsid nohup php -d sendmail_path=/bin/true -d upload_max_filesize=64M \
        -d post_max_size=64M -S "127.0.0.1:$port" -t "$site" "$root/router.php" >"$site.log" 2>&1 </dev/null &
    echo $! >"$site.pid"
fi
for _ in $(seq 150); do curl -fs --noproxy '*' -o /dev/null "$url/wp-json/" && break; sleep .2; done
curl -fsS --noproxy '*' -o /dev/null "$url/wp-json/"
echo "WORDPRESS_URL=$url"
echo "WORDPRESS_USER=admin"
echo "WORDPRESS_TOKEN=$(cat "$site/.app-password")"
echo "WORDPRESS_EDITOR=$site"
