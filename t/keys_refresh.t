# Keys by time: refreshes, Cache-Control, outages, back-off, the end of use.

use strict;
use warnings;
use lib 't/lib';
use IdToken;
use IdTokenNginx;
use Test::More;
use Time::HiRes qw(time);

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

# When the tenant was asked.
sub moments {
    my $path = counters()->{paths}{'/jwks.json'} || { times => [] };
    return @{ $path->{times} };
}

# Whether so many fetches come, with a request now and then, which is served.
sub fetched {
    my ($nginx, $count) = @_;
    my $refused = 0;
    my $come = wait_until {
        $refused++ if $nginx->status != 200;
        return fetches() >= $count;
    };
    is($refused, 0, 'keys serve meanwhile');
    return ok($come, "fetched $count times");
}

# The times between fetches are at least those, whatever stands still.
sub pauses {
    my (@least) = @_;
    my @times = moments();
    for my $i (0 .. $#least) {
        cmp_ok($times[ $i + 1 ] - $times[$i], '>', $least[$i] - 0.02,
            "not before $least[$i] s");
    }
    return;
}

subtest 'keys are refreshed by time, requests or not' => sub {
    my $nginx = start({}, jwks_refresh => '1s', jwks_min_interval => '1s');
    ok(&wait_until(sub { fetches() >= 3 }), 'fetched 3 times');
    pauses(1, 1);
    ends_well($nginx);
};

subtest 'max-age shortens the time' => sub {
    my $nginx = start({ 'Cache-Control' => 'public, max-age=1' },
        jwks_min_interval => '1s');
    fetched($nginx, 3) and pauses(1, 1);
    ends_well($nginx);
};

subtest 'Age counts' => sub {
    my $nginx = start({ 'Cache-Control' => 'max-age=3600', 'Age' => '3599' },
        jwks_min_interval => '1s');
    fetched($nginx, 2);
    ends_well($nginx);
};

subtest 'max-age does not stretch the time' => sub {
    my $nginx = start({ 'Cache-Control' => 'max-age=3600' },
        jwks_refresh => '1s', jwks_min_interval => '1s');
    fetched($nginx, 2);
    ends_well($nginx);
};

subtest 'no-store and max-age=0 do not mean a fetch per request' => sub {
    my $nginx = start(
        { 'Cache-Control' => 'no-store, no-cache, max-age=0' },
        jwks_min_interval => '2s');
    $nginx->status for 1 .. 20;
    fetched($nginx, 2) and pauses(2);
    ends_well($nginx);
};

subtest 'an outage: the keys serve, attempts grow rarer' => sub {
    my $nginx = start({}, jwks_refresh => '1s', jwks_min_interval => '1s');
    control('/fault', 'unavailable');
    control('/reset');
    fetched($nginx, 4) and pauses(0.5, 1, 2);
    is($nginx->count_log(qr/no keys from/), 1, 'told once');
    is($nginx->count_log(qr/answered 503.*; the keys held remain in use/), 1,
        'what, and that the keys serve');
    control('/fault', 'html');
    ok(&wait_until(sub { $nginx->count_log(qr/no keys from/) == 2 }, 60),
        'another failure is told, not too soon');
    control('/faults/clear');
    # the sixth failure in a row is followed by a pause of 32 s at most
    ok(&wait_until(sub { $nginx->count_log(
        qr/\[notice\].*keys fetched from "http.*" after \d+ failed attempts/)
    }, 90), 'recovery is told');
    ends_well($nginx);
};

subtest 'failures that differ each time do not flood the log' => sub {
    my $nginx = start({}, jwks_refresh => '1s', jwks_min_interval => '1s');
    my $start = time;
    control('/fault', { faults => [ map { { status => 302, times => 1,
        headers => { Location => "https://login.test/?state=$_" } } }
        1 .. 20 ] });
    control('/reset');
    fetched($nginx, 4);
    my $told = $nginx->count_log(qr/no keys from/);
    cmp_ok($told, '>=', 1, 'told');
    cmp_ok($told, '<=', 1 + int((time - $start) / 10), 'once in 10 s');
    ends_well($nginx);
};

subtest 'in the back-off requests draw on the bucket, then are refused' => sub {
    control('/reset', { all => JSON::PP::true });
    control('/fault', 'not-found');
    my $nginx = IdTokenNginx->start(
        providers => provider(jwks_uri => tenant_url()));
    # Were they to wait for the next attempt, each would have one of its own.
    my @status = map { $nginx->status } 1 .. 12;
    is("@status", join(' ', (503) x 12), 'they are refused');
    cmp_ok(fetches(), '<', 8, 'at once');
    ok(&wait_until(sub { $nginx->status; fetches() >= 3 }), 'attempts go on');
    ends_well($nginx);
};

subtest 'keys that are too old are not used any more' => sub {
    my $nginx = start({}, jwks_refresh => '1s', jwks_min_interval => '1s',
        jwks_max_stale => '3s');
    control('/fault', 'reset-accept');
    my $last = (moments())[-1];
    ok(&wait_until(sub { $nginx->status != 200 }, 15),
        'in use no longer than allowed');
    cmp_ok(time - $last, '>', 3, 'but as long');
    my $answer = $nginx->get('/api', bearer());
    is($answer->{status}, 503, 'then 503');
    is($answer->{error}, 'keys_unavailable', 'for this reason');
    control('/faults/clear');
    ok(&wait_until(sub { $nginx->status == 200 }),
        'and used again when they have been fetched');
    ends_well($nginx);
};

done_testing();
