# Every reason of src/core/idt_base/error.h that a sender can provoke, beside a twin that
# is let in: status, log line and $id_token_error. What needs a key server on the
# way is in keys_*.t, what needs the memory to run out in the unit tests.

use lib 't/lib';
use strict;
use warnings;

use IdToken qw(provider write_file jwks);
use IdTokenNginx;
use Test::More;

my $keys = write_file('jwks.json', jwks('@rsa1:k1', '@rsa2', '@ec1'));

my $nginx = IdTokenNginx->start(
    workers   => 1,
    http      => 'large_client_header_buffers 8 256k;',
    providers => provider('tenant', jwks_file => $keys, trusted_audience => 'trusted')
        . provider('any', jwks_file => $keys, trusted_audience => 'any', authorized_party => 'phone tv')
        . provider('es', jwks_file => $keys, algorithms => 'ES256')
        . provider('age', jwks_file => $keys, max_age => '650s', leeway => '10s')
        . provider('auth', jwks_file => $keys, max_auth_age => '650s', leeway => '10s')
        . provider('none', jwks_file => undef, jwks_uri => 'http://127.0.0.1:1/jwks'),
    server => <<'END',
    add_header Error $id_token_error always;
    location = /t { auth_id_token tenant; empty_gif; }
    location = /both { auth_id_token tenant; auth_id_token_source bearer cookie=idt; empty_gif; }
    location = /cookie { auth_id_token tenant; auth_id_token_source cookie=idt; proxy_pass http://127.0.0.1:$server_port/ok; }
    location = /ok { return 200; }
    location = /any { auth_id_token any; empty_gif; }
    location = /es { auth_id_token es; empty_gif; }
    location = /age { auth_id_token age; empty_gif; }
    location = /auth { auth_id_token auth; empty_gif; }
    location = /nonce { auth_id_token tenant; auth_id_token_nonce $cookie_nonce; empty_gif; }
    location = /rule { auth_id_token tenant; auth_id_token_require sub = alice; empty_gif; }
    location = /rule401 { auth_id_token tenant; auth_id_token_require sub = alice error=401; empty_gif; }
    location = /rule404 { auth_id_token tenant; auth_id_token_require sub = alice error=404; empty_gif; }
    location = /selected { auth_id_token $http_x_provider; empty_gif; }
    location = /nokeys { auth_id_token none; empty_gif; }
END
);

# Tokens of @rsa1 carry the kid of the key set.
sub token {
    my (%o) = @_;
    my $given = $o{key} || $o{kid} || $o{no_kid} || $o{raw}
        || ($o{header} && exists $o{header}{kid});
    return IdToken::token($given ? () : (kid => 'k1'), %o);
}
sub bearer { return 'Authorization: Bearer ' . token(@_) }

sub nested { my ($depth) = @_; my $x = 1; $x = [$x] for 1 .. $depth; return $x }

$nginx->tells(qr{no keys from});
my $seen = length $nginx->log;

# The bad request is refused for this reason, its twin is not.
sub reason {
    my ($title, $reason, $status, $requests, $bad, $good) = @_;
    my ($first, $second) = split /\|/, $requests;

    my $answer = $nginx->get($first, split /\n/, $bad);
    my $log    = substr $nginx->log, $seen;
    # told again each minute, whatever is asked
    $log =~ s/^.*"none": no keys from.*\n//mg;

    is($answer->{status}, $status, "$title: $status");
    is($answer->{error}, $reason, "$title: $reason");
    # the operator's fault
    my $level = $reason eq 'provider_unknown' ? 'error' : 'info';
    like($log, qr/\[$level\].* id_token refused, $reason: /, "$title: a log line");
    unlike($log, qr/\[(error|crit|alert|emerg)\]/, "$title: nothing worse")
        if $level eq 'info' && $reason ne 'keys_unavailable';

    my $twin = $nginx->get($second, split /\n/, $good);
    is($twin->{status}, 200, "$title: the twin is let in");
    $seen = length $nginx->log;
    return;
}

reason('no token', 'token_missing', 401, 'GET /t|GET /t',
    "",
    bearer());
reason('another scheme is no token', 'token_missing', 401, 'GET /t|GET /t',
    "Authorization: Basic YTpi",
    bearer());
reason('a Bearer without a token', 'credentials_malformed', 400, 'GET /t|GET /t',
    "Authorization: Bearer",
    bearer());
reason('two words behind Bearer', 'credentials_malformed', 400, 'GET /t|GET /t',
    "Authorization: Bearer a b",
    bearer());
reason('header and cookie of two persons', 'credentials_ambiguous', 400, 'GET /both|GET /both',
    bearer() . "\nCookie: idt=" . token(sub => "bob"),
    bearer() . "\nCookie: idt=" . token());
reason('one cookie twice with different values', 'credentials_ambiguous', 400, 'GET /cookie|GET /cookie',
    "Cookie: idt=" . token() . "; idt=" . token(sub => "bob"),
    "Cookie: idt=" . token() . "; idt=" . token());
reason('a longer token than 64 KiB', 'token_too_long', 401, 'GET /t|GET /t',
    bearer(claims => {x => "y" x 49152}),
    bearer(claims => {x => "y" x 40000}));
reason('two segments', 'token_format', 401, 'GET /t|GET /t',
    bearer(break => 'two-segments'),
    bearer());
reason('five segments', 'token_encrypted', 401, 'GET /t|GET /t',
    bearer(break => 'five-segments'),
    bearer());
reason('padding', 'base64url', 401, 'GET /t|GET /t',
    "Authorization: Bearer " . token() . "=",
    bearer());
reason('unused bits', 'base64url', 401, 'GET /t|GET /t',
    bearer(break => 'spare-bits'),
    bearer(key => '@rsa2'));
reason('a header of a great many values', 'header_size', 401, 'GET /t|GET /t',
    bearer(header => {x => [(0) x 600]}),
    bearer(header => {x => [(0) x 400]}));
reason('a header of more than 16 KiB', 'header_size', 401, 'GET /t|GET /t',
    bearer(header => {x5c => ['A' x 16400]}),
    bearer(header => {x5c => ['A' x 16200]}));
reason('a header that is no object', 'header_json', 401, 'GET /t|GET /t',
    bearer(raw => ['[]', '{}']),
    bearer());
reason('a header with a member twice', 'header_duplicate', 401, 'GET /t|GET /t',
    bearer(raw => ['{"alg":"RS256","alg":"RS256"}', '{}']),
    bearer());
reason('a header with a number out of range', 'header_value', 401, 'GET /t|GET /t',
    bearer(raw => ['{"alg":"RS256","x":1e999}', '{}']),
    bearer(header => {x => 1e99}));
reason('a header of 101 levels', 'header_depth', 401, 'GET /t|GET /t',
    bearer(raw => ['{"alg":"RS256","x":' . '[' x 100 . ']' x 100 . '}', '{}']),
    bearer(header => {x => nested(99)}));
reason('no algorithm', 'alg_missing', 401, 'GET /t|GET /t',
    bearer(raw => ['{"typ":"JWT"}', '{}']),
    bearer());
reason('an algorithm that is not listed', 'alg_not_allowed', 401, 'GET /t|GET /es',
    bearer(key => '@ec1'),
    bearer(key => '@ec1'));
reason('no signature algorithm', 'alg_not_allowed', 401, 'GET /t|GET /t',
    bearer(break => 'alg-none-sig'),
    bearer());
reason('HMAC with the public key', 'alg_not_allowed', 401, 'GET /t|GET /t',
    bearer(break => 'hs256-pem'),
    bearer());
reason('a critical extension', 'crit', 401, 'GET /t|GET /t',
    bearer(header => {crit => ['exp']}),
    bearer());
reason('an unencoded payload', 'b64', 401, 'GET /t|GET /t',
    bearer(header => {b64 => \0}),
    bearer(header => {b64 => \1}));
reason('a compressed payload', 'zip', 401, 'GET /t|GET /t',
    bearer(header => {zip => 'DEF'}),
    bearer());
reason('a nested token', 'cty', 401, 'GET /t|GET /t',
    bearer(header => {cty => 'JWT'}),
    bearer(header => {cty => 'json'}));
reason('a key ID that is no string', 'kid_type', 401, 'GET /t|GET /t',
    bearer(header => {kid => 1}),
    bearer());
reason('an access token by its type', 'typ', 401, 'GET /t|GET /t',
    bearer(typ => 'at+jwt'),
    bearer(typ => 'application/jwt'));
reason('another client ID', 'kind_client', 401, 'GET /t|GET /t',
    bearer(claims => {client_id => 'spa2'}),
    bearer(claims => {client_id => 'spa'}));
reason('a logout token by its type', 'typ', 401, 'GET /t|GET /t',
    bearer(typ => 'logout+jwt'),
    bearer(no_typ => 1));
reason('an unknown key', 'key_unknown', 401, 'GET /t|GET /t',
    bearer(kid => 'nobody'),
    bearer(no_kid => 1));
reason('a signature that is too short', 'signature_length', 401, 'GET /t|GET /t',
    bearer(break => 'sig-short'),
    bearer());
reason('a wrong signature', 'signature', 401, 'GET /t|GET /t',
    bearer(break => 'sig'),
    bearer());
reason('the signature of another key', 'signature', 401, 'GET /t|GET /t',
    bearer(key => '@rsa2', kid => 'k1'),
    bearer(key => '@rsa1', kid => 'k1'));
reason('a payload that is no object', 'payload_json', 401, 'GET /t|GET /t',
    bearer(raw => ['{"alg":"RS256"}', '[]']),
    bearer());
reason('a claim twice', 'payload_duplicate', 401, 'GET /t|GET /t',
    bearer(raw => ['{"alg":"RS256"}', '{"iss":"a","iss":"a"}']),
    bearer());
reason('a payload of 101 levels', 'payload_depth', 401, 'GET /t|GET /t',
    bearer(claims => {x => nested(100)}),
    bearer(claims => {x => nested(99)}));
reason('another issuer', 'issuer', 401, 'GET /t|GET /t',
    bearer(iss => 'https://tenant.test/x'),
    bearer());
reason('the issuer without its slash', 'issuer_slash', 401, 'GET /t|GET /t',
    bearer(iss => 'https://tenant.test'),
    bearer());
reason('another audience', 'audience', 401, 'GET /t|GET /t',
    bearer(aud => 'spa2'),
    bearer());
reason('an untrusted further audience', 'audience_untrusted', 401, 'GET /t|GET /t',
    bearer(claims => {aud => ['spa', 'x'], azp => 'spa'}),
    bearer(claims => {aud => ['spa', 'trusted'], azp => 'spa'}));
reason('another authorized party', 'azp', 401, 'GET /t|GET /t',
    bearer(claims => {azp => 'spa2'}),
    bearer(claims => {azp => 'spa'}));
reason('a party that is not configured', 'azp', 401, 'GET /t|GET /any',
    bearer(claims => {azp => 'phone'}),
    bearer(claims => {azp => 'phone'}));
reason('any audience, and a party among them', 'azp', 401, 'GET /any|GET /any',
    bearer(claims => {aud => ['x', 'spa'], azp => 'x'}),
    bearer(claims => {aud => ['x', 'spa'], azp => 'spa'}));
reason('any audience, and no authorized party', 'azp_missing', 401, 'GET /any|GET /any',
    bearer(claims => {aud => ['x', 'spa']}),
    bearer(claims => {aud => ['x', 'spa'], azp => 'tv'}));
reason('further audiences that are trusted, and others', 'audience_untrusted', 401, 'GET /t|GET /t',
    bearer(claims => {aud => ['spa', 'trusted', 'x']}),
    bearer(claims => {aud => ['spa', 'trusted']}));
reason('a subject of 256 bytes', 'subject', 401, 'GET /t|GET /t',
    bearer(sub => 'x' x 256),
    bearer(sub => 'x' x 255));
reason('a line break in the subject', 'subject', 401, 'GET /t|GET /t',
    bearer(claims => {sub => "a\n"}),
    bearer(claims => {sub => "a "}));
reason('no expiry', 'exp', 401, 'GET /t|GET /t',
    bearer(remove => ['exp']),
    bearer());
reason('an expiry that is a string', 'exp', 401, 'GET /t|GET /t',
    bearer(claims => {exp => '4102444800'}),
    bearer(claims => {exp => 4102444800}));
reason('expired beyond the leeway', 'expired', 401, 'GET /t|GET /t',
    bearer(exp => -31),
    bearer(exp => -20));
reason('no time of issue', 'iat', 401, 'GET /t|GET /t',
    bearer(remove => ['iat']),
    bearer());
reason('issued in the future beyond the leeway', 'iat_future', 401, 'GET /t|GET /t',
    bearer(claims => {iat => '+60'}),
    bearer(claims => {iat => '+20'}));
reason('issued too long ago', 'too_old', 401, 'GET /age|GET /age',
    bearer(claims => {iat => '-700'}),
    bearer(claims => {iat => '-600'}));
reason('a time of validity that is no number', 'nbf', 401, 'GET /t|GET /t',
    bearer(claims => {nbf => 'now'}),
    bearer(claims => {nbf => '-1'}));
reason('not valid yet beyond the leeway', 'not_yet_valid', 401, 'GET /t|GET /t',
    bearer(claims => {nbf => '+60'}),
    bearer(claims => {nbf => '+20'}));
reason('no time of authentication where it is asked for', 'auth_time', 401, 'GET /auth|GET /auth',
    bearer(),
    bearer(claims => {auth_time => '-1'}));
reason('authenticated too long ago', 'auth_too_old', 401, 'GET /auth|GET /auth',
    bearer(claims => {auth_time => '-700'}),
    bearer(claims => {auth_time => '-600'}));
reason('another client ID', 'kind_client', 401, 'GET /t|GET /t',
    bearer(claims => {client_id => 'spa2'}),
    bearer(claims => {client_id => 'spa'}));
reason('a logout token by its claims', 'kind_events', 401, 'GET /t|GET /t',
    bearer(claims => {events => {}}),
    bearer());
reason('an access token of Cognito', 'kind_token_use', 401, 'GET /t|GET /t',
    bearer(claims => {token_use => 'access'}),
    bearer(claims => {token_use => 'id'}));
reason('a refresh token of Keycloak', 'kind_typ', 401, 'GET /t|GET /t',
    bearer(claims => {typ => 'Refresh'}),
    bearer(claims => {typ => 'ID'}));
reason('an access token of ForgeRock', 'kind_token_name', 401, 'GET /t|GET /t',
    bearer(claims => {tokenName => 'access_token'}),
    bearer(claims => {tokenName => 'id_token'}));
reason('an access token of Entra', 'kind_access_token', 401, 'GET /t|GET /t',
    bearer(claims => {idtyp => 'app'}),
    bearer(claims => {idtyp => undef}));
reason('a scope without a nonce', 'kind_scope', 401, 'GET /t|GET /t',
    bearer(claims => {scope => 'a', client_id => 'spa'}),
    bearer(claims => {scope => 'a', client_id => 'spa', nonce => 'n'}));
reason('another nonce', 'nonce', 401, 'GET /nonce|GET /nonce',
    bearer(claims => {nonce => "n1"}) . "\nCookie: nonce=n2",
    bearer(claims => {nonce => "n2"}) . "\nCookie: nonce=n2");
reason('a forged request', 'csrf', 403, 'POST /cookie|POST /cookie',
    "Cookie: idt=" . token(),
    "Cookie: idt=" . token() . "\nSec-Fetch-Site: same-origin");
reason('a claim rule', 'claim_rule', 403, 'GET /rule|GET /rule',
    bearer(sub => 'bob'),
    bearer());
reason('a claim rule with 401', 'claim_rule_401', 401, 'GET /rule401|GET /rule401',
    bearer(sub => 'bob'),
    bearer());
reason('a claim rule with 404', 'claim_rule_404', 404, 'GET /rule404|GET /rule404',
    bearer(sub => 'bob'),
    bearer());
reason('an unknown provider', 'provider_unknown', 403, 'GET /selected|GET /selected',
    bearer() . "\nX-Provider: nobody",
    bearer() . "\nX-Provider: tenant");
reason('no keys', 'keys_unavailable', 503, 'GET /nokeys|GET /t',
    bearer(),
    bearer());

# Whose token it was is told when a rule or the nonce refuses it as well.
for my $row (
    ['/nonce', 'nonce: the nonce does not match', ''],
    ['/rule', 'claim_rule: a required claim does not match', 'claim "sub", '],
    ['/rule401', 'claim_rule_401: a required claim does not match', 'claim "sub", '],
) {
    my ($path, $reason, $claim) = @$row;
    for my $look ('at first', 'again') {
        my $from = length $nginx->log;
        $nginx->get($path, bearer(sub => "bob of $path"));
        like(substr($nginx->log, $from), qr{refused,[ ]\Q$reason\E,[ ]provider[ ]"tenant",
            [ ]\Q$claim\Ekid[ ]"k1",[ ]iss[ ]"https://tenant\.test/",[ ]aud[ ]"spa",[ ]client}x,
            "$path, $look: the whole log line");
    }
}

unlike($nginx->log, qr/eyJ[\w-]+\.eyJ/, 'no token in the log');
is($nginx->count_log(qr/exited on signal/), 0, 'no worker died');

done_testing();
