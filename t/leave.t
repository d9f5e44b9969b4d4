# Values that leave: claims in a URI and in a header, escaped or absent.

use lib 't/lib';
use IdToken;
use Test::Nginx::Socket 'no_plan';

my $jwks = write_file('jwks.json', jwks('@rsa1'));

add_block_preprocessor(sub {
    my ($block) = @_;
    $block->set_value(http_config => provider('one', jwks_file => $jwks)
            . 'id_token_claim_set $mail email; id_token_claim_set $mail_uri email escape=uri;'
            . ($block->http_config || ''));
});

sub claims { return bearer(claims => {@_}) }

our $path  = claims(email => 'a/b?b c%', p => 'x/../y', groups => ['a b', 'c']);
our $comma = claims(email => "R\x{fc}d ", groups => ['a,b', 'c']);

no_long_string();
no_shuffle();
run_tests();

__DATA__

=== TEST 1: an escaped claim stays one segment of a path
--- config
    location = / {
        auth_id_token one;
        proxy_pass http://127.0.0.1:$server_port/u/$id_token_escaped_claim_email/$mail_uri/x;
    }
    location /u/ { default_type text/plain; return 200 $request_uri; }
--- request
GET /
--- more_headers eval: $::path
--- response_body: /u/a%2Fb%3Fb%20c%25/a%2Fb%3Fb%20c%25/x
--- error_code: 200
--- no_error_log
[error]


=== TEST 2: what climbs, and nothing, is a segment that no claim can be
--- config
    location = / {
        auth_id_token one;
        proxy_pass http://127.0.0.1:$server_port/u/$id_token_escaped_claim_p/$id_token_escaped_claim_none/x;
    }
    location /u/ { default_type text/plain; return 200 $request_uri; }
--- request
GET /
--- more_headers eval: $::path
--- response_body: /u/%7F/%7F/x
--- error_code: 200


=== TEST 3: encodings and joined elements
--- config
    location = / {
        auth_id_token one;
        auth_id_token_set_header X-P email encode=percent;
        auth_id_token_set_header X-B email encode=base64;
        auth_id_token_set_header X-R $mail encode=rfc8187;
        auth_id_token_set_header X-G groups join=,;
        auth_id_token_set_header X-E groups join=, encode=percent;
        proxy_pass http://127.0.0.1:$server_port/h;
    }
    location = /h { default_type text/plain;
        return 200 "$http_x_p|$http_x_b|$http_x_r|$http_x_g|$http_x_e"; }
--- request
GET /
--- more_headers eval: $::path
--- response_body: a%2Fb%3Fb%20c%25|YS9iP2IgYyU=|UTF-8''a%2Fb%3Fb%20c%25|a b,c|a%20b%2Cc
--- error_code: 200


=== TEST 4: an element that holds the separator makes the header absent
--- config
    location = / {
        auth_id_token one;
        auth_id_token_set_header X-G groups join=,;
        auth_id_token_set_header X-S groups join=;
        auth_id_token_set_header X-P email;
        auth_id_token_set_header X-E email encode=percent;
        proxy_pass http://127.0.0.1:$server_port/h;
    }
    location = /h { default_type text/plain;
        return 200 "$http_x_g|$http_x_s|$http_x_p|$http_x_e"; }
--- request
GET /
--- more_headers eval: $::comma
--- must_die
--- error_log
"join=" in "auth_id_token_set_header" needs a separator


=== TEST 5: the same with a good separator
--- config
    location = / {
        auth_id_token one;
        auth_id_token_set_header X-G groups join=,;
        auth_id_token_set_header X-S groups "join=; ";
        auth_id_token_set_header X-P email;
        auth_id_token_set_header X-E email encode=percent;
        proxy_pass http://127.0.0.1:$server_port/h;
    }
    location = /h { default_type text/plain;
        return 200 "$http_x_g|$http_x_s|$http_x_p|$http_x_e"; }
--- request
GET /
--- more_headers eval: $::comma
--- response_body: |a,b; c||R%C3%BCd%20
--- error_code: 200


=== TEST 6: no such encoding
--- config
    location = / {
        auth_id_token one;
        auth_id_token_set_header X-G groups encode=hex;
    }
--- must_die
--- error_log
"encode=hex" in "auth_id_token_set_header" is no encoding: percent, base64 or rfc8187


=== TEST 7: a value with variables has no elements
--- config
    location = / {
        auth_id_token one;
        auth_id_token_set_header X-G "$mail" join=,;
    }
--- must_die
--- error_log
name the claim instead


=== TEST 8: no such form of a claim
--- http_config
    id_token_claim_set $other email escape=html;
--- config
    location = / { return 200; }
--- must_die
--- error_log
"escape=html" in "id_token_claim_set" is no form: escape=uri is the only one
