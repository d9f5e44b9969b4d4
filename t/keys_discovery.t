# Discovery: issuer and client_id are a whole configuration.

use strict;
use warnings;
use lib 't/lib';
use IdToken;
use IdTokenNginx;
use Test::More;

my $tenant = start_tenant();
my $base   = "https://127.0.0.1:$tenant->{https}";

sub fresh {
    control('/reset', { all => JSON::PP::true });
    control('/keys/replace', { keys => ['@rsa1'] });
    return;
}

sub start {
    my ($issuer, %opt) = @_;
    return IdTokenNginx->start(workers => delete $opt{workers} || 2,
        providers => provider(
        issuer => $issuer, jwks_uri => undef,
        ssl_trusted_certificate => $tenant->{ca}, %opt));
}

sub paths { return join ' ', sort keys %{ counters()->{paths} } }

sub ends_well {
    my ($nginx) = @_;
    $nginx->stop;
    is($nginx->complaints, '', 'nothing to complain of');
    return;
}

for my $case (
    [ 'no path',           '',      '' ],
    [ 'a slash',           '/',     '' ],
    [ 'a path',            '/p/1',  '/p/1' ],
    [ 'a path and slash',  '/p/1/', '/p/1' ],
) {
    my ($name, $end, $prefix) = @$case;
    subtest "an issuer with $name" => sub {
        fresh();
        control('/issuer', { issuer => "$base$end" });
        my $nginx = start("$base$end");
        is($nginx->status(iss => "$base$end"), 200, 'keys are found');
        is($nginx->status(iss => "$base/other"), 401, 'its tokens only');
        like(paths(), qr{^\Q$prefix\E/\.well-known/openid-configuration },
            'by the path of Discovery 4');
        ends_well($nginx);
    };
}

subtest 'plain http from the loopback' => sub {
    fresh();
    my $issuer = "http://127.0.0.1:$tenant->{http}";
    control('/issuer', { issuer => $issuer });
    my $nginx = start($issuer);
    is($nginx->status(iss => $issuer), 200, 'is taken');
    ends_well($nginx);
};

subtest 'the keys may be on another host' => sub {
    fresh();
    control('/issuer', { issuer => $base });
    control('/discovery', {
        jwks_uri => "https://keys.test:$tenant->{https}/jwks.json" });
    my $nginx = start($base);
    $nginx->stop;
    $nginx = IdTokenNginx->start(
        http => "resolver 127.0.0.1:$tenant->{dns} ipv6=off;",
        providers => provider(issuer => $base, jwks_uri => undef,
            ssl_trusted_certificate => $tenant->{ca}));
    my $answer = $nginx->get('/api', bearer(iss => $base));
    is($answer->{status}, 200, 'resolved at run time') or diag $nginx->log;
    ends_well($nginx);
};

subtest 'a moved jwks_uri is followed at the next refresh' => sub {
    fresh();
    control('/issuer', { issuer => $base });
    my $nginx = start($base, jwks_refresh => '1s', jwks_min_interval => '1s');
    is($nginx->status(iss => $base), 200, 'before');
    control('/keys/replace', { set => 'p/new', keys => ['@rsa2'] });
    control('/discovery', { jwks_uri => "$base/p/new/jwks.json" });
    ok($nginx->tells(qr{new key set of 1 keys from "\Q$base\E/p/new/jwks}),
        'fetched from there');
    is($nginx->status(iss => $base, key => '@rsa2'), 200, 'its keys are used');
    is($nginx->status(iss => $base), 401, 'the others are not');
    ends_well($nginx);
};

my %refused = (
    'wrong-issuer'      => qr{the discovery document names another "issuer": "https://evil\.test/";},
    'no-issuer'         => qr/the discovery document has no "issuer"/,
    'no-jwks-uri'       => qr/the discovery document has no "jwks_uri"/,
    'number-jwks-uri'   => qr/the discovery document has no "jwks_uri"/,
    'relative-jwks-uri' => qr/that is not https/,
    'http-jwks-uri'     => qr/that is not https/,
    'file-jwks-uri'     => qr/that is not https/,
    'html'              => qr/the discovery document is not valid JSON/,
    'not-object'        => qr/the discovery document is not a JSON object/,
);

subtest 'documents that lead nowhere' => sub {
    fresh();
    my @names = sort keys %refused;
    my ($providers, $server) = ('', '');
    for my $name (@names) {
        $providers .= provider($name, issuer => "$base/p/$name/",
            jwks_uri => undef, ssl_trusted_certificate => $tenant->{ca});
        $server
            .= "location = /api/$name { auth_id_token $name; empty_gif; }\n";
    }
    control('/fault', { faults => [ map { { preset => $_,
        match => "/p/$_/.well-known/openid-configuration" } } @names ] });
    my $nginx = IdTokenNginx->start(server => $server,
        providers => provider() . $providers);
    for my $name (@names) {
        is($nginx->get("/api/$name", bearer(iss => "$base/p/$name/"))->{status},
            503, "$name: no keys");
        my $line = qr{provider[ ]"$name":[ ]no[ ]keys[ ]from
            [ ]"\Q$base\E/p/$name/\.well-known/openid-configuration":(.*)}x;
        $nginx->tells($line);
        my ($what) = $nginx->log =~ $line;
        like($what, $refused{$name}, 'for this reason');
    }
    is(counters()->{jwks}, 0, 'no key set was asked for');
    ends_well($nginx);
};

subtest 'another issuer in the log line' => sub {
    fresh();
    control('/issuer', { issuer => $base });
    my $nginx = start("$base/");
    is($nginx->status(iss => "$base/"), 503, 'with a slash too many');
    my $told = 'names the "issuer" with, or without, a trailing slash: ';
    $nginx->stop;
    like($nginx->log, qr{\Q$told"$base";\E}, 'it is told what the tenant says');
    control('/issuer', { issuer => "https://\x{e4}\"\n/" . 'x' x 200 });
    $nginx = start($base);
    is($nginx->status(iss => $base), 503, 'an issuer that is none');
    ends_well($nginx);
    like($nginx->log, qr{names another "issuer": "https://\?\?\?\?/x{115}";},
        'nothing breaks out of the line');
};

subtest 'an http issuer may lead to https, not to plain http elsewhere' => sub {
    fresh();
    my $issuer = "http://127.0.0.1:$tenant->{http}";
    control('/issuer', { issuer => $issuer });
    control('/discovery', { jwks_uri => "$base/jwks.json" });
    my $nginx = start($issuer);
    is($nginx->status(iss => $issuer), 200, 'https');
    $nginx->stop;
    control('/discovery', { jwks_uri => 'http://192.0.2.1/jwks.json' });
    $nginx = start($issuer);
    is($nginx->status(iss => $issuer), 503, 'http');
    ends_well($nginx);
    like($nginx->log, qr/the "jwks_uri" of the discovery document is plain http/,
        'for this reason');
};

subtest 'both fetches have one deadline' => sub {
    fresh();
    control('/issuer', { issuer => $base });
    control('/fault', { faults => [
        { match => 'discovery', delay => 1.2 },
        { match => 'jwks', delay => 1.2 } ] });
    # With one worker the timer of the attempt comes before that of who waits
    # for it, which is half a second more.
    my $nginx  = start($base, jwks_timeout => '2s', workers => 1);
    my $answer = $nginx->get('/api', bearer(iss => $base));
    is($answer->{status}, 503, 'which both together miss');
    is($answer->{error}, 'keys_unavailable', 'in time');
    ends_well($nginx);
};

done_testing();
