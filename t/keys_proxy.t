# Keys by way of an HTTP proxy: a tunnel, TLS to the key server inside of it.

use strict;
use warnings;
use lib 't/lib';
use IdToken;
use IdTokenNginx;
use Test::More;

my $tenant = start_tenant();
my $proxy  = "http://127.0.0.1:$tenant->{proxy}";
my $url    = "https://keys.test:$tenant->{https}/jwks.json";

sub start {
    my (%opt) = @_;
    return IdTokenNginx->start(providers => provider(
        jwks_uri => $url, jwks_proxy => $proxy,
        ssl_trusted_certificate => $tenant->{ca}, %opt));
}

sub fresh {
    my (%mode) = @_;
    control('/reset', { all => JSON::PP::true });
    control('/keys/replace', { keys => ['@rsa1'] });
    control('/proxy', { mode => 'allow', %mode });
    return;
}

for my $mode ('allow', 'drip') {
    subtest "the proxy leads on ($mode)" => sub {
        fresh(mode => $mode);
        my $nginx = start();
        is($nginx->status, 200, 'keys are found');
        my $asked = counters()->{proxy}{log}[0];
        is($asked->{line},
            "CONNECT keys.test:$tenant->{https} HTTP/1.1", 'a tunnel');
        like(join("\n", @{ $asked->{headers} }),
            qr/^Host: keys\.test:$tenant->{https}$/mi, 'to the same host');
        $nginx->stop;
        is($nginx->complaints, '', 'nothing to complain of');
    };
}

for my $case (
    [ { mode => 'refuse', status => 407 }, qr/the proxy answered 407/ ],
    [ { mode => 'refuse', status => 302 }, qr/the proxy answered 302/ ],
    [ { mode => 'garbage' }, qr/proxy: the answer is not HTTP/ ],
    [ { mode => 'close' },   qr/proxy: .*closed/ ],
    [ { mode => 'reset' },   qr/reset/ ],
    [ { mode => 'flood' },   qr/proxy/ ],
    [ { mode => 'hang' },    qr/the proxy did not answer in time/ ],
) {
    my ($mode, $log) = @$case;
    my $name = join ' ', @$mode{ sort keys %$mode };
    subtest "the proxy does not ($name)" => sub {
        fresh(%$mode);
        my $nginx = start($mode->{mode} eq 'hang'
            ? (jwks_timeout => '1s') : ());
        my $answer = $nginx->get('/api', bearer());
        is($answer->{status}, 503, 'no keys');
        $nginx->stop;
        like($nginx->log, $log, 'and the log says why');
        like($nginx->log, qr/proxy 127\.0\.0\.1:$tenant->{proxy}/,
            'by way of what');
    };
}

subtest 'a certificate counts through a proxy, too' => sub {
    fresh();
    my $nginx = start(ssl_trusted_certificate => undef);
    is($nginx->get('/api', bearer())->{status}, 503, 'no keys');
    $nginx->stop;
    like($nginx->log, qr/certificate/, 'for the certificate');
};

done_testing();
