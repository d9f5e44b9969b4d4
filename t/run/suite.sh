#!/bin/bash
# suite.sh OUT PART...: makes each part, whatever became of the one before, and
# ends with what each of them counted. A part is a make target whose output
# holds the line "PART: N passed, N failed[, N skipped]"; one without it counts
# as a single test. With RETRY=1 a part that failed is made once more, and the
# last lines say so: for machines that may stop for seconds.
set -u

out=$1
shift
mkdir -p "$out"
rows=
all_passed=0
all_failed=0
start=$SECONDS

make_part() {
    ${MAKE:-make} --no-print-directory "$1" 2>&1 | tee "$2"
    rc=${PIPESTATUS[0]}
    line=$(grep -E "^$1: [0-9]+ passed, [0-9]+ failed" "$2" | tail -n 1)
    read -r passed failed note <<< "$(sed -E \
        's/^[^:]*: ([0-9]+) passed, ([0-9]+) failed(.*)/\1 \2 \3/' \
        <<< "$line")"
    if [ -z "$line" ] && [ "$rc" = 0 ]; then
        passed=1 failed=0
    elif [ -z "$line" ]; then
        passed=0 failed=1 note=", it ended with an error"
    elif [ "$rc" != 0 ] && [ "$failed" = 0 ]; then
        failed=1 note=", it ended with an error"
    fi
}

for part in "$@"; do
    echo
    echo "== $part"
    began=$SECONDS
    make_part "$part" "$out/$part.log"
    if [ "$failed" != 0 ] && [ "${RETRY:-0}" != 0 ]; then
        echo
        echo "== $part, once more: $failed failed"
        first=$failed
        make_part "$part" "$out/$part.again.log"
        note="$note, $first failed at first"
    fi
    rows+=$(printf '%-12s %6d passed, %d failed%s (%d s)' "$part:" \
        "$passed" "$failed" "$note" $((SECONDS - began)))$'\n'
    all_passed=$((all_passed + passed))
    all_failed=$((all_failed + failed))
done

echo
echo "== tests run, by part ($((SECONDS - start)) s)"
printf '%s' "$rows"
echo "$all_passed passed, $all_failed failed"
[ "$all_failed" = 0 ]
