# What key servers and proxies are told of us: fields of the configuration, a
# client certificate, a proxy's user name and password; and whom they are not
# told.

use strict;
use warnings;
use lib 't/lib';
use IdToken;
use IdTokenNginx;
use Test::More;

my $tenant = start_tenant();
my $url    = "https://127.0.0.1:$tenant->{https}/jwks.json";
my %tls    = (ssl_trusted_certificate => $tenant->{ca});
my $certs  = $tenant->{ca} =~ s{/[^/]*\z}{}r;
my %client = (ssl_certificate => "$certs/client_only.pem",
    ssl_certificate_key => "$certs/client_only.key");

sub fresh {
    control('/reset', { all => JSON::PP::true });
    control('/keys/replace', { keys => ['@rsa1'] });
    return;
}

sub start {
    my (%opt) = @_;
    fresh();
    control('/discovery', delete $opt{document}) if $opt{document};
    return IdTokenNginx->start(providers => provider(%tls, jwks_uri => $url,
        %opt));
}

sub requests {
    my ($path) = @_;
    return grep { $_->{path} =~ $path } @{ control('/requests') };
}

sub ends_well {
    my ($nginx, @secrets) = @_;
    $nginx->stop;
    is($nginx->complaints, '', 'nothing to complain of');
    my $said = $nginx->log;
    ok(index($said, $_) == -1, "the log does not hold \"$_\"") for @secrets;
    return;
}

subtest 'a header with a value' => sub {
    my $nginx = start(jwks_header => '"X-API-Key" "abc 12$3"');
    is($nginx->status, 200, 'keys are found');
    is((requests(qr/jwks/))[0]{headers}{'x-api-key'}, 'abc 12$3', 'it is sent');
    ends_well($nginx, '12$3');
};

subtest 'a header with what a file holds, read anew for each fetch' => sub {
    my $file  = write_file('token', "first.token\r\n");
    my $nginx = start(jwks_header => "Authorization Bearer file=$file",
        jwks_refresh => '1s', jwks_min_interval => '1s');
    is($nginx->status, 200, 'keys are found');
    is((requests(qr/jwks/))[0]{headers}{authorization}, 'Bearer first.token',
        'word and file');
    write_file('token', 'second.token');
    ok(&wait_until(sub {
        grep { $_->{headers}{authorization} eq 'Bearer second.token' }
            requests(qr/jwks/);
    }), 'a new one is sent');
    my $before = requests(qr/jwks/);
    for my $content ("a\nX-Evil: b", '', "a\x01") {
        write_file('token', $content);
        my $failures = $nginx->count_log(qr/no keys from/);
        ok(&wait_until(sub {
            $nginx->count_log(qr/no keys from/) > $failures
                || $nginx->log =~ /jwks_header/;
        }), 'what is no value fails');
    }
    is(scalar(grep { $_->{headers}{'x-evil'} } requests(qr/jwks/)), 0,
        'and is never sent');
    is($nginx->status, 200, 'with the keys at hand');
    $nginx->stop;
    unlike($nginx->log, qr/second\.token|X-Evil/, 'the log holds no value');
};

my $document = { jwks_uri =>
    "https://127.0.0.2:$tenant->{https}/other/jwks.json" };
my %discovery = (issuer => "https://127.0.0.1:$tenant->{https}/",
    jwks_uri => undef, jwks_header => 'X-API-Key abc', %client);

for my $case ([ 'the same origin', {}, 1 ],
    [ 'another origin that discovery names', $document, 0 ])
{
    my ($what, $named, $told) = @$case;
    subtest "$what is told " . ($told ? 'all' : 'nothing') => sub {
        fresh();
        control('/tls', { listener => $_, client => 'optional' })
            for qw(https https-second);
        control('/discovery', $named);
        my $nginx = IdTokenNginx->start(
            providers => provider(%tls, %discovery));
        is($nginx->get('/api', bearer(iss => $discovery{issuer}))->{status},
            200, 'keys are found');
        my ($asked) = requests(qr/well-known/);
        is($asked->{headers}{'x-api-key'}, 'abc', 'discovery has the header');
        ok($asked->{client}, 'and the certificate');
        my ($set) = requests(qr/jwks/);
        is($set->{headers}{'x-api-key'}, $told ? 'abc' : undef,
            'the key set: the header');
        is(!!$set->{client}, !!$told, 'and the certificate');
        ends_well($nginx);
    };
}

subtest 'a server that demands a certificate' => sub {
    fresh();
    control('/tls', { listener => 'https', client => 'required' });
    my %demanding = (%tls, jwks_uri => $url);
    my $without   = IdTokenNginx->start(providers => provider(%demanding));
    is($without->get('/api', bearer())->{status}, 503, 'has no keys without');
    $without->stop;
    my $nginx =
        IdTokenNginx->start(providers => provider(%demanding, %client));
    is($nginx->status, 200, 'has keys with it');
    ends_well($nginx);
};

subtest 'a proxy with user name and password' => sub {
    my $file  = write_file('proxy', "user:pass word\n");
    my $nginx = start(
        jwks_proxy => "http://127.0.0.1:$tenant->{proxy} file=$file",
        jwks_header => 'X-API-Key abc');
    is($nginx->status, 200, 'keys are found');
    my $asked = join "\n", @{ counters()->{proxy}{log}[0]{headers} };
    like($asked, qr{^Proxy-Authorization: Basic dXNlcjpwYXNzIHdvcmQ=$}m,
        'it is told who we are');
    unlike($asked, qr/X-API-Key/i, 'and not what the server is told');
    my ($set) = requests(qr/jwks/);
    is($set->{headers}{'x-api-key'}, 'abc', 'which the server is');
    is($set->{headers}{'proxy-authorization'}, undef, 'and nothing else');
    ends_well($nginx, 'pass word', 'dXNl');
};

subtest 'providers with other credentials share nothing' => sub {
    fresh();
    my %source = (%tls, jwks_uri => $url);
    my $nginx  = IdTokenNginx->start(
        providers => provider(%source, jwks_header => 'X-API-Key a')
            . provider('second', %source, jwks_header => 'X-API-Key b')
            . provider('third', %source, jwks_header => 'X-API-Key a'),
        server => join '', map {
            "location = /$_ { auth_id_token $_; empty_gif; }\n"
        } qw(second third));
    is($nginx->status, 200, 'one');
    is($nginx->get("/$_", bearer())->{status}, 200, $_) for qw(second third);
    is_deeply([ sort map { $_->{headers}{'x-api-key'} } requests(qr/jwks/) ],
        [qw(a b)], 'two fetches');
    ends_well($nginx);
};

done_testing();
