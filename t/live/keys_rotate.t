# Keys that come and go: nobody with a good token is turned away, nobody with
# a withdrawn key gets in, and unknown kids cannot make us flood the tenant.

use strict;
use warnings;
use lib 't/lib';
use IdToken;
use IdTokenNginx;
use Test::More;
use Time::HiRes qw(time);

start_tenant();

sub fetches { return counters()->{jwks} }

sub answers {
    my %count;
    $count{ IdTokenNginx::read_answer($_)->{status} || 0 }++ for @_;
    return join ', ', map {"$count{$_} x $_"} sort keys %count;
}

sub start {
    my (%opt) = @_;
    control('/reset', { all => JSON::PP::true });
    control('/keys/replace', { keys => ['@rsa1'] });
    my $server = delete $opt{server};
    my $nginx = IdTokenNginx->start(server => $server,
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

subtest 'a new key is fetched once for all who wait for it' => sub {
    my $nginx = start(jwks_timeout => '60s');
    control('/keys/add', { key => '@rsa2' });
    hold();
    my @sent = map { $nginx->send_request('/api', bearer(key => '@rsa2')) }
        1 .. 20;
    wait_until { counters()->{active} } or fail('no fetch');
    is($nginx->status, 200, 'a known key');
    is(counters()->{active}, 1, 'waits for nothing');
    $nginx->waits;
    release();
    is(answers(@sent), '20 x 200', 'all with the new key are let in');
    is(fetches(), 2, 'by one more fetch');
    ends_well($nginx);
};

subtest 'a fetch from before the rotation is not the last word' => sub {
    my $nginx = start(jwks_refresh => '1s', jwks_min_interval => '1s',
        jwks_timeout => '60s');
    hold(times => 1, body_text => jwks('@rsa1'));
    wait_until { counters()->{active} } or fail('no scheduled fetch');
    control('/keys/add', { key => '@rsa2' });
    my @sent = map { $nginx->send_request('/api', bearer(key => '@rsa2')) }
        1 .. 6;
    $nginx->waits;
    release();
    is(answers(@sent), '6 x 200', 'it is joined, then one is asked for');
    ends_well($nginx);
};

subtest 'an emergency replacement' => sub {
    my $nginx = start();
    control('/keys/replace', { keys => ['@rsa2'] });
    is($nginx->status(key => '@rsa2'), 200, 'the new key');
    for (1 .. 8) {
        is($nginx->status, 401, 'the withdrawn one, whatever was cached');
    }
    ends_well($nginx);
};

subtest 'two of them, while clients go on with what was withdrawn' => sub {
    my $nginx = start(jwks_min_interval => '60s');
    my @withdrawn = ('@rsa1');
    for my $key ('@rsa2', '@rsa3072') {
        control('/keys/replace', { keys => [$key] });
        is($nginx->status(key => $key), 200, "$key, at once");
        for my $old (@withdrawn) {
            is($nginx->status(key => $old), 401, "$old is refused") for 1 .. 8;
        }
        push @withdrawn, $key;
    }
    cmp_ok(fetches(), '<=', 4, 'no more than three fetches for it');
    ends_well($nginx);
};

subtest 'a withdrawn key goes with the next refresh' => sub {
    my $nginx = start(jwks_refresh => '1s', jwks_min_interval => '1s');
    control('/keys/replace', { keys => ['@rsa2'] });
    wait_until { $nginx->count_log(qr/new key set/) > 1 } or fail('no refresh');
    is($nginx->status, 401, 'in every worker') for 1 .. 8;
    ends_well($nginx);
};

# What the request proved before the wait counts no more after it.
sub answer_after_a_wait {
    my ($replace) = @_;
    my $slow  = tenant_url('/slow');
    my $nginx = start(jwks_refresh => '1s', jwks_min_interval => '1s',
        server => <<"_SERVER_");
        location = /slow {
            auth_id_token tenant;
            proxy_pass $slow;
            proxy_intercept_errors on;
            error_page 404 =200 /api;
        }
_SERVER_
    hold(match => 'other');
    my $sent = $nginx->send_request('/slow', bearer());
    wait_until { counters()->{other} } or fail('it does not wait');
    control('/keys/replace', { keys => ['@rsa2'] }) if $replace;
    my $before = fetches();
    wait_until { $replace ? $nginx->count_log(qr/new key set/) > 1
        : fetches() > $before } or fail('no refresh');
    $nginx->waits;
    release();
    my $answer = IdTokenNginx::read_answer($sent);
    ends_well($nginx);
    return $answer;
}

subtest 'an internal redirect after a key was withdrawn' => sub {
    my $answer = answer_after_a_wait(0);
    is($answer->{status}, 200, 'the key is still there');
    $answer = answer_after_a_wait(1);
    is($answer->{status}, 401, 'the key is gone');
    is($answer->{error}, 'key_unknown', 'for this reason');
};

subtest 'a token of an unknown key is refused after one look' => sub {
    my $nginx = start();
    is($nginx->status(key => '@attacker_rsa'), 401, 'unknown kid');
    is(fetches(), 2, 'one more fetch');
    is($nginx->status(key => '@attacker_rsa', no_kid => 1), 401, 'no kid');
    ends_well($nginx);
};

subtest 'and 503 when that look fails' => sub {
    my $nginx = start();
    control('/fault', 'unavailable');
    my $answer = $nginx->get('/api', bearer(key => '@attacker_rsa'));
    is($answer->{status}, 503, 'it cannot be judged');
    is($answer->{error}, 'keys_refetch_failed', 'for this reason');
    like($answer->{'retry-after'}, qr/^[1-9]\d*$/, 'Retry-After');
    is($nginx->status, 200, 'a known key is none the worse');
    ends_well($nginx);
};

subtest 'a set whose bytes are the same leaves what is cached' => sub {
    my $nginx = start(jwks_refresh => '1s', jwks_min_interval => '1s');
    control('/reset');
    wait_until { fetches() >= 2 } or fail('no refresh');
    is($nginx->count_log(qr/new key set/), 1, 'one set was taken');
    is($nginx->status, 200, 'and serves');
    ends_well($nginx);
};

subtest 'unknown kids draw on a bucket' => sub {
    my $nginx = start(jwks_min_interval => '2s');
    my @bad = map {
        'Authorization: Bearer ' . token(key => '@attacker_rsa',
            header => { kid => "random-$_" })
    } 1 .. 40;
    my $start = time;
    my %status;
    for my $round (1 .. 10) {
        my @sent = map { $nginx->send_request('/api', $_) } @bad;
        push @sent, $nginx->send_request('/api', bearer());
        $status{ IdTokenNginx::read_answer($_)->{status} || 0 }++ for @sent;
    }
    my $fetches = fetches() - 1;
    my $allowed = 3 + int((time - $start) / 2) + 1;
    is(delete $status{200}, 10, 'good requests are let in');
    ok($status{401}, 'those that were looked for are refused');
    is(($status{401} || 0) + ($status{503} || 0), 400,
        'the others are told to come again');
    cmp_ok($fetches, '>=', 1, "$fetches fetches: for all who wait");
    cmp_ok($fetches, '<=', $allowed, "and its bound $allowed is kept");

    control('/keys/add', { key => '@rsa2' });
    ok(&wait_until(sub { $nginx->status(key => '@rsa2') == 200 }),
        'a real rotation comes through all the same');
    ends_well($nginx);
};

subtest 'an empty bucket makes nobody wait' => sub {
    my $nginx = start(jwks_min_interval => '10m', jwks_timeout => '60s');
    my %token = (key => '@attacker_rsa');
    is($nginx->status(%token, header => { kid => "x$_" }), 401, 'one fetch')
        for 1 .. 3;
    is(fetches(), 4, 'three in all');
    control('/fault', 'hang-head');
    is($nginx->status(%token, header => { kid => "y$_" }), 503, 'at once')
        for 1 .. 3;
    is($nginx->status(%token, header => { kid => 'x3' }), 401,
        'one that was looked for');
    is(fetches(), 4, 'no more');
    ends_well($nginx);
};

done_testing();
