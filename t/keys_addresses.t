# Key servers that move, without "resolver": the addresses that were found at
# start-up are not the last word, nor are the name servers.

use strict;
use warnings;
use lib 't/lib';
use IdToken;
use IdTokenNginx;
use IO::Socket::INET ();
use Test::More;

# The name servers of /etc/resolv.conf are asked at port 53: an address of its
# own keeps tests that run side by side apart.
my $dns_host    = sprintf '127.2.%d.%d', $$ / 250 % 250, 1 + $$ % 250;
my $resolv_conf = write_file('resolv.conf', "nameserver $dns_host\n");
my @apart = ('unshare', '--mount', 'sh', '-c',
    'mount --bind "$0" /etc/resolv.conf && exec "$@"', $resolv_conf);

# An nginx that sees our resolv.conf.
@Apart::ISA = ('IdTokenNginx');
sub Apart::command { return (@apart, IdTokenNginx::command(@_)) }

sub not_apart {
    return 'not root' if $> != 0;
    IO::Socket::INET->new(Proto => 'udp', LocalAddr => $dns_host,
        LocalPort => 53) or return "$dns_host:53 cannot be bound: $!";
    my ($said) = qx{@apart[0 .. 3] '$apart[4]' $resolv_conf true 2>&1};
    return $? ? "no mount namespace: $said" : undef;
}

my $why = not_apart();
plan skip_all => $why if $why;

my $tenant = start_tenant(dns_address => "$dns_host:53");
my ($second, $deaf) = @$tenant{qw(second_host refusing_host)};
my $nowhere = { mode => 'nxdomain' };

# An nginx whose key server is at ADDRESS when it starts.
sub start {
    my ($address) = @_;
    control('/reset', { all => JSON::PP::true });
    control('/dns', { 'moves.test' => { A => [$address], ttl => 0 } });
    return Apart->start(workers => 1, providers => provider(
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
    ok(&wait_until(sub { $nginx->status == 200 }, 6), 'it has moved');
    my $failures = $nginx->count_log(qr/no keys from/);
    ok(&wait_until(sub { listeners() > 3 }, 8), 'keys are refreshed');
    is(scalar(grep { $_ ne 'http-second' } listeners()), 0, 'from there');
    is($nginx->count_log(qr/no keys from/), $failures, 'without a failure');
    control('/fault', { status => 503, times => 1 });
    ok(&wait_until(sub { listeners() > 6 }, 8), 'over a failure of its own');
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
    }, 10), 'the second failure is that of the look-up');
    ok(counters()->{dns}{queries} > 0, 'which was tried');
    ends_well($nginx);
};

done_testing();
