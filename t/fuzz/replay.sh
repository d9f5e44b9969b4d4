#!/bin/bash
# replay.sh BIN TARGET...: runs each target on its corpus, once per input.
set -u

cd "$(dirname "$0")/../.." || exit 1
bin=$1
shift
passed=0 failed=0
for target in "$@"; do
    if output=$("$bin/$target" "t/fuzz/corpus/$target" 2>&1); then
        count=$(sed -n 's/^\([0-9]*\) inputs$/\1/p' <<< "$output")
        printf '%-14s %5d inputs\n' "$target" "$count"
        passed=$((passed + count))
    else
        echo "$target: failed on the input that is named last:"
        tail -n 40 <<< "$output"
        failed=$((failed + 1))
    fi
done

echo "fuzz-replay: $passed passed, $failed failed"
[ $failed = 0 ] && [ $passed != 0 ]
