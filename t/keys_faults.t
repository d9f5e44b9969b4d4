# Bad answers of a key server: the keys held stay in use, and one line of the
# log names the provider, the URL and what was wrong.

use strict;
use warnings;
use lib 't/lib';
use IdToken;
use IdTokenNginx;
use Test::More;
use Time::HiRes qw(time);

start_tenant();

# fault => what the log says of it
my %faults = (
    'status'         => qr/500/,
    'not-found'      => qr/404/,
    'unavailable'    => qr/503/,
    'redirect'       => qr/302.*redirect/,
    'no-content'     => qr/204/,
    'partial'        => qr/206/,
    'not-modified'   => qr/304/,
    'html'           => qr/the key set is not valid JSON/,
    'empty'          => qr/the key set is not valid JSON/,
    'garbage'        => qr/HTTP|answer/,
    'http09'         => qr/HTTP|answer/,
    'bad-json'       => qr/the key set is not valid JSON/,
    'trailing-junk'  => qr/the key set is not valid JSON/,
    'nul'            => qr/the key set is not valid JSON/,
    'utf16'          => qr/the key set is not valid JSON/,
    'duplicate'      => qr/the key set has a member twice/,
    'deep'           => qr/the key set is nested too deeply/,
    'not-object'     => qr/the key set is not a JSON object/,
    'no-keys'        => qr/the key set has no "keys" array/,
    'keys-not-array' => qr/the key set has no "keys" array/,
    'empty-set'      => qr/the key set holds no usable key/,
    'unusable'       => qr/the key set holds no usable key/,
    'truncated'      => qr/the answer was cut off/,
    'chunk-cut'      => qr/the answer was cut off/,
    'both'           => qr/Content-Length|Transfer-Encoding/,
    'gzip'           => qr/Content-Encoding|compressed/,
    'gzip-unsaid'    => qr/the key set is not valid JSON/,
    'big'            => qr/large|long|bytes/,
    'big-chunked'    => qr/large|long|bytes/,
    'header-flood'   => qr/large|long|header/,
    'interim-flood'  => qr/interim|too many|large|long/,
    'reset-request'  => qr/reset|closed/,
    'close-early'    => qr/closed|end/,
    'hang-head'      => qr/time|timed out/,
    'hang-body'      => qr/time|timed out/,
    'drip-body'      => qr/time|timed out/,
);
my @names = sort keys %faults;

control('/fault', { faults => [] });
my $providers = '';
my $server    = '';
for my $name (@names) {
    $providers .= provider($name,
        jwks_uri => tenant_url("/p/$name/jwks.json"));
    $server .= "location = /api/$name { auth_id_token $name; empty_gif; }\n";
}
my $nginx = IdTokenNginx->start(
    providers => provider(jwks_uri => tenant_url()) . $providers,
    server    => $server);

my $good = bearer();
my $bad  = bearer(key => '@attacker_rsa');

my $start = time;
my @sent  = map { $nginx->send_request("/api/$_", $good) } @names;
is(IdTokenNginx::read_answer($_)->{status}, 200, 'all begin with good keys')
    for @sent;
cmp_ok(time - $start, '<', 20, @names . ' providers start promptly');

control('/fault', { faults => [
    map { { preset => $_, match => "/p/$_/jwks.json" } } @names ] });

my %unknown = map { $_ => $nginx->send_request("/api/$_", $bad) } @names;
my %status  = map {
    $_ => IdTokenNginx::read_answer($unknown{$_})->{status}
} @names;
my %lines;
wait_until {
    %lines = ();
    for (split /\n/, $nginx->log) {
        push @{ $lines{$1} }, $_
            if /\[error\].*id_token_provider "([^"]+)": no keys from/;
    }
    return keys %lines == @names;
};

for my $name (@names) {
    subtest $name => sub {
        is($status{$name}, 503, 'an unknown key cannot be judged');
        is($nginx->get("/api/$name", $good)->{status}, 200,
            'the keys held remain in use') for 1 .. 3;
        my @lines = @{ $lines{$name} || [] };
        is(@lines, 1, 'one line');
        like($lines[0], qr{"\Q${\ tenant_url("/p/$name/jwks.json")}\E": (.+)
            ;[ ]the[ ]keys[ ]held[ ]remain[ ]in[ ]use}x, 'with the URL');
        my ($what) = ($lines[0] || '') =~ /": no keys from "[^"]*": (.*);/;
        like($what, $faults{$name}, 'and what was wrong');
    };
}

$nginx->stop;
is($nginx->complaints, '', 'nothing to complain of');

subtest 'bad keys in a good set are told once' => sub {
    control('/faults/clear');
    my $set = JSON::PP::decode_json(jwks('@rsa1'));
    push @{ $set->{keys} },
        { kty => 'oct', kid => "evil\"\n[alert] x", k => 'c2VjcmV0' };
    control('/jwks', { json => $set });
    my $own = IdTokenNginx->start(providers => provider(
        jwks_uri => tenant_url(), jwks_refresh => '1s',
        jwks_min_interval => '1s'));
    is($own->status, 200, 'the good key serves');
    control('/reset');
    control('/wait', { jwks => 2, timeout => 30 });
    is($own->count_log(qr/\[warn\].*the key "evil\?\?\[alert\] x" is symmetric.*: skipped/),
        1, 'one line for the set');
    $own->stop;
};

done_testing();
