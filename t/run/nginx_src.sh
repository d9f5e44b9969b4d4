#!/bin/sh
# nginx_src.sh DIR: the source of Debian's nginx, as DIR, by way of the
# machine's own mirrors. NGINX_SRC= in the Makefile takes any other.
set -eu

tools=$(cd "$(dirname "$0")" && pwd)
. "$tools/apt.sh"

if [ -f "$1/src/core/nginx.c" ]; then
    exit 0
fi
target=$(realpath -m "$1")
mkdir -p "$target.part"
work=$(cd "$target.part" && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$work" "$tmp"' EXIT
chmod 755 "$tmp"

set --
sources=$(apt_sources)
while read -r uri suite; do
    set -- "$@" "$(apt_line deb-src "$uri" "$suite")"
done <<END
$sources
END

apt_private "$tmp/apt" "$@"
cd "$work"

# The newest that the mirror really has; some lack the latest security update.
for version in $(apt-cache $private showsrc --only-source nginx |
    sed -n 's/^Version: //p' | sort -Vru); do
    if apt-get $private source "nginx=$version" > "$tmp/log" 2>&1; then
        cd / && rm -rf "$target" && mv "$work"/nginx-*/ "$target"
        exit 0
    fi
done

# Or upstream's own archive, without Debian's patches, if that much was there;
# apt has compared it with the signed index.
for archive in nginx_*.orig.tar.*z; do
    if [ -f "$archive" ] && tar -xf "$archive"; then
        cd / && rm -rf "$target" && mv "$work"/nginx-*/ "$target"
        exit 0
    fi
done

cat "$tmp/log" >&2
exit 1
