package IdTokenApart;

# An nginx that sees a resolv.conf of the test: in a mount namespace of its own.
# The name servers in it are asked at port 53, so each test has a loopback
# address of its own there, which keeps those that run side by side apart.

use strict;
use warnings;

use IO::Socket::INET ();

use IdToken;
use IdTokenNginx;

our @ISA = ('IdTokenNginx');

our $dns_host = sprintf '127.1.%d.%d', $$ / 250 % 250, 1 + $$ % 250;

my @apart = ('unshare', '--mount', 'sh', '-c',
    'mount --bind "$0" /etc/resolv.conf && exec "$@"');
my $resolv_conf;

# The text of resolv.conf, but for the name server of this test, its last line.
# Why it cannot be had here, or nothing.
sub prepare {
    my ($text) = @_;
    $resolv_conf = IdToken::write_file('resolv.conf',
        "${text}nameserver $dns_host\n");
    return 'not root' if $> != 0;
    IO::Socket::INET->new(Proto => 'udp', LocalAddr => $dns_host,
        LocalPort => 53) or return "$dns_host:53 cannot be bound: $!";
    my ($said) = qx{@apart[0 .. 3] '$apart[4]' $resolv_conf true 2>&1};
    return $? ? "no mount namespace: $said" : undef;
}

sub command {
    return (@apart, $resolv_conf, IdTokenNginx::command(@_));
}

1;
