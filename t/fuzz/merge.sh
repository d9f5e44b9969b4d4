#!/bin/bash
# merge.sh OUT TARGET...: makes t/fuzz/corpus/TARGET as small as it can be for
# all the code that OUT/corpus/TARGET and it reach together, however often.
# Inputs of regressions, named regression-*, stay.
set -eu

cd "$(dirname "$0")/../.."
out=$1
shift
for target in "$@"; do
    kept=t/fuzz/corpus/$target
    mkdir -p "$kept"
    small=$(mktemp -d)
    "$out/fuzz/$target" -merge=1 -use_counters=0 -max_len=8192 "$small" \
        "$kept" "$out/corpus/$target" > "$out/merge.log" 2>&1 ||
        { tail -n 20 "$out/merge.log" >&2; exit 1; }
    find "$kept" -type f ! -name 'regression-*' -delete
    find "$small" -type f -exec mv -t "$kept" {} +
    rmdir "$small"
    echo "$target: $(find "$kept" -type f | wc -l) inputs," \
        "$(du -sb --apparent-size "$kept" | cut -f1) bytes"
done
