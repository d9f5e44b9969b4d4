# A request speaks for one person: of all tokens that it holds, who counts, and
# what of the others reaches the upstream.

use lib 't/lib';
use IdToken;
use Test::Nginx::Socket 'no_plan';
use IdTokenProtocol;

my $jwks = write_file('jwks.json', jwks('@rsa1'));

# /seen tells what an upstream gets.
add_block_preprocessor(sub {
    my ($block) = @_;
    my $config = $block->config || '';
    $block->set_value(http_config => provider('one', jwks_file => $jwks) . ($block->http_config || ''));
    $block->set_value(config => <<"END" . $config);
    location = /seen {
        auth_id_token off;
        auth_id_token_strip off;
        return 200 "[\$http_authorization][\$http_cookie][\$http_x_id_token] \$cookie_idt\\n";
    }
    location = /who {
        auth_id_token one;
        auth_id_token_source bearer cookie=idt header=X-ID-Token;
        add_header Who "\$id_token_status \$id_token_error \$id_token_source \$id_token_claim_sub \$id_token_claim_n." always;
        proxy_pass http://127.0.0.1:\$server_port/seen;
    }
    location = /optional {
        auth_id_token one;
        auth_id_token_mode optional;
        auth_id_token_source bearer cookie=idt header=X-ID-Token;
        add_header Who "\$id_token_status \$id_token_error \$id_token_source." always;
        proxy_pass http://127.0.0.1:\$server_port/seen;
    }
END
});

our $now   = time;
our $ann   = token(sub => 'ann', claims => { n => 1 });
our $later = token(sub => 'ann', claims => { n => 2, iat => $now + 5 });
our $bob   = token(sub => 'bob');
our $late  = token(sub => 'ann', exp => -3600);
our $late2 = token(sub => 'ann', exp => -3700);
our $old_key = token(sub => 'ann', kid => 'gone');
our $forged  = token(sub => 'ann', break => 'sig');
our $four  = join '; ', map { "idt=" . token(sub => 'ann', claims => { n => $_, iat => $now - $_ }) } 1 .. 4;
our $fifth = token(sub => 'ann', claims => { n => 5 });
our @pieces = ("idt.0=" . substr($ann, 0, 200), "idt.1=" . substr($ann, 200));
our @stale  = ("idt.0=" . substr($late, 0, 150), "idt.1=" . substr($late, 150, 100), "idt.2=" . substr($late, 250));

no_long_string();
no_shuffle();
IdTokenProtocol::for_blocks();
run_tests();

__DATA__

=== TEST 1: a bearer and the same token as a cookie are one, the header's
--- request
POST /who
--- more_headers eval: "Authorization: Bearer $::ann\nCookie: idt=$::ann"
--- response_headers
Who: ok  bearer ann 1.
--- response_body eval: "[Bearer $::ann][idt=$::ann][] $::ann\n"
--- no_error_log
[error]


=== TEST 2: a good bearer beside an expired cookie, which is not passed on
--- request
GET /who
--- more_headers eval: "Authorization: Bearer $::ann\nCookie: a=1; idt=$::late; b=2"
--- response_headers
Who: ok  bearer ann 1.
--- response_body eval: "[Bearer $::ann][a=1; b=2][] \n"
--- no_error_log
[error]


=== TEST 3: a good cookie beside an expired bearer, which is not passed on
--- request
GET /who
--- more_headers eval: "Authorization: Bearer $::late\nCookie: idt=$::ann"
--- response_headers
Who: ok  cookie ann 1.
--- response_body eval: "[][idt=$::ann][] $::ann\n"
--- no_error_log
[error]


=== TEST 4: the latest of one person's cookies counts, whatever the order
--- request eval: ["GET /who", "GET /who"]
--- more_headers eval: ["Cookie: idt=$::ann; idt=$::later", "Cookie: idt=$::later; idt=$::ann"]
--- response_headers eval: ["Who: ok  cookie ann 2.", "Who: ok  cookie ann 2."]
--- response_body eval: ["[][idt=$::later][] $::later\n", "[][idt=$::later][] $::later\n"]
--- no_error_log
[error]


