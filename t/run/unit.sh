#!/bin/bash
# unit.sh OUT PROGRAM...: runs cmocka programs, JOBS at a time, and counts.
# WRAP may hold a command to run each under (valgrind); PART names the result.
set -u

out=$1
shift
rm -rf "$out"
mkdir -p "$out"

one() {
    name=$(basename "$2")
    ${WRAP:-} "$2" > "$1/$name.out" 2> "$1/$name.err"
    echo $? > "$1/$name.rc"
}
export -f one

printf '%s\n' "$@" | xargs -P "${JOBS:-2}" -I{} bash -c 'one "$0" "$1"' "$out" {}

# cmocka 1 sums up on standard error, cmocka 2 on standard output.
count() {
    cat "$1.out" "$1.err" | sed -n "s/.*\[  $2 *\] \([0-9]*\) test(s).*/\1/p" |
        awk '{n += $1} END {print n + 0}'
}

passed=0 failed=0 skipped=0
for program in "$@"; do
    name=$(basename "$program")
    p=$(count "$out/$name" PASSED)
    f=$(count "$out/$name" FAILED)
    s=$(count "$out/$name" SKIPPED)
    rc=$(cat "$out/$name.rc")
    if [ "$rc" != 0 ] && [ "$f" = 0 ] || [ "$p$f$s" = 000 ]; then
        f=1
        echo "$name: ended with status $rc"
    fi
    if [ "$f" != 0 ]; then
        grep -v '^\[ RUN\|^\[       OK' "$out/$name.out"
        cat "$out/$name.err"
    fi
    printf '%-28s %5d passed, %d failed\n' "$name" "$p" "$f"
    passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
done

echo "${PART:-unit}: $passed passed, $failed failed$(
    [ "$skipped" = 0 ] || echo ", $skipped skipped")"
[ "$failed" = 0 ]
