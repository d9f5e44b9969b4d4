#!/bin/bash
# fresh.sh: "make test" and "make demo" of the last commit (REV= another) in a
# Debian 12 as debootstrap makes it, with nothing prepared but make itself.
set -u

cd "$(dirname "$0")/../.." || exit 1
. t/run/apt.sh
. t/run/chroot.sh

if [ "$(id -u)" != 0 ]; then
    echo "fresh: a root can be made by root only: run 'sudo make fresh'" >&2
    exit 1
fi

root=$(mktemp -d "${CHROOTS:-/var/tmp}/fresh.XXXXXX")
trap 'rm -rf "$root" "$root.log" "$root.d" "$root.d.log"' EXIT
suite=${SUITE:-bookworm}

chroot_make "$suite" "$root.d" || exit 1
chroot_put "$root.d"

failed=0
for target in ${TARGETS:-demo test}; do
    echo "== make $target, in a fresh $suite"
    began=$SECONDS
    if chroot_run "$root.d" sh -c "
        command -v make > /dev/null || {
            apt-get -qq update
            apt-get -qq install -y --no-install-recommends make
        } > /dev/null 2>&1
        cd /src && make $target"
    then
        echo "== make $target: ended well after $((SECONDS - began)) s"
    else
        echo "== make $target: FAILED after $((SECONDS - began)) s"
        failed=1
    fi
done
exit $failed
