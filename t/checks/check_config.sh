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

mkdir -p "$work/openssl/openssl" "$work/jansson" "$work/broken" "$work/cc" \
    "$work/a b"
echo '#define OPENSSL_VERSION_NUMBER 0x10101000L' \
    > "$work/openssl/openssl/opensslv.h"
echo '#define JANSSON_VERSION_HEX 0x020a00' > "$work/jansson/jansson.h"
echo '#error this header is broken' > "$work/broken/jwt.h"

# compilers that refuse, do not find, and measure pointers of four bytes
cat > "$work/cc/old" <<'END'
#!/bin/sh
case "$*" in *-std=c++20*) echo 'unknown standard' >&2; exit 1 ;; esac
exec gcc "$@"
END
cat > "$work/cc/poor" <<'END'
#!/bin/sh
case "$*" in *-ljwt*) echo 'jwt.h: No such file or directory' >&2; exit 1 ;; esac
exec gcc "$@"
END
cat > "$work/cc/small" <<'END'
#!/bin/sh
if grep -q 'sizeof(void \*)' objs/autotest.c 2> /dev/null; then
    sed -i 's/sizeof(void \*)/4/' objs/autotest.c
fi
exec gcc "$@"
END
chmod +x "$work/cc"/*
cp "$project/Makefile" "$work/a b"

# refuse NAME WORDS NEITHER CONFIGURE-ARG...: told by WORDS, without NEITHER
refuse() {
    local name=$1 words=$2 neither=$3
    shift 3
    rm -rf "$work/nginx"
    cp -R "$source" "$work/nginx"
    if (cd "$work/nginx" && ./configure --with-compat --without-pcre \
        --without-http_rewrite_module --without-http_gzip_module \
        --add-dynamic-module="$project" "$@") > "$work/log" 2>&1
    then
        echo "$name: configure goes on without it"
        bad=1
    elif ! grep -A9 'error: nginx-auth-id-token: ' "$work/log" | tr '\n' ' ' |
        grep -q "$words" || grep -q "$neither" "$work/log"
    then
        echo "$name: not told in plain words:"
        tail -n 9 "$work/log"
        bad=1
    fi
}

refuse "C++20" 'cannot compile C++20.*says:.*unknown standard' 'no such' \
    --with-cc="$work/cc/old"
refuse "an old OpenSSL" \
    'OpenSSL 3.0 or newer.*is older: install libssl-dev.*says:.*too old' \
    'cannot be used' --with-cc-opt="-I$work/openssl"
refuse "an old jansson" 'jansson, 2.11.*is older: install libjansson-dev' \
    'cannot be used' --with-cc-opt="-I$work/jansson"
refuse "no libjwt" 'libjwt is required: install libjwt-dev.*No such file' \
    'is older' --with-cc="$work/cc/poor"
refuse "a broken libjwt" \
    'libjwt is required; what is installed cannot be used.*header is broken' \
    'install libjwt-dev' --with-cc-opt="-I$work/broken"
refuse "32 bits" 'pointers have 4 bytes here: build for a 64-bit machine' \
    'No such file' --with-cc="$work/cc/small"
if make -s -C "$work/a b" help > "$work/log" 2>&1 ||
    ! grep -q 'makefiles take no path with a blank: .*/a b' "$work/log"
then
    echo "a path with a blank: not told in plain words:"
    tail -n 3 "$work/log"
    bad=1
fi
exit $bad
