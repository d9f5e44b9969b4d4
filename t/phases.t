# Who is judged when: subrequests, internal redirects, satisfy, limit_except,
# error_page. Each way in stands beside the same request with a good token.

use lib 't/lib';
use IdToken;
use Test::Nginx::Socket 'no_plan';
use IdTokenProtocol;

my $jwks  = write_file('jwks.json', jwks('@rsa1'));
my $other = write_file('other.json', jwks('@rsa2'));

add_block_preprocessor(sub {
    my ($block) = @_;
    my $config  = $block->http_config || '';
    $block->set_value(
        http_config => provider('one', jwks_file => $jwks)
            . provider('two', jwks_file => $other,
                issuer => 'https://two.test/', client_id => 'two')
            . $config
    );
});

our $good = bearer();
our $two  = bearer(key => '@rsa2', iss => 'https://two.test/', aud => 'two');
our $bad  = bearer(exp => -3600);
our $bob  = "\nCookie: idt=" . token(sub => 'bob');
our $late_bob = "\nCookie: idt=" . token(sub => 'bob', exp => -3600);

no_long_string();
no_shuffle();
IdTokenProtocol::for_blocks();
run_tests();

__DATA__

=== TEST 1: a subrequest of auth_request is judged though nginx skips its access phase
--- config
    location /page {
        auth_request /sub;
        return 200;
        default_type text/plain;
    }
    location /file {
        auth_request /sub;
        alias html/;
    }
    location = /sub {
        auth_id_token one;
        proxy_pass http://127.0.0.1:$server_port/backend;
    }
    location = /backend { return 204; }
--- request
GET /file/index.html
--- error_code: 401
--- response_headers
WWW-Authenticate: Bearer realm="restricted"
--- error_log
token_missing
--- no_error_log
[alert]


=== TEST 2: the same with a token is let in
--- config
    location /file {
        auth_request /sub;
        alias html/;
    }
    location = /sub {
        auth_id_token one;
        proxy_pass http://127.0.0.1:$server_port/backend;
    }
    location = /backend { return 204; }
--- request
GET /file/index.html
--- more_headers eval: $::good
--- error_code: 200
--- no_error_log
[error]


=== TEST 3: a subrequest is judged by its own provider, not by its parent's
--- config
    location /file {
        auth_id_token one;
        auth_request /sub;
        alias html/;
    }
    location = /sub {
        auth_id_token two;
        proxy_pass http://127.0.0.1:$server_port/backend;
    }
    location = /backend { return 204; }
--- request
GET /file/index.html
--- more_headers eval: $::good
--- error_code: 401
--- error_log
provider "two"
--- no_error_log
[alert]


=== TEST 4: an SSI subrequest to a protected location shows nothing without a token
--- config
    location = /page { ssi on; default_type text/html; alias html/page.html; }
    location = /secret { auth_id_token one; default_type text/html; alias html/secret.html; }
