# auth_id_token_nonce: the token's nonce is a value, or the SHA-256 of it.

use lib 't/lib';
use strict;
use warnings;

use Digest::SHA qw(sha256_base64 sha256_hex);
use IdToken qw(provider token bearer);
use IdTokenNginx;
use Test::More;

my $nginx = IdTokenNginx->start(
    workers   => 1,
    providers => provider(),
    http      => 'map $http_x_salt $salt { default ""; ~^(.+)$ -$1; }',
    server    => <<'END',
    auth_id_token tenant;
    auth_id_token_nonce $cookie_login;
    add_header Error $id_token_error always;
    location = /t { empty_gif; }
    location = /prefix { auth_id_token_nonce pre-$cookie_login$salt; empty_gif; }
    location = /off { auth_id_token_nonce off; empty_gif; }
    location = /present { auth_id_token_nonce off; auth_id_token_require nonce present; empty_gif; }
    location = /report { auth_id_token_mode report; add_header Error $id_token_error; add_header Sub "[$id_token_claim_sub]"; empty_gif; }
    location = /optional { auth_id_token_mode optional; empty_gif; }
    location = /again { try_files /nothing /prefix; }
    location = /limit { auth_id_token_nonce off; limit_except GET { auth_id_token_nonce $cookie_login; } empty_gif; }
END
);

my $secret = 'kx8-J2.b~';
(my $url = sha256_base64($secret)) =~ tr{+/}{-_};
my $hex = sha256_hex($secret);

# the secret whose hash has all of the alphabet that differs
my $plus = (grep { sha256_base64($_) =~ m{\+.*/|/.*\+} } map {"s$_"} 1 .. 500)[0];
(my $plus_url = sha256_base64($plus)) =~ tr{+/}{-_};

sub ask {
    my ($path, $nonce, $cookie) = @_;
    my $answer = $nginx->get($path, 'Authorization: Bearer '
        . token(defined $nonce ? (claims => { nonce => $nonce }) : ()),
        defined $cookie ? "Cookie: a=1; login=$cookie" : 'Cookie: a=1');
    return $answer->{status} . ($answer->{error} ? " $answer->{error}" : '');
}

for my $row (
    ['equal',                     $secret, $secret, 200],
    ['SHA-256, base64url',        $url, $secret, 200],
    ['SHA-256, hexadecimal',      $hex, $secret, 200],
    ['base64url with - and _',    $plus_url, $plus, 200],
    ['base64 that is not for URLs', sha256_base64($plus), $plus, 401],
    ['base64url with padding',    "$url=", $secret, 401],
    ['upper-case hexadecimal',    uc $hex, $secret, 401],
    ['a hash that is cut',        substr($url, 0, 42), $secret, 401],
    ['another',                   'other', $secret, 401],
    ['a longer one',              "${secret}x", $secret, 401],
    ['a shorter one',             substr($secret, 1), $secret, 401],
    ['another case',              lc $secret, $secret, 401],
    ['the hash of another',       $url, 'other', 401],
    ['the secret, the cookie is the hash', $secret, $url, 401],
    ['a hash, the cookie is it',  $url, $url, 401],
    ['a hexadecimal one, the cookie is it', $hex, $hex, 401],
    ['one character more, the cookie is it', "${url}x", "${url}x", 200],
    ['no base64url, the cookie is it', '.' . substr($url, 1), '.' . substr($url, 1), 200],
    ['no cookie',                 $secret, undef, 401],
    ['no cookie, the hash of nothing', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855', undef, 401],
    ['an empty cookie',           $secret, '', 401],
    ['an empty cookie and an empty nonce', '', '', 401],
    ['an empty nonce',            '', $secret, 401],
    ['no nonce',                  undef, $secret, 401],
    ['neither',                   undef, undef, 401],
    ['a number',                  7, '7', 401],
    ['the same as a string',      '7', '7', 200],
    ['a list',                    [$secret], $secret, 401],
    ['a long one',                'n' x 2000, 'n' x 2000, 200],
    ) {
    my ($title, $nonce, $cookie, $status) = @$row;
    is(ask('/t', $nonce, $cookie), $status == 200 ? 200 : '401 nonce', "$title: $status");
    is(ask('/off', $nonce, $cookie), 200, "$title: off");
}

is(ask('/prefix', 'pre-x', 'x'), 200, 'a value of several parts');
is(ask('/prefix', 'x', 'x'), '401 nonce', 'not of one of them');
is(ask('/prefix', sha256_hex('pre-x'), 'x'), 200, 'the hash of all parts');
is(ask('/again', 'pre-x', 'x'), '401 nonce', 'both locations of an internal redirect: the first');
is(ask('/again', 'x', 'x'), '401 nonce', 'the second');
is(ask('/present', 'any', undef), 200, 'a rule: any nonce');
is(ask('/present', undef, undef), '403 claim_rule', 'a rule: none');
is(ask('/limit', 'x', 'y'), 200, 'limit_except: not for the methods beside it');

my $answer = $nginx->get('POST /limit', 'Content-Length: 0', bearer(claims => { nonce => 'x' }), 'Cookie: login=y');
is("$answer->{status} $answer->{error}", '401 nonce', 'limit_except: for the others');
like($answer->{'www-authenticate'}, qr/error="invalid_token", error_description="the nonce does not match"/, 'the challenge');
is($nginx->get('/optional', 'Cookie: login=x')->{status}, 200, 'optional, anonymous');
is(ask('/optional', 'x', 'y'), '401 nonce', 'optional, another nonce');
$answer = $nginx->get('/report', bearer(claims => { nonce => 'x' }), 'Cookie: login=y');
is("$answer->{status} $answer->{error} $answer->{sub}", '200 nonce []', 'report: told, no claim');
$answer = $nginx->get('/report', bearer(claims => { nonce => 'x' }), 'Cookie: login=x');
is("$answer->{status} $answer->{sub}", '200 [alice]', 'report: equal');
is($nginx->get('/t', bearer(claims => { nonce => 'x' }, exp => -60), 'Cookie: login=y')->{error}, 'expired', 'a bad token is that');

unlike($nginx->log, qr/\Q$secret\E|$hex/, 'no secret in the log');
is($nginx->complaints, '', 'nginx has nothing to complain about');
done_testing();