=== TEST 5: the header's counts, though a cookie is later
--- request
GET /who
--- more_headers eval: "Cookie: idt=$::later\nAuthorization: Bearer $::ann"
--- response_headers
Who: ok  bearer ann 1.
--- response_body eval: "[Bearer $::ann][][] \n"
--- no_error_log
[error]


=== TEST 6: two persons are ambiguous
--- request eval: ["GET /who", "GET /who", "GET /optional", "POST /who"]
--- more_headers eval
["Authorization: Bearer $::ann\nCookie: idt=$::bob", "Cookie: idt=$::ann; idt=$::bob",
 "X-ID-Token: $::ann\nCookie: idt=$::bob", "Authorization: Bearer $::ann\nCookie: idt=$::bob"]
--- response_headers eval
["Who: rejected credentials_ambiguous   .", "Who: rejected credentials_ambiguous   .",
 "Who: rejected credentials_ambiguous .", "Who: rejected credentials_ambiguous   ."]
--- error_code eval: [400, 400, 400, 400]
--- error_log
credentials_ambiguous


=== TEST 7: an empty cookie is none
--- request eval: ["GET /who", "GET /who"]
--- more_headers eval: ["Cookie: idt=; idt=$::ann", "Cookie: idt=$::ann; idt="]
--- response_headers eval: ["Who: ok  cookie ann 1.", "Who: ok  cookie ann 1."]
--- error_code eval: [200, 200]


=== TEST 8: pieces beside the whole, and beside those of another path
--- request eval: ["GET /who", "GET /who", "GET /who"]
--- more_headers eval
["Cookie: idt=$::late; $::pieces[0]; $::pieces[1]",
 "Cookie: " . join("; ", @::stale, @::pieces),
 "Cookie: " . join("; ", @::pieces, @::stale)]
--- response_headers eval: ["Who: ok  cookie ann 1.", "Who: ok  cookie ann 1.", "Who: ok  cookie ann 1."]
--- response_body eval
my $rest = "[][" . join("; ", @::pieces) . "][] \n";
[$rest, $rest, $rest]
--- no_error_log
[error]


=== TEST 9: what is no token is dropped, whatever it is
--- request eval: ["GET /who", "GET /who", "GET /who"]
--- more_headers eval
["Cookie: idt=session-4711; idt=$::ann", "Authorization: Bearer\nCookie: idt=$::ann",
 "Cookie: idt=$::ann; idt.1=x"]
--- response_headers eval: ["Who: ok  cookie ann 1.", "Who: ok  cookie ann 1.", "Who: ok  cookie ann 1."]
--- response_body eval: [("[][idt=$::ann][] $::ann\n") x 3]
--- no_error_log
[error]


=== TEST 10: of none that is proven the first tells why
--- request eval: ["GET /who", "GET /who", "GET /who", "GET /who"]
--- more_headers eval
["Authorization: Bearer $::forged\nCookie: idt=$::late", "Cookie: idt=$::late; idt=$::forged",
 "Cookie: idt=x; idt=$::late", "Cookie: idt=x; idt=y.z"]
--- response_headers eval
["Who: rejected signature bearer  .", "Who: rejected expired cookie  .",
 "Who: rejected expired cookie  .", "Who: rejected token_format cookie  ."]
--- error_code eval: [401, 401, 401, 401]


=== TEST 11: four candidates are judged, a fifth is too many
--- request eval: ["GET /who", "GET /who", "GET /who"]
--- more_headers eval
["Cookie: $::four", "Cookie: $::four; idt=$::fifth", "Cookie: $::four; idt=no; idt=no.no"]
--- response_headers eval
["Who: ok  cookie ann 1.", "Who: rejected credentials_ambiguous   .", "Who: ok  cookie ann 1."]
--- error_code eval: [200, 400, 200]


=== TEST 12: a header of another name is a source, and needs evidence
--- request eval: ["GET /who", "POST /who", "POST /who", "POST /who"]
--- more_headers eval
["x-id-token: $::ann", "X-ID-Token: $::ann", "X-ID-Token: $::ann\nSec-Fetch-Site: same-origin",
 "X-ID-Token: $::ann\nAuthorization: Bearer $::ann"]
