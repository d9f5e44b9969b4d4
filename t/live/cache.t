# id_token_cache: a remembered token is judged as a new one is, but for its
# signature. The same with none, a tiny and the default cache.

use lib 't/lib';
use strict;
use warnings;

use Time::HiRes qw(sleep time);

use IdToken;
use IdTokenNginx;
use Test::More;

my $tenant = start_tenant();
my $keys   = write_file('keys.json', jwks('@rsa1:k1', '@ec1:e1'));
my @caches = ('off', '4k', 'default');
my (%nginx, %seen);

my $server = <<'END';
    add_header Error $id_token_error always;
    auth_id_token tenant;
    location = /t { empty_gif; }
    location = /cookie { auth_id_token_source cookie=idt; empty_gif; }
    location = /rule { auth_id_token_require sub = bob; empty_gif; }
    location = /nonce { auth_id_token_nonce $cookie_n; empty_gif; }
    location = /twin { auth_id_token twin; empty_gif; }
    location = /client { auth_id_token client; empty_gif; }
    location = /age { auth_id_token age; empty_gif; }
    location = /url { auth_id_token url; empty_gif; }
    location = /again { try_files /nothing /t; }
    location = /again-twin { try_files /nothing /twin; }
    location = /claims { add_header Claims "$id_token_claim_sub $id_token_claim_x $id_token_kid $id_token_alg" always; empty_gif; }
END

sub providers {
    my (%opt) = @_;
    return provider('tenant', jwks_file => $keys, algorithms => 'RS256 ES256', %opt)
        . provider('twin', jwks_file => $keys)
        . provider('client', jwks_file => $keys, client_id => 'other')
        . provider('age', jwks_file => $keys, max_age => '100s', leeway => '0s')
        . provider('url', jwks_file => undef, jwks_uri => tenant_url(), jwks_refresh => '1s', jwks_min_interval => '1s');
}

for my $cache (@caches) {
    my $main = $cache eq 'default' ? '' : "id_token_cache $cache;";
    $nginx{$cache} = IdTokenNginx->start(
        workers   => 1,
        main      => 'error_log logs/debug.log debug;',
        providers => providers(),
        http      => $main,
        server    => $server,
    );
}

# How many signatures have been verified since it was asked last.
sub verified {
    my ($cache) = @_;
    my $path = "$nginx{$cache}{dir}/logs/debug.log";
    open my $log, '<', $path or die "$path: $!";
    seek $log, $seen{$cache} || 0, 0;
    my $sum = 0;
    while (my $line = <$log>) {
        $sum += $1 if $line =~ /id_token signatures verified: (\d+)/;
    }
    $seen{$cache} = tell $log;
    return $sum;
}

sub ask {
    my ($cache, $path, @headers) = @_;
    my $answer = $nginx{$cache}->get($path, @headers);
    return "$answer->{status}" . ($answer->{error} ? " $answer->{error}" : '');
}

# The same answers whatever the cache; and how many verifications each takes.
sub same {
    my ($title, $answers, $counts, @requests) = @_;
    for my $cache (@caches) {
        verified($cache);
        my $got = join ', ', map { ask($cache, @$_) } @requests;
        is($got, $answers, "cache $cache: $title: $answers");
        my $want = shift @$counts;
        is(verified($cache), $want, "cache $cache: $title: $want verified");
    }
    return;
}

# two that end during this test, one of them remembered
my $soon    = time + 12;
my $ending  = 'Authorization: Bearer ' . token(kid => 'k1', exp => int($soon) - 30);
my $ageing  = 'Authorization: Bearer ' . token(kid => 'k1', claims => { iat => int($soon) - 100 });
same('before its end', '200', [1, 1, 1], ['/t', $ending]);
same('before its age', '200', [1, 1, 1], ['/age', $ageing]);

my $good = bearer(kid => 'k1', claims => { x => 1 });
my $bob  = bearer(kid => 'k1', sub => 'bob', claims => { nonce => 'n' });
my $ec   = bearer(key => '@ec1', kid => 'e1');
my $bad  = bearer(kid => 'k1', exp => -60);

same('three times', '200, 200, 200', [3, 1, 1], (['/t', $good]) x 3);
same('another token', '200, 200', [2, 1, 1], (['/t', $ec]) x 2);
same('the first again', '200', [1, 0, 0], ['/t', $good]);
same('a bad one is never remembered', '401 expired, 401 expired', [2, 2, 2], (['/t', $bad]) x 2);
same('a bad signature of a remembered one', '401 signature, 200', [2, 1, 1],
    ['/t', $good =~ s/(.)(.{40})$/($1 eq 'A' ? 'B' : 'A') . $2/er], ['/t', $good]);
same('the unused bits of a remembered one', '401 base64url, 200', [1, 0, 0],
    ['/t', bearer(kid => 'k1', claims => { x => 1 }, break => 'spare-bits')], ['/t', $good]);
