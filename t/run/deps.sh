#!/bin/sh
# Installs what building needs and the machine lacks, and nothing else. --check
# only says what is missing (0: nothing); --demo adds what the demo runs with,
# --test what the tests do (Test::Nginx may come from a newer suite), --e2e what
# the end-to-end tests need, which are skipped without it, --browser what those
# with a browser need, too, --bench what the benchmarks need, --deb what makes
# and checks a package, --roots what makes roots of other suites, --analysis what
# fuzzing and static analysis need.
set -eu

tools=$(dirname "$0")
. "$tools/apt.sh"

packages="g++ make nginx nginx-dev libssl-dev libcurl4-openssl-dev libjansson-dev
    libjwt-dev libpcre2-dev zlib1g-dev ca-certificates python3"
demo="openssl curl procps"
optional=
check=
testing=
for option in "$@"; do
    case $option in
        --check) check=yes ;;
        --demo) packages="$packages $demo" ;;
        --test) testing=yes packages="$packages $demo libcmocka-dev dpkg-dev perl
            libipc-run-perl python3-jwt python3-cryptography" ;;
        --e2e) optional="nodejs npm" ;;
        --browser) packages="$packages nodejs npm chromium libnss3-tools" ;;
        --bench) packages="$packages wrk valgrind" ;;
        --deb) packages="$packages build-essential debhelper lintian man-db" ;;
        --roots) packages="$packages debootstrap" ;;
        --analysis) packages="$packages clang libclang-rt-dev clang-format
            clang-tidy clang-tools cppcheck" ;;
        *) echo "usage: deps.sh [--check] [--demo] [--test] [--e2e] [--browser]" \
            "[--bench] [--deb] [--roots] [--analysis]" >&2; exit 2 ;;
    esac
done
newer_suites="trixie forky sid"

installed() {
    case $1 in
        nodejs | npm) command -v "${1%js}" > /dev/null && return 0 ;;
        nginx) command -v nginx > /dev/null && return 0 ;;
    esac
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

has_test_nginx() {
    [ -z "$testing" ] || perl -MTest::Nginx::Socket -e 1 > /dev/null 2>&1
}

missing=
for package in $packages; do
    installed "$package" || missing="$missing $package"
done
wanted=
for package in $optional; do
    installed "$package" || wanted="$wanted $package"
done
has_test_nginx || missing="$missing libtest-nginx-perl"

if [ -z "$missing$wanted" ]; then
    exit 0
fi
if [ -n "$check" ]; then
    echo "missing:$missing$wanted"
    exit 1
fi

# What cannot be had here and can be done without.
without() {
    echo "deps: going on without$wanted: their tests will be skipped" >&2
    exit 0
}
if [ -z "$missing" ] && { ! command -v apt-get > /dev/null ||
    [ "$(id -u)" != 0 ]; }; then
    without
fi

if ! command -v apt-get > /dev/null; then
    echo "deps: this is no Debian; install what these packages hold:$missing" >&2
    exit 1
fi
if [ "$(id -u)" != 0 ]; then
    echo "deps: missing:$missing" >&2
    echo "deps: only root may install packages: run 'sudo make deps', or what asked for it, as root" >&2
    exit 1
fi

echo "deps: installing$missing$wanted"
export DEBIAN_FRONTEND=noninteractive

tmp=$(mktemp -d)
policy=/usr/sbin/policy-rc.d
own_policy=
cleanup() {
    if [ -n "$own_policy" ]; then
        rm -f "$policy"
    fi
    rm -rf "$tmp"
}
trap cleanup EXIT
trap 'exit 1' HUP INT TERM
chmod 755 "$tmp"

# A newly installed nginx must not take port 80 of this machine.
case " $missing " in
    *" nginx "*)
        if [ ! -e "$policy" ]; then
            own_policy=yes
            printf '#!/bin/sh\n[ "$1" = nginx ] && exit 101\nexit 0\n' \
                > "$policy"
            chmod 755 "$policy"
        fi
        ;;
esac

# A mirror may fail for a moment, its lists may have become old, another
# process may be installing something, or have been stopped while it was.
apt="apt-get -qq -o Acquire::Retries=3 -o DPkg::Lock::Timeout=120
    -o Dpkg::Use-Pty=0"

update() {
    for pause in 0 5 20; do
        sleep "$pause"
        if $apt update > "$tmp/log" 2>&1; then
            return 0
        fi
    done
    cat "$tmp/log" >&2
    echo "deps: the lists of packages may be old" >&2
}

try_install() {
    for pause in 5 20 end; do
        if $apt install -y --no-install-recommends "$@" > "$tmp/log" 2>&1; then
            return 0
        fi
        if [ "$pause" != end ]; then
            sleep "$pause"
            dpkg --configure -a > /dev/null 2>&1 || true
            update > /dev/null 2>&1
        fi
    done
    cat "$tmp/log" >&2
    echo "deps: apt-get could not install: $*" >&2
    return 1
}

install() {
    try_install "$@" || exit 1
}

update
own=$(echo "$missing" | sed 's/ libtest-nginx-perl//')
if [ -n "$own" ]; then
    install $own
fi

# Test::Nginx is in suites newer than trixie. It is Perl alone, so the newer suite's
# package fits; what it depends on comes from the running suite.
newer_test_nginx() {
    mirror=$(apt_mirror)
    for suite in $newer_suites; do
        apt_private "$tmp/$suite" "$(apt_line deb "$mirror" "$suite")" ||
            continue
        if (cd "$tmp" && apt-get $private download libtest-nginx-perl) \
            > "$tmp/download" 2>&1; then
            echo "deps: libtest-nginx-perl comes from Debian $suite"
            chmod 644 "$tmp"/*.deb
            install "$tmp"/libtest-nginx-perl_*.deb
            return 0
        fi
    done
    return 1
}

if ! has_test_nginx; then
    if apt-cache show libtest-nginx-perl > /dev/null 2>&1; then
        install libtest-nginx-perl
    elif ! newer_test_nginx; then
        echo "deps: Test::Nginx could not be had from a newer Debian suite" \
            "($newer_suites); a suite whose signature this machine's keys do not" \
            "know needs a newer debian-archive-keyring. Or install" \
            "Test::Nginx from CPAN." >&2
        exit 1
    fi
fi

has_test_nginx || {
    echo "deps: Test::Nginx was installed and does not load:" >&2
    perl -MTest::Nginx::Socket -e 1
}

if [ -n "$wanted" ] && ! try_install $wanted; then
    without
fi