--- response_headers eval
["Who: ok  header ann 1.", "Who: rejected csrf header  .", "Who: ok  header ann 1.", "Who: ok  bearer ann 1."]
--- error_code eval: [200, 403, 200, 200]


=== TEST 13: its other values and spellings are not passed on
--- server_config
    underscores_in_headers on;
--- request eval: ["GET /who", "GET /who"]
--- more_headers eval
["X-ID-Token: $::late\nX-ID-Token: $::ann\nX_ID_Token: $::bob", "X_ID_Token: $::ann"]
--- response_headers eval: ["Who: ok  header ann 1.", "Who: missing token_missing   ."]
--- error_code eval: [200, 401]


=== TEST 14: CSRF is judged for the one that counts
--- request eval: ["POST /who", "POST /who", "POST /who", "POST /who"]
--- more_headers eval
["Cookie: idt=$::ann", "Cookie: idt=$::ann\nSec-Fetch-Site: same-origin",
 "Cookie: idt=$::later\nAuthorization: Bearer $::ann",
 "Cookie: idt=$::ann\nAuthorization: Bearer $::late"]
--- response_headers eval
["Who: rejected csrf cookie  .", "Who: ok  cookie ann 1.", "Who: ok  bearer ann 1.",
 "Who: rejected csrf cookie  ."]
--- error_code eval: [403, 200, 200, 403]


=== TEST 15: optional takes a stale cookie for none, and does not pass it on
--- request eval: ["GET /optional", "POST /optional", "GET /optional", "GET /optional"]
--- more_headers eval
["Cookie: a=1; idt=$::late", "Cookie: a=1; idt=$::late", "Cookie: a=1; idt=$::old_key; idt=$::late",
 "Cookie: a=1; $::stale[0]; $::stale[1]; $::stale[2]"]
--- response_headers eval: [("Who: missing token_missing .") x 4]
--- response_body eval: [("[][a=1][] \n") x 4]
--- error_code eval: [200, 200, 200, 200]


=== TEST 16: whatever else is bad it refuses
--- request eval: ["GET /optional", "GET /optional", "GET /optional", "GET /optional", "GET /optional"]
--- more_headers eval
["Cookie: idt=$::forged", "Cookie: idt=$::late; idt=$::forged", "Authorization: Bearer $::late",
 "X-ID-Token: $::late", "Cookie: idt=$::late; idt=x"]
--- response_headers eval
["Who: rejected signature cookie.", "Who: rejected signature cookie.", "Who: rejected expired bearer.",
 "Who: rejected expired header.", "Who: rejected token_format cookie."]
--- error_code eval: [401, 401, 401, 401, 401]


=== TEST 17: optional with a rule says why the cookie is not good
--- config
    location = /rule {
        auth_id_token one;
        auth_id_token_mode optional;
        auth_id_token_source cookie=idt;
        auth_id_token_require sub = ann;
        add_header Who "$id_token_error." always;
        empty_gif;
    }
--- request eval: ["GET /rule", "GET /rule", "GET /rule"]
--- more_headers eval: ["Cookie: idt=$::late", "Cookie: idt=$::ann", "Cookie: a=1"]
--- response_headers eval: ["Who: expired.", "Who: .", "Who: token_missing."]
--- error_code eval: [401, 200, 401]


=== TEST 18: what another reader may take for the cookie is not judged, nor passed on
--- request eval: ["GET /who", "GET /who", "GET /who", "GET /who"]
--- more_headers eval
["Cookie: IDT=$::bob; idt=$::ann", "Cookie: a=1, idt=$::bob; idt=$::ann; c=3",
 "Cookie: idt=$::ann; a=\"1 idt=$::bob\"; %69dt=$::bob; idt[]=$::bob; idt.99=$::bob",
 "Cookie: IDT=$::ann"]
