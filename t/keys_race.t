# Key servers with several addresses, some of them dead: they race, none of
# them uses up the time of another, and what is learnt is kept.

use strict;
use warnings;
use lib 't/lib';
use IdToken;
use IdTokenNginx;
use Test::More;
use Time::HiRes qw(time);

my $tenant = start_tenant();
my $first  = '127.0.0.1';
my ($second, $deaf, $hole) =
    @$tenant{qw(second_host refusing_host black_hole_host)};
my %tls = (ssl_trusted_certificate => $tenant->{ca});

sub fresh {
    my (@addresses) = @_;
    control('/reset', { all => JSON::PP::true });
    control('/dns', { 'keys.test' => {
        A    => [ grep { !/:/ } @addresses ],
        AAAA => [ grep { /:/ } @addresses ], ttl => 300 } });
    return;
}

sub start {
    my (%opt) = @_;
    return IdTokenNginx->start(workers => 1,
        http => "resolver 127.0.0.1:$tenant->{dns};",
        providers => provider(%tls, %opt));
}

sub jwks_uri {
    return (jwks_uri => "https://keys.test:$tenant->{https}/jwks.json");
}

sub listeners {
    my ($path) = @_;
    return map { $_->{listener} }
        grep { $_->{path} eq ($path || '/jwks.json') }
        @{ control('/requests') };
}

sub ends_well {
    my ($nginx) = @_;
    ok(&wait_until(sub { !$nginx->fetching($tenant->{https}) }),
        'no connection is kept open');
    $nginx->stop;
    is($nginx->complaints, '', 'nothing to complain of');
    return;
}

for my $case (
    [ 'eight dead addresses', [ ($hole) x 8, $first ] ],
    [ 'IPv6 dead as a whole', [ ("::ffff:$hole") x 3, $first ] ],
    [ 'dead and deaf ones',   [ $deaf, $hole, $deaf, $hole, $first ] ],
) {
    my ($what, $addresses) = @$case;
    subtest $what => sub {
        fresh(@$addresses);
        my $begin = time;
        my $nginx = start(jwks_uri());
        is($nginx->status, 200, 'keys are there within the deadline');
        cmp_ok(time - $begin, '<', 5, 'in time');
        is($nginx->count_log(qr/no keys from/), 0, 'by the first attempt');
        ends_well($nginx);
    };
}

subtest 'a handshake that hangs does not stop the race' => sub {
    fresh($first, $second);
    control('/fault', { hang => 'tls', listener => 'https' });
    my $nginx = start(jwks_uri());
    is($nginx->status, 200, 'keys are there');
    is_deeply([listeners()], ['https-second'], 'from the other address');
    is($nginx->count_log(qr/no keys from/), 0, 'by the first attempt');
    ends_well($nginx);
};

subtest 'all addresses are dead' => sub {
    fresh(($hole) x 6);
    my $begin = time;
    my $nginx = start(jwks_uri(), jwks_timeout => '2s');
    is($nginx->status, 503, 'no keys');
    ok(&wait_until(sub { $nginx->count_log(qr/no keys from/) }), 'is logged');
    cmp_ok(time - $begin, '<', 4, 'after the time of an attempt');
    $nginx->stop;
    like($nginx->log, qr/connecting timed out \(\Q$hole\E:$tenant->{https}\)/,
        'with each address');
};

subtest 'discovery leaves time for the key set' => sub {
    fresh(($hole) x 3, $first);
    my $issuer = "https://keys.test:$tenant->{https}/";
    control('/discovery', { issuer => $issuer });
    my $nginx = start(issuer => $issuer, jwks_uri => undef,
        jwks_timeout => '2s');
    is($nginx->get('/api', bearer(iss => $issuer))->{status}, 200,
        'keys are there');
    is($nginx->count_log(qr/no keys from/), 0, 'by the first attempt');
    my ($document) = grep { $_->{path} =~ /well-known/ }
        @{ control('/requests') };
    my ($set) = grep { $_->{path} eq '/jwks.json' } @{ control('/requests') };
    cmp_ok($set->{time} - $document->{time}, '<', 0.25,
        'the address that answered comes first');
    ends_well($nginx);
};

# Twelve that are dead take 1.2 s at least, where they come first.
subtest 'the address that answered is the first of the next fetch' => sub {
    fresh(($hole) x 12, $first);
    my $nginx = start(jwks_uri());
    is($nginx->status, 200, 'keys are there');
    $nginx->configure(workers => 2, providers => provider(%tls, jwks_uri(),
        jwks_refresh => '1s', jwks_min_interval => '1s',
        jwks_timeout => '900ms'));
    $nginx->reload;
    ok(&wait_until(sub { listeners() > 3 }), 'refreshed');
    is($nginx->count_log(qr/no keys from/), 0, 'without a failure');
    ends_well($nginx);
};

subtest 'an attempt begins behind the address that failed last' => sub {
    fresh($first, $second);
    control('/fault', { status => 503, listener => 'https', match => 'jwks' });
    my $nginx = start(jwks_uri());
    ok(&wait_until(sub { $nginx->status == 200 }), 'keys are there');
    is((listeners())[-1], 'https-second', 'from the one behind it');
    is($nginx->count_log(qr/no keys from .*answered 503/), listeners() - 1,
        'when the first has failed');
    ends_well($nginx);
};

done_testing();
