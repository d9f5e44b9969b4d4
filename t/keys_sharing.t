# Providers with the same source share one set; hundreds start promptly.

use strict;
use warnings;
use lib 't/lib';
use IdToken;
use IdTokenNginx;
use Test::More;
use Time::HiRes qw(time);

my $tenant = start_tenant();

sub fresh { return control('/reset', { all => JSON::PP::true }) }

sub paths { return counters()->{paths} }

subtest 'the same source is fetched once' => sub {
    fresh();
    my $uri   = tenant_url();
    my $nginx = IdTokenNginx->start(
        providers => provider(jwks_uri => $uri)
            . provider('second', jwks_uri => $uri, client_id => 'second')
            . provider('third', jwks_uri => $uri, client_id => 'third',
                leeway => '5s', jwks_refresh => '1h'),
        server => join('', map {
            "location = /$_ { auth_id_token $_; empty_gif; }\n"
        } qw(second third)));
    is($nginx->status, 200, 'one provider');
    is($nginx->get("/$_", bearer(aud => $_))->{status}, 200, 'another')
        for qw(second third);
    is($nginx->get('/second', bearer())->{status}, 401, 'with its own rules');
    is(paths()->{'/jwks.json'}{count}, 1, 'one fetch');
    $nginx->stop;
    is($nginx->complaints, '', 'nothing to complain of');
};

subtest 'the more careful times count' => sub {
    fresh();
    my $uri   = tenant_url();
    my $nginx = IdTokenNginx->start(
        providers => provider(jwks_uri => $uri, jwks_refresh => '1h',
                jwks_min_interval => '1s')
            . provider('second', jwks_uri => $uri, jwks_refresh => '1s',
                jwks_min_interval => '1s')
            . provider('third', jwks_uri => $uri, jwks_min_interval => '2s'));
    is($nginx->status, 200, 'keys are there');
    my @times;
    ok(&wait_until(sub {
        @times = @{ paths()->{'/jwks.json'}{times} };
        return @times >= 3;
    }), 'refreshed');
    cmp_ok($times[$_] - $times[ $_ - 1 ], '>', 1.98,
        'no faster than the longest interval') for 1, 2;
    $nginx->stop;
    is($nginx->complaints, '', 'nothing to complain of');
};

subtest 'another issuer or trust is another source' => sub {
    fresh();
    my $uri   = "https://127.0.0.1:$tenant->{https}/jwks.json";
    my %tls   = (jwks_uri => $uri, ssl_trusted_certificate => $tenant->{ca});
    my $nginx = IdTokenNginx->start(
        providers => provider(%tls)
            . provider('second', %tls, issuer => 'https://second.test/')
            . provider('third', %tls, ssl_trusted_certificate => undef),
        server => join('', map {
            "location = /$_ { auth_id_token $_; empty_gif; }\n"
        } qw(second third)));
    is($nginx->status, 200, 'one provider');
    is($nginx->get('/second', bearer(iss => 'https://second.test/'))->{status},
        200, 'another issuer');
    is($nginx->get('/third', bearer())->{status}, 503,
        'keys that another CA vouched for are not lent');
    is(paths()->{'/jwks.json'}{count}, 2, 'two fetches');
    $nginx->stop;
};

subtest 'hundreds of providers' => sub {
    fresh();
    my $count = 300;
    my ($providers, $server) = ('', '');
    for my $i (1 .. $count) {
        $providers .= provider("p$i", jwks_uri => tenant_url("/p/$i/jwks.json"),
            jwks_refresh => '4s', jwks_min_interval => '1s');
        $server .= "location = /$i { auth_id_token p$i; empty_gif; }\n";
    }
    my $start = time;
    my $nginx = IdTokenNginx->start(server => $server,
        providers => provider(jwks_uri => tenant_url()) . $providers);
    cmp_ok(time - $start, '<', 25, 'nginx starts');
    is($nginx->get("/$count", bearer())->{status}, 200,
        'the last one does not wait for the others');
    my %paths;
    ok(&wait_until(sub { %paths = %{ paths() }; keys %paths > $count }, 60),
        'all are fetched');
    my @first = sort { $a <=> $b } map { $_->{times}[0] } values %paths;
    cmp_ok($first[-1] - $start, '>', 3, 'not all at once');
    # Who stands still brings some of them together, but not each time.
    my (@times, $between);
    for my $n (1 .. 4) {
        &wait_until(sub {
            @times = map { $_->{times}[$n] || () } values %{ paths() };
            @times >= $count
        }, 60);
        @times = sort { $a <=> $b } @times;
        $between = $times[-1] - $times[0];
        last if @times < $count || $between > 1;
    }
    cmp_ok(scalar @times, '>=', $count, 'and refreshed');
    cmp_ok($between, '>', 1, 'spread over time');
    cmp_ok($nginx->stop, '<', 25, 'quits in time');
    is($nginx->complaints, '', 'nothing to complain of');
};

done_testing();
