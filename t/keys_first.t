# The first key set: who comes before it waits, and is told when it fails.

use lib 't/lib';
use IdTokenKeys 'no_plan';

run_tests();

__DATA__

=== TEST 1: keys are fetched from a URL
--- request
GET /api
--- response_headers
Sub: alice
--- no_error_log
[alert]
[error]
[warn]


=== TEST 2: one fetch serves all that comes
--- request eval
["GET /api", "GET /api", "GET /api", "GET /tenant/counters"]
--- error_code eval: [200, 200, 200, 200]
--- response_body_like eval: ["", "", "", qr/"jwks": ?1\b/]


=== TEST 3: a request waits for a slow answer
--- faults: {"delay": 0.7, "times": 1}
--- request
GET /api
--- response_headers
Sub: alice


=== TEST 4: it is refused as soon as the attempt has failed, and may come again
--- faults: {"preset": "status", "status": 500}
--- provider: jwks_timeout => '60s'
--- request
GET /api
--- error_code: 503
--- response_headers_like
Retry-After: [1-9]\d*
Error: keys_unavailable
--- error_log
id_token_provider "tenant": no keys from "http://127.0.0.1:
answered 500
there are no keys yet
--- no_error_log
[alert]


=== TEST 5: it does not wait longer than the time for a fetch
--- faults: {"preset": "hang-head"}
--- provider: jwks_timeout => '700ms'
--- request
GET /api
--- error_code: 503
--- error_log
there are no keys yet


=== TEST 6: nobody waits with a token that no key could save
--- faults: {"preset": "hang-head"}
--- provider: jwks_timeout => '60s'
--- more_headers eval: main::bearer(key => '@ec1')
--- request
GET /api
--- error_code: 401


=== TEST 7: recovery needs no request, and is told
--- faults: {"preset": "status", "status": 503, "times": 2}
--- request eval
["GET /api", "GET /tenant/wait?jwks=3&timeout=29", "GET /api"]
--- error_code eval: [503, 200, 200]
--- no_error_log
[alert]


=== TEST 8: the master process may be off
--- master_process: off
--- request
GET /api
--- response_headers
Sub: alice
--- no_error_log
[alert]
