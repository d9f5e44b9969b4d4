# Sessions that others end: a tenant by its back channel, by the browser, an
# operator. Each rule of OIDC Back-Channel Logout 1.0 beside its twin.
#
# Sections of a block:
#   logout  the logout token; `id` the ID token that comes before and after it
#   says    the answer is 400 and says so; without it: the session has ended
#   twice   the logout token comes once more

use lib 't/lib';
use IdToken;
use Test::Nginx::Socket 'no_plan';

our $now = time;

sub id_token {
    my (%claims) = @_;
    return token(sub => 'alice', claims => { iat => $main::now - 60,
            sid => 's1', %claims });
}

sub logout_token {
    my (%claims) = @_;
    my %opt = (sub => 'alice');
    $opt{header} = { typ => 'logout+jwt' };
    $opt{header} = delete $claims{header} if exists $claims{header};
    for (qw(iss aud sub key kid break)) {
        $opt{$_} = delete $claims{$_} if exists $claims{$_};
    }
    $opt{remove} = delete $claims{remove} if exists $claims{remove};
    $opt{claims} = { iat => $main::now - 1, exp => $main::now + 3600,
        jti => 'j1', sid => 's1',
        events => { 'http://schemas.openid.net/event/backchannel-logout' => {} },
        %claims };
    return token(%opt);
}

add_block_preprocessor(sub {
    my ($block) = @_;
    $block->set_value(http_config => provider('one', leeway => '20s')
        . provider('two', client_id => 'other'));
    # The name is in it so that every block starts with an empty list.
    $block->set_value(config => '# ' . $block->name . <<'END');

        add_header Error $id_token_error always;
        location = /who      { auth_id_token one; add_header Sub $id_token_claim_sub; add_header Error $id_token_error always; empty_gif; }
        location = /optional { auth_id_token one; auth_id_token_source cookie=idt; auth_id_token_mode optional; add_header Sub $id_token_claim_sub; add_header Error $id_token_error always; empty_gif; }
        location = /back     { id_token_backchannel_logout one; }
        location = /front    { id_token_frontchannel_logout one; }
        location = /revoke   { id_token_revoke; }
END
    my $logout = $block->logout;
    return if !defined $logout;
    chomp $logout;
    my $id = $block->id;
    $id = main::id_token() if !defined $id;
    my $post = "POST /back\nlogout_token=$logout";
    my @requests = ('GET /who', $post, defined $block->twice ? $post : (),
        'GET /who');
    $block->set_value(request => \@requests);
    my $form = 'Content-Type: application/x-www-form-urlencoded';
    my $bearer = "Authorization: Bearer $id";
    $block->set_value(more_headers => [ $bearer, ($form) x (@requests - 2), $bearer ]);
    my $says  = $block->says;
    my $stays = defined $says || defined $block->stays;
    my $n     = @requests - 2;
    chomp $says if defined $says;
    $block->set_value(error_code => [ 200,
        (defined $says ? 400 : 200) x $n, $stays ? 200 : 401 ]);
    $block->set_value(response_headers => [ "Sub: alice\nError: ",
        ('Cache-Control: no-store') x $n,
        $stays ? "Sub: alice\nError: " : "Sub: \nError: revoked" ]);
    $block->set_value(response_body_like => [ '.', (defined $says
            ? "^\\{\"error\":\"invalid_request\",\"error_description\":\"\Q$says\E\"\\}\$"
            : '^$') x $n, '.' ]);
});

no_long_string();
no_shuffle();
run_tests();

__DATA__

=== TEST 1: a session ends by its sid
--- logout eval: main::logout_token(remove => ['sub'])


=== TEST 2: and by its subject
--- logout eval: main::logout_token(sid => undef)


=== TEST 3: another session goes on
--- logout eval: main::logout_token(remove => ['sub'])
--- id eval: main::id_token(sid => 's2')
--- stays


=== TEST 4: a session of the same person without a sid ends with it
--- logout eval: main::logout_token()
--- id eval: main::id_token(sid => undef)


=== TEST 5: a login after the logout goes on, also under the same sid (Keycloak)
--- logout eval: main::logout_token(iat => $::now - 30)
--- id eval: main::id_token(iat => $::now - 29)
--- stays


=== TEST 6: one of the same second does not
--- logout eval: main::logout_token(iat => $::now - 30)
--- id eval: main::id_token(iat => $::now - 30)


=== TEST 7: a token that comes again changes nothing
--- logout eval: main::logout_token()
--- twice


=== TEST 8: no expiry, but fresh, and a payload with typ (Keycloak)
--- logout eval: main::logout_token(typ => 'Logout', exp => undef)


=== TEST 9: no expiry, and five minutes old
--- logout eval: main::logout_token(exp => undef, iat => $::now - 310)
--- id eval: main::id_token(iat => $::now - 400)
--- says: the logout token has no expiry and was not issued just now


=== TEST 10: without a type in the header
--- logout eval: main::logout_token(header => { typ => 'JWT' })


=== TEST 11: of another type
--- logout eval: main::logout_token(header => { typ => 'at+jwt' })
--- says: the token is of another type


