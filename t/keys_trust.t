# Trust is its content: a CA file that was changed in place is another trust,
# and what was fetched through the former one is not used.

use strict;
use warnings;
use lib 't/lib';
use IdToken;
use IdTokenNginx;
use File::Copy qw(copy);
use Test::More;

my $tenant = start_tenant();
my $certs  = $tenant->{ca} =~ s{/[^/]*\z}{}r;
my $ca     = data_dir() . '/trusted.pem';
my $crl    = data_dir() . '/crl.pem';
my $state  = data_dir() . '/state';

sub trust {
    my ($name) = @_;
    copy("$certs/$name.pem", $ca) or die $!;
    return;
}

sub start {
    my (%opt) = @_;
    control('/reset', { all => JSON::PP::true });
    return IdTokenNginx->start(workers => 1, providers => provider(
        jwks_uri => "https://127.0.0.1:$tenant->{https}/jwks.json",
        ssl_trusted_certificate => $ca, %opt));
}

sub fetches { return counters()->{paths}{'/jwks.json'}{count} || 0 }

sub status { return $_[0]->get('/api', bearer())->{status} }

subtest 'a CA that is no longer trusted' => sub {
    trust('ca');
    my $nginx = start(jwks_state => $state);
    is(status($nginx), 200, 'there are keys');
    $nginx->reload;
    is(status($nginx), 200, 'also behind a reload');
    is(fetches(), 1, 'which needs no fetch');
    trust('unknown_ca');
    is(status($nginx), 200, 'a change alone changes nothing');
    $nginx->reload;
    is(status($nginx), 503, 'with the reload its keys are gone');
    $nginx->stop;
    like($nginx->log, qr/certificate verify failed/, 'and do not come again');

    my $again = start(jwks_state => $state);
    is(status($again), 503, 'what was saved is not for the new trust');
    $again->stop;
    trust('ca');
    $again = start(jwks_state => $state);
    is(status($again), 200, 'the former one has its keys');
    $again->stop;
};

subtest 'a CRL that has become longer' => sub {
    trust('ca');
    copy($tenant->{crl}, $crl) or die $!;
    my $nginx = start(ssl_crl => $crl);
    is(status($nginx), 200, 'there are keys');
    open my $file, '>>', $crl or die $!;
    print {$file} "\n";
    close $file;
    $nginx->reload;
    is(status($nginx), 200, 'there are keys');
    is(fetches(), 2, 'fetched with the new one');
    $nginx->stop;
    is($nginx->complaints, '', 'nothing to complain of');
};

subtest 'a name for the same content is the same trust' => sub {
    trust('ca');
    my $nginx = start();
    is(status($nginx), 200, 'there are keys');
    $nginx->configure(providers => provider(
        jwks_uri => "https://127.0.0.1:$tenant->{https}/jwks.json",
        ssl_trusted_certificate => $tenant->{ca}));
    $nginx->reload;
    is(status($nginx), 200, 'there are keys');
    is(fetches(), 1, 'without a fetch');
    $nginx->stop;
    is($nginx->complaints, '', 'nothing to complain of');
};

# An nginx whose system has the certificates in $dir, and an OpenSSL that looks
# somewhere else.
{
    package Elsewhere;
    our @ISA = ('IdTokenNginx');
    our $dir;

    sub command {
        return ('unshare', '--mount', 'sh', '-c',
            'mount --bind "$0" /etc/ssl/certs && exec "$@"', $dir,
            IdTokenNginx::command(@_));
    }
}

subtest 'the CA certificates of the system' => sub {
    plan skip_all => 'not root' if $> != 0;
    plan skip_all => 'no mount namespace'
        if system('unshare --mount true 2>/dev/null') != 0;
    plan skip_all => 'no such place here' if !-d '/etc/ssl/certs'
        || grep { -e } '/etc/ssl/cert.pem', '/etc/pki', '/etc/ssl/ca-bundle.pem';
    local @ENV{qw(SSL_CERT_FILE SSL_CERT_DIR)} = ('/none.pem', '/none');
    $Elsewhere::dir = data_dir() . '/certs';
    mkdir $Elsewhere::dir or die $!;
    for my $case ([ 503, 1, 'where there is none' ],
        [ 200, 0, "where the distribution has it" ])
    {
        my ($status, $warnings, $what) = @$case;
        control('/reset', { all => JSON::PP::true });
        my $nginx = Elsewhere->start(workers => 1, providers => provider(
            jwks_uri => "https://127.0.0.1:$tenant->{https}/jwks.json"));
        is(status($nginx), $status, $what);
        is($nginx->count_log(qr/\[warn\].*no CA certificates of the system/),
            $warnings, 'and a warning if there is none');
        $nginx->stop;
        copy($tenant->{ca}, "$Elsewhere::dir/ca-certificates.crt") or die $!;
    }
};

done_testing();
