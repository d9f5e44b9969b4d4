# id_token_status: what is counted, in all workers, over reloads; what is told of
# keys; in both forms.

use strict;
use warnings;
use lib 't/lib';
use IdToken;
use IdTokenKeys;
use IdTokenNginx;
use JSON::PP ();
use Test::More;

start_tenant();

my $places = <<'END';
    location = /status { id_token_status; }
    location = /json { id_token_status json; }
    location = /metrics { id_token_status prometheus; }
    location = /file { auth_id_token file; empty_gif; }
    location = /optional { auth_id_token tenant; auth_id_token_mode optional; empty_gif; }
    location = /nobody { auth_id_token $arg_nobody; empty_gif; }
END

sub start {
    my (%opt) = @_;
    control('/reset', { all => JSON::PP::true });
    return IdTokenNginx->start(
        providers => provider(jwks_uri => tenant_url(), jwks_timeout => '60s')
            . provider('file', client_id => 'other'),
        server => $places, %opt);
}

sub shown {
    my ($nginx) = @_;
    return JSON::PP->new->decode($nginx->get('/status')->{body});
}

sub of {
    my ($list, $key, $value) = @_;
    my ($one) = grep { $_->{$key} eq $value } @$list;
    return $one || {};
}

sub tenant { return of(shown(@_)->{providers}, name => 'tenant') }

sub metrics {
    my ($nginx) = @_;
    return $nginx->get('/metrics')->{body};
}

subtest 'requests by reason, in all workers and over a reload' => sub {
    my $nginx = start();
    wait_until { $nginx->status == 200 };
    my $before = tenant($nginx)->{requests}{ok};
    is($nginx->status, 200, 'a good token') for 1 .. 8;
    is($nginx->status(exp => -60), 401, 'an expired one') for 1 .. 3;
    is($nginx->get('/api')->{status}, 401, 'none');
    is($nginx->get('/optional')->{status}, 200, 'none, where it is optional');
    is($nginx->get('/nobody?nobody=x', bearer())->{status}, 403, 'no provider');
    is($nginx->get('/file', bearer(aud => 'other'))->{status}, 200,
        'another provider');

    my $now = tenant($nginx)->{requests};
    is($now->{ok}, $before + 8, 'each good one is counted once');
    is($now->{expired}, 3, 'each expired one');
    is($now->{token_missing}, 2, 'each that is missing');
    is_deeply([ grep { !/^(?:ok|expired|token_missing|keys_\w+)$/ } keys %$now ],
        [], 'and nothing else');
    is(shown($nginx)->{provider_unknown}, 1, 'an unknown provider');
    is(of(shown($nginx)->{providers}, name => 'file')->{requests}{ok}, 1,
        'each provider has its own');

    my $tenant = tenant($nginx);
    cmp_ok($tenant->{cache_hits}, '>=', 6, 'most were found in a cache');
    is($tenant->{cache_hits} + $tenant->{signatures_verified},
        $tenant->{requests}{ok} + $tenant->{requests}{expired},
        'all others were verified');
    cmp_ok(shown($nginx)->{cache_tokens}, '>=', 2, 'tokens are in the caches');
    cmp_ok(shown($nginx)->{cache_bytes}, '>', 1000, 'which take memory');

    my $since = shown($nginx)->{since};
    $nginx->configure(providers => provider(jwks_uri => tenant_url(),
            jwks_timeout => '60s') . provider('new', client_id => 'other'));
    $places =~ s/auth_id_token file/auth_id_token new/;
    $nginx->configure(server => $places);
    $nginx->reload;
    is(tenant($nginx)->{requests}{ok}, $before + 8, 'a reload keeps them');
    is(shown($nginx)->{since}, $since, 'and the time from which is counted');
    is(shown($nginx)->{cache_tokens}, 0, 'the caches begin anew');
    is(of(shown($nginx)->{providers}, name => 'new')->{requests}{ok}, 0,
        'another name is another provider');
    is_deeply([ map { $_->{name} } @{ shown($nginx)->{providers} } ],
        [ 'new', 'tenant' ], 'one that is gone is not shown');
    $places =~ s/auth_id_token new/auth_id_token file/;
    $nginx->stop;
    is($nginx->complaints, '', 'nothing to complain of');
};

