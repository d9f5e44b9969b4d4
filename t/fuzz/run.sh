#!/bin/bash
# run.sh OUT SECONDS TARGET...: runs each libFuzzer target OUT/fuzz/TARGET for
# SECONDS, one after the other, on OUT/corpus/TARGET, which begins with what is
# kept in t/fuzz/corpus and what seeds.py makes of the vectors. A finding ends
# its target and is left in OUT/findings. "make fuzz-merge" keeps what is new.
set -u

cd "$(dirname "$0")/../.." || exit 1
out=$1 seconds=$2
shift 2
mkdir -p "$out/corpus" "$out/findings" "$out/log"
python3 t/fuzz/seeds.py "$out/corpus" > "$out/log/seeds" || exit 1

failed=0
for target in "$@"; do
    mkdir -p "$out/corpus/$target"
    log=$out/log/$target
    kept=()
    [ -d "t/fuzz/corpus/$target" ] && kept=("t/fuzz/corpus/$target")
    "$out/fuzz/$target" -max_total_time="$seconds" -max_len=8192 -timeout=20 \
        -rss_limit_mb=2048 -print_final_stats=1 \
        -artifact_prefix="$out/findings/$target-" \
        "$out/corpus/$target" "${kept[@]}" > "$log" 2>&1
    rc=$?
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    cov=$(grep -o 'cov: [0-9]* ft: [0-9]* corp: [0-9]*' "$log" | tail -n 1)
    printf '%-14s %10s executions, %s\n' "$target" "${runs:-?}" "${cov:-no coverage}"
    if [ $rc != 0 ]; then
        failed=$((failed + 1))
        grep -v 'NEW\|REDUCE\|pulse\|Uses:' "$log" | tail -n 40
    fi
done

echo "fuzz: $(($# - failed)) passed, $failed failed"
[ $failed = 0 ]
