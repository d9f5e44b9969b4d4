#!/bin/bash
# matrix.sh [SUITE...]: builds and tests the last commit (REV= another) in
# Debian roots, with gcc and clang, dynamic and static, and prints one table.
# CHROOTS is where the roots are kept for the next time. PARTS, COMPILERS and
# LINKS narrow what is done, JOBS says how much at a time.
set -u

cd "$(dirname "$0")/../.." || exit 1
. t/run/apt.sh
. t/run/chroot.sh

if [ "$(id -u)" != 0 ]; then
    echo "matrix: roots can be made by root only: run 'sudo make matrix'" >&2
    exit 1
fi

export CHROOTS=${CHROOTS:-/var/tmp/nginx-auth-id-token-chroots}
parts=${PARTS:-unit integration blackbox protocols}
mkdir -p "$CHROOTS"
if [ $# = 0 ]; then
    set -- bookworm trixie forky
fi

# One suite in its root, which has been prepared: the four builds.
# Lines "SUITE NGINX OPENSSL COMPILER LINK RESULT" go to $CHROOTS/SUITE.rows.
inside='
set -u
export JOBS='${JOBS:-$(nproc)}'
cd /src
openssl=$(openssl version | cut -d" " -f2)
for cc in '"${COMPILERS:-gcc clang}"'; do
    case $cc in gcc) cxx=g++ ;; clang) cxx=clang++ ;; esac
    compiler=$cc-$($cc -dumpversion | cut -d. -f1)
    for link in '"${LINKS:-dynamic static}"'; do
        build=/src/build/$cc
        log=/src/build/$cc-$link
        mkdir -p "$log"
        make="make --no-print-directory WERROR=1 CC=$cc CXX=$cxx BUILD=$build"
        version=-
        if [ $link = static ]; then
            nginx=$build/static/nginx module=
            $make static-build NGINX_SRC=/nginx-src > "$log/build.log" 2>&1
        else
            nginx=/usr/sbin/nginx module=
            $make -j$JOBS module units tools > "$log/build.log" 2>&1
        fi
        if [ $? != 0 ]; then
            echo "$suite - $openssl $compiler $link the build failed"
            cp "$log/build.log" "/src/build/$cc-$link.failed"
            continue
        fi
        version=$($nginx -v 2>&1 | sed "s#.*nginx/##; s# .*##")
        result=
        for part in '"$parts"'; do
            if [ $link = static ]; then
                [ $part = unit ] && continue
                $make $part NGINX_BIN=$nginx MODULE= > "$log/$part.log" 2>&1
            else
                $make $part > "$log/$part.log" 2>&1
            fi
            line=$(grep -E "^$part: [0-9]+ passed, [0-9]+ failed" \
                "$log/$part.log" | tail -n 1)
            result="$result${line:-$part: did not finish}; "
        done
        echo "$suite $version $openssl $compiler $link ${result%; }"
    done
done'

prepare() {
    chroot_make "$1" "$CHROOTS/$1" || return 1
    if [ -f "$CHROOTS/$1/prepared" ]; then
        return 0
    fi
    chroot_put "$CHROOTS/$1"
    # A mirror that lags is good enough for a test.
    chroot_run "$CHROOTS/$1" sh -c '
        set -e
        echo "Acquire::Check-Valid-Until false;" > /etc/apt/apt.conf.d/90lag
        cd /src
        t/run/deps.sh --test
        DEBIAN_FRONTEND=noninteractive apt-get -qq install -y \
            --no-install-recommends clang
        t/run/nginx_src.sh /nginx-src || true' > "$CHROOTS/$1.prepare.log" 2>&1 || {
        tail -n 5 "$CHROOTS/$1.prepare.log" >&2
        return 1
    }

    # A mirror may lack the source: then the newest that another root has is
    # linked with this one's compilers and libraries. The table says which.
    if [ ! -d "$CHROOTS/$1/nginx-src" ]; then
        other=$(grep -H 'define nginx_version' \
            "$CHROOTS"/*/nginx-src/src/core/nginx.h 2> /dev/null |
            sort -t: -k2 | tail -n 1 | sed 's#/src/core/nginx.h:.*##')
        [ -z "$other" ] || cp -R "$other" "$CHROOTS/$1/nginx-src"
    fi
    touch "$CHROOTS/$1/prepared"
}

for suite in "$@"; do
    root=$CHROOTS/$suite
    : > "$root.rows"
    if ! prepare "$suite"; then
        echo "$suite - - - - no root" | tee "$root.rows"
        continue
    fi
    chroot_put "$root"
    chroot_run "$root" /src/t/run/deps.sh --test > "$root.deps.log" 2>&1 ||
        echo "$suite - - - - no packages" | tee "$root.rows"
done

# Side by side, for most of the time is spent waiting.
for suite in "$@"; do
    [ -s "$CHROOTS/$suite.rows" ] ||
        chroot_net=none chroot_run "$CHROOTS/$suite" \
            bash -c "suite=$suite; $inside" | tee "$CHROOTS/$suite.rows" &
done
wait

echo
{
    echo "suite nginx OpenSSL compiler link result"
    for suite in "$@"; do
        cat "$CHROOTS/$suite.rows"
    done
} | awk '{
    printf "%-9s %-8s %-8s %-9s %-8s ", $1, $2, $3, $4, $5
    $1 = $2 = $3 = $4 = $5 = ""
    sub(/^ */, "")
    print $0
}' | tee "$CHROOTS/table"

! grep -qE 'build failed|no root|no packages|did not finish|[ :][1-9][0-9]* failed' \
    "$CHROOTS/table"
