# What a key server has to prove over TLS: a chain to a trusted certificate,
# and the name or address that it was asked by. Nothing is sent before.

use strict;
use warnings;
use lib 't/lib';
use IdToken;
use IdTokenNginx;
use Test::More;

my @certs = qw(chain wildcard half_wildcard wrong_host no_ip no_san expired
    not_yet self_signed foreign client_only broken_chain revoked);
my %versions = (
    tls11 => { min => 'TLSv1',   max => 'TLSv1_1' },
    tls12 => { min => 'TLSv1_2', max => 'TLSv1_2' },
    tls13 => { min => 'TLSv1_3', max => 'TLSv1_3' },
);
my $tenant = start_tenant(https_listener => [ @certs, sort keys %versions ]);
my $name   = 'tenant.test';
my $ip     = '127.0.0.1';

control('/tls', { listener => "https-$_", cert => $_ }) for @certs;
control('/tls', { listener => "https-$_", %{ $versions{$_} } })
    for keys %versions;

my %crl    = (ssl_crl => $tenant->{crl});
my $issuer = 'unable to verify the first certificate';
my $system = 'a CA that the system does not know';

# what, its listener, the host asked, why it is refused, other settings
my @cases = (
    [ 'the name',             good       => $name ],
    [ 'the name in capitals', good       => 'TENANT.TEST.' ],
    [ 'the address',          good       => $ip ],
    [ 'another name',         wrong_host => $name, 'hostname mismatch' ],
    [ 'the name of others',   wrong_host => 'other.test' ],
    [ 'another address',      wrong_host => $ip, 'IP address mismatch' ],
    [ 'a name alone',         no_ip      => $ip, 'IP address mismatch' ],
    [ 'a name alone',         no_ip      => $name ],
    [ 'a common name',        no_san     => $name, 'hostname mismatch' ],
    [ 'a wildcard',           wildcard   => "a.$name" ],
    [ 'a wildcard',           wildcard   => $name, 'hostname mismatch' ],
    [ 'half a wildcard', half_wildcard => "ab.$name", 'hostname mismatch' ],
    [ 'what has expired', expired => $name, 'certificate has expired' ],
    [ 'what begins later', not_yet => $name,
        qr/certificate is not yet valid\b.*/ ],
    [ 'its own signature', self_signed => $name,
        qr/self[- ]signed certificate/ ],
    [ 'a CA not trusted',     foreign    => $name, $issuer ],
    [ 'a certificate for clients', client_only => $name,
        qr/uns\w+ certificate purpose/ ],
    [ 'a chain',              chain      => $name ],
    [ 'a chain with a gap',   broken_chain => $name, $issuer ],
    [ 'a chain as long as allowed', chain => $name, undef,
        ssl_verify_depth => 1 ],
    [ 'a chain too long', chain => $name,
        'unable to get local issuer certificate', ssl_verify_depth => 0 ],
    [ 'the end of a chain, alone', good => $name, undef,
        ssl_verify_depth => 0 ],
    [ 'what the CRL does not name', good => $name, undef, %crl ],
    [ 'what the CRL names', revoked => $name, 'certificate revoked', %crl ],
    [ 'what a CRL not asked names', revoked => $name ],
    [ 'a CA without a CRL', chain => $name,
        'unable to get certificate CRL', %crl ],
    [ $system, good => $name, $issuer, ssl_trusted_certificate => undef ],
    [ 'TLS 1.2 alone', tls12 => $name ],
    [ 'TLS 1.3 alone', tls13 => $name ],
    [ 'TLS 1.1', tls11 => $name, qr/version|protocol/ ],
);

if ($tenant->{ipv6}) {
    control('/tls', { listener => 'https6', cert => 'no_ip' });
    push @cases,
        [ 'a name alone', https6 => '[::1]', 'IP address mismatch' ];
}

sub old_tls_is_there {
    my $to = "-connect $ip:$tenant->{https_tls11}";
    return 0 == system "openssl s_client -tls1_1 $to"
        . ' -cipher DEFAULT:@SECLEVEL=0 < /dev/null > /dev/null 2>&1';
}

if (!old_tls_is_there()) {
    @cases = grep { $_->[1] ne 'tls11' } @cases;
    subtest 'TLS 1.1 is no proof' => sub {
        plan skip_all => 'this OpenSSL does not serve it';
    };
}

