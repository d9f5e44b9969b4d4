# Keys by time: refreshes, Cache-Control, outages, back-off, the end of use.

use strict;
use warnings;
use lib 't/lib';
use IdToken;
use IdTokenNginx;
use Test::More;
use Time::HiRes qw(sleep time);

start_tenant();

sub fetches { return counters()->{jwks} }

sub start {
    my ($headers, %opt) = @_;
    control('/reset', { all => JSON::PP::true });
    control('/headers', $headers);
    my $nginx = IdTokenNginx->start(
        providers => provider(jwks_uri => tenant_url(), %opt));
    $nginx->status == 200 or die "no keys:\n" . $nginx->log;
    return $nginx;
}

sub ends_well {
    my ($nginx) = @_;
    $nginx->stop;
    is($nginx->complaints, '', 'nothing to complain of');
    return;
}

# Fetches within SECONDS, with a request now and then.
sub fetches_in {
    my ($nginx, $seconds) = @_;
    control('/reset');
    my $until = time + $seconds;
    while (time < $until) {
        $nginx->status == 200 or return 'refused';
        sleep 0.1;
    }
    return fetches();
}

subtest 'keys are refreshed by time, requests or not' => sub {
    my $nginx = start({}, jwks_refresh => '1s', jwks_min_interval => '1s');
    control('/reset');
    sleep 3.5;
    my $fetches = fetches();
    cmp_ok($fetches, '>=', 2, "$fetches fetches in 3.5 s, not fewer than 2");
    cmp_ok($fetches, '<=', 4, 'nor more than 4');
    ends_well($nginx);
};

subtest 'max-age shortens the time' => sub {
    my $nginx = start({ 'Cache-Control' => 'public, max-age=1' },
        jwks_min_interval => '1s');
    my $fetches = fetches_in($nginx, 3.5);
    cmp_ok($fetches, '>=', 2, "$fetches fetches in 3.5 s, not fewer than 2");
    cmp_ok($fetches, '<=', 4, 'nor more than 4');
    ends_well($nginx);
};

subtest 'Age counts' => sub {
    my $nginx = start({ 'Cache-Control' => 'max-age=3600', 'Age' => '3599' },
        jwks_min_interval => '1s');
    cmp_ok(fetches_in($nginx, 2.5), '>=', 1, 'fetched again');
    ends_well($nginx);
};

subtest 'max-age does not stretch the time' => sub {
    my $nginx = start({ 'Cache-Control' => 'max-age=3600' },
        jwks_refresh => '1s', jwks_min_interval => '1s');
    cmp_ok(fetches_in($nginx, 2.5), '>=', 1, 'fetched again');
    ends_well($nginx);
};

subtest 'no-store and max-age=0 do not mean a fetch per request' => sub {
    my $nginx = start(
        { 'Cache-Control' => 'no-store, no-cache, max-age=0' },
        jwks_min_interval => '2s');
    my $fetches = fetches_in($nginx, 3);
    cmp_ok($fetches, '<=', 2, "$fetches fetches");
    ends_well($nginx);
};

subtest 'an outage: the keys serve, attempts grow rarer' => sub {
    my $nginx = start({}, jwks_refresh => '1s', jwks_min_interval => '1s');
    control('/fault', 'unavailable');
    my $fetches = fetches_in($nginx, 6);
    cmp_ok($fetches, '>=', 2, "$fetches attempts in 6 s, not fewer than 2");
    cmp_ok($fetches, '<=', 6, 'nor more than 6');
    is($nginx->count_log(qr/no keys from/), 1, 'told once');
    is($nginx->count_log(qr/answered 503.*; the keys held remain in use/), 1,
        'what, and that the keys serve');
    control('/fault', 'html');
    ok(&wait_until(sub { $nginx->count_log(qr/no keys from/) == 2 }, 32),
        'another failure is told, not too soon');
    control('/faults/clear');
    # the sixth failure in a row is followed by a pause of 32 s at most
    ok(&wait_until(sub { $nginx->count_log(
        qr/\[notice\].*keys fetched from "http.*" after \d+ failed attempts/)
    }, 40), 'recovery is told');
    ends_well($nginx);
};

subtest 'failures that differ each time do not flood the log' => sub {
    my $nginx = start({}, jwks_refresh => '1s', jwks_min_interval => '1s');
    control('/fault', { faults => [ map { { status => 302, times => 1,
        headers => { Location => "https://login.test/?state=$_" } } }
        1 .. 20 ] });
    my $fetches = fetches_in($nginx, 6);
    cmp_ok($fetches, '>=', 2, "$fetches attempts");
    is($nginx->count_log(qr/no keys from/), 1, 'told once');
    ends_well($nginx);
};

subtest 'keys that are too old are not used any more' => sub {
    my $nginx = start({}, jwks_refresh => '1s', jwks_min_interval => '1s',
        jwks_max_stale => '3s');
    control('/fault', 'reset-accept');
    my $start = time;
    sleep 0.1 while $nginx->status == 200 && time - $start < 8;
    my $age = time - $start;
    cmp_ok($age, '>', 1.5, 'in use for a while');
    cmp_ok($age, '<', 4.5, 'but no longer than allowed');
    my $answer = $nginx->get('/api', bearer());
    is($answer->{status}, 503, 'then 503');
    is($answer->{error}, 'keys_unavailable', 'for this reason');
    control('/faults/clear');
    ok(&wait_until(sub { $nginx->status == 200 }, 10),
        'and used again when they have been fetched');
    ends_well($nginx);
};

done_testing();
