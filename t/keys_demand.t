# What requests may ask of the tenant, and what nobody can take from others:
# sweeps for unknown kids, keys that are replaced in place, no keys at all.

use strict;
use warnings;
use lib 't/lib';
use IdToken;
use IdTokenNginx;
use Test::More;
use Time::HiRes qw(sleep time);

start_tenant();

sub fetches { return counters()->{jwks} }

sub fresh {
    control('/reset', { all => JSON::PP::true });
    control('/keys/replace', { keys => ['@rsa1'] });
    return;
}

sub start {
    my (%opt) = @_;
    fresh();
    my $nginx = IdTokenNginx->start(providers => provider(
        jwks_uri => tenant_url(), jwks_min_interval => '10m', %opt));
    $nginx->status == 200 or die "no keys:\n" . $nginx->log;
    return $nginx;
}

sub ends_well {
    my ($nginx) = @_;
    $nginx->stop;
    is($nginx->complaints, '', 'nothing to complain of');
    return;
}

# What an inventor sends, and what comes back for it.
sub invent {
    my ($nginx, $kid) = @_;
    return $nginx->get('/api',
        bearer(key => '@attacker_rsa', header => { kid => $kid }));
}

# Of @rsa1, and of what replaces it.
my $kid = 'pub-rsa1-090c727a';

sub empty_bucket {
    my ($nginx) = @_;
    is(invent($nginx, "drop-$_")->{status}, 401, 'the bucket is drawn on')
        for 1 .. 3;
    return time;
}

subtest 'a sweep answers all who came before it' => sub {
    my $nginx = start();
    my $began = empty_bucket($nginx);
    is(fetches(), 4, 'it is empty');

    control('/keys/add', { key => '@rsa2' });
    my $answer = $nginx->get('/api', bearer(key => '@rsa2'));
    is($answer->{status}, 503, 'a new key is not judged');
    is($answer->{error}, 'keys_refetch_pending', 'for this reason');
    like($answer->{'retry-after'}, qr/^[1-5]$/, 'and soon is');
    is(invent($nginx, 'early')->{status}, 503, 'nor is an invented one');
    is(fetches(), 4, 'and nobody waits for a fetch');

    ok(&wait_until(sub { fetches() == 5 }), 'the sweep comes by itself');
    cmp_ok(time - $began, '>=', 4.4, 'after five seconds');
    cmp_ok(time - $began, '<', 9, 'and not much later');
    ok(&wait_until(sub { $nginx->status(key => '@rsa2') == 200 }),
        'the new key is known');
    is(invent($nginx, 'early')->{status}, 401, 'the invented one is judged');
    is(invent($nginx, 'late')->{status}, 503, 'another one is not');
    is(fetches(), 5, 'by one fetch for all');
    ok($nginx->tells(qr/\[warn\].* unknown or replaced keys: 1 requests got 503/),
        'the log says so');
    is($nginx->count_log(qr/requests got 503/), 1, 'once');
    ends_well($nginx);
};

# What a fetch by the clock may have from a cache, it may not.
subtest 'a fetch for an unknown key asks caches not to answer' => sub {
    my $nginx = start();
    is(invent($nginx, 'x')->{status}, 401, 'it was looked for');
    is_deeply([ map { $_->{headers}{'cache-control'} }
            grep { $_->{path} eq '/jwks.json' } @{ control('/requests') } ],
        [ undef, 'no-cache' ], 'by the second fetch');
    ends_well($nginx);
};

subtest 'who comes five seconds after a fetch waits for one' => sub {
    my $nginx = start();
    empty_bucket($nginx);
    sleep 5.2;
    is(invent($nginx, 'x')->{status}, 401, 'it was looked for');
    is(fetches(), 5, 'at once');
    ends_well($nginx);
};

subtest 'a key that was replaced under its kid' => sub {
    my $nginx = start();
    my @new = (key => '@rsa2', header => { kid => $kid });
    is($nginx->status(@new), 401, 'one that is not there');
    is(fetches(), 2, 'has one fetch');
    is($nginx->status(@new), 401, 'and then none') for 1 .. 4;
    is(fetches(), 2, 'for its bucket is empty');
    is(invent($nginx, 'x')->{status}, 401, 'unknown kids');
    is(fetches(), 3, 'have theirs');
    ends_well($nginx);

    $nginx = start();
    control('/keys/replace',
        { keys => [ { key => '@rsa2', kid => $kid } ] });
    is($nginx->status(@new), 200, 'one that is there');
    is(fetches(), 2, 'by one fetch');
    is($nginx->status, 401, 'the former one is refused') for 1 .. 4;
    is(fetches(), 2, 'at once');
    ends_well($nginx);
};

