# A back-channel logout and the keys of the tenant: it waits and fetches as a
# request does.

use lib 't/lib';
use IdTokenKeys 'no_plan';

our $now = time;

sub logout {
    my (%opt) = @_;
    return "POST /back\nlogout_token=" . token(sub => 'alice',
        header => { typ => 'logout+jwt' }, claims => { iat => $main::now - 1,
            exp => $main::now + 3600, jti => 'j1', events => {
                'http://schemas.openid.net/event/backchannel-logout' => {} } },
        %opt);
}

add_block_preprocessor(sub {
    my ($block) = @_;
    $block->set_value(config => ($block->config || '')
        . "    location = /back { id_token_backchannel_logout tenant; }\n");
    $block->set_value(more_headers =>
        "Content-Type: application/x-www-form-urlencoded\n"
        . bearer(sub => 'alice', claims => { iat => $main::now - 60 }));
});

run_tests();

__DATA__

=== TEST 1: it waits for the first keys
--- faults: {"delay": 0.7, "times": 1}
--- request eval: [main::logout(), "GET /api"]
--- error_code eval: [200, 401]
--- response_headers eval: ["Cache-Control: no-store", "Error: revoked"]


=== TEST 2: without keys it is 503, and may come again
--- faults: {"preset": "status", "status": 500}
--- request eval: main::logout()
--- error_code: 503
--- response_headers_like
Retry-After: [1-9]\d*
Cache-Control: no-store
--- response_body
{"error":"invalid_request","error_description":"the signing keys are unavailable"}
--- error_log
id_token logout failed, logout_keys: the signing keys are unavailable: keys_unavailable


=== TEST 3: nobody waits with what no key could save
--- faults: {"preset": "hang-head"}
--- request eval: main::logout(header => { typ => 'at+jwt' })
--- error_code: 400
--- response_body_like: the token is of another type


=== TEST 4: an unknown key ID fetches, and a key that is new is known
--- request eval: ["GET /api", "POST /tenant/keys/add\n{\"key\": \"\@rsa2\"}", main::logout(key => '@rsa2'), "GET /api"]
--- error_code eval: [200, 200, 200, 401]


=== TEST 5: of a key that nobody has it is refused
--- request eval: ["GET /api", main::logout(kid => 'nobodys'), "GET /api"]
--- error_code eval: [200, 400, 200]
--- response_body_like eval: [".", "the signing key is unknown", "."]


=== TEST 6: a flood of them draws on the bucket of unknown keys, then nobody waits
--- request eval: ["GET /api", (map { main::logout(kid => "nobodys-$_") } 1 .. 6)]
--- error_code eval: [200, 400, 400, 400, 503, 503, 503]
--- response_body_like eval: [".", ("the signing key is unknown") x 3, ("the signing keys are unavailable") x 3]