=== TEST 12: an ID token is no logout token
--- logout eval: main::id_token(jti => 'j1')
--- says: the token is of no back-channel logout


=== TEST 13: a tenant whose clock is 20 seconds ahead
--- logout eval: main::logout_token(iat => $::now + 15)
--- id eval: main::id_token(iat => $::now + 10)


=== TEST 14: and 20 seconds behind
--- logout eval: main::logout_token(iat => $::now - 35)
--- id eval: main::id_token(iat => $::now - 36)


=== TEST 15: over
--- logout eval: main::logout_token(iat => $::now - 120, exp => $::now - 60)
--- says: the token has expired


=== TEST 16: of the future
--- logout eval: main::logout_token(iat => $::now + 3600)
--- says: the token was issued in the future


=== TEST 17: of another issuer
--- logout eval: main::logout_token(iss => 'https://other.test/')
--- says: the issuer is wrong


=== TEST 18: for another client
--- logout eval: main::logout_token(aud => 'other')
--- says: the token is for another audience


=== TEST 19: not signed by the tenant
--- logout eval: main::logout_token(break => 'sig')
--- says: the signature is wrong


=== TEST 20: without an ID
--- logout eval: main::logout_token(jti => undef)
--- says: the token ID is missing or invalid


=== TEST 21: with a number for an ID
--- logout eval: main::logout_token(jti => 7)
--- says: the token ID is missing or invalid


=== TEST 22: without the event
--- logout eval: main::logout_token(events => {})
--- says: the token is of no back-channel logout


=== TEST 23: with an event that is no object
--- logout eval: main::logout_token(events => { 'http://schemas.openid.net/event/backchannel-logout' => 1 })
--- says: the token is of no back-channel logout


=== TEST 24: of nobody
--- logout eval: main::logout_token(remove => ['sub'], sid => undef)
--- says: neither a subject nor a session is named


=== TEST 25: of a session that is none
--- logout eval: main::logout_token(sid => '')
--- says: the session ID is invalid


=== TEST 26: with a nonce
--- logout eval: main::logout_token(nonce => 'n')
--- says: a logout token has no nonce


=== TEST 27: a cookie whose session has ended is nobody's in optional mode
--- request eval: ["GET /optional", "POST /back\nlogout_token=" . main::logout_token(), "GET /optional"]
--- more_headers eval: ["Cookie: idt=" . main::id_token(), "Content-Type: application/x-www-form-urlencoded; charset=UTF-8", "Cookie: idt=" . main::id_token()]
--- error_code eval: [200, 200, 200]
--- response_headers eval: ["Sub: alice", "", "Sub: "]


=== TEST 28: only by POST
--- request eval: "GET /back?logout_token=" . main::logout_token()
--- error_code: 400
--- response_headers
Cache-Control: no-store
Content-Type: application/json
--- response_body
{"error":"invalid_request","error_description":"the request has the wrong method"}
--- error_log
id_token logout failed, logout_method


=== TEST 29: only a form
--- request eval: "POST /back\n{\"logout_token\":\"" . main::logout_token() . "\"}"
--- more_headers
Content-Type: application/json
--- error_code: 400
--- response_body
{"error":"invalid_request","error_description":"the request has the wrong content type"}
--- error_log
id_token logout failed, logout_type


=== TEST 30: without a token
--- request
POST /back
id_token=x
--- more_headers
Content-Type: application/x-www-form-urlencoded
--- error_code: 400
--- response_body
{"error":"invalid_request","error_description":"the request has no logout_token"}
--- error_log
id_token logout failed, logout_token_missing


=== TEST 31: with two
--- request
POST /back
logout_token=x&logout_token=x
--- more_headers
Content-Type: application/x-www-form-urlencoded
--- error_code: 400
--- response_body
{"error":"invalid_request","error_description":"a field of the request comes twice"}
--- error_log
id_token logout failed, logout_twice


=== TEST 32: malformed
--- request
POST /back
logout_token=%zz
--- more_headers
Content-Type: application/x-www-form-urlencoded
--- error_code: 400
--- response_body
{"error":"invalid_request","error_description":"the request is malformed"}
--- error_log
id_token logout failed, logout_form


=== TEST 33: too long, said beforehand
--- request eval: "POST /back\nlogout_token=" . "a" x 70000
--- more_headers
Content-Type: application/x-www-form-urlencoded
--- error_code: 400
--- response_body
{"error":"invalid_request","error_description":"the request is too long"}
--- error_log
id_token logout failed, logout_too_long


=== TEST 34: too long, in chunks
--- request eval: "POST /back\r\n\r\n" . sprintf("%x\r\n", 70000) . "a" x 70000 . "\r\n0\r\n\r\n"
--- raw_request eval: "POST /back HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\n" . sprintf("%x\r\n", 70000) . "a" x 70000 . "\r\n0\r\n\r\n"
--- error_code: 400
--- response_body_like: the request is too long


