# Key sets of 2,000 keys, which are made in steps: who needs a key of them waits
# for them, who does not is served meanwhile, and what is withdrawn goes.

use strict;
use warnings;
use lib 't/lib';
use IdToken;
use IdTokenNginx;
use Test::More;
use Time::HiRes qw(sleep time);

my $keys = 2000;

start_tenant();

# A set that is as large as may be, the keys given at its end.
sub many {
    my @last = @_;
    my ($key) = jwks('@ec2', '--no-alg') =~ /\[(.*)\]/s;
    my @set;
    for my $n (1 .. $keys - @last) {
        (my $copy = $key) =~ s/("kid"\s*:\s*")[^"]*/${1}k$n/ or die $key;
        push @set, $copy;
    }
    my ($end) = jwks(@last) =~ /\[(.*)\]/s;
    return '{"keys":[' . join(',', @set, $end) . ']}';
}

sub serve {
    control('/faults/clear');
    return control('/fault', { body_text => many(@_) });
}

sub start {
    my (%opt) = @_;
    control('/reset', { all => JSON::PP::true });
    serve('@rsa1');
    return IdTokenNginx->start(
        providers => provider(jwks_uri => tenant_url(), jwks_refresh => '1h',
            jwks_min_interval => '1s', jwks_timeout => '60s', %opt));
}

sub statuses {
    my %count;
    $count{ IdTokenNginx::read_answer($_)->{status} || 0 }++ for @_;
    return join ', ', map {"$count{$_} x $_"} sort keys %count;
}

sub ends_well {
    my ($nginx) = @_;
    $nginx->stop;
    is($nginx->complaints, '', 'nothing to complain of');
    return;
}

subtest 'the first requests wait for the whole set' => sub {
    my $nginx = start();
    my @sent = map { $nginx->send_request('/api', bearer()) } 1 .. 20;
    is(statuses(@sent), '20 x 200', 'all are let in by the last key');
    is(counters()->{jwks}, 1, 'by one fetch');
    is($nginx->count_log(qr/new key set of $keys keys/), 1, 'of all keys');
    is($nginx->status(key => '@rsa2'), 401, 'another key is not in it');
    ends_well($nginx);
};

subtest 'who has a new key waits for the new set, the others do not' => sub {
    my $nginx = start();
    is($nginx->status, 200, 'the old key') for 1 .. 6;
    serve('@rsa1', '@rsa2');
    my @new = map { $nginx->send_request('/api', bearer(key => '@rsa2')) }
        1 .. 20;
    my @old = map { $nginx->send_request('/api', bearer()) } 1 .. 20;
    is(statuses(@new), '20 x 200', 'with the new key');
    is(statuses(@old), '20 x 200', 'with the old one');
    is($nginx->status(key => '@rsa2'), 200, 'in each worker') for 1 .. 6;
    is(counters()->{jwks}, 2, 'by one more fetch');
    ends_well($nginx);
};

subtest 'a withdrawn key goes in every worker' => sub {
    my $nginx = start();
    is($nginx->status, 200, 'it is there') for 1 .. 6;
    serve('@rsa2');
    is($nginx->status(key => '@rsa2'), 200, 'the key that follows it');

    # A worker that has not begun to make the new set does so with its first
    # request, which may still be judged by the former set.
    my $until = time + 30;
    my $gone = 0;
    while ($gone < 40 && time < $until) {
        my $status = $nginx->status;
        $gone = $status == 401 ? $gone + 1 : 0;
        sleep 0.01;
    }
    is($gone, 40, 'is refused from then on');
    is($nginx->status(key => '@rsa2'), 200, 'the other one is not');
    ends_well($nginx);
};

subtest 'a large set that is bad changes nothing' => sub {
    my $nginx = start();
    is($nginx->status, 200, 'before');
    control('/faults/clear');
    control('/fault', { body_text => many('@rsa2') . 'x' });
    is($nginx->status(key => '@rsa2'), 503, 'its keys are none');
    is($nginx->status, 200, 'after');
    ok($nginx->count_log(qr/the key set is not valid JSON/), 'it is told');
    $nginx->stop;
};

subtest 'nginx may end while a set is made' => sub {
    for (1 .. 5) {
        my $nginx = start();
        $nginx->send_request('/api', bearer()) for 1 .. 5;
        wait_until { counters()->{jwks} } or fail('no fetch');
        sleep rand 0.02;
        $nginx->stop;
        unlike($nginx->log, qr/exited on signal|\[alert\]/, 'in order');
    }
};

done_testing();
