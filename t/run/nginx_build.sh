#!/bin/sh
# nginx_build.sh SRC OUT [CONFIGURE-ARG...]: a whole nginx, as OUT/nginx, with
# what the tests use of it. CC, CC_OPT, LD_OPT and MAKE_ARGS are honoured. Newer
# compilers warn of nginx's own code; warnings of ours are errors all the same.
set -eu

src=$1 out=$2
shift 2
mkdir -p "$out/prefix/logs"
out=$(cd "$out" && pwd)
rm -rf "$out/src" "$out/objs"
cp -R "$src" "$out/src"
cd "$out/src"

configure=./configure
[ -f $configure ] || configure=auto/configure

if ! $configure --builddir="$out/objs" --prefix="$out/prefix" \
    --with-compat --with-debug --with-threads --with-pcre-jit \
    --with-http_ssl_module --with-http_v2_module --with-http_realip_module \
    --with-http_auth_request_module --with-http_addition_module \
    --with-http_sub_module --with-http_stub_status_module \
    --with-http_secure_link_module --with-http_slice_module \
    --with-http_gunzip_module --with-http_gzip_static_module \
    --with-http_random_index_module --with-http_dav_module \
    --with-cc="${CC:-gcc}" --with-cc-opt="${CC_OPT:--O2 -g} -Wno-error" \
    --with-ld-opt="${LD_OPT:-}" "$@" > "$out/configure.log" 2>&1
then
    tail -n 20 "$out/configure.log" >&2
    exit 1
fi

if ! ${MAKE:-make} -j"${JOBS:-2}" -f "$out/objs/Makefile" ${MAKE_ARGS:-} \
    > "$out/make.log" 2>&1
then
    tail -n 40 "$out/make.log" >&2
    exit 1
fi

cp "$out/objs/nginx" "$out/nginx"
for module in "$out"/objs/*.so; do
    [ ! -f "$module" ] || cp "$module" "$out/"
done
