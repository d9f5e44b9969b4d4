#!/bin/bash
# check.sh: what can be judged without running anything; lint.sh has the
# analysers. BUILD has the module's objects. "check.sh format" formats in place.
set -u

cd "$(dirname "$0")/../.." || exit 1
checks=t/checks
passed=0
failed=0

shopt -s nullglob
formatted=(src/core/*/*.{h,cc} src/check/*.{h,cc} t/unit/*.{h,cc} t/mint/*.{h,cc}
    t/fuzz/*.{h,cc} t/bench/*.{h,cc})
scripts=(t/*/*.sh .ci/run)

# Other versions format differently.
format=
for candidate in clang-format-14 clang-format; do
    if "$candidate" --version 2> /dev/null | grep -q 'version 14\.'; then
        format=$candidate
        break
    fi
done

if [ "${1:-}" = format ]; then
    [ -n "$format" ] || { echo "format: needs clang-format 14" >&2; exit 1; }
    exec "$format" -i "${formatted[@]}"
fi

# check TITLE COMMAND...: prints what it says only if it fails.
check() {
    local title=$1
    shift
    if output=$("$@" 2>&1); then
        echo "ok      $title"
        passed=$((passed + 1))
    else
        echo "FAILED  $title"
        sed 's/^/        /' <<< "$output"
        failed=$((failed + 1))
    fi
}

skip() {
    echo "skipped $1: $2"
}

syntax() {
    local bad=0
    for script in "${scripts[@]}"; do
        case $(head -n 1 "$script") in
            *bash*) bash -n "$script" || bad=1 ;;
            *) sh -n "$script" || bad=1 ;;
        esac
    done
    return $bad
}

check "layers: includes of the core point down" python3 $checks/check_layers.py
check "calls point down, in no circle" \
    python3 $checks/calls.py "${BUILD:-build}" --self-test
check "directives, variables, reasons, errors: documented and tested" \
    python3 $checks/check_docs.py
check "each mutation names one place of the source" \
    python3 t/mutation/mutation.py --check
check "no leftovers" python3 $checks/check_tidy.py
check "shell scripts parse" syntax
check "configure says what is missing" $checks/check_config.sh

if [ -n "$format" ]; then
    check "format" "$format" --dry-run -Werror "${formatted[@]}"
else
    skip format "no clang-format 14"
fi

echo "check: $passed passed, $failed failed"
[ $failed = 0 ]