my (@refused, @accepted);
my ($providers, $server) = ('', '');
for my $n (0 .. $#cases) {
    my ($what, $listener, $host, $why, %opt) = @{ $cases[$n] };
    my $port = $tenant->{"https_$listener"} || $tenant->{https};
    my $case = { what => $what, host => $host, why => $why,
        name => "server$n", path => "/p/$n/jwks.json",
        peer => $host =~ /:/ ? "$host:$port" : "127.0.0.1:$port" };
    $case->{url} = "https://$host:$port$case->{path}";
    push @{ defined $why ? \@refused : \@accepted }, $case;
    $providers .= provider($case->{name}, jwks_uri => $case->{url},
        ssl_trusted_certificate => $tenant->{ca}, %opt);
    $server .= "location = /$case->{name} "
        . "{ auth_id_token $case->{name}; empty_gif; }\n";
}

sub start {
    return IdTokenNginx->start(providers => provider() . $providers,
        server => $server,
        http   => "resolver 127.0.0.1:$tenant->{dns} ipv6=off;");
}

sub ask {
    my ($nginx, @cases) = @_;
    $_->{sent} = $nginx->send_request("/$_->{name}", bearer()) for @cases;
    $_->{status} = IdTokenNginx::read_answer($_->{sent})->{status}
        for @cases;
    return;
}

sub ends_well {
    my ($nginx) = @_;
    $nginx->stop;
    is($nginx->complaints, '', 'nothing to complain of');
    return;
}

# All at once, and mended before the back-off has grown; judged afterwards.
my $nginx = start();
ask($nginx, @refused, @accepted);
&wait_until(sub {
    !grep { !$nginx->count_log(qr/"$_->{name}": no keys from/) } @refused;
});
my $log = $nginx->log;
my %request = map { $_->{path} => $_ } @{ control('/requests') };
control('/tls', { cert => 'good', min => 'TLSv1_2', max => 'TLSv1_3' });
control('/tls', { listener => 'https-half_wildcard', cert => 'wildcard' });

for my $case (@accepted) {
    subtest "$case->{what} is proof for $case->{host}" => sub {
        is($case->{status}, 200, 'the keys are taken');
        unlike($log, qr/"$case->{name}": no keys/, 'at once');
        my ($sni) = lc($case->{host}) =~ /^([a-z.]+?)\.?$/;
        is($request{ $case->{path} }{sni}, $sni,
            'the name is said beforehand, an address is not (RFC 6066 3)');
    };
}

for my $case (@refused) {
    subtest "$case->{what} is no proof for $case->{host}" => sub {
        is($case->{status}, 503, 'no keys');
        my ($line) = $log =~ m{\[error\][^\n]*id_token_provider
            [ ]"$case->{name}":[ ]no[ ]keys[ ]from[ ]"\Q$case->{url}\E":
            [ ]([^\n]*)[ ]\(\Q$case->{peer}\E\);[ ]there[ ]are[ ]no[ ]keys}x;
        my $why = ref $case->{why} ? $case->{why} : qr/\Q$case->{why}\E/i;
        like($line, $case->{what} =~ /^TLS/ ? qr/SSL_do_handshake.*$why/
            : qr/^certificate verify failed: $why$/, 'and the log says why');
        is($request{ $case->{path} }, undef, 'it has been asked for nothing');
    };
}

for my $version ('1.2', '1.3') {
    my ($case) = grep { $_->{what} eq "TLS $version alone" } @accepted;
    is($request{ $case->{path} }{tls}, "TLSv$version",
        "TLS $version is what was spoken");
}

subtest 'a server that has mended its certificate is asked again' => sub {
    my @mended = grep { $_->{what} ne $system } @refused;
    my $fetched = sub {
        my ($case) = @_;
        return $nginx->log =~ m{\[notice\].*"$case->{name}":[ ]keys[ ]fetched
            [ ]from[ ]"\Q$case->{url}\E"[ ]after[ ]\d+[ ]failed}x;
    };
    &wait_until(sub { !grep { !$fetched->($_) } @mended }, 60);
    ok($fetched->($_), "$_->{what}: without a request") for @mended;
    ask($nginx, @refused);
    is($_->{status}, 200, 'and serves') for @mended;
    my ($still) = grep { $_->{what} eq $system } @refused;
    is($still->{status}, 503, 'nothing has changed for others');
};
ends_well($nginx);

# What OpenSSL takes for the bundle can be named in the environment.
subtest 'the CA bundle of the system is what counts without another' => sub {
    local $ENV{SSL_CERT_FILE} = $tenant->{ca};
    control('/reset', { all => JSON::PP::true });
    $nginx = start();
    my ($case) = grep { $_->{what} eq $system } @refused;
    ask($nginx, $case);
    is($case->{status}, 200, 'the CA is in it');
    ends_well($nginx);
};

done_testing();