# By one of another length, and for a token without kid.
subtest 'a key of another kind' => sub {
    my $nginx = start();
    control('/keys/replace',
        { keys => [ { key => '@rsa3072', kid => $kid } ] });
    is($nginx->status(key => '@rsa3072', header => { kid => $kid }),
        200, 'a longer one');
    ends_well($nginx);
    $nginx = start();
    control('/keys/replace', { keys => ['@rsa2'] });
    is($nginx->status(key => '@rsa2', no_kid => 1), 200, 'without a kid');
    ends_well($nginx);
};

subtest 'a forged token waits for nothing while the tenant hangs' => sub {
    my $nginx = start(jwks_timeout => '60s');
    my @forged = (key => '@attacker_rsa', header => { kid => $kid });
    is($nginx->status(@forged), 401, 'after one look');
    hold();
    my $sent = $nginx->send_request('/api',
        bearer(key => '@attacker_rsa', header => { kid => 'x' }));
    wait_until { counters()->{active} } or fail('no fetch');
    is($nginx->status(@forged), 401, 'at once') for 1 .. 4;
    release();
    is(IdTokenNginx::read_answer($sent)->{status}, 401, 'the other one waits');
    ends_well($nginx);
};

subtest 'a new key while the tenant is down is never refused' => sub {
    my $nginx = start();
    control('/fault', 'unavailable');
    my %status;
    my $end = time + 7;
    while (time < $end) {
        my $answer = $nginx->get('/api', bearer(key => '@rsa2'));
        $status{"$answer->{status} $answer->{error}"}++;
        sleep 0.3;
    }
    is(join(', ', sort keys %status),
        '503 keys_refetch_failed, 503 keys_refetch_pending', 'but put off');
    cmp_ok(fetches(), '<=', 1 + 3 + 2 + 4, 'with few fetches');
    control('/keys/add', { key => '@rsa2' });
    control('/faults/clear');
    my $mended = time;
    ok(&wait_until(sub { $nginx->status(key => '@rsa2') == 200 }), 'until');
    cmp_ok(time - $mended, '<', 8, 'five seconds and a fetch later');
    ends_well($nginx);
};

subtest 'without keys nothing is faster than the recovery' => sub {
    fresh();
    control('/fault', 'unavailable');
    my $nginx = IdTokenNginx->start(providers => provider(
        jwks_uri => tenant_url(), jwks_min_interval => '10m'));
    is($nginx->status, 503, 'a request draws on the bucket') for 1 .. 8;
    my $tries = qr/no keys from .* failed attempts: (\d+), next in (\d+) ms/;
    ok(&wait_until(sub { fetches() >= 8 }, 60), 'it is tried again and again');
    my @next = $nginx->log =~ /$tries/g;
    my @long = grep { $_ > 5000 } @next;
    is("@long", '', 'with pauses of five seconds at most');
    control('/faults/clear');
    my $mended = time;
    ok(&wait_until(sub { $nginx->status == 200 }), 'it is over');
    cmp_ok(time - $mended, '<', 8, 'within five seconds and a fetch');
    $nginx->stop;
};

subtest 'a reload tries at once' => sub {
    fresh();
    control('/fault', 'unavailable');
    my $nginx = IdTokenNginx->start(providers => provider(
        jwks_uri => tenant_url()));
    ok(&wait_until(sub { fetches() >= 4 }, 60), 'the pauses are long');
    wait_until { !counters()->{active} };
    my $before = fetches();
    control('/faults/clear');
    my $began = time;
    $nginx->reload;
    ok(&wait_until(sub { fetches() > $before }), 'another attempt');
    cmp_ok(time - $began, '<', 2.4, 'is not waited for');
    is($nginx->status, 200, 'and brings the keys');
    $nginx->stop;
};

done_testing();
