# What a login says: pages, what replaces them, log lines, who is logged in.

use lib 't/lib';
use IdToken;
use IdTokenLogin;
use Test::Nginx::Socket 'no_plan';

our $provider = login_provider(scope => '"openid email"')
    . login_provider(name => 'strict', redirect_uri => '/strict/callback',
        max_auth_age => '5m')
    . IdToken::provider('plain');
our $page = "Sec-Fetch-Mode: navigate\nSec-Fetch-Dest: document";

# Test::Nginx has a location "/" of its own.
sub server {
    my $text = login_server(@_);
    $text =~ s{location / }{location /page } or die;
    return $text;
}

sub session {
    my (%claims) = @_;
    my $token = token(sub => 'ann', claims => { nonce => nonce_of('r'), %claims });
    return "Cookie: __Host-id=$token; __Host-id-r=r";
}

no_shuffle();
no_long_string();
run_tests();

__DATA__

=== TEST 1: a failure is a page of ours, without script, that nobody keeps
--- http_config eval: $main::provider
--- config eval: main::server()
--- request
GET /oidc/callback?error=%3Cscript%3Eevil
--- error_code: 400
--- response_headers
Cache-Control: no-store
Referrer-Policy: no-referrer
X-Frame-Options: DENY
Content-Security-Policy: default-src 'none'; frame-ancestors 'none'
Content-Type: text/html; charset=utf-8
--- response_body_like: The answer of the login service is malformed
--- response_body_unlike: script|evil
--- error_log: id_token login failed, answer_method: the answer came by the wrong method, provider "tenant"



=== TEST 2: error_page replaces it, and the status stays
--- http_config eval: $main::provider
--- config eval
main::server(<<'END')
    error_page 400 403 503 /sorry;
    location = /sorry { internal; return 200 "sorry, $id_token_login"; }
END
--- request
GET /oidc/callback
--- error_code: 400
--- response_headers
Cache-Control: no-store
--- response_body: sorry, answer_method



=== TEST 3: begun: one line, without a personal datum
--- http_config eval: $main::provider
--- config eval: main::server()
--- request
GET /page?q
--- more_headers eval: $main::page
--- error_code: 302
--- response_headers_like
Location: https://op\.example\.com/auth\?x=y&.*scope=openid(%20|\+)email.*
--- error_log: id_token login begun: token_missing, provider "tenant"
--- no_error_log
[error]



=== TEST 4: a provider chosen by a variable
--- http_config eval: $main::provider
--- config eval
main::server(<<'END')
    location /chosen {
        auth_id_token $arg_p;
        auth_id_token_login on;
        empty_gif;
    }
END
--- request
GET /chosen?p=tenant
--- more_headers eval: $main::page
--- error_code: 302
--- no_error_log
[error]



=== TEST 5: one that has no login: 503, and the log says what is missing
--- http_config eval: $main::provider
--- config eval
main::server(<<'END')
    location /chosen {
        auth_id_token $arg_p;
        auth_id_token_login on;
        empty_gif;
    }
END
--- request
GET /chosen?p=plain
--- more_headers eval: $main::page
--- error_code: 503
--- error_log: id_token_provider "plain" has no "redirect_uri", which "auth_id_token_login" needs



=== TEST 6: a login that is too long ago: the tenant is told how old it may be
--- http_config eval: $main::provider
--- config eval
main::server(<<'END')
    location /strict { auth_id_token strict; auth_id_token_login on; empty_gif; }
    location = /strict/callback { id_token_callback strict; }
END
--- request
GET /strict
--- more_headers eval: "$main::page\n" . main::session(auth_time => time - 900)
--- error_code: 302
--- response_headers_like
Location: .*[?&]max_age=300(&.*)?
--- error_log: id_token login begun: auth_too_old, provider "strict"



=== TEST 7: its twin, just now
--- http_config eval: $main::provider
--- config eval
main::server(<<'END')
    location /strict { auth_id_token strict; auth_id_token_login on; empty_gif; }
    location = /strict/callback { id_token_callback strict; }
END
--- request
GET /strict
--- more_headers eval: "$main::page\n" . main::session(auth_time => time - 60)
--- error_code: 200



=== TEST 8: the named claims, as they are
--- http_config eval: $main::provider
--- config eval
main::server(<<'END')
    location = /some { auth_id_token tenant; id_token_identity sub groups none; }
END
--- request
GET /some
--- more_headers eval: main::session(groups => ['a', 'b"'], email => 'a@b.test')
--- response_headers
Cache-Control: no-store
Content-Type: application/json
--- response_body: {"sub":"ann","groups":["a","b\""]}



=== TEST 9: nobody is logged in where the gate lets everybody in
--- http_config eval: $main::provider
--- config eval
main::server(<<'END')
    location = /some { auth_id_token tenant; auth_id_token_mode optional; id_token_identity; }
END
--- request
GET /some
--- error_code: 401



=== TEST 10: who is logged in is read, not written
--- http_config eval: $main::provider
--- config eval: main::server()
--- request
PUT /oidc/me
--- more_headers eval: main::session() . "\nSec-Fetch-Site: same-origin"
--- error_code: 405
