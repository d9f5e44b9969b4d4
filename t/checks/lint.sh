#!/bin/bash
# lint.sh BUILD: clang-tidy, cppcheck and scan-build over the core and the
# adapter, with nginx's own flags for the latter, and a look at the module in
# BUILD. LINT names what to run: tidy cppcheck scan module. What is off, and why, is in
# .clang-tidy, src/nginx/.clang-tidy and t/checks/cppcheck.supp; nothing is off
# for scan-build.
set -u

cd "$(dirname "$0")/../.." || exit 1
build=$1
passed=0 failed=0
out=$build/lint
mkdir -p "$out"

# The include folders of the configured nginx, absolute.
nginx_includes() {
    make -s -C "$build/nginx-src" -f - print << END
include $build/nginx/Makefile
print:
	@echo \$(ALL_INCS)
END
}

includes=()
for word in $(nginx_includes); do
    case $word in
        -I) ;;
        -I/* | /*) includes+=("-isystem" "${word#-I}") ;;
        *) includes+=("-isystem" "$build/nginx-src/${word#-I}") ;;
    esac
done
[ ${#includes[@]} != 0 ] || { echo "lint: no nginx in $build" >&2; exit 1; }

# result NAME STATUS LOG
result() {
    if [ "$2" = 0 ]; then
        echo "ok      $1"
        passed=$((passed + 1))
    else
        echo "FAILED  $1"
        tail -n 100 "$3"
        failed=$((failed + 1))
    fi
}

# Asserts in nginx's headers, not in our files, are not ours: -isystem.
tidy() {
    local name=$1 log=$out/tidy-$1 filter=$2
    shift 2
    local files=("src/$name"/*/*.cc)
    printf '%s\n' "${files[@]}" | xargs -P "${JOBS:-2}" -n 2 sh -c '
        filter=$1 flags=$2
        shift 2
        clang-tidy --quiet --warnings-as-errors="*" \
            --header-filter="$filter" "$@" -- $flags' \
        sh "$filter" "-std=c++20 -iquote src/core -iquote src/nginx $*" > "$log" 2> "$log.err"
    result "clang-tidy, src/$name (${#files[@]} files)" $? "$log"
}

run_tidy() {
    tidy core 'src/core/.*'
    tidy nginx 'src/nginx/.*' "${includes[@]}"
}

run_cppcheck() {
    local log=$out/cppcheck
    cppcheck --quiet --std=c++20 --enable=warning,performance,portability \
        --error-exitcode=1 --suppressions-list=t/checks/cppcheck.supp \
        -j "${JOBS:-2}" -Isrc/core -Isrc/nginx src/core src/nginx > "$log" 2>&1
    result "cppcheck, src/core and src/nginx" $? "$log"
}

run_scan() {
    local log=$out/scan
    rm -rf "$out/scan-build" "$out/reports"
    scan-build --use-cc=gcc --use-c++=g++ -o "$out/reports" --status-bugs \
        -enable-checker nullability \
        -enable-checker security.FloatLoopCounter \
        -enable-checker optin.cplusplus.UninitializedObject \
        -enable-checker optin.cplusplus.VirtualCall \
        "${MAKE:-make}" -j"${JOBS:-2}" BUILD="$out/scan-build" core module \
        > "$log" 2>&1
    result "scan-build, the core and the module" $? "$log"
}

# What leaves the module, and how it is linked.
run_module() {
    local log=$out/module so=$build/ngx_http_auth_id_token_module.so
    {
        nm -D --defined-only "$so" | awk '{print $3}' | sort |
            diff - <(printf '%s\n' ngx_module_names ngx_module_order \
                ngx_modules) || echo "other symbols are exported"
        readelf -dW "$so" | grep -qE 'BIND_NOW|FLAGS.* NOW' ||
            echo "not bound at once (-z now)"
        readelf -dW "$so" | grep -q TEXTREL && echo "has text relocations"
        readelf -lW "$so" | grep -q GNU_RELRO || echo "no RELRO"
        readelf -lW "$so" | grep GNU_STACK | grep -q RWE &&
            echo "an executable stack"
        nm -D --undefined-only "$so" | grep -q __stack_chk_fail ||
            echo "no stack protector"
        nm -D --undefined-only "$so" | grep -qE '__[a-z]+_chk(@|$)' ||
            echo "no _FORTIFY_SOURCE"
    } > "$log" 2>&1
    [ ! -s "$log" ]
    result "symbols and hardening of the module" $? "$log"
}

for tool in ${LINT:-tidy cppcheck scan module}; do
    case $tool in
        module) program=readelf ;;
        tidy) program=clang-tidy ;;
        scan) program=scan-build ;;
        *) program=$tool ;;
    esac
    if command -v $program > /dev/null; then
        "run_$tool"
    else
        echo "skipped $program: not installed"
    fi
done

echo "lint: $passed passed, $failed failed"
[ $failed = 0 ] && [ $passed != 0 ]
