#!/bin/bash
# protocols.sh OUT [FILE.t...]: the tests that a protocol could change, once over
# HTTP/2 and once over HTTP/3. It takes an nginx of 1.25.1 and newer with both,
# and a curl that speaks them: where they are not, it says so and passes.
# The environment is that of prove.sh.
set -eu

cd "$(dirname "$0")/../.."
mkdir -p "$1"
out=$(cd "$1" && pwd)
shift
if [ $# = 0 ]; then
    set -- t/csrf.t t/person.t t/phases.t t/source.t t/strip.t
fi

lacks() {
    echo "protocols: 0 passed, 0 failed, not run: $1"
    exit 0
}

nginx=$(${NGINX_BIN:-nginx} -V 2>&1)
curl=$(curl -V)
for version in 2 3; do
    case $nginx in
        *--with-http_v${version}_module*) ;;
        *) lacks "this nginx has no HTTP/$version" ;;
    esac
    case $curl in
        *HTTP$version*) ;;
        *) lacks "this curl has no HTTP/$version" ;;
    esac
done
perl -MIPC::Run -e 1 2> /dev/null || lacks "IPC::Run is not installed"

export TEST_NGINX_HTTP3_CRT=$out/cert.pem TEST_NGINX_HTTP3_KEY=$out/key.pem
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
    -subj /CN=localhost -keyout "$TEST_NGINX_HTTP3_KEY" \
    -out "$TEST_NGINX_HTTP3_CRT" 2> "$out/openssl.log"

for version in 2 3; do
    env PART=http$version TEST_NGINX_USE_HTTP$version=1 \
        t/run/prove.sh "$out/http$version" "$@" | tee "$out/http$version.log" || :
done
cat "$out"/http[23].log |
    awk '/^http[23]: [0-9]+ passed, [0-9]+ failed/ { parts++; good += $2; bad += $4 }
         END { printf "protocols: %d passed, %d failed\n", good, bad + (parts != 2) }' |
    tee "$out/result"
grep -q ' 0 failed' "$out/result"
