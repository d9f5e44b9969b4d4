# Key servers that move, without "resolver": the addresses that were found at
# start-up are not the last word, nor are the name servers.

use strict;
use warnings;
use lib 't/lib';
use IdToken;
use IdTokenApart;
use IdTokenNginx;
use Test::More;

my $why = IdTokenApart::prepare('');
plan skip_all => $why if $why;

my $tenant = start_tenant(dns_address => "$IdTokenApart::dns_host:53");
my ($second, $deaf) = @$tenant{qw(second_host refusing_host)};
my $nowhere = { mode => 'nxdomain' };

# An nginx whose key server is at ADDRESS when it starts.
sub start {
    my ($address) = @_;
    control('/reset', { all => JSON::PP::true });
    control('/dns', { 'moves.test' => { A => [$address], ttl => 0 } });
    return IdTokenApart->start(workers => 1, providers => provider(
        jwks_uri => "http://moves.test:$tenant->{http}/jwks.json insecure",
        jwks_refresh => '1s', jwks_min_interval => '1s'));
}

sub listeners {
    return map { $_->{listener} }
        grep { $_->{path} eq '/jwks.json' } @{ control('/requests') };
}

sub ends_well {
    my ($nginx) = @_;
    $nginx->stop;
    is($nginx->complaints, '', 'nothing to complain of');
    return;
}

subtest 'a host that moves is followed' => sub {
    my $nginx = start($deaf);
    is($nginx->status, 503, 'nobody is there');
    control('/dns', { 'moves.test' => { A => [$second], ttl => 0 } });
    ok(&wait_until(sub { $nginx->status == 200 }), 'it has moved');
    my $failures = $nginx->count_log(qr/no keys from/);
    ok(&wait_until(sub { listeners() > 3 }), 'keys are refreshed');
    is(scalar(grep { $_ ne 'http-second' } listeners()), 0, 'from there');
    is($nginx->count_log(qr/no keys from/), $failures, 'without a failure');
    control('/fault', { status => 503, times => 1 });
    ok(&wait_until(sub { listeners() > 6 }), 'over a failure of its own');
    is(scalar(grep { $_ ne 'http-second' } listeners()), 0, 'from there');
    ends_well($nginx);
};

subtest 'an address that is known works again without the name' => sub {
    my $nginx = start('127.0.0.1');
    is($nginx->status, 200, 'there are keys');
    control('/dns', { 'moves.test' => $nowhere });
    control('/reset');
    control('/fault', { reset => 'accept', times => 1 });
    ok(&wait_until(sub {
        $nginx->count_log(qr/keys fetched from .* after 2 failed attempts/)
    }), 'the second failure is that of the look-up');
    ok(counters()->{dns}{queries} > 0, 'which was tried');
    ends_well($nginx);
};

done_testing();