subtest 'keys' => sub {
    hold();
    my $nginx = IdTokenNginx->start(workers => 1, server => $places,
        providers => provider(jwks_uri => tenant_url(), jwks_timeout => '60s',
            jwks_refresh => '1h')
            . provider('file', client_id => 'other'));
    my $source = sub { of(shown($nginx)->{sources}, source => tenant_url()) };
    is($source->()->{state}, 'none', 'none before the first fetch has ended');
    is_deeply($source->()->{keys}, [], 'so no key is shown');
    is($source->()->{age}, undef, 'nor an age');

    my @sent = map { $nginx->send_request('/api', bearer()) } 1 .. 3;
    ok(wait_until { shown($nginx)->{parked} == 3 }, 'three requests wait');
    like(metrics($nginx), qr/^id_token_requests_waiting 3$/m, 'both forms say so');
    release();
    is(IdTokenNginx::read_answer($_)->{status}, 200, 'and are answered')
        for @sent;
    is(shown($nginx)->{parked}, 0, 'now none waits');

    my $now = $source->();
    is($now->{state}, 'fresh', 'the keys are fresh');
    cmp_ok($now->{age}, '<', 120, 'and of now');
    cmp_ok($now->{next_fetch}, '>', 60, 'to be fetched again later');
    is($now->{fetches_good}, 1, 'after one fetch');
    is($now->{fetches_failed}, 0, 'and none that failed');
    is($now->{last_error}, undef, 'so there is no error');
    like($now->{address}, qr/^127\.0\.0\.1:\d+$/, 'who answered');
    is_deeply($now->{providers}, ['tenant'], 'whose keys they are');
    my ($key) = grep { $_->{kind} eq 'RSA' } @{ $now->{keys} };
    ok(length $key->{kid}, 'a key with its kid');
    like($key->{thumbprint}, qr/^[\w-]{43}$/, 'and thumbprint');

    my $file = of(shown($nginx)->{sources}, source => (grep {m{/jwks\.json$}}
            map { $_->{source} } @{ shown($nginx)->{sources} })[0]);
    is($file->{state}, 'fresh', 'a file is always fresh');
    ok(!exists $file->{next_fetch}, 'and never fetched');

    my $text = metrics($nginx);
    my $url  = quotemeta tenant_url();
    like($text, qr/^id_token_keys_usable\{source="$url"\} 1$/m, 'usable');
    like($text, qr/^id_token_key_fetches_total\{source="$url",result="ok"\} 1$/m,
        'fetched');
    unlike($text, qr/\Q$key->{kid}/, 'no kid is a label');

    $nginx->stop;
    is($nginx->complaints, '', 'nothing to complain of');
};

subtest 'a fetch that fails' => sub {
    my $nginx = IdTokenNginx->start(workers => 1, server => $places,
        providers => provider(jwks_uri => 'http://127.0.0.1:1/jwks')
            . provider('file', client_id => 'other'));
    my $source = sub { of(shown($nginx)->{sources},
            source => 'http://127.0.0.1:1/jwks') };
    ok(wait_until { $source->()->{fetches_failed} }, 'is counted');
    like($source->()->{last_error}, qr/refused/, 'and told in words');
    cmp_ok($source->()->{last_error_age}, '<', 60, 'with its time');
    is($source->()->{state}, 'none', 'there are no keys');
    $nginx->stop;
};

subtest 'the answer' => sub {
    my $nginx = start(workers => 1);
    my $json  = $nginx->get('/json');
    is($json->{'content-type'}, 'application/json', 'JSON says what it is');
    is($json->{'cache-control'}, 'no-store', 'and is not kept');
    my $text = $nginx->get('/metrics');
    is($text->{'content-type'}, 'text/plain; version=0.0.4; charset=utf-8',
        'so does the other');
    is($nginx->get('HEAD /metrics')->{status}, 200, 'HEAD');
    is($nginx->get('POST /metrics')->{status}, 405, 'POST is no question');

    SKIP: {
        my $promtool = grep { -x "$_/promtool" } split /:/, $ENV{PATH};
        skip 'no promtool', 1 if !$promtool;
        my $file = write_file('metrics', $text->{body});
        my $said = `promtool check metrics < $file 2>&1`;
        is("$?: $said", '0: ', 'promtool has nothing to say');
    }
    $nginx->stop;
    is($nginx->complaints, '', 'nothing to complain of');
};

subtest 'a worker that is killed' => sub {
    hold();
    my $nginx = IdTokenNginx->start(workers => 1, server => $places,
        providers => provider(jwks_uri => tenant_url(), jwks_timeout => '60s')
            . provider('file', client_id => 'other'));
    my $sent = $nginx->send_request('/api', bearer());
    ok(wait_until { shown($nginx)->{parked} == 1 }, 'a request waits');
    my ($worker) = $nginx->children;
    kill KILL => $worker;
    ok(wait_until { my $s = eval { shown($nginx) }; $s && $s->{parked} == 0 },
        'it does not wait for ever');
    release();
    close $sent;
    $nginx->stop;
};

# What the alert rules and the dashboard ask for is there.
subtest 'examples' => sub {
    my $nginx = start(workers => 1);
    my %there = map { $_ => 1 } metrics($nginx) =~ /^# TYPE (\w+) /mg;
    for my $name (qw(prometheus-alerts.yml grafana-dashboard.json)) {
        open my $file, '<', "conf-examples/$name" or die "$name: $!";
        my $text = do { local $/; <$file> };
        my %asked = map { $_ => 1 } $text =~ /\b(id_token_\w+)/g;
        delete $asked{id_token_status};
        cmp_ok(scalar keys %asked, '>', 5, "$name asks for metrics");
        is_deeply([ grep { !$there{$_} } sort keys %asked ], [],
            'each of them is there');
    }
    open my $file, '<', 'conf-examples/grafana-dashboard.json' or die $!;
    ok(eval { JSON::PP->new->decode(do { local $/; <$file> }) },
        'the dashboard is JSON');
    $nginx->stop;
};

done_testing;
