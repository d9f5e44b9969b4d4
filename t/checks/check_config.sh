#!/bin/bash
# check_config.sh: nginx's ./configure stops with plain words where something
# is missing. Each lack is staged by headers and compilers that refuse.
set -u

cd "$(dirname "$0")/../.." || exit 1
project=$PWD
source=${NGINX_SRC:-/usr/share/nginx/src}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
bad=0

mkdir -p "$work/openssl/openssl" "$work/jansson" "$work/jwt" "$work/cc"
echo '#define OPENSSL_VERSION_NUMBER 0x10101000L' \
    > "$work/openssl/openssl/opensslv.h"
echo '#error no such library' > "$work/jansson/jansson.h"
echo '#error no such library' > "$work/jwt/jwt.h"
cat > "$work/cc/gcc" <<'END'
#!/bin/sh
case "$*" in *-std=c++20*) echo 'unknown standard' >&2; exit 1 ;; esac
exec gcc "$@"
END
chmod +x "$work/cc/gcc"

# refuse NAME WORDS CONFIGURE-ARG...
refuse() {
    local name=$1 words=$2
    shift 2
    rm -rf "$work/nginx"
    cp -R "$source" "$work/nginx"
    if (cd "$work/nginx" && ./configure --with-compat --without-pcre \
        --without-http_rewrite_module --without-http_gzip_module \
        --add-dynamic-module="$project" "$@") > "$work/log" 2>&1
    then
        echo "$name: configure goes on without it"
        bad=1
    elif ! grep -q "error: nginx-auth-id-token: .*$words" "$work/log"; then
        echo "$name: not told in plain words:"
        tail -n 3 "$work/log"
        bad=1
    fi
}

refuse "C++20" 'cannot compile C++20' --with-cc="$work/cc/gcc"
refuse "OpenSSL 3" 'OpenSSL 3.0 or newer' --with-cc-opt="-I$work/openssl"
refuse "jansson" 'libjansson-dev' --with-cc-opt="-I$work/jansson"
refuse "libjwt" 'libjwt-dev' --with-cc-opt="-I$work/jwt"
exit $bad
