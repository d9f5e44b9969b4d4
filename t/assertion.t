# The signed identity for upstreams: what an upstream gets, and that a library
# which is not ours verifies it by the key set that nginx serves.

use lib 't/lib';
use strict;
use warnings;

use IPC::Open3 qw(open3);
use JSON::PP ();
use MIME::Base64 qw(decode_base64);
use Test::More;
use Time::HiRes qw(time);

use IdToken;
use IdTokenNginx;

my $mint   = $ENV{ID_TOKEN_MINT};
my $gate   = 'https://gateway.example';
my $python = -x '/usr/bin/python3' ? '/usr/bin/python3' : 'python3';

sub pem {
    my ($file, $key) = @_;
    my $path = write_file($file, scalar `$mint pem $key`);
    chmod 0600, $path;
    return $path;
}

my $ec  = pem('ec.pem',  '@ec2');
my $rsa = pem('rsa.pem', '@rsa2');

sub assertion {
    my ($name, %opt) = @_;
    %opt = (key => $ec, issuer => $gate, audience => $name,
        claims => 'sub email', %opt);
    return "id_token_assertion $name {\n"
        . join('', map {"    $_ $opt{$_};\n"} grep { defined $opt{$_} }
            sort keys %opt) . "}\n";
}

my $all = join ' ', map {"\"$_\""} qw(email_verified n big groups address
    https://example.com/roles absent nothing);
my $assertions = assertion('app') . assertion('legacy', key => $rsa)
    . assertion('wide', claims => $all)
    . assertion('short', lifetime => '3s')
    . assertion('plain', claims => undef);

my $server = <<'_CONF_';
    location /app {
        auth_id_token tenant;
        proxy_set_header X-Id-Assertion $id_token_assertion_app;
        proxy_pass http://$server_addr:$server_port/echo;
    }
    location = /echo {
        add_header Seen $http_x_id_assertion;
        return 200 $http_x_id_assertion;
    }
    location = /optional {
        auth_id_token tenant;
        auth_id_token_mode optional;
        proxy_set_header X-Id-Assertion $id_token_assertion_app;
        proxy_pass http://$server_addr:$server_port/echo;
    }
    location = /report {
        auth_id_token tenant;
        auth_id_token_mode report;
        proxy_set_header X-Id-Assertion $id_token_assertion_app;
        proxy_pass http://$server_addr:$server_port/echo;
    }
    location = /any {
        auth_id_token tenant;
        satisfy any;
        allow all;
        proxy_set_header X-Id-Assertion $id_token_assertion_app;
        proxy_pass http://$server_addr:$server_port/echo;
    }
    location = /off {
        proxy_set_header X-Id-Assertion $id_token_assertion_app;
        proxy_pass http://$server_addr:$server_port/echo;
    }
    location = /direct {
        auth_id_token tenant;
        add_header App    $id_token_assertion_app always;
        add_header Again  $id_token_assertion_app always;
        add_header Legacy $id_token_assertion_legacy always;
        add_header Wide   $id_token_assertion_wide always;
        add_header Short  $id_token_assertion_short always;
        add_header Error  $id_token_error always;
        add_header Expires-In $id_token_expires_in always;
        empty_gif;
    }
    location = /deep {
        auth_id_token tenant;
        auth_request /sub;
        add_header App $id_token_assertion_app always;
        empty_gif;
    }
    location = /sub {
        add_header X $id_token_assertion_app;
        return 204;
    }
    location = /header {
        auth_id_token tenant;
        auth_id_token_set_header X-Id-Assertion $id_token_assertion_plain;
        proxy_pass http://$server_addr:$server_port/echo;
    }
    location = /jwks {
        id_token_assertion_jwks app;
    }
    location = /jwks/legacy {
        id_token_assertion_jwks legacy;
        expires 1m;
    }
    location = /jwks/if {
        id_token_assertion_jwks app;
        if ($arg_x) { set $y 1; }
        limit_except GET { deny all; }
    }
_CONF_

my $keys      = write_file('jwks.json', jwks('@rsa1', '@ec2:same'));
my $providers = provider(jwks_file => $keys, algorithms => 'RS256 ES256');

sub gate {
    my (%opt) = @_;
    return IdTokenNginx->start(workers => 1, providers => $providers,
        http => $assertions, server => $server, %opt);
}

sub part {
    my ($token, $n) = @_;
    my $text = (split /\./, $token || '..')[$n] || '';
    $text =~ tr{-_}{+/};
    return JSON::PP->new->decode(decode_base64($text) || '{}');
}

sub claims { return part($_[0], 1) }

# ($text, $ok) as PyJWT says
sub verify {
    my ($nginx, $token, $audience, $path, $issuer) = @_;
    my $url = "http://127.0.0.1:$nginx->{port}" . ($path || '/jwks');
    my $pid = open3(my $in, my $out, undef, $python,
        't/run/verify_assertion.py', $url, $issuer || $gate, $audience);
    print {$in} $token;
    close $in;
    my $text = do { local $/; <$out> };
    waitpid $pid, 0;
    return wantarray ? ($text, $? == 0) : $text;
}

my $nginx = gate();
my $alice = bearer(claims => { email => 'alice@example.com', nonce => 'n1' });

# what the upstream gets
{
    my $before = int time;
    my $answer = $nginx->get('/app', $alice);
    my $after  = time;
    is($answer->{status}, 200, 'the request passes');
    my $token = $answer->{body};
    my ($said, $ok) = verify($nginx, $token, 'app');
    ok($ok, 'PyJWT verifies it by the key set served') or diag $said;
    my ($header, $claims) = map { JSON::PP->new->decode($_) } split /\n/, $said;
    is_deeply([sort keys %$header], [qw(alg kid typ)], 'three header members');
    is($header->{alg}, 'ES256',            'ES256 by the key of a curve');
    is($header->{typ}, 'id-assertion+jwt', 'its own type');
    is_deeply([sort keys %$claims], [qw(aud email exp iat iss sub)],
        'the named claims and ours, no others');
    is($claims->{sub},   'alice',             'the subject');
    is($claims->{email}, 'alice@example.com', 'another claim');
    is($claims->{iss},   $gate,               'our issuer');
    is($claims->{aud},   'app',               'its audience');
    cmp_ok($claims->{iat}, '>=', $before, 'issued now');
    cmp_ok($claims->{iat}, '<=', $after,  'and not later');
    is($claims->{exp} - $claims->{iat}, 60, 'a minute by default');

    my ($text, $other) = verify($nginx, $token, 'other');
    ok(!$other, 'another audience is refused by the library');
    like($text, qr/InvalidAudience/, 'and named');
    ($text, $other) = verify($nginx, $token, 'app', '/jwks/legacy');
    ok(!$other, 'by another key set it cannot be verified');
}

# by auth_id_token_set_header, and without "claims"
{
    my $token = $nginx->get('/header', $alice, 'x_id_assertion: forged')
        ->{body};
    ok((verify($nginx, $token, 'plain'))[1], 'set as a header: verified');
    is_deeply([sort keys %{ claims($token) }], [qw(aud exp iat iss sub)],
        'the subject alone by default');
}

# RSA
{
    my $token = $nginx->get('/direct', $alice)->{legacy};
    my ($said, $ok) = verify($nginx, $token, 'legacy', '/jwks/legacy');
    ok($ok, 'PyJWT verifies RS256') or diag $said;
    is(part($token, 0)->{alg}, 'RS256', 'RS256 by an RSA key');
}

# once per token and lifetime
{
    my $carol = bearer(sub => 'carol');
    my $first = $nginx->get('/app', $carol)->{body};
    is($nginx->get('/app', $carol)->{body}, $first, 'the same bytes again');
    my $direct = $nginx->get('/direct', $carol);
    is($direct->{app},   $first, 'in another location too');
    is($direct->{again}, $first, 'twice in one request');
    isnt($direct->{legacy}, $first, 'another assertion is another');
    isnt($nginx->get('/app', bearer(sub => 'bob'))->{body}, $first,
        'another token is another');
    is(claims($nginx->get('/app', bearer(sub => 'bob'))->{body})->{sub},
        'bob', 'of its own subject');
    is(claims($nginx->get('/app', $alice)->{body})->{sub}, 'alice',
        'and neither is the other');
}

# renewed at half its life
{
    # at most half of its 3 s, by the clock that nginx has of whole seconds
    my $too_old = 0;
    my $short   = sub {
        my $asked = int time;
        my $text  = $nginx->get('/direct', $alice)->{short};
        $too_old++ if claims($text)->{iat} < $asked - 1;
        return $text;
    };
    my $first = $short->();
    my $next  = wait_until {
        my $now = $short->();
        return $now ne $first ? $now : undef;
    };
    ok($next, 'a new one comes');
    cmp_ok(claims($next)->{iat} - claims($first)->{iat}, '>=', 2,
        'not at once');
    $short->() for 1 .. 20;
    is($too_old, 0, 'there is life in each that is handed out');
}

# types of values
{
    my $token = $nginx->get('/direct', bearer(claims => {
        email_verified => JSON::PP::true, n => 1.5,
        big => 9007199254740993, groups => ['a', 1], address => { x => undef },
        'https://example.com/roles' => ["\x{e4}\n"], nothing => undef }))->{wide};
    my ($said, $ok) = verify($nginx, $token, 'wide');
    ok($ok, 'verified') or diag $said;
    like($said, qr/"email_verified": true/,     'a boolean');
    like($said, qr/"n": 1.5/,                   'a real');
    like($said, qr/"big": 9007199254740993/,    'an integer');
    like($said, qr/"groups": \["a", 1\]/,       'an array');
    like($said, qr/"address": \{"x": null\}/,   'an object');
    like($said, qr{"https://example.com/roles": \["\\u00e4\\n"\]}, 'a URL');
    unlike($said, qr/"sub"|absent|nothing/, 'not named, not there, null: not in it');
}

# never beyond the ID token
{
    my $end    = int(time) + 50;
    my $claims = claims($nginx->get('/app', bearer(sub => 'c', exp => $end))
        ->{body});
    is($claims->{exp}, $end, 'ends with the ID token');
    my $late = $nginx->get('/direct', bearer(sub => 'd', exp => -5));
    is($late->{status}, 200, 'inside the leeway the token is good');
    is($late->{app}, undef, 'but no assertion outlives it');
}

# nobody proven, nothing signed
{
    my $own = 'X-Id-Assertion: forged';
    for my $case (['/optional'], ['/report'],
        ['/report', bearer(break => 'sig')], ['/any'], ['/off'],
        ['/off', $alice]) {
        my ($path, @token) = @$case;
        my $answer = $nginx->get($path, $own, @token);
        is("$answer->{status} $answer->{body}", '200 ',
            "$path, " . (@token ? 'a token' : 'none') . ': none, nor the '
                . q{client's own});
    }
    is($nginx->get('/app', bearer(break => 'sig'))->{status}, 401, 'refused');
    for my $path ('/optional', '/report', '/any') {
        is(claims($nginx->get($path, $alice)->{body})->{sub}, 'alice',
            "$path, proven: one");
    }
    my $deep = $nginx->get('/deep', $alice);
    is($deep->{status}, 200, 'with a subrequest');
    is(claims($deep->{app})->{sub}, 'alice', 'one');
}

# no ID token
{
    my $token  = $nginx->get('/app', $alice)->{body};
    my $answer = $nginx->get('/direct', "Authorization: Bearer $token");
    is($answer->{status}, 401,   'an assertion is refused as an ID token');
    is($answer->{error},  'typ', 'by its type');
}

# the key set
{
    my $answer = $nginx->get('/jwks');
    is($answer->{status}, 200, 'the key set');
    is($answer->{'content-type'}, 'application/jwk-set+json', 'its type');
    is($answer->{'cache-control'}, 'public, max-age=300', 'may be kept');
    my $set = JSON::PP->new->decode($answer->{body});
    is(scalar @{ $set->{keys} }, 1, 'one key');
    is_deeply([sort keys %{ $set->{keys}[0] }], [qw(alg crv kid kty use x y)],
        'the public half');
    is($set->{keys}[0]{kid},
        part($nginx->get('/app', $alice)->{body}, 0)->{kid}, 'the same kid');
    my $head = $nginx->get('HEAD /jwks');
    is($head->{status}, 200, 'HEAD');
    is($head->{body}, '', 'has no body');
    is($head->{'content-length'}, length $answer->{body}, 'but its length');
    for my $method (qw(POST PUT DELETE OPTIONS)) {
        is($nginx->get("$method /jwks", 'Content-Length: 0')->{status}, 405,
            "$method is refused");
    }
    is($nginx->get('/jwks/if?x=1')->{body}, $answer->{body}, 'through an if');
    is($nginx->get('POST /jwks/if', 'Content-Length: 0')->{status}, 403,
        'limit_except');
    is($nginx->get('/jwks/legacy')->{'cache-control'}, 'max-age=60',
        '"expires" has the last word');
}

# another key after a reload
{
    my $before = $nginx->get('/app', $alice)->{body};
    my $old    = $nginx->get('/jwks')->{body};
    pem('ec.pem', '@ec1');
    $nginx->reload;
    isnt($nginx->get('/jwks')->{body}, $old, 'a new key is served');
    my $after = $nginx->get('/app', $alice)->{body};
    isnt(part($after, 0)->{kid}, part($before, 0)->{kid}, 'and signs');
    ok((verify($nginx, $after, 'app'))[1], 'verified');
    ok(!(verify($nginx, $before, 'app'))[1], 'the old key is gone');
    pem('ec.pem', '@ec2');
}

# nothing secret in the log
sub secrets {
    my ($log) = @_;
    my @lines = map { grep { length > 40 } split /\n/ }
        map { scalar `$mint pem $_` } '@ec1', '@ec2', '@rsa2';
    return scalar grep { index($log, $_) >= 0 } @lines;
}
is(secrets($nginx->log . $nginx->stderr), 0, 'no part of a key in the log');
unlike($nginx->log, qr/eyJ/, 'no token');
is($nginx->complaints, '', 'no complaint');
$nginx->stop;

# without a cache each request has its own
$nginx = gate(http => $assertions . "id_token_cache off;\n");
{
    my $first = $nginx->get('/direct', $alice);
    is($first->{again}, $first->{app}, 'cache off: the same within a request');
    isnt($nginx->get('/direct', $alice)->{app}, $first->{app},
        'another in the next');
    ok((verify($nginx, $first->{app}, 'app'))[1], 'verified');
}
is($nginx->complaints, '', 'no complaint');
$nginx->stop;

# what is remembered counts in the cache's bound
$nginx = gate(http => $assertions . "id_token_cache 16k;\n");
{
    my $bad = grep {
        claims($nginx->get('/direct', bearer(sub => "u$_"))->{app})->{sub}
            ne "u$_"
    } 1 .. 40;
    is($bad, 0, 'a small cache: each has its own');
}
is($nginx->complaints, '', 'no complaint');
$nginx->stop;

done_testing();