--- response_headers eval
["Who: ok  cookie ann 1.", "Who: ok  cookie ann 1.", "Who: ok  cookie ann 1.", "Who: missing token_missing   ."]
--- response_body_like eval
["^\\[\\]\\[idt=\Q$::ann\E\\]\\[\\] \Q$::ann\E\$", "^\\[\\]\\[idt=\Q$::ann\E; c=3\\]\\[\\]",
 "^\\[\\]\\[idt=\Q$::ann\E\\]\\[\\]", "401"]
--- error_code eval: [200, 200, 200, 401]


=== TEST 19: beside a token by address nothing unproven is passed on, but Basic
--- config
    location = /any {
        auth_id_token one;
        auth_id_token_source bearer cookie=idt;
        satisfy any;
        allow all;
        proxy_pass http://127.0.0.1:$server_port/seen;
    }
--- request eval: ["GET /any", "GET /any", "GET /any"]
--- more_headers eval
["Authorization: Bearer $::late\nCookie: a=1; idt=x", "Authorization: Basic YTpi\nCookie: idt=$::ann",
 "Authorization: Bearer $::ann\nCookie: idt=$::late"]
--- response_body eval
["[][a=1][] \n", "[Basic YTpi][idt=$::ann][] $::ann\n", "[Bearer $::ann][][] \n"]
--- error_code eval: [200, 200, 200]


=== TEST 20: in report mode the one that would be refused goes on its way
--- config
    location = /report {
        auth_id_token one;
        auth_id_token_mode report;
        auth_id_token_source cookie=idt;
        proxy_pass http://127.0.0.1:$server_port/seen;
    }
--- request eval: ["GET /report", "GET /report"]
--- more_headers eval: ["Cookie: idt=$::late", "Cookie: idt=$::ann; idt=$::late"]
--- response_body eval: ["[][idt=$::late][] $::late\n", "[][idt=$::ann][] $::ann\n"]
--- error_code eval: [200, 200]


=== TEST 21: a subrequest chooses anew from the originals
--- http_config eval
IdToken::provider('two', jwks_file => '$TEST_NGINX_DATA_DIR/jwks.json', client_id => 'other')
--- config
    location = /page {
        auth_id_token one;
        auth_id_token_source bearer cookie=idt;
        auth_request /sub;
        auth_request_set $sub $upstream_http_who;
        add_header Who "$id_token_claim_sub $sub.";
        proxy_pass http://127.0.0.1:$server_port/seen;
    }
    location = /sub {
        auth_id_token two;
        auth_id_token_source bearer cookie=idt;
        proxy_set_header Who "$id_token_source $id_token_claim_sub";
        proxy_pass http://127.0.0.1:$server_port/echo;
    }
    location = /echo { add_header Who $http_who; return 204; }
--- request
GET /page
--- more_headers eval
"Authorization: Bearer $::ann\nCookie: idt=" . IdToken::token(sub => 'bob', aud => 'other')
--- response_headers
Who: ann cookie bob.
--- response_body eval: "[Bearer $::ann][][] \n"
--- no_error_log
[error]


=== TEST 22: nginx's own 400 for two Authorization headers stays
--- request
GET /who
--- more_headers eval: "Authorization: Bearer $::ann\nAuthorization: Bearer $::ann"
--- error_code: 400


=== TEST 23: so does one that comes after something was taken out
--- http_config eval
IdToken::provider('two', jwks_file => '$TEST_NGINX_DATA_DIR/jwks.json', client_id => 'other')
--- config
    location = /page {
        auth_id_token one;
        auth_id_token_source bearer cookie=idt;
        addition_types *;
        add_after_body /sub;
        proxy_pass http://127.0.0.1:$server_port/seen;
    }
    location = /sub {
        auth_id_token two;
        auth_id_token_source bearer cookie=idt;
        auth_id_token_set_header X-ID-Token sub;
        proxy_pass http://127.0.0.1:$server_port/seen;
    }
--- request
GET /page
--- more_headers eval
"Authorization: Bearer $::ann\nCookie: idt=" . IdToken::token(sub => 'bob', aud => 'other')
--- response_body eval
"[Bearer $::ann][][] \n[][][bob] \n"
--- no_error_log
[error]
