#!/bin/sh
# deb.sh OUT: a Debian package for the nginx of the running suite, by debhelper's
# own nginx sequence, in OUT. REVISION= numbers packages of one version.
set -eu

out=$1
cd "$(dirname "$0")/../.."
mkdir -p "$out"
out=$(cd "$out" && pwd)
version=$(sed -n 's/.*kVersion\[\] = "\(.*\)";.*/\1/p' src/core/idt_base/version.h)
name=libnginx-mod-http-auth-id-token
maintainer=$(sed -n 's/^Maintainer: //p' src/build/debian/control)

dpkg-checkbuilddeps src/build/debian/control ||
    { echo 'deb: "sudo make deps-deb" installs them' >&2; exit 1; }

# The same bytes from the same sources: the time is that of the last commit.
when=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2> /dev/null ||
    stat -c %Y README.md)}

tree=$out/$name-$version
rm -rf "$tree" "$out"/${name}*_*.deb
mkdir -p "$tree"
cp -R config src conf-examples LICENSE README.md Makefile "$tree"
mv "$tree/src/build/debian" "$tree/debian"
cat > "$tree/debian/changelog" <<END
$name ($version-${REVISION:-1}) unstable; urgency=medium

  * What changed: README.md.gz, "Changes".

 -- $maintainer  $(date -u -R -d "@$when")
END

if ! (cd "$tree" && dpkg-buildpackage -b -us -uc) > "$out/log" 2>&1; then
    tail -n 30 "$out/log" >&2
    exit 1
fi
rm -rf "$tree"
cd "$out" && sha256sum ${name}*_*.deb
