#!/bin/bash
# prove.sh OUT [FILE.t...]: runs Test::Nginx files (default: all of t/ and
# t/live/; t/x.t is found there, too), JOBS at a time, each with its own server root and port, and counts.
# NGINX_BIN is nginx, MODULE the .so (empty: linked in statically), BUILD holds
# the tools; PART names the result. REPORTS is a folder that a sanitizer or
# valgrind writes to: each file in it counts as a failure.
set -u

cd "$(dirname "$0")/../.." || exit 1
out=$1
shift
if [ $# = 0 ]; then
    # the slow ones first
    set -- t/keys_refresh.t t/live/*.t t/keys_*.t t/*.t
fi
mkdir -p "$out"
rm -rf "${out:?}"/*
out=$(cd "$out" && pwd)
if [ -n "${REPORTS:-}" ]; then
    rm -rf "$REPORTS"
    mkdir -p "$REPORTS"
    chmod 1777 "$REPORTS"
fi

export TEST_NGINX_BINARY=${NGINX_BIN:-nginx}
export TEST_NGINX_LOAD_MODULES=${MODULE-}
export BUILD=${BUILD:-$PWD/build}
export PERL5LIB=$PWD/t/lib${PERL5LIB:+:$PERL5LIB}

one() {
    name=$(basename "$2" .t)
    export TEST_NGINX_SERVROOT=$1/servroot-$name
    # Below the range the kernel takes client ports from; whoever else runs
    # tests on this machine leaves them alone while the lock is held.
    block=$(($3 % 36))
    for _ in $(seq 36); do
        if { exec 9> "${TMPDIR:-/tmp}/id-token-ports-$block.lock"; } \
            2> /dev/null && flock -n 9; then
            break
        fi
        block=$(((block + 1) % 36))
    done
    export TEST_PORTS=$((12000 + block * 500))+500
    TEST_NGINX_SERVER_PORT=$(perl -MIdTokenNginx \
        -e 'print IdTokenNginx::free_port()')
    export TEST_NGINX_SERVER_PORT TEST_NGINX_PORT=$TEST_NGINX_SERVER_PORT
    SECONDS=0
    timeout -k 10 "${FILE_TIMEOUT:-600}" prove -v "$2" \
        > "$1/$name.log" 2>&1 < /dev/null
    rc=$?
    if [ $rc = 124 ]; then
        echo "$2: stopped after ${FILE_TIMEOUT:-600} s" >> "$1/$name.log"
    fi
    if [ -f "$TEST_NGINX_SERVROOT/logs/nginx.pid" ]; then
        kill "$(cat "$TEST_NGINX_SERVROOT/logs/nginx.pid")" 2> /dev/null
    fi
    passed=$(grep -ac '^ok ' "$1/$name.log")
    failed=$(grep -ac '^not ok .*' "$1/$name.log")
    skipped=$(grep -ac '^ok .*# [Ss][Kk][Ii][Pp]' "$1/$name.log")
    passed=$((passed - skipped))
    if [ "$rc" != 0 ] && [ "$failed" = 0 ]; then
        failed=1
    fi
    if [ "$failed" != 0 ]; then
        echo "== $2"
        grep -av '^ok ' "$1/$name.log"
    fi
    echo "$passed $failed $skipped" > "$1/$name.count"
    printf '%-36s %5d passed, %d failed, %3d s\n' \
        "$2" "$passed" "$failed" "$SECONDS"
}
export -f one

for file in "$@"; do
    if [ ! -e "$file" ] && [ -e "t/live/${file##*/}" ]; then
        file=t/live/${file##*/}
    fi
    echo "$file"
done | awk '!seen[$0]++ {print ++n, $0}' |
    xargs -P "${JOBS:-2}" -L1 bash -c 'one "$0" "$2" "$1"' "$out"

reports=0
if [ -n "${REPORTS:-}" ]; then
    find "$REPORTS" -type f -size 0 -delete
    reports=$(find "$REPORTS" -type f | wc -l)
    find "$REPORTS" -type f | head -n 5 | xargs -r head -n 60
fi

cat "$out"/*.count | awk -v reports="$reports" -v part="${PART:-integration}" '
    {passed += $1; failed += $2; skipped += $3}
    END {
        failed += reports
        if (reports) print part ": " reports " reports of errors or leaks"
        print part ": " passed + 0 " passed, " failed + 0 " failed" \
            (skipped ? ", " skipped " skipped" : "")
        exit failed != 0 || passed == 0
    }'
