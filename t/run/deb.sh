#!/bin/bash
# deb.sh [SUITE...]: the Debian package of the last commit (REV= another), made,
# examined by lintian, installed, used, upgraded, removed and purged in a fresh
# root of each suite.
set -u

cd "$(dirname "$0")/../.." || exit 1
. t/run/apt.sh
. t/run/chroot.sh

if [ "$(id -u)" != 0 ]; then
    echo "deb: a root can be made by root only: run 'sudo make deb-test'" >&2
    exit 1
fi

inside='
set -u
failed=0 passed=0
ok() {
    if "${@:2}" > /tmp/out 2>&1; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "deb: not ok: $1"
        tail -n 5 /tmp/out
    fi
}
not() { ! "$@"; }
export DEBIAN_FRONTEND=noninteractive
apt="apt-get -qq -o Acquire::Retries=3 -o Dpkg::Use-Pty=0 --no-install-recommends"
name=libnginx-mod-http-auth-id-token
enabled=/etc/nginx/modules-enabled/50-mod-http-auth-id-token.conf
printf "#!/bin/sh\nexit 101\n" > /usr/sbin/policy-rc.d
chmod 755 /usr/sbin/policy-rc.d
echo "Acquire::Check-Valid-Until false;" > /etc/apt/apt.conf.d/90lag
$apt update > /dev/null 2>&1
$apt install -y make curl > /dev/null 2>&1

cd /src
ok "what making a package needs" make deps-deb
ok "a package" make deb
cd build/deb
first=$(echo ${name}_*.deb)
ok "lintian has nothing to say" \
    lintian --allow-root --fail-on error,warning,info ${name}_*.changes

# The next revision: the same files under a higher number.
dpkg-deb -R "$first" next
sed -i "s/^\(Version: .*\)-1$/\1-2/" next/DEBIAN/control
ok "the next revision" dpkg-deb --root-owner-group -b next "$PWD/next.deb"

cat > /tmp/nginx.conf <<END
include /etc/nginx/modules-enabled/*.conf;
pid /tmp/nginx.pid;
error_log /tmp/error.log notice;
events {}
http {
    id_token_provider tenant {
        issuer     https://tenant.example.com/;
        client_id  app;
    }
    server {
        listen 127.0.0.1:8080;
        location / { auth_id_token tenant; }
    }
}
END
refuses() {
    [ "$(curl -s -o /dev/null -w "%{http_code}" http://127.0.0.1:8080/)" = 401 ]
}
start() { nginx -c /tmp/nginx.conf; }
stop() {
    nginx -c /tmp/nginx.conf -s quit
    for i in $(seq 50); do [ -e /tmp/nginx.pid ] || return 0; sleep 0.1; done
    return 1
}

ok "it installs" $apt install -y "$PWD/$first"
ok "it is enabled" test -e $enabled
ok "Debian'"'"'s own configuration is well with it" nginx -t
ok "nginx starts" start
ok "and asks for a token" refuses
ok "its version is in the log" grep -q "nginx-auth-id-token [0-9.]*$" /tmp/error.log
ok "id_token_check is there" id_token_check --version
ok "so are its manual page" test -s /usr/share/man/man1/id_token_check.1.gz
ok "and that of the module" \
    test -s /usr/share/man/man5/ngx_http_auth_id_token_module.5.gz
ok "and the examples" \
    nginx -t -c /usr/share/doc/$name/examples/bearer-api.conf
ok "it is upgraded" $apt install -y "$PWD/next.deb"
ok "it is still enabled" test -e $enabled
ok "nginx answers meanwhile" refuses
ok "nginx stops" stop
ok "and starts again" start
ok "and asks for a token again" refuses
ok "nginx stops again" stop
ok "it is removed" $apt remove -y $name
ok "nothing loads it" not test -e $enabled
ok "nginx is well without it" nginx -t
ok "it is purged" $apt purge -y $name
ok "nothing of it is left" not \
    find /etc/nginx /usr/share/nginx /usr/lib/nginx /var/lib/nginx \
    -name "*id[-_]token*" -exec false {} +
echo "$passed $failed" > /tmp/counts
'

passed=0 failed=0
for suite in ${*:-bookworm trixie}; do
    root=$(mktemp -d "${CHROOTS:-/var/tmp}/deb.XXXXXX")
    trap 'rm -rf "$root"' EXIT
    echo "== $suite"
    counts="0 1"
    if chroot_make "$suite" "$root/root"; then
        chroot_put "$root/root"
        chroot_run "$root/root" bash -c "$inside" &&
            counts=$(cat "$root/root/tmp/counts")
    fi
    passed=$((passed + ${counts% *}))
    failed=$((failed + ${counts#* }))
    rm -rf "$root"
done
echo "deb-test: $passed passed, $failed failed"
[ $failed = 0 ]