same('padding behind it', '401 base64url', [0, 0, 0], ['/t', "$good="]);
same('words behind it', '400 credentials_malformed', [0, 0, 0], ['/t', "$good x"]);
same('by another source', '200', [1, 0, 0], ['/cookie', 'Cookie: idt=' . token(kid => 'k1', claims => { x => 1 })]);
same('quoted there', '200', [1, 0, 0], ['/cookie', 'Cookie: idt="' . token(kid => 'k1', claims => { x => 1 }) . '"']);
same('a forged request with it', '403 csrf', [1, 0, 0],
    ['POST /cookie', 'Content-Length: 0', 'Cookie: idt=' . token(kid => 'k1', claims => { x => 1 })]);
same('both sources', '200', [1, 0, 0], ['/t', $good, 'Cookie: idt=x']);
same('another provider alike', '200, 200', [2, 1, 1], (['/twin', $good]) x 2);
same('another client', '401 audience, 401 audience', [2, 2, 2], (['/client', $good]) x 2);
same('a rule that is not met', '403 claim_rule', [1, 0, 0], ['/rule', $good]);
same('a rule that is', '200, 200', [2, 1, 1], ['/rule', $bob], ['/t', $bob]);
same('a nonce', '200, 401 nonce, 401 nonce', [3, 0, 0], ['/nonce', $bob, 'Cookie: n=n'], ['/nonce', $bob, 'Cookie: n=x'], ['/nonce', $bob]);
same('an internal redirect', '200', [1, 0, 0], ['/again', $bob]);
same('to another provider', '200', [2, 1, 1], ['/again-twin', $bob]);
same('and again', '200', [2, 0, 0], ['/again-twin', $bob]);
for my $cache (@caches) {
    $nginx{$cache}->get('/claims', $_) for $good, $ec;
    is($nginx{$cache}->get('/claims', $good)->{claims}, 'alice 1 k1 RS256', "cache $cache: its own claims");
    is($nginx{$cache}->get('/claims', $ec)->{claims}, 'alice  e1 ES256', "cache $cache: the other's");
}

# more tokens than a tiny cache holds; the first one stays in a large one
my @many = map { bearer(kid => 'k1', sub => "user$_") } 1 .. 12;
same('twelve tokens', join(', ', (200) x 12), [12, 12, 12], map { ['/t', $_] } @many);
same('the last of them', '200', [1, 0, 0], ['/t', $many[-1]]);
same('the first of them', '200', [1, 1, 0], ['/t', $many[0]]);
same('bad ones push nobody out', join(', ', ('401 expired') x 12, 200), [13, 12, 12],
    (map { ['/t', bearer(kid => 'k1', exp => -60 - $_)] } 1 .. 12), ['/t', $many[0]]);
my $large = bearer(kid => 'k1', claims => { x => 'y' x 5000 });
same('one that is larger than a tiny cache', '200, 200', [2, 2, 1], (['/t', $large]) x 2);

# keys of the tenant: added, then withdrawn
my $first  = bearer();
my $second = 'Authorization: Bearer ' . token(key => '@rsa2', kid => 'second');
for my $cache (@caches) {
    ok(wait_until(sub { ask($cache, '/url', $first) eq '200' }), "cache $cache: a key from a URL");
    is(ask($cache, '/url', $first), '200', "cache $cache: remembered");
}
control('/keys/add', { key => '@rsa2', kid => 'second' });
for my $cache (@caches) {
    ok(wait_until(sub { ask($cache, '/url', $second) eq '200' }), "cache $cache: a second key");
    is(ask($cache, '/url', $first), '200', "cache $cache: the first is still good");
}
my $kid = control('/keys')->{keys}[0];
$kid = ref $kid ? $kid->{kid} : $kid;
control('/keys/promote', { kid => 'second' });
control('/keys/retire', { kid => $kid });
for my $cache (@caches) {
    ok(wait_until(sub { ask($cache, '/url', $first) eq '401 key_unknown' }), "cache $cache: withdrawn, it counts for nothing");
    is(ask($cache, '/url', $second), '200', "cache $cache: the second is still good");
}

# time has gone on
sleep $soon + 1.1 - time if time < $soon + 1.1;
same('after its end', '401 expired', [1, 1, 0], ['/t', $ending]);
same('after its age', '401 too_old', [1, 1, 0], ['/age', $ageing]);

# reload: the same, then another client, then the first again
for my $cache (@caches) {
    $nginx{$cache}->reload;
    is(ask($cache, '/t', $good), '200', "cache $cache: after a reload");
    $nginx{$cache}->configure(providers => providers(client_id => 'new'));
    $nginx{$cache}->reload;
    is(ask($cache, '/t', $good), '401 audience', "cache $cache: after a reload with another client");
    is(ask($cache, '/twin', $good), '200', "cache $cache: another provider's is good");
    is($nginx{$cache}->complaints, '', "cache $cache: nginx has nothing to complain about");
    unlike($nginx{$cache}->log, qr/eyJ[\w-]+\.eyJ/, "cache $cache: no token in the log");
}

done_testing();