=== TEST 35: 60 KB that lie in a file
--- request eval: "POST /back\nx=" . "a" x 60000 . "&logout_token=" . main::logout_token()
--- more_headers
Content-Type: application/x-www-form-urlencoded
--- error_code: 200
--- error_log
id_token logout by the back channel, provider "one"
--- no_error_log
[error]


=== TEST 36: the log names the reason and the key, never the token
--- request eval: "POST /back\nlogout_token=" . main::logout_token(nonce => 'secret-nonce')
--- more_headers
Content-Type: application/x-www-form-urlencoded
--- error_code: 400
--- error_log
id_token logout failed, logout_nonce: a logout token has no nonce, provider "one"
--- no_error_log
secret-nonce


=== TEST 37: the front channel ends a session by its sid
--- request eval: ["GET /who", "GET /front?iss=https%3A%2F%2Ftenant.test%2F&sid=s1", "GET /who"]
--- more_headers eval: ["Authorization: Bearer " . main::id_token(), "Sec-Fetch-Site: cross-site", "Authorization: Bearer " . main::id_token()]
--- error_code eval: [200, 200, 401]
--- response_headers eval: ["Error: ", "Cache-Control: no-store", "Error: revoked"]


=== TEST 38: the front channel wants issuer and sid
--- request eval: ["GET /front?sid=s1", "GET /front?iss=https://tenant.test&sid=s1", "GET /front?iss=https://tenant.test/", "HEAD /front?iss=https://tenant.test/&sid=s1", "GET /who"]
--- more_headers eval: "Authorization: Bearer " . main::id_token()
--- error_code eval: [400, 400, 400, 400, 200]
--- response_body_like eval: ["the issuer is missing or wrong", "the issuer is missing or wrong", "the session ID is missing or invalid", "", "."]


=== TEST 39: an operator ends the sessions of a person
--- request eval: ["GET /revoke", "POST /revoke\n{\"provider\":\"one\",\"sub\":\"alice\"}", "GET /who", "GET /revoke"]
--- more_headers eval: "Authorization: Bearer " . main::id_token() . "\nSec-Fetch-Site: same-origin\nContent-Type: application/json"
--- error_code eval: [200, 200, 401, 200]
--- response_body_like eval: ['^\{"revocations":0\}', '^\{"revocations":1\}', "401", '^\{"revocations":1\}']


=== TEST 40: one session, by its sid
--- request eval: ["POST /revoke\n{\"provider\":\"one\",\"sid\":\"s1\"}", "GET /who"]
--- more_headers eval: "Authorization: Bearer " . main::id_token() . "\nSec-Fetch-Site: same-origin\nContent-Type: application/json"
--- error_code eval: [200, 401]


=== TEST 41: one token, by its jti
--- request eval: ["GET /who", "POST /revoke\n{\"provider\":\"one\",\"jti\":\"t1\"}", "GET /who"]
--- more_headers eval: "Authorization: Bearer " . main::id_token(jti => 't1') . "\nSec-Fetch-Site: same-origin\nContent-Type: application/json"
--- error_code eval: [200, 200, 401]


=== TEST 42: everybody of a provider
--- request eval: ["GET /who", "POST /revoke\n{\"provider\":\"one\",\"all\":true}", "GET /who"]
--- more_headers eval: "Authorization: Bearer " . main::id_token(sid => undef) . "\nSec-Fetch-Site: same-origin\nContent-Type: application/json"
--- error_code eval: [200, 200, 401]


=== TEST 43: of another provider
--- request eval: ["POST /revoke\n{\"provider\":\"two\",\"all\":true}", "GET /who"]
--- more_headers eval: "Authorization: Bearer " . main::id_token() . "\nSec-Fetch-Site: same-origin\nContent-Type: application/json"
--- error_code eval: [200, 200]


=== TEST 44: an operator's page asks, no other
--- request eval: ["POST /revoke\n{\"provider\":\"one\",\"sub\":\"alice\"}", "GET /who"]
--- more_headers eval: "Authorization: Bearer " . main::id_token() . "\nSec-Fetch-Site: cross-site\nContent-Type: application/json"
--- error_code eval: [403, 200]
--- response_body_like eval: ["no proof of a same-origin request", "."]


=== TEST 45: what an operator writes is read strictly
--- request eval: ["POST /revoke\n{\"provider\":\"one\",\"sub\":\"alice\",\"until\":1}", "POST /revoke\n{\"provider\":\"none\",\"sub\":\"alice\"}", "POST /revoke\n{\"provider\":\"one\"}", "POST /revoke\n" . "{" x 20000, "PUT /revoke", "GET /who"]
--- more_headers eval: "Authorization: Bearer " . main::id_token() . "\nSec-Fetch-Site: same-origin\nContent-Type: application/json"
--- error_code eval: [400, 400, 400, 400, 400, 200]
--- response_body_like eval: ["the request is malformed", "no such provider", "not one of sub, sid, jti and all is named", "the request is too long", "the request has the wrong method", "."]


=== TEST 46: JSON only
--- request
POST /revoke
{"provider":"one","sub":"alice"}
--- more_headers
Sec-Fetch-Site: same-origin
Content-Type: text/plain
--- error_code: 400
--- response_body_like: the request has the wrong content type