--- user_files
>>> page.html
[<!--# include virtual="/secret" -->]
>>> secret.html
top secret
--- request
GET /page
--- error_code: 200
--- response_body_unlike: top secret
--- error_log
token_missing


=== TEST 5: and shows it with one
--- config
    location = /page { ssi on; default_type text/html; alias html/page.html; }
    location = /secret { auth_id_token one; default_type text/html; alias html/secret.html; }
--- user_files
>>> page.html
[<!--# include virtual="/secret" -->]
>>> secret.html
top secret
--- request
GET /page
--- more_headers eval: $::good
--- response_body_like: \[top secret


=== TEST 6: an SSI subrequest inside a protected page is judged once more, by a rule of its own
--- config
    auth_id_token one;
    location = /page { ssi on; default_type text/html; alias html/page.html; }
    location = /secret { auth_id_token_require sub = bob; default_type text/html; alias html/secret.html; }
--- user_files
>>> page.html
[<!--# include virtual="/secret" -->]
>>> secret.html
top secret
--- request
GET /page
--- more_headers eval: $::good
--- error_code: 200
--- response_body_unlike: top secret
--- error_log
claim_rule


=== TEST 7: a mirror subrequest is judged by its own location
--- config
    location /file { mirror /mirror; alias html/; }
    location = /mirror { internal; auth_id_token one; proxy_pass http://127.0.0.1:$server_port/reached; }
    location = /reached { access_log off; return 204; }
--- request
GET /file/index.html
--- error_code: 200
--- error_log
token_missing
--- no_error_log
GET /reached


=== TEST 8: an index redirect into another provider's location is judged by that one
--- config
    location = /d/ { auth_id_token one; alias html/; index /x.html; }
    location = /x.html { auth_id_token two; alias html/index.html; }
--- request
GET /d/
--- more_headers eval: $::good
--- error_code: 401
--- error_log
provider "two"


=== TEST 9: an index redirect under one provider verifies the signature once, without a cache
--- http_config
    id_token_cache off;
--- config
    auth_id_token one;
    index index.html;
--- request
GET /
--- more_headers eval: $::good
--- error_code: 200
--- log_level: debug
--- grep_error_log: id_token signatures verified
--- grep_error_log_out
id_token signatures verified


=== TEST 10: try_files into another provider's location
--- config
    location = /t { auth_id_token one; try_files /nothing /x.html; }
    location = /x.html { auth_id_token two; alias html/index.html; }
--- request
GET /t
--- more_headers eval: $::good
--- error_code: 401
--- error_log
provider "two"


=== TEST 11: try_files into a named location of another provider
--- config
    location = /t { auth_id_token one; try_files /nothing @x; }
    location @x { auth_id_token two; root html; try_files /index.html =404; }
--- request
GET /t
--- more_headers eval: $::good
--- error_code: 401
--- error_log
provider "two"


=== TEST 12: error_page into another provider's location
--- config
    location = /t { auth_id_token one; error_page 404 /x.html; alias html/nothing; }
    location = /x.html { auth_id_token two; alias html/index.html; }
--- request
GET /t
--- more_headers eval: $::good
--- error_code: 401
--- error_log
provider "two"


=== TEST 13: X-Accel-Redirect into another provider's location, after the token was stripped
--- config
    location = /t {
        auth_id_token one;
        auth_id_token_strip on;
        proxy_pass http://127.0.0.1:$server_port/accel;
    }
    location = /accel { add_header X-Accel-Redirect /x.html; return 200; }
    location = /x.html { internal; auth_id_token two; alias html/index.html; }
--- request
GET /t
--- more_headers eval: $::good
--- error_code: 401
--- error_log
provider "two"


=== TEST 14: X-Accel-Redirect under one provider still knows the stripped token
--- config
    auth_id_token one;
    location = /t {
        auth_id_token_strip on;
        proxy_pass http://127.0.0.1:$server_port/accel;
    }
    location = /accel { auth_id_token off; add_header X-Accel-Redirect /x.html; add_header X-Got "[$http_authorization]"; return 200; }
    location = /x.html { internal; alias html/index.html; }
--- request
GET /t
--- more_headers eval: $::good
--- error_code: 200
--- no_error_log
id_token refused


=== TEST 15: error_page 401 to a page that asks for no token
--- config
    auth_id_token one;
    error_page 401 /login.html;
    location = /login.html { auth_id_token off; }
--- user_files
>>> login.html
please log in
--- request
GET /index.html
--- error_code: 401
--- response_headers
WWW-Authenticate: Bearer realm="restricted"
--- response_body
please log in


=== TEST 16: error_page 401 to a page that asks for one: one challenge, the default page
--- config
    auth_id_token one;
    error_page 401 /login.html;
--- user_files
>>> login.html
please log in
--- request
GET /index.html
--- error_code: 401
--- raw_response_headers_unlike: (?s)WWW-Authenticate.*WWW-Authenticate
--- response_body_like: 401 Authorization Required


=== TEST 17: off below an enabled level
--- config
    auth_id_token one;
    location = /open.html { auth_id_token off; alias html/index.html; }
--- request eval
["GET /open.html", "GET /index.html"]
--- error_code eval
[200, 401]


=== TEST 18: satisfy any: an allowed address needs no token, a bad token does not harm it
--- config
    location /i { satisfy any; allow 127.0.0.1; deny all; auth_id_token one; }
--- request
GET /index.html
--- more_headers eval: $::bad
--- error_code: 200


=== TEST 19: satisfy any: a denied address needs a token
--- config
    location /i { satisfy any; deny all; auth_id_token one; }
--- pipelined_requests eval
["GET /index.html", "GET /index.html"]
--- more_headers eval
[$::good, $::bad]
--- error_code eval
[200, 401]


=== TEST 20: satisfy all: a denied address is refused whatever its token
--- config
    location /i { deny all; auth_id_token one; }
--- request
GET /index.html
--- more_headers eval: $::good
--- error_code: 403
--- no_error_log
id_token refused


=== TEST 21: satisfy any with auth_basic: either will do
--- config
    location /i {
        satisfy any;
        auth_basic basic;
        auth_basic_user_file $TEST_NGINX_SERVER_ROOT/html/users;
        auth_id_token one;
    }
--- user_files
>>> users
alice:{PLAIN}secret
--- pipelined_requests eval
["GET /index.html", "GET /index.html", "GET /index.html"]
--- more_headers eval
[$::good, "Authorization: Basic YWxpY2U6c2VjcmV0", ""]
--- error_code eval
[200, 200, 401]


=== TEST 22: limit_except asks for a token on the methods it guards only
--- config
    location /i {
        limit_except GET { auth_id_token one; }
    }
--- request eval
["GET /index.html", "POST /index.html"]
--- error_code eval
[200, 401]


=== TEST 23: limit_except lets a good token through to the content handler
--- config
    location /i {
        limit_except GET { auth_id_token one; }
    }
--- request
POST /index.html
--- more_headers eval: $::good
--- error_code: 405


=== TEST 24: an early body is not in the way of a refusal
--- config
    location /i { auth_id_token one; proxy_pass http://127.0.0.1:$server_port/reached; }
    location = /reached { auth_id_token off; return 204; }
--- request eval
"POST /\n" . ("x" x 100000)
--- error_code: 401


=== TEST 25: allow and deny come first: a denied address makes us verify nothing
--- config
    location /i { deny all; auth_id_token one; }
--- request
GET /index.html
--- more_headers eval: $::bad
--- error_code: 403
--- no_error_log
expired


=== TEST 26: an internal redirect into a location with another source is judged by the token there
--- http_config
    id_token_cache off;
--- config
    location = /t { auth_id_token one; try_files /nothing /by-cookie; }
    location = /by-cookie {
        auth_id_token one;
        auth_id_token_source cookie=idt;
        add_header Sub $id_token_claim_sub;
        empty_gif;
    }
--- request
GET /t
--- more_headers eval: $::good . $::bob
--- error_code: 200
--- response_headers
Sub: bob


=== TEST 27: and refused if that one is bad
--- config
    location = /t { auth_id_token one; try_files /nothing /by-cookie; }
    location = /by-cookie { auth_id_token one; auth_id_token_source cookie=idt; empty_gif; }
--- request
GET /t
--- more_headers eval: $::good . $::late_bob
--- error_code: 401
--- error_log
expired


=== TEST 28: a challenge that a filter's error has cleared is given anew
--- config
    recursive_error_pages on;
    location /st/ { auth_id_token one; error_page 401 =200 /login.html; }
    location = /login.html { auth_id_token off; alias html/index.html; error_page 412 /prot; }
    location = /prot { auth_id_token one; alias html/index.html; }
--- request
GET /st/x
--- more_headers
If-Match: "zz"
--- error_code: 401
--- response_headers
WWW-Authenticate: Bearer realm="restricted"
