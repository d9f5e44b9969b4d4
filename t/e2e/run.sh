#!/bin/sh
# run.sh STORY...: copies the tests below $BUILD, installs the packages pinned
# in the lock file there and tells the stories.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
home=$BUILD/e2e
unset NGINX

# A part that cannot run is one skipped test, and says why.
skip() {
    echo "skipped - $1"
    echo "e2e: 0 passed, 0 failed, 1 skipped"
    exit 0
}

command -v node > /dev/null || skip "node is not installed"
command -v npm > /dev/null || skip "npm is not installed"
command -v openssl > /dev/null || skip "openssl is not installed"

case $(node -p 'URL.parse && require("crypto").hash ? "fits" :
                require("module").register ? "almost" : "old"') in
    fits) ;;
    almost)
        export NODE_OPTIONS="--import $home/node18.mjs
            --experimental-global-webcrypto"
        ;;
    *) skip "node $(node --version) is too old: 18.19 is the least" ;;
esac

mkdir -p "$home"
rm -rf "$home/spa" "$home"/*.mjs
cp -R "$here/." "$here"/../../conf-examples/*.conf \
    "$here/../../conf-examples/backend.py" "$home/"

if ! cmp -s "$here/package-lock.json" "$home/installed.json"; then
    rm -f "$home/installed.json"
    fetch() {
        (cd "$home" && NODE_OPTIONS= timeout 120 npm ci --ignore-scripts \
            --fetch-retries=2 --fetch-retry-mintimeout=1000 \
            --fetch-retry-maxtimeout=5000 --fetch-timeout=30000) \
            > "$home/npm.log" 2>&1
    }
    if ! fetch && ! { sleep 2; fetch; }; then
        tail -n 5 "$home/npm.log" | sed 's/^/    /'
        skip "npm could not install the packages of package-lock.json"
    fi
    cp "$here/package-lock.json" "$home/installed.json"
fi

exec node "$home/main.mjs" "$@"
