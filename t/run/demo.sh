#!/bin/bash
# make demo: a tenant with keys of its own, nginx with the module and an API,
# all on this machine; what a client without, with a bad and with a good ID
# token gets. Ends with 0 if all is as it says. KEEP=1 leaves them running.
# BUILD holds the tools, MODULE is the .so, NGINX_BIN nginx.
set -u
unset NGINX    # nginx takes it for a list of inherited sockets

cd "$(dirname "$0")/../.." || exit 1
build=${BUILD:-$PWD/build}
nginx=${NGINX_BIN:-nginx}
module=${MODULE-$build/ngx_http_auth_id_token_module.so}
keep=${KEEP:-}
client_id=spa

dir=$(mktemp -d "${TMPDIR:-/tmp}/id-token-demo-XXXXXX")
chmod 755 "$dir"
pids=
failed=0

stop() {
    if [ -f "$dir/nginx.pid" ]; then
        kill "$(cat "$dir/nginx.pid")" 2> /dev/null
    fi
    if [ -n "$pids" ]; then
        kill $pids 2> /dev/null
        wait $pids 2> /dev/null
    fi
    rm -rf "$dir"
}
trap stop EXIT
trap 'exit 1' HUP INT TERM

fail() {
    echo "demo: $1" >&2
    if [ -f "$dir/error.log" ]; then
        tail -n 20 "$dir/error.log" >&2
    fi
    exit 1
}

wait_for() {
    for _ in $(seq 1200); do
        [ -s "$1" ] && return
        sleep 0.05
    done
    fail "$2 did not start: $(cat "$dir/$2.log")"
}

free_port() {
    (cd t/load && python3 -Bc 'import live; print(live.free_port())')
}

# -- a tenant, an API, nginx --------------------------------------------------

nohup python3 t/tenant/tenant.py --mint "$build/tools/mint" --new-key RS256 \
    --stay --ready-file "$dir/tenant.json" > "$dir/tenant.log" 2>&1 &
pids=$!
nohup python3 t/run/demo_api.py "$dir/api.port" > "$dir/api.log" 2>&1 &
pids="$pids $!"
wait_for "$dir/tenant.json" tenant
wait_for "$dir/api.port" api

member() {
    python3 -c 'import json, sys
print(json.load(open(sys.argv[1]))[sys.argv[2]])' "$dir/tenant.json" "$1"
}

control=http://127.0.0.1:$(member control)
issuer=https://localhost:$(member https)/
api=$(cat "$dir/api.port")
port=$(free_port)
curl -sSf --noproxy '*' -d "{\"issuer\": \"$issuer\"}" "$control/issuer" \
    > /dev/null || fail "the tenant does not answer"

cat > "$dir/nginx.conf" << END
${module:+load_module $module;}
pid $dir/nginx.pid;
error_log $dir/error.log info;
worker_processes 2;
events {}

http {
    access_log off;
    client_body_temp_path $dir/temp-body;
    proxy_temp_path $dir/temp-proxy;
    fastcgi_temp_path $dir/temp-fastcgi;
    uwsgi_temp_path $dir/temp-uwsgi;
    scgi_temp_path $dir/temp-scgi;

    id_token_provider tenant {
        issuer $issuer;
        client_id $client_id;
        ssl_trusted_certificate $(member ca);
    }

    server {
        listen 127.0.0.1:$port;

        location /api/ {
            auth_id_token tenant;
            auth_id_token_strip on;
            auth_id_token_set_header X-User-Issuer iss;
            auth_id_token_set_header X-User-Subject sub;
            auth_id_token_set_header X-User-Email email;
            proxy_pass http://127.0.0.1:$api;
        }
    }
}
END
"$nginx" -p "$dir/" -c nginx.conf -e "$dir/error.log" ||
    fail "nginx did not start"

# -- the requests -------------------------------------------------------------

get_token() {
    curl -sSf --noproxy '*' "$control/token?$1"
}

# request EXPECTED TITLE TEXT [CURL-OPTION...]; TEXT must be in the answer.
request() {
    local expected=$1 title=$2 text=$3 answer
    shift 3
    echo
    echo "== $title"
    answer=$(curl -sS -i --noproxy '*' --max-time 60 "$@" \
        "http://127.0.0.1:$port/api/" | tr -d '\r')
    sed -n -e 1p -e '/^WWW-Authenticate:/p' -e '/^{/,$p' <<< "$answer"
    if ! grep -q "^HTTP/1.1 $expected " <<< "$answer"; then
        echo "!! expected status $expected"
        failed=1
    fi
    if ! grep -qF -- "$text" <<< "$answer"; then
        echo "!! expected: $text"
        failed=1
    fi
}

bearer() {
    echo "Authorization: Bearer $1"
}

email='claims=%7B%22email%22:%22alice@example.com%22%7D'
good=$(get_token "aud=$client_id&sub=alice&$email") || fail "the tenant issues no token"
expired=$(get_token "aud=$client_id&sub=alice&exp=-600&claims=%7B%22iat%22:%22-4200%22%7D")
foreign=$(get_token "sub=alice&aud=other-app")
tampered=$(get_token "aud=$client_id&sub=alice&break=payload")

echo "The tenant $issuer signs ID tokens with RS256."
echo "nginx guards http://127.0.0.1:$port/api/ with these two lines and its CA:"
grep -E '^ +(issuer|client_id) ' "$dir/nginx.conf"

request 401 "no token: the door is shut" \
    'WWW-Authenticate: Bearer realm="restricted"'
request 401 "an ID token that has expired" "the token has expired" \
    -H "$(bearer "$expired")"
request 401 "an ID token that was issued to another client of this tenant" \
    "the token is for another audience" -H "$(bearer "$foreign")"
request 401 "an ID token that was altered on its way" "the signature is wrong" \
    -H "$(bearer "$tampered")"
request 200 "a good ID token; the client also tries to name its own user" \
    '"X-User-Subject": "alice"' -H "$(bearer "$good")" \
    -H 'X-User-Subject: root'

curl -sSf --noproxy '*' -d '{"alg": "RS256", "kid": "key-2", "promote": true}' \
    "$control/keys/add" > /dev/null || fail "the tenant makes no new key"
rotated=$(get_token "aud=$client_id&sub=alice")
request 200 "the tenant has changed its key a moment ago; nobody told nginx" \
    '"X-User-Subject": "alice"' -H "$(bearer "$rotated")"

echo
echo "== what nginx wrote to its error log"
grep -o 'id_token refused, .*' "$dir/error.log" | sed 's/, client: .*//'

if [ "$failed" != 0 ]; then
    fail "not all answers were as expected"
fi

# -- to try more --------------------------------------------------------------

if [ -n "$keep" ]; then
    cat > "$dir/stop" << END
kill \$(cat $dir/nginx.pid) $pids
rm -rf $dir
END
    trap - EXIT
    disown -a
    cat << END

== all of it is still running
${http_proxy:+export no_proxy=127.0.0.1
}TOKEN=\$(curl -s '$control/token?sub=alice&aud=$client_id')
curl -i -H "Authorization: Bearer \$TOKEN" http://127.0.0.1:$port/api/
curl -i http://127.0.0.1:$port/api/

An expired token, another user's, another client's:
curl -s '$control/token?sub=alice&aud=$client_id&exp=-600'
curl -s '$control/token?sub=bob&aud=$client_id'
curl -s '$control/token?sub=alice&aud=other-app'

The configuration is $dir/nginx.conf
To stop it and remove its files:
sh $dir/stop
END
else
    echo
    echo "All answers were as they should be. make demo KEEP=1 leaves it running."
fi
